/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How deep items nest: GLib reads what is deeper than 128 levels as an empty tuple, without a word,
 * so that the limit here must be exactly GLib's. */

#include "config.h"

#include "items-testing.h"

#include "data/execnet-opcodes-private.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *before;
  const char *after;
  guint levels; /* of GVariant, that each takes */
} Nest;

static const Nest nests[] = {
  { "list", "K1 F0 ", "P ", 2 },           { "tuple", "", "@1 ", 1 },
  { "dict", "J N'k' ", "P ", 3 },          { "dict of ints", "J F1 ", "P ", 3 },
  { "dict of anything", "J L ", "P ", 5 }, { "frozenset", "", "E1 ", 4 },
};

/* Innermost values, and the levels that these take by themselves. */
static const struct
{
  const char *opcodes;
  const char *text;
  guint levels;
} leaves[] = {
  { "F12345 ", "12345", 0 },
  { "L ", "nothing", 1 },
  { "A'abc' ", "[byte 0x61, 0x62, 0x63]", 1 },
  { "@0 ", "()", 0 },
  { "T1,2 ", "{'complex', <(1.0, 2.0)>}", 3 },
  { "H'99999999999999999999' ", "{'long', <'99999999999999999999'>}", 2 },
  { "N'\\x00a' ", "{'str', <[byte 0x00, 0x61]>}", 3 },
};

static GBytes *
assemble_nested (const Nest *nest, guint times, const char *leaf)
{
  g_autoptr (GString) program = g_string_new (NULL);

  for (guint i = 0; i < times; i++)
    g_string_append (program, nest->before);
  g_string_append (program, leaf);
  for (guint i = 0; i < times; i++)
    g_string_append (program, nest->after);
  g_string_append (program, "Q");
  return assemble_dump (program->str);
}

static void
test_limits (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (nests); i++)
    for (guint j = 0; j < G_N_ELEMENTS (leaves); j++)
      {
        const Nest *nest = &nests[i];
        guint most = (EXECNET_VARIANT_DEPTH_MAX - 1 - leaves[j].levels) / nest->levels;
        g_autoptr (GBytes) deepest = assemble_nested (nest, most, leaves[j].opcodes);
        g_autoptr (GBytes) deeper = assemble_nested (nest, most + 1, leaves[j].opcodes);
        g_autoptr (GError) error = NULL;
        g_autoptr (GVariant) item = execnet_loads (deepest, EXECNET_LOAD_DEFAULT, &error);
        g_autoptr (GBytes) again = NULL;
        g_autofree char *text = NULL;

        if (strchr (nest->after, 'E') != NULL && j == 4)
          continue;
        g_test_message ("%u times %s around %s", most, nest->name, leaves[j].text);
        g_assert_no_error (error);
        text = print_item (item);
        g_assert_nonnull (strstr (text, leaves[j].text));
        again = execnet_dumps (item, EXECNET_DUMP_DEFAULT, &error);
        g_assert_no_error (error);
        g_assert_cmpmem (g_bytes_get_data (again, NULL),
                         g_bytes_get_size (again),
                         g_bytes_get_data (deepest, NULL),
                         g_bytes_get_size (deepest));

        g_assert_null (execnet_loads (deeper, EXECNET_LOAD_DEFAULT, &error));
        assert_error_says (error, EXECNET_ERROR_TOO_DEEP, "nested too deeply for a GVariant");
      }
}

/* GLib must agree that one level more is too much; else the limit would be too low. */
static void
test_glib_limit (void)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_int64 (12345));

  for (guint depth = 1; depth <= EXECNET_VARIANT_DEPTH_MAX; depth++)
    {
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GVariant) doubted = NULL;
      g_autoptr (GVariant) outer = g_variant_ref_sink (g_variant_new_variant (value));
      g_autofree char *text = NULL;

      g_clear_pointer (&value, g_variant_unref);
      value = g_steal_pointer (&outer);
      bytes = g_variant_get_data_as_bytes (value);
      doubted
          = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_VARIANT, bytes, FALSE));
      text = g_variant_print (doubted, FALSE);
      if (depth < EXECNET_VARIANT_DEPTH_MAX)
        g_assert_nonnull (strstr (text, "12345"));
      else
        g_assert_nonnull (strstr (text, "()"));
    }
}

/* The opcodes themselves carry more than a GVariant can. */
static void
test_wire_limit (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (nests); i++)
    {
      g_autoptr (GBytes) deepest = assemble_nested (&nests[i], EXECNET_ITEM_LEVELS_MAX, "L ");
      g_autoptr (GBytes) deeper = assemble_nested (&nests[i], EXECNET_ITEM_LEVELS_MAX + 1, "L ");
      g_autoptr (GError) error = NULL;
      ExecnetItemTree tree;
      ExecnetNode root;
      gboolean ok;

      execnet_item_tree_init (&tree, g_bytes_get_size (deepest));
      ok = execnet_opcodes_read (g_bytes_get_data (deepest, NULL),
                                 g_bytes_get_size (deepest),
                                 1,
                                 EXECNET_LOAD_DEFAULT,
                                 FALSE,
                                 &tree,
                                 &root,
                                 &error);
      execnet_item_tree_clear (&tree);
      g_assert_no_error (error);
      g_assert_true (ok);

      g_assert_null (execnet_loads (deeper, EXECNET_LOAD_DEFAULT, &error));
      assert_error_says (error, EXECNET_ERROR_TOO_DEEP, "nested more than 250 levels deep");
    }
}

/* Each of these would end a reader that calls itself. */
static void
test_bombs (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (nests); i++)
    {
      g_autoptr (GBytes) bomb = assemble_nested (&nests[i], 500000, "L ");
      g_autoptr (GError) error = NULL;

      g_assert_null (execnet_loads (bomb, EXECNET_LOAD_DEFAULT, &error));
      g_assert_nonnull (error);
    }
}

/* What an application nested too deeply isn't sent as something else. */
static void
test_dumps (void)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_int64 (1));
  g_autoptr (GError) error = NULL;

  for (guint depth = 1; depth <= EXECNET_VARIANT_DEPTH_MAX + 20; depth++)
    {
      g_autoptr (GVariant) inner = g_steal_pointer (&value);
      g_autoptr (GBytes) dump = NULL;

      value = g_variant_ref_sink (g_variant_new_variant (inner));
      dump = execnet_dumps (value, EXECNET_DUMP_DEFAULT, &error);
      if (depth < EXECNET_VARIANT_DEPTH_MAX)
        {
          g_assert_no_error (error);
          g_assert_cmpuint (g_bytes_get_size (dump), ==, 7);
        }
      else
        {
          g_assert_null (dump);
          assert_error_says (error, EXECNET_ERROR_TOO_DEEP, "item: the item nests more than 128");
          g_clear_error (&error);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/items/depth/limits", test_limits);
  g_test_add_func ("/items/depth/glib-limit", test_glib_limit);
  g_test_add_func ("/items/depth/wire-limit", test_wire_limit);
  g_test_add_func ("/items/depth/bombs", test_bombs);
  g_test_add_func ("/items/depth/dumps", test_dumps);
  return g_test_run ();
}
