/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Callbacks: where they run, what they get, and how they end. */

#include "config.h"

#include "testing.h"

/* What a callback saw. Only its context's thread writes, before it raises the flags. */
typedef struct
{
  GMutex lock;
  GString *items;    /* "1 2 3 end" */
  guint n_items;
  guint n_ends;
  guint n_notified;
  GThread *thread;
  Flag ended;
  const char *fails_at; /* fails for this item */
  ExecnetChannel *channel;
  void (*also) (gpointer seen);
  gpointer data;
} Seen;

static void
seen_init (Seen *seen)
{
  *seen = (Seen){ .items = g_string_new (NULL) };
  g_mutex_init (&seen->lock);
  flag_init (&seen->ended);
}

static void
seen_clear (Seen *seen)
{
  g_string_free (seen->items, TRUE);
  g_mutex_clear (&seen->lock);
  flag_clear (&seen->ended);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Seen, seen_clear)

static gboolean
take_item (GVariant *item, gpointer data, GError **error)
{
  Seen *seen = data;
  g_autofree char *text = item != NULL ? g_variant_print (item, FALSE) : g_strdup ("end");

  g_mutex_lock (&seen->lock);
  g_assert_cmpuint (seen->n_notified, ==, 0);
  g_assert_cmpuint (seen->n_ends, ==, 0);
  g_string_append_printf (seen->items, "%s%s", seen->items->len > 0 ? " " : "", text);
  seen->n_items += item != NULL;
  seen->n_ends += item == NULL;
  seen->thread = g_thread_self ();
  g_mutex_unlock (&seen->lock);

  if (seen->also != NULL)
    seen->also (seen);
  if (g_strcmp0 (text, seen->fails_at) != 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "I don't like %s", text);
  return FALSE;
}

static void
on_notified (gpointer data)
{
  Seen *seen = data;

  g_mutex_lock (&seen->lock);
  seen->n_notified++;
  g_assert_true (seen->thread == NULL || seen->thread == g_thread_self ());
  g_mutex_unlock (&seen->lock);
  flag_add (&seen->ended, 1);
}

static void
set_callback (ExecnetChannel *channel, GMainContext *context, Seen *seen)
{
  g_autoptr (GError) error = NULL;

  execnet_channel_set_callback (channel, context, TRUE, take_item, seen, on_notified, &error);
  g_assert_no_error (error);
}

static void
assert_seen (Seen *seen, const char *items)
{
  g_assert_cmpstr (seen->items->str, ==, items);
  g_assert_cmpuint (seen->n_notified, ==, 1);
}

static void
test_own_context (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in range(3): channel.send(i)");
  g_auto (Seen) seen = { 0 };

  seen_init (&seen);
  set_callback (channel, NULL, &seen);
  ITERATE_UNTIL (seen.n_notified > 0);
  iterate_ready ();
  assert_seen (&seen, "0 1 2 end");
  g_assert_true (seen.thread == g_thread_self ());
  assert_waits_for_close (channel);
}

static void
test_other_context (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LoopThread) loop = loop_thread_new ("loop");
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in range(3): channel.send(i)");
  g_auto (Seen) seen = { 0 };

  seen_init (&seen);
  set_callback (channel, loop->context, &seen);
  flag_wait (&seen.ended, 1);
  assert_seen (&seen, "0 1 2 end");
  g_assert_true (seen.thread == loop->thread);
}

