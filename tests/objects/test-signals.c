/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The signals of channels: in the context of the object, in order, once. */

#include "config.h"

#include "testing.h"

typedef struct
{
  Fixture *fixture;
  const char *code;
  ExecnetChannel *channel;
  GString *log; /* "1 2 closed" */
  GThread *thread;
  guint n_received;
  guint n_closed;
  guint n_states;
  Flag done;
  gint64 busy_us;
} Observer;

static void
observer_init (Observer *observer)
{
  *observer = (Observer){ .log = g_string_new (NULL) };
  flag_init (&observer->done);
}

static void
observer_clear (Observer *observer)
{
  g_clear_object (&observer->channel);
  g_string_free (observer->log, TRUE);
  flag_clear (&observer->done);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Observer, observer_clear)

static void
on_received (ExecnetChannel *channel, GVariant *item, gpointer data)
{
  Observer *observer = data;
  gint64 end = g_get_monotonic_time () + observer->busy_us;

  observer->thread = g_thread_self ();
  observer->n_received++;
  g_string_append_printf (observer->log, "%d ", (int) g_variant_get_int64 (item));
  while (g_get_monotonic_time () < end)
    ;
}

static void
on_closed (ExecnetChannel *channel, const GError *error, gpointer data)
{
  Observer *observer = data;

  observer->thread = g_thread_self ();
  observer->n_closed++;
  g_string_append_printf (observer->log, "closed:%d ", error != NULL ? error->code : -1);
  flag_add (&observer->done, 1);
}

static void
on_state (ExecnetChannel *channel, GParamSpec *pspec, gpointer data)
{
  ((Observer *) data)->n_states++;
}

static void
observe_end (Observer *observer)
{
  g_signal_connect (observer->channel, "closed", G_CALLBACK (on_closed), observer);
  g_signal_connect (observer->channel, "notify::state", G_CALLBACK (on_state), observer);
}

static void
observe (Observer *observer)
{
  g_signal_connect (observer->channel, "received", G_CALLBACK (on_received), observer);
  observe_end (observer);
}

static void
test_order (Fixture *fixture, gconstpointer unused)
{
  g_auto (Observer) observer = { 0 };

  observer_init (&observer);
  observer.channel = run_code (fixture->gateway, "for i in range(5): channel.send(i)");
  observe (&observer);
  g_assert_cmpstr (observer.log->str, ==, "");
  ITERATE_UNTIL (observer.n_closed > 0);
  iterate_ready ();
  g_assert_cmpstr (observer.log->str, ==, "0 1 2 3 4 closed:-1 ");
  g_assert_cmpuint (observer.n_states, ==, 1);
  g_assert_true (observer.thread == g_thread_self ());
}

