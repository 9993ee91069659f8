/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-text-private.h"

#include <string.h>

#define ONES G_GUINT64_CONSTANT (0x0101010101010101)
#define HIGH_BITS G_GUINT64_CONSTANT (0x8080808080808080)

/* How many bytes at the start are ASCII, and not NUL. */
static gsize
count_plain (const guint8 *bytes, gsize size)
{
  gsize count = 0;
  guint64 word;

  for (; size - count >= sizeof word; count += sizeof word)
    {
      memcpy (&word, bytes + count, sizeof word);
      if (((word | (word - ONES)) & HIGH_BITS) != 0)
        break;
    }
  while (count < size && bytes[count] > 0 && bytes[count] < 0x80)
    count++;
  return count;
}

ExecnetTextKind
execnet_text_check (const guint8 *bytes, gsize size, gsize *bad)
{
  ExecnetTextKind kind = EXECNET_TEXT_PLAIN;
  gsize done = count_plain (bytes, size);

  while (done < size)
    {
      const char *end;

      if (g_utf8_validate_len ((const char *) bytes + done, size - done, &end))
        break;
      done = (gsize) ((const guint8 *) end - bytes);
      if (bytes[done] != '\0')
        {
          *bad = done;
          return EXECNET_TEXT_INVALID;
        }
      kind = EXECNET_TEXT_WITH_NUL;
      done++;
    }
  return kind;
}
