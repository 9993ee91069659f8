/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A program with gateways forks: they stay its own, and the child can have others. */

#include "config.h"

#include "testing.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a fork the stacks of the other threads are gone, and with them what shows LeakSanitizer that
 * memory is in use: it asks this. */
static gboolean is_fork;
int __lsan_is_turned_off (void);

int
__lsan_is_turned_off (void)
{
  return is_fork;
}

/* Runs the function in a fork, which ends by exit() or _exit(), and asserts that it came to that. */
static void
run_in_fork (void (*func) (gpointer data), gpointer data, gboolean with_handlers)
{
  pid_t pid = fork ();
  int status;

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      is_fork = TRUE;
      /* A child that hangs is ended. */
      alarm (PATIENCE_MS / 1000);
      if (func != NULL)
        func (data);
      if (with_handlers)
        exit (23);
      _exit (23);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  if (!WIFEXITED (status) || WEXITSTATUS (status) != 23)
    g_error ("the fork ended with status %#x", status);
}

static void
test_child_ends (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in channel: channel.send(i + 1)");

  for (guint i = 0; i < 6; i++)
    {
      run_in_fork (NULL, NULL, i % 2);
      send_int (channel, i);
      g_assert_cmpint (receive_int (channel), ==, i + 1);
      assert_still_works (fixture->gateway);
    }
}

static gpointer
receive_in_thread (gpointer channel)
{
  return GINT_TO_POINTER (receive_int (channel));
}

/* Another thread reads the connection while this one forks. */
static void
test_child_ends_while_reading (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (ExecnetChannel) channel
          = run_code (fixture->gateway, "channel.receive()\nchannel.send(42)");
      GThread *thread = g_thread_new ("receive", receive_in_thread, channel);

      g_assert_cmpint (execnet_channel_wait_closed (channel, i, NULL), ==, EXECNET_WAIT_TIMED_OUT);
      run_in_fork (NULL, NULL, i % 2);
      send_int (channel, 1);
      g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), ==, 42);
    }
}

typedef struct
{
  ExecnetGroup *group;
  ExecnetGateway *gateway;
  ExecnetChannel *channel;
} Things;

static void
assert_foreign (GError *error)
{
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_CLOSED, "the process that made it");
}

