/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is written for each GVariant: everything that stands for a Python value, in every form that
 * is accepted; and what is refused, with its place. */

#include "config.h"

#include "items-testing.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *text; /* GVariant's own */
  const char *opcodes;
} Case;

static const Case cases[] = {
  { "/none", "@mv nothing", "L" },
  { "/none/of-another-type", "@ms nothing", "L" },
  { "/none/nested", "@mmi just nothing", "L" },
  { "/maybe", "@ms 'a'", "N'a'" },
  { "/maybe/fixed", "@mi 5", "F5" },
  { "/maybe/variant", "@mv <5>", "F5" },
  { "/maybe/unit", "@m() just ()", "@0" },
  { "/maybe/nested", "@mmmi 5", "F5" },
  { "/maybe/array", "@mai [1]", "K1 F0 F1 P" },

  { "/bool", "[true, false]", "K2 F0 R P F1 C P" },
  { "/int/y", "byte 0xff", "F255" },
  { "/int/n", "int16 -32768", "F-32768" },
  { "/int/q", "uint16 65535", "F65535" },
  { "/int/i", "int32 -2147483648", "F-2147483648" },
  { "/int/u/small", "uint32 2147483647", "F2147483647" },
  { "/int/u/large", "uint32 4294967295", "H'4294967295'" },
  { "/int/x/small", "int64 -1", "F-1" },
  { "/int/x/large", "int64 2147483648", "H'2147483648'" },
  { "/int/x/negative", "int64 -2147483649", "H'-2147483649'" },
  { "/int/x/most", "int64 9223372036854775807", "H'9223372036854775807'" },
  { "/int/x/least", "int64 -9223372036854775808", "H'-9223372036854775808'" },
  { "/int/t/small", "uint64 0", "F0" },
  { "/int/t/most", "uint64 18446744073709551615", "H'18446744073709551615'" },
  { "/long", "{'long', <'123456789012345678901234567890'>}", "H'123456789012345678901234567890'" },
  { "/long/negative",
    "{'long', <'-123456789012345678901234567890'>}",
    "H'-123456789012345678901234567890'" },
  { "/long/small", "{'long', <'-5'>}", "F-5" },
  { "/long/zeros", "{'long', <'-00012345678901234567890'>}", "H'-12345678901234567890'" },
  { "/long/plus", "{'long', <'+99999999999'>}", "H'99999999999'" },

  { "/float", "[1.5, -0.0]", "K2 F0 D1.5 P F1 D-0 P" },
  { "/complex", "{'complex', <(1.5, -2.0)>}", "T1.5,-2" },
  { "/text", "'aä🐍'", "N'aä🐍'" },
  { "/text/path", "objectpath '/a'", "N'/a'" },
  { "/text/signature", "signature 'a{sv}'", "N'a{sv}'" },
  { "/text/nul", "{'str', <[byte 0x61, 0x00, 0xc3, 0xa4]>}", "N'a\\x00ä'" },
  { "/text/tagged-without-nul", "{'str', <[byte 0x61]>}", "N'a'" },
  { "/text/tagged-empty", "{'str', <@ay []>}", "N''" },
  { "/bytes", "[byte 0x00, 0xff]", "A'\\x00\\xff'" },
  { "/bytes/empty", "@ay []", "A''" },

  { "/list/av", "[<1>, <'a'>, <@mv nothing>]", "K3 F0 F1 P F1 N'a' P F2 L P" },
  { "/list/empty", "@av []", "K0" },
  { "/list/empty/typed", "@a(sa{sv}) []", "K0" },
  { "/list/as", "['a', '', 'c']", "K3 F0 N'a' P F1 N'' P F2 N'c' P" },
  { "/list/ax", "@ax [1, 2]", "K2 F0 F1 P F1 F2 P" },
  { "/list/an", "@an [-1, 2]", "K2 F0 F-1 P F1 F2 P" },
  { "/list/at", "@at [1, 18446744073709551615]", "K2 F0 F1 P F1 H'18446744073709551615' P" },
  { "/list/ami", "@ami [1, nothing]", "K2 F0 F1 P F1 L P" },
  { "/list/aay", "[[byte 0x61], []]", "K2 F0 A'a' P F1 A'' P" },
  { "/list/aai", "[[1], []]", "K2 F0 K1 F0 F1 P P F1 K0 P" },
  { "/list/of-tuples", "[(1, 'a'), (2, 'b')]", "K2 F0 F1 N'a' @2 P F1 F2 N'b' @2 P" },
  { "/list/of-fixed-tuples", "[(byte 0x01, 2), (0x03, 4)]", "K2 F0 F1 F2 @2 P F1 F3 F4 @2 P" },
  { "/list/of-units", "[(), ()]", "K2 F0 @0 P F1 @0 P" },
  { "/list/of-dicts", "[{'a': 1}, {}]", "K2 F0 J N'a' F1 P P F1 J P" },
  { "/list/of-tagged", "[{'set', <@av []>}]", "J N'set' K0 P" },
  { "/list/of-variants-in-variants", "[<<<5>>>]", "K1 F0 F5 P" },

  { "/tuple/empty", "()", "@0" },
  { "/tuple", "(1, 'a', 2.0, [byte 0x62], true)", "F1 N'a' D2 A'b' R @5" },
  { "/tuple/nested", "((1,), ((),))", "F1 @1 @0 @1 @2" },
  { "/tuple/fixed-nested", "((byte 0x01, 2), true)", "F1 F2 @2 R @2" },
  { "/tuple/maybes", "(@ms nothing, @mi nothing, @ms 'a')", "L L N'a' @3" },
  { "/tuple/only-nothing", "(@mv nothing,)", "L @1" },
  { "/tuple/tagged", "{'tuple', <[<1>, <'a'>]>}", "F1 N'a' @2" },
  { "/tuple/tagged-typed", "{'tuple', <['a', 'b']>}", "N'a' N'b' @2" },

  { "/dict/empty", "@a{sv} {}", "J" },
  { "/dict/sv", "{'a': <1>, 'b': <'c'>}", "J N'a' F1 P N'b' N'c' P" },
  { "/dict/sx", "@a{sx} {'a': 1, 'bcd': 2}", "J N'a' F1 P N'bcd' F2 P" },
  { "/dict/ss", "{'a': '', '': 'b'}", "J N'a' N'' P N'' N'b' P" },
  { "/dict/sas", "{'a': ['b']}", "J N'a' K1 F0 N'b' P P" },
  { "/dict/xv", "@a{xv} {1: <2>}", "J F1 F2 P" },
  { "/dict/dv", "@a{dv} {1.5: <2>}", "J D1.5 F2 P" },
  { "/dict/bv", "@a{bv} {true: <2>}", "J R F2 P" },
  { "/dict/yy", "@a{yy} {1: 2, 3: 4}", "J F1 F2 P F3 F4 P" },
  { "/dict/ui", "@a{ui} {4294967295: 4}", "J H'4294967295' F4 P" },
  { "/dict/ov", "@a{ov} {'/a': <2>}", "J N'/a' F2 P" },
  { "/dict/of-dicts", "{'a': {'b': 1}, 'c': {}}", "J N'a' J N'b' F1 P P N'c' J P" },
  { "/dict/of-tuples", "{'a': (1, 'b')}", "J N'a' F1 N'b' @2 P" },
  { "/dict/tagged",
    "{'dict', <[(<1>, <'a'>), (<(1, 'x')>, <@av []>)]>}",
    "J F1 N'a' P F1 N'x' @2 K0 P" },
  { "/dict/tagged/empty", "{'dict', <@a(vv) []>}", "J" },
  { "/dict/tagged/keys",
    "{'dict', <[(<{'frozenset', <[1]>}>, <[1]>), (<@mv nothing>, <{'a': 1}>)]>}",
    "J F1 E1 K1 F0 F1 P P L J N'a' F1 P P" },

  { "/set", "{'set', <[<1>, <'a'>]>}", "F1 N'a' O2" },
  { "/set/empty", "{'set', <@av []>}", "O0" },
  { "/set/typed", "{'set', <[1, 2]>}", "F1 F2 O2" },
  { "/frozenset", "{'frozenset', <[<{'frozenset', <['a']>}>]>}", "N'a' E1 E1" },
};

