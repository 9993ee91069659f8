/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Ending whole groups: politely, by force, at any moment; afterwards nothing is left. */

#include "config.h"

#include "testing.h"

#include <signal.h>
#include <string.h>

static void
assert_ended (ExecnetGateway *gateway)
{
  g_assert_cmpint (execnet_gateway_get_state (gateway), ==, EXECNET_GATEWAY_CLOSED);
  g_assert_true (execnet_gateway_join (gateway, 0, NULL, NULL));
}

static void
test_polite (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) other = make_gateway (fixture->group, "popen//python=env python3");
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.receive()");
  pid_t pid = remote_pid (fixture->gateway);
  GError *error = NULL;

  g_assert_true (execnet_group_terminate (fixture->group, -1, NULL, &error));
  g_assert_no_error (error);
  assert_ended (fixture->gateway);
  assert_ended (other);
  g_assert_cmpint (kill (pid, 0), ==, -1);
  g_assert_cmpint (execnet_gateway_get_exit_status (other), ==, 0);
  g_assert_null (execnet_gateway_dup_error (other));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->group)), ==, 0);
  assert_end (channel);
  /* Once more, and with nothing to do. */
  g_assert_true (execnet_group_terminate (fixture->group, 0, NULL, &error));
  g_assert_no_error (error);
}

static void
test_empty (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  g_assert_true (execnet_group_terminate (fixture->group, 0, NULL, &error));
  g_assert_no_error (error);
  execnet_group_terminate_async (fixture->group, -1, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_true (execnet_group_terminate_finish (fixture->group, result, &error));
  g_assert_no_error (error);
}

static void
test_async (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) other = make_gateway (fixture->group, "popen");
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  GError *error = NULL;

  execnet_group_terminate_async (fixture->group, PATIENCE_MS, NULL, keep_result, &first);
  execnet_group_terminate_async (fixture->group, 0, NULL, keep_result, &second);
  g_assert_null (first);
  wait_for_result (&first);
  wait_for_result (&second);
  g_assert_true (execnet_group_terminate_finish (fixture->group, first, &error));
  g_assert_no_error (error);
  g_assert_true (execnet_group_terminate_finish (fixture->group, second, &error));
  g_assert_no_error (error);
  assert_ended (fixture->gateway);
  assert_ended (other);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->group)), ==, 0);
}

/* A worker that ignores everything is killed when its time is up, and all that it started with it. */
static const char stubborn[] = "child = os.fork()\n"
                               "if child == 0: wait_for_ever()\n"
                               "send_integer(channel, child)\n"
                               "wait_for_ever()";

static void
test_stubborn (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, stubborn);
  pid_t pid = remote_pid (fixture->gateway);
  pid_t child = receive_int (channel);
  gint64 start = g_get_monotonic_time ();
  GError *error = NULL;

  g_assert_true (execnet_group_terminate (fixture->group, 300, NULL, &error));
  g_assert_no_error (error);
  /* GLib's timers count from the time at which the turn of their loop began. */
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 290 * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpint (g_get_monotonic_time () - start, <, QUICK_MS * G_TIME_SPAN_MILLISECOND);
  assert_ended (fixture->gateway);
  g_assert_cmpint (execnet_gateway_get_term_signal (fixture->gateway), ==, SIGKILL);
  g_assert_cmpint (kill (pid, 0), ==, -1);
  wait_until_gone (child);
}

/* Who is killed takes what it has started with it, and afterwards it is known who was killed. */
static void
test_report (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) polite = make_gateway (fixture->group, NULL);
  g_autoptr (ExecnetGateway) dead = make_gateway (fixture->group, NULL);
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway,
                  "import signal, subprocess, sys\n"
                  "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
                  "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
                  "channel.send(child.pid)\n"
                  "while True: signal.pause()");
  pid_t child = (pid_t) receive_int (channel);
  g_autoptr (ExecnetChannel) fatal = run_code (dead, "import os; os._exit(3)");

  assert_closed_with (fatal, EXECNET_ERROR, EXECNET_ERROR_DIED, "exit status 3");
  g_assert_cmpint (execnet_gateway_get_ending (polite), ==, EXECNET_ENDING_NONE);
  g_assert_true (execnet_group_terminate (fixture->group, 300, NULL, NULL));
  wait_until_gone (child);
  g_assert_cmpint (execnet_gateway_get_ending (fixture->gateway), ==, EXECNET_ENDING_KILLED);
  g_assert_cmpint (execnet_gateway_get_ending (polite), ==, EXECNET_ENDING_ASKED);
  g_assert_cmpint (execnet_gateway_get_ending (dead), ==, EXECNET_ENDING_DIED);
}

