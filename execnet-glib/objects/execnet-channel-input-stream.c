/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "objects/execnet-channel-streams.h"

#include "base/execnet-error.h"
#include "objects/execnet-channel-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* The receive limit that a stream gives its channel, in bytes. */
#define STREAM_RECEIVE_LIMIT (1024 * 1024)

/**
 * ExecnetChannelInputStream:
 *
 * Reads the items of a channel one behind the other: text, as UTF-8, and bytes.
 *
 * The other side writes with an [class@ChannelOutputStream], with Python's `channel.makefile ("w")`, or
 * just sends such items. The stream ends with the channel's last item; an error of the other side is an
 * error of the read behind everything that came before it. An item that is neither text nor bytes is
 * %EXECNET_ERROR_UNSUPPORTED_TYPE; reading goes on behind it.
 *
 * Who writes is held back when much waits to be read: the stream sets
 * [property@Channel:receive-limit] to 1 MiB if it is 0.
 *
 * Thread: any, but one at a time, as for every [class@Gio.InputStream].
 *
 * Since: 1.0
 */
struct _ExecnetChannelInputStream
{
  GInputStream parent_instance;
  ExecnetChannel *channel; /* holds a reference */
  gboolean close_channel;
  GBytes *rest; /* of the item that is being read; NULL, or not empty */
};

static void pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ExecnetChannelInputStream,
                               execnet_channel_input_stream,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, pollable_init))

/* The bytes of an item, NULL when it is none that has some. */
static GBytes *
bytes_of (GVariant *item)
{
  g_autoptr (GVariant) text = NULL;

  if (g_variant_is_of_type (item, G_VARIANT_TYPE_BYTESTRING))
    return g_variant_get_data_as_bytes (item);
  if (g_variant_is_of_type (item, G_VARIANT_TYPE_STRING))
    {
      gsize length;
      const char *string = g_variant_get_string (item, &length);

      return g_bytes_new_with_free_func (string,
                                         length,
                                         (GDestroyNotify) g_variant_unref,
                                         g_variant_ref (item));
    }
  if (!g_variant_is_of_type (item, G_VARIANT_TYPE ("{sv}")))
    return NULL;
  /* Text with a NUL character. */
  g_variant_get (item, "{sv}", NULL, &text);
  return g_variant_is_of_type (text, G_VARIANT_TYPE_BYTESTRING) ? g_variant_get_data_as_bytes (text)
                                                                : NULL;
}

/* Takes the arrival over. FALSE with an error when it is no text and no bytes. */
static gboolean
take (ExecnetChannelInputStream *self, ExecnetArrival *arrival, GError **error)
{
  ExecnetChannelCore *core = self->channel->core;
  g_autoptr (GVariant) item = NULL;
  g_autoptr (GBytes) bytes = NULL;

  /* Strings of Python 2 are bytes here. */
  arrival->flags &= ~EXECNET_LOAD_PY2STR_AS_PY3STR;
  item = execnet_channel_core_decode (core, arrival, error);
  if (item == NULL)
    return FALSE;
  bytes = bytes_of (item);
  if (bytes == NULL)
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_UNSUPPORTED_TYPE,
                   _ ("An item of type “%s” came over the channel %d; a stream reads only text and "
                      "bytes."),
                   g_variant_get_type_string (item),
                   core->id);
      return FALSE;
    }
  if (g_bytes_get_size (bytes) > 0)
    self->rest = g_steal_pointer (&bytes);
  return TRUE;
}

static gssize
copy_rest (ExecnetChannelInputStream *self, void *buffer, gsize count)
{
  gsize size = g_bytes_get_size (self->rest);
  g_autoptr (GBytes) before = g_steal_pointer (&self->rest);

  count = MIN (count, size);
  memcpy (buffer, g_bytes_get_data (before, NULL), count);
  if (count < size)
    self->rest = g_bytes_new_from_bytes (before, count, size - count);
  return count;
}

/* 0 at the plain end, else -1 with the error, which is taken over. */
static gssize
end_or_fail (GError *reason, GError **error)
{
  if (g_error_matches (reason, EXECNET_ERROR, EXECNET_ERROR_END))
    {
      g_error_free (reason);
      return 0;
    }
  g_propagate_error (error, reason);
  return -1;
}

static gssize
read_stream (GInputStream *stream,
             void *buffer,
             gsize count,
             GCancellable *cancellable,
             GError **error)
{
  ExecnetChannelInputStream *self = EXECNET_CHANNEL_INPUT_STREAM (stream);
  GError *reason = NULL;

  while (self->rest == NULL)
    {
      ExecnetArrival *arrival = NULL;

      if (execnet_channel_check_receivable (self->channel, &reason))
        arrival = execnet_channel_core_receive (self->channel->core, -1, cancellable, &reason);
      if (arrival == NULL)
        return end_or_fail (reason, error);
      if (!take (self, arrival, error))
        return -1;
    }
  return copy_rest (self, buffer, count);
}

static gssize
read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  ExecnetChannelInputStream *self = EXECNET_CHANNEL_INPUT_STREAM (stream);
  GError *reason = NULL;

  while (self->rest == NULL)
    {
      ExecnetArrival *arrival = NULL;

      if (execnet_channel_check_receivable (self->channel, &reason))
        arrival = execnet_channel_core_try_receive (self->channel->core, &reason);
      if (reason != NULL)
        return end_or_fail (reason, error);
      if (arrival == NULL)
        {
          g_set_error_literal (error,
                               G_IO_ERROR,
                               G_IO_ERROR_WOULD_BLOCK,
                               _ ("Nothing has come yet."));
          return -1;
        }
      if (!take (self, arrival, error))
        return -1;
    }
  return copy_rest (self, buffer, count);
}

