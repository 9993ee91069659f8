/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The other side dies in the midst of everything: all that is pending fails at once, with one
 * error that says how. */

#include "config.h"

#include "testing.h"

#include <signal.h>
#include <string.h>

typedef struct
{
  ExecnetGateway *gateway;
  ExecnetChannel *channel;
  const char *what;
  GError *error;
} Pending;

static gpointer
receive (gpointer data)
{
  Pending *pending = data;

  g_assert_null (execnet_channel_receive (pending->channel, -1, NULL, &pending->error));
  return NULL;
}

static gpointer
wait_close (gpointer data)
{
  Pending *pending = data;

  g_assert_false (execnet_channel_wait_close (pending->channel, -1, NULL, &pending->error));
  return NULL;
}

static gpointer
send_much (gpointer data)
{
  Pending *pending = data;
  g_autofree char *text = g_strnfill (300000, 'x');

  while (execnet_channel_send (
      pending->channel, g_variant_new_string (text), NULL, &pending->error))
    ;
  return NULL;
}

static gpointer
call (gpointer data)
{
  Pending *pending = data;
  g_autoptr (ExecnetSource) source
      = execnet_source_new_function ("def f():\n import time\n time.sleep(600)", "f");

  g_assert_null (
      execnet_gateway_call (pending->gateway, source, NULL, NULL, &pending->error));
  return NULL;
}

static gpointer
ask_status (gpointer data)
{
  Pending *pending = data;

  g_assert_null (execnet_gateway_remote_status (pending->gateway, NULL, &pending->error));
  return NULL;
}

static gpointer
join (gpointer data)
{
  Pending *pending = data;

  g_assert_true (execnet_gateway_join (pending->gateway, -1, NULL, NULL));
  pending->error = execnet_gateway_dup_error (pending->gateway);
  return NULL;
}

