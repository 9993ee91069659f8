/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Multi-channels and their queues, over two gateways. */

#include "config.h"

#include "testing.h"

#include <string.h>

static void
add_gateway (Fixture *fixture)
{
  g_autoptr (ExecnetGateway) second = make_gateway (fixture->group, NULL);
}

static ExecnetMultiChannel *
run_on_both (Fixture *fixture, const char *code)
{
  g_autoptr (GError) error = NULL;
  ExecnetMultiChannel *multi;

  add_gateway (fixture);
  multi = execnet_group_remote_exec (fixture->group, code, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (multi)), ==, 2);
  return multi;
}

static gint64
int_at (GPtrArray *items, guint index)
{
  return g_variant_get_int64 (items->pdata[index]);
}

static void
test_list (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMultiChannel) multi = run_on_both (fixture, "channel.receive()");
  g_autoptr (ExecnetChannel) first = g_list_model_get_item (G_LIST_MODEL (multi), 0);
  g_autoptr (ExecnetChannel) other = execnet_gateway_new_channel (fixture->gateway, NULL);
  g_autoptr (GPtrArray) channels = execnet_multi_channel_get_channels (multi);

  g_assert_cmpuint (g_list_model_get_item_type (G_LIST_MODEL (multi)), ==, EXECNET_TYPE_CHANNEL);
  g_assert_true (first == execnet_multi_channel_get_channel (multi, 0));
  g_assert_true (execnet_channel_get_gateway (first) == fixture->gateway);
  g_assert_null (execnet_multi_channel_get_channel (multi, 2));
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (multi), 2));
  g_assert_cmpuint (channels->len, ==, 2);
  g_assert_true (channels->pdata[0] == first);
  g_assert_true (execnet_multi_channel_contains (multi, first));
  g_assert_false (execnet_multi_channel_contains (multi, other));
}

