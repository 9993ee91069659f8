/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a worker answers first, and what else may come instead. */

#include "config.h"

#include "base/execnet-error.h"
#include "data/execnet-item-private.h"
#include "engine/execnet-bootstrap-private.h"

#include <string.h>

/* The bytes are given as a literal: `size` without its NUL. */
#define BYTES(literal) literal, sizeof (literal) - 1

static const struct
{
  const char *bytes;
  gsize size;
  ExecnetGreeting greeting;
} answers[] = {
  { BYTES (""), EXECNET_GREETING_MORE },
  { BYTES ("1"), EXECNET_GREETING_MORE },
  { BYTES ("1\x08"), EXECNET_GREETING_MORE },
  { BYTES ("1\x08\0\0\0\0\0\0\0"), EXECNET_GREETING_MORE },
  { BYTES ("1\x08\0\0\0\0\0\0\0\x20"), EXECNET_GREETING_UP },
  { BYTES ("1\x08\0\0\0\0\0\0\0\x20 and more of it"), EXECNET_GREETING_UP },
  { BYTES ("1\x08\0\0\0\0\0\1\0\0"), EXECNET_GREETING_UP },

  /* A message that is not that. */
  { BYTES ("1\x04"), EXECNET_GREETING_UNKNOWN },
  { BYTES ("1\n"), EXECNET_GREETING_UNKNOWN },
  { BYTES ("10 little"), EXECNET_GREETING_UNKNOWN },
  { BYTES ("1\x08\0\0\0\1\0\0\0\x20"), EXECNET_GREETING_UNKNOWN },
  { BYTES ("1\x08\xff\xff\xff\xff\0\0\0\x20"), EXECNET_GREETING_UNKNOWN },
  { BYTES ("1\x08\0\0\0\0\0\1\0\1"), EXECNET_GREETING_UNKNOWN },
  { BYTES ("1\x08\0\0\0\0\x7f\xff\xff\xff"), EXECNET_GREETING_UNKNOWN },
  { BYTES ("1\x08\0\0\0\0\xff\xff\xff\xff"), EXECNET_GREETING_UNKNOWN },

  /* Something else altogether. */
  { BYTES ("2"), EXECNET_GREETING_UNKNOWN },
  { BYTES ("\0"), EXECNET_GREETING_UNKNOWN },
  { BYTES ("\xff"), EXECNET_GREETING_UNKNOWN },
  { BYTES ("Python 3"), EXECNET_GREETING_UNKNOWN },
  { BYTES (" 1\x08\0\0\0\0\0\0\0\x20"), EXECNET_GREETING_UNKNOWN },

  /* A refusal, in pieces. */
  { BYTES ("0"), EXECNET_GREETING_MORE },
  { BYTES ("0\0"), EXECNET_GREETING_MORE },
  { BYTES ("0\0\0\0"), EXECNET_GREETING_MORE },
  { BYTES ("0\0\0\0\x05"), EXECNET_GREETING_MORE },
  { BYTES ("0\0\0\0\x05"
           "a\nbc"),
    EXECNET_GREETING_MORE },
  { BYTES ("0 is a number"), EXECNET_GREETING_UNKNOWN },
  { BYTES ("0\0\1\0\1"), EXECNET_GREETING_UNKNOWN },
  { BYTES ("0\x7f\xff\xff\xff"), EXECNET_GREETING_UNKNOWN },
  { BYTES ("0\xff\xff\xff\xff"), EXECNET_GREETING_UNKNOWN },
};

static void
test_answers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GError) error = NULL;
      /* In memory of its own, so that reading beyond the end shows. */
      g_autofree guint8 *bytes = g_memdup2 (answers[i].bytes, answers[i].size);
      ExecnetGreeting greeting
          = execnet_bootstrap_read_greeting (bytes, answers[i].size, &error);

      if (greeting != answers[i].greeting)
        g_error ("answer %u is %d instead of %d", i, greeting, answers[i].greeting);
      g_assert_no_error (error);
    }
}