/* What waits already comes first. */
static void
test_queued (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway,
                                                 "for i in range(3): channel.send(i)\n"
                                                 "channel.receive()\n"
                                                 "channel.send(3)");
  g_auto (Seen) seen = { 0 };

  seen_init (&seen);
  g_assert_cmpint (receive_int (channel), ==, 0);
  g_assert_cmpint (execnet_channel_wait (channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
  set_callback (channel, NULL, &seen);
  g_assert_cmpstr (seen.items->str, ==, "");
  send_int (channel, 1);
  ITERATE_UNTIL (seen.n_notified > 0);
  assert_seen (&seen, "1 2 3 end");
}

/* It has ended, and so has its gateway: everything comes all the same. */
static void
test_set_after_the_end (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in range(3): channel.send(i)");
  g_auto (Seen) seen = { 0 };

  seen_init (&seen);
  execnet_gateway_exit (fixture->gateway);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  set_callback (channel, NULL, &seen);
  assert_waits_for_close (channel);
  assert_seen (&seen, "0 1 2 end");
}

static void
test_without_end_marker (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.send(1)");
  g_auto (Seen) seen = { 0 };

  seen_init (&seen);
  g_assert_true (
      execnet_channel_set_callback (channel, NULL, FALSE, take_item, &seen, on_notified, NULL));
  ITERATE_UNTIL (seen.n_notified > 0);
  assert_seen (&seen, "1");
}

static void
test_set_twice (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.send(1)");
  g_auto (Seen) seen = { 0 };
  g_auto (Seen) other = { 0 };
  GError *error = NULL;

  seen_init (&seen);
  seen_init (&other);
  set_callback (channel, NULL, &seen);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_false (execnet_channel_set_callback (
          channel, NULL, TRUE, take_item, &other, on_notified, &error));
      assert_error_says (
          g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_HAS_HANDLER, "callback already");
      /* Also when it has ended. */
      ITERATE_UNTIL (seen.n_notified > 0);
    }
  assert_seen (&seen, "1 end");
  g_assert_cmpuint (other.n_notified, ==, 0);
}

