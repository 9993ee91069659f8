/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-connection-private.h"

#include "base/execnet-descriptors-private.h"
#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "engine/execnet-message-reader-private.h"
#include "engine/execnet-reactor-private.h"
#include "engine/execnet-stream-pump-private.h"
#include "engine/execnet-worker-thread-private.h"
#include "engine/execnet-write-queue-private.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long the worker thread lets waiters read by turns, while nobody else waits for anything. */
#define LOAN_MS 5

/* Reads in one turn of the worker thread, so that a flood on one connection starves no other. */
#define READS_PER_TURN 16

/* How long the rest is read of a process that has ended: others may hold the connection open, and
 * write on. */
#define REST_US (100 * G_TIME_SPAN_MILLISECOND)

struct _ExecnetConnection
{
  gatomicrefcount refs;
  const ExecnetConnectionFuncs *funcs;
  gpointer user_data;
  ExecnetWriteQueue *queue; /* has a lock of its own */

  /* The role of the reader is to hold this lock. Waiters only try to take it; the worker thread
   * waits for it when it must have it, after an interrupt. Nobody takes it with another lock that
   * a reader needs, unless he only tries. */
  GMutex role;
  ExecnetMessageReader *reader; /* the role */
  gboolean is_over;             /* the role: nothing more will be read */
  GError *read_error;           /* the role, until it is over; then the worker thread */
  ExecnetWatch *read_watch;     /* the role; armed while nobody else has it, and it is not lent;
                                 * NULL where there is no role to take: see `pump` */
  gboolean is_armed;            /* the role */
  int is_lent;                  /* atomic; set with the role: the worker thread will look again */
  guint n_turns;                /* the role: how often waiters have read */
  guint n_turns_seen;           /* worker thread: at the last look */
  gboolean has_loan_timer;      /* worker thread */
  int wake_fd;                  /* the role and watch_lock: an eventfd that ends a reader's wait */
  int is_wanted;                /* atomic: the worker thread waits for the role */
  int is_closing;               /* atomic */

  /* Worker thread alone. */
  GIOStream *stream;
  gboolean has_ended;

  /* Sending threads arm the watch, or wake the pump: they go away under this lock. */
  GMutex watch_lock;
  ExecnetStreamPump *pump; /* instead of the watches, for a stream without plain descriptors */
  ExecnetWatch *write_watch;
  gboolean is_writer_armed;
  int read_fd;
  int write_fd; /* -1 after the direction was ended */
  gboolean is_socket;
};

/* Worker thread, without the role. */
static void
end_input (ExecnetConnection *self)
{
  if (self->has_ended)
    return;
  self->has_ended = TRUE;
  self->funcs->ended (self->read_error, self->user_data);
}

/* With the role. */
static void
arm_reader (ExecnetConnection *self, gboolean armed)
{
  if (self->is_armed != armed)
    execnet_watch_arm (self->read_watch, armed);
  self->is_armed = armed;
  if (armed)
    g_atomic_int_set (&self->is_lent, FALSE);
}

/* With the role. */
static ExecnetReadState
read_once (ExecnetConnection *self)
{
  ExecnetReadState state = execnet_message_reader_read (self->reader, self->read_fd, &self->read_error);

  if (state == EXECNET_READ_END || state == EXECNET_READ_ERROR)
    {
      self->is_over = TRUE;
      arm_reader (self, FALSE);
    }
  return state;
}

/* Worker thread, with the role, which it gives back. Reads so often, and not beyond the monotonic
 * time `end`. */
static void
read_some (ExecnetConnection *self, guint n_reads, gint64 end)
{
  g_autoptr (ExecnetConnection) alive = execnet_connection_ref (self);
  gboolean is_over;

  while (n_reads-- > 0 && !self->is_over && g_get_monotonic_time () < end)
    {
      if (read_once (self) != EXECNET_READ_MORE)
        break;
    }
  is_over = self->is_over;
  g_mutex_unlock (&self->role);
  if (is_over)
    end_input (self);
}

static void
on_readable (gpointer data)
{
  ExecnetConnection *self = data;

  /* Else a waiter has just become the reader. */
  if (g_mutex_trylock (&self->role))
    read_some (self, READS_PER_TURN, G_MAXINT64);
}

