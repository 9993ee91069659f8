/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What arrives for each opcode: how Python's values become GVariants. */

#include "config.h"

#include "items-testing.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *opcodes;
  const char *text; /* GVariant's own */
  ExecnetLoadFlags flags;
} Case;

static const Case cases[] = {
  { "/none", "L", "@mv nothing" },
  { "/true", "R", "true" },
  { "/false", "C", "false" },
  { "/int", "F-2147483648", "int64 -2147483648" },
  { "/int/python-2-long", "G2147483647", "int64 2147483647" },
  { "/float", "D1.5", "1.5" },
  { "/float/minus-zero", "D-0", "-0.0" },
  { "/float/infinity", "D-inf", "-inf" },
  { "/complex", "T1,-2", "{'complex', <(1.0, -2.0)>}" },
  { "/bytes", "A'B\\x00\\xff'", "[byte 0x42, 0x00, 0xff]" },
  { "/bytes/empty", "A''", "@ay []" },

  { "/text", "N'ä🐍'", "'ä🐍'" },
  { "/text/empty", "N''", "''" },
  { "/text/unicode", "S'ä'", "'ä'" },
  { "/text/longer-than-a-word", "N'twelve bytes'", "'twelve bytes'" },
  { "/text/noncharacter", "N'\\xef\\xbf\\xbf'", "'\\uffff'" },
  { "/text/last-character", "N'\\xf4\\x8f\\xbf\\xbf'", "'\\U0010ffff'" },
  { "/text/nul", "N'a\\x00b'", "{'str', <[byte 0x61, 0x00, 0x62]>}" },
  { "/text/only-nul", "S'\\x00'", "{'str', <b''>}" },
  { "/text/nul-behind-a-word", "N'ninebytes\\x00'", "{'str', <b'ninebytes'>}" },
  { "/text/nul-and-more", "N'\\x00ä\\x00'", "{'str', <[byte 0x00, 0xc3, 0xa4, 0x00]>}" },

  { "/long/of-32-bits", "H'2147483648'", "int64 2147483648" },
  { "/long/most-of-64-bits", "H'9223372036854775807'", "int64 9223372036854775807" },
  { "/long/least-of-64-bits", "I'-9223372036854775808'", "int64 -9223372036854775808" },
  { "/long/more", "H'9223372036854775808'", "{'long', <'9223372036854775808'>}" },
  { "/long/less", "I'-9223372036854775809'", "{'long', <'-9223372036854775809'>}" },
  { "/long/plus", "H'+5'", "int64 5" },
  { "/long/zeros", "H'00000000000000000000000000000000005'", "int64 5" },
  { "/long/minus-zero", "H'-0'", "int64 0" },
  { "/long/plus-and-zeros", "H'+0099999999999999999999'", "{'long', <'99999999999999999999'>}" },
  { "/long/minus-and-zeros", "H'-0099999999999999999999'", "{'long', <'-99999999999999999999'>}" },

  { "/list", "K2 F0 F7 P F1 L P", "[<int64 7>, <@mv nothing>]" },
  { "/list/empty", "K0", "@av []" },
  { "/list/left-out", "K3 F1 R P", "[<@mv nothing>, <true>, <@mv nothing>]" },
  { "/list/backwards", "K2 F-1 D2 P F-2 D1 P", "[<1.0>, <2.0>]" },
  { "/list/twice", "K1 F0 F1 P F0 F2 P", "[<int64 2>]" },
  { "/list/bool-index", "K2 R F1 P C F0 P", "[<int64 0>, <int64 1>]" },
  { "/list/long-index", "K1 H'0' F1 P", "[<int64 1>]" },
  { "/list/numbers",
    "K4 F0 F1 P F1 D2 P F2 H'3' P F3 F4 P",
    "[<int64 1>, <2.0>, <int64 3>, <int64 4>]" },
  { "/list/tuple-inside", "K2 F0 F1 F2 @2 P F1 F3 P", "[<(int64 1, int64 2)>, <int64 3>]" },
  { "/list/number-then-tuple", "K1 F0 F1 @1 P", "[<(int64 1,)>]" },
  { "/list/list-inside", "K1 F0 K1 F0 K0 P P", "[<[<@av []>]>]" },

  { "/tuple/empty", "@0", "()" },
  { "/tuple/one", "N'a' @1", "('a',)" },
  { "/tuple/framing", "N'a' F1 A'b' R @4", "('a', int64 1, [byte 0x62], true)" },
  { "/tuple/fixed", "R F1 C @3", "(true, int64 1, false)" },
  { "/tuple/nested", "R @1 R D1 @2 @2", "((true,), (true, 1.0))" },
  { "/tuple/empty-inside", "@0 F1 @2", "((), int64 1)" },
  { "/tuple/none", "L L @2", "(@mv nothing, @mv nothing)" },
  { "/tuple/tagged", "T1,2 N'x' @2", "({'complex', <(1.0, 2.0)>}, 'x')" },
  { "/tuple/containers", "K0 J @2", "(@av [], @a{sv} {})" },
  { "/tuple/of-what-is-there", "F1 F2 F3 @2 @2", "(int64 1, (int64 2, int64 3))" },

  { "/dict/empty", "J", "@a{sv} {}" },
  { "/dict/text", "J N'a' F1 P N'' L P", "{'a': <int64 1>, '': <@mv nothing>}" },
  { "/dict/int", "J F1 F2 P H'99999999999' J P", "{int64 1: <int64 2>, 99999999999: <@a{sv} {}>}" },
  { "/dict/float", "J D1.5 R P", "{1.5: <true>}" },
  { "/dict/bool", "J R F1 P C F0 P", "{true: <int64 1>, false: <int64 0>}" },
  { "/dict/text-with-nul",
    "J N'a' L P N'\\x00' L P",
    "{'dict', <[(<'a'>, <@mv nothing>), (<{'str', <b''>}>, <@mv nothing>)]>}" },
  { "/dict/mixed",
    "J F1 N'a' P N'b' F2 P",
    "{'dict', <[(<int64 1>, <'a'>), (<'b'>, <int64 2>)]>}" },
  { "/dict/long",
    "J H'99999999999999999999' F1 P",
    "{'dict', <[(<{'long', <'99999999999999999999'>}>, <int64 1>)]>}" },
  { "/dict/none", "J L L P", "{'dict', <[(<@mv nothing>, <@mv nothing>)]>}" },
  { "/dict/tuple", "J F1 F2 @2 F3 P", "{'dict', <[(<(int64 1, int64 2)>, <int64 3>)]>}" },
  { "/dict/order",
    "J N'c' F1 P N'a' F2 P N'b' F3 P",
    "{'c': <int64 1>, 'a': <int64 2>, 'b': <int64 3>}" },
  { "/dict/filled-inside-of-a-list",
    "K1 F0 J N'a' K0 P N'b' J P P",
    "[<{'a': <@av []>, 'b': <@a{sv} {}>}>]" },
  { "/dict/many-with-containers-between",
    "J N'a' K1 F0 L P P N'b' K1 F0 L P P N'c' K1 F0 L P P N'd' K1 F0 L P P N'e' F5 P",
    "{'a': <[<@mv nothing>]>, 'b': <[<@mv nothing>]>, 'c': <[<@mv nothing>]>, "
    "'d': <[<@mv nothing>]>, 'e': <int64 5>}" },

  { "/set/empty", "O0", "{'set', <@av []>}" },
  { "/set", "F1 N'a' O2", "{'set', <[<int64 1>, <'a'>]>}" },
  { "/frozenset", "F1 E1", "{'frozenset', <[<int64 1>]>}" },
  { "/frozenset/in-a-set",
    "F1 E1 E0 O2",
    "{'set', <[<{'frozenset', <[<int64 1>]>}>, <{'frozenset', <@av []>}>]>}" },

  { "/rest-is-ignored", "L Q #ffff", "@mv nothing" },

  { "/strings/python-2", "M'a\\xe9'", "[byte 0x61, 0xe9]" },
  { "/strings/python-2-as-text", "M'a\\xe9'", "'aé'", EXECNET_LOAD_PY2STR_AS_PY3STR },
  { "/strings/python-2-as-text/ascii", "M'ab'", "'ab'", EXECNET_LOAD_PY2STR_AS_PY3STR },
  { "/strings/python-2-as-text/nul",
    "M'\\x00\\xff'",
    "{'str', <[byte 0x00, 0xc3, 0xbf]>}",
    EXECNET_LOAD_PY2STR_AS_PY3STR },
  { "/strings/python-2-as-text/key",
    "J M'\\xe9' F1 P",
    "{'é': <int64 1>}",
    EXECNET_LOAD_PY2STR_AS_PY3STR },
  { "/strings/python-2/key", "J M'a' F1 P", "{'dict', <[(<[byte 0x61]>, <int64 1>)]>}" },
  { "/strings/python-3-as-bytes",
    "K2 F0 N'é' P F1 S'é' P",
    "[<[byte 0xc3, 0xa9]>, <'é'>]",
    EXECNET_LOAD_PY3STR_AS_PY2STR },
  { "/strings/python-3-as-bytes/any", "N'\\xff'", "[byte 0xff]", EXECNET_LOAD_PY3STR_AS_PY2STR },
  { "/strings/python-3-as-bytes/key",
    "J N'a' N'b' P",
    "{'dict', <[(<[byte 0x61]>, <[byte 0x62]>)]>}",
    EXECNET_LOAD_PY3STR_AS_PY2STR },
};

