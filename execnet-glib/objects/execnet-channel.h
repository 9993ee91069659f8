/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <execnet-glib/base/execnet-types.h>
#include <execnet-glib/data/execnet-item.h>

G_BEGIN_DECLS

#define EXECNET_TYPE_CHANNEL (execnet_channel_get_type ())

EXECNET_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (ExecnetChannel, execnet_channel, EXECNET, CHANNEL, GObject)

EXECNET_AVAILABLE_IN_1_0
gint32 execnet_channel_get_id (ExecnetChannel *self);

EXECNET_AVAILABLE_IN_1_0
ExecnetGateway *execnet_channel_get_gateway (ExecnetChannel *self);

EXECNET_AVAILABLE_IN_1_0
ExecnetChannelState execnet_channel_get_state (ExecnetChannel *self);

EXECNET_AVAILABLE_IN_1_0
guint64 execnet_channel_get_receive_limit (ExecnetChannel *self);

EXECNET_AVAILABLE_IN_1_0
void execnet_channel_set_receive_limit (ExecnetChannel *self, guint64 limit);

/* Sending */

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_channel_send (ExecnetChannel *self,
                               GVariant *item,
                               GCancellable *cancellable,
                               GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_channel_send_async (ExecnetChannel *self,
                                 GVariant *item,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_channel_send_finish (ExecnetChannel *self, GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_channel_send_bytes (ExecnetChannel *self,
                                     GBytes *bytes,
                                     GCancellable *cancellable,
                                     GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_channel_send_bytes_async (ExecnetChannel *self,
                                       GBytes *bytes,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_channel_send_bytes_finish (ExecnetChannel *self,
                                            GAsyncResult *result,
                                            GError **error);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_channel_queue_bytes (ExecnetChannel *self, GBytes *bytes, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetWaitResult execnet_channel_wait_sendable (ExecnetChannel *self,
                                                 gint timeout_ms,
                                                 GCancellable *cancellable);

EXECNET_AVAILABLE_IN_1_0
ExecnetWaitResult execnet_channel_wait_sent (ExecnetChannel *self,
                                             gint timeout_ms,
                                             GCancellable *cancellable);

/* Receiving */

EXECNET_AVAILABLE_IN_1_0
GVariant *execnet_channel_receive (ExecnetChannel *self,
                                   gint timeout_ms,
                                   GCancellable *cancellable,
                                   GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_channel_receive_async (ExecnetChannel *self,
                                    gint timeout_ms,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
GVariant *
execnet_channel_receive_finish (ExecnetChannel *self, GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
GVariant *execnet_channel_receive_as (ExecnetChannel *self,
                                      const GVariantType *type,
                                      gint timeout_ms,
                                      GCancellable *cancellable,
                                      GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_channel_receive_as_async (ExecnetChannel *self,
                                       const GVariantType *type,
                                       gint timeout_ms,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
GVariant *
execnet_channel_receive_as_finish (ExecnetChannel *self, GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
GBytes *execnet_channel_receive_bytes (ExecnetChannel *self,
                                       gint timeout_ms,
                                       GCancellable *cancellable,
                                       GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_channel_receive_bytes_async (ExecnetChannel *self,
                                          gint timeout_ms,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
GBytes *
execnet_channel_receive_bytes_finish (ExecnetChannel *self, GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
GVariant *execnet_channel_try_receive (ExecnetChannel *self, GError **error);

EXECNET_AVAILABLE_IN_1_0
GBytes *execnet_channel_try_receive_bytes (ExecnetChannel *self, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetWaitResult
execnet_channel_wait (ExecnetChannel *self, gint timeout_ms, GCancellable *cancellable);

EXECNET_AVAILABLE_IN_1_0
ExecnetLoadFlags execnet_channel_get_load_flags (ExecnetChannel *self);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_channel_set_callback (ExecnetChannel *self,
                                       GMainContext *context,
                                       gboolean end_marker,
                                       ExecnetItemFunc func,
                                       gpointer user_data,
                                       GDestroyNotify notify,
                                       GError **error);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_channel_set_bytes_callback (ExecnetChannel *self,
                                             GMainContext *context,
                                             gboolean end_marker,
                                             ExecnetBytesFunc func,
                                             gpointer user_data,
                                             GDestroyNotify notify,
                                             GPtrArray **queued,
                                             GError **error);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_channel_reconfigure (ExecnetChannel *self, ExecnetLoadFlags flags, GError **error);

/* Closing */

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_channel_close (ExecnetChannel *self, const char *error_text, GError **error);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_channel_wait_close (ExecnetChannel *self,
                                     gint timeout_ms,
                                     GCancellable *cancellable,
                                     GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_channel_wait_close_async (ExecnetChannel *self,
                                       gint timeout_ms,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
gboolean
execnet_channel_wait_close_finish (ExecnetChannel *self, GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetWaitResult
execnet_channel_wait_closed (ExecnetChannel *self, gint timeout_ms, GCancellable *cancellable);

EXECNET_AVAILABLE_IN_1_0
ExecnetRemoteError *execnet_channel_get_remote_error (ExecnetChannel *self);

EXECNET_AVAILABLE_IN_1_0
ExecnetRemoteError *execnet_channel_take_remote_error (ExecnetChannel *self);

G_END_DECLS
