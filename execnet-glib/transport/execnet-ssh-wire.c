/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-wire-private.h"

#include "base/execnet-descriptors-private.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

/* What is read ahead, for a reader that asks for less: the host's first line is read byte by byte. */
#define BUFFER_SIZE (16 * 1024)

/* With more than this waiting to be sent, there is no room. */
#define HIGH_WATER (256 * 1024)

/* What is kept of the beginning. */
#define BEGINNING_SIZE 256

typedef struct
{
  GSource source;
  gpointer tag;
  GIOCondition condition;
} FdSource;

struct _ExecnetSshWire
{
  gatomicrefcount refs; /* asynchronous calls hold one */
  ExecnetSshWireFunc func;
  gpointer data;
  GIOStream *stream; /* NULL after it was closed */
  int fd;            /* of a socket; -1 when the stream is anything else */
  gboolean is_tcp;
  gboolean maybe_readable; /* of a socket: no EAGAIN since it was last found readable */
  FdSource *source;

  /* Of a stream that isn't a socket: one call of each kind at most. */
  GCancellable *cancellable;
  gboolean is_reading;
  gboolean is_writing;

  guint8 buffer[BUFFER_SIZE];
  gsize start; /* of what is in the buffer */
  gsize end;
  gboolean at_end;
  gboolean is_full;     /* nobody takes what is in the buffer, and no more is read */
  GByteArray *put_back; /* comes before what is in the buffer */

  GByteArray *unsent;
  gsize n_sent;    /* of its beginning */
  GBytes *writing; /* a copy of its beginning, which does not move while more is added */

  guint64 n_received;
  GByteArray *beginning;
  GError *error;
};

static void write_more (ExecnetSshWire *self);