/* All that waits or talks says whose it is; nothing hangs. */
static void
use_channel (gpointer data)
{
  Things *things = data;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("LQ", 2);
  g_autoptr (GAsyncResult) received = NULL;
  g_autoptr (GAsyncResult) sent = NULL;
  g_autoptr (GAsyncResult) closed = NULL;
  GError *error = NULL;

  g_assert_cmpint (execnet_channel_get_state (things->channel), ==, EXECNET_CHANNEL_CLOSED);
  g_assert_false (
      execnet_channel_send (things->channel, g_variant_new_int64 (1), NULL, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_false (execnet_channel_queue_bytes (things->channel, bytes, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_null (execnet_channel_receive (things->channel, -1, NULL, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_null (execnet_channel_try_receive (things->channel, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_false (execnet_channel_wait_close (things->channel, -1, NULL, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_false (execnet_channel_close (things->channel, NULL, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_false (
      execnet_channel_reconfigure (things->channel, EXECNET_LOAD_DEFAULT, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_cmpint (execnet_channel_wait (things->channel, -1, NULL), ==, EXECNET_WAIT_ERROR);
  g_assert_cmpint (
      execnet_channel_wait_closed (things->channel, -1, NULL), ==, EXECNET_WAIT_ERROR);
  g_assert_cmpint (
      execnet_channel_wait_sent (things->channel, -1, NULL), ==, EXECNET_WAIT_ERROR);

  execnet_channel_receive_async (things->channel, -1, NULL, keep_result, &received);
  execnet_channel_send_async (
      things->channel, g_variant_new_int64 (1), NULL, keep_result, &sent);
  execnet_channel_wait_close_async (things->channel, -1, NULL, keep_result, &closed);
  wait_for_result (&received);
  wait_for_result (&sent);
  wait_for_result (&closed);
  g_assert_null (execnet_channel_receive_finish (things->channel, received, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_false (execnet_channel_send_finish (things->channel, sent, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_false (execnet_channel_wait_close_finish (things->channel, closed, &error));
  assert_foreign (g_steal_pointer (&error));
}

static void
use_gateway (gpointer data)
{
  Things *things = data;
  g_autoptr (ExecnetSource) source = execnet_source_new_function ("def f(): pass", "f");
  g_autoptr (GAsyncResult) called = NULL;
  GError *error = NULL;

  g_assert_cmpint (execnet_gateway_get_state (things->gateway), ==, EXECNET_GATEWAY_CLOSED);
  assert_foreign (execnet_gateway_dup_error (things->gateway));
  g_assert_null (execnet_gateway_remote_exec (things->gateway, "pass", &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_null (execnet_gateway_new_channel (things->gateway, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_null (execnet_gateway_get_channel (things->gateway, 1, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_null (execnet_gateway_remote_status (things->gateway, NULL, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_null (execnet_gateway_remote_information (things->gateway, FALSE, NULL, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_null (execnet_gateway_call (things->gateway, source, NULL, NULL, &error));
  assert_foreign (g_steal_pointer (&error));
  execnet_gateway_call_async (things->gateway, source, NULL, NULL, keep_result, &called);
  wait_for_result (&called);
  g_assert_null (execnet_gateway_call_finish (things->gateway, called, &error));
  assert_foreign (g_steal_pointer (&error));
  g_assert_cmpuint (execnet_gateway_get_n_channels (things->gateway), ==, 0);
  /* These do nothing. */
  execnet_gateway_exit (things->gateway);
  execnet_gateway_kill (things->gateway);
  g_assert_true (execnet_gateway_join (things->gateway, -1, NULL, NULL));
}

static void
terminate (gpointer data)
{
  Things *things = data;
  g_autoptr (GAsyncResult) result = NULL;

  g_assert_true (execnet_group_terminate (things->group, -1, NULL, NULL));
  execnet_group_terminate_async (things->group, -1, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_true (execnet_group_terminate_finish (things->group, result, NULL));
  g_assert_null (execnet_group_lookup (things->group, "gw0"));
}

static void
drop (gpointer data)
{
  Things *things = data;

  g_object_unref (things->channel);
  g_object_unref (things->gateway);
  g_object_unref (things->group);
  iterate_ready ();
}

static void
test_child_uses (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in channel: channel.send(i + 1)");
  Things things = { fixture->group, fixture->gateway, channel };
  void (*funcs[]) (gpointer data) = { use_channel, use_gateway, terminate, drop };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (funcs); i++)
    {
      run_in_fork (funcs[i / 2], &things, i % 2);
      send_int (channel, i);
      g_assert_cmpint (receive_int (channel), ==, i + 1);
    }
  assert_still_works (fixture->gateway);
}

/* A fork's worker thread may have the number of the parent's, which ThreadSanitizer takes for a
 * mistake. */
static gboolean
skip_threads_in_fork (void)
{
#ifdef __SANITIZE_THREAD__
  g_test_skip ("ThreadSanitizer allows no threads in a fork");
  return TRUE;
#else
  return FALSE;
#endif
}

static void
make_own (gpointer data)
{
  ExecnetGroup *group = data;
  g_autoptr (ExecnetGateway) gateway = NULL;
  g_autoptr (ExecnetGateway) other = NULL;
  g_autoptr (ExecnetChannel) channel = NULL;

  /* In a group of the parent's, whose gateways are none here. */
  gateway = make_gateway (group, "popen");
  assert_still_works (gateway);
  other = make_gateway (group, "popen//python=env python3");
  assert_still_works (other);
  channel = run_code (other, "import os\nos._exit(3)");
  assert_error_says (
      receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "exit status 3");
  ITERATE_UNTIL (g_list_model_get_n_items (G_LIST_MODEL (group)) == 1);
  g_assert_true (execnet_group_terminate (group, PATIENCE_MS, NULL, NULL));
  g_assert_cmpint (execnet_gateway_get_state (gateway), ==, EXECNET_GATEWAY_CLOSED);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (group)), ==, 0);
}

static void
make_own_and_leave (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ExecnetGateway) gateway = execnet_make_gateway (NULL, NULL, &error);

  g_assert_no_error (error);
  assert_still_works (gateway);
}

/* Its exit handler ends its own gateways, and only those. */
static void
test_child_makes_own (Fixture *fixture, gconstpointer unused)
{
  if (skip_threads_in_fork ())
    return;
  for (guint i = 0; i < 2; i++)
    {
      run_in_fork (make_own, fixture->group, i);
      run_in_fork (make_own_and_leave, NULL, TRUE);
      assert_still_works (fixture->gateway);
    }
}

static void
fork_again (gpointer data)
{
  run_in_fork (make_own, data, TRUE);
  run_in_fork (make_own_and_leave, NULL, TRUE);
}

static void
test_grandchild (Fixture *fixture, gconstpointer unused)
{
  if (skip_threads_in_fork ())
    return;
  run_in_fork (fork_again, fixture->group, TRUE);
  assert_still_works (fixture->gateway);
}

/* A child that stays does not keep the parent's workers alive, or its descriptors open. */
static void
test_child_outlives (Fixture *fixture, gconstpointer unused)
{
  int ends[2];
  pid_t worker = remote_pid (fixture->gateway);
  pid_t pid;
  int status;

  g_assert_cmpint (pipe (ends), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      char letter;

      close (ends[1]);
      alarm (PATIENCE_MS / 1000);
      _exit (read (ends[0], &letter, 1) == 0 ? 23 : 1);
    }
  close (ends[0]);
  /* The worker leaves because its input ends: nobody else holds the other end. */
  execnet_gateway_exit (fixture->gateway);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  g_assert_cmpint (execnet_gateway_get_exit_status (fixture->gateway), ==, 0);
  wait_until_gone (worker);
  close (ends[1]);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (WEXITSTATUS (status), ==, 23);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST_BOTH ("/fork/child-ends", test_child_ends);
  ADD_TEST_BOTH ("/fork/child-ends-while-reading", test_child_ends_while_reading);
  ADD_TEST_BOTH ("/fork/child-uses", test_child_uses);
  ADD_TEST ("/fork/child-makes-own", test_child_makes_own);
  ADD_TEST ("/fork/grandchild", test_grandchild);
  ADD_TEST_BOTH ("/fork/child-outlives", test_child_outlives);
  return g_test_run ();
}
