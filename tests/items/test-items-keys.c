/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which keys and members of sets Python takes for one: the first key stays, with the last value. */

#include "config.h"

#include "items-testing.h"

#include <string.h>

/* Pairs of values that are one key, or two. */
static const struct
{
  const char *first;
  const char *second;
  gboolean same;
} pairs[] = {
  { "N'a'", "N'a'", TRUE },
  { "N'a'", "N'b'", FALSE },
  { "N'a'", "S'a'", TRUE },
  { "N'a'", "A'a'", FALSE },
  { "A'a'", "M'a'", TRUE },
  { "N'a\\x00'", "S'a\\x00'", TRUE },
  { "N'a\\x00'", "N'a'", FALSE },
  { "F1", "H'1'", TRUE },
  { "F1", "D1", TRUE },
  { "F1", "R", TRUE },
  { "F0", "C", TRUE },
  { "F0", "D-0", TRUE },
  { "C", "D0", TRUE },
  { "F0", "L", FALSE },
  { "L", "L", TRUE },
  { "C", "L", FALSE },
  { "N''", "A''", FALSE },
  { "F1", "T1,0", TRUE },
  { "F1", "T1,-0", TRUE },
  { "D1.5", "T1.5,0", TRUE },
  { "T-0,1", "T0,1", TRUE },
  { "T1,2", "T1,2", TRUE },
  { "T1,2", "T2,1", FALSE },
  { "D1.5", "D1.5", TRUE },
  { "D1.5", "F1", FALSE },
  { "Dinf", "Dinf", TRUE },
  { "Dinf", "D-inf", FALSE },
  { "Dnan", "Dnan", FALSE },
  { "Tnan,0", "Tnan,0", FALSE },
  { "T0,nan", "T0,nan", FALSE },
  { "H'9007199254740993'", "D9007199254740992", FALSE },
  { "H'9223372036854775807'", "D9223372036854775808", FALSE },
  { "H'9223372036854775808'", "D9223372036854775808", TRUE },
  { "H'-9223372036854775808'", "D-9223372036854775808", TRUE },
  { "H'1000000000000000019884624838656'", "D1e30", TRUE },
  { "H'1000000000000000019884624838656'", "T1e30,0", TRUE },
  { "H'1000000000000000019884624838657'", "D1e30", FALSE },
  { "H'-1000000000000000019884624838656'", "D-1e30", TRUE },
  { "H'99999999999999999999'", "I'+099999999999999999999'", TRUE },
  { "@0", "@0", TRUE },
  { "@0", "E0", FALSE },
  { "F1 N'a' @2", "D1 S'a' @2", TRUE },
  { "F1 N'a' @2", "N'a' F1 @2", FALSE },
  { "F1 @1", "F1", FALSE },
  { "F1 @1", "F1 @1 @1", FALSE },
  { "F1 @1 @1", "R @1 @1", TRUE },
  { "Dnan @1", "Dnan @1", FALSE },
  { "F1 F2 E2", "D2 D1 E2", TRUE },
  { "F1 F2 E2", "F1 F3 E2", FALSE },
  { "F1 F2 E2", "F1 E1", FALSE },
  { "F1 D1 E2", "R E1", TRUE },
  { "F1 E1 @1", "R E1 @1", TRUE },
  { "F1 E1 F2 @1 E2", "D2 @1 R E1 E2", TRUE },
};

static GVariant *
load (const char *program)
{
  g_autoptr (GBytes) dump = assemble_dump (program);
  g_autoptr (GError) error = NULL;
  GVariant *item = execnet_loads (dump, EXECNET_LOAD_DEFAULT, &error);

  g_assert_no_error (error);
  g_free (print_item (item));
  return item;
}

/* What is there to count in a dictionary or set. */
static GVariant *
get_members (GVariant *item)
{
  g_autoptr (GVariant) boxed = NULL;

  if (g_variant_is_of_type (item, G_VARIANT_TYPE_ARRAY))
    return g_variant_ref (item);
  boxed = g_variant_get_child_value (item, 1);
  return g_variant_get_variant (boxed);
}

static void
assert_members (const char *program, gsize expected)
{
  g_autoptr (GVariant) item = load (program);
  g_autoptr (GVariant) members = get_members (item);

  g_assert_cmpuint (g_variant_n_children (members), ==, expected);
}

static void
test_pairs (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    for (guint swapped = 0; swapped < 2; swapped++)
      {
        const char *first = swapped ? pairs[i].second : pairs[i].first;
        const char *second = swapped ? pairs[i].first : pairs[i].second;
        gsize n = pairs[i].same ? 1 : 2;
        g_autofree char *set = g_strdup_printf ("%s %s O2 Q", first, second);
        g_autofree char *dict = g_strdup_printf ("J %s L P %s R P Q", first, second);
        /* The same among many, which are not compared one by one. */
        g_autofree char *large
            = g_strdup_printf ("%s F91 F92 F93 F94 N'p' N'q' N'r' F95 F96 %s O11 Q", first, second);

        g_test_message ("%s, %s", first, second);
        assert_members (set, n);
        assert_members (dict, n);
        assert_members (large, n + 9);
      }
}