static void
test_empty (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMultiChannel) multi = execnet_multi_channel_new (NULL, 0);
  g_autoptr (GPtrArray) items = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ExecnetReceiveQueue) queue = NULL;
  GError *error = NULL;

  g_assert_true (execnet_multi_channel_send_each (multi, g_variant_new_int64 (1), NULL, NULL));
  items = execnet_multi_channel_receive_each (multi, 0, NULL, NULL);
  g_assert_cmpuint (items->len, ==, 0);
  g_assert_true (execnet_multi_channel_wait_close (multi, 0, NULL, NULL));
  execnet_multi_channel_wait_close_async (multi, 0, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_true (execnet_multi_channel_wait_close_finish (multi, result, NULL));
  queue = execnet_multi_channel_make_receive_queue (multi, TRUE, NULL);
  g_assert_false (execnet_receive_queue_pop (queue, -1, NULL, NULL, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_END, "ended");
}

static void
test_each (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMultiChannel) multi
      = run_on_both (fixture, "for i in range(2): channel.send(channel.receive() + 1)");
  g_autoptr (GPtrArray) items = NULL, more = NULL;
  g_autoptr (GAsyncResult) sent = NULL, received = NULL, closed = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (execnet_multi_channel_send_each (multi, g_variant_new_int64 (1), NULL, NULL));
  items = execnet_multi_channel_receive_each (multi, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (items->len, ==, 2);
  g_assert_cmpint (int_at (items, 0), ==, 2);
  g_assert_cmpint (int_at (items, 1), ==, 2);

  execnet_multi_channel_receive_each_async (multi, -1, NULL, keep_result, &received);
  execnet_multi_channel_send_each_async (multi, g_variant_new_int64 (5), NULL, keep_result, &sent);
  wait_for_result (&sent);
  g_assert_true (execnet_multi_channel_send_each_finish (multi, sent, NULL));
  wait_for_result (&received);
  more = execnet_multi_channel_receive_each_finish (multi, received, NULL);
  g_assert_cmpint (int_at (more, 0), ==, 6);
  g_assert_cmpint (int_at (more, 1), ==, 6);

  g_assert_true (execnet_multi_channel_wait_close (multi, PATIENCE_MS, NULL, NULL));
  execnet_multi_channel_wait_close_async (multi, -1, NULL, keep_result, &closed);
  wait_for_result (&closed);
  g_assert_true (execnet_multi_channel_wait_close_finish (multi, closed, NULL));
}

/* What one channel had is not lost because another failed. */
static void
test_failed_receive_loses_nothing (Fixture *fixture, gconstpointer is_async)
{
  g_autoptr (ExecnetMultiChannel) multi
      = run_on_both (fixture, "if channel.gateway.id == 'gw0-worker': channel.send(7)");
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  if (GPOINTER_TO_INT (is_async))
    {
      execnet_multi_channel_receive_each_async (multi, -1, NULL, keep_result, &result);
      wait_for_result (&result);
      g_assert_null (execnet_multi_channel_receive_each_finish (multi, result, &error));
    }
  else
    g_assert_null (execnet_multi_channel_receive_each (multi, PATIENCE_MS, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_END, "");
  g_assert_cmpint (receive_int (execnet_multi_channel_get_channel (multi, 0)), ==, 7);
}

static void
test_failed_receive_sync (Fixture *fixture, gconstpointer unused)
{
  test_failed_receive_loses_nothing (fixture, GINT_TO_POINTER (FALSE));
}

static void
test_failed_receive_async (Fixture *fixture, gconstpointer unused)
{
  test_failed_receive_loses_nothing (fixture, GINT_TO_POINTER (TRUE));
}

/* The first error, in the order of the channels, once all have closed. */
static void
test_wait_close_error (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMultiChannel) multi
      = run_on_both (fixture,
                     "if channel.gateway.id == 'gw1-worker': raise ValueError('second')\n"
                     "channel.receive(); raise ValueError('first')");
  ExecnetChannel *first = execnet_multi_channel_get_channel (multi, 0);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GError *error = NULL;

  g_assert_false (execnet_multi_channel_wait_close (multi, 0, NULL, &error));
  assert_error_says (g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "");
  g_cancellable_cancel (cancellable);
  g_assert_false (execnet_multi_channel_wait_close (multi, -1, cancellable, &error));
  assert_error_says (g_steal_pointer (&error), G_IO_ERROR, G_IO_ERROR_CANCELLED, "");

  execnet_multi_channel_wait_close_async (multi, -1, NULL, keep_result, &result);
  send_int (first, 1);
  wait_for_result (&result);
  g_assert_false (execnet_multi_channel_wait_close_finish (multi, result, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_REMOTE, "first");
  g_assert_null (
      execnet_channel_take_remote_error (execnet_multi_channel_get_channel (multi, 1)));
  g_assert_true (execnet_multi_channel_wait_close (multi, -1, NULL, NULL));
}

/* Queues. */

/* Takes what comes until the end: how many items and end markers of each gateway. */
static void
drain (ExecnetReceiveQueue *queue, GHashTable *n_items, GHashTable *n_ends)
{
  for (;;)
    {
      g_autoptr (ExecnetChannel) channel = NULL;
      g_autoptr (GVariant) item = NULL;
      GError *error = NULL;
      gpointer gateway, n;
      GHashTable *counts;

      if (!execnet_receive_queue_pop (queue, PATIENCE_MS, &channel, &item, NULL, &error))
        {
          assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_END, "");
          return;
        }
      gateway = execnet_channel_get_gateway (channel);
      counts = item != NULL ? n_items : n_ends;
      n = g_hash_table_lookup (counts, gateway);
      /* The items of one channel come in their order, and before its end. */
      if (item != NULL)
        g_assert_cmpint (g_variant_get_int64 (item), ==, GPOINTER_TO_INT (n));
      g_assert_null (g_hash_table_lookup (n_ends, gateway));
      g_hash_table_insert (counts, gateway, GINT_TO_POINTER (GPOINTER_TO_INT (n) + 1));
    }
}

static void
test_queue (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMultiChannel) multi
      = run_on_both (fixture, "for i in range(50): channel.send(i)\nraise KeyError(1)");
  g_autoptr (GHashTable) n_items = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) n_ends = g_hash_table_new (NULL, NULL);
  g_autoptr (ExecnetReceiveQueue) queue = NULL, again = NULL;
  ExecnetGateway *gateway = fixture->gateway;
  GError *error = NULL;

  /* What waits already belongs to it. */
  g_assert_cmpint (execnet_channel_wait (execnet_multi_channel_get_channel (multi, 0), -1, NULL),
                   ==,
                   EXECNET_WAIT_READY);
  queue = execnet_multi_channel_make_receive_queue (multi, TRUE, NULL);
  again = execnet_multi_channel_make_receive_queue (multi, FALSE, NULL);
  g_assert_true (queue == again);
  g_assert_null (execnet_channel_receive (execnet_multi_channel_get_channel (multi, 0), 0, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_HAS_HANDLER, "queue");

  drain (queue, n_items, n_ends);
  g_assert_cmpint (g_hash_table_size (n_ends), ==, 2);
  g_assert_cmpint (GPOINTER_TO_INT (g_hash_table_lookup (n_items, gateway)), ==, 50);
  g_assert_cmpint (GPOINTER_TO_INT (g_hash_table_lookup (n_ends, gateway)), ==, 1);
  /* The end was in the queue; why it came is still to be asked for. */
  g_assert_false (execnet_multi_channel_wait_close (multi, -1, NULL, NULL));
}

