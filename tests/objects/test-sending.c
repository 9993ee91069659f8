/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sending: what waits, what may be cancelled, and what it leaves alone. */

#include "config.h"

#include "testing.h"

#include <signal.h>

#define MEBIBYTE (1024 * 1024)

static GVariant *
new_bytes (gsize size, guint8 value)
{
  guint8 *data = g_malloc (size);

  memset (data, value, size);
  return g_variant_new_from_data (
      G_VARIANT_TYPE_BYTESTRING, data, size, TRUE, g_free, data);
}

/* Stops the worker, so that nothing is taken any more, and fills all buffers. */
static void
fill (Fixture *fixture, ExecnetChannel *channel)
{
  g_assert_cmpint (kill (remote_pid (fixture->gateway), SIGSTOP), ==, 0);
  g_assert_true (execnet_channel_send (channel, new_bytes (4 * MEBIBYTE, 1), NULL, NULL));
  g_assert_cmpint (execnet_channel_wait_sent (channel, 0, NULL), ==, EXECNET_WAIT_TIMED_OUT);
}

static void
go_on (Fixture *fixture)
{
  g_assert_cmpint (kill (remote_pid (fixture->gateway), SIGCONT), ==, 0);
}

static const char lengths[] = "for i in channel: channel.send(len(i))";

typedef struct
{
  ExecnetChannel *channel;
  GCancellable *cancellable;
  gsize size;
  GError *error;
  Flag done;
} Sending;

static gpointer
send_in_thread (gpointer data)
{
  Sending *sending = data;

  execnet_channel_send (
      sending->channel, new_bytes (sending->size, 2), sending->cancellable, &sending->error);
  flag_add (&sending->done, 1);
  return NULL;
}

/* Above the high-water mark a sender waits, and goes on when the other side takes again. */
static void
test_blocks (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, lengths);
  Sending sending = { .channel = channel, .size = 10 };
  GThread *thread;

  flag_init (&sending.done);
  fill (fixture, channel);
  thread = g_thread_new ("send", send_in_thread, &sending);
  /* It would return at once. */
  g_assert_cmpint (execnet_channel_wait_sent (channel, 200, NULL), ==, EXECNET_WAIT_TIMED_OUT);
  g_assert_cmpint (flag_get (&sending.done), ==, 0);
  go_on (fixture);
  g_thread_join (thread);
  g_assert_no_error (sending.error);
  g_assert_cmpint (receive_int (channel), ==, 4 * MEBIBYTE);
  g_assert_cmpint (receive_int (channel), ==, 10);
  g_assert_cmpint (execnet_channel_wait_sent (channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
  flag_clear (&sending.done);
}

/* Below it nobody waits, however slow the other side is. */
static void
test_queues (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, lengths);

  g_assert_cmpint (kill (remote_pid (fixture->gateway), SIGSTOP), ==, 0);
  for (guint i = 0; i < 90; i++)
    g_assert_true (execnet_channel_send (channel, new_bytes (10000, 1), NULL, NULL));
  go_on (fixture);
  for (guint i = 0; i < 90; i++)
    g_assert_cmpint (receive_int (channel), ==, 10000);
}

/* Never, where a binding waits for itself. */
static void
test_queue_bytes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, lengths);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("N\0\0\0\3abcQ", 9);

  fill (fixture, channel);
  for (guint i = 0; i < 100; i++)
    g_assert_true (execnet_channel_queue_bytes (channel, bytes, NULL));
  go_on (fixture);
  g_assert_cmpint (receive_int (channel), ==, 4 * MEBIBYTE);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpint (receive_int (channel), ==, 3);
}

static void
test_cancel (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, lengths);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Sending sending = { .channel = channel, .size = 10, .cancellable = cancellable };
  GThread *thread;

  flag_init (&sending.done);
  fill (fixture, channel);
  thread = g_thread_new ("send", send_in_thread, &sending);
  g_assert_cmpint (execnet_channel_wait_sent (channel, 50, NULL), ==, EXECNET_WAIT_TIMED_OUT);
  g_cancellable_cancel (cancellable);
  g_thread_join (thread);
  g_assert_error (sending.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&sending.error);
  g_assert_cmpint (execnet_channel_wait_sent (channel, -1, cancellable), ==,
                   EXECNET_WAIT_INTERRUPTED);
  /* Cancelled before it begins: also when there is room. */
  go_on (fixture);
  g_assert_cmpint (receive_int (channel), ==, 4 * MEBIBYTE);
  g_assert_false (
      execnet_channel_send (channel, g_variant_new_string ("x"), cancellable, &sending.error));
  g_assert_error (sending.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&sending.error);
  /* The channel is as good as before, and what was cancelled never comes. */
  send_text (channel, "four");
  g_assert_cmpint (receive_int (channel), ==, 4);
  flag_clear (&sending.done);
}