/* Worker thread. Whoever reads leaves soon, and nobody takes his place. */
static void
take_role (ExecnetConnection *self)
{
  if (g_mutex_trylock (&self->role))
    return;
  g_atomic_int_set (&self->is_wanted, TRUE);
  execnet_connection_interrupt (self);
  g_mutex_lock (&self->role);
  g_atomic_int_set (&self->is_wanted, FALSE);
}

gboolean
execnet_connection_read_rest (ExecnetConnection *self)
{
  if (self->read_watch == NULL)
    return FALSE;
  take_role (self);
  read_some (self, G_MAXUINT, g_get_monotonic_time () + REST_US);
  return TRUE;
}

gboolean
execnet_connection_begin_reading (ExecnetConnection *self)
{
  if (!g_mutex_trylock (&self->role))
    return FALSE;
  if (self->read_watch == NULL || self->is_over || g_atomic_int_get (&self->is_wanted)
      || g_atomic_int_get (&self->is_closing))
    {
      g_mutex_unlock (&self->role);
      return FALSE;
    }
  arm_reader (self, FALSE);
  return TRUE;
}

/* Worker thread. */
static gboolean
report_end (gpointer data)
{
  ExecnetConnection *self = data;

  end_input (self);
  execnet_connection_unref (self);
  return G_SOURCE_REMOVE;
}

/* Microseconds to the form that ppoll takes; NULL without a deadline. */
static const struct timespec *
time_left (gint64 deadline, struct timespec *left)
{
  gint64 us;

  if (deadline < 0)
    return NULL;
  us = MAX (deadline - g_get_monotonic_time (), 0);
  left->tv_sec = us / G_USEC_PER_SEC;
  left->tv_nsec = us % G_USEC_PER_SEC * 1000;
  return left;
}

static gboolean
wait_for_input (ExecnetConnection *self, gint64 deadline)
{
  struct pollfd fds[] = { { self->read_fd, POLLIN, 0 }, { self->wake_fd, POLLIN, 0 } };
  struct timespec left;
  guint64 n_interrupts;

  if (ppoll (fds, G_N_ELEMENTS (fds), time_left (deadline, &left), NULL) <= 0)
    return FALSE;
  if (fds[1].revents != 0)
    {
      while (read (self->wake_fd, &n_interrupts, sizeof n_interrupts) < 0 && errno == EINTR)
        ;
      return FALSE;
    }
  return TRUE;
}

gboolean
execnet_connection_read (ExecnetConnection *self, gint64 deadline)
{
  ExecnetReadState state;

  if (self->is_over || g_atomic_int_get (&self->is_closing) || !wait_for_input (self, deadline))
    return FALSE;
  state = read_once (self);
  /* The worker thread is there as long as this thread has the role. */
  if (self->is_over)
    execnet_worker_thread_invoke (report_end, execnet_connection_ref (self));
  return state == EXECNET_READ_MORE || state == EXECNET_READ_BLOCKED;
}

/* Worker thread. */
static gboolean
look_after_loan (gpointer data)
{
  ExecnetConnection *self = data;
  gboolean is_used;

  if (!g_atomic_int_get (&self->is_lent))
    {
      self->has_loan_timer = FALSE;
      return G_SOURCE_REMOVE;
    }
  /* Somebody is reading. */
  if (!g_mutex_trylock (&self->role))
    return G_SOURCE_CONTINUE;
  is_used = self->n_turns != self->n_turns_seen && !self->is_over;
  self->n_turns_seen = self->n_turns;
  if (!is_used && !self->is_over)
    arm_reader (self, TRUE);
  g_mutex_unlock (&self->role);
  self->has_loan_timer = is_used;
  return is_used;
}

/* Worker thread. */
static gboolean
begin_loan (gpointer data)
{
  g_autoptr (ExecnetConnection) self = data;
  g_autoptr (GSource) timer = NULL;

  if (self->has_loan_timer)
    return G_SOURCE_REMOVE;
  self->has_loan_timer = TRUE;
  timer = g_timeout_source_new (LOAN_MS);
  g_source_set_callback (timer,
                         look_after_loan,
                         g_steal_pointer (&self),
                         (GDestroyNotify) execnet_connection_unref);
  g_source_attach (timer, execnet_worker_thread_get_context ());
  return G_SOURCE_REMOVE;
}