static GVariant *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *item = g_variant_parse (NULL, text, NULL, NULL, &error);

  g_assert_no_error (error);
  return item;
}

static void
assert_same_bytes (GBytes *got, GBytes *expected)
{
  g_assert_cmpmem (g_bytes_get_data (got, NULL),
                   g_bytes_get_size (got),
                   g_bytes_get_data (expected, NULL),
                   g_bytes_get_size (expected));
}

static void
test_case (gconstpointer data)
{
  const Case *test = data;
  g_autofree char *program = g_strconcat (test->opcodes, " Q", NULL);
  g_autoptr (GBytes) expected = assemble_dump (program);
  g_autoptr (GVariant) item = parse (test->text);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) dump = execnet_dumps (item, EXECNET_DUMP_DEFAULT, &error);

  g_assert_no_error (error);
  assert_same_bytes (dump, expected);
}

static void
test_version (void)
{
  g_autoptr (GVariant) item = parse ("5");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) dump = execnet_dumps (item, EXECNET_DUMP_VERSION_1, &error);
  g_autoptr (GBytes) expected = assemble ("#01 F5 Q");

  g_assert_no_error (error);
  assert_same_bytes (dump, expected);
}

static const struct
{
  const char *name;
  const char *text;
  const char *says;
} refused[] = {
  { "/entry", "{'a', 'b'}", "item: there is no Python value for a GVariant of the type {ss};" },
  { "/entry/int", "{1, <2>}", "item: there is no Python value for a GVariant of the type {iv};" },
  { "/entry/unknown-kind", "[<{'lost', <'b'>}>]", "item[0]: there is no Python value" },
  { "/entry/wrong-content", "{'set', <5>}", "item: there is no Python value" },
  { "/entry/bytes-as-set", "{'set', <@ay []>}", "item: there is no Python value" },
  { "/entry/dict-as-set", "{'set', <@a{sv} {}>}", "item: there is no Python value" },
  { "/entry/typed-dict", "{'dict', <@a{sv} {}>}", "item: there is no Python value" },
  { "/entry/complex-of-ints", "{'complex', <(1, 2)>}", "item: there is no Python value" },
  { "/place/list", "[<1>, <[<2>, <{1, 2}>]>]", "item[1][1]: there is no" },
  { "/place/dict", "[{'size': <1>}, {'size': <{1, 2}>}]", "item[1]['size']: there is no" },
  { "/place/after-a-container", "[<[1]>, <{1, 2}>]", "item[1]: there is no" },
  { "/place/int-key", "{5: {1, 2}}", "item[5]: there is no" },
  { "/place/bool-key", "{true: {1, 2}}", "item[True]: there is no" },
  { "/place/float-key", "{1.5: {1, 2}}", "item[1.5]: there is no" },
  { "/place/quoted-key", "{\"it's\\n\": {1, 2}}", "item['it\\'s\\x0a']: there is no" },
  { "/place/tuple", "(1, ('a', {1, 2}))", "item[1][1]: there is no" },
  { "/place/pair",
    "{'dict', <[(<'k'>, <1>), (<(1, 2)>, <{1, 2}>)]>}",
    "item.values()[1]: there is no" },
  { "/place/text-key-of-pair",
    "{'dict', <[(<1>, <1>), (<'k'>, <{1, 2}>)]>}",
    "item['k']: there is no" },
  { "/place/key",
    "{'dict', <[(<'k'>, <1>), (<({1, 2}, 3)>, <1>)]>}",
    "item.keys()[1][0]: there is no" },
  { "/place/set", "{'set', <[<1>, <{1, 2}>]>}", "item[1]: there is no" },
  { "/hashable/list-in-set", "{'set', <[<1>, <[1]>]>}", "item[1]: a list can't be in the key" },
  { "/hashable/dict-in-set", "{'frozenset', <[{'a': 1}]>}", "item[0]: a dict can't be in" },
  { "/hashable/set-in-set", "{'set', <[<{'set', <@av []>}>]>}", "item[0]: a set can't be in" },
  { "/hashable/key", "{'dict', <[(<[1]>, <1>)]>}", "item.keys()[0]: a list can't be in" },
  { "/hashable/in-key",
    "{'dict', <[(<(1, [1])>, <1>)]>}",
    "item.keys()[0][1]: a list can't be in" },
  { "/hashable/in-frozenset-in-key",
    "{'dict', <[(<{'frozenset', <[<(1, @a{sv} {})>]>}>, <1>)]>}",
    "item.keys()[0][0][1]: a dict can't be in" },
  { "/long/empty", "{'long', <''>}", "item: a {sv} 'long' must hold decimal digits" },
  { "/long/letters",
    "('a', {'long', <'12x'>})",
    "item[1]: a {sv} 'long' must hold decimal digits" },
  { "/str/latin-1",
    "[<{'str', <[byte 0x61, 0xe9]>}>]",
    "item[0]: a {sv} 'str' must hold UTF-8, but is not from its byte 1 (0xe9) on" },
  { "/str/surrogate", "{'str', <[byte 0xed, 0xa0, 0x80]>}", "from its byte 0 (0xed) on" },
  { "/channel", "[handle 1]", "item[0]: a channel (h) can only be sent over a gateway" },
  { "/channel/key", "@a{hs} {1: ''}", "item.keys()[0]: a channel (h) can only be" },
};

