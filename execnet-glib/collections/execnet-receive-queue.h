/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <execnet-glib/base/execnet-types.h>
#include <execnet-glib/objects/execnet-channel.h>

G_BEGIN_DECLS

#define EXECNET_TYPE_RECEIVE_QUEUE (execnet_receive_queue_get_type ())

EXECNET_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (ExecnetReceiveQueue, execnet_receive_queue, EXECNET, RECEIVE_QUEUE, GObject)

EXECNET_AVAILABLE_IN_1_0
ExecnetReceiveQueue *execnet_receive_queue_new (gboolean end_markers);

EXECNET_AVAILABLE_IN_1_0
gboolean
execnet_receive_queue_add (ExecnetReceiveQueue *self, ExecnetChannel *channel, GError **error);

EXECNET_AVAILABLE_IN_1_0
guint execnet_receive_queue_get_length (ExecnetReceiveQueue *self);

EXECNET_AVAILABLE_IN_1_0
ExecnetWaitResult execnet_receive_queue_wait (ExecnetReceiveQueue *self,
                                              gint timeout_ms,
                                              GCancellable *cancellable);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_receive_queue_try_pop (ExecnetReceiveQueue *self,
                                        ExecnetChannel **channel,
                                        GVariant **item,
                                        GError **error);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_receive_queue_try_pop_bytes (ExecnetReceiveQueue *self,
                                              ExecnetChannel **channel,
                                              GBytes **bytes,
                                              GError **error);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_receive_queue_pop (ExecnetReceiveQueue *self,
                                    gint timeout_ms,
                                    ExecnetChannel **channel,
                                    GVariant **item,
                                    GCancellable *cancellable,
                                    GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_receive_queue_pop_async (ExecnetReceiveQueue *self,
                                      gint timeout_ms,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_receive_queue_pop_finish (ExecnetReceiveQueue *self,
                                           GAsyncResult *result,
                                           ExecnetChannel **channel,
                                           GVariant **item,
                                           GError **error);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_receive_queue_pop_bytes (ExecnetReceiveQueue *self,
                                          gint timeout_ms,
                                          ExecnetChannel **channel,
                                          GBytes **bytes,
                                          GCancellable *cancellable,
                                          GError **error);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_receive_queue_pop_bytes_finish (ExecnetReceiveQueue *self,
                                                 GAsyncResult *result,
                                                 ExecnetChannel **channel,
                                                 GBytes **bytes,
                                                 GError **error);

G_END_DECLS
