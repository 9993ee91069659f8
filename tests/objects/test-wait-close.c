/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Waiting for the end of a channel, in every thread, with and without a callback. */

#include "config.h"

#include "testing.h"

typedef struct
{
  GString *items;
  GThread *thread; /* the one that ran it last */
  guint n_notified;
  ExecnetChannel *waits_for;
  Flag *flag;
  GError *error;
  gboolean waited;
} Called;

static void
called_init (Called *called)
{
  *called = (Called){ .items = g_string_new (NULL) };
}

static void
called_clear (Called *called)
{
  g_string_free (called->items, TRUE);
  g_clear_error (&called->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Called, called_clear)

static gboolean
take_item (GVariant *item, gpointer data, GError **error)
{
  Called *called = data;
  g_autofree char *text = item != NULL ? g_variant_print (item, FALSE) : g_strdup ("end");

  g_string_append_printf (called->items, "%s ", text);
  called->thread = g_thread_self ();
  if (called->flag != NULL)
    flag_wait (called->flag, 1);
  if (called->waits_for != NULL && called->error == NULL && !called->waited)
    called->waited
        = execnet_channel_wait_close (called->waits_for, PATIENCE_MS, NULL, &called->error);
  return TRUE;
}

static void
on_notified (gpointer data)
{
  ((Called *) data)->n_notified++;
}

static void
set_callback (ExecnetChannel *channel, GMainContext *context, Called *called)
{
  g_autoptr (GError) error = NULL;

  execnet_channel_set_callback (channel, context, TRUE, take_item, called, on_notified, &error);
  g_assert_no_error (error);
}

static void
test_without_callback (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "channel.send(1)\nchannel.receive()");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GError *error = NULL;

  g_assert_false (execnet_channel_wait_close (channel, 0, NULL, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "in time");
  g_assert_false (execnet_channel_wait_close (channel, 20, NULL, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "in time");
  g_cancellable_cancel (cancellable);
  g_assert_false (execnet_channel_wait_close (channel, -1, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_cmpint (execnet_channel_wait_closed (channel, 0, NULL), ==, EXECNET_WAIT_TIMED_OUT);
  g_assert_cmpint (execnet_channel_wait_closed (channel, -1, cancellable), ==,
                   EXECNET_WAIT_INTERRUPTED);
  send_int (channel, 1);
  assert_waits_for_close (channel);
  assert_waits_for_close (channel);
  /* Items that nobody took are still there. */
  g_assert_cmpint (receive_int (channel), ==, 1);
  assert_end (channel);
}

static void
test_async (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.receive()\n1 / 0");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult *results[5] = { NULL };
  GError *error = NULL;
  guint n_errors = 0;

  execnet_channel_wait_close_async (channel, -1, NULL, keep_result, &results[0]);
  execnet_channel_wait_close_async (channel, 1, NULL, keep_result, &results[1]);
  execnet_channel_wait_close_async (channel, -1, cancellable, keep_result, &results[2]);
  execnet_channel_wait_close_async (channel, -1, NULL, keep_result, &results[3]);
  g_cancellable_cancel (cancellable);
  wait_for_result (&results[1]);
  wait_for_result (&results[2]);
  g_assert_false (execnet_channel_wait_close_finish (channel, results[1], &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "in time");
  g_assert_false (execnet_channel_wait_close_finish (channel, results[2], &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  send_int (channel, 1);
  wait_for_result (&results[0]);
  wait_for_result (&results[3]);
  execnet_channel_wait_close_async (channel, -1, NULL, keep_result, &results[4]);
  wait_for_result (&results[4]);
  /* One of them reports the error. */
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      if (i != 1 && i != 2 && !execnet_channel_wait_close_finish (channel, results[i], &error))
        {
          assert_error_says (
              g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_REMOTE, "division");
          n_errors++;
        }
      g_object_unref (results[i]);
    }
  g_assert_cmpuint (n_errors, ==, 1);
}

static gpointer
wait_in_thread (gpointer channel)
{
  assert_waits_for_close (channel);
  return NULL;
}

static void
test_threads (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.receive()");
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("wait", wait_in_thread, channel);
  send_int (channel, 1);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* The callback's context is this thread's own, whose loop does not run: it helps itself. */
static void
test_own_context (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in range(3): channel.send(i)");
  g_auto (Called) called = { 0 };

  called_init (&called);
  set_callback (channel, NULL, &called);
  assert_waits_for_close (channel);
  g_assert_cmpstr (called.items->str, ==, "0 1 2 end ");
  g_assert_true (called.thread == g_thread_self ());
  g_assert_cmpuint (called.n_notified, ==, 1);
  iterate_ready ();
  g_assert_cmpstr (called.items->str, ==, "0 1 2 end ");
}

/* Nothing else of the context runs meanwhile. */
static gboolean
count_idle (gpointer data)
{
  ++*(guint *) data;
  return G_SOURCE_CONTINUE;
}

static void
test_runs_nothing_else (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.send(1)");
  g_autoptr (ExecnetChannel) other = run_code (fixture->gateway, "channel.send(1)");
  g_autoptr (GSource) idle = g_idle_source_new ();
  g_auto (Called) called = { 0 };
  g_auto (Called) others = { 0 };
  guint n_idle = 0;

  called_init (&called);
  called_init (&others);
  g_source_set_priority (idle, G_PRIORITY_HIGH);
  g_source_set_callback (idle, count_idle, &n_idle, NULL);
  g_source_attach (idle, NULL);
  set_callback (other, NULL, &others);
  set_callback (channel, NULL, &called);
  assert_waits_for_close (channel);
  g_assert_cmpstr (called.items->str, ==, "1 end ");
  g_assert_cmpstr (others.items->str, ==, "");
  g_assert_cmpuint (n_idle, ==, 0);
  g_source_destroy (idle);
  assert_waits_for_close (other);
  g_assert_cmpstr (others.items->str, ==, "1 end ");
}

/* A context that nobody iterates: whoever waits runs the callback, and nothing is left behind. */
static void
test_nobodys_context (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in range(200): channel.send(i)");
  g_auto (Called) called = { 0 };

  called_init (&called);
  set_callback (channel, context, &called);
  assert_waits_for_close (channel);
  g_assert_true (g_str_has_suffix (called.items->str, " 198 199 end "));
  g_assert_true (called.thread == g_thread_self ());
  g_assert_cmpuint (called.n_notified, ==, 1);
}

/* The same for several who wait. */
static void
test_nobodys_context_and_threads (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in range(200): channel.send(i)");
  g_auto (Called) called = { 0 };
  GThread *threads[4];

  called_init (&called);
  set_callback (channel, context, &called);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("wait", wait_in_thread, channel);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_true (g_str_has_suffix (called.items->str, " 198 199 end "));
  g_assert_cmpuint (called.n_notified, ==, 1);
}

/* A thread owns the context, and is busy: the wait is for that thread's callback. */
static void
test_others_context (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LoopThread) loop = loop_thread_new ("loop");
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in range(3): channel.send(i)");
  g_auto (Called) called = { 0 };
  g_auto (Flag) flag = { 0 };
  GError *error = NULL;

  called_init (&called);
  flag_init (&flag);
  called.flag = &flag;
  set_callback (channel, loop->context, &called);
  g_assert_false (execnet_channel_wait_close (channel, 100, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "in time");
  flag_add (&flag, 1);
  assert_waits_for_close (channel);
  g_assert_cmpstr (called.items->str, ==, "0 1 2 end ");
  g_assert_true (called.thread == loop->thread);
  g_assert_cmpuint (called.n_notified, ==, 1);
}

/* An asynchronous wait ends after the callback's end, too. */
static void
test_async_after_callback (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LoopThread) loop = loop_thread_new ("loop");
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.send(1)");
  g_autoptr (GAsyncResult) result = NULL;
  g_auto (Called) called = { 0 };
  g_auto (Flag) flag = { 0 };

  called_init (&called);
  flag_init (&flag);
  called.flag = &flag;
  set_callback (channel, loop->context, &called);
  execnet_channel_wait_close_async (channel, -1, NULL, keep_result, &result);
  ITERATE_UNTIL (execnet_channel_get_state (channel) == EXECNET_CHANNEL_CLOSED);
  iterate_ready ();
  g_assert_null (result);
  flag_add (&flag, 1);
  wait_for_result (&result);
  g_assert_cmpuint (called.n_notified, ==, 1);
  g_assert_cmpstr (called.items->str, ==, "1 end ");
  g_assert_true (execnet_channel_wait_close_finish (channel, result, NULL));
}

static void
test_waits_for_itself (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LoopThread) loop = loop_thread_new ("loop");

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GMainContext) nobodys = g_main_context_new ();
      GMainContext *contexts[] = { NULL, nobodys, loop->context };
      g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.send(1)");
      g_auto (Called) called = { 0 };

      called_init (&called);
      called.waits_for = channel;
      set_callback (channel, contexts[i], &called);
      assert_waits_for_close (channel);
      g_assert_cmpstr (called.items->str, ==, "1 end ");
      assert_error_says (g_steal_pointer (&called.error),
                         EXECNET_ERROR,
                         EXECNET_ERROR_WOULD_DEADLOCK,
                         "its own end");
    }
}

/* One's callback waits for the other's, in all combinations of contexts. */
static void
test_waits_for_other (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) second = make_gateway (fixture->group, "popen");
  g_autoptr (LoopThread) loop = loop_thread_new ("loop");
  g_autoptr (LoopThread) other_loop = loop_thread_new ("other-loop");
  GMainContext *contexts[] = { NULL, loop->context, other_loop->context };

  for (guint i = 0; i < 9; i++)
    {
      g_autoptr (ExecnetChannel) one = run_code (fixture->gateway, "channel.send(1)");
      g_autoptr (ExecnetChannel) other = run_code (second, "channel.send(2)");
      g_auto (Called) called = { 0 };
      g_auto (Called) others = { 0 };

      called_init (&called);
      called_init (&others);
      called.waits_for = other;
      set_callback (other, contexts[i % 3], &others);
      set_callback (one, contexts[i / 3], &called);
      assert_waits_for_close (one);
      g_assert_no_error (called.error);
      g_assert_true (called.waited);
      g_assert_cmpstr (called.items->str, ==, "1 end ");
      g_assert_cmpstr (others.items->str, ==, "2 end ");
      assert_waits_for_close (other);
    }
}

/* A callback may receive from another channel, of its own gateway, too. */
static gboolean
receive_from_other (GVariant *item, gpointer data, GError **error)
{
  Called *called = data;

  if (item != NULL)
    g_string_append_printf (
        called->items, "%d ", (int) receive_int (called->waits_for));
  return TRUE;
}

static void
test_callback_receives (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) other
      = run_code (fixture->gateway, "for i in range(10): channel.send(i * i)");
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in range(10): channel.send(i)");
  g_auto (Called) called = { 0 };

  called_init (&called);
  called.waits_for = other;
  g_assert_true (execnet_channel_set_callback (
      channel, NULL, FALSE, receive_from_other, &called, on_notified, NULL));
  assert_waits_for_close (channel);
  g_assert_cmpstr (called.items->str, ==, "0 1 4 9 16 25 36 49 64 81 ");
}

static gpointer
kill_when_ready (gpointer gateway)
{
  execnet_gateway_kill (gateway);
  return NULL;
}

static void
test_death (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) plain = run_code (fixture->gateway, "channel.receive()");
  g_autoptr (ExecnetChannel) with_callback = run_code (fixture->gateway, "channel.receive()");
  g_auto (Called) called = { 0 };
  GThread *thread;

  called_init (&called);
  set_callback (with_callback, NULL, &called);
  thread = g_thread_new ("kill", kill_when_ready, fixture->gateway);
  assert_closed_with (plain, EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9");
  assert_closed_with (with_callback, EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9");
  g_assert_cmpstr (called.items->str, ==, "end ");
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST ("/wait-close/without-callback", test_without_callback);
  ADD_TEST ("/wait-close/async", test_async);
  ADD_TEST ("/wait-close/threads", test_threads);
  ADD_TEST ("/wait-close/own-context", test_own_context);
  ADD_TEST ("/wait-close/runs-nothing-else", test_runs_nothing_else);
  ADD_TEST ("/wait-close/nobodys-context", test_nobodys_context);
  ADD_TEST ("/wait-close/nobodys-context-and-threads", test_nobodys_context_and_threads);
  ADD_TEST ("/wait-close/others-context", test_others_context);
  ADD_TEST ("/wait-close/async-after-callback", test_async_after_callback);
  ADD_TEST ("/wait-close/waits-for-itself", test_waits_for_itself);
  ADD_TEST ("/wait-close/waits-for-other", test_waits_for_other);
  ADD_TEST ("/wait-close/callback-receives", test_callback_receives);
  ADD_TEST_BOTH ("/wait-close/death", test_death);
  return g_test_run ();
}
