/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-stream-private.h"

#include <glib/gi18n-lib.h>

#define EXECNET_TYPE_SSH_INPUT_STREAM (execnet_ssh_input_stream_get_type ())
G_DECLARE_FINAL_TYPE (
    ExecnetSshInputStream, execnet_ssh_input_stream, EXECNET, SSH_INPUT_STREAM, GInputStream)

#define EXECNET_TYPE_SSH_OUTPUT_STREAM (execnet_ssh_output_stream_get_type ())
G_DECLARE_FINAL_TYPE (
    ExecnetSshOutputStream, execnet_ssh_output_stream, EXECNET, SSH_OUTPUT_STREAM, GOutputStream)

/* Whoever reads or writes with a cancellable goes on with the same one: it is watched from the first
 * call on, as a source for each call would cost more than the call. */
typedef struct
{
  GCancellable *cancellable;
  GSource *source;
} Watch;

static void
watch_clear (Watch *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_object (&self->cancellable);
}

struct _ExecnetSshInputStream
{
  GInputStream parent_instance;
  ExecnetSshChannel *channel;
  Watch watch;
};

struct _ExecnetSshOutputStream
{
  GOutputStream parent_instance;
  ExecnetSshChannel *channel;
  Watch watch;
};

struct _ExecnetSshStream
{
  GIOStream parent_instance;
  ExecnetSshChannel *channel;
  GInputStream *input;
  GOutputStream *output;
};

G_DEFINE_FINAL_TYPE (ExecnetSshInputStream, execnet_ssh_input_stream, G_TYPE_INPUT_STREAM)
G_DEFINE_FINAL_TYPE (ExecnetSshOutputStream, execnet_ssh_output_stream, G_TYPE_OUTPUT_STREAM)
G_DEFINE_FINAL_TYPE (ExecnetSshStream, execnet_ssh_stream, G_TYPE_IO_STREAM)

/* Nobody waits on the session's thread. */
static void
set_not_blocking_error (GError **error)
{
  g_set_error_literal (error,
                       G_IO_ERROR,
                       G_IO_ERROR_NOT_SUPPORTED,
                       _ ("An ssh channel can only be used asynchronously."));
}

/* Who cancels what is under way is done with the channel: the library would go on with the same
 * bytes. */
static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  execnet_ssh_channel_close (data);
  return G_SOURCE_REMOVE;
}

static void
close_when_cancelled (Watch *self, ExecnetSshChannel *channel, GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (cancellable == self->cancellable)
    return;
  watch_clear (self);
  if (cancellable == NULL)
    return;
  self->cancellable = g_object_ref (cancellable);
  self->source = g_cancellable_source_new (cancellable);
  g_source_set_callback (self->source,
                         G_SOURCE_FUNC (on_cancelled),
                         execnet_ssh_channel_ref (channel),
                         (GDestroyNotify) execnet_ssh_channel_unref);
  g_source_attach (self->source, g_task_get_context (task));
}

/* Reading */

static gssize
input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  set_not_blocking_error (error);
  return -1;
}

static void
input_read_async (GInputStream *stream,
                  void *buffer,
                  gsize count,
                  int io_priority,
                  GCancellable *cancellable,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  ExecnetSshInputStream *self = EXECNET_SSH_INPUT_STREAM (stream);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, input_read_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  close_when_cancelled (&self->watch, self->channel, task);
  execnet_ssh_channel_read (self->channel, task, buffer, count);
}

static gssize
input_read_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), -1);

  return g_task_propagate_int (G_TASK (result), error);
}

static gboolean
input_close (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
input_close_async (GInputStream *stream,
                   int io_priority,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, input_close_async);
  g_task_return_boolean (task, TRUE);
}

static gboolean
input_close_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
execnet_ssh_input_stream_finalize (GObject *object)
{
  ExecnetSshInputStream *self = EXECNET_SSH_INPUT_STREAM (object);

  watch_clear (&self->watch);
  execnet_ssh_channel_unref (self->channel);

  G_OBJECT_CLASS (execnet_ssh_input_stream_parent_class)->finalize (object);
}

static void
execnet_ssh_input_stream_class_init (ExecnetSshInputStreamClass *klass)
{
  GInputStreamClass *input_class = G_INPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_ssh_input_stream_finalize;
  input_class->read_fn = input_read;
  input_class->read_async = input_read_async;
  input_class->read_finish = input_read_finish;
  input_class->close_fn = input_close;
  input_class->close_async = input_close_async;
  input_class->close_finish = input_close_finish;
}

static void
execnet_ssh_input_stream_init (ExecnetSshInputStream *self)
{
}