static void
test_receive_is_an_error (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.receive()");
  g_autoptr (GAsyncResult) result = NULL;
  g_auto (Seen) seen = { 0 };
  GError *error = NULL;

  seen_init (&seen);
  set_callback (channel, NULL, &seen);
  assert_error_says (
      receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_HAS_HANDLER, "callback");
  g_assert_null (execnet_channel_try_receive (channel, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_HAS_HANDLER, "callback");
  g_assert_cmpint (execnet_channel_wait (channel, -1, NULL), ==, EXECNET_WAIT_ERROR);
  execnet_channel_receive_async (channel, -1, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_null (execnet_channel_receive_finish (channel, result, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_HAS_HANDLER, "callback");
  send_int (channel, 1);
  assert_waits_for_close (channel);
}

static gpointer
receive_until_error (gpointer channel)
{
  return receive_error (channel);
}

/* Whoever waits for an item when it is set learns that none will come to him. */
static void
test_set_while_somebody_waits (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (ExecnetChannel) channel
          = run_code (fixture->gateway, "channel.receive()\nchannel.send(7)");
      g_autoptr (ExecnetChannel) other = run_code (fixture->gateway, "channel.receive()");
      GThread *threads[2];
      g_auto (Seen) seen = { 0 };

      seen_init (&seen);
      threads[0] = g_thread_new ("one", receive_until_error, channel);
      threads[1] = g_thread_new ("other", receive_until_error, channel);
      g_assert_null (execnet_channel_receive (other, i % 3, NULL, NULL));
      set_callback (channel, NULL, &seen);
      for (guint j = 0; j < G_N_ELEMENTS (threads); j++)
        assert_error_says (
            g_thread_join (threads[j]), EXECNET_ERROR, EXECNET_ERROR_HAS_HANDLER, "callback");
      send_int (channel, 1);
      send_int (other, 1);
      assert_waits_for_close (channel);
      assert_seen (&seen, "7 end");
    }
}

/* A receive that is pending when it is set still gets its item; later ones fail. */
static void
test_pending_receive_comes_first (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "channel.receive()\nfor i in range(3): channel.send(i)");
  g_autoptr (GAsyncResult) pending = NULL;
  g_autoptr (GAsyncResult) refused = NULL;
  g_autoptr (GVariant) item = NULL;
  g_auto (Seen) seen = { 0 };
  GError *error = NULL;

  seen_init (&seen);
  execnet_channel_receive_async (channel, -1, NULL, keep_result, &pending);
  set_callback (channel, NULL, &seen);
  execnet_channel_receive_async (channel, -1, NULL, keep_result, &refused);
  wait_for_result (&refused);
  g_assert_null (execnet_channel_receive_finish (channel, refused, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_HAS_HANDLER, "callback");
  g_assert_null (pending);
  send_int (channel, 1);
  ITERATE_UNTIL (seen.n_notified > 0);
  wait_for_result (&pending);
  item = execnet_channel_receive_finish (channel, pending, NULL);
  g_assert_cmpint (g_variant_get_int64 (item), ==, 0);
  assert_seen (&seen, "1 2 end");
}

/* It closes the channel, and both sides see why. */
static void
test_fails (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) reporter = run_code (fixture->gateway,
                                                  "c = channel.receive()\n"
                                                  "try:\n"
                                                  "    for i in range(100): c.send(i)\n"
                                                  "except IOError: pass  # closed by then\n"
                                                  "try: c.receive()\n"
                                                  "except c.RemoteError as e:\n"
                                                  "    channel.send(e.formatted)");
  g_autoptr (ExecnetChannel) channel = execnet_gateway_new_channel (fixture->gateway, NULL);
  g_autoptr (ExecnetRemoteError) remote_error = NULL;
  g_autofree char *reported = NULL;
  g_auto (Seen) seen = { 0 };

  seen_init (&seen);
  seen.fails_at = "2";
  set_callback (channel, NULL, &seen);
  g_assert_true (execnet_channel_send (
      reporter, g_variant_new_handle (execnet_channel_get_id (channel)), NULL, NULL));
  assert_closed_with (channel, EXECNET_ERROR, EXECNET_ERROR_REMOTE, "I don't like 2");
  assert_seen (&seen, "0 1 2 end");
  reported = receive_text (reporter);
  g_assert_cmpstr (reported, ==, "I don't like 2");
  g_assert_cmpint (execnet_channel_get_state (channel), ==, EXECNET_CHANNEL_CLOSED);
  remote_error = execnet_channel_get_remote_error (channel);
  g_assert_cmpstr (execnet_remote_error_get_text (remote_error), ==, "I don't like 2");
  assert_waits_for_close (channel);
}

static void
test_fails_at_the_end (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.send(1)");
  g_auto (Seen) seen = { 0 };

  seen_init (&seen);
  seen.fails_at = "end";
  set_callback (channel, NULL, &seen);
  assert_waits_for_close (channel);
  assert_seen (&seen, "1 end");
  assert_still_works (fixture->gateway);
}

static void
test_killed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LoopThread) loop = loop_thread_new ("loop");
  g_autoptr (ExecnetChannel) endless
      = run_code (fixture->gateway, "while True: channel.send('item')");
  g_autoptr (ExecnetChannel) silent = run_code (fixture->gateway, "channel.receive()");
  g_auto (Seen) seen = { 0 };
  g_auto (Seen) nothing = { 0 };

  seen_init (&seen);
  seen_init (&nothing);
  set_callback (endless, loop->context, &seen);
  set_callback (silent, NULL, &nothing);
  YIELD_UNTIL (execnet_gateway_get_n_channels (fixture->gateway) == 2);
  execnet_gateway_kill (fixture->gateway);
  assert_closed_with (endless, EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9");
  g_assert_cmpuint (seen.n_ends, ==, 1);
  g_assert_cmpuint (seen.n_notified, ==, 1);
  assert_closed_with (silent, EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9");
  assert_seen (&nothing, "end");
}

/* It stays when its channel's object goes: the other side may go on. */
static void
test_dropped_channel (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) control
      = run_code (fixture->gateway,
                  "c = channel.receive()\n"
                  "try: c.receive()\n"
                  "except EOFError: channel.send('no more from there')\n"
                  "channel.receive()\n"
                  "for i in range(3): c.send(i)\n"
                  "channel.send(c.isclosed())\n"
                  "channel.receive()");
  ExecnetChannel *channel = execnet_gateway_new_channel (fixture->gateway, NULL);
  g_autoptr (GVariant) closed = NULL;
  g_autofree char *said = NULL;
  g_auto (Seen) seen = { 0 };

  seen_init (&seen);
  set_callback (channel, NULL, &seen);
  g_assert_true (execnet_channel_send (
      control, g_variant_new_handle (execnet_channel_get_id (channel)), NULL, NULL));
  g_assert_finalize_object (channel);
  said = receive_text (control);
  g_assert_cmpstr (said, ==, "no more from there");
  send_int (control, 1);
  closed = execnet_channel_receive (control, PATIENCE_MS, NULL, NULL);
  g_assert_false (g_variant_get_boolean (closed));
  ITERATE_UNTIL (seen.n_items == 3);
  g_assert_cmpuint (seen.n_notified, ==, 0);
  /* With the end of the code nobody holds the channel any more. */
  send_int (control, 1);
  ITERATE_UNTIL (seen.n_notified > 0);
  assert_seen (&seen, "0 1 2 end");
}

