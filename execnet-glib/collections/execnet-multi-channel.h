/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <execnet-glib/collections/execnet-receive-queue.h>

G_BEGIN_DECLS

#define EXECNET_TYPE_MULTI_CHANNEL (execnet_multi_channel_get_type ())

EXECNET_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (ExecnetMultiChannel, execnet_multi_channel, EXECNET, MULTI_CHANNEL, GObject)

EXECNET_AVAILABLE_IN_1_0
ExecnetMultiChannel *execnet_multi_channel_new (ExecnetChannel **channels, gsize n_channels);

EXECNET_AVAILABLE_IN_1_0
ExecnetChannel *execnet_multi_channel_get_channel (ExecnetMultiChannel *self, guint index);

EXECNET_AVAILABLE_IN_1_0
GPtrArray *execnet_multi_channel_get_channels (ExecnetMultiChannel *self);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_multi_channel_contains (ExecnetMultiChannel *self, ExecnetChannel *channel);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_multi_channel_send_each (ExecnetMultiChannel *self,
                                          GVariant *item,
                                          GCancellable *cancellable,
                                          GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_multi_channel_send_each_async (ExecnetMultiChannel *self,
                                            GVariant *item,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_multi_channel_send_each_finish (ExecnetMultiChannel *self,
                                                 GAsyncResult *result,
                                                 GError **error);

EXECNET_AVAILABLE_IN_1_0
GPtrArray *execnet_multi_channel_receive_each (ExecnetMultiChannel *self,
                                               gint timeout_ms,
                                               GCancellable *cancellable,
                                               GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_multi_channel_receive_each_async (ExecnetMultiChannel *self,
                                               gint timeout_ms,
                                               GCancellable *cancellable,
                                               GAsyncReadyCallback callback,
                                               gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
GPtrArray *execnet_multi_channel_receive_each_finish (ExecnetMultiChannel *self,
                                                      GAsyncResult *result,
                                                      GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetReceiveQueue *execnet_multi_channel_make_receive_queue (ExecnetMultiChannel *self,
                                                               gboolean end_markers,
                                                               GError **error);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_multi_channel_wait_close (ExecnetMultiChannel *self,
                                           gint timeout_ms,
                                           GCancellable *cancellable,
                                           GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_multi_channel_wait_close_async (ExecnetMultiChannel *self,
                                             gint timeout_ms,
                                             GCancellable *cancellable,
                                             GAsyncReadyCallback callback,
                                             gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_multi_channel_wait_close_finish (ExecnetMultiChannel *self,
                                                  GAsyncResult *result,
                                                  GError **error);

G_END_DECLS
