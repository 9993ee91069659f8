/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who makes the connection where the specification does not say it. */

#include "config.h"

#include "host.h"

#include <string.h>
#include <unistd.h>

static char *folder;

/* What was traced since the last time. */
static char *
read_trace (void)
{
  static gsize n_read;
  g_autofree char *name = g_strdup_printf ("execnet-debug-%d", (int) getpid ());
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *text = NULL;
  gsize length;
  char *news;

  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  news = g_strdup (text + n_read);
  n_read = length;
  return news;
}

/* Gets in, and traces the part, or nothing about a choice for NULL. */
static void
assert_client (Host *host, const char *options, const char *part)
{
  g_autoptr (ExecnetGateway) gateway = host_make (host, options, "");
  g_autofree char *trace = read_trace ();

  assert_still_works (gateway);
  if (part == NULL)
    {
      g_assert_null (strstr (trace, "the OpenSSH client connects"));
      return;
    }
  g_assert_nonnull (strstr (trace, "the OpenSSH client connects"));
  g_assert_nonnull (strstr (trace, part));
}

static void
test_options (Host *host, gconstpointer arguments)
{
  assert_client (host, "-4", NULL);
  assert_client (host, "-A", "-A");
  assert_client (host, "-o SetEnv=A=b", "SetEnv=A=b");
}

static const char *const rsa[] = { "--user-key", "rsa", NULL };

static void
test_rsa (Host *host, gconstpointer arguments)
{
  assert_client (host, "-4", "ssh-rsa");
}

/* Who insists gets an error that says so. */
static void
test_insisting (Host *host, gconstpointer arguments)
{
  assert_error_says (
      host_fail (host, "-A", "//ssh_client=libssh2"), EXECNET_ERROR, EXECNET_ERROR_FAILED, "-A");
}

int
main (int argc, char **argv)
{
  const char *parent = g_getenv ("TMPDIR") != NULL ? g_getenv ("TMPDIR") : "/tmp";
  char *remove[] = { (char *) "rm", (char *) "-rf", NULL, NULL };
  int result;

  /* GLib reads TMPDIR once: not before it is set here. */
  folder = g_build_filename (parent, "execnet-choice-test-XXXXXX", NULL);
  g_assert_nonnull (g_mkdtemp (folder));
  g_setenv ("TMPDIR", folder, TRUE);
  g_setenv ("EXECNET_DEBUG", "1", TRUE);
  testing_init (&argc, &argv);

  ADD_HOST_TEST ("/ssh/choice/options", NULL, test_options);
  ADD_HOST_TEST ("/ssh/choice/rsa", rsa, test_rsa);
  ADD_HOST_TEST ("/ssh/choice/insisting", NULL, test_insisting);
  result = g_test_run ();

  /* Interpreters trace there, too. */
  remove[2] = folder;
  run_program ((const char *const *) remove);
  g_free (folder);
  return result;
}
