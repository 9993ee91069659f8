/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "items-testing.h"

#include <string.h>
#include <sys/mman.h>

static void
append_int32 (GByteArray *out, gint32 number)
{
  gint32 raw = GINT32_TO_BE (number);

  g_byte_array_append (out, (const guint8 *) &raw, sizeof raw);
}

static void
append_double (GByteArray *out, double number)
{
  guint64 raw;

  memcpy (&raw, &number, sizeof raw);
  raw = GUINT64_TO_BE (raw);
  g_byte_array_append (out, (const guint8 *) &raw, sizeof raw);
}

static void
append_hex (GByteArray *out, const char **text)
{
  for (; g_ascii_isxdigit (**text); *text += 2)
    {
      guint8 byte
          = (guint8) (g_ascii_xdigit_value ((*text)[0]) << 4 | g_ascii_xdigit_value ((*text)[1]));

      g_byte_array_append (out, &byte, 1);
    }
}

/* Between single quotes; \xNN is a byte. */
static void
append_string (GByteArray *out, const char **text)
{
  g_autoptr (GByteArray) string = g_byte_array_new ();

  for (++*text; **text != '\'';)
    {
      if (strncmp (*text, "\\x", 2) == 0)
        {
          char digits[3] = { (*text)[2], (*text)[3], '\0' };
          const char *p = digits;

          append_hex (string, &p);
          *text += 4;
        }
      else
        g_byte_array_append (string, (const guint8 *) (*text)++, 1);
    }
  ++*text;
  append_int32 (out, (gint32) string->len);
  g_byte_array_append (out, string->data, string->len);
}

static void
append_opcode (GByteArray *out, const char **text)
{
  char opcode = *(*text)++;
  char *end = (char *) *text;

  if (opcode == '#')
    {
      append_hex (out, text);
      return;
    }
  g_byte_array_append (out, (const guint8 *) &opcode, 1);
  if (**text == '\'')
    append_string (out, text);
  else if (opcode == 'D' || opcode == 'T')
    {
      append_double (out, g_ascii_strtod (*text, &end));
      if (*end == ',')
        append_double (out, g_ascii_strtod (end + 1, &end));
      *text = end;
    }
  else if (**text == '-' || g_ascii_isdigit (**text))
    {
      append_int32 (out, (gint32) g_ascii_strtoll (*text, &end, 10));
      *text = end;
    }
}

static void
append_program (GByteArray *out, const char *text)
{
  while (*text != '\0')
    {
      if (*text == ' ')
        text++;
      else
        append_opcode (out, &text);
    }
}

GBytes *
assemble (const char *text)
{
  GByteArray *out = g_byte_array_new ();

  append_program (out, text);
  return g_byte_array_free_to_bytes (out);
}

GBytes *
assemble_dump (const char *text)
{
  GByteArray *out = g_byte_array_new ();

  append_program (out, "#02");
  append_program (out, text);
  return g_byte_array_free_to_bytes (out);
}

char *
print_item (GVariant *item)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) doubted = NULL;
  g_autofree char *doubted_text = NULL;
  char *text;

  g_assert_nonnull (item);
  g_assert_false (g_variant_is_floating (item));
  bytes = g_variant_get_data_as_bytes (item);
  doubted = g_variant_ref_sink (g_variant_new_from_bytes (g_variant_get_type (item), bytes, FALSE));
  g_assert_true (g_variant_is_normal_form (doubted));
  doubted_text = g_variant_print (doubted, TRUE);
  text = g_variant_print (item, TRUE);
  g_assert_cmpstr (text, ==, doubted_text);
  return text;
}

#if GLIB_SIZEOF_SIZE_T > 4
typedef struct
{
  gpointer start;
  gsize size;
} Mapping;

static void
unmap (gpointer data)
{
  g_autofree Mapping *mapping = data;

  g_assert_cmpint (munmap (mapping->start, mapping->size), ==, 0);
}

GBytes *
make_vast_bytes (gsize size)
{
  Mapping *mapping = g_new (Mapping, 1);

  mapping->size = size;
  mapping->start = mmap (
      NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  g_assert_true (mapping->start != MAP_FAILED);
  return g_bytes_new_with_free_func (mapping->start, size, unmap, mapping);
}
#endif

void
assert_error_says (GError *error, ExecnetError code, const char *text)
{
  g_assert_error (error, EXECNET_ERROR, (int) code);
  if (strstr (error->message, text) == NULL)
    g_error ("“%s” is not in the message “%s”", text, error->message);
}
