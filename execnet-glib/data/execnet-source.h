/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <execnet-glib/base/execnet-types.h>

G_BEGIN_DECLS

#define EXECNET_TYPE_SOURCE (execnet_source_get_type ())

EXECNET_AVAILABLE_IN_1_0
GType execnet_source_get_type (void) G_GNUC_CONST;

EXECNET_AVAILABLE_IN_1_0
ExecnetSource *execnet_source_new (const char *text);

EXECNET_AVAILABLE_IN_1_0
ExecnetSource *execnet_source_new_function (const char *text, const char *function_name);

EXECNET_AVAILABLE_IN_1_0
ExecnetSource *execnet_source_new_full (const char *text,
                                        const char *file_name,
                                        guint first_line,
                                        const char *function_name);

EXECNET_AVAILABLE_IN_1_0
ExecnetSource *
execnet_source_new_from_file (GFile *file, GCancellable *cancellable, GError **error);

EXECNET_AVAILABLE_IN_1_0
void execnet_source_new_from_file_async (GFile *file,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);

EXECNET_AVAILABLE_IN_1_0
ExecnetSource *execnet_source_new_from_file_finish (GAsyncResult *result, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetSource *execnet_source_new_from_resource (const char *path, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetSource *execnet_source_copy (ExecnetSource *self);

EXECNET_AVAILABLE_IN_1_0
void execnet_source_free (ExecnetSource *self);

EXECNET_AVAILABLE_IN_1_0
const char *execnet_source_get_text (ExecnetSource *self);

EXECNET_AVAILABLE_IN_1_0
const char *execnet_source_get_file_name (ExecnetSource *self);

EXECNET_AVAILABLE_IN_1_0
guint execnet_source_get_first_line (ExecnetSource *self);

EXECNET_AVAILABLE_IN_1_0
const char *execnet_source_get_function_name (ExecnetSource *self);

EXECNET_AVAILABLE_IN_1_0
ExecnetSource *execnet_source_in_main_thread (ExecnetSource *self);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_source_get_in_main_thread (ExecnetSource *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetSource, execnet_source_free)

G_END_DECLS