static ExecnetSshWire *
wire_ref (ExecnetSshWire *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
wire_unref (ExecnetSshWire *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  g_byte_array_unref (self->put_back);
  g_byte_array_unref (self->unsent);
  g_byte_array_unref (self->beginning);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetSshWire, wire_unref)

static gsize
count_unsent (ExecnetSshWire *self)
{
  return self->unsent->len - self->n_sent;
}

static void
forget_sent (ExecnetSshWire *self, gsize n_sent)
{
  self->n_sent += n_sent;
  if (self->n_sent == self->unsent->len)
    {
      g_byte_array_set_size (self->unsent, 0);
      self->n_sent = 0;
    }
  else if (self->n_sent > HIGH_WATER)
    {
      g_byte_array_remove_range (self->unsent, 0, self->n_sent);
      self->n_sent = 0;
    }
}

static void
take_error (ExecnetSshWire *self, int code)
{
  if (self->error == NULL)
    self->error = g_error_new_literal (G_IO_ERROR, g_io_error_from_errno (code), g_strerror (code));
}

static void
note_received (ExecnetSshWire *self, const guint8 *bytes, gsize length)
{
  self->n_received += length;
  if (self->beginning->len < BEGINNING_SIZE)
    g_byte_array_append (self->beginning, bytes, MIN (length, BEGINNING_SIZE - self->beginning->len));
}

/* A socket */

static void
watch (ExecnetSshWire *self)
{
  GIOCondition condition = count_unsent (self) > 0 ? G_IO_IN | G_IO_OUT : G_IO_IN;

  /* Its end is found once. */
  if (self->at_end || self->is_full)
    condition &= ~G_IO_IN;
  if (self->source == NULL || condition == self->source->condition)
    return;
  self->source->condition = condition;
  g_source_modify_unix_fd (&self->source->source, self->source->tag, condition);
}

static gssize
send_now (ExecnetSshWire *self, const guint8 *bytes, gsize length)
{
  gssize n_sent;

  do
    n_sent = send (self->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n_sent < 0 && errno == EINTR);

  if (n_sent < 0 && errno != EAGAIN)
    {
      int code = errno;

      take_error (self, code);
      return -code;
    }
  return MAX (n_sent, 0);
}

static gssize
receive_now (ExecnetSshWire *self, guint8 *bytes, gsize length)
{
  gssize n_read;

  if (!self->maybe_readable)
    return -EAGAIN;
  do
    n_read = recv (self->fd, bytes, length, MSG_DONTWAIT);
  while (n_read < 0 && errno == EINTR);

  if (n_read > 0)
    {
      note_received (self, bytes, n_read);
      /* The host waits for the acknowledgement of a small packet before it sends the next one, and
       * without this it would come only after 40 ms. */
      if (self->is_tcp)
        setsockopt (self->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof (int));
      return n_read;
    }
  self->maybe_readable = FALSE;
  if (n_read == 0)
    {
      self->at_end = TRUE;
      watch (self);
      return 0;
    }
  if (errno != EAGAIN)
    {
      int code = errno;

      take_error (self, code);
      self->at_end = TRUE;
      watch (self);
      return -code;
    }
  return -EAGAIN;
}

static void
send_unsent (ExecnetSshWire *self)
{
  while (count_unsent (self) > 0)
    {
      gssize n_sent = send_now (self, self->unsent->data + self->n_sent, count_unsent (self));

      if (n_sent < 0)
        forget_sent (self, count_unsent (self));
      if (n_sent <= 0)
        break;
      forget_sent (self, n_sent);
    }
  watch (self);
}

static gboolean
dispatch_fd (GSource *source, GSourceFunc callback, gpointer data)
{
  g_autoptr (ExecnetSshWire) self = wire_ref (data);
  GIOCondition condition = g_source_query_unix_fd (source, self->source->tag);

  if (condition & (G_IO_OUT | G_IO_ERR))
    send_unsent (self);
  if (condition & (G_IO_IN | G_IO_HUP | G_IO_ERR))
    self->maybe_readable = TRUE;
  self->func (self->data);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs fd_source_funcs = { NULL, NULL, dispatch_fd, NULL, NULL, NULL };

static void
take_socket (ExecnetSshWire *self, GSocket *socket)
{
  GSource *source = g_source_new (&fd_source_funcs, sizeof (FdSource));
  GSocketFamily family = g_socket_get_family (socket);

  self->fd = g_socket_get_fd (socket);
  self->is_tcp = family == G_SOCKET_FAMILY_IPV4 || family == G_SOCKET_FAMILY_IPV6;
  if (self->is_tcp)
    g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  execnet_descriptors_add (self->fd);

  self->maybe_readable = TRUE;
  self->source = (FdSource *) source;
  self->source->condition = G_IO_IN;
  self->source->tag = g_source_add_unix_fd (source, self->fd, G_IO_IN);
  g_source_set_callback (source, NULL, self, NULL);
  g_source_set_static_name (source, "execnet ssh socket");
  g_source_attach (source, g_main_context_get_thread_default ());
}

/* Any other stream */

static void
on_read (GObject *input, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshWire) self = data;
  g_autoptr (GError) error = NULL;
  gssize n_read = g_input_stream_read_finish (G_INPUT_STREAM (input), result, &error);

  self->is_reading = FALSE;
  if (self->stream == NULL)
    return;
  if (n_read > 0)
    {
      note_received (self, self->buffer, n_read);
      self->start = 0;
      self->end = n_read;
    }
  else
    {
      self->at_end = TRUE;
      if (error != NULL && self->error == NULL)
        self->error = g_steal_pointer (&error);
    }
  self->func (self->data);
}

/* Only while the buffer is empty. */
static void
read_more (ExecnetSshWire *self)
{
  if (self->fd >= 0 || self->is_reading || self->at_end || self->stream == NULL)
    return;
  self->is_reading = TRUE;
  g_input_stream_read_async (g_io_stream_get_input_stream (self->stream),
                             self->buffer,
                             BUFFER_SIZE,
                             G_PRIORITY_DEFAULT,
                             self->cancellable,
                             on_read,
                             wire_ref (self));
}

static void
on_written (GObject *output, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshWire) self = data;
  g_autoptr (GError) error = NULL;
  gssize n_written = g_output_stream_write_finish (G_OUTPUT_STREAM (output), result, &error);

  self->is_writing = FALSE;
  g_clear_pointer (&self->writing, g_bytes_unref);
  if (self->stream == NULL)
    return;
  if (n_written >= 0)
    {
      forget_sent (self, n_written);
    }
  else
    {
      forget_sent (self, count_unsent (self));
      if (self->error == NULL)
        self->error = g_steal_pointer (&error);
    }
  write_more (self);
  self->func (self->data);
}

static void
write_more (ExecnetSshWire *self)
{
  if (self->is_writing || count_unsent (self) == 0 || self->stream == NULL)
    return;
  self->is_writing = TRUE;
  self->writing
      = g_bytes_new (self->unsent->data + self->n_sent, MIN (count_unsent (self), HIGH_WATER));
  g_output_stream_write_async (g_io_stream_get_output_stream (self->stream),
                               g_bytes_get_data (self->writing, NULL),
                               g_bytes_get_size (self->writing),
                               G_PRIORITY_DEFAULT,
                               self->cancellable,
                               on_written,
                               wire_ref (self));
}

