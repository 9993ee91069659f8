/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <execnet-glib/base/execnet-types.h>

G_BEGIN_DECLS

EXECNET_AVAILABLE_IN_1_0
GBytes *execnet_dumps (GVariant *item, ExecnetDumpFlags flags, GError **error);

EXECNET_AVAILABLE_IN_1_0
GVariant *execnet_loads (GBytes *dump, ExecnetLoadFlags flags, GError **error);

EXECNET_AVAILABLE_IN_1_0
GVariant *execnet_item_coerce (GVariant *item, const GVariantType *type, GError **error);

G_END_DECLS