void
execnet_connection_end_reading (ExecnetConnection *self, gboolean for_now)
{
  self->n_turns++;
  if (self->is_over)
    ;
  else if (!for_now || g_atomic_int_get (&self->is_closing))
    arm_reader (self, TRUE);
  else if (g_atomic_int_compare_and_exchange (&self->is_lent, FALSE, TRUE))
    execnet_worker_thread_invoke (begin_loan, execnet_connection_ref (self));
  g_mutex_unlock (&self->role);
}

void
execnet_connection_serve (ExecnetConnection *self)
{
  /* Whoever reads now serves everybody, and looks again before he lends it. */
  if (!g_atomic_int_get (&self->is_lent) || !g_mutex_trylock (&self->role))
    return;
  if (!self->is_over && !g_atomic_int_get (&self->is_closing))
    arm_reader (self, TRUE);
  g_mutex_unlock (&self->role);
}

void
execnet_connection_interrupt (ExecnetConnection *self)
{
  const guint64 one = 1;

  g_mutex_lock (&self->watch_lock);
  while (self->wake_fd >= 0 && write (self->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
    ;
  g_mutex_unlock (&self->watch_lock);
}

/* Any thread. */
static void
arm_writer (ExecnetConnection *self, gboolean armed)
{
  g_mutex_lock (&self->watch_lock);
  if (self->pump != NULL)
    execnet_stream_pump_wake (self->pump);
  else if (self->write_watch != NULL && self->is_writer_armed != armed)
    {
      execnet_watch_arm (self->write_watch, armed);
      self->is_writer_armed = armed;
    }
  g_mutex_unlock (&self->watch_lock);
}

/* Worker thread. */
static void
shut_down_writing (ExecnetConnection *self)
{
  ExecnetWatch *watch;

  if (self->write_fd < 0)
    return;
  if (self->queue != NULL)
    execnet_write_queue_break (self->queue);
  g_mutex_lock (&self->watch_lock);
  watch = g_steal_pointer (&self->write_watch);
  g_mutex_unlock (&self->watch_lock);
  g_clear_pointer (&watch, execnet_watch_free);

  if (self->is_socket)
    {
      shutdown (self->write_fd, SHUT_WR);
      execnet_descriptors_remove (self->write_fd);
      close (self->write_fd);
    }
  else
    g_output_stream_close (g_io_stream_get_output_stream (self->stream), NULL, NULL);
  self->write_fd = -1;
}

/* Worker thread. */
static void
on_writable (gpointer data)
{
  ExecnetConnection *self = data;
  ExecnetWriteState state = execnet_write_queue_flush (self->queue);

  if (state == EXECNET_WRITE_BLOCKED)
    return;
  /* Somebody may push again just now: look once more after disarming. */
  arm_writer (self, FALSE);
  if (execnet_write_queue_flush (self->queue) == EXECNET_WRITE_BLOCKED)
    arm_writer (self, TRUE);
  else if (state == EXECNET_WRITE_BROKEN || execnet_write_queue_is_finished (self->queue))
    shut_down_writing (self);
}

static const ExecnetMessageReaderFuncs *
reader_funcs (const ExecnetConnectionFuncs *funcs)
{
  G_STATIC_ASSERT (G_STRUCT_OFFSET (ExecnetConnectionFuncs, greeting)
                   == G_STRUCT_OFFSET (ExecnetMessageReaderFuncs, greeting));
  G_STATIC_ASSERT (G_STRUCT_OFFSET (ExecnetConnectionFuncs, message)
                   == G_STRUCT_OFFSET (ExecnetMessageReaderFuncs, message));
  return (const ExecnetMessageReaderFuncs *) funcs;
}

/* The descriptors of a stream that has plain ones; -1 where they can't be had. FALSE for any other
 * stream. */
static gboolean
find_descriptors (GIOStream *stream, int *read_fd, int *write_fd, gboolean *is_socket)
{
  GInputStream *input = g_io_stream_get_input_stream (stream);
  GOutputStream *output = g_io_stream_get_output_stream (stream);

  /* A subclass, as of a TCP connection through a wrapper, reads and writes in its own way. */
  *is_socket = G_IS_SOCKET_CONNECTION (stream) && !G_IS_TCP_WRAPPER_CONNECTION (stream);
  if (*is_socket)
    {
      GSocket *socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));

      *read_fd = g_socket_get_fd (socket);
      /* An epoll descriptor takes each number once, and the two directions are watched apart. */
      *write_fd = fcntl (*read_fd, F_DUPFD_CLOEXEC, 3);
      if (*write_fd >= 0)
        execnet_descriptors_add (*write_fd);
      return TRUE;
    }
  if (G_IS_UNIX_INPUT_STREAM (input) && G_IS_UNIX_OUTPUT_STREAM (output))
    {
      *read_fd = g_unix_input_stream_get_fd (G_UNIX_INPUT_STREAM (input));
      *write_fd = g_unix_output_stream_get_fd (G_UNIX_OUTPUT_STREAM (output));
      return TRUE;
    }
  return FALSE;
}

