/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Items as the types that typed code wants. */

#include "config.h"

#include "items-testing.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *text; /* GVariant's own */
  const char *type;
  const char *result; /* the same, or what the error says */
} Case;

static const Case cases[] = {
  { "/same", "[<1>, <'a'>]", "av", "[<1>, <'a'>]" },
  { "/same/basic", "'a'", "s", "'a'" },
  { "/same/in-a-variant", "<'a'>", "s", "'a'" },
  { "/same/in-a-maybe", "@ms 'a'", "s", "'a'" },
  { "/same/entry", "<{'set', <@av []>}>", "{sv}", "{'set', <@av []>}" },

  { "/v", "int64 5", "v", "<int64 5>" },
  { "/v/container", "[<int64 5>]", "v", "<[<int64 5>]>" },
  { "/v/tuple", "(true, 1, 'a')", "v", "<(true, 1, 'a')>" },
  { "/v/variant", "<<5>>", "v", "<<5>>" },
  { "/v/none", "@mv nothing", "v", "<@mv nothing>" },

  { "/bool", "<true>", "b", "true" },
  { "/int/x-to-y", "int64 255", "y", "byte 0xff" },
  { "/int/x-to-n", "int64 -32768", "n", "int16 -32768" },
  { "/int/x-to-q", "int64 65535", "q", "uint16 65535" },
  { "/int/x-to-i", "int64 -2147483648", "i", "-2147483648" },
  { "/int/x-to-u", "int64 4294967295", "u", "uint32 4294967295" },
  { "/int/x-to-t", "int64 5", "t", "uint64 5" },
  { "/int/y-to-x", "byte 5", "x", "int64 5" },
  { "/int/long-to-t", "{'long', <'18446744073709551615'>}", "t", "uint64 18446744073709551615" },
  { "/int/t-to-x", "uint64 5", "x", "int64 5" },
  { "/int/large-t-to-t", "<uint64 18446744073709551615>", "t", "uint64 18446744073709551615" },
  { "/float/from-int", "int64 3", "d", "3.0" },
  { "/float/from-t", "uint64 18446744073709551615", "d", "18446744073709551616.0" },
  { "/float/from-long", "{'long', <'-100000000000000000000'>}", "d", "-1e20" },

  { "/text/to-path", "'/a/b'", "o", "objectpath '/a/b'" },
  { "/text/to-signature", "'a{sv}'", "g", "signature 'a{sv}'" },
  { "/text/from-path", "objectpath '/a/b'", "s", "'/a/b'" },
  { "/text/from-tagged", "{'str', <[byte 0x61]>}", "s", "'a'" },
  { "/handle", "<handle 3>", "h", "handle 3" },

  { "/maybe/none", "@mv nothing", "ms", "@ms nothing" },
  { "/maybe/none/fixed", "@mv nothing", "mx", "@mx nothing" },
  { "/maybe/text", "'a'", "ms", "@ms 'a'" },
  { "/maybe/fixed", "int64 5", "mi", "@mi 5" },
  { "/maybe/nested", "int64 5", "mmx", "@mmx 5" },
  { "/maybe/in-array", "[<int64 1>, <@mv nothing>]", "amx", "@amx [1, nothing]" },

  { "/array/as", "[<'a'>, <''>, <'c'>]", "as", "['a', '', 'c']" },
  { "/array/ax", "[<int64 1>, <int64 -2>]", "ax", "@ax [1, -2]" },
  { "/array/ad", "[<1.5>, <int64 2>]", "ad", "[1.5, 2.0]" },
  { "/array/ay", "[<int64 1>, <int64 255>]", "ay", "[byte 0x01, 0xff]" },
  { "/array/ab", "[<true>, <false>]", "ab", "[true, false]" },
  { "/array/empty", "@av []", "as", "@as []" },
  { "/array/empty-fixed", "@av []", "ax", "@ax []" },
  { "/array/of-arrays", "[<[<int64 1>]>, <@av []>]", "aai", "[[1], []]" },
  { "/array/from-array", "@ax [1, 2]", "ai", "[1, 2]" },
  { "/array/from-tuple", "(1, 'a', true)", "av", "[<1>, <'a'>, <true>]" },
  { "/array/from-typed-tuple", "(int64 1, int64 2)", "ai", "[1, 2]" },
  { "/array/from-set", "{'set', <[<'a'>, <'b'>]>}", "as", "['a', 'b']" },
  { "/array/from-big-tuple", "{'tuple', <[<int64 1>]>}", "ax", "@ax [1]" },
  { "/array/of-bytes", "[<[byte 0x61]>, <@ay []>]", "aay", "[[byte 0x61], []]" },
  { "/array/of-dicts",
    "[<{'a': <int64 1>}>, <@a{sv} {}>]",
    "aa{sv}",
    "[{'a': <int64 1>}, @a{sv} {}]" },
  { "/array/of-maybes", "[<'a'>, <@mv nothing>]", "ams", "@ams ['a', nothing]" },
  { "/array/of-pairs",
    "[<(int64 1, 'a')>, <[<int64 2>, <'b'>]>]",
    "a(is)",
    "[(1, 'a'), (2, 'b')]" },
  { "/array/of-fixed-pairs",
    "[<(int64 1, int64 2)>, <(int64 3, int64 4)>]",
    "a(yi)",
    "[(byte 0x01, 2), (0x03, 4)]" },

  { "/tuple", "('a', int64 1, 2.0)", "(sid)", "('a', 1, 2.0)" },
  { "/tuple/from-list", "[<'a'>, <int64 1>, <int64 2>]", "(sid)", "('a', 1, 2.0)" },
  { "/tuple/framing", "('a', 'b', int64 1, 'c')", "(ssys)", "('a', 'b', byte 0x01, 'c')" },
  { "/tuple/last-framed", "('a', [<'b'>])", "(sas)", "('a', ['b'])" },
  { "/tuple/padding", "(int64 1, int64 2)", "(xy)", "(int64 1, byte 0x02)" },
  { "/tuple/empty", "@av []", "()", "()" },
  { "/tuple/nested", "((int64 1,), ('a', (true,)))", "((i)(s(b)))", "((1,), ('a', (true,)))" },
  { "/tuple/complex", "{'complex', <(1.0, 2.0)>}", "(dd)", "(1.0, 2.0)" },
  { "/tuple/units", "(int64 1, ())", "(y())", "(byte 0x01, ())" },

  { "/dict/sx", "{'a': <int64 1>, 'b': <int64 2>}", "a{sx}", "@a{sx} {'a': 1, 'b': 2}" },
  { "/dict/ss", "{'a': <'b'>}", "a{ss}", "{'a': 'b'}" },
  { "/dict/sas", "{'a': <[<'b'>]>, 'c': <@av []>}", "a{sas}", "{'a': ['b'], 'c': []}" },
  { "/dict/iv", "{int64 1: <'a'>}", "a{iv}", "{1: <'a'>}" },
  { "/dict/dv", "{int64 1: <'a'>}", "a{dv}", "{1.0: <'a'>}" },
  { "/dict/ii", "{int64 1: <int64 2>, 3: <int64 4>}", "a{ii}", "{1: 2, 3: 4}" },
  { "/dict/yx", "{int64 1: <int64 2>, 3: <int64 4>}", "a{yx}", "@a{yx} {1: 2, 3: 4}" },
  { "/dict/empty", "@a{sv} {}", "a{xs}", "@a{xs} {}" },
  { "/dict/any",
    "{'dict', <[(<int64 1>, <'a'>), (<2.5>, <'b'>)]>}",
    "a{ds}",
    "{1.0: 'a', 2.5: 'b'}" },
  { "/dict/nested", "{'a': <{'b': <int64 1>}>}", "a{sa{sx}}", "@a{sa{sx}} {'a': {'b': 1}}" },

  { "/no/text-as-int",
    "[<int64 1>, <{'size': <'x'>}>]",
    "aa{sx}",
    "item[0]: expected a{sx}, got x" },
  { "/no/place",
    "[<{'size': <int64 1>}>, <{'size': <'x'>}>]",
    "aa{sx}",
    "item[1]['size']: expected x, got s" },
  { "/no/key", "{int64 1: <'a'>}", "a{sv}", "item.keys()[0]: expected s, got x" },
  { "/no/tuple-member", "('a', ('b', 'c'))", "(s(si))", "item[1][1]: expected i, got s" },
  { "/no/too-many", "(1, 2, 3)", "(ii)", "item: expected (ii), got 3 members" },
  { "/no/too-few", "[<1>]", "(ii)", "item: expected (ii), got 1 members" },
  { "/no/range/y", "[<int64 256>]", "ay", "item[0]: expected y, but 256 does not fit it" },
  { "/no/range/negative", "int64 -1", "t", "item: expected t, but -1 does not fit it" },
  { "/no/range/n", "int64 -32769", "n", "item: expected n, but -32769 does not fit it" },
  { "/no/range/u", "int64 4294967296", "u", "expected u, but 4294967296 does not fit it" },
  { "/no/range/x",
    "uint64 9223372036854775808",
    "x",
    "item: expected x, but the int does not fit" },
  { "/no/range/long",
    "{'long', <'18446744073709551616'>}",
    "t",
    "expected t, but the int does not" },
  { "/no/range/long-negative",
    "{'long', <'-18446744073709551616'>}",
    "t",
    "expected t, but the int" },
  { "/no/none", "@mv nothing", "s", "item: expected s, got mv" },
  { "/no/bool-as-int", "true", "x", "item: expected x, got b" },
  { "/no/int-as-bool", "int64 1", "b", "item: expected b, got x" },
  { "/no/float-as-int", "1.0", "x", "item: expected x, got d" },
  { "/no/channel-as-int", "handle 1", "x", "item: expected x, got h" },
  { "/no/channel-as-float", "handle 1", "d", "item: expected d, got h" },
  { "/no/int-as-channel", "int64 1", "h", "item: expected h, got x" },
  { "/no/text-as-array", "'abc'", "as", "item: expected as, got s" },
  { "/no/bytes-as-array", "[byte 0x61]", "ax", "item: expected ax, got ay" },
  { "/no/dict-as-array", "{'a': <1>}", "as", "item: expected as, got a{sv}" },
  { "/no/list-as-dict", "[<1>]", "a{sv}", "item: expected a{sv}, got av" },
  { "/no/tagged", "{'set', <@av []>}", "a{sv}", "item: expected a{sv}, got {sv} 'set'" },
  { "/no/entry", "{'a': <1>}", "{sv}", "item: expected {sv}, got a{sv}" },
  { "/no/nul", "{'str', <[byte 0x61, 0x00]>}", "s", "item: expected s, but the text has a NUL" },
  { "/no/path", "'a b'", "o", "item: expected o, but the text is none" },
  { "/no/signature", "'('", "g", "item: expected g, but the text is none" },
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
test_case (gconstpointer data)
{
  const Case *test = data;
  g_autoptr (GVariant) item = parse (test->text);
  g_autoptr (GVariant) expected = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = execnet_item_coerce (item, G_VARIANT_TYPE (test->type), &error);
  g_autofree char *text = NULL;

  if (g_str_has_prefix (test->name, "/no/"))
    {
      g_assert_null (result);
      assert_error_says (error, EXECNET_ERROR_UNSUPPORTED_TYPE, test->result);
      return;
    }
  g_assert_no_error (error);
  text = print_item (result);
  expected = parse (test->result);
  g_assert_cmpvariant (result, expected);
}

/* Framing offsets take 1, 2, 4 bytes as a container grows. */
static void
test_sizes (void)
{
  for (guint n = 1; n < 70000; n += n / 7 + 1)
    {
      g_autoptr (GVariantBuilder) loose = g_variant_builder_new (G_VARIANT_TYPE ("av"));
      g_autoptr (GVariantBuilder) exact = g_variant_builder_new (G_VARIANT_TYPE ("as"));
      g_autoptr (GVariant) item = NULL;
      g_autoptr (GVariant) expected = NULL;
      g_autoptr (GVariant) result = NULL;
      g_autoptr (GError) error = NULL;

      for (guint i = 0; i < n; i++)
        {
          g_variant_builder_add (loose, "v", g_variant_new_string ("ab"));
          g_variant_builder_add (exact, "s", "ab");
        }
      item = g_variant_ref_sink (g_variant_builder_end (loose));
      expected = g_variant_ref_sink (g_variant_builder_end (exact));
      result = execnet_item_coerce (item, G_VARIANT_TYPE ("as"), &error);
      g_assert_no_error (error);
      g_assert_true (g_variant_equal (result, expected));
    }
}

/* A tuple that becomes an array of variants nests one level deeper. */
static void
test_depth (void)
{
  g_autoptr (GVariant) item = g_variant_ref_sink (g_variant_new ("(x)", (gint64) 1));
  g_autoptr (GError) error = NULL;

  for (guint depth = 1; depth <= 126; depth++)
    {
      g_autoptr (GVariant) inner = g_steal_pointer (&item);
      g_autoptr (GVariant) result = NULL;

      item = g_variant_ref_sink (g_variant_new_tuple (&inner, 1));
      result = execnet_item_coerce (item, G_VARIANT_TYPE ("av"), &error);
      if (depth < 126)
        {
          g_assert_no_error (error);
          g_free (print_item (result));
        }
      else
        {
          g_assert_null (result);
          assert_error_says (error, EXECNET_ERROR_TOO_DEEP, "nests more than 128 levels deep");
        }
    }
}

static void
test_indefinite (void)
{
  g_autoptr (GVariant) item = parse ("[1, 2]");
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = execnet_item_coerce (item, G_VARIANT_TYPE ("a*"), &error);

  g_assert_no_error (error);
  g_assert_true (result == item);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/items/coerce", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/items/coerce/sizes", test_sizes);
  g_test_add_func ("/items/coerce/depth", test_depth);
  g_test_add_func ("/items/coerce/indefinite", test_indefinite);
  return g_test_run ();
}
