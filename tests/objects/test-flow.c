/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Senders that wait for credit, and receive limits. */

#include "testing.h"

/* Code with a limit that the first item uses up; it takes items when told to over another channel. */
#define SLOW                                                                                       \
  "channel.receive_limit = 1\n"                                                                    \
  "channel.send('ready')\n"                                                                        \
  "control = channel.receive()\n"                                                                  \
  "for n in control:\n"                                                                            \
  "    for i in range(n):\n"                                                                       \
  "        channel.send(channel.receive())\n"

static ExecnetChannel *
run_slow (ExecnetGateway *gateway, ExecnetChannel **control)
{
  g_autoptr (GError) error = NULL;
  ExecnetChannel *channel = run_code (gateway, SLOW);
  g_autofree char *ready = receive_text (channel);

  *control = execnet_gateway_new_channel (gateway, &error);
  g_assert_no_error (error);
  execnet_channel_send (channel,
                        g_variant_new_handle (execnet_channel_get_id (*control)),
                        NULL,
                        &error);
  g_assert_no_error (error);
  /* That item was taken, so that one more may be sent. */
  g_assert_cmpint (execnet_channel_wait_sendable (channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
  send_int (channel, 0);
  g_assert_cmpint (execnet_channel_wait_sendable (channel, 0, NULL), ==, EXECNET_WAIT_TIMED_OUT);
  return channel;
}

static void
test_async (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) control = NULL;
  g_autoptr (ExecnetChannel) channel = run_slow (fixture->gateway, &control);
  GAsyncResult *results[3] = { NULL, NULL, NULL };
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 3; i++)
    execnet_channel_send_async (channel,
                                g_variant_new_int64 (i + 1),
                                NULL,
                                keep_result,
                                &results[i]);
  assert_still_works (fixture->gateway);
  iterate_ready ();
  g_assert_null (results[0]);
  /* They keep their order, also with the end behind them. */
  send_int (control, 4);
  for (int i = 0; i < 3; i++)
    {
      wait_for_result (&results[i]);
      g_assert_true (execnet_channel_send_finish (channel, results[i], &error));
      g_assert_no_error (error);
      g_object_unref (results[i]);
    }
  for (int i = 0; i < 4; i++)
    g_assert_cmpint (receive_int (channel), ==, i);
}

static void
test_cancelling (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) control = NULL;
  g_autoptr (ExecnetChannel) channel = run_slow (fixture->gateway, &control);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GBytes) none = g_bytes_new_static ("LQ", 2);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (execnet_channel_queue_bytes (channel, none, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (&error);

  /* Cancelled while it waits, it was sent all the same. */
  execnet_channel_send_async (channel, g_variant_new_int64 (1), cancellable, keep_result, &result);
  g_cancellable_cancel (cancellable);
  wait_for_result (&result);
  g_assert_true (execnet_channel_send_finish (channel, result, &error));
  g_assert_no_error (error);
  g_assert_cmpint (execnet_channel_wait_sendable (channel, -1, cancellable),
                   ==,
                   EXECNET_WAIT_INTERRUPTED);
  g_assert_false (execnet_channel_send (channel, g_variant_new_int64 (2), cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  send_int (control, 2);
  g_assert_cmpint (receive_int (channel), ==, 0);
  g_assert_cmpint (receive_int (channel), ==, 1);
}

static gpointer
send_blocked (gpointer channel)
{
  GError *error = NULL;

  g_assert_false (execnet_channel_send (channel, g_variant_new_int64 (1), NULL, &error));
  return error;
}

/* Whatever ends the channel wakes who waits. */
static void
test_endings (Fixture *fixture, gconstpointer unused)
{
  for (int how = 0; how < 3; how++)
    {
      g_autoptr (ExecnetChannel) control = NULL;
      g_autoptr (ExecnetChannel) channel = run_slow (fixture->gateway, &control);
      g_autoptr (GThread) thread = g_thread_new ("sender", send_blocked, channel);
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;

      execnet_channel_send_async (channel, g_variant_new_int64 (1), NULL, keep_result, &result);
      assert_still_works (fixture->gateway);
      if (how == 0)
        execnet_channel_close (channel, NULL, NULL);
      else if (how == 1)
        execnet_channel_close (control, NULL, NULL);
      else
        execnet_gateway_kill (fixture->gateway);
      error = g_thread_join (g_steal_pointer (&thread));
      if (how < 2)
        g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_CLOSED);
      else
        g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DIED);
      wait_for_result (&result);
      g_assert_cmpint (execnet_channel_send_finish (channel, result, NULL), ==, how < 2);
    }
}

static void
count (GObject *object, GParamSpec *pspec, gpointer n)
{
  ++*(guint *) n;
}

static void
test_property (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.receive()");
  guint64 limit;
  guint n = 0;

  g_signal_connect (channel, "notify::receive-limit", G_CALLBACK (count), &n);
  g_assert_cmpuint (execnet_channel_get_receive_limit (channel), ==, 0);
  g_object_set (channel, "receive-limit", (guint64) 5, NULL);
  ITERATE_UNTIL (n == 1);
  g_object_get (channel, "receive-limit", &limit, NULL);
  g_assert_cmpuint (limit, ==, 5);
  execnet_channel_set_receive_limit (channel, 5);
  iterate_ready ();
  g_assert_cmpuint (n, ==, 1);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST_BOTH ("/flow/async", test_async);
  ADD_TEST ("/flow/cancelling", test_cancelling);
  ADD_TEST ("/flow/endings", test_endings);
  ADD_TEST ("/flow/property", test_property);
  return g_test_run ();
}
