/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "objects/execnet-channel-streams.h"

#include "base/execnet-error.h"
#include "objects/execnet-channel-private.h"

#include <glib/gi18n-lib.h>

/* A longer write becomes several items, so that the credit of the other side is not exceeded by much. */
#define ITEM_SIZE (64 * 1024)

/**
 * ExecnetChannelOutputStream:
 *
 * Writes items of bytes to a channel.
 *
 * The other side reads with an [class@ChannelInputStream], with Python's `channel.makefile ("r")`, or just
 * receives these items, of at most 64 KiB each. When it reads slowly, and has a limit for what may wait
 * there, as files and streams have, writing waits, see [property@Channel:receive-limit].
 *
 * What is written is on its way at once; flushing does nothing. The end of the stream is the end of the
 * channel: the other side meets it when the channel is closed.
 *
 * Thread: any, but one at a time, as for every [class@Gio.OutputStream].
 *
 * Since: 1.0
 */
struct _ExecnetChannelOutputStream
{
  GOutputStream parent_instance;
  ExecnetChannel *channel; /* holds a reference */
  gboolean close_channel;
};

static void pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ExecnetChannelOutputStream,
                               execnet_channel_output_stream,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, pollable_init))

static gssize
write_stream (GOutputStream *stream,
              const void *buffer,
              gsize count,
              GCancellable *cancellable,
              GError **error)
{
  ExecnetChannelOutputStream *self = EXECNET_CHANNEL_OUTPUT_STREAM (stream);
  g_autoptr (GBytes) content = g_bytes_new (buffer, MIN (count, ITEM_SIZE));

  if (!execnet_channel_send_content (self->channel, content, cancellable, error))
    return -1;
  return g_bytes_get_size (content);
}

static gssize
write_nonblocking (GPollableOutputStream *stream, const void *buffer, gsize count, GError **error)
{
  ExecnetChannelOutputStream *self = EXECNET_CHANNEL_OUTPUT_STREAM (stream);
  g_autoptr (GBytes) content = NULL;

  if (!execnet_channel_core_can_send (self->channel->core))
    {
      g_set_error (error,
                   G_IO_ERROR,
                   G_IO_ERROR_WOULD_BLOCK,
                   _ ("The other side takes no more items of the channel %d for now."),
                   self->channel->core->id);
      return -1;
    }
  content = g_bytes_new (buffer, MIN (count, ITEM_SIZE));
  if (!execnet_channel_queue_content (self->channel, content, error))
    return -1;
  return g_bytes_get_size (content);
}

static gboolean
can_poll (GPollableOutputStream *stream)
{
  return EXECNET_CHANNEL_OUTPUT_STREAM (stream)->channel->core != NULL;
}

static gboolean
is_writable (GPollableOutputStream *stream)
{
  return execnet_channel_core_can_send (EXECNET_CHANNEL_OUTPUT_STREAM (stream)->channel->core);
}

static GSource *
create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  ExecnetChannelOutputStream *self = EXECNET_CHANNEL_OUTPUT_STREAM (stream);
  g_autoptr (GSource) child = execnet_channel_core_create_source (self->channel->core, TRUE);

  return g_pollable_source_new_full (stream, child, cancellable);
}

static gboolean
close_stream (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  ExecnetChannelOutputStream *self = EXECNET_CHANNEL_OUTPUT_STREAM (stream);

  return !self->close_channel || execnet_channel_close (self->channel, NULL, error);
}

/* Closing waits for nothing, so it needs no thread. */
static void
close_async (GOutputStream *stream,
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
close_finish (GOutputStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
execnet_channel_output_stream_finalize (GObject *object)
{
  g_clear_object (&EXECNET_CHANNEL_OUTPUT_STREAM (object)->channel);

  G_OBJECT_CLASS (execnet_channel_output_stream_parent_class)->finalize (object);
}

static void
execnet_channel_output_stream_class_init (ExecnetChannelOutputStreamClass *klass)
{
  GOutputStreamClass *stream_class = G_OUTPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_channel_output_stream_finalize;
  stream_class->write_fn = write_stream;
  stream_class->close_fn = close_stream;
  stream_class->close_async = close_async;
  stream_class->close_finish = close_finish;
}

static void
pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->can_poll = can_poll;
  iface->is_writable = is_writable;
  iface->create_source = create_source;
  iface->write_nonblocking = write_nonblocking;
}

static void
execnet_channel_output_stream_init (ExecnetChannelOutputStream *self)
{
}

/**
 * execnet_channel_make_output_stream:
 * @self: a channel
 * @close_channel: whether closing the stream closes the channel
 *
 * Makes a stream that writes items of bytes to the channel, see [class@ChannelOutputStream].
 *
 * Returns: (transfer full): the stream
 *
 * Since: 1.0
 */
ExecnetChannelOutputStream *
execnet_channel_make_output_stream (ExecnetChannel *self, gboolean close_channel)
{
  ExecnetChannelOutputStream *stream;

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), NULL);

  stream = g_object_new (EXECNET_TYPE_CHANNEL_OUTPUT_STREAM, NULL);
  stream->channel = g_object_ref (self);
  stream->close_channel = close_channel;
  return stream;
}
