/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-write-queue-private.h"

#include "base/execnet-error.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Chunks given to one system call: many small messages leave in one write. */
#define VECTORS_PER_WRITE 64

typedef struct
{
  guint8 header[EXECNET_CHUNK_HEADER_MAX];
  gsize header_size;
  GBytes *payload;
  gsize written;
} Chunk;

struct _ExecnetWriteQueue
{
  GMutex lock;
  ExecnetCondition room; /* announced when there is some */
  ExecnetCondition sent; /* announced when `next_target` is reached */
  int fd; /* -1 for a stream */
  gboolean is_socket;

  /* All under the lock. */
  GQueue chunks;
  gsize n_queued_bytes;
  guint64 n_pushed;  /* bytes ever */
  guint64 n_written; /* bytes ever */
  guint64 next_target; /* what somebody waits for `n_written` to reach; G_MAXUINT64 for nobody */
  gboolean finished;
  gboolean broken;
  GQueue room_waiters; /* of ExecnetPending */
};

static gsize
chunk_size (const Chunk *chunk)
{
  return chunk->header_size + (chunk->payload != NULL ? g_bytes_get_size (chunk->payload) : 0);
}

static void
chunk_free (gpointer data)
{
  Chunk *chunk = data;

  g_clear_pointer (&chunk->payload, g_bytes_unref);
  g_free (chunk);
}

ExecnetWriteQueue *
execnet_write_queue_new (int fd, gboolean is_socket)
{
  ExecnetWriteQueue *self = g_new0 (ExecnetWriteQueue, 1);

  g_mutex_init (&self->lock);
  execnet_condition_init (&self->room);
  execnet_condition_init (&self->sent);
  self->next_target = G_MAXUINT64;
  self->fd = fd;
  self->is_socket = is_socket;
  return self;
}

ExecnetWriteQueue *
execnet_write_queue_new_for_stream (void)
{
  return execnet_write_queue_new (-1, FALSE);
}

void
execnet_write_queue_free (ExecnetWriteQueue *self)
{
  g_queue_clear_full (&self->chunks, chunk_free);
  g_mutex_clear (&self->lock);
  execnet_condition_clear (&self->room);
  execnet_condition_clear (&self->sent);
  g_free (self);
}

/* Adds what is left of a chunk; returns how many vectors that took. */
static int
add_vectors (const Chunk *chunk, struct iovec *vectors, gsize *n_bytes)
{
  int n = 0;
  gsize written = chunk->written;

  *n_bytes += chunk_size (chunk) - written;

  if (written < chunk->header_size)
    {
      vectors[n].iov_base = (gpointer) (chunk->header + written);
      vectors[n++].iov_len = chunk->header_size - written;
      written = chunk->header_size;
    }
  if (chunk->payload != NULL)
    {
      gsize size, offset = written - chunk->header_size;
      const guint8 *data = g_bytes_get_data (chunk->payload, &size);

      if (offset < size)
        {
          vectors[n].iov_base = (gpointer) (data + offset);
          vectors[n++].iov_len = size - offset;
        }
    }
  return n;
}

/* A pipe whose reader is gone sends SIGPIPE to the thread that writes: this thread gets it, and
 * nobody else notices. */
static gssize
write_to_pipe (int fd, const struct iovec *vectors, int n_vectors)
{
  const struct timespec at_once = { 0, 0 };
  sigset_t sigpipe, before, waiting;
  gboolean was_waiting;
  gssize n_written;
  int saved_errno;

  sigemptyset (&sigpipe);
  sigaddset (&sigpipe, SIGPIPE);
  sigpending (&waiting);
  was_waiting = sigismember (&waiting, SIGPIPE) == 1;
  pthread_sigmask (SIG_BLOCK, &sigpipe, &before);

  n_written = writev (fd, vectors, n_vectors);
  saved_errno = errno;

  if (n_written < 0 && saved_errno == EPIPE && !was_waiting)
    {
      while (sigtimedwait (&sigpipe, NULL, &at_once) < 0 && errno == EINTR)
        ;
    }
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  errno = saved_errno;
  return n_written;
}

