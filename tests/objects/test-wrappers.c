/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Interpreters behind other programs: "python=" is split into words as in a shell. What the
 * documentation names is run here. */

#include "config.h"

#include "testing.h"

#include <string.h>

/* Other users may not look into the folders of the one who runs this. */
#define PYTHON "/usr/bin/python3"

typedef struct
{
  const char *name;
  const char *command; /* without the interpreter */
  const char *code;    /* sends 1 when the wrapper has had its effect */
} Wrapper;

static const Wrapper wrappers[] = {
  { "env",
    "env FOO=1 'BAR=two words' nice -n 3",
    "import os\n"
    "channel.send(int((os.environ['FOO'], os.environ['BAR'], os.nice(0)) == ('1', 'two words', 3)))" },
  { "nice", "nice -n 5", "import os; channel.send(int(os.nice(0) == 5))" },
  { "sudo", "sudo -n -u nobody", "import os; channel.send(int(os.getuid() == 65534))" },
  { "unshare",
    "unshare --user --map-root-user --pid --fork",
    "import os; channel.send(int(os.getpid() == 1))" },
  { "setpriv",
    "setpriv --reuid=65534 --clear-groups",
    "import os; channel.send(int(os.getuid() == 65534))" },
  { "bash",
    "bash -c 'export QUOTED=\"a  b\"; exec \"$@\"' bash",
    "import os; channel.send(int(os.environ['QUOTED'] == 'a  b'))" },
};

static gboolean
runs_here (const Wrapper *wrapper)
{
  g_autofree char *command = g_strconcat (wrapper->command, " true", NULL);
  g_autofree char *errors = NULL;
  int status;

  return g_spawn_command_line_sync (command, NULL, &errors, &status, NULL)
         && g_spawn_check_wait_status (status, NULL);
}

static char *
make_spec (const Wrapper *wrapper)
{
  return g_strdup_printf ("popen//python=%s " PYTHON, wrapper->command);
}

static void
test_wrapper (gconstpointer data)
{
  const Wrapper *wrapper = data;
  g_autofree char *spec = make_spec (wrapper);
  Fixture fixture;
  g_autoptr (ExecnetChannel) channel = NULL;

  if (!runs_here (wrapper))
    {
      g_test_skip (wrapper->command);
      return;
    }
  set_up (&fixture, spec);
  channel = run_code (fixture.gateway, wrapper->code);
  g_assert_cmpint (receive_int (channel), ==, 1);
  assert_waits_for_close (channel);
  g_clear_object (&channel);
  /* Both directions, and more than a pipe holds. */
  channel = run_code (fixture.gateway, "for item in channel: channel.send(len(item) * item)");
  send_text (channel, "wrapped");
  g_free (receive_text (channel));
  g_clear_object (&channel);
  assert_still_works (fixture.gateway);
  tear_down (&fixture, spec);
}

/* What ignores everything is gone with its wrapper, within the time-out. */
static void
test_kill (gconstpointer data)
{
  const Wrapper *wrapper = data;
  g_autofree char *spec = make_spec (wrapper);
  Fixture fixture;
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autoptr (GError) error = NULL;

  if (!runs_here (wrapper))
    {
      g_test_skip (wrapper->command);
      return;
    }
  set_up (&fixture, spec);
  channel = run_until_ready (fixture.gateway,
                             "import signal, time\n"
                             "for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):\n"
                             "    signal.signal(number, signal.SIG_IGN)\n"
                             "channel.send(1)\n"
                             "while True: time.sleep(1000)");
  g_assert_true (execnet_group_terminate (fixture.group, 100, NULL, &error));
  g_assert_no_error (error);
  g_clear_object (&channel);
  tear_down (&fixture, spec);
}

static void
test_not_there (void)
{
  g_autoptr (ExecnetGroup) group = execnet_group_new ();
  g_autoptr (GError) error = NULL;

  g_assert_null (execnet_group_make_gateway (
      group, "popen//python=env -i /no/such/python3", NULL, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_NO_INTERPRETER);
  g_assert_nonnull (strstr (error->message, "/no/such/python3"));
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  for (guint i = 0; i < G_N_ELEMENTS (wrappers); i++)
    {
      g_autofree char *path = g_strconcat ("/wrappers/", wrappers[i].name, NULL);
      g_autofree char *kill_path = g_strconcat ("/wrappers/kill/", wrappers[i].name, NULL);

      g_test_add_data_func (path, &wrappers[i], test_wrapper);
      g_test_add_data_func (kill_path, &wrappers[i], test_kill);
    }
  g_test_add_func ("/wrappers/not-there", test_not_there);

  return g_test_run ();
}
