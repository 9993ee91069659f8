/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <execnet-glib/base/execnet-types.h>

G_BEGIN_DECLS

#define EXECNET_TYPE_XSPEC (execnet_xspec_get_type ())

EXECNET_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (ExecnetXSpec, execnet_xspec, EXECNET, XSPEC, GObject)

EXECNET_AVAILABLE_IN_1_0
ExecnetXSpec *execnet_xspec_new (const char *string, GError **error);

EXECNET_AVAILABLE_IN_1_0
ExecnetXSpec *execnet_xspec_copy (ExecnetXSpec *self);

EXECNET_AVAILABLE_IN_1_0
const char *execnet_xspec_get (ExecnetXSpec *self, const char *key);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_xspec_has (ExecnetXSpec *self, const char *key);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_xspec_set (ExecnetXSpec *self, const char *key, const char *value, GError **error);

EXECNET_AVAILABLE_IN_1_0
char **execnet_xspec_list_keys (ExecnetXSpec *self);

EXECNET_AVAILABLE_IN_1_0
GHashTable *execnet_xspec_get_env (ExecnetXSpec *self);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_xspec_is_frozen (ExecnetXSpec *self);

EXECNET_AVAILABLE_IN_1_0
char *execnet_xspec_to_string (ExecnetXSpec *self);

EXECNET_AVAILABLE_IN_1_0
gboolean execnet_xspec_equal (gconstpointer one, gconstpointer other);

EXECNET_AVAILABLE_IN_1_0
guint execnet_xspec_hash (gconstpointer self);

G_END_DECLS
