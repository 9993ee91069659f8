/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The library's side of the comparison with a stock execnet (compare-with-execnet.py): reads
 * requests from standard input and answers each on standard output.
 *
 * A request is a letter, a byte of flags, and a string: a big-endian length of 32 bits and so many
 * bytes. `L`: a dump, answered by the string '+', the dump written again in version 1, and the
 * value's rendering. `D`: a rendering, answered by '+' and the value's dump in version 1. Errors
 * are answered by '-' and the message.
 *
 * A rendering is made with GLib's own functions alone: a letter for the type and the value, where
 * strings and floats are in hexadecimal; arrays and maybes name their type. */

#include "config.h"

#include <execnet-glib/execnet-glib.h>
#include <stdio.h>
#include <string.h>

static void render (GString *out, GVariant *value);

static void
render_hex (GString *out, gconstpointer bytes, gsize size)
{
  const guint8 *p = bytes;

  for (gsize i = 0; i < size; i++)
    g_string_append_printf (out, "%02x", p[i]);
  g_string_append_c (out, ';');
}

static void
render_children (GString *out, GVariant *value, const char *opening, const char *closing)
{
  g_string_append (out, opening);
  for (gsize i = 0; i < g_variant_n_children (value); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      render (out, child);
    }
  g_string_append (out, closing);
}

static void
render_number (GString *out, GVariant *value)
{
  g_autofree char *text = g_variant_print (value, FALSE);

  /* GLib prints bytes in hexadecimal. */
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTE))
    g_string_append_printf (out, "y%u;", g_variant_get_byte (value));
  else
    g_string_append_printf (out, "%s%s;", g_variant_get_type_string (value), text);
}

static void
render (GString *out, GVariant *value)
{
  const char *type = g_variant_get_type_string (value);
  gsize size;

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BOOLEAN:
      g_string_append (out, g_variant_get_boolean (value) ? "b1" : "b0");
      break;
    case G_VARIANT_CLASS_DOUBLE:
      {
        double number = g_variant_get_double (value);
        guint64 raw;

        memcpy (&raw, &number, sizeof raw);
        g_string_append_printf (out, "d%016" G_GINT64_MODIFIER "x;", raw);
        break;
      }
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
    case G_VARIANT_CLASS_SIGNATURE:
      {
        const char *text = g_variant_get_string (value, &size);

        g_string_append (out, type);
        render_hex (out, text, size);
        break;
      }
    case G_VARIANT_CLASS_VARIANT:
      render_children (out, value, "v", "");
      break;
    case G_VARIANT_CLASS_MAYBE:
      g_string_append (out, type);
      render_children (out, value, g_variant_n_children (value) == 0 ? "-" : "+", "");
      break;
    case G_VARIANT_CLASS_ARRAY:
      g_string_append (out, type);
      if (strcmp (type, "ay") == 0)
        {
          gconstpointer bytes = g_variant_get_fixed_array (value, &size, 1);

          render_hex (out, bytes, size);
        }
      else
        render_children (out, value, "[", "]");
      break;
    case G_VARIANT_CLASS_TUPLE:
      render_children (out, value, "(", ")");
      break;
    case G_VARIANT_CLASS_DICT_ENTRY:
      render_children (out, value, "{", "}");
      break;
    default:
      render_number (out, value);
    }
}

static GVariant *build (const char **p);

static GByteArray *
build_bytes (const char **p)
{
  GByteArray *bytes = g_byte_array_new ();

  for (; **p != ';'; *p += 2)
    {
      guint8 byte = (guint8) (g_ascii_xdigit_value ((*p)[0]) << 4 | g_ascii_xdigit_value ((*p)[1]));

      g_byte_array_append (bytes, &byte, 1);
    }
  ++*p;
  return bytes;
}

static GVariant *
build_text (char type, const char **p)
{
  g_autoptr (GByteArray) bytes = build_bytes (p);
  const char *text;

  g_byte_array_append (bytes, (const guint8 *) "", 1);
  text = (const char *) bytes->data;
  return type == 's'   ? g_variant_new_string (text)
         : type == 'o' ? g_variant_new_object_path (text)
                       : g_variant_new_signature (text);
}

static GVariant *
build_number (char type, const char **p)
{
  char *end;
  gint64 number
      = type == 't' ? (gint64) g_ascii_strtoull (*p, &end, 10) : g_ascii_strtoll (*p, &end, 10);

  *p = end + 1;
  switch (type)
    {
    case 'y':
      return g_variant_new_byte ((guint8) number);
    case 'n':
      return g_variant_new_int16 ((gint16) number);
    case 'q':
      return g_variant_new_uint16 ((guint16) number);
    case 'i':
      return g_variant_new_int32 ((gint32) number);
    case 'u':
      return g_variant_new_uint32 ((guint32) number);
    case 'x':
      return g_variant_new_int64 (number);
    case 't':
      return g_variant_new_uint64 ((guint64) number);
    default:
      g_error ("no number: %c%s", type, *p);
    }
}