static void
test_refused (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_autoptr (GVariant) item = parse (refused[i].text);
  g_autoptr (GError) error = NULL;

  g_assert_null (execnet_dumps (item, EXECNET_DUMP_DEFAULT, &error));
  assert_error_says (error, EXECNET_ERROR_UNSUPPORTED_TYPE, refused[i].says);
}

static void
test_too_many_digits (void)
{
  g_autofree char *digits = g_strnfill (4301, '1');
  g_autoptr (GVariant) item
      = g_variant_ref_sink (g_variant_new ("{sv}", "long", g_variant_new_string (digits)));
  g_autoptr (GError) error = NULL;

  g_assert_null (execnet_dumps (item, EXECNET_DUMP_DEFAULT, &error));
  assert_error_says (error, EXECNET_ERROR_TOO_LARGE, "item: an int has more than 4300 digits");
}

static void
test_floating (void)
{
  GVariant *item = g_variant_new ("(si)", "a", 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) dump = execnet_dumps (item, EXECNET_DUMP_DEFAULT, &error);

  g_assert_no_error (error);
  g_assert_nonnull (dump);
  g_assert_true (g_variant_is_floating (item));
  g_variant_unref (item);
}

/* Bytes from anywhere, which nobody calls trusted: what GLib makes of them is sent. */
static void
test_not_normal (void)
{
  const guint8 bytes[] = { 'a', 'b', 0, 9, 7 };
  g_autoptr (GVariant) item = g_variant_ref_sink (
      g_variant_new_from_data (G_VARIANT_TYPE ("as"), bytes, sizeof bytes, FALSE, NULL, NULL));
  g_autoptr (GVariant) normal = g_variant_get_normal_form (item);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) dump = execnet_dumps (item, EXECNET_DUMP_DEFAULT, &error);
  g_autoptr (GBytes) expected = NULL;

  g_assert_no_error (error);
  expected = execnet_dumps (normal, EXECNET_DUMP_DEFAULT, &error);
  g_assert_no_error (error);
  assert_same_bytes (dump, expected);
}