static void
test_async (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, lengths);
  GAsyncResult *results[10] = { NULL };
  GError *error = NULL;

  fill (fixture, channel);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    execnet_channel_send_async (channel, new_bytes (i + 1, 3), NULL, keep_result, &results[i]);
  iterate_ready ();
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    g_assert_null (results[i]);
  go_on (fixture);
  g_assert_cmpint (receive_int (channel), ==, 4 * MEBIBYTE);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      wait_for_result (&results[i]);
      g_assert_true (execnet_channel_send_finish (channel, results[i], &error));
      g_assert_no_error (error);
      g_object_unref (results[i]);
    }
  /* In their order. */
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    g_assert_cmpint (receive_int (channel), ==, i + 1);
}

static void
test_async_with_room (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, lengths);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("N\0\0\0\3abcQ", 9);
  g_autoptr (GAsyncResult) item = NULL;
  g_autoptr (GAsyncResult) raw = NULL;
  GError *error = NULL;

  execnet_channel_send_async (channel, new_bytes (7, 3), NULL, keep_result, &item);
  execnet_channel_send_bytes_async (channel, bytes, NULL, keep_result, &raw);
  g_assert_null (item);
  wait_for_result (&item);
  wait_for_result (&raw);
  g_assert_true (execnet_channel_send_finish (channel, item, &error));
  g_assert_true (execnet_channel_send_bytes_finish (channel, raw, &error));
  g_assert_cmpint (receive_int (channel), ==, 7);
  g_assert_cmpint (receive_int (channel), ==, 3);
}

static void
test_async_cancel (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, lengths);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) cancelled = NULL;
  g_autoptr (GAsyncResult) sent = NULL;
  g_autoptr (GAsyncResult) late = NULL;
  GError *error = NULL;

  fill (fixture, channel);
  execnet_channel_send_async (channel, new_bytes (7, 3), cancellable, keep_result, &cancelled);
  execnet_channel_send_async (channel, new_bytes (8, 3), NULL, keep_result, &sent);
  g_cancellable_cancel (cancellable);
  /* The wait for room ends; the item has its place already. */
  wait_for_result (&cancelled);
  g_assert_true (execnet_channel_send_finish (channel, cancelled, &error));
  g_assert_no_error (error);
  g_assert_null (sent);
  go_on (fixture);
  wait_for_result (&sent);
  g_assert_true (execnet_channel_send_finish (channel, sent, &error));
  g_assert_cmpint (receive_int (channel), ==, 4 * MEBIBYTE);
  g_assert_cmpint (receive_int (channel), ==, 7);
  g_assert_cmpint (receive_int (channel), ==, 8);

  g_cancellable_reset (cancellable);
  execnet_channel_send_async (channel, new_bytes (9, 3), cancellable, keep_result, &late);
  g_cancellable_cancel (cancellable);
  wait_for_result (&late);
  g_assert_true (execnet_channel_send_finish (channel, late, &error));
  g_assert_no_error (error);
  g_assert_cmpint (receive_int (channel), ==, 9);

  /* What was cancelled before is not sent. */
  g_clear_object (&late);
  execnet_channel_send_async (channel, new_bytes (10, 3), cancellable, keep_result, &late);
  wait_for_result (&late);
  g_assert_false (execnet_channel_send_finish (channel, late, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  send_text (channel, "four");
  g_assert_cmpint (receive_int (channel), ==, 4);
}

/* Nothing overtakes an asynchronous send: no other kind of sending, and no close. */
static void
test_async_order (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) answers = execnet_gateway_new_channel (fixture->gateway, NULL);
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway,
                                                 "answers = channel.receive()\n"
                                                 "answers.send([len(i) for i in channel])");
  g_autoptr (GBytes) bytes = g_bytes_new_static ("N\0\0\0\3abcQ", 9);
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) third = NULL;
  g_autoptr (GVariant) lengths_there = NULL;
  g_autofree char *text = NULL;

  g_assert_true (execnet_channel_send (
      channel, g_variant_new_handle (execnet_channel_get_id (answers)), NULL, NULL));
  fill (fixture, channel);
  execnet_channel_send_async (channel, new_bytes (1, 3), NULL, keep_result, &first);
  g_assert_true (execnet_channel_queue_bytes (channel, bytes, NULL));
  execnet_channel_send_async (channel, new_bytes (5, 3), NULL, keep_result, &third);
  g_assert_true (execnet_channel_close (channel, NULL, NULL));
  go_on (fixture);
  lengths_there
      = execnet_channel_receive_as (answers, G_VARIANT_TYPE ("ax"), PATIENCE_MS, NULL, NULL);
  g_assert_nonnull (lengths_there);
  text = g_variant_print (lengths_there, FALSE);
  g_assert_cmpstr (text, ==, "[4194304, 1, 3, 5]");
  wait_for_result (&first);
  wait_for_result (&third);
  g_assert_true (execnet_channel_send_finish (channel, first, NULL));
  g_assert_true (execnet_channel_send_finish (channel, third, NULL));
}