static gboolean
can_poll (GPollableInputStream *stream)
{
  return EXECNET_CHANNEL_INPUT_STREAM (stream)->channel->core != NULL;
}

static gboolean
is_readable (GPollableInputStream *stream)
{
  ExecnetChannelInputStream *self = EXECNET_CHANNEL_INPUT_STREAM (stream);

  return self->rest != NULL || execnet_channel_core_can_receive (self->channel->core);
}

static GSource *
create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  ExecnetChannelInputStream *self = EXECNET_CHANNEL_INPUT_STREAM (stream);
  g_autoptr (GSource) child = self->rest != NULL
                                  ? g_timeout_source_new (0)
                                  : execnet_channel_core_create_source (self->channel->core, FALSE);

  return g_pollable_source_new_full (stream, child, cancellable);
}

/* Reading asynchronously. GInputStream's own way drops what was read when it is cancelled just then. */

typedef struct
{
  void *buffer;
  gsize count;
} Read;

static void read_when_ready (GTask *task);

static gboolean
on_readable (GPollableInputStream *stream, gpointer data)
{
  read_when_ready (data);
  return G_SOURCE_REMOVE;
}

static void
read_when_ready (GTask *task)
{
  GPollableInputStream *stream = g_task_get_source_object (task);
  const Read *read = g_task_get_task_data (task);
  g_autoptr (GSource) source = NULL;
  GError *error = NULL;
  gssize n_read;

  if (g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), &error))
    n_read = -1;
  else
    n_read = read_nonblocking (stream, read->buffer, read->count, &error);
  if (n_read < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      g_error_free (error);
      source = create_source (stream, g_task_get_cancellable (task));
      g_task_attach_source (task, source, G_SOURCE_FUNC (on_readable));
    }
  else if (n_read < 0)
    g_task_return_error (task, error);
  else
    g_task_return_int (task, n_read);
}

static void
read_async (GInputStream *stream,
            void *buffer,
            gsize count,
            int io_priority,
            GCancellable *cancellable,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);
  Read *read = g_new (Read, 1);

  *read = (Read){ buffer, count };
  g_task_set_source_tag (task, read_async);
  g_task_set_task_data (task, read, g_free);
  g_task_set_priority (task, io_priority);
  g_task_set_check_cancellable (task, FALSE);
  read_when_ready (task);
}

static gssize
read_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_int (G_TASK (result), error);
}

static gboolean
close_stream (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  ExecnetChannelInputStream *self = EXECNET_CHANNEL_INPUT_STREAM (stream);

  g_clear_pointer (&self->rest, g_bytes_unref);
  return !self->close_channel || execnet_channel_close (self->channel, NULL, error);
}

/* Closing waits for nothing, so it needs no thread. */
static void
close_async (GInputStream *stream,
             int io_priority,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, close_async);
  if (close_stream (stream, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
close_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
execnet_channel_input_stream_finalize (GObject *object)
{
  ExecnetChannelInputStream *self = EXECNET_CHANNEL_INPUT_STREAM (object);

  g_clear_pointer (&self->rest, g_bytes_unref);
  g_clear_object (&self->channel);

  G_OBJECT_CLASS (execnet_channel_input_stream_parent_class)->finalize (object);
}

static void
execnet_channel_input_stream_class_init (ExecnetChannelInputStreamClass *klass)
{
  GInputStreamClass *stream_class = G_INPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_channel_input_stream_finalize;
  stream_class->read_fn = read_stream;
  stream_class->read_async = read_async;
  stream_class->read_finish = read_finish;
  stream_class->close_fn = close_stream;
  stream_class->close_async = close_async;
  stream_class->close_finish = close_finish;
}

static void
pollable_init (GPollableInputStreamInterface *iface)
{
  iface->can_poll = can_poll;
  iface->is_readable = is_readable;
  iface->create_source = create_source;
  iface->read_nonblocking = read_nonblocking;
}

static void
execnet_channel_input_stream_init (ExecnetChannelInputStream *self)
{
}

/**
 * execnet_channel_make_input_stream:
 * @self: a channel
 * @close_channel: whether closing the stream closes the channel
 *
 * Makes a stream that reads the channel's items, see [class@ChannelInputStream].
 *
 * What one stream of a channel has taken no other one gets, and no receiving call. Asynchronous reads
 * wait in the thread-default main context of their caller, without a thread.
 *
 * Returns: (transfer full): the stream
 *
 * Since: 1.0
 */
ExecnetChannelInputStream *
execnet_channel_make_input_stream (ExecnetChannel *self, gboolean close_channel)
{
  ExecnetChannelInputStream *stream;

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), NULL);

  stream = g_object_new (EXECNET_TYPE_CHANNEL_INPUT_STREAM, NULL);
  stream->channel = g_object_ref (self);
  stream->close_channel = close_channel;
  if (execnet_channel_get_receive_limit (self) == 0)
    execnet_channel_set_receive_limit (self, STREAM_RECEIVE_LIMIT);
  return stream;
}