/* Both */

gssize
execnet_ssh_wire_receive (ExecnetSshWire *self, void *buffer, gsize length)
{
  if (self->put_back->len > 0)
    {
      length = MIN (length, self->put_back->len);
      memcpy (buffer, self->put_back->data, length);
      g_byte_array_remove_range (self->put_back, 0, length);
      return length;
    }
  if (self->start == self->end && self->fd >= 0 && !self->at_end)
    {
      gssize n_read;

      if (length >= BUFFER_SIZE / 2)
        return receive_now (self, buffer, length);
      n_read = receive_now (self, self->buffer, BUFFER_SIZE);
      if (n_read <= 0)
        return n_read;
      self->start = 0;
      self->end = n_read;
    }
  if (self->start == self->end)
    {
      if (self->at_end)
        return self->error != NULL ? -ECONNRESET : 0;
      read_more (self);
      return -EAGAIN;
    }
  length = MIN (length, self->end - self->start);
  memcpy (buffer, self->buffer + self->start, length);
  self->start += length;
  if (self->is_full)
    {
      self->is_full = FALSE;
      watch (self);
    }
  return length;
}

gboolean
execnet_ssh_wire_has_ended (ExecnetSshWire *self)
{
  gssize n_read;

  if (self->fd < 0)
    {
      if (self->start == self->end)
        read_more (self);
      return self->at_end;
    }
  if (self->start == self->end)
    self->start = self->end = 0;
  if (!self->at_end && self->end < BUFFER_SIZE)
    {
      n_read = receive_now (self, self->buffer + self->end, BUFFER_SIZE - self->end);
      if (n_read > 0)
        self->end += n_read;
    }
  self->is_full = self->end == BUFFER_SIZE;
  watch (self);
  return self->at_end;
}

void
execnet_ssh_wire_put_back (ExecnetSshWire *self, const void *bytes, gsize length)
{
  if (length > 0)
    g_byte_array_prepend (self->put_back, bytes, length);
}

gssize
execnet_ssh_wire_send (ExecnetSshWire *self, const void *bytes, gsize length)
{
  gsize n_sent = 0;

  /* What the other side said before it left is worth more than that it is gone: the end of input
   * will come. */
  if (self->error != NULL)
    return length;
  if (self->fd >= 0 && count_unsent (self) == 0)
    {
      gssize now = send_now (self, bytes, length);

      if (now < 0)
        return length;
      n_sent = now;
    }
  if (n_sent < length)
    g_byte_array_append (self->unsent, (const guint8 *) bytes + n_sent, length - n_sent);
  if (self->fd >= 0)
    watch (self);
  else
    write_more (self);
  return length;
}

gboolean
execnet_ssh_wire_has_room (ExecnetSshWire *self)
{
  return count_unsent (self) < HIGH_WATER;
}

guint64
execnet_ssh_wire_get_n_received (ExecnetSshWire *self)
{
  return self->n_received;
}

const GError *
execnet_ssh_wire_get_error (ExecnetSshWire *self)
{
  return self->error;
}

GBytes *
execnet_ssh_wire_get_beginning (ExecnetSshWire *self)
{
  return g_bytes_new (self->beginning->data, self->beginning->len);
}

ExecnetSshWire *
execnet_ssh_wire_new (GIOStream *stream, ExecnetSshWireFunc func, gpointer data)
{
  ExecnetSshWire *self = g_new0 (ExecnetSshWire, 1);

  g_atomic_ref_count_init (&self->refs);
  self->func = func;
  self->data = data;
  self->stream = g_object_ref (stream);
  self->fd = -1;
  self->cancellable = g_cancellable_new ();
  self->put_back = g_byte_array_new ();
  self->unsent = g_byte_array_new ();
  self->beginning = g_byte_array_new ();
  if (G_IS_SOCKET_CONNECTION (stream))
    take_socket (self, g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)));
  else
    read_more (self);
  return self;
}

void
execnet_ssh_wire_free (ExecnetSshWire *self)
{
  g_autoptr (GIOStream) stream = g_steal_pointer (&self->stream);

  if (self->source != NULL)
    {
      g_source_destroy (&self->source->source);
      g_source_unref (&self->source->source);
      self->source = NULL;
      execnet_descriptors_remove (self->fd);
      g_io_stream_close (stream, NULL, NULL);
    }
  else
    {
      g_cancellable_cancel (self->cancellable);
      g_io_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
    }
  wire_unref (self);
}