static void
test_stubborn_async (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, stubborn);
  g_autoptr (GAsyncResult) result = NULL;
  pid_t child = receive_int (channel);
  GError *error = NULL;

  execnet_group_terminate_async (fixture->group, 100, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_true (execnet_group_terminate_finish (fixture->group, result, &error));
  g_assert_no_error (error);
  assert_ended (fixture->gateway);
  wait_until_gone (child);
}

/* No time at all: they are killed at once, which is no failure. */
static void
test_no_time (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, stubborn);
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *spec = peer_spec ("script");
  g_autoptr (ExecnetGateway) other = NULL;
  GError *error = NULL;

  g_assert_cmpint (receive_int (channel), >, 0);
  g_assert_true (execnet_group_terminate (fixture->group, 0, NULL, &error));
  g_assert_no_error (error);

  other = make_gateway (fixture->group, spec);
  g_clear_object (&channel);
  channel = run_code (other, stubborn);
  g_assert_cmpint (receive_int (channel), >, 0);
  execnet_group_terminate_async (fixture->group, 0, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_true (execnet_group_terminate_finish (fixture->group, result, &error));
  g_assert_no_error (error);
}

static gpointer
cancel_now (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* Cancelling ends the waiting, not the ending. */
static void
test_cancelled (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, stubborn);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  GThread *thread;
  GError *error = NULL;

  g_assert_cmpint (receive_int (channel), >, 0);
  thread = g_thread_new ("cancel", cancel_now, cancellable);
  g_assert_false (execnet_group_terminate (fixture->group, -1, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_thread_join (thread);

  g_cancellable_reset (cancellable);
  execnet_group_terminate_async (fixture->group, -1, cancellable, keep_result, &result);
  iterate_ready ();
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  wait_for_result (&result);
  g_assert_false (execnet_group_terminate_finish (fixture->group, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_true (execnet_group_terminate (fixture->group, 0, NULL, NULL));
}

/* While they are still being started. */
static void
test_starting (Fixture *fixture, gconstpointer unused)
{
  const char *const kinds[] = { "silent", "deaf", "chatter", "flood", "script" };
  GAsyncResult *results[G_N_ELEMENTS (kinds) + 1] = { NULL };
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *spec = peer_spec (kinds[i]);

      execnet_group_make_gateway_async (fixture->group, spec, NULL, keep_result, &results[i]);
    }
  execnet_group_make_gateway_async (
      fixture->group, NULL, NULL, keep_result, &results[G_N_ELEMENTS (kinds)]);
  g_assert_true (execnet_group_terminate (fixture->group, PATIENCE_MS, NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      wait_for_result (&results[i]);
      g_assert_null (execnet_group_make_gateway_finish (fixture->group, results[i], &error));
      g_assert_cmpuint (error->domain, ==, EXECNET_ERROR);
      g_clear_error (&error);
      g_object_unref (results[i]);
    }
}

/* Everything was dropped: the group lives on with its gateways, and can be ended. */
static void
test_dropped_group (void)
{
  Belongings before = count_belongings ();
  ExecnetGroup *group = execnet_group_new ();
  ExecnetGateway *gateway = make_gateway (group, "popen");
  ExecnetGroup *found;

  g_object_unref (group);
  assert_still_works (gateway);
  found = execnet_gateway_dup_group (gateway);
  g_assert_true (found == group);
  g_assert_true (execnet_group_terminate (found, PATIENCE_MS, NULL, NULL));
  iterate_ready ();
  g_assert_finalize_object (found);
  g_assert_null (execnet_gateway_dup_group (gateway));
  g_assert_finalize_object (gateway);
  assert_nothing_left (&before);
}

/* A gateway that is told to exit takes its group with it, once nobody else holds that. */
static void
test_dropped_and_exited (void)
{
  Belongings before = count_belongings ();
  ExecnetGroup *group = execnet_group_new ();
  ExecnetGateway *gateway = make_gateway (group, "popen");
  GWeakRef weak;

  g_weak_ref_init (&weak, group);
  g_object_unref (group);
  execnet_gateway_exit (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  g_object_unref (gateway);
  iterate_ready ();
  g_assert_null (g_weak_ref_get (&weak));
  g_weak_ref_clear (&weak);
  assert_nothing_left (&before);
}

/* Dropping the last reference to a gateway ends nothing: its group holds it. */
static void
test_dropped_gateway (Fixture *fixture, gconstpointer unused)
{
  pid_t pid = remote_pid (fixture->gateway);
  ExecnetGateway *gateway = g_steal_pointer (&fixture->gateway);

  g_object_unref (gateway);
  g_assert_cmpint (kill (pid, 0), ==, 0);
  fixture->gateway = execnet_group_lookup (fixture->group, "gw0");
  g_assert_true (fixture->gateway == gateway);
  assert_still_works (gateway);
}

static gpointer
terminate_in_thread (gpointer group)
{
  g_assert_true (execnet_group_terminate (group, PATIENCE_MS, NULL, NULL));
  return NULL;
}

static void
test_by_threads (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) other = make_gateway (fixture->group, "popen");
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("terminate", terminate_in_thread, fixture->group);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  assert_ended (fixture->gateway);
  assert_ended (other);
}

static gboolean
terminate_in_callback (GVariant *item, gpointer data, GError **error)
{
  Fixture *fixture = data;

  if (item != NULL)
    g_assert_true (execnet_group_terminate (fixture->group, PATIENCE_MS, NULL, NULL));
  return TRUE;
}

/* From inside a callback of one of its channels. */
static void
test_in_callback (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "channel.send(1)\nchannel.receive()");

  g_assert_true (execnet_channel_set_callback (
      channel, NULL, TRUE, terminate_in_callback, fixture, NULL, NULL));
  assert_waits_for_close (channel);
  assert_ended (fixture->gateway);
}

/* The initiator's queue is full, because the worker has stopped: exit can't even be said. */
static void
test_stopped (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_until_ready (fixture->gateway, "channel.receive()");
  g_autofree char *text = g_strnfill (4000000, 'x');

  g_assert_cmpint (kill (remote_pid (fixture->gateway), SIGSTOP), ==, 0);
  send_text (channel, text);
  g_assert_true (execnet_group_terminate (fixture->group, 100, NULL, NULL));
  assert_ended (fixture->gateway);
}

int
main (int argc, char **argv)
{
  g_autofree char *script = NULL;

  testing_init (&argc, &argv);
  script = peer_spec ("script");

  ADD_TEST ("/ending/polite", test_polite);
  ADD_TEST_WITH ("/ending/empty", "", test_empty);
  ADD_TEST ("/ending/async", test_async);
  ADD_TEST_WITH ("/ending/stubborn", script, test_stubborn);
  ADD_TEST ("/ending/report", test_report);
  ADD_TEST_WITH ("/ending/stubborn-async", script, test_stubborn_async);
  ADD_TEST_WITH ("/ending/no-time", script, test_no_time);
  ADD_TEST_WITH ("/ending/cancelled", script, test_cancelled);
  ADD_TEST_WITH ("/ending/starting", "", test_starting);
  g_test_add_func ("/ending/dropped-group", test_dropped_group);
  g_test_add_func ("/ending/dropped-and-exited", test_dropped_and_exited);
  ADD_TEST ("/ending/dropped-gateway", test_dropped_gateway);
  ADD_TEST ("/ending/by-threads", test_by_threads);
  ADD_TEST ("/ending/in-callback", test_in_callback);
  ADD_TEST_BOTH ("/ending/stopped", test_stopped);
  return g_test_run ();
}
