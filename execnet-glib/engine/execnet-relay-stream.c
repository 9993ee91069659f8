/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A relay's bytes as a stream. Worker thread, and asynchronous alone: nothing here could wait. */

#include "config.h"

#include "engine/execnet-relay-private.h"

/* The input. */

#define EXECNET_TYPE_RELAY_INPUT (execnet_relay_input_get_type ())
G_DECLARE_FINAL_TYPE (ExecnetRelayInput, execnet_relay_input, EXECNET, RELAY_INPUT, GInputStream)

struct _ExecnetRelayInput
{
  GInputStream parent_instance;
  ExecnetRelay *relay;
};

G_DEFINE_FINAL_TYPE (ExecnetRelayInput, execnet_relay_input, G_TYPE_INPUT_STREAM)

static void
execnet_relay_input_read_async (GInputStream *stream,
                                void *buffer,
                                gsize count,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, execnet_relay_input_read_async);
  /* What was taken must reach the caller. */
  g_task_set_check_cancellable (task, FALSE);
  execnet_relay_read (EXECNET_RELAY_INPUT (stream)->relay, task, buffer, count);
}

static gssize
execnet_relay_input_read_finish (GInputStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), -1);

  return g_task_propagate_int (G_TASK (result), error);
}

static void
execnet_relay_input_finalize (GObject *object)
{
  execnet_relay_unref (EXECNET_RELAY_INPUT (object)->relay);

  G_OBJECT_CLASS (execnet_relay_input_parent_class)->finalize (object);
}

static void
execnet_relay_input_class_init (ExecnetRelayInputClass *klass)
{
  GInputStreamClass *input_class = G_INPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_relay_input_finalize;
  input_class->read_async = execnet_relay_input_read_async;
  input_class->read_finish = execnet_relay_input_read_finish;
}

static void
execnet_relay_input_init (ExecnetRelayInput *self)
{
}

/* The output. */

#define EXECNET_TYPE_RELAY_OUTPUT (execnet_relay_output_get_type ())
G_DECLARE_FINAL_TYPE (ExecnetRelayOutput, execnet_relay_output, EXECNET, RELAY_OUTPUT, GOutputStream)

struct _ExecnetRelayOutput
{
  GOutputStream parent_instance;
  ExecnetRelay *relay;
};

G_DEFINE_FINAL_TYPE (ExecnetRelayOutput, execnet_relay_output, G_TYPE_OUTPUT_STREAM)

static void
execnet_relay_output_write_async (GOutputStream *stream,
                                  const void *buffer,
                                  gsize count,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GTask *task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, execnet_relay_output_write_async);
  g_task_set_check_cancellable (task, FALSE);
  execnet_relay_write (EXECNET_RELAY_OUTPUT (stream)->relay, task, buffer, count);
}

static gssize
execnet_relay_output_write_finish (GOutputStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), -1);

  return g_task_propagate_int (G_TASK (result), error);
}

static gboolean
execnet_relay_output_close (GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  execnet_relay_close_write (EXECNET_RELAY_OUTPUT (stream)->relay);
  return TRUE;
}

static void
execnet_relay_output_close_async (GOutputStream *stream,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, execnet_relay_output_close_async);
  execnet_relay_close_write (EXECNET_RELAY_OUTPUT (stream)->relay);
  g_task_return_boolean (task, TRUE);
}

static gboolean
execnet_relay_output_close_finish (GOutputStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
execnet_relay_output_finalize (GObject *object)
{
  execnet_relay_unref (EXECNET_RELAY_OUTPUT (object)->relay);

  G_OBJECT_CLASS (execnet_relay_output_parent_class)->finalize (object);
}

static void
execnet_relay_output_class_init (ExecnetRelayOutputClass *klass)
{
  GOutputStreamClass *output_class = G_OUTPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_relay_output_finalize;
  output_class->write_async = execnet_relay_output_write_async;
  output_class->write_finish = execnet_relay_output_write_finish;
  output_class->close_fn = execnet_relay_output_close;
  output_class->close_async = execnet_relay_output_close_async;
  output_class->close_finish = execnet_relay_output_close_finish;
}

static void
execnet_relay_output_init (ExecnetRelayOutput *self)
{
}

/* Both. */

#define EXECNET_TYPE_RELAY_STREAM (execnet_relay_stream_get_type ())
G_DECLARE_FINAL_TYPE (ExecnetRelayStream, execnet_relay_stream, EXECNET, RELAY_STREAM, GIOStream)

struct _ExecnetRelayStream
{
  GIOStream parent_instance;
  ExecnetRelay *relay;
  ExecnetRelayInput *input;
  ExecnetRelayOutput *output;
};

G_DEFINE_FINAL_TYPE (ExecnetRelayStream, execnet_relay_stream, G_TYPE_IO_STREAM)

static GInputStream *
execnet_relay_stream_get_input_stream (GIOStream *stream)
{
  return G_INPUT_STREAM (EXECNET_RELAY_STREAM (stream)->input);
}

static GOutputStream *
execnet_relay_stream_get_output_stream (GIOStream *stream)
{
  return G_OUTPUT_STREAM (EXECNET_RELAY_STREAM (stream)->output);
}

static gboolean
execnet_relay_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  execnet_relay_close (EXECNET_RELAY_STREAM (stream)->relay);
  return TRUE;
}

static void
execnet_relay_stream_close_async (GIOStream *stream,
                                  int io_priority,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, execnet_relay_stream_close_async);
  execnet_relay_close (EXECNET_RELAY_STREAM (stream)->relay);
  g_task_return_boolean (task, TRUE);
}

static gboolean
execnet_relay_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
execnet_relay_stream_finalize (GObject *object)
{
  ExecnetRelayStream *self = EXECNET_RELAY_STREAM (object);

  g_object_unref (self->input);
  g_object_unref (self->output);
  execnet_relay_unref (self->relay);

  /* The parent's closes it. */
  G_OBJECT_CLASS (execnet_relay_stream_parent_class)->finalize (object);
}

static void
execnet_relay_stream_class_init (ExecnetRelayStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_relay_stream_finalize;
  stream_class->get_input_stream = execnet_relay_stream_get_input_stream;
  stream_class->get_output_stream = execnet_relay_stream_get_output_stream;
  stream_class->close_fn = execnet_relay_stream_close;
  stream_class->close_async = execnet_relay_stream_close_async;
  stream_class->close_finish = execnet_relay_stream_close_finish;
}

static void
execnet_relay_stream_init (ExecnetRelayStream *self)
{
}

GIOStream *
execnet_relay_make_stream (ExecnetRelay *relay)
{
  ExecnetRelayStream *self = g_object_new (EXECNET_TYPE_RELAY_STREAM, NULL);

  self->relay = execnet_relay_ref (relay);
  self->input = g_object_new (EXECNET_TYPE_RELAY_INPUT, NULL);
  self->input->relay = execnet_relay_ref (relay);
  self->output = g_object_new (EXECNET_TYPE_RELAY_OUTPUT, NULL);
  self->output->relay = execnet_relay_ref (relay);
  return G_IO_STREAM (self);
}
