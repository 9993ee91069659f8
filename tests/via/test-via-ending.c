/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A group with gateways behind gateways ends: the farthest first, and nothing is left. */

#include "config.h"

#include "testing.h"

#include <signal.h>

#define MASTER "popen//id=master"

static void
terminate (ExecnetGroup *group, gint timeout_ms, gboolean is_async)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  if (!is_async)
    {
      g_assert_true (execnet_group_terminate (group, timeout_ms, NULL, &error));
      return;
    }
  execnet_group_terminate_async (group, timeout_ms, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_true (execnet_group_terminate_finish (group, result, &error));
  g_assert_no_error (error);
}

/* Of one that ends after what leads to it, nobody could tell the exit status. */
static void
check_order (Fixture *fixture, gboolean is_async)
{
  g_autoptr (ExecnetGateway) one = make_gateway (fixture->group, "popen//id=one//via=master");
  g_autoptr (ExecnetGateway) two = make_gateway (fixture->group, "popen//id=two//via=one");
  g_autoptr (ExecnetGateway) three = make_gateway (fixture->group, "popen//id=three//via=two");
  ExecnetGateway *all[] = { fixture->gateway, one, two, three };

  terminate (fixture->group, PATIENCE_MS, is_async);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      g_assert_cmpint (execnet_gateway_get_ending (all[i]), ==, EXECNET_ENDING_ASKED);
      g_assert_cmpint (execnet_gateway_get_exit_status (all[i]), ==, 0);
    }
}

static void
test_order (Fixture *fixture, gconstpointer unused)
{
  check_order (fixture, FALSE);
}

static void
test_order_async (Fixture *fixture, gconstpointer unused)
{
  check_order (fixture, TRUE);
}

/* One that hears nothing is killed through those that lead to it, which end in peace. */
static void
check_kill (Fixture *fixture, gboolean is_async)
{
  g_autoptr (ExecnetGateway) one = make_gateway (fixture->group, "popen//id=one//via=master");
  g_autoptr (ExecnetGateway) two = make_gateway (fixture->group, "popen//id=two//via=one");
  pid_t pid = remote_pid (two);
  gint64 start = g_get_monotonic_time ();

  g_assert_cmpint (kill (pid, SIGSTOP), ==, 0);
  terminate (fixture->group, 300, is_async);
  g_assert_cmpint (g_get_monotonic_time () - start, <, QUICK_MS * G_TIME_SPAN_MILLISECOND);
  wait_until_gone (pid);
  g_assert_cmpint (execnet_gateway_get_ending (two), ==, EXECNET_ENDING_KILLED);
  g_assert_cmpint (execnet_gateway_get_term_signal (two), ==, SIGKILL);
  g_assert_cmpint (execnet_gateway_get_ending (one), ==, EXECNET_ENDING_ASKED);
  g_assert_cmpint (execnet_gateway_get_ending (fixture->gateway), ==, EXECNET_ENDING_ASKED);
}

static void
test_kill (Fixture *fixture, gconstpointer unused)
{
  check_kill (fixture, FALSE);
}

static void
test_kill_async (Fixture *fixture, gconstpointer unused)
{
  check_kill (fixture, TRUE);
}

/* What leads there hangs: it is killed, and those behind it end by themselves. */
static void
check_stuck_middle (Fixture *fixture, gboolean is_async)
{
  g_autoptr (ExecnetGateway) one = make_gateway (fixture->group, "popen//id=one//via=master");
  g_autoptr (ExecnetGateway) two = make_gateway (fixture->group, "popen//id=two//via=one");
  pid_t pid = remote_pid (one), far_pid = remote_pid (two);

  g_assert_cmpint (kill (pid, SIGSTOP), ==, 0);
  terminate (fixture->group, 300, is_async);
  wait_until_gone (pid);
  wait_until_gone (far_pid);
  g_assert_cmpint (execnet_gateway_get_ending (one), ==, EXECNET_ENDING_KILLED);
  g_assert_cmpint (execnet_gateway_get_ending (fixture->gateway), ==, EXECNET_ENDING_ASKED);
}

static void
test_stuck_middle (Fixture *fixture, gconstpointer unused)
{
  check_stuck_middle (fixture, FALSE);
}

static void
test_stuck_middle_async (Fixture *fixture, gconstpointer unused)
{
  check_stuck_middle (fixture, TRUE);
}

/* A program that ends without a word, with code running at all places. */
static void
run_program (const char *how, gboolean is_killed)
{
  g_autofree char *path = g_test_build_filename (G_TEST_BUILT, "via", "via-exit-program", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process
      = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, path, how, NULL);
  g_autoptr (GDataInputStream) output = NULL;

  g_assert_no_error (error);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *line = g_data_input_stream_read_line (output, NULL, NULL, &error);
      pid_t pid;

      g_assert_no_error (error);
      g_assert_nonnull (line);
      pid = g_ascii_strtoll (line, NULL, 10);
      g_object_set_data (G_OBJECT (process), i == 0 ? "0" : i == 1 ? "1" : "2", GINT_TO_POINTER (pid));
    }
  if (is_killed)
    g_subprocess_force_exit (process);
  g_assert_true (g_subprocess_wait (process, NULL, &error));
  g_assert_no_error (error);
  if (!is_killed)
    g_assert_true (g_subprocess_get_successful (process));
  for (guint i = 0; i < 3; i++)
    wait_until_gone (GPOINTER_TO_INT (
        g_object_get_data (G_OBJECT (process), i == 0 ? "0" : i == 1 ? "1" : "2")));
}

static void
test_program_exits (Fixture *fixture, gconstpointer unused)
{
  run_program ("exit", FALSE);
}

static void
test_program_exits_with_stopped_far (Fixture *fixture, gconstpointer unused)
{
  run_program ("stop", FALSE);
}

static void
test_program_is_killed (Fixture *fixture, gconstpointer unused)
{
  run_program ("wait", TRUE);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  ADD_TEST_WITH ("/via/ending/order", MASTER, test_order);
  ADD_TEST_WITH ("/via/ending/order-async", MASTER, test_order_async);
  ADD_TEST_WITH ("/via/ending/kill", MASTER, test_kill);
  ADD_TEST_WITH ("/via/ending/kill-async", MASTER, test_kill_async);
  ADD_TEST_WITH ("/via/ending/stuck-middle", MASTER, test_stuck_middle);
  ADD_TEST_WITH ("/via/ending/stuck-middle-async", MASTER, test_stuck_middle_async);
  ADD_TEST_WITH ("/via/ending/program-exits", "", test_program_exits);
  ADD_TEST_WITH ("/via/ending/program-exits-with-stopped-far", "", test_program_exits_with_stopped_far);
  ADD_TEST_WITH ("/via/ending/program-is-killed", "", test_program_is_killed);
  return g_test_run ();
}
