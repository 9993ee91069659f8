/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-item-path-private.h"

#include "data/execnet-item-tag-private.h"

/* Longer keys and types are cut. */
#define CHARACTERS_MAX 60

void
execnet_item_path_append_member (GString *path, gsize index)
{
  g_string_append_printf (path, "[%zu]", index);
}

void
execnet_item_path_append_key (GString *path, gsize index)
{
  g_string_append_printf (path, ".keys()[%zu]", index);
}

static void
append_text (GString *path, const char *text, gsize size)
{
  const char *end;

  g_utf8_validate_len (text, size, &end);
  g_string_append (path, "['");
  for (guint n = 0; text < end; text = g_utf8_next_char (text), n++)
    {
      gunichar character = g_utf8_get_char (text);

      if (n == CHARACTERS_MAX)
        {
          g_string_append (path, "…");
          break;
        }
      if (character == '\'' || character == '\\')
        g_string_append_c (path, '\\');
      if (g_unichar_iscntrl (character))
        g_string_append_printf (path, "\\x%02x", character);
      else
        g_string_append_unichar (path, character);
    }
  g_string_append (path, "']");
}

void
execnet_item_path_append_value (GString *path, const ExecnetVariantView *key, gsize index)
{
  ExecnetVariantView plain = *key;
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  gint64 integer;
  gsize size;

  while (*plain.type == 'v' && execnet_variant_view_unbox (&plain, &plain))
    ;
  if (execnet_variant_view_is (&plain, "s") && execnet_variant_view_get_text (&plain, &size))
    append_text (path, (const char *) plain.bytes, size);
  else if (execnet_variant_view_is (&plain, "b"))
    g_string_append (path, *plain.bytes != 0 ? "[True]" : "[False]");
  else if (execnet_variant_view_is (&plain, "d"))
    g_string_append_printf (
        path,
        "[%s]",
        g_ascii_dtostr (number, sizeof number, execnet_variant_view_get_double (&plain)));
  else if (execnet_variant_view_get_int (&plain, &integer))
    g_string_append_printf (path, "[%" G_GINT64_FORMAT "]", integer);
  else
    g_string_append_printf (path, ".values()[%zu]", index);
}

char *
execnet_item_describe (const ExecnetVariantView *value)
{
  ExecnetVariantView content;
  ExecnetItemTag tag = execnet_item_tag_read (value, &content);
  gsize length = (gsize) (value->type_end - value->type);

  if (tag != EXECNET_ITEM_TAG_NONE)
    return g_strdup_printf ("{sv} '%s'", execnet_item_tag_get_name (tag));
  return g_strdup_printf (
      length > CHARACTERS_MAX ? "%.*s…" : "%.*s", (int) MIN (length, CHARACTERS_MAX), value->type);
}
