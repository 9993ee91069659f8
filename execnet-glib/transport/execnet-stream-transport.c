/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-stream-transport-private.h"

struct _ExecnetStreamTransport
{
  ExecnetTransport parent_instance;
  GIOStream *stream; /* until it is opened */
};

G_DEFINE_FINAL_TYPE (ExecnetStreamTransport, execnet_stream_transport, EXECNET_TYPE_TRANSPORT)

static void
execnet_stream_transport_open_async (ExecnetTransport *transport,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  ExecnetStreamTransport *self = EXECNET_STREAM_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, execnet_stream_transport_open_async);
  /* The stream must reach somebody who closes it, cancelled or not. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_return_pointer (task, g_steal_pointer (&self->stream), g_object_unref);
}

static GIOStream *
execnet_stream_transport_open_finish (ExecnetTransport *transport,
                                      GAsyncResult *result,
                                      GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
execnet_stream_transport_finalize (GObject *object)
{
  ExecnetStreamTransport *self = EXECNET_STREAM_TRANSPORT (object);

  g_clear_object (&self->stream);

  G_OBJECT_CLASS (execnet_stream_transport_parent_class)->finalize (object);
}

static void
execnet_stream_transport_class_init (ExecnetStreamTransportClass *klass)
{
  ExecnetTransportClass *transport_class = EXECNET_TRANSPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_stream_transport_finalize;
  transport_class->open_async = execnet_stream_transport_open_async;
  transport_class->open_finish = execnet_stream_transport_open_finish;
}

static void
execnet_stream_transport_init (ExecnetStreamTransport *self)
{
}

ExecnetTransport *
execnet_stream_transport_new (GIOStream *stream)
{
  ExecnetStreamTransport *self = g_object_new (EXECNET_TYPE_STREAM_TRANSPORT, NULL);

  self->stream = g_object_ref (stream);
  return EXECNET_TRANSPORT (self);
}