static void
test_dropped_channel_and_killed (Fixture *fixture, gconstpointer unused)
{
  ExecnetChannel *channel = run_until_ready (fixture->gateway, "channel.receive()\n");
  g_auto (Seen) seen = { 0 };

  seen_init (&seen);
  set_callback (channel, NULL, &seen);
  g_assert_finalize_object (channel);
  execnet_gateway_kill (fixture->gateway);
  ITERATE_UNTIL (seen.n_notified > 0);
  iterate_ready ();
  assert_seen (&seen, "end");
}

static void
drop_channel (gpointer data)
{
  Seen *seen = data;

  g_clear_object (&seen->channel);
}

static void
test_drops_its_channel (Fixture *fixture, gconstpointer unused)
{
  g_auto (Seen) seen = { 0 };

  seen_init (&seen);
  seen.channel = run_code (fixture->gateway, "for i in range(3): channel.send(i)");
  seen.also = drop_channel;
  set_callback (seen.channel, NULL, &seen);
  ITERATE_UNTIL (seen.n_notified > 0);
  assert_seen (&seen, "0 1 2 end");
}

static void
close_channel (gpointer data)
{
  Seen *seen = data;

  g_assert_true (execnet_channel_close (seen->channel, NULL, NULL));
}

/* What has arrived before it closes is still its own; nothing comes after the end marker. */
static void
test_closes_its_channel (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in range(3): channel.send(i)\nchannel.receive()");
  g_auto (Seen) seen = { 0 };

  seen_init (&seen);
  seen.channel = channel;
  seen.also = close_channel;
  set_callback (channel, NULL, &seen);
  assert_waits_for_close (channel);
  g_assert_cmpuint (seen.n_ends, ==, 1);
  g_assert_cmpuint (seen.n_notified, ==, 1);
  g_assert_cmpuint (seen.n_items, >=, 1);
}

static void
iterate_some (gpointer data)
{
  iterate_ready ();
}

/* It may run the loop: its own channel waits meanwhile, others go on. */
static void
test_runs_the_loop (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) one = run_code (fixture->gateway,
                                             "for i in range(50): channel.send(i)");
  g_autoptr (ExecnetChannel) other = run_code (fixture->gateway,
                                               "for i in range(50): channel.send(i)");
  g_auto (Seen) first = { 0 };
  g_auto (Seen) second = { 0 };
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 0; i < 50; i++)
    g_string_append_printf (expected, "%u ", i);
  g_string_append (expected, "end");
  seen_init (&first);
  seen_init (&second);
  first.also = second.also = iterate_some;
  set_callback (one, NULL, &first);
  set_callback (other, NULL, &second);
  ITERATE_UNTIL (first.n_notified > 0 && second.n_notified > 0);
  assert_seen (&first, expected->str);
  assert_seen (&second, expected->str);
}

typedef struct
{
  Fixture *fixture;
  guint n_bytes;
} BytesSeen;

