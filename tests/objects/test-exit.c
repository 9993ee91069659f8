/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A program ends, in an orderly way or not, while its gateways live: its workers end, too. */

#include "config.h"

#include "testing.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

/* How long workers live on when nobody is left to ask them: those that wait for something to do, and
 * those that run code that computes, blocks or ignores signals. */
#define WAITING_MS 2000
#define STUBBORN_MS 5000

/* Runs exit-program, and gives what it printed and its status. */
static char *
run_program (const char *how, const char *first_spec, const char *second_spec, int *status)
{
  g_autofree char *path = g_test_build_filename (G_TEST_BUILT, "objects", "exit-program", NULL);
  const char *argv[] = { path, how, first_spec, second_spec, NULL };
  g_autoptr (GError) error = NULL;
  char *output = NULL;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, status, &error);
  g_assert_no_error (error);
  return output;
}

/* All that were named are gone, at once or soon. */
static void
assert_workers_gone (const char *output, guint n_expected, gint64 within_ms)
{
  gint64 start = g_get_monotonic_time ();
  guint n = 0;
  char *end;

  for (;;)
    {
      pid_t pid = strtol (output, &end, 10);

      if (end == output)
        break;
      g_assert_cmpint (pid, >, 1);
      wait_until_gone (pid);
      output = end;
      n++;
    }
  g_assert_cmpuint (n, ==, n_expected);
  g_assert_cmpint (
      g_get_monotonic_time () - start, <, within_ms * G_TIME_SPAN_MILLISECOND);
}

static void
assert_ends (const char *how)
{
  const char *const kinds[][2] = {
    { "popen", NULL },
    { "popen//python=env python3", NULL },
    { "popen", "popen//python=env python3" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      int status;
      g_autofree char *output = run_program (how, kinds[i][0], kinds[i][1], &status);

      g_assert_true (WIFEXITED (status));
      g_assert_cmpint (WEXITSTATUS (status), ==, 7);
      /* The program has waited for them. */
      assert_workers_gone (output, kinds[i][1] != NULL ? 2 : 1, 1000);
    }
}

static void
test_orderly (void)
{
  assert_ends ("return");
  assert_ends ("exit");
  assert_ends ("return-callback");
}

/* A thread waits for an item, and is the one who reads. */
static void
test_with_thread (void)
{
  assert_ends ("return-thread");
}

/* Code that does not want to end has a second. */
static void
test_busy (void)
{
  assert_ends ("return-busy");
}

static void
test_terminated (void)
{
  assert_ends ("return-terminate");
  assert_ends ("exit-terminate-callback");
}

/* Nothing is left to the program: the workers see the end of their input. */
static void
test_without_handlers (void)
{
  const char *const ways[] = { "_exit", "_exit-thread", "_exit-busy" };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      int status;
      g_autofree char *output
          = run_program (ways[i], "popen", "popen//python=env python3", &status);

      g_assert_cmpint (WEXITSTATUS (status), ==, 7);
      assert_workers_gone (output, 2, 2 * QUICK_MS);
    }
}

static void
test_killed (void)
{
  const struct
  {
    const char *how;
    gint64 within_ms;
  } ways[] = {
    { "killed", WAITING_MS },         { "killed-thread", WAITING_MS },
    { "killed-busy", STUBBORN_MS },    { "killed-computing", STUBBORN_MS },
    { "killed-blocked", STUBBORN_MS }, { "killed-ignoring", STUBBORN_MS },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      int status;
      g_autofree char *output
          = run_program (ways[i].how, "popen", "popen//python=env python3", &status);

      g_assert_true (WIFSIGNALED (status));
      g_assert_cmpint (WTERMSIG (status), ==, SIGKILL);
      assert_workers_gone (output, 2, ways[i].within_ms);
    }
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  g_test_add_func ("/exit/orderly", test_orderly);
  g_test_add_func ("/exit/with-thread", test_with_thread);
  g_test_add_func ("/exit/busy", test_busy);
  g_test_add_func ("/exit/terminated", test_terminated);
  g_test_add_func ("/exit/without-handlers", test_without_handlers);
  g_test_add_func ("/exit/killed", test_killed);
  return g_test_run ();
}