/* A closed channel takes nothing, and says why; what was sent before it was closed is on its way. */
static void
test_closed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, lengths);
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  fill (fixture, channel);
  execnet_channel_send_async (channel, new_bytes (7, 3), NULL, keep_result, &result);
  g_assert_true (execnet_channel_close (channel, NULL, NULL));
  g_assert_false (execnet_channel_send (channel, g_variant_new_int64 (1), NULL, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_CLOSED, "nothing can be sent");
  go_on (fixture);
  wait_for_result (&result);
  g_assert_true (execnet_channel_send_finish (channel, result, &error));
  g_assert_no_error (error);
  assert_still_works (fixture->gateway);
}

/* What can not be sent is refused, and the channel goes on. */
static void
test_unsendable (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, lengths);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) floating = g_variant_ref_sink (g_variant_new_parsed ("[<handle 99>]"));
  GError *error = NULL;

  g_assert_false (execnet_channel_send (channel, floating, NULL, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_UNSUPPORTED_TYPE, "item[0]");
  execnet_channel_send_async (channel, floating, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_false (execnet_channel_send_finish (channel, result, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_UNSUPPORTED_TYPE, "item[0]");
  send_text (channel, "abc");
  g_assert_cmpint (receive_int (channel), ==, 3);
}

/* What is exit for the gateway is the end for those who wait for room. */
static void
test_exit_while_blocked (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, lengths);
  Sending sending = { .channel = channel, .size = 10 };
  GThread *thread;

  flag_init (&sending.done);
  fill (fixture, channel);
  thread = g_thread_new ("send", send_in_thread, &sending);
  execnet_gateway_exit (fixture->gateway);
  go_on (fixture);
  g_thread_join (thread);
  /* It came before, or was too late. */
  if (sending.error != NULL)
    assert_error_says (sending.error,
                       EXECNET_ERROR,
                       sending.error->code == EXECNET_ERROR_EXITING ? EXECNET_ERROR_EXITING
                                                                    : EXECNET_ERROR_CLOSED,
                       sending.error->code == EXECNET_ERROR_EXITING ? "is exiting" : "closed");
  flag_clear (&sending.done);
}

static volatile sig_atomic_t n_sigpipes;

static void
on_sigpipe (int number)
{
  n_sigpipes++;
}

/* Writing to the dead harms nobody: the program's own SIGPIPE is its own. */
static void
test_sigpipe (Fixture *fixture, gconstpointer unused)
{
  const struct sigaction handler = { .sa_handler = on_sigpipe };
  const struct sigaction ignore = { .sa_handler = SIG_IGN };
  const struct sigaction fatal = { .sa_handler = SIG_DFL };
  const struct sigaction *actions[] = { &handler, &ignore, &fatal };
  sigset_t before_mask, after_mask;

  pthread_sigmask (SIG_SETMASK, NULL, &before_mask);
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      g_autoptr (ExecnetGateway) gateway = make_gateway (
          fixture->group, "popen//python=env python3");
      g_autoptr (ExecnetChannel) channel = run_code (gateway, lengths);
      struct sigaction before, after;
      GError *error = NULL;

      g_assert_cmpint (sigaction (SIGPIPE, actions[i], &before), ==, 0);
      g_assert_cmpint (kill (remote_pid (gateway), SIGKILL), ==, 0);
      while (execnet_channel_send (channel, new_bytes (100, 1), NULL, &error))
        ;
      assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9");
      g_assert_cmpint (sigaction (SIGPIPE, &before, &after), ==, 0);
      g_assert_true (after.sa_handler == actions[i]->sa_handler);
    }
  g_assert_cmpint (n_sigpipes, ==, 0);
  pthread_sigmask (SIG_SETMASK, NULL, &after_mask);
  g_assert_cmpint (sigismember (&before_mask, SIGPIPE), ==, sigismember (&after_mask, SIGPIPE));
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST_BOTH ("/sending/blocks", test_blocks);
  ADD_TEST_BOTH ("/sending/queues", test_queues);
  ADD_TEST ("/sending/queue-bytes", test_queue_bytes);
  ADD_TEST_BOTH ("/sending/cancel", test_cancel);
  ADD_TEST_BOTH ("/sending/async", test_async);
  ADD_TEST ("/sending/async-with-room", test_async_with_room);
  ADD_TEST_BOTH ("/sending/async-cancel", test_async_cancel);
  ADD_TEST_BOTH ("/sending/async-order", test_async_order);
  ADD_TEST ("/sending/closed", test_closed);
  ADD_TEST ("/sending/unsendable", test_unsendable);
  ADD_TEST_BOTH ("/sending/exit-while-blocked", test_exit_while_blocked);
  ADD_TEST_WITH ("/sending/sigpipe", "", test_sigpipe);
  return g_test_run ();
}
