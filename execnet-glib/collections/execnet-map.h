/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <execnet-glib/collections/execnet-group.h>

G_BEGIN_DECLS

#define EXECNET_TYPE_MAP (execnet_map_get_type ())

EXECNET_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (ExecnetMap, execnet_map, EXECNET, MAP, GObject)

EXECNET_AVAILABLE_IN_1_0
ExecnetMap *execnet_map_new (ExecnetGroup *group, ExecnetSource *source, gboolean ordered);

/* What is to be done */

EXECNET_AVAILABLE_IN_1_0
guint execnet_map_get_n_wanted (ExecnetMap *self);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_map_push (ExecnetMap *self, GVariant *item, GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_map_push_bytes (ExecnetMap *self, GBytes *bytes);

EXECNET_AVAILABLE_IN_1_0
void execnet_map_push_error (ExecnetMap *self, const GError *failure);

EXECNET_AVAILABLE_IN_1_0
void execnet_map_finish (ExecnetMap *self);

EXECNET_AVAILABLE_IN_1_0
void execnet_map_cancel (ExecnetMap *self);

/* What came out */

EXECNET_AVAILABLE_IN_1_0
GVariant *execnet_map_next (
    ExecnetMap *self, gint timeout_ms, guint64 *number, GCancellable *cancellable, GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_map_next_async (ExecnetMap *self,
                             gint timeout_ms,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
GVariant *
execnet_map_next_finish (ExecnetMap *self, GAsyncResult *result, guint64 *number, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetWaitResult execnet_map_wait (ExecnetMap *self, gint timeout_ms, GCancellable *cancellable);

EXECNET_AVAILABLE_IN_1_0
GBytes *execnet_map_next_bytes (ExecnetMap *self,
                                gint timeout_ms,
                                guint64 *number,
                                ExecnetChannel **channel,
                                GCancellable *cancellable,
                                GError **error);

EXECNET_AVAILABLE_IN_1_0
GBytes *execnet_map_next_bytes_finish (ExecnetMap *self,
                                       GAsyncResult *result,
                                       guint64 *number,
                                       ExecnetChannel **channel,
                                       GError **error);

EXECNET_AVAILABLE_IN_1_0
GError *execnet_map_dup_failure (ExecnetMap *self);

/* Progress */

EXECNET_AVAILABLE_IN_1_0
guint64 execnet_map_get_n_items (ExecnetMap *self);

EXECNET_AVAILABLE_IN_1_0
guint64 execnet_map_get_n_done (ExecnetMap *self);

EXECNET_AVAILABLE_IN_1_0
guint64 execnet_map_get_n_failed (ExecnetMap *self);

G_END_DECLS
