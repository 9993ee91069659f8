/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* CPython converts no more than this many digits, signs apart, unless told otherwise. */
#define EXECNET_DECIMAL_DIGITS_MAX 4300

typedef enum
{
  EXECNET_DECIMAL_SMALL, /* fits 64 bits: `value` */
  EXECNET_DECIMAL_LARGE, /* `negative`, and `digits` without leading zeros */
  EXECNET_DECIMAL_INVALID,
  EXECNET_DECIMAL_TOO_LONG,
} ExecnetDecimalResult;

typedef struct
{
  gint64 value;
  gboolean negative;
  const char *digits;
  gsize length;
} ExecnetDecimal;

ExecnetDecimalResult
execnet_decimal_parse (const char *text, gsize length, ExecnetDecimal *decimal);

G_END_DECLS
