/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <execnet-glib/base/execnet-types.h>
#include <execnet-glib/collections/execnet-multi-channel.h>
#include <execnet-glib/data/execnet-source.h>
#include <execnet-glib/data/execnet-xspec.h>
#include <execnet-glib/objects/execnet-gateway.h>

G_BEGIN_DECLS

#define EXECNET_TYPE_GROUP (execnet_group_get_type ())

EXECNET_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (ExecnetGroup, execnet_group, EXECNET, GROUP, GObject)

EXECNET_AVAILABLE_IN_1_0
ExecnetGroup *execnet_group_new (void);

EXECNET_AVAILABLE_IN_1_0
ExecnetGroup *execnet_group_get_default (void);

EXECNET_AVAILABLE_IN_1_0
char *execnet_group_dup_default_spec (ExecnetGroup *self);

EXECNET_AVAILABLE_IN_1_0
void execnet_group_set_default_spec (ExecnetGroup *self, const char *spec);

EXECNET_AVAILABLE_IN_1_0
GMountOperation *execnet_group_get_mount_operation (ExecnetGroup *self);

EXECNET_AVAILABLE_IN_1_0
void execnet_group_set_mount_operation (ExecnetGroup *self, GMountOperation *operation);

EXECNET_AVAILABLE_IN_1_0
char *execnet_group_dup_execmodel (ExecnetGroup *self);

EXECNET_AVAILABLE_IN_1_0
char *execnet_group_dup_remote_execmodel (ExecnetGroup *self);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_group_set_execmodel (ExecnetGroup *self,
                                      const char *execmodel,
                                      const char *remote_execmodel,
                                      GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetGateway *execnet_group_start_gateway (ExecnetGroup *self, ExecnetXSpec *spec, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetGateway *execnet_group_make_gateway (ExecnetGroup *self,
                                            const char *spec,
                                            GCancellable *cancellable,
                                            GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_group_make_gateway_async (ExecnetGroup *self,
                                       const char *spec,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
ExecnetGateway *
execnet_group_make_gateway_finish (ExecnetGroup *self, GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetGateway *execnet_group_make_gateway_for_xspec (ExecnetGroup *self,
                                                      ExecnetXSpec *spec,
                                                      GCancellable *cancellable,
                                                      GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_group_make_gateway_for_xspec_async (ExecnetGroup *self,
                                                 ExecnetXSpec *spec,
                                                 GCancellable *cancellable,
                                                 GAsyncReadyCallback callback,
                                                 gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
ExecnetGateway *execnet_group_make_gateway_for_xspec_finish (ExecnetGroup *self,
                                                             GAsyncResult *result,
                                                             GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetGateway *execnet_gateway_start_for_stream (ExecnetGroup *group,
                                                  GIOStream *stream,
                                                  ExecnetXSpec *spec,
                                                  GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetGateway *execnet_gateway_new_for_stream (ExecnetGroup *group,
                                                GIOStream *stream,
                                                ExecnetXSpec *spec,
                                                GCancellable *cancellable,
                                                GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_gateway_new_for_stream_async (ExecnetGroup *group,
                                           GIOStream *stream,
                                           ExecnetXSpec *spec,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
ExecnetGateway *execnet_gateway_new_for_stream_finish (GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
GPtrArray *execnet_group_make_gateways (ExecnetGroup *self,
                                        ExecnetXSpec **specs,
                                        gsize n_specs,
                                        guint max_parallel,
                                        ExecnetProgressFunc progress,
                                        gpointer progress_data,
                                        GCancellable *cancellable,
                                        GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_group_make_gateways_async (ExecnetGroup *self,
                                        ExecnetXSpec **specs,
                                        gsize n_specs,
                                        guint max_parallel,
                                        ExecnetProgressFunc progress,
                                        gpointer progress_data,
                                        GDestroyNotify progress_notify,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
GPtrArray *
execnet_group_make_gateways_finish (ExecnetGroup *self, GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_group_allocate_id (ExecnetGroup *self, ExecnetXSpec *spec, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetGateway *execnet_group_lookup (ExecnetGroup *self, const char *id);

EXECNET_AVAILABLE_IN_1_0
GPtrArray *execnet_group_get_gateways (ExecnetGroup *self);

EXECNET_AVAILABLE_IN_1_0
ExecnetMultiChannel *
execnet_group_remote_exec (ExecnetGroup *self, const char *text, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetMultiChannel *execnet_group_remote_exec_source (ExecnetGroup *self,
                                                       ExecnetSource *source,
                                                       GVariant *arguments,
                                                       GError **error);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_group_terminate (ExecnetGroup *self,
                                  gint timeout_ms,
                                  GCancellable *cancellable,
                                  GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_group_terminate_async (ExecnetGroup *self,
                                    gint timeout_ms,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_group_terminate_finish (ExecnetGroup *self, GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetGateway *
execnet_make_gateway (const char *spec, GCancellable *cancellable, GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_make_gateway_async (const char *spec,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
ExecnetGateway *execnet_make_gateway_finish (GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_set_default_python (const char *path);

G_END_DECLS
