/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <execnet-glib/base/execnet-types.h>
#include <execnet-glib/data/execnet-source.h>
#include <execnet-glib/data/execnet-xspec.h>
#include <execnet-glib/objects/execnet-channel.h>

G_BEGIN_DECLS

#define EXECNET_TYPE_GATEWAY (execnet_gateway_get_type ())

EXECNET_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (ExecnetGateway, execnet_gateway, EXECNET, GATEWAY, GObject)

EXECNET_AVAILABLE_IN_1_0
const char *execnet_gateway_get_id (ExecnetGateway *self);

EXECNET_AVAILABLE_IN_1_0
ExecnetXSpec *execnet_gateway_get_spec (ExecnetGateway *self);

EXECNET_AVAILABLE_IN_1_0
ExecnetGroup *execnet_gateway_dup_group (ExecnetGateway *self);

EXECNET_AVAILABLE_IN_1_0
ExecnetGatewayState execnet_gateway_get_state (ExecnetGateway *self);

EXECNET_AVAILABLE_IN_1_0
GError *execnet_gateway_dup_error (ExecnetGateway *self);

EXECNET_AVAILABLE_IN_1_0
gint execnet_gateway_get_exit_status (ExecnetGateway *self);

EXECNET_AVAILABLE_IN_1_0
gint execnet_gateway_get_term_signal (ExecnetGateway *self);

EXECNET_AVAILABLE_IN_1_0
char *execnet_gateway_dup_last_output (ExecnetGateway *self);

EXECNET_AVAILABLE_IN_1_0
guint64 execnet_gateway_get_n_lost_lines (ExecnetGateway *self);

EXECNET_AVAILABLE_IN_1_0
guint execnet_gateway_get_n_channels (ExecnetGateway *self);

EXECNET_AVAILABLE_IN_1_0
ExecnetWaitResult
execnet_gateway_wait_ready (ExecnetGateway *self, gint timeout_ms, GCancellable *cancellable);

/* Running code */

EXECNET_AVAILABLE_IN_1_0
ExecnetChannel *execnet_gateway_remote_exec (ExecnetGateway *self, const char *text, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetChannel *execnet_gateway_remote_exec_source (ExecnetGateway *self,
                                                    ExecnetSource *source,
                                                    GVariant *arguments,
                                                    GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetChannel *execnet_gateway_remote_exec_bytes (ExecnetGateway *self,
                                                   ExecnetSource *source,
                                                   GBytes *arguments,
                                                   GError **error);

EXECNET_AVAILABLE_IN_1_0
GVariant *execnet_gateway_call (ExecnetGateway *self,
                                ExecnetSource *source,
                                GVariant *arguments,
                                GCancellable *cancellable,
                                GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_gateway_call_async (ExecnetGateway *self,
                                 ExecnetSource *source,
                                 GVariant *arguments,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
GVariant *execnet_gateway_call_finish (ExecnetGateway *self, GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetChannel *execnet_gateway_start_call (ExecnetGateway *self,
                                            ExecnetSource *source,
                                            GBytes *arguments,
                                            GError **error);

/* Channels */

EXECNET_AVAILABLE_IN_1_0
ExecnetChannel *execnet_gateway_new_channel (ExecnetGateway *self, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetChannel *execnet_gateway_get_channel (ExecnetGateway *self, gint32 id, GError **error);

/* What the other side says of itself */

EXECNET_AVAILABLE_IN_1_0
GVariant *
execnet_gateway_remote_status (ExecnetGateway *self, GCancellable *cancellable, GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_gateway_remote_status_async (ExecnetGateway *self,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
GVariant *
execnet_gateway_remote_status_finish (ExecnetGateway *self, GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetChannel *execnet_gateway_request_status (ExecnetGateway *self, GError **error);

EXECNET_AVAILABLE_IN_1_0
GVariant *execnet_gateway_remote_information (ExecnetGateway *self,
                                              gboolean update,
                                              GCancellable *cancellable,
                                              GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_gateway_remote_information_async (ExecnetGateway *self,
                                               gboolean update,
                                               GCancellable *cancellable,
                                               GAsyncReadyCallback callback,
                                               gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
GVariant *execnet_gateway_remote_information_finish (ExecnetGateway *self,
                                                     GAsyncResult *result,
                                                     GError **error);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_gateway_reconfigure (ExecnetGateway *self, ExecnetLoadFlags flags, GError **error);

/* Ending */

EXECNET_AVAILABLE_IN_1_0
void execnet_gateway_exit (ExecnetGateway *self);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_gateway_join (ExecnetGateway *self,
                               gint timeout_ms,
                               GCancellable *cancellable,
                               GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_gateway_join_async (ExecnetGateway *self,
                                 gint timeout_ms,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_gateway_join_finish (ExecnetGateway *self, GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetWaitResult
execnet_gateway_wait_closed (ExecnetGateway *self, gint timeout_ms, GCancellable *cancellable);

EXECNET_AVAILABLE_IN_1_0
ExecnetEnding execnet_gateway_get_ending (ExecnetGateway *self);

EXECNET_AVAILABLE_IN_1_0
void execnet_gateway_kill (ExecnetGateway *self);

G_END_DECLS