static gboolean
set_non_blocking (int fd)
{
  int flags = fcntl (fd, F_GETFL);

  return flags >= 0 && fcntl (fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static gboolean
watch_descriptors (ExecnetConnection *self, GError **error)
{
  if (set_non_blocking (self->read_fd) && set_non_blocking (self->write_fd))
    {
      self->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
      self->queue = execnet_write_queue_new (self->write_fd, self->is_socket);
      self->read_watch = execnet_watch_new (self->read_fd, FALSE, on_readable, self);
      self->write_watch = execnet_watch_new (self->write_fd, TRUE, on_writable, self);
    }
  if (self->read_watch != NULL && self->write_watch != NULL && self->wake_fd >= 0)
    {
      arm_reader (self, TRUE);
      return TRUE;
    }
  g_set_error_literal (error,
                       EXECNET_ERROR,
                       EXECNET_ERROR_FAILED,
                       _ ("The descriptors of a connection can't be watched; too many may be open."));
  return FALSE;
}

/* Worker thread. */
static void
on_pump_ended (GError *error, gpointer data)
{
  ExecnetConnection *self = data;

  self->read_error = error;
  end_input (self);
}

static void
on_pump_closed (gpointer data)
{
  ExecnetConnection *self = data;

  self->funcs->closed (self->user_data);
}

static void
on_pump_gone (gpointer data)
{
  execnet_connection_unref (data);
}

static const ExecnetStreamPumpFuncs pump_funcs = { on_pump_ended, on_pump_closed, on_pump_gone };

ExecnetConnection *
execnet_connection_new (GIOStream *stream,
                        const ExecnetConnectionFuncs *funcs,
                        gpointer user_data,
                        GError **error)
{
  g_autoptr (ExecnetConnection) self = g_new0 (ExecnetConnection, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->watch_lock);
  g_mutex_init (&self->role);
  self->funcs = funcs;
  self->user_data = user_data;
  self->stream = g_object_ref (stream);
  self->write_fd = -1;
  self->wake_fd = -1;
  self->reader = execnet_message_reader_new (reader_funcs (funcs), user_data);

  if (!find_descriptors (stream, &self->read_fd, &self->write_fd, &self->is_socket))
    {
      self->queue = execnet_write_queue_new_for_stream ();
      self->pump = execnet_stream_pump_new (
          stream, self->reader, self->queue, &pump_funcs, execnet_connection_ref (self));
    }
  else if (!watch_descriptors (self, error))
    {
      execnet_connection_close (self);
      return NULL;
    }
  return g_steal_pointer (&self);
}

ExecnetConnection *
execnet_connection_ref (ExecnetConnection *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
execnet_connection_unref (ExecnetConnection *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->queue, execnet_write_queue_free);
  g_clear_pointer (&self->reader, execnet_message_reader_free);
  g_clear_object (&self->stream);
  g_clear_error (&self->read_error);
  if (self->wake_fd >= 0)
    close (self->wake_fd);
  g_mutex_clear (&self->watch_lock);
  g_mutex_clear (&self->role);
  g_free (self);
}

/* Worker thread, with the role: nobody waits with it any more. A gateway's object can live much
 * longer than its connection, above all in a language that collects garbage. */
static void
close_wake_fd (ExecnetConnection *self)
{
  g_mutex_lock (&self->watch_lock);
  if (self->wake_fd >= 0)
    close (self->wake_fd);
  self->wake_fd = -1;
  g_mutex_unlock (&self->watch_lock);
}

/* Worker thread. Whoever sends or waits for room learns that it is over. */
static gboolean
close_pump (ExecnetConnection *self)
{
  g_autoptr (ExecnetStreamPump) pump = NULL;

  g_mutex_lock (&self->watch_lock);
  pump = g_steal_pointer (&self->pump);
  g_mutex_unlock (&self->watch_lock);
  if (pump == NULL)
    return FALSE;
  execnet_write_queue_break (self->queue);
  execnet_stream_pump_close (pump);
  return TRUE;
}

gboolean
execnet_connection_close (ExecnetConnection *self)
{
  self->has_ended = TRUE;
  g_atomic_int_set (&self->is_closing, TRUE);
  if (close_pump (self))
    {
      g_clear_object (&self->stream);
      return FALSE;
    }
  take_role (self);
  self->is_over = TRUE;
  g_clear_pointer (&self->read_watch, execnet_watch_free);
  close_wake_fd (self);
  g_mutex_unlock (&self->role);
  shut_down_writing (self);
  if (self->stream != NULL)
    g_io_stream_close (self->stream, NULL, NULL);
  g_clear_object (&self->stream);
  return TRUE;
}

/* Any thread. */
static gboolean
push (ExecnetConnection *self,
      const guint8 *header,
      gsize header_size,
      GBytes *payload,
      const guint8 *tail,
      gsize tail_size)
{
  ExecnetWriteState state
      = execnet_write_queue_push (self->queue, header, header_size, payload, tail, tail_size);

  if (state == EXECNET_WRITE_BLOCKED)
    arm_writer (self, TRUE);
  return state != EXECNET_WRITE_BROKEN;
}

/* Any thread. */
static void
write_header (ExecnetMessageCode code, gint32 channel, gsize length, guint8 *bytes)
{
  ExecnetMessageHeader header = { code, channel, length };

  execnet_message_header_write (&header, bytes);
  execnet_trace ("sent %s channel=%d length=%u",
                 execnet_message_code_name (code),
                 channel,
                 header.length);
}

gboolean
execnet_connection_send (ExecnetConnection *self,
                         ExecnetMessageCode code,
                         gint32 channel,
                         GBytes *payload)
{
  guint8 header[EXECNET_MESSAGE_HEADER_SIZE];

  write_header (code, channel, payload != NULL ? g_bytes_get_size (payload) : 0, header);
  return push (self, header, sizeof header, payload, NULL, 0);
}

gboolean
execnet_connection_send_content (ExecnetConnection *self, gint32 channel, GBytes *content)
{
  guint8 header[EXECNET_MESSAGE_HEADER_SIZE + EXECNET_CONTENT_HEAD_SIZE];
  guint8 tail[EXECNET_CONTENT_TAIL_SIZE];
  gsize size = g_bytes_get_size (content);

  write_header (EXECNET_MESSAGE_CHANNEL_DATA,
                channel,
                EXECNET_CONTENT_HEAD_SIZE + size + EXECNET_CONTENT_TAIL_SIZE,
                header);
  execnet_item_frame_content (EXECNET_ITEM_FORM_OPCODES,
                              size,
                              header + EXECNET_MESSAGE_HEADER_SIZE,
                              tail);
  return push (self, header, sizeof header, content, tail, sizeof tail);
}

gboolean
execnet_connection_send_raw (ExecnetConnection *self, GBytes *bytes)
{
  return push (self, NULL, 0, bytes, NULL, 0);
}

void
execnet_connection_close_write (ExecnetConnection *self)
{
  execnet_write_queue_finish (self->queue);
  /* The worker thread finds the queue finished as soon as it is empty. */
  arm_writer (self, TRUE);
}

gboolean
execnet_connection_wait_room (ExecnetConnection *self,
                              gint timeout_ms,
                              GCancellable *cancellable,
                              GError **error)
{
  return execnet_write_queue_wait_room (self->queue, timeout_ms, cancellable, error);
}

gboolean
execnet_connection_has_room (ExecnetConnection *self)
{
  return execnet_write_queue_has_room (self->queue);
}

GMutex *
execnet_connection_get_lock (ExecnetConnection *self)
{
  return execnet_write_queue_get_lock (self->queue);
}

void
execnet_connection_wait_room_async (ExecnetConnection *self, ExecnetPending *pending)
{
  execnet_write_queue_wait_room_async (self->queue, pending);
}

gboolean
execnet_connection_wait_sent (ExecnetConnection *self,
                              gint timeout_ms,
                              GCancellable *cancellable,
                              gboolean *is_broken)
{
  return execnet_write_queue_wait_sent (self->queue, timeout_ms, cancellable, is_broken);
}