/* Nobody has to hold what nobody wants; a handler that comes late gets all of it. */
static void
test_connected_late (Fixture *fixture, gconstpointer unused)
{
  g_auto (Observer) observer = { 0 };

  observer_init (&observer);
  observer.channel = run_code (fixture->gateway,
                               "for i in range(3): channel.send(i)\n"
                               "channel.receive()\n"
                               "channel.send(3)\n"
                               "channel.receive()");
  g_assert_cmpint (
      execnet_channel_wait (observer.channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
  iterate_ready ();
  observe (&observer);
  ITERATE_UNTIL (observer.n_received == 3);
  send_int (observer.channel, 1);
  ITERATE_UNTIL (observer.n_received == 4);
  send_int (observer.channel, 1);
  ITERATE_UNTIL (observer.n_closed > 0);
  g_assert_cmpstr (observer.log->str, ==, "0 1 2 3 closed:-1 ");
}

/* Also after the end, and after the gateway's. */
static void
test_connected_after_the_end (Fixture *fixture, gconstpointer unused)
{
  g_auto (Observer) observer = { 0 };

  observer_init (&observer);
  observer.channel = run_code (fixture->gateway, "for i in range(3): channel.send(i)");
  assert_waits_for_close (observer.channel);
  execnet_gateway_exit (fixture->gateway);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  observe (&observer);
  ITERATE_UNTIL (observer.n_closed > 0);
  iterate_ready ();
  g_assert_cmpstr (observer.log->str, ==, "0 1 2 closed:-1 ");
}

/* Many, whose handlers take long: none is forgotten. */
static void
test_slow_handlers (Fixture *fixture, gconstpointer unused)
{
  Observer observers[5];

  for (guint i = 0; i < G_N_ELEMENTS (observers); i++)
    {
      observer_init (&observers[i]);
      observers[i].busy_us = 6000;
      observers[i].channel = run_code (fixture->gateway, "channel.send(1)\nchannel.receive()");
      g_assert_cmpint (
          execnet_channel_wait (observers[i].channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
    }
  iterate_ready ();
  for (guint i = 0; i < G_N_ELEMENTS (observers); i++)
    observe (&observers[i]);
  for (guint i = 0; i < G_N_ELEMENTS (observers); i++)
    {
      ITERATE_UNTIL (observers[i].n_received == 1);
      send_int (observers[i].channel, 1);
    }
  for (guint i = 0; i < G_N_ELEMENTS (observers); i++)
    {
      ITERATE_UNTIL (observers[i].n_closed == 1);
      observer_clear (&observers[i]);
    }
}

static void
test_receive_is_an_error (Fixture *fixture, gconstpointer unused)
{
  g_auto (Observer) observer = { 0 };
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;
  gulong handler;

  observer_init (&observer);
  observer.channel = run_code (fixture->gateway, "for i in channel: channel.send(i)");
  handler = g_signal_connect (observer.channel, "received", G_CALLBACK (on_received), &observer);
  assert_error_says (
      receive_error (observer.channel), EXECNET_ERROR, EXECNET_ERROR_HAS_HANDLER, "received");
  g_assert_null (execnet_channel_try_receive (observer.channel, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_HAS_HANDLER, "received");
  execnet_channel_receive_async (observer.channel, -1, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_null (execnet_channel_receive_finish (observer.channel, result, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_HAS_HANDLER, "received");
  g_assert_cmpint (execnet_channel_wait (observer.channel, -1, NULL), ==, EXECNET_WAIT_ERROR);

  /* A handler that is gone, or blocked, takes nothing. */
  g_signal_handler_block (observer.channel, handler);
  send_int (observer.channel, 1);
  g_assert_cmpint (receive_int (observer.channel), ==, 1);
  g_signal_handler_unblock (observer.channel, handler);
  send_int (observer.channel, 2);
  ITERATE_UNTIL (observer.n_received == 1);
  g_signal_handler_disconnect (observer.channel, handler);
  send_int (observer.channel, 3);
  g_assert_cmpint (receive_int (observer.channel), ==, 3);
}

/* A receive that was pending before the handler has its item first. */
static void
test_pending_receive_comes_first (Fixture *fixture, gconstpointer unused)
{
  g_auto (Observer) observer = { 0 };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) item = NULL;

  observer_init (&observer);
  observer.channel
      = run_code (fixture->gateway, "channel.receive()\nfor i in range(3): channel.send(i)");
  execnet_channel_receive_async (observer.channel, -1, NULL, keep_result, &result);
  observe (&observer);
  send_int (observer.channel, 1);
  ITERATE_UNTIL (observer.n_closed > 0);
  wait_for_result (&result);
  item = execnet_channel_receive_finish (observer.channel, result, NULL);
  g_assert_cmpint (g_variant_get_int64 (item), ==, 0);
  g_assert_cmpstr (observer.log->str, ==, "1 2 closed:-1 ");
}

static void
make_and_observe (gpointer data)
{
  Observer *observer = data;

  observer->channel = run_code (observer->fixture->gateway, observer->code);
  observe (observer);
}

static void
drop (gpointer data)
{
  Observer *observer = data;

  g_clear_object (&observer->channel);
}

/* Each object in the context that it was made in, whichever thread the gateway was made in. */
static void
test_contexts (Fixture *fixture, gconstpointer unused)
{
  LoopThread *loops[4];
  Observer observers[4];

  for (guint i = 0; i < G_N_ELEMENTS (loops); i++)
    {
      loops[i] = loop_thread_new ("loop");
      observer_init (&observers[i]);
      observers[i].fixture = fixture;
      observers[i].code = "for i in range(5): channel.send(i)";
      loop_thread_run (loops[i], make_and_observe, &observers[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (loops); i++)
    {
      flag_wait (&observers[i].done, 1);
      loop_thread_run (loops[i], drop, &observers[i]);
      g_assert_cmpstr (observers[i].log->str, ==, "0 1 2 3 4 closed:-1 ");
      g_assert_true (observers[i].thread == loops[i]->thread);
      loop_thread_free (loops[i]);
      observer_clear (&observers[i]);
    }
}

static void
test_remote_error (Fixture *fixture, gconstpointer unused)
{
  g_auto (Observer) observer = { 0 };
  g_autofree char *expected = g_strdup_printf ("1 closed:%d ", EXECNET_ERROR_REMOTE);

  observer_init (&observer);
  observer.channel = run_code (fixture->gateway, "channel.send(1)\n1 / 0");
  observe (&observer);
  ITERATE_UNTIL (observer.n_closed > 0);
  g_assert_cmpstr (observer.log->str, ==, expected);
  /* The signal takes nothing away. */
  assert_closed_with (observer.channel, EXECNET_ERROR, EXECNET_ERROR_REMOTE, "division");
}

static void
test_death (Fixture *fixture, gconstpointer unused)
{
  g_auto (Observer) observer = { 0 };
  g_autofree char *expected = g_strdup_printf ("1 closed:%d ", EXECNET_ERROR_DIED);

  observer_init (&observer);
  observer.channel = run_code (fixture->gateway, "channel.send(1)\nimport os\nos._exit(1)");
  observe (&observer);
  ITERATE_UNTIL (observer.n_closed > 0);
  iterate_ready ();
  g_assert_cmpstr (observer.log->str, ==, expected);
  g_assert_cmpuint (observer.n_closed, ==, 1);
}

static void
test_closed_here (Fixture *fixture, gconstpointer unused)
{
  g_auto (Observer) observer = { 0 };

  observer_init (&observer);
  observer.channel = run_code (fixture->gateway, "channel.receive()");
  observe (&observer);
  g_assert_true (execnet_channel_close (observer.channel, "an error for the other", NULL));
  g_assert_cmpuint (observer.n_closed, ==, 0);
  ITERATE_UNTIL (observer.n_closed > 0);
  execnet_gateway_exit (fixture->gateway);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  iterate_ready ();
  g_assert_cmpstr (observer.log->str, ==, "closed:-1 ");
}

static gboolean
take_item (GVariant *item, gpointer data, GError **error)
{
  g_string_append (((Observer *) data)->log, item != NULL ? "item " : "end ");
  return TRUE;
}

/* The signal comes after the callback's end. */
static void
test_closed_after_callback (Fixture *fixture, gconstpointer unused)
{
  g_auto (Observer) observer = { 0 };

  observer_init (&observer);
  observer.channel = run_code (fixture->gateway, "channel.send(1)\nchannel.send(2)");
  observe_end (&observer);
  g_assert_true (execnet_channel_set_callback (
      observer.channel, NULL, TRUE, take_item, &observer, NULL, NULL));
  ITERATE_UNTIL (observer.n_closed > 0);
  iterate_ready ();
  g_assert_cmpstr (observer.log->str, ==, "item item end closed:-1 ");
}

static void
test_closed_after_callback_elsewhere (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LoopThread) loop = loop_thread_new ("loop");
  g_auto (Observer) observer = { 0 };

  observer_init (&observer);
  observer.channel = run_code (fixture->gateway, "channel.send(1)\nchannel.send(2)");
  observe_end (&observer);
  g_assert_true (execnet_channel_set_callback (
      observer.channel, loop->context, TRUE, take_item, &observer, NULL, NULL));
  ITERATE_UNTIL (observer.n_closed > 0);
  iterate_ready ();
  g_assert_cmpstr (observer.log->str, ==, "item item end closed:-1 ");
}

/* Handlers may do anything to their channel. */
static void
close_and_drop (ExecnetChannel *channel, GVariant *item, gpointer data)
{
  Observer *observer = data;

  observer->n_received++;
  g_assert_true (execnet_channel_close (channel, NULL, NULL));
  g_clear_object (&observer->channel);
}

static void
test_dropped_in_handler (Fixture *fixture, gconstpointer unused)
{
  g_auto (Observer) observer = { 0 };

  observer_init (&observer);
  observer.channel = run_code (fixture->gateway, "for i in range(100): channel.send(i)");
  g_signal_connect (observer.channel, "received", G_CALLBACK (close_and_drop), &observer);
  ITERATE_UNTIL (observer.channel == NULL);
  iterate_ready ();
  /* Nobody holds it: no more of it comes. */
  g_assert_cmpuint (observer.n_received, ==, 1);
}

static void
run_loop_inside (ExecnetChannel *channel, GVariant *item, gpointer data)
{
  Observer *observer = data;

  observer->n_received++;
  g_string_append_printf (observer->log, "%d ", (int) g_variant_get_int64 (item));
  if (observer->n_received == 1)
    ITERATE_UNTIL (observer->n_received >= 3);
}

/* A handler that runs the loop, as a dialog does: what comes meanwhile comes there. */
static void
test_loop_in_handler (Fixture *fixture, gconstpointer unused)
{
  g_auto (Observer) observer = { 0 };

  observer_init (&observer);
  observer.channel = run_code (fixture->gateway, "for i in range(5): channel.send(i)");
  g_signal_connect (observer.channel, "received", G_CALLBACK (run_loop_inside), &observer);
  observe_end (&observer);
  ITERATE_UNTIL (observer.n_closed > 0);
  g_assert_cmpstr (observer.log->str, ==, "0 1 2 3 4 closed:-1 ");
}

/* A flood does not keep the loop from anything else. */
static gboolean
count_turn (gpointer data)
{
  ++*(guint *) data;
  return G_SOURCE_CONTINUE;
}

static void
test_flood (Fixture *fixture, gconstpointer unused)
{
  g_auto (Observer) observer = { 0 };
  g_autoptr (GSource) source = g_timeout_source_new (1);
  guint n_turns = 0;

  observer_init (&observer);
  g_source_set_callback (source, count_turn, &n_turns, NULL);
  g_source_attach (source, NULL);
  observer.channel = run_code (fixture->gateway, "for i in range(20000): channel.send(i)");
  observe (&observer);
  ITERATE_UNTIL (observer.n_closed > 0);
  g_source_destroy (source);
  g_assert_cmpuint (observer.n_received, ==, 20000);
  g_assert_cmpuint (n_turns, >, 3);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST_BOTH ("/signals/order", test_order);
  ADD_TEST ("/signals/connected-late", test_connected_late);
  ADD_TEST ("/signals/connected-after-the-end", test_connected_after_the_end);
  ADD_TEST ("/signals/slow-handlers", test_slow_handlers);
  ADD_TEST ("/signals/receive-is-an-error", test_receive_is_an_error);
  ADD_TEST ("/signals/pending-receive-comes-first", test_pending_receive_comes_first);
  ADD_TEST ("/signals/contexts", test_contexts);
  ADD_TEST ("/signals/remote-error", test_remote_error);
  ADD_TEST_BOTH ("/signals/death", test_death);
  ADD_TEST ("/signals/closed-here", test_closed_here);
  ADD_TEST ("/signals/closed-after-callback", test_closed_after_callback);
  ADD_TEST ("/signals/closed-after-callback-elsewhere", test_closed_after_callback_elsewhere);
  ADD_TEST ("/signals/dropped-in-handler", test_dropped_in_handler);
  ADD_TEST ("/signals/loop-in-handler", test_loop_in_handler);
  ADD_TEST_BOTH ("/signals/flood", test_flood);
  return g_test_run ();
}