static void
test_queue_without_markers (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMultiChannel) multi = run_on_both (fixture, "channel.send(0)");
  g_autoptr (ExecnetReceiveQueue) queue
      = execnet_multi_channel_make_receive_queue (multi, FALSE, NULL);
  g_autoptr (GHashTable) n_items = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) n_ends = g_hash_table_new (NULL, NULL);

  drain (queue, n_items, n_ends);
  g_assert_cmpint (g_hash_table_size (n_items), ==, 2);
  g_assert_cmpint (g_hash_table_size (n_ends), ==, 0);
}

static void
test_queue_when_killed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMultiChannel) multi
      = run_on_both (fixture, "channel.send(0)\nwhile True: pass");
  g_autoptr (ExecnetReceiveQueue) queue
      = execnet_multi_channel_make_receive_queue (multi, TRUE, NULL);
  g_autoptr (GHashTable) n_items = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) n_ends = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) gateways = execnet_group_get_gateways (fixture->group);
  gboolean is_there;

  g_assert_cmpint (execnet_receive_queue_wait (queue, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
  YIELD_UNTIL (execnet_receive_queue_get_length (queue) == 2);
  for (guint i = 0; i < gateways->len; i++)
    execnet_gateway_kill (gateways->pdata[i]);
  drain (queue, n_items, n_ends);
  for (guint i = 0; i < gateways->len; i++)
    {
      is_there = g_hash_table_lookup (n_ends, gateways->pdata[i]) == GINT_TO_POINTER (1);
      g_assert_true (is_there);
    }
  g_assert_cmpint (execnet_receive_queue_wait (queue, -1, NULL), ==, EXECNET_WAIT_END);
}

static void
test_queue_empty (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMultiChannel) multi = run_on_both (fixture, "channel.receive()");
  g_autoptr (ExecnetReceiveQueue) queue
      = execnet_multi_channel_make_receive_queue (multi, FALSE, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) late = NULL, cancelled = NULL;
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autoptr (GVariant) item = NULL;
  GError *error = NULL;

  g_assert_false (execnet_receive_queue_try_pop (queue, &channel, &item, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (execnet_receive_queue_get_length (queue), ==, 0);
  g_assert_cmpint (execnet_receive_queue_wait (queue, 1, NULL), ==, EXECNET_WAIT_TIMED_OUT);
  g_assert_false (execnet_receive_queue_pop (queue, 1, NULL, NULL, NULL, &error));
  assert_error_says (g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "");

  execnet_receive_queue_pop_async (queue, 1, NULL, keep_result, &late);
  wait_for_result (&late);
  g_assert_false (execnet_receive_queue_pop_finish (queue, late, NULL, NULL, &error));
  assert_error_says (g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "");

  execnet_receive_queue_pop_async (queue, -1, cancellable, keep_result, &cancelled);
  g_cancellable_cancel (cancellable);
  wait_for_result (&cancelled);
  g_assert_false (execnet_receive_queue_pop_finish (queue, cancelled, NULL, NULL, &error));
  assert_error_says (g_steal_pointer (&error), G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  g_assert_false (execnet_receive_queue_pop (queue, -1, NULL, NULL, cancellable, &error));
  assert_error_says (g_steal_pointer (&error), G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
}

static void
test_queue_async (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMultiChannel) multi = run_on_both (fixture, "channel.send(channel.receive())");
  g_autoptr (ExecnetReceiveQueue) queue
      = execnet_multi_channel_make_receive_queue (multi, TRUE, NULL);

  for (guint i = 0; i < 2; i++)
    {
      ExecnetChannel *expected = execnet_multi_channel_get_channel (multi, i);
      g_autoptr (GAsyncResult) first = NULL, second = NULL;
      g_autoptr (ExecnetChannel) channel = NULL, ended = NULL;
      g_autoptr (GVariant) item = NULL, end = NULL;

      execnet_receive_queue_pop_async (queue, -1, NULL, keep_result, &first);
      execnet_receive_queue_pop_async (queue, -1, NULL, keep_result, &second);
      send_int (expected, i);
      wait_for_result (&first);
      wait_for_result (&second);
      g_assert_true (execnet_receive_queue_pop_finish (queue, first, &channel, &item, NULL));
      g_assert_true (channel == expected);
      g_assert_cmpint (g_variant_get_int64 (item), ==, i);
      g_assert_true (execnet_receive_queue_pop_finish (queue, second, &ended, &end, NULL));
      g_assert_true (ended == expected);
      g_assert_null (end);
    }
}

static void
test_queue_added_twice (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetReceiveQueue) queue = execnet_receive_queue_new (TRUE);
  g_autoptr (ExecnetChannel) good = run_code (fixture->gateway, "channel.receive()");
  GError *error = NULL;

  g_assert_true (execnet_receive_queue_add (queue, good, NULL));
  g_assert_false (execnet_receive_queue_add (queue, good, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_HAS_HANDLER, "already");
}

/* An item that is none closes its channel: what came behind it is dropped, its end is not. */
static void
test_queue_malformed (Fixture *fixture, gconstpointer is_async)
{
  g_autoptr (ExecnetReceiveQueue) queue = execnet_receive_queue_new (TRUE);
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway,
                  "send(DATA, channel, b'garbage')\nsend_integer(channel, 1)\nsend(CLOSE, channel)");
  g_autoptr (ExecnetChannel) ended = NULL;
  g_autoptr (GVariant) item = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  g_assert_true (execnet_receive_queue_add (queue, channel, NULL));
  YIELD_UNTIL (execnet_receive_queue_get_length (queue) == 3);
  g_assert_false (execnet_receive_queue_pop (queue, -1, NULL, NULL, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT, "");
  execnet_receive_queue_pop_async (queue, -1, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_true (execnet_receive_queue_pop_finish (queue, result, &ended, &item, NULL));
  g_assert_true (ended == channel);
  g_assert_null (item);
}

/* Nobody takes what goes to a queue that is gone. */
static void
test_queue_dropped (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "channel.send(0); channel.receive(); channel.send(1)");
  ExecnetReceiveQueue *queue = execnet_receive_queue_new (TRUE);

  g_assert_true (execnet_receive_queue_add (queue, channel, NULL));
  YIELD_UNTIL (execnet_receive_queue_get_length (queue) == 1);
  g_assert_finalize_object (queue);
  send_int (channel, 1);
  assert_waits_for_close (channel);
}

static gpointer
take_all (gpointer queue)
{
  guint n = 0;

  for (;;)
    {
      g_autoptr (ExecnetChannel) channel = NULL;
      g_autoptr (GBytes) bytes = NULL;

      if (!execnet_receive_queue_pop_bytes (queue, PATIENCE_MS, &channel, &bytes, NULL, NULL))
        return GUINT_TO_POINTER (n);
      g_assert_nonnull (bytes);
      n++;
    }
}

static void
test_queue_of_threads (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMultiChannel) multi
      = run_on_both (fixture, "for i in range(500): channel.send(i)");
  g_autoptr (ExecnetReceiveQueue) queue
      = execnet_multi_channel_make_receive_queue (multi, FALSE, NULL);
  GThread *threads[3];
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("taker", take_all, queue);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    n += GPOINTER_TO_UINT (g_thread_join (threads[i]));
  g_assert_cmpuint (n, ==, 1000);
}

static void
test_exec_source (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetSource) source
      = execnet_source_new_function ("def f(channel, n): channel.send(n * 2)", "f");
  g_autoptr (ExecnetMultiChannel) multi = NULL;
  g_autoptr (GPtrArray) items = NULL;
  GError *error = NULL;

  add_gateway (fixture);
  multi = execnet_group_remote_exec_source (fixture->group,
                                            source,
                                            g_variant_new_parsed ("{'n': <int64 21>}"),
                                            &error);
  g_assert_no_error (error);
  items = execnet_multi_channel_receive_each (multi, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (int_at (items, 0), ==, 42);
  g_assert_cmpint (int_at (items, 1), ==, 42);
  g_assert_null (execnet_group_remote_exec_source (fixture->group,
                                                   source,
                                                   g_variant_new_int64 (1),
                                                   &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_UNSUPPORTED_TYPE, "dictionary");
}

int
main (int argc, char **argv)
{
  g_autofree char *peer = NULL;

  testing_init (&argc, &argv);
  peer = peer_spec ("script");

  ADD_TEST ("/multi-channel/list", test_list);
  ADD_TEST ("/multi-channel/empty", test_empty);
  ADD_TEST ("/multi-channel/each", test_each);
  ADD_TEST ("/multi-channel/failed-receive/sync", test_failed_receive_sync);
  ADD_TEST ("/multi-channel/failed-receive/async", test_failed_receive_async);
  ADD_TEST ("/multi-channel/wait-close-error", test_wait_close_error);
  ADD_TEST ("/multi-channel/exec-source", test_exec_source);
  ADD_TEST ("/receive-queue/markers", test_queue);
  ADD_TEST ("/receive-queue/no-markers", test_queue_without_markers);
  ADD_TEST ("/receive-queue/killed", test_queue_when_killed);
  ADD_TEST ("/receive-queue/empty", test_queue_empty);
  ADD_TEST ("/receive-queue/async", test_queue_async);
  ADD_TEST ("/receive-queue/added-twice", test_queue_added_twice);
  ADD_TEST_WITH ("/receive-queue/malformed", peer, test_queue_malformed);
  ADD_TEST ("/receive-queue/dropped", test_queue_dropped);
  ADD_TEST ("/receive-queue/threads", test_queue_of_threads);

  return g_test_run ();
}
