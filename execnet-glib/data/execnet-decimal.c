/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-decimal-private.h"

/* 2^63 has 19 digits. */
#define SMALL_DIGITS_MAX 19

static gboolean
fits_int64 (const ExecnetDecimal *decimal, gint64 *value)
{
  guint64 magnitude = 0;

  if (decimal->length > SMALL_DIGITS_MAX)
    return FALSE;
  for (gsize i = 0; i < decimal->length; i++)
    magnitude = magnitude * 10 + (guint64) (decimal->digits[i] - '0');
  if (magnitude > (guint64) G_MAXINT64 + (decimal->negative ? 1 : 0))
    return FALSE;
  *value = (gint64) (decimal->negative ? 0 - magnitude : magnitude);
  return TRUE;
}

/* Takes an optional sign and ASCII digits, as Python's int () does. The spaces and underscores
 * that it takes too are never written by anyone, and refused. */
ExecnetDecimalResult
execnet_decimal_parse (const char *text, gsize length, ExecnetDecimal *decimal)
{
  decimal->negative = length > 0 && text[0] == '-';
  if (length > 0 && (text[0] == '-' || text[0] == '+'))
    {
      text++;
      length--;
    }
  if (length == 0)
    return EXECNET_DECIMAL_INVALID;
  if (length > EXECNET_DECIMAL_DIGITS_MAX)
    return EXECNET_DECIMAL_TOO_LONG;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isdigit (text[i]))
      return EXECNET_DECIMAL_INVALID;

  while (length > 0 && *text == '0')
    {
      text++;
      length--;
    }
  decimal->digits = text;
  decimal->length = length;
  return fits_int64 (decimal, &decimal->value) ? EXECNET_DECIMAL_SMALL : EXECNET_DECIMAL_LARGE;
}