static gboolean
take_bytes (GBytes *bytes, gpointer data, GError **error)
{
  Seen *seen = data;

  if (bytes != NULL)
    g_string_append_printf (seen->items, "%u ", (guint) g_bytes_get_size (bytes));
  else
    g_string_append (seen->items, "end");
  return TRUE;
}

static void
test_bytes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway,
                                                 "channel.send(1)\n"
                                                 "channel.send(None)\n"
                                                 "channel.receive()\n"
                                                 "channel.send(b'1234')");
  g_autoptr (GPtrArray) queued = NULL;
  g_auto (Seen) seen = { 0 };

  seen_init (&seen);
  g_assert_cmpint (receive_int (channel), ==, 1);
  g_assert_cmpint (execnet_channel_wait (channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
  g_assert_true (execnet_channel_set_bytes_callback (
      channel, NULL, TRUE, take_bytes, &seen, on_notified, &queued, NULL));
  g_assert_cmpuint (queued->len, ==, 1);
  g_assert_cmpuint (g_bytes_get_size (queued->pdata[0]), ==, 2);
  send_int (channel, 1);
  ITERATE_UNTIL (seen.n_notified > 0);
  assert_seen (&seen, "10 end");
}

/* The context is the callback's alone, and items come while it runs: all is let go. */
static void
test_context_of_its_own (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (LoopThread) loop = loop_thread_new ("loop");
      g_autoptr (ExecnetChannel) channel
          = run_code (fixture->gateway, "for i in range(500): channel.send(i)");
      g_auto (Seen) seen = { 0 };

      seen_init (&seen);
      set_callback (channel, loop->context, &seen);
      flag_wait (&seen.ended, 1);
      g_assert_cmpuint (seen.n_items, ==, 500);
      g_assert_cmpuint (seen.n_ends, ==, 1);
    }
}

/* Its context ends with the end of input in the queue. */
static void
wait_for_the_end (gpointer data)
{
  Seen *seen = data;

  YIELD_UNTIL (execnet_channel_get_state (seen->channel) == EXECNET_CHANNEL_CLOSED);
}

static void
test_end_arrives_while_it_runs (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.send(1)");
  g_auto (Seen) seen = { 0 };

  seen_init (&seen);
  seen.channel = channel;
  seen.also = wait_for_the_end;
  set_callback (channel, context, &seen);
  while (seen.n_notified == 0)
    g_main_context_iteration (context, TRUE);
  assert_seen (&seen, "1 end");
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST ("/callback/own-context", test_own_context);
  ADD_TEST ("/callback/other-context", test_other_context);
  ADD_TEST ("/callback/queued", test_queued);
  ADD_TEST ("/callback/set-after-the-end", test_set_after_the_end);
  ADD_TEST ("/callback/without-end-marker", test_without_end_marker);
  ADD_TEST ("/callback/set-twice", test_set_twice);
  ADD_TEST ("/callback/receive-is-an-error", test_receive_is_an_error);
  ADD_TEST_BOTH ("/callback/set-while-somebody-waits", test_set_while_somebody_waits);
  ADD_TEST ("/callback/pending-receive-comes-first", test_pending_receive_comes_first);
  ADD_TEST ("/callback/fails", test_fails);
  ADD_TEST ("/callback/fails-at-the-end", test_fails_at_the_end);
  ADD_TEST_BOTH ("/callback/killed", test_killed);
  ADD_TEST ("/callback/dropped-channel", test_dropped_channel);
  ADD_TEST ("/callback/dropped-channel-and-killed", test_dropped_channel_and_killed);
  ADD_TEST ("/callback/drops-its-channel", test_drops_its_channel);
  ADD_TEST ("/callback/closes-its-channel", test_closes_its_channel);
  ADD_TEST ("/callback/runs-the-loop", test_runs_the_loop);
  ADD_TEST ("/callback/bytes", test_bytes);
  ADD_TEST_BOTH ("/callback/context-of-its-own", test_context_of_its_own);
  ADD_TEST ("/callback/end-arrives-while-it-runs", test_end_arrives_while_it_runs);
  return g_test_run ();
}
