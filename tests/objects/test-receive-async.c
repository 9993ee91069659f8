/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Receiving with a main loop. */

#include "config.h"

#include "testing.h"

static const char echo[] = "for i in channel: channel.send(i)";

typedef struct
{
  GString *log;
  GThread *thread;
  guint n;
} Received;

static void
on_received (GObject *channel, GAsyncResult *result, gpointer data)
{
  Received *received = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item
      = execnet_channel_receive_finish (EXECNET_CHANNEL (channel), result, &error);

  received->thread = g_thread_self ();
  received->n++;
  if (item != NULL)
    g_string_append_printf (received->log, "%d ", (int) g_variant_get_int64 (item));
  else
    g_string_append_printf (received->log, "%s:%d ", g_quark_to_string (error->domain), error->code);
}

static void
test_order (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "channel.receive()\nfor i in range(20): channel.send(i)");
  Received received = { g_string_new (NULL), NULL, 0 };

  for (guint i = 0; i < 10; i++)
    execnet_channel_receive_async (channel, -1, NULL, on_received, &received);
  iterate_ready ();
  g_assert_cmpuint (received.n, ==, 0);
  send_int (channel, 1);
  ITERATE_UNTIL (received.n == 10);
  /* Those that are there already. */
  for (guint i = 0; i < 10; i++)
    execnet_channel_receive_async (channel, PATIENCE_MS, NULL, on_received, &received);
  ITERATE_UNTIL (received.n == 20);
  g_assert_cmpstr (received.log->str, ==, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ");
  g_string_free (received.log, TRUE);
}

static void
test_end (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "channel.receive()\nchannel.send(1)\n1 / 0");
  Received received = { g_string_new (NULL), NULL, 0 };
  g_autofree char *expected
      = g_strdup_printf ("1 execnet-error-quark:%d execnet-error-quark:%d ",
                         EXECNET_ERROR_REMOTE,
                         EXECNET_ERROR_END);

  for (guint i = 0; i < 3; i++)
    execnet_channel_receive_async (channel, -1, NULL, on_received, &received);
  send_int (channel, 1);
  ITERATE_UNTIL (received.n == 3);
  g_assert_cmpstr (received.log->str, ==, expected);
  g_string_free (received.log, TRUE);
}