/* Bytes that an application wrongly calls trusted don't lead astray. */
static void
test_wrongly_trusted (void)
{
  static const struct
  {
    const char *type;
    const char *bytes;
    gsize size;
  } lies[] = {
    { "as", "ab\0\11\7", 5 },
    { "as", "\377", 1 },
    { "s", "a", 1 },
    { "s", "", 0 },
    { "x", "abc", 3 },
    { "ax", "abcdefghi", 9 },
    { "v", "abc", 3 },
    { "v", "a\0", 2 },
    { "v", "a\0x", 3 },
    { "v", "a\0z", 3 },
    { "v", "a\0(", 3 },
    { "v", "a\0aa", 4 },
    { "(sx)", "abcdefgh", 8 },
    { "(ss)", "a\0b\0\11", 5 },
    { "a{sv}", "abc\0\377\2", 6 },
    { "{sv}", "", 0 },
    { "{sv}", "long\0\0\0\0", 9 },
    { "mx", "abc", 3 },
    { "(xx)", "abc", 3 },
    { "a(xx)", "abc", 3 },
    { "av", "a\0x\3", 4 },
    { "(mv)", "abc", 3 },
    { "v", "\0*", 2 },
    { "v", "\0a?", 3 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      g_autofree guint8 *copy = g_memdup2 (lies[i].bytes, lies[i].size);
      g_autoptr (GVariant) item = g_variant_ref_sink (g_variant_new_from_data (
          G_VARIANT_TYPE (lies[i].type), copy, lies[i].size, TRUE, NULL, NULL));
      g_autoptr (GError) error = NULL;

      g_test_message ("%u: %s", i, lies[i].type);
      g_assert_null (execnet_dumps (item, EXECNET_DUMP_DEFAULT, &error));
      g_assert_nonnull (error);
    }
}

#if GLIB_SIZEOF_SIZE_T > 4
/* Lengths and counts on the wire have 31 bits. */
static void
test_too_large (gconstpointer type)
{
  g_autoptr (GBytes) bytes = make_vast_bytes ((gsize) G_MAXINT32 + 1);
  g_autoptr (GVariant) item
      = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (type), bytes, TRUE));
  g_autoptr (GError) error = NULL;

  g_assert_null (execnet_dumps (item, EXECNET_DUMP_DEFAULT, &error));
  assert_error_says (error, EXECNET_ERROR_TOO_LARGE, "item: the item takes more than 2147483647");
}
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/items/dumps", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *path = g_strconcat ("/items/dumps/refused", refused[i].name, NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_refused);
    }
  g_test_add_func ("/items/dumps/version", test_version);
  g_test_add_func ("/items/dumps/long/too-many-digits", test_too_many_digits);
  g_test_add_func ("/items/dumps/floating", test_floating);
  g_test_add_func ("/items/dumps/not-normal", test_not_normal);
  g_test_add_func ("/items/dumps/wrongly-trusted", test_wrongly_trusted);
#if GLIB_SIZEOF_SIZE_T > 4
  g_test_add_data_func ("/items/dumps/too-large/bytes", "ay", test_too_large);
  g_test_add_data_func ("/items/dumps/too-large/list", "ab", test_too_large);
#endif
  return g_test_run ();
}