static const struct
{
  const char *program;
  const char *text;
} kept[] = {
  { "J N'a' F1 P N'b' F2 P N'a' F3 P", "{'a': <int64 3>, 'b': <int64 2>}" },
  { "J F1 N'x' P R N'y' P", "{int64 1: <'y'>}" },
  { "J R N'x' P F1 N'y' P", "{true: <'y'>}" },
  { "J D1 N'x' P F1 N'y' P D2 N'z' P", "{1.0: <'y'>, 2.0: <'z'>}" },
  { "J N'a' K1 F0 F1 P P N'a' J P", "{'a': <@a{sv} {}>}" },
  { "J F1 @1 L P R @1 R P", "{'dict', <[(<(int64 1,)>, <true>)]>}" },
  { "F1 R D1 F2 O4", "{'set', <[<int64 1>, <int64 2>]>}" },
  { "J F0 F0 P F1 F0 P F2 F0 P F3 F0 P F4 F0 P F5 F0 P F6 F0 P F7 F0 P F8 F0 P F9 F0 P F3 F9 P",
    "{int64 0: <int64 0>, 1: <int64 0>, 2: <int64 0>, 3: <int64 9>, 4: <int64 0>, 5: <int64 0>, "
    "6: <int64 0>, 7: <int64 0>, 8: <int64 0>, 9: <int64 0>}" },
};

static void
test_kept (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    {
      g_autofree char *program = g_strconcat (kept[i].program, " Q", NULL);
      g_autoptr (GVariant) item = load (program);
      g_autofree char *text = g_variant_print (item, TRUE);

      g_assert_cmpstr (text, ==, kept[i].text);
    }
}

static void
append_key (GString *program, const char *before, guint number, const char *behind)
{
  g_string_append_printf (program, "%s%u%s ", before, number, behind);
}

/* Every key twice, in another order and as another type the second time. */
static void
test_many (void)
{
  enum
  {
    N = 20000,
  };
  const struct
  {
    const char *before[2];
    const char *behind[2];
  } forms[] = {
    { { "N'", "S'" }, { "'", "'" } },
    { { "F", "D" }, { "", "" } },
    { { "F", "D" }, { " N'x' @2", " S'x' @2" } },
    { { "F", "T" }, { " E1", ",0 E1" } },
    { { "A'", "M'" }, { "'", "'" } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autoptr (GString) program = g_string_new ("J ");
      g_autoptr (GVariant) item = NULL;
      g_autoptr (GVariant) members = NULL;

      for (guint j = 0; j < N; j++)
        {
          append_key (program, forms[i].before[0], j, forms[i].behind[0]);
          g_string_append (program, "L P ");
        }
      for (guint j = N; j-- > 0;)
        {
          append_key (program, forms[i].before[1], j, forms[i].behind[1]);
          g_string_append_printf (program, "F%u P ", j);
        }
      g_string_append (program, "Q");
      item = load (program->str);
      members = get_members (item);
      g_assert_cmpuint (g_variant_n_children (members), ==, N);
      for (guint j = 0; j < N; j += 997)
        {
          g_autoptr (GVariant) pair = g_variant_get_child_value (members, j);
          g_autoptr (GVariant) boxed = g_variant_get_child_value (pair, 1);
          g_autoptr (GVariant) value = g_variant_get_variant (boxed);

          g_assert_cmpint (g_variant_get_int64 (value), ==, j);
        }
    }
}

/* A small dictionary behind a large one costs as little as before it: else this takes minutes. */
static void
test_small_behind_large (void)
{
  enum
  {
    N_LARGE = 100000,
    N_SMALL = 20000,
  };
  g_autoptr (GString) program = g_string_new (NULL);
  g_autoptr (GVariant) item = NULL;

  g_string_append_printf (program, "K%u F0 J ", N_SMALL + 1);
  for (guint i = 0; i < N_LARGE; i++)
    g_string_append_printf (program, "F%u L P ", i);
  g_string_append (program, "P ");
  for (guint i = 0; i < N_SMALL; i++)
    {
      g_string_append_printf (program, "F%u J ", i + 1);
      for (guint j = 0; j < 10; j++)
        g_string_append_printf (program, "F%u L P ", j);
      g_string_append (program, "P ");
    }
  g_string_append (program, "Q");
  item = load (program->str);
  g_assert_cmpuint (g_variant_n_children (item), ==, N_SMALL + 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/items/keys/pairs", test_pairs);
  g_test_add_func ("/items/keys/kept", test_kept);
  g_test_add_func ("/items/keys/many", test_many);
  g_test_add_func ("/items/keys/small-behind-large", test_small_behind_large);
  return g_test_run ();
}