static gssize
write_vectors (ExecnetWriteQueue *self, struct iovec *vectors, int n_vectors)
{
  gssize n_written;

  do
    {
      if (self->is_socket)
        {
          struct msghdr message = { .msg_iov = vectors, .msg_iovlen = n_vectors };

          n_written = sendmsg (self->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
      else
        n_written = write_to_pipe (self->fd, vectors, n_vectors);
    }
  while (n_written < 0 && errno == EINTR);
  return n_written;
}

/* With the lock. What waits for room in a broken queue has lost what it queued. */
static void
complete_room_waiters (ExecnetWriteQueue *self)
{
  g_autoptr (GError) error = NULL;

  if (self->broken)
    error = g_error_new_literal (EXECNET_ERROR,
                                 EXECNET_ERROR_CLOSED,
                                 _ ("The other side takes no more messages."));
  execnet_pending_complete_all (&self->room_waiters, error);
}

/* With the lock. */
static void
announce_room (ExecnetWriteQueue *self)
{
  complete_room_waiters (self);
  execnet_condition_announce (&self->room);
}

/* With the lock. Everybody looks for himself, and sets the next target. */
static void
announce_sent (ExecnetWriteQueue *self)
{
  self->next_target = G_MAXUINT64;
  execnet_condition_announce (&self->sent);
}

/* With the lock. */
static void
account (ExecnetWriteQueue *self, gsize n_written)
{
  self->n_queued_bytes -= n_written;
  self->n_written += n_written;

  while (n_written > 0)
    {
      Chunk *chunk = g_queue_peek_head (&self->chunks);
      gsize n = MIN (n_written, chunk_size (chunk) - chunk->written);

      chunk->written += n;
      n_written -= n;
      if (chunk->written == chunk_size (chunk))
        chunk_free (g_queue_pop_head (&self->chunks));
    }
}

/* With the lock. */
static void
break_queue (ExecnetWriteQueue *self)
{
  self->broken = TRUE;
  g_queue_clear_full (&self->chunks, chunk_free);
  self->n_queued_bytes = 0;
  announce_room (self);
  announce_sent (self);
}

/* With the lock. */
static ExecnetWriteState
write_queued (ExecnetWriteQueue *self)
{
  while (!self->broken && self->chunks.head != NULL)
    {
      struct iovec vectors[VECTORS_PER_WRITE];
      int n_vectors = 0;
      gsize n_wanted = 0;
      gssize n_written;

      for (GList *l = self->chunks.head; l != NULL && n_vectors < VECTORS_PER_WRITE - 1; l = l->next)
        n_vectors += add_vectors (l->data, vectors + n_vectors, &n_wanted);

      n_written = write_vectors (self, vectors, n_vectors);
      if (n_written >= 0)
        account (self, n_written);
      else if (errno != EAGAIN && errno != EWOULDBLOCK)
        break_queue (self);
      /* A socket that took a part is full. A pipe takes more as soon as a page of it was read. */
      if (n_written < (self->is_socket ? (gssize) n_wanted : 0) && !self->broken)
        return EXECNET_WRITE_BLOCKED;
    }
  return self->broken ? EXECNET_WRITE_BROKEN : EXECNET_WRITE_DONE;
}

/* With the lock. */
static void
announce_progress (ExecnetWriteQueue *self)
{
  if (self->n_queued_bytes < EXECNET_HIGH_WATER)
    announce_room (self);
  if (self->n_written >= self->next_target)
    announce_sent (self);
}

/* With the lock. Who is woken can't go on before the lock is free, so that is done at last. */
static ExecnetWriteState
flush (ExecnetWriteQueue *self)
{
  ExecnetWriteState state;

  if (self->fd < 0)
    return EXECNET_WRITE_BLOCKED;
  state = write_queued (self);
  announce_progress (self);
  return state;
}

static Chunk *
chunk_new (const guint8 *header, gsize header_size, GBytes *payload)
{
  Chunk *chunk = g_new (Chunk, 1);

  g_assert (header_size <= EXECNET_CHUNK_HEADER_MAX);
  if (header_size > 0)
    memcpy (chunk->header, header, header_size);
  chunk->header_size = header_size;
  chunk->payload = payload != NULL ? g_bytes_ref (payload) : NULL;
  chunk->written = 0;
  return chunk;
}

/* With the lock. */
static void
enqueue (ExecnetWriteQueue *self, Chunk *chunk)
{
  self->n_queued_bytes += chunk_size (chunk);
  self->n_pushed += chunk_size (chunk);
  g_queue_push_tail (&self->chunks, chunk);
}

ExecnetWriteState
execnet_write_queue_push (ExecnetWriteQueue *self,
                          const guint8 *header,
                          gsize header_size,
                          GBytes *payload,
                          const guint8 *tail,
                          gsize tail_size)
{
  ExecnetWriteState state = EXECNET_WRITE_BROKEN;

  g_mutex_lock (&self->lock);
  if (!self->broken && !self->finished)
    {
      gboolean is_first = self->chunks.head == NULL;

      enqueue (self, chunk_new (header, header_size, payload));
      if (tail_size > 0)
        enqueue (self, chunk_new (tail, tail_size, NULL));
      state = is_first ? flush (self) : EXECNET_WRITE_BLOCKED;
    }
  g_mutex_unlock (&self->lock);
  return state;
}

ExecnetWriteState
execnet_write_queue_flush (ExecnetWriteQueue *self)
{
  ExecnetWriteState state;

  g_mutex_lock (&self->lock);
  state = flush (self);
  g_mutex_unlock (&self->lock);
  return state;
}

/* With the lock: as much of the first chunks as fits. */
static gsize
copy_chunks (ExecnetWriteQueue *self, guint8 *room, gsize size)
{
  gsize n_copied = 0;

  for (GList *l = self->chunks.head; l != NULL && n_copied < size; l = l->next)
    {
      struct iovec vectors[2];
      gsize n_bytes = 0;
      int n_vectors = add_vectors (l->data, vectors, &n_bytes);

      for (int i = 0; i < n_vectors && n_copied < size; i++)
        {
          gsize n = MIN (vectors[i].iov_len, size - n_copied);

          memcpy (room + n_copied, vectors[i].iov_base, n);
          n_copied += n;
        }
    }
  return n_copied;
}

const guint8 *
execnet_write_queue_peek (ExecnetWriteQueue *self,
                          guint8 *room,
                          gsize size,
                          GBytes **owner,
                          gsize *length)
{
  const guint8 *bytes = NULL;
  const Chunk *first;

  *owner = NULL;
  *length = 0;
  g_mutex_lock (&self->lock);
  first = g_queue_peek_head (&self->chunks);
  if (first != NULL && first->written >= first->header_size
      && chunk_size (first) - first->written >= size)
    {
      *owner = g_bytes_ref (first->payload);
      *length = chunk_size (first) - first->written;
      bytes = (const guint8 *) g_bytes_get_data (first->payload, NULL) + first->written
              - first->header_size;
    }
  else if (first != NULL)
    {
      *length = copy_chunks (self, room, size);
      bytes = room;
    }
  g_mutex_unlock (&self->lock);
  return bytes;
}

void
execnet_write_queue_take (ExecnetWriteQueue *self, gsize n_written)
{
  g_mutex_lock (&self->lock);
  if (!self->broken)
    {
      account (self, n_written);
      announce_progress (self);
    }
  g_mutex_unlock (&self->lock);
}

void
execnet_write_queue_finish (ExecnetWriteQueue *self)
{
  g_mutex_lock (&self->lock);
  self->finished = TRUE;
  g_mutex_unlock (&self->lock);
}

void
execnet_write_queue_break (ExecnetWriteQueue *self)
{
  g_mutex_lock (&self->lock);
  break_queue (self);
  g_mutex_unlock (&self->lock);
}

gboolean
execnet_write_queue_is_finished (ExecnetWriteQueue *self)
{
  gboolean is_finished;

  g_mutex_lock (&self->lock);
  is_finished = self->finished && self->chunks.head == NULL;
  g_mutex_unlock (&self->lock);
  return is_finished;
}

/* With the lock. */
static gboolean
has_room (ExecnetWriteQueue *self)
{
  return self->broken || self->n_queued_bytes < EXECNET_HIGH_WATER;
}

gboolean
execnet_write_queue_has_room (ExecnetWriteQueue *self)
{
  gboolean result;

  g_mutex_lock (&self->lock);
  result = has_room (self);
  g_mutex_unlock (&self->lock);
  return result;
}

gboolean
execnet_write_queue_wait_room (ExecnetWriteQueue *self,
                               gint timeout_ms,
                               GCancellable *cancellable,
                               GError **error)
{
  ExecnetWait wait;
  gboolean result;

  execnet_wait_begin (&wait, &self->lock, &self->room, timeout_ms, cancellable);
  g_mutex_lock (&self->lock);
  while (!(result = has_room (self)) && execnet_wait_step (&wait))
    ;
  g_mutex_unlock (&self->lock);
  execnet_wait_end (&wait);

  if (!result)
    execnet_wait_set_error (&wait, error, _ ("The other side did not take what was sent in time."));
  return result;
}

gboolean
execnet_write_queue_wait_sent (ExecnetWriteQueue *self,
                               gint timeout_ms,
                               GCancellable *cancellable,
                               gboolean *is_broken)
{
  ExecnetWait wait;
  guint64 target;
  gboolean result;

  execnet_wait_begin (&wait, &self->lock, &self->sent, timeout_ms, cancellable);
  g_mutex_lock (&self->lock);
  target = self->n_pushed;
  while (!(result = self->n_written >= target) && !self->broken)
    {
      self->next_target = MIN (self->next_target, target);
      if (!execnet_wait_step (&wait))
        break;
    }
  *is_broken = !result && self->broken;
  g_mutex_unlock (&self->lock);
  execnet_wait_end (&wait);
  return result;
}

GMutex *
execnet_write_queue_get_lock (ExecnetWriteQueue *self)
{
  return &self->lock;
}

void
execnet_write_queue_wait_room_async (ExecnetWriteQueue *self, ExecnetPending *pending)
{
  g_mutex_lock (&self->lock);
  execnet_pending_enqueue (pending, &self->room_waiters);
  if (has_room (self))
    complete_room_waiters (self);
  g_mutex_unlock (&self->lock);
}