/* Writing */

static gssize
output_write (GOutputStream *stream,
              const void *buffer,
              gsize count,
              GCancellable *cancellable,
              GError **error)
{
  set_not_blocking_error (error);
  return -1;
}

static void
output_write_async (GOutputStream *stream,
                    const void *buffer,
                    gsize count,
                    int io_priority,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  ExecnetSshOutputStream *self = EXECNET_SSH_OUTPUT_STREAM (stream);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, output_write_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  close_when_cancelled (&self->watch, self->channel, task);
  execnet_ssh_channel_write (self->channel, task, buffer, count);
}

static gssize
output_write_finish (GOutputStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), -1);

  return g_task_propagate_int (G_TASK (result), error);
}

static gboolean
output_close (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  execnet_ssh_channel_send_eof (EXECNET_SSH_OUTPUT_STREAM (stream)->channel);
  return TRUE;
}

static gboolean
output_flush (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
output_flush_async (GOutputStream *stream,
                    int io_priority,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, output_flush_async);
  g_task_return_boolean (task, TRUE);
}

static void
output_close_async (GOutputStream *stream,
                    int io_priority,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, output_close_async);
  output_close (stream, cancellable, NULL);
  g_task_return_boolean (task, TRUE);
}

static gboolean
output_finish (GOutputStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
execnet_ssh_output_stream_finalize (GObject *object)
{
  ExecnetSshOutputStream *self = EXECNET_SSH_OUTPUT_STREAM (object);

  watch_clear (&self->watch);
  execnet_ssh_channel_unref (self->channel);

  G_OBJECT_CLASS (execnet_ssh_output_stream_parent_class)->finalize (object);
}

static void
execnet_ssh_output_stream_class_init (ExecnetSshOutputStreamClass *klass)
{
  GOutputStreamClass *output_class = G_OUTPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_ssh_output_stream_finalize;
  output_class->write_fn = output_write;
  output_class->write_async = output_write_async;
  output_class->write_finish = output_write_finish;
  output_class->flush = output_flush;
  output_class->flush_async = output_flush_async;
  output_class->flush_finish = output_finish;
  output_class->close_fn = output_close;
  output_class->close_async = output_close_async;
  output_class->close_finish = output_finish;
}

static void
execnet_ssh_output_stream_init (ExecnetSshOutputStream *self)
{
}

/* Both */

static GInputStream *
get_input_stream (GIOStream *stream)
{
  return EXECNET_SSH_STREAM (stream)->input;
}

static GOutputStream *
get_output_stream (GIOStream *stream)
{
  return EXECNET_SSH_STREAM (stream)->output;
}

static gboolean
stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  execnet_ssh_channel_close (EXECNET_SSH_STREAM (stream)->channel);
  return TRUE;
}

static void
stream_close_async (GIOStream *stream,
                    int io_priority,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, stream_close_async);
  stream_close (stream, cancellable, NULL);
  g_task_return_boolean (task, TRUE);
}

static gboolean
stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
execnet_ssh_stream_finalize (GObject *object)
{
  ExecnetSshStream *self = EXECNET_SSH_STREAM (object);

  g_object_unref (self->input);
  g_object_unref (self->output);
  execnet_ssh_channel_close (self->channel);
  execnet_ssh_channel_unref (self->channel);

  G_OBJECT_CLASS (execnet_ssh_stream_parent_class)->finalize (object);
}

static void
execnet_ssh_stream_class_init (ExecnetSshStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_ssh_stream_finalize;
  stream_class->get_input_stream = get_input_stream;
  stream_class->get_output_stream = get_output_stream;
  stream_class->close_fn = stream_close;
  stream_class->close_async = stream_close_async;
  stream_class->close_finish = stream_close_finish;
}

static void
execnet_ssh_stream_init (ExecnetSshStream *self)
{
}

GIOStream *
execnet_ssh_stream_new (ExecnetSshChannel *channel)
{
  ExecnetSshStream *self = g_object_new (EXECNET_TYPE_SSH_STREAM, NULL);
  ExecnetSshInputStream *input = g_object_new (EXECNET_TYPE_SSH_INPUT_STREAM, NULL);
  ExecnetSshOutputStream *output = g_object_new (EXECNET_TYPE_SSH_OUTPUT_STREAM, NULL);

  input->channel = execnet_ssh_channel_ref (channel);
  output->channel = execnet_ssh_channel_ref (channel);
  self->channel = execnet_ssh_channel_ref (channel);
  self->input = G_INPUT_STREAM (input);
  self->output = G_OUTPUT_STREAM (output);
  return G_IO_STREAM (self);
}