static GVariant *
build_float (const char **p)
{
  char *end;
  guint64 raw = g_ascii_strtoull (*p, &end, 16);
  double number;

  *p = end + 1;
  memcpy (&number, &raw, sizeof number);
  return g_variant_new_double (number);
}

static GPtrArray *
build_children (const char **p, char closing)
{
  GPtrArray *children = g_ptr_array_new ();

  while (**p != closing)
    g_ptr_array_add (children, build (p));
  ++*p;
  return children;
}

/* `p` is behind the first letter of the type. */
static GVariant *
build_array (const char **p)
{
  const char *element = *p;
  const char *end;
  g_autofree char *type = NULL;
  g_autoptr (GPtrArray) children = NULL;

  if (*element == 'y')
    {
      g_autoptr (GByteArray) bytes = NULL;

      ++*p;
      bytes = build_bytes (p);
      return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes->data, bytes->len, 1);
    }
  g_variant_type_string_scan (element, NULL, &end);
  type = g_strndup (element, (gsize) (end - element));
  *p = end + 1;
  children = build_children (p, ']');
  return g_variant_new_array (
      G_VARIANT_TYPE (type), (GVariant *const *) children->pdata, children->len);
}

static GVariant *
build_maybe (const char **p)
{
  const char *end;
  g_autofree char *type = NULL;

  g_variant_type_string_scan (*p, NULL, &end);
  type = g_strndup (*p, (gsize) (end - *p));
  *p = end + 1;
  return g_variant_new_maybe (G_VARIANT_TYPE (type), *end == '-' ? NULL : build (p));
}

static GVariant *
build (const char **p)
{
  char type = *(*p)++;
  g_autoptr (GPtrArray) children = NULL;
  GVariant *key;

  switch (type)
    {
    case 'b':
      return g_variant_new_boolean (*(*p)++ == '1');
    case 'd':
      return build_float (p);
    case 's':
    case 'o':
    case 'g':
      return build_text (type, p);
    case 'v':
      return g_variant_new_variant (build (p));
    case 'a':
      return build_array (p);
    case 'm':
      return build_maybe (p);
    case '(':
      children = build_children (p, ')');
      return g_variant_new_tuple ((GVariant *const *) children->pdata, children->len);
    case '{':
      key = build (p);
      children = build_children (p, '}');
      return g_variant_new_dict_entry (key, g_ptr_array_index (children, 0));
    default:
      return build_number (type, p);
    }
}

static void
answer (gconstpointer bytes, gsize size)
{
  guint32 length = GUINT32_TO_BE ((guint32) size);

  fwrite (&length, sizeof length, 1, stdout);
  fwrite (bytes, 1, size, stdout);
}

static void
answer_dump (GVariant *item)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) dump = execnet_dumps (item, EXECNET_DUMP_VERSION_1, &error);

  answer (dump != NULL ? "+" : "-", 1);
  if (dump != NULL)
    answer (g_bytes_get_data (dump, NULL), g_bytes_get_size (dump));
  else
    answer (error->message, strlen (error->message));
}

static void
answer_load (GBytes *dump, ExecnetLoadFlags flags)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = execnet_loads (dump, flags, &error);
  g_autoptr (GVariant) doubted = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) doubted_text = g_string_new (NULL);

  if (item == NULL)
    {
      answer ("-", 1);
      answer (error->message, strlen (error->message));
      return;
    }
  answer_dump (item);

  /* What is called trusted must be what GLib says of the same bytes when it is not. */
  bytes = g_variant_get_data_as_bytes (item);
  doubted = g_variant_ref_sink (g_variant_new_from_bytes (g_variant_get_type (item), bytes, FALSE));
  render (text, item);
  render (doubted_text, doubted);
  g_assert_true (g_variant_is_normal_form (doubted));
  g_assert_cmpstr (text->str, ==, doubted_text->str);
  answer (text->str, text->len);
}

static gboolean
read_exactly (gpointer bytes, gsize size)
{
  return size == 0 || fread (bytes, size, 1, stdin) == 1;
}

int
main (void)
{
  char kind;
  guint8 flags;
  guint32 length;

  while (read_exactly (&kind, 1) && read_exactly (&flags, 1)
         && read_exactly (&length, sizeof length))
    {
      gsize size = GUINT32_FROM_BE (length);
      char *request = g_malloc0 (size + 1);
      g_autoptr (GBytes) bytes = g_bytes_new_take (request, size);

      if (!read_exactly (request, size))
        return 1;
      if (kind == 'L')
        answer_load (bytes, flags);
      else
        {
          const char *p = request;
          g_autoptr (GVariant) item = g_variant_ref_sink (build (&p));

          answer_dump (item);
        }
    }
  return 0;
}
