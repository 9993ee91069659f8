/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The seam below gateways: items without a version byte, and the channels in them. */

#include "config.h"

#include "items-testing.h"

#include "data/execnet-item-private.h"

#include <string.h>

#define FORM EXECNET_ITEM_FORM_OPCODES

static void
test_read (void)
{
  g_autoptr (GBytes) bytes = assemble ("K2 F0 B7 P F1 J N'c' B-3 P P Q");
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = execnet_item_read (FORM, bytes, EXECNET_LOAD_DEFAULT, TRUE, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = print_item (item);
  g_assert_cmpstr (text, ==, "[<handle 7>, <{'c': <handle -3>}>]");
}

static void
test_keys (void)
{
  g_autoptr (GBytes) bytes = assemble ("J B7 L P B8 L P B7 R P Q");
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = execnet_item_read (FORM, bytes, EXECNET_LOAD_DEFAULT, TRUE, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = print_item (item);
  g_assert_cmpstr (text, ==, "{'dict', <[(<handle 7>, <true>), (<handle 8>, <@mv nothing>)]>}");
}

static void
test_not_allowed (void)
{
  g_autoptr (GBytes) bytes = assemble ("K1 F0 B7 P Q");
  g_autoptr (GError) error = NULL;

  g_assert_null (execnet_item_read (FORM, bytes, EXECNET_LOAD_DEFAULT, FALSE, &error));
  assert_error_says (error, EXECNET_ERROR_DATA_FORMAT, "at byte 10: it holds channel 7");
}

static void
test_read_empty (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new (NULL, 0);
  g_autoptr (GError) error = NULL;

  g_assert_null (execnet_item_read (FORM, bytes, EXECNET_LOAD_DEFAULT, FALSE, &error));
  assert_error_says (error, EXECNET_ERROR_DATA_FORMAT, "at byte 0: the bytes end too early");
}

static gboolean
is_seven (gint32 id, gpointer user_data)
{
  guint *n_calls = user_data;

  ++*n_calls;
  return id == 7;
}

static void
test_write (void)
{
  g_autoptr (GVariant) item = g_variant_ref_sink (g_variant_new_parsed ("[<handle 7>, <'x'>]"));
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GBytes) expected = assemble ("#aabb K2 F0 B7 P F1 N'x' P Q");
  g_autoptr (GError) error = NULL;
  guint n_calls = 0;

  g_byte_array_append (out, (const guint8 *) "\xaa\xbb", 2);
  g_assert_true (execnet_item_write (FORM, item, is_seven, &n_calls, out, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_calls, ==, 1);
  g_assert_cmpmem (
      out->data, out->len, g_bytes_get_data (expected, NULL), g_bytes_get_size (expected));
}

static void
test_write_refused (void)
{
  g_autoptr (GVariant) item
      = g_variant_ref_sink (g_variant_new_parsed ("{'a': <handle 7>, 'b': <[handle 8]>}"));
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  guint n_calls = 0;

  g_byte_array_append (out, (const guint8 *) "\xaa\xbb", 2);
  g_assert_false (execnet_item_write (FORM, item, is_seven, &n_calls, out, &error));
  assert_error_says (
      error, EXECNET_ERROR_UNSUPPORTED_TYPE, "item['b'][0]: there is no open channel 8 (h)");
  g_assert_cmpmem (out->data, out->len, "\xaa\xbb", 2);
}

static void
append_id (gint32 id, gpointer user_data)
{
  g_string_append_printf (user_data, "%d ", id);
}

static void
test_find (void)
{
  const struct
  {
    const char *program;
    const char *ids;
  } cases[] = {
    { "L Q", "" },
    { "B7 Q", "7 " },
    { "K2 F0 B7 P F1 B-9 P Q", "7 -9 " },
    { "J N'BBBBBBBB' B1 P A'B' B2 P F66 @0 P Q", "1 2 " },
    { "K9 F0 F66 P F1 G66 P F2 D1 P F3 T1,2 P F4 M'B' P F5 S'B' P F6 H'1' P F7 I'2' P F8 L P "
      "R C E0 O0 B3 Q",
      "3 " },
    { "L Q B7", "" },                /* behind the end */
    { "B1 #5a B2 Q", "1 " },         /* no opcode */
    { "B1 #4100000009 B2 Q", "1 " }, /* too long */
    { "B1 #41ffffffff B2 Q", "1 " }, /* too short */
    { "B1 #4200", "1 " },
    { "B1 #4e00", "1 " },
    { "B1 #4600", "1 " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = assemble (cases[i].program);
      g_autofree guint8 *copy
          = g_memdup2 (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      g_autoptr (GBytes) exact = g_bytes_new_static (copy, g_bytes_get_size (bytes));
      g_autoptr (GString) ids = g_string_new (NULL);

      execnet_item_find_channels (FORM, exact, append_id, ids);
      g_assert_cmpstr (ids->str, ==, cases[i].ids);
    }
}

static void
test_find_empty (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new (NULL, 0);
  g_autoptr (GString) ids = g_string_new (NULL);

  execnet_item_find_channels (FORM, bytes, append_id, ids);
  g_assert_cmpstr (ids->str, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/items/channels/read", test_read);
  g_test_add_func ("/items/channels/read/keys", test_keys);
  g_test_add_func ("/items/channels/read/not-allowed", test_not_allowed);
  g_test_add_func ("/items/channels/read/empty", test_read_empty);
  g_test_add_func ("/items/channels/write", test_write);
  g_test_add_func ("/items/channels/write/refused", test_write_refused);
  g_test_add_func ("/items/channels/find", test_find);
  g_test_add_func ("/items/channels/find/empty", test_find_empty);
  return g_test_run ();
}
