/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <execnet-glib/base/execnet-types.h>

G_BEGIN_DECLS

/**
 * ExecnetDumpFlags:
 * @EXECNET_DUMP_DEFAULT: write version 2 of the format, which execnet 2 reads
 * @EXECNET_DUMP_VERSION_1: write version 1 of the format, which execnet 1 reads
 *
 * How [func@dumps] writes.
 *
 * Since: 1.0
 */
typedef enum
{
  EXECNET_DUMP_DEFAULT = 0,
  EXECNET_DUMP_VERSION_1 = 1 << 0,
} ExecnetDumpFlags;

/**
 * ExecnetLoadFlags:
 * @EXECNET_LOAD_DEFAULT: Python 2 strings become bytes, Python 3 strings text
 * @EXECNET_LOAD_PY2STR_AS_PY3STR: strings of Python 2 become text (their bytes taken as Latin-1)
 * @EXECNET_LOAD_PY3STR_AS_PY2STR: strings of Python 3 become bytes (UTF-8)
 *
 * How strings of the two Pythons are converted when an item is read.
 *
 * Since: 1.0
 */
typedef enum
{
  EXECNET_LOAD_DEFAULT = 0,
  EXECNET_LOAD_PY2STR_AS_PY3STR = 1 << 0,
  EXECNET_LOAD_PY3STR_AS_PY2STR = 1 << 1,
} ExecnetLoadFlags;

EXECNET_AVAILABLE_IN_1_0
GBytes *execnet_dumps (GVariant *item, ExecnetDumpFlags flags, GError **error);

EXECNET_AVAILABLE_IN_1_0
GVariant *execnet_loads (GBytes *dump, ExecnetLoadFlags flags, GError **error);

EXECNET_AVAILABLE_IN_1_0
GVariant *execnet_item_coerce (GVariant *item, const GVariantType *type, GError **error);

G_END_DECLS