static void
test_timeout (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, echo);
  g_autoptr (GAsyncResult) none = NULL;
  g_autoptr (GAsyncResult) short_time = NULL;
  g_autoptr (GAsyncResult) long_time = NULL;
  g_autoptr (GVariant) item = NULL;
  GError *error = NULL;

  execnet_channel_receive_async (channel, 0, NULL, keep_result, &none);
  execnet_channel_receive_async (channel, 20, NULL, keep_result, &short_time);
  execnet_channel_receive_async (channel, PATIENCE_MS, NULL, keep_result, &long_time);
  wait_for_result (&none);
  wait_for_result (&short_time);
  g_assert_null (execnet_channel_receive_finish (channel, none, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "No item");
  g_assert_null (execnet_channel_receive_finish (channel, short_time, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "No item");

  /* It goes to the one that still waits. */
  g_assert_null (long_time);
  send_int (channel, 7);
  wait_for_result (&long_time);
  item = execnet_channel_receive_finish (channel, long_time, &error);
  g_assert_cmpint (g_variant_get_int64 (item), ==, 7);
}

static void
test_cancel (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, echo);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) cancelled = NULL;
  g_autoptr (GAsyncResult) waiting = NULL;
  g_autoptr (GAsyncResult) cancelled_before = NULL;
  g_autoptr (GAsyncResult) late = NULL;
  g_autoptr (GVariant) item = NULL;
  g_autoptr (GVariant) late_item = NULL;
  GError *error = NULL;

  execnet_channel_receive_async (channel, -1, cancellable, keep_result, &cancelled);
  execnet_channel_receive_async (channel, -1, NULL, keep_result, &waiting);
  g_cancellable_cancel (cancellable);
  execnet_channel_receive_async (channel, -1, cancellable, keep_result, &cancelled_before);
  send_int (channel, 7);
  wait_for_result (&cancelled);
  wait_for_result (&waiting);
  wait_for_result (&cancelled_before);
  g_assert_null (execnet_channel_receive_finish (channel, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (execnet_channel_receive_finish (channel, cancelled_before, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  item = execnet_channel_receive_finish (channel, waiting, &error);
  g_assert_cmpint (g_variant_get_int64 (item), ==, 7);

  /* Cancelled when the item was its own already: it still gets it. */
  g_cancellable_reset (cancellable);
  send_int (channel, 8);
  g_assert_cmpint (execnet_channel_wait (channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
  execnet_channel_receive_async (channel, -1, cancellable, keep_result, &late);
  g_cancellable_cancel (cancellable);
  wait_for_result (&late);
  late_item = execnet_channel_receive_finish (channel, late, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_variant_get_int64 (late_item), ==, 8);
}

typedef struct
{
  ExecnetChannel *channel;
  GCancellable *cancellable;
  gint64 expected;
  guint n_cancelled;
} Loop;

static void receive_next (Loop *loop);

static void
on_next (GObject *channel, GAsyncResult *result, gpointer data)
{
  Loop *loop = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item
      = execnet_channel_receive_finish (EXECNET_CHANNEL (channel), result, &error);

  if (item != NULL)
    g_assert_cmpint (g_variant_get_int64 (item), ==, loop->expected++);
  else
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      loop->n_cancelled++;
      g_cancellable_reset (loop->cancellable);
    }
  if (loop->expected < 2000)
    receive_next (loop);
}

static void
receive_next (Loop *loop)
{
  execnet_channel_receive_async (loop->channel, -1, loop->cancellable, on_next, loop);
}

static gboolean
cancel_now (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_CONTINUE;
}

/* Cancelled again and again: every item comes, once, in order. */
static void
test_cancel_loses_nothing (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in range(2000): channel.send(i)");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GSource) source = g_timeout_source_new (1);
  Loop loop = { channel, cancellable, 0, 0 };

  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, cancel_now, cancellable, NULL);
  g_source_attach (source, NULL);
  receive_next (&loop);
  ITERATE_UNTIL (loop.expected == 2000);
  g_source_destroy (source);
}

static void
test_typed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway,
                  "channel.send(['a', 'b'])\nchannel.send(5)\nchannel.send('x')");
  g_autoptr (GAsyncResult) texts = NULL;
  g_autoptr (GAsyncResult) bytes = NULL;
  g_autoptr (GAsyncResult) misfit = NULL;
  g_autoptr (GVariant) texts_item = NULL;
  g_autoptr (GBytes) bytes_item = NULL;
  GError *error = NULL;

  execnet_channel_receive_as_async (
      channel, G_VARIANT_TYPE ("as"), -1, NULL, keep_result, &texts);
  execnet_channel_receive_bytes_async (channel, -1, NULL, keep_result, &bytes);
  execnet_channel_receive_as_async (channel, G_VARIANT_TYPE ("x"), -1, NULL, keep_result, &misfit);
  wait_for_result (&texts);
  wait_for_result (&bytes);
  wait_for_result (&misfit);
  texts_item = execnet_channel_receive_as_finish (channel, texts, &error);
  g_assert_cmpstr (g_variant_get_type_string (texts_item), ==, "as");
  bytes_item = execnet_channel_receive_bytes_finish (channel, bytes, &error);
  g_assert_cmpmem (
      g_bytes_get_data (bytes_item, NULL), g_bytes_get_size (bytes_item), "F\0\0\0\5Q", 6);
  g_assert_null (execnet_channel_receive_as_finish (channel, misfit, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_UNSUPPORTED_TYPE, "expected x, got s");
}

typedef struct
{
  ExecnetChannel *channel;
  Received received;
} Elsewhere;

static void
receive_elsewhere (gpointer data)
{
  Elsewhere *elsewhere = data;

  execnet_channel_receive_async (
      elsewhere->channel, -1, NULL, on_received, &elsewhere->received);
}

/* Results come to the context of the caller, not to that of the channel. */
static void
test_callers_context (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LoopThread) loop = loop_thread_new ("loop");
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, echo);
  Elsewhere elsewhere = { channel, { g_string_new (NULL), NULL, 0 } };

  loop_thread_run (loop, receive_elsewhere, &elsewhere);
  send_int (channel, 3);
  g_assert_true (execnet_channel_close (channel, NULL, NULL));
  assert_waits_for_close (channel);
  g_clear_pointer (&loop, loop_thread_free);
  if (elsewhere.received.n > 0)
    g_assert_true (elsewhere.received.thread != g_thread_self ());
  g_string_free (elsewhere.received.log, TRUE);
}

/* A pending call holds the channel: dropping it meanwhile is no mistake. */
static void
test_dropped_while_pending (Fixture *fixture, gconstpointer unused)
{
  ExecnetChannel *channel = run_code (fixture->gateway, echo);
  Received received = { g_string_new (NULL), NULL, 0 };

  execnet_channel_receive_async (channel, -1, NULL, on_received, &received);
  send_int (channel, 3);
  g_object_unref (channel);
  ITERATE_UNTIL (received.n == 1);
  g_assert_cmpstr (received.log->str, ==, "3 ");
  g_string_free (received.log, TRUE);
}

/* A synchronous call gets what the pending ones leave. */
static void
test_beside_sync (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "channel.receive()\nfor i in range(4): channel.send(i)");
  Received received = { g_string_new (NULL), NULL, 0 };

  execnet_channel_receive_async (channel, -1, NULL, on_received, &received);
  execnet_channel_receive_async (channel, -1, NULL, on_received, &received);
  send_int (channel, 1);
  g_assert_cmpint (receive_int (channel), ==, 2);
  g_assert_cmpint (receive_int (channel), ==, 3);
  ITERATE_UNTIL (received.n == 2);
  g_assert_cmpstr (received.log->str, ==, "0 1 ");
  g_string_free (received.log, TRUE);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST_BOTH ("/receive-async/order", test_order);
  ADD_TEST ("/receive-async/end", test_end);
  ADD_TEST ("/receive-async/timeout", test_timeout);
  ADD_TEST ("/receive-async/cancel", test_cancel);
  ADD_TEST_BOTH ("/receive-async/cancel-loses-nothing", test_cancel_loses_nothing);
  ADD_TEST ("/receive-async/typed", test_typed);
  ADD_TEST ("/receive-async/callers-context", test_callers_context);
  ADD_TEST ("/receive-async/dropped-while-pending", test_dropped_while_pending);
  ADD_TEST ("/receive-async/beside-sync", test_beside_sync);
  return g_test_run ();
}