/* The process stops, so that nothing is answered or read any more, and is killed a moment later. */
static void
test_pending_sync (Fixture *fixture, gconstpointer unused)
{
  GThreadFunc funcs[] = { receive, receive, wait_close, send_much, send_much, call, ask_status, join };
  g_autoptr (ExecnetChannel) channel = run_until_ready (fixture->gateway, "channel.receive()");
  g_autoptr (ExecnetChannel) other = run_until_ready (fixture->gateway, "channel.receive()");
  Pending pendings[G_N_ELEMENTS (funcs)];
  GThread *threads[G_N_ELEMENTS (funcs)];
  pid_t pid = remote_pid (fixture->gateway);
  gint64 start;

  g_assert_cmpint (kill (pid, SIGSTOP), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (funcs); i++)
    {
      pendings[i] = (Pending){ .gateway = fixture->gateway, .channel = i % 2 ? channel : other };
      threads[i] = g_thread_new ("pending", funcs[i], &pendings[i]);
    }
  /* The senders have filled what there is. */
  YIELD_UNTIL (execnet_channel_wait_sent (channel, 0, NULL) == EXECNET_WAIT_TIMED_OUT);
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  start = g_get_monotonic_time ();
  for (guint i = 0; i < G_N_ELEMENTS (funcs); i++)
    {
      g_thread_join (threads[i]);
      g_assert_nonnull (pendings[i].error);
      g_assert_cmpstr (pendings[i].error->message, ==, pendings[0].error->message);
    }
  for (guint i = 0; i < G_N_ELEMENTS (funcs); i++)
    assert_error_says (
        pendings[i].error, EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9 (Killed)");
  g_assert_cmpint (g_get_monotonic_time () - start, <, QUICK_MS * G_TIME_SPAN_MILLISECOND);
}

static void
test_pending_async (Fixture *fixture, gconstpointer unused)
{
  enum { RECEIVE, OTHER_RECEIVE, WAIT_CLOSE, SEND, CALL, STATUS, INFORMATION, JOIN, N };
  g_autoptr (ExecnetSource) source
      = execnet_source_new_function ("def f():\n import time\n time.sleep(600)", "f");
  g_autoptr (ExecnetChannel) channel = run_until_ready (fixture->gateway, "channel.receive()");
  g_autofree char *text = g_strnfill (8000000, 'x');
  ExecnetGateway *gateway = fixture->gateway;
  GAsyncResult *results[N] = { NULL };
  GError *errors[N] = { NULL };
  pid_t pid = remote_pid (gateway);

  g_assert_cmpint (kill (pid, SIGSTOP), ==, 0);
  execnet_channel_receive_async (channel, -1, NULL, keep_result, &results[RECEIVE]);
  execnet_channel_receive_bytes_async (channel, -1, NULL, keep_result, &results[OTHER_RECEIVE]);
  execnet_channel_wait_close_async (channel, -1, NULL, keep_result, &results[WAIT_CLOSE]);
  execnet_gateway_call_async (gateway, source, NULL, NULL, keep_result, &results[CALL]);
  execnet_gateway_remote_status_async (gateway, NULL, keep_result, &results[STATUS]);
  execnet_gateway_remote_information_async (
      gateway, TRUE, NULL, keep_result, &results[INFORMATION]);
  execnet_gateway_join_async (gateway, -1, NULL, keep_result, &results[JOIN]);
  g_assert_true (execnet_channel_send (channel, g_variant_new_string (text), NULL, NULL));
  execnet_channel_send_async (
      channel, g_variant_new_string (text), NULL, keep_result, &results[SEND]);
  iterate_ready ();
  for (guint i = 0; i < N; i++)
    g_assert_null (results[i]);

  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  for (guint i = 0; i < N; i++)
    wait_for_result (&results[i]);
  g_assert_null (execnet_channel_receive_finish (channel, results[RECEIVE], &errors[RECEIVE]));
  g_assert_null (execnet_channel_receive_bytes_finish (
      channel, results[OTHER_RECEIVE], &errors[OTHER_RECEIVE]));
  g_assert_false (
      execnet_channel_wait_close_finish (channel, results[WAIT_CLOSE], &errors[WAIT_CLOSE]));
  g_assert_false (execnet_channel_send_finish (channel, results[SEND], &errors[SEND]));
  g_assert_null (execnet_gateway_call_finish (gateway, results[CALL], &errors[CALL]));
  g_assert_null (execnet_gateway_remote_status_finish (gateway, results[STATUS], &errors[STATUS]));
  g_assert_null (execnet_gateway_remote_information_finish (
      gateway, results[INFORMATION], &errors[INFORMATION]));
  g_assert_true (execnet_gateway_join_finish (gateway, results[JOIN], NULL));
  errors[JOIN] = execnet_gateway_dup_error (gateway);
  for (guint i = 0; i < N; i++)
    {
      assert_error_says (errors[i], EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9 (Killed)");
      g_object_unref (results[i]);
    }
}

/* What begins afterwards fails the same way. */
static void
test_afterwards (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_until_ready (fixture->gateway, "channel.receive()");
  g_autoptr (GAsyncResult) sent = NULL;
  ExecnetGateway *gateway = fixture->gateway;
  Pending pendings[6];
  GThreadFunc funcs[] = { receive, wait_close, send_much, call, ask_status, join };
  GError *error = NULL;

  execnet_gateway_kill (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (funcs); i++)
    {
      pendings[i] = (Pending){ .gateway = gateway, .channel = channel };
      funcs[i](&pendings[i]);
      assert_error_says (
          pendings[i].error, EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9 (Killed)");
    }
  execnet_channel_send_async (channel, g_variant_new_int64 (1), NULL, keep_result, &sent);
  wait_for_result (&sent);
  g_assert_false (execnet_channel_send_finish (channel, sent, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9 (Killed)");
  g_assert_cmpint (execnet_channel_wait_sent (channel, -1, NULL), ==, EXECNET_WAIT_ERROR);
  g_assert_null (execnet_gateway_new_channel (gateway, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9 (Killed)");
  g_assert_false (execnet_gateway_reconfigure (gateway, EXECNET_LOAD_DEFAULT, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9 (Killed)");
  /* Closing what is closed is no mistake. */
  g_assert_true (execnet_channel_close (channel, "text", &error));
  g_assert_no_error (error);
}

static void
test_in_mid_message (Fixture *fixture, gconstpointer unused)
{
  const char *code = "send_integer(channel, 1)\n"
                     "raw(message(DATA, channel, b'N' + b'x' * 50000, 60000))\n"
                     "os.kill(os.getpid(), signal.SIGKILL)";
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, code);

  g_assert_cmpint (receive_int (channel), ==, 1);
  assert_error_says (
      receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9 (Killed)");
}

/* It hears nobody any more, but lives on: half a second later that is the end. */
static void
test_closes_the_connection (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "os.close(0)\nos.close(1)\nwait_for_ever()");

  assert_error_says (
      receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "closed the connection");
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  /* It was killed in the end, which is no news. */
  assert_error_says (execnet_gateway_dup_error (fixture->gateway),
                     EXECNET_ERROR,
                     EXECNET_ERROR_DIED,
                     "closed the connection");
}

/* A child of the worker holds the connection open, and says nothing. */
static void
test_grandchild (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *spec = socket_peer_spec ("script");

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, spec);
      g_autoptr (ExecnetChannel) channel = NULL;

      channel = run_code (gateway,
                          "send_integer(channel, 1)\n"
                          "if os.fork() == 0: wait_for_end(); os._exit(0)\n"
                          "os._exit(6)");
      g_assert_cmpint (receive_int (channel), ==, 1);
      assert_error_says (
          receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "exit status 6");
      g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
    }
}

/* A child of the worker goes on writing for ever: the end is the end. */
static void
test_flooding_grandchild (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) other = make_gateway (fixture->group, "popen");
  g_autoptr (ExecnetChannel) channel = NULL;

  channel = run_code (fixture->gateway,
                      "send_integer(channel, 1)\n"
                      "if os.fork() == 0:\n"
                      "    signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
                      "    while True: raw(message(DATA, 99, b'x' * 1000) * 60)\n"
                      "os._exit(6)");
  g_assert_cmpint (receive_int (channel), ==, 1);
  assert_error_says (
      receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "exit status 6");
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  assert_still_works (other);
}

static void
drop_all (gpointer data)
{
  g_ptr_array_set_size (data, 0);
}

/* Hundreds of channels at once, with threads that use them. */
static void
test_many_channels (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) channels = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (LoopThread) loop = loop_thread_new ("loop");
  Pending pendings[20];
  GThread *threads[20];

  for (guint i = 0; i < 300; i++)
    {
      g_ptr_array_add (channels, execnet_gateway_new_channel (fixture->gateway, NULL));
      g_assert_nonnull (channels->pdata[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      pendings[i] = (Pending){ .gateway = fixture->gateway, .channel = channels->pdata[i] };
      threads[i] = g_thread_new ("pending", i % 2 ? receive : wait_close, &pendings[i]);
    }
  execnet_gateway_kill (fixture->gateway);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_thread_join (threads[i]);
      assert_error_says (
          pendings[i].error, EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9 (Killed)");
    }
  loop_thread_run (loop, drop_all, channels);
}

/* Again and again at another moment of an exchange. */
static void
test_at_any_moment (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 15; i++)
    {
      g_autoptr (ExecnetGateway) gateway
          = make_gateway (fixture->group, i % 2 ? "popen" : "popen//python=env python3");
      g_autoptr (ExecnetChannel) channel
          = run_code (gateway, "for i in channel: channel.send(i)");
      GError *error = NULL;
      guint n = 0;

      for (;;)
        {
          g_autoptr (GVariant) item = NULL;

          if (n++ == 3 * i)
            execnet_gateway_kill (gateway);
          if (!execnet_channel_send (channel, g_variant_new_int64 (n), NULL, &error))
            break;
          item = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);
          if (item == NULL)
            break;
          g_assert_cmpint (g_variant_get_int64 (item), ==, n);
        }
      assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9 (Killed)");
    }
}

int
main (int argc, char **argv)
{
  g_autofree char *script = NULL;

  testing_init (&argc, &argv);
  script = peer_spec ("script");

  ADD_TEST_BOTH ("/death/pending-sync", test_pending_sync);
  ADD_TEST_BOTH ("/death/pending-async", test_pending_async);
  ADD_TEST_BOTH ("/death/afterwards", test_afterwards);
  ADD_TEST_WITH ("/death/in-mid-message", script, test_in_mid_message);
  ADD_TEST_WITH ("/death/closes-the-connection", script, test_closes_the_connection);
  ADD_TEST_WITH ("/death/grandchild", "", test_grandchild);
  ADD_TEST_WITH ("/death/flooding-grandchild", script, test_flooding_grandchild);
  ADD_TEST_BOTH ("/death/many-channels", test_many_channels);
  ADD_TEST_WITH ("/death/at-any-moment", "", test_at_any_moment);
  return g_test_run ();
}
