/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Bytes that are no item: each is refused with the offset and the reason. */

#include "config.h"

#include "items-testing.h"

#include <string.h>
#include <sys/resource.h>

typedef struct
{
  const char *name;
  const char *dump; /* with the version byte: offsets count from it */
  const char *says;
} Case;

static const Case cases[] = {
  { "/empty", "", "The dump is empty" },
  { "/version/none", "L Q", "at byte 0: its version is 0x4c" },
  { "/version/three", "#03 L Q", "at byte 0: its version is 0x03" },
  { "/opcode/unknown", "#02 F5 #5a", "at byte 6: 0x5a is no opcode" },
  { "/opcode/nul", "#02 #00", "at byte 1: 0x00 is no opcode" },
  { "/stop/missing", "#02 L", "at byte 2: the bytes end too early" },
  { "/stop/alone", "#02 Q", "at byte 1: there must be one value at the end, but there are 0" },
  { "/stop/two-values",
    "#02 L L Q",
    "at byte 3: there must be one value at the end, but there are 2" },

  { "/length/negative", "#02 #41ffffffff Q", "at byte 1: the length -1 is negative" },
  { "/length/too-large",
    "#02 #410000000a #616263 Q",
    "at byte 1: the length is 10, but only 4 bytes" },
  { "/length/largest", "#02 #4e7fffffff", "at byte 1: the length is 2147483647, but only 0 bytes" },
  { "/length/cut", "#02 #4e0000", "at byte 1: the bytes end too early" },

  { "/text/latin-1",
    "#02 L N'abcdefgh\\xe9' Q",
    "at byte 2: a text is not UTF-8 from its byte 8 (0xe9)" },
  { "/text/cut", "#02 N'\\xc3' Q", "not UTF-8 from its byte 0 (0xc3)" },
  { "/text/surrogate", "#02 N'\\xed\\xa0\\x80' Q", "not UTF-8 from its byte 0 (0xed)" },
  { "/text/overlong", "#02 S'\\xc0\\x80' Q", "not UTF-8 from its byte 0 (0xc0)" },
  { "/text/beyond-unicode", "#02 N'\\xf4\\x90\\x80\\x80' Q", "not UTF-8 from its byte 0 (0xf4)" },
  { "/text/bad-behind-nul", "#02 N'\\x00\\xff' Q", "not UTF-8 from its byte 1 (0xff)" },

  { "/long/empty", "#02 H'' Q", "at byte 1: an int has no decimal digits" },
  { "/long/only-sign", "#02 H'-' Q", "no decimal digits" },
  { "/long/space", "#02 H' 5' Q", "no decimal digits" },
  { "/long/letter", "#02 I'5L' Q", "no decimal digits" },
  { "/long/two-signs", "#02 I'+-5' Q", "no decimal digits" },
  { "/long/nul", "#02 H'5\\x00' Q", "no decimal digits" },

  { "/channel", "#02 B7 Q", "at byte 1: it holds channel 7" },

  { "/list/negative", "#02 K-1 Q", "at byte 1: the length -1 is negative" },
  { "/list/too-large", "#02 K2147483647 Q", "a list is to have 2147483647 members" },
  { "/list/too-large-together", "#02 K4000 F0 K4000 P Q", "at byte 11: a list is to have 4000" },
  { "/list/index/too-large", "#02 K2 F2 L P Q", "a list of 2 members has no index 2" },
  { "/list/index/too-small", "#02 K2 F-3 L P Q", "a list of 2 members has no index -3" },
  { "/list/index/long",
    "#02 K2 H'99999999999999999999' L P Q",
    "the index of a list must be an int of 64 bits; it is of the type int" },
  { "/list/index/least",
    "#02 K2 H'-9223372036854775808' L P Q",
    "has no index -9223372036854775808" },
  { "/list/index/float",
    "#02 K1 D0 L P Q",
    "the index of a list must be an int of 64 bits; it is of the type float" },
  { "/list/index/text",
    "#02 K1 N'0' L P Q",
    "the index of a list must be an int of 64 bits; it is of the type str" },
  { "/list/index/list",
    "#02 K1 K0 L P Q",
    "the index of a list must be an int of 64 bits; it is of the type list" },

  { "/tuple/too-few", "#02 L @2 Q", "at byte 2: 2 members are wanted, but there are only 1" },
  { "/tuple/negative", "#02 L @-1 Q", "at byte 2: the length -1 is negative" },
  { "/tuple/largest", "#02 @2147483647 Q", "2147483647 members are wanted" },
  { "/set/too-few", "#02 L O2 Q", "2 members are wanted" },
  { "/frozenset/negative", "#02 E-5 Q", "the length -5 is negative" },

  { "/set-item/nothing",
    "#02 P Q",
    "at byte 1: setting a member takes three values, but there are only 0" },
  { "/set-item/two", "#02 K1 F0 P Q", "takes three values, but there are only 2" },
  { "/set-item/no-container",
    "#02 F0 F0 F0 P Q",
    "only lists and dictionaries have members to set; this is a int" },
  { "/set-item/tuple",
    "#02 F0 @1 F0 F0 P Q",
    "only lists and dictionaries have members to set; this is a tuple" },
  { "/set-item/set",
    "#02 O0 F0 F0 P Q",
    "only lists and dictionaries have members to set; this is a set" },

  { "/key/list",
    "#02 J K0 L P Q",
    "at byte 8: the key of a dictionary is not hashable; it is a list" },
  { "/key/dict",
    "#02 J J L P Q",
    "at byte 4: the key of a dictionary is not hashable; it is a dict" },
  { "/key/set", "#02 J O0 L P Q", "the key of a dictionary is not hashable; it is a set" },
  { "/key/list-in-a-tuple",
    "#02 J K0 @1 L P Q",
    "the key of a dictionary is not hashable; it is a tuple" },
  { "/key/list-in-tuples",
    "#02 J K0 @1 @1 L P Q",
    "the key of a dictionary is not hashable; it is a tuple" },
  { "/member/list", "#02 K0 O1 Q", "at byte 6: a member of a set is not hashable; it is a list" },
  { "/member/dict", "#02 J E1 Q", "a member of a set is not hashable; it is a dict" },
  { "/member/set", "#02 O0 O1 Q", "a member of a set is not hashable; it is a set" },
};

