/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any text as a gateway specification: it is refused with words, or kept to the letter. */

#include "config.h"

#include "fuzz-target.h"

#include "base/execnet-error.h"
#include "data/execnet-xspec-private.h"

static void
check_error (GError *error)
{
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
check_text (ExecnetXSpec *spec, const char *expected)
{
  g_autofree char *text = execnet_xspec_to_string (spec);

  g_assert_cmpstr (text, ==, expected);
}

/* Setting each key to what it is makes a text of the keys, which says the same. */
static void
check_rendering (ExecnetXSpec *spec)
{
  g_autoptr (ExecnetXSpec) changed = execnet_xspec_copy (spec);
  g_auto (GStrv) keys = execnet_xspec_list_keys (spec);
  g_autoptr (ExecnetXSpec) again = NULL;
  g_auto (GStrv) keys_again = NULL;
  g_autofree char *text = NULL;

  for (guint i = 0; keys[i] != NULL; i++)
    g_assert_true (execnet_xspec_set (changed, keys[i], execnet_xspec_get (spec, keys[i]), NULL));
  text = execnet_xspec_to_string (changed);
  again = execnet_xspec_new (text, NULL);
  g_assert_nonnull (again);
  keys_again = execnet_xspec_list_keys (again);
  g_assert_cmpstrv (keys, keys_again);
  for (guint i = 0; keys[i] != NULL; i++)
    g_assert_cmpstr (execnet_xspec_get (spec, keys[i]), ==, execnet_xspec_get (again, keys[i]));
}

static void
check_use (ExecnetXSpec *spec)
{
  g_autoptr (GHashTable) env = execnet_xspec_get_env (spec);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = NULL;

  if (!execnet_xspec_validate (spec, &error))
    {
      check_error (error);
      return;
    }
  words = execnet_xspec_split_python (spec, &error);
  g_assert_no_error (error);
  g_assert_cmpint (words != NULL, ==, execnet_xspec_has (spec, "python"));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup (size > 0 ? (const char *) data : "", size);
  g_autoptr (GError) error = NULL;
  g_autoptr (ExecnetXSpec) spec = execnet_xspec_new (text, &error);

  if (spec == NULL)
    {
      check_error (error);
      return 0;
    }
  check_text (spec, text);
  check_rendering (spec);
  check_use (spec);
  return 0;
}
