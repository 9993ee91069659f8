/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-tls-stream-private.h"

#include "base/execnet-descriptors-private.h"

struct _ExecnetTlsStream
{
  GIOStream parent_instance;

  GTlsConnection *connection;
  GSocket *socket;
};

G_DEFINE_FINAL_TYPE (ExecnetTlsStream, execnet_tls_stream, G_TYPE_IO_STREAM)

static GInputStream *
execnet_tls_stream_get_input_stream (GIOStream *stream)
{
  return g_io_stream_get_input_stream (G_IO_STREAM (EXECNET_TLS_STREAM (stream)->connection));
}

static GOutputStream *
execnet_tls_stream_get_output_stream (GIOStream *stream)
{
  return g_io_stream_get_output_stream (G_IO_STREAM (EXECNET_TLS_STREAM (stream)->connection));
}

static gboolean
execnet_tls_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  ExecnetTlsStream *self = EXECNET_TLS_STREAM (stream);

  /* Whatever TLS still wants to say fails at once from here on. */
  g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  execnet_descriptors_remove (g_socket_get_fd (self->socket));
  g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
  return g_socket_close (self->socket, error);
}

static void
execnet_tls_stream_close_async (GIOStream *stream,
                                int io_priority,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, execnet_tls_stream_close_async);
  if (execnet_tls_stream_close (stream, NULL, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
execnet_tls_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
execnet_tls_stream_finalize (GObject *object)
{
  ExecnetTlsStream *self = EXECNET_TLS_STREAM (object);

  /* GIO has closed it before. */
  g_object_unref (self->connection);
  g_object_unref (self->socket);

  G_OBJECT_CLASS (execnet_tls_stream_parent_class)->finalize (object);
}

static void
execnet_tls_stream_class_init (ExecnetTlsStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_tls_stream_finalize;
  stream_class->get_input_stream = execnet_tls_stream_get_input_stream;
  stream_class->get_output_stream = execnet_tls_stream_get_output_stream;
  stream_class->close_fn = execnet_tls_stream_close;
  stream_class->close_async = execnet_tls_stream_close_async;
  stream_class->close_finish = execnet_tls_stream_close_finish;
}

static void
execnet_tls_stream_init (ExecnetTlsStream *self)
{
}

GIOStream *
execnet_tls_stream_new (GTlsConnection *connection, GSocket *socket)
{
  ExecnetTlsStream *self = g_object_new (EXECNET_TYPE_TLS_STREAM, NULL);

  self->connection = g_object_ref (connection);
  self->socket = g_object_ref (socket);
  return G_IO_STREAM (self);
}