static void
assert_refused (GBytes *dump, ExecnetLoadFlags flags, const char *says)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (execnet_loads (dump, flags, &error));
  assert_error_says (error, EXECNET_ERROR_DATA_FORMAT, says);
}

static void
test_case (gconstpointer data)
{
  const Case *test = data;
  g_autoptr (GBytes) dump = assemble (test->dump);

  assert_refused (dump, EXECNET_LOAD_DEFAULT, test->says);
}

/* One of everything. */
static GBytes *
make_sample (void)
{
  return assemble_dump ("K13 F0 L P F1 R P F2 C P F3 F-1 P F4 G5 P F5 H'99999999999999999999' P "
                        "F6 D1.5 P F7 T1,2 P F8 A'ab' P F9 M'cd' P F10 S'ef' P "
                        "F11 J N'k' F1 N'x' @2 P N'l' K1 F0 F1 P P P F12 F1 F2 E2 F3 O2 P Q");
}

static void
test_truncations (void)
{
  g_autoptr (GBytes) sample = make_sample ();

  for (gsize size = 1; size < g_bytes_get_size (sample); size++)
    {
      /* A copy of its own, so that reading behind it is noticed. */
      g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (sample, NULL), size);
      g_autoptr (GBytes) cut = g_bytes_new_static (copy, size);

      assert_refused (cut, EXECNET_LOAD_DEFAULT, "Malformed item at byte ");
    }
}

/* Whatever one byte becomes: an error or an item, and that in normal form. */
static void
test_changed_bytes (void)
{
  g_autoptr (GBytes) sample = make_sample ();
  gsize size;
  const guint8 *bytes = g_bytes_get_data (sample, &size);
  guint n_refused = 0;

  for (gsize i = 0; i < size; i++)
    for (guint value = 0; value < 256; value++)
      {
        guint8 *copy = g_memdup2 (bytes, size);
        g_autoptr (GBytes) changed = g_bytes_new_take (copy, size);
        g_autoptr (GError) error = NULL;
        g_autoptr (GVariant) item = NULL;

        copy[i] = (guint8) value;
        item = execnet_loads (changed, EXECNET_LOAD_PY2STR_AS_PY3STR, &error);
        if (item != NULL)
          g_free (print_item (item));
        else
          {
            g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT);
            n_refused++;
          }
      }
  g_assert_cmpuint (n_refused, >, size * 100);
}

static void
test_too_many_digits (void)
{
  g_autofree char *digits = g_strnfill (4301, '1');
  g_autofree char *program = g_strdup_printf ("H'%s' Q", digits);
  g_autoptr (GBytes) dump = assemble_dump (program);

  assert_refused (dump, EXECNET_LOAD_DEFAULT, "an int has more than 4300 digits");
}

static void
repeat (GString *program, const char *opcodes, guint times)
{
  for (guint i = 0; i < times; i++)
    g_string_append (program, opcodes);
}

/* Memory follows what is there, not what is claimed. */
static void
test_memory (void)
{
  enum
  {
    REPEATED = 8000,
    MOST_KIB = 64 * 1024,
  };
  const char *openings[] = { "K1000 ",  "K1 F0 ",    "J N'' ", "#4e7fffffff ",         "@0 ",
                             "J ",      "F1 ",       "E0 ",    "K3 F0 K1000000000 P ", "L L L @3 ",
                             "N'' E1 ", "J F1 F1 P " };
  struct rusage before, after;

  getrusage (RUSAGE_SELF, &before);
  for (guint i = 0; i < G_N_ELEMENTS (openings); i++)
    {
      g_autoptr (GString) program = g_string_new (NULL);
      g_autoptr (GBytes) dump = NULL;

      repeat (program, openings[i], REPEATED);
      g_string_append (program, "Q");
      dump = assemble_dump (program->str);
      assert_refused (dump, EXECNET_LOAD_DEFAULT, "Malformed item at byte ");
    }
  getrusage (RUSAGE_SELF, &after);
  g_assert_cmpint (after.ru_maxrss - before.ru_maxrss, <, MOST_KIB);
}

#if GLIB_SIZEOF_SIZE_T > 4
static void
test_too_large (void)
{
  g_autoptr (GBytes) dump = make_vast_bytes ((gsize) G_MAXUINT32 + 1);

  *(guint8 *) g_bytes_get_data (dump, NULL) = 2;
  assert_refused (dump, EXECNET_LOAD_DEFAULT, "4294967296 bytes is too large to read");
}
#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/items/bad-input", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/items/bad-input/truncations", test_truncations);
  g_test_add_func ("/items/bad-input/changed-bytes", test_changed_bytes);
  g_test_add_func ("/items/bad-input/long/too-many-digits", test_too_many_digits);
  g_test_add_func ("/items/bad-input/memory", test_memory);
#if GLIB_SIZEOF_SIZE_T > 4
  g_test_add_func ("/items/bad-input/too-large", test_too_large);
#endif
  return g_test_run ();
}