/* Whatever becomes an answer was never taken for something else before. */
static void
test_prefixes (void)
{
  const struct
  {
    const char *bytes;
    gsize size;
  } whole[] = {
    { BYTES ("1\x08\0\0\0\0\0\0\0\x20") },
    { BYTES ("0\0\0\0\x09too-old\nx") },
    { BYTES ("0\0\0\0\0") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (whole); i++)
    {
      for (gsize size = 0; size < whole[i].size; size++)
        g_assert_cmpint (execnet_bootstrap_read_greeting (
                             (const guint8 *) whole[i].bytes, size, NULL),
                         ==,
                         EXECNET_GREETING_MORE);
    }
}

static void
test_refusals (void)
{
  static const struct
  {
    const char *bytes;
    gsize size;
    int code;
    const char *message;
  } refusals[] = {
    { BYTES ("0\0\0\0\x0ctoo-old\nthis"), EXECNET_ERROR_INTERPRETER_TOO_OLD, "this" },
    { BYTES ("0\0\0\0\x0a"
             "chdir\nthis"),
      EXECNET_ERROR_FAILED,
      "this" },
    { BYTES ("0\0\0\0\x04this and more"), EXECNET_ERROR_FAILED, "this" },
    { BYTES ("0\0\0\0\0"), EXECNET_ERROR_FAILED, "" },
    { BYTES ("0\0\0\0\x07too-old"), EXECNET_ERROR_FAILED, "too-old" },
    { BYTES ("0\0\0\0\x04\xff\n\xff\0"), EXECNET_ERROR_FAILED, "\xef\xbf\xbd" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree guint8 *bytes = g_memdup2 (refusals[i].bytes, refusals[i].size);

      g_assert_cmpint (execnet_bootstrap_read_greeting (bytes, refusals[i].size, &error), ==,
                       EXECNET_GREETING_FAILED);
      g_assert_error (error, EXECNET_ERROR, refusals[i].code);
      g_assert_nonnull (strstr (error->message, refusals[i].message));
      g_assert_null (strstr (error->message, "more"));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

static void
test_stray_output (void)
{
  g_autofree char *long_text = g_strnfill (5000, 'x');
  g_autoptr (GError) plain = NULL;
  g_autoptr (GError) cut = NULL;
  g_autoptr (GError) odd = NULL;

  plain = execnet_bootstrap_new_stray_output_error (BYTES ((const guint8 *) "one\ntwo\n"));
  g_assert_error (plain, EXECNET_ERROR, EXECNET_ERROR_UNEXPECTED_OUTPUT);
  g_assert_nonnull (strstr (plain->message, "“one\ntwo”"));
  cut = execnet_bootstrap_new_stray_output_error ((const guint8 *) long_text, 5000);
  g_assert_cmpuint (strlen (cut->message), <, 1000);
  g_assert_nonnull (strstr (cut->message, "x…”"));
  odd = execnet_bootstrap_new_stray_output_error ((const guint8 *) "\xff\0\xc3", 3);
  g_assert_true (g_utf8_validate (odd->message, -1, NULL));
}

static void
test_hello (void)
{
  g_autoptr (GVariant) dictionary = g_variant_ref_sink (g_variant_new_parsed ("{'pid': <7>}"));
  g_autoptr (GVariant) number = g_variant_ref_sink (g_variant_new_int64 (7));
  g_autoptr (GBytes) good = execnet_item_write_bytes (
      EXECNET_ITEM_FORM_OPCODES, dictionary, NULL, NULL, NULL);
  g_autoptr (GBytes) wrong
      = execnet_item_write_bytes (EXECNET_ITEM_FORM_OPCODES, number, NULL, NULL, NULL);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GVariant) read = NULL;
  g_autoptr (GError) error = NULL;

  read = execnet_bootstrap_read_hello (good, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (read), ==, "a{sv}");
  g_assert_null (execnet_bootstrap_read_hello (wrong, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT);
  g_clear_error (&error);
  g_assert_null (execnet_bootstrap_read_hello (empty, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT);
}

/* One line, whatever is in the options. */
static void
test_line (void)
{
  g_autoptr (GVariant) options = g_variant_ref_sink (
      g_variant_new_parsed ("{'id': <'a\\n\"b\\'\\\\ä'>, 'execmodel': <'thread'>}"));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) line = execnet_bootstrap_make_line (options, &error);
  const char *text;
  gsize size;

  g_assert_no_error (error);
  text = g_bytes_get_data (line, &size);
  g_assert_cmpint (text[size - 1], ==, '\n');
  g_assert_true (memchr (text, '\n', size) == text + size - 1);
  for (gsize i = 0; i < size; i++)
    g_assert_cmpint (text[i], >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/greeting/answers", test_answers);
  g_test_add_func ("/greeting/prefixes", test_prefixes);
  g_test_add_func ("/greeting/refusals", test_refusals);
  g_test_add_func ("/greeting/stray-output", test_stray_output);
  g_test_add_func ("/greeting/hello", test_hello);
  g_test_add_func ("/greeting/line", test_line);
  return g_test_run ();
}