static void
test_case (gconstpointer data)
{
  const Case *test = data;
  g_autofree char *program = g_strconcat (test->opcodes, " Q", NULL);
  g_autoptr (GBytes) dump = assemble_dump (program);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = execnet_loads (dump, test->flags, &error);
  g_autoptr (GVariant) expected = NULL;
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = print_item (item);
  expected = g_variant_parse (NULL, test->text, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpvariant (item, expected);
}

static void
test_nan (void)
{
  g_autoptr (GBytes) dump = assemble_dump ("#447ff8000000000abc Q");
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = execnet_loads (dump, EXECNET_LOAD_DEFAULT, &error);
  double number;
  guint64 raw;

  g_assert_no_error (error);
  number = g_variant_get_double (item);
  memcpy (&raw, &number, sizeof raw);
  g_assert_cmphex (raw, ==, G_GUINT64_CONSTANT (0x7ff8000000000abc));
}

static void
test_versions (void)
{
  const char *dumps[] = { "#01 F5 Q", "#02 F5 Q" };

  for (guint i = 0; i < G_N_ELEMENTS (dumps); i++)
    {
      g_autoptr (GBytes) dump = assemble (dumps[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) item = execnet_loads (dump, EXECNET_LOAD_DEFAULT, &error);

      g_assert_no_error (error);
      g_assert_cmpint (g_variant_get_int64 (item), ==, 5);
    }
}

/* The most digits that Python converts. */
static void
test_longest_long (void)
{
  g_autofree char *digits = g_strnfill (4300, '7');
  g_autofree char *program = g_strdup_printf ("H'-%s' Q", digits);
  g_autoptr (GBytes) dump = assemble_dump (program);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = execnet_loads (dump, EXECNET_LOAD_DEFAULT, &error);
  g_autofree char *text = NULL;
  g_autofree char *expected = g_strdup_printf ("{'long', <'-%s'>}", digits);

  g_assert_no_error (error);
  text = print_item (item);
  g_assert_cmpstr (text, ==, expected);
}

/* GVariant's own tuples end at 255 members; the kind stands for the others. */
static void
test_tuple_size (guint n_pairs, gboolean is_plain)
{
  g_autoptr (GString) program = g_string_new (NULL);
  g_autoptr (GBytes) dump = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = NULL;
  g_autoptr (GVariant) members = NULL;
  g_autofree char *text = NULL;

  for (guint i = 0; i < n_pairs; i++)
    g_string_append_printf (program, "F%u N'%u' ", i, i);
  g_string_append_printf (program, "@%u Q", 2 * n_pairs);
  dump = assemble_dump (program->str);
  item = execnet_loads (dump, EXECNET_LOAD_DEFAULT, &error);
  g_assert_no_error (error);
  text = print_item (item);
  if (is_plain)
    members = g_variant_ref (item);
  else
    {
      g_assert_true (g_str_has_prefix (text, "{'tuple', <[<int64 0>, <'0'>, "));
      g_variant_get_child (item, 1, "v", &members);
    }
  g_assert_cmpuint (g_variant_n_children (members), ==, 2 * n_pairs);
}

static void
test_tuple_sizes (void)
{
  test_tuple_size (1, TRUE);
  test_tuple_size (127, TRUE);
  test_tuple_size (128, FALSE);
  test_tuple_size (40000, FALSE);
}

/* A tuple of tuples of tuples has a type as long as itself: not without end. */
static void
test_tuple_type (void)
{
  g_autoptr (GString) program = g_string_new (NULL);
  g_autoptr (GBytes) dump = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = NULL;
  g_autofree char *text = NULL;

  for (guint i = 0; i < 6; i++)
    {
      for (guint j = 0; j < 200; j++)
        {
          for (guint k = 0; k < 100; k++)
            g_string_append (program, "R ");
          g_string_append (program, "@100 ");
        }
      g_string_append (program, "@200 ");
    }
  g_string_append (program, "@6 Q");
  dump = assemble_dump (program->str);
  item = execnet_loads (dump, EXECNET_LOAD_DEFAULT, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (item), ==, "{sv}");
  text = print_item (item);
  g_assert_true (g_str_has_prefix (text, "{'tuple', <[<((true, true, "));
}

/* Framing offsets take 1, 2, 4 bytes as a container grows. */
static void
test_container_sizes (void)
{
  for (guint size = 1; size < 70000; size += size / 40 + 1)
    {
      g_autofree char *filler = g_strnfill (size, 'x');
      g_autofree char *program = g_strdup_printf (
          "K2 F0 J N'%s' A'%s' P P F1 N'%s' F1 A'%s' @3 P Q", filler, filler, filler, filler);
      g_autoptr (GBytes) dump = assemble_dump (program);
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) item = execnet_loads (dump, EXECNET_LOAD_DEFAULT, &error);
      g_autofree char *text = NULL;
      g_autofree char *expected = g_strdup_printf ("[<{'%s': <[byte ", filler);

      g_assert_no_error (error);
      text = print_item (item);
      g_assert_true (g_str_has_prefix (text, expected));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/items/loads", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/items/loads/float/nan", test_nan);
  g_test_add_func ("/items/loads/versions", test_versions);
  g_test_add_func ("/items/loads/long/longest", test_longest_long);
  g_test_add_func ("/items/loads/tuple/sizes", test_tuple_sizes);
  g_test_add_func ("/items/loads/tuple/type", test_tuple_type);
  g_test_add_func ("/items/loads/container-sizes", test_container_sizes);
  return g_test_run ();
}
