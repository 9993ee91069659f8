/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What both sides write of what they do, when the environment asks for it. */

#include "config.h"

#include "testing.h"

#include <glib/gstdio.h>
#include <string.h>

/* In a process of its own, which reads the environment anew. Prints the worker's number. */
static void
run_gateway (void)
{
  g_autoptr (ExecnetGroup) group = execnet_group_new ();
  g_autoptr (ExecnetGateway) gateway = make_gateway (group, "popen//id=traced");

  g_print ("worker=%d\n", (int) remote_pid (gateway));
  g_assert_true (execnet_group_terminate (group, PATIENCE_MS, NULL, NULL));
}

static void
trap (const char *execnet_debug, const char *messages_debug, const char *folder)
{
  g_setenv ("EXECNET_DEBUG", execnet_debug, TRUE);
  g_setenv ("G_MESSAGES_DEBUG", messages_debug, TRUE);
  g_setenv ("TMPDIR", folder, TRUE);
  g_test_trap_subprocess ("/tracing/subprocess", PATIENCE_MS * G_TIME_SPAN_MILLISECOND, 0);
  g_test_trap_assert_passed ();
}

static void
test_stderr (void)
{
  trap ("2", "", g_get_tmp_dir ());
  g_test_trap_assert_stderr ("*] traced: is up\n*");
  g_test_trap_assert_stderr ("*] sent CHANNEL_EXEC channel=1 *");
  g_test_trap_assert_stderr ("*] got message 3 for channel 1 with *");
  g_test_trap_assert_stderr ("*] traced: closed: as asked\n*");
}

static void
test_files (void)
{
  g_autofree char *folder = g_dir_make_tmp ("execnet-tracing-XXXXXX", NULL);
  g_autoptr (GDir) dir = NULL;
  const char *name;
  guint n_ours = 0, n_workers = 0;

  trap ("1", "", folder);
  g_test_trap_assert_stderr_unmatched ("*traced*");
  dir = g_dir_open (folder, 0, NULL);
  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *text = NULL;
      g_autofree char *start = NULL;

      g_assert_true (g_str_has_prefix (name, "execnet-debug-"));
      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
      start = g_strdup_printf ("[%s] ", name + strlen ("execnet-debug-"));
      g_assert_true (g_str_has_prefix (text, start));
      n_ours += strstr (text, "sent CHANNEL_EXEC") != NULL;
      n_workers += strstr (text, "got message 3 ") != NULL;
      g_remove (path);
    }
  g_rmdir (folder);
  g_assert_cmpuint (n_ours, ==, 1);
  g_assert_cmpuint (n_workers, ==, 1);
}

static void
test_log (void)
{
  trap ("", "Execnet", g_get_tmp_dir ());
  g_test_trap_assert_stdout ("*Execnet-DEBUG*traced: is up\n*");
  g_test_trap_assert_stderr_unmatched ("*got message*");
}

static void
test_off (void)
{
  trap ("", "", g_get_tmp_dir ());
  g_test_trap_assert_stdout_unmatched ("*is up*");
  g_test_trap_assert_stderr_unmatched ("*is up*");
  g_test_trap_assert_stderr_unmatched ("*got message*");
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  g_test_add_func ("/tracing/subprocess", run_gateway);
  g_test_add_func ("/tracing/stderr", test_stderr);
  g_test_add_func ("/tracing/files", test_files);
  g_test_add_func ("/tracing/log", test_log);
  g_test_add_func ("/tracing/off", test_off);

  return g_test_run ();
}
