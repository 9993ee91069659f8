/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Dropping the last reference to things, in every thread and at every moment. */

#include "config.h"

#include "testing.h"

/* Code that says when its channel `c` has ended, and how. */
static const char watcher[] = "c = channel.receive()\n"
                              "try:\n"
                              "    while True: c.receive()\n"
                              "except EOFError:\n"
                              "    channel.send('end')\n";

static ExecnetChannel *
pass_channel (Fixture *fixture, ExecnetChannel *over)
{
  ExecnetChannel *channel = execnet_gateway_new_channel (fixture->gateway, NULL);

  g_assert_true (execnet_channel_send (
      over, g_variant_new_handle (execnet_channel_get_id (channel)), NULL, NULL));
  return channel;
}

static void
assert_says (ExecnetChannel *channel, const char *expected)
{
  g_autofree char *said = receive_text (channel);

  g_assert_cmpstr (said, ==, expected);
}

static void
test_closes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) control = run_code (fixture->gateway, watcher);
  ExecnetChannel *channel = pass_channel (fixture, control);

  send_int (channel, 1);
  g_assert_cmpuint (execnet_gateway_get_n_channels (fixture->gateway), ==, 2);
  g_assert_finalize_object (channel);
  assert_says (control, "end");
  assert_waits_for_close (control);
  g_assert_cmpuint (execnet_gateway_get_n_channels (fixture->gateway), ==, 0);
}

static gpointer
unref_in_thread (gpointer channel)
{
  g_object_unref (channel);
  return NULL;
}

static void
test_in_other_thread (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (ExecnetChannel) control = run_code (fixture->gateway, watcher);
      ExecnetChannel *channel = pass_channel (fixture, control);
      GWeakRef weak;

      g_weak_ref_init (&weak, channel);
      g_thread_join (g_thread_new ("unref", unref_in_thread, channel));
      g_assert_null (g_weak_ref_get (&weak));
      g_weak_ref_clear (&weak);
      assert_says (control, "end");
    }
}

static void
count_item (ExecnetChannel *channel, GVariant *item, gpointer data)
{
  ++*(guint *) data;
}

/* The object's context delivers while another thread drops it. */
static void
test_while_it_delivers (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 30; i++)
    {
      ExecnetChannel *channel
          = run_code (fixture->gateway, "for i in range(3000): channel.send(i)");
      GThread *thread;
      guint n = 0;

      g_signal_connect (channel, "received", G_CALLBACK (count_item), &n);
      ITERATE_UNTIL (n > 10 * i);
      thread = g_thread_new ("unref", unref_in_thread, channel);
      iterate_ready ();
      g_thread_join (thread);
      iterate_ready ();
    }
  g_assert_cmpuint (execnet_gateway_get_n_channels (fixture->gateway), ==, 0);
  assert_still_works (fixture->gateway);
}

/* Items that nobody took go with it, and those that come later find nobody. */
static void
test_with_items (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 10; i++)
    {
      ExecnetChannel *channel
          = run_code (fixture->gateway,
                      "try:\n    while True: channel.send('x' * 10000)\nexcept OSError: pass");

      g_assert_cmpint (
          execnet_channel_wait (channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
      g_assert_finalize_object (channel);
    }
  assert_still_works (fixture->gateway);
}

static void
test_disposed_twice (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) control = run_code (fixture->gateway, watcher);
  ExecnetChannel *channel = pass_channel (fixture, control);
  g_autoptr (GAsyncResult) result = NULL;

  execnet_channel_receive_async (channel, -1, NULL, keep_result, &result);
  g_object_run_dispose (G_OBJECT (channel));
  g_object_run_dispose (G_OBJECT (channel));
  assert_says (control, "end");
  g_assert_cmpint (execnet_channel_get_state (channel), ==, EXECNET_CHANNEL_CLOSED);
  /* Whoever waited learns of it. */
  wait_for_result (&result);
  assert_end (channel);
  g_clear_object (&result);
  g_assert_finalize_object (channel);
}

static gboolean
take_item (GVariant *item, gpointer data, GError **error)
{
  g_string_append (data, item != NULL ? "item " : "end ");
  return TRUE;
}

static void
test_disposed_twice_with_callback (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) control
      = run_code (fixture->gateway,
                  "seen_ends = 0\n"
                  "c = channel.receive()\n"
                  "try: c.receive()\n"
                  "except EOFError: pass\n"
                  "c.send(1)\n"
                  "c.close()\n");
  ExecnetChannel *channel = pass_channel (fixture, control);
  g_autoptr (GString) log = g_string_new (NULL);

  g_assert_true (
      execnet_channel_set_callback (channel, NULL, TRUE, take_item, log, NULL, NULL));
  g_object_run_dispose (G_OBJECT (channel));
  g_object_run_dispose (G_OBJECT (channel));
  g_assert_finalize_object (channel);
  assert_waits_for_close (control);
  ITERATE_UNTIL (g_str_has_suffix (log->str, "end "));
  g_assert_cmpstr (log->str, ==, "item end ");
}

/* A channel holds its gateway, and a gateway its group's place for it. */
static void
test_gateway_outlived (Fixture *fixture, gconstpointer unused)
{
  ExecnetChannel *channel = run_code (fixture->gateway, "channel.send(channel.receive())");
  ExecnetGateway *gateway = g_object_ref (fixture->gateway);

  g_clear_object (&fixture->gateway);
  execnet_gateway_exit (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  g_object_unref (gateway);
  g_assert_true (execnet_group_terminate (fixture->group, PATIENCE_MS, NULL, NULL));
  iterate_ready ();
  g_assert_true (EXECNET_IS_GATEWAY (execnet_channel_get_gateway (channel)));
  g_assert_cmpstr (execnet_gateway_get_id (execnet_channel_get_gateway (channel)), ==, "gw0");
  assert_end (channel);
  g_assert_finalize_object (channel);
}

typedef struct
{
  ExecnetGateway *gateway;
  guint n_rounds;
} Churn;

static gpointer
churn (gpointer data)
{
  Churn *churn = data;

  for (guint i = 0; i < churn->n_rounds; i++)
    {
      g_autoptr (ExecnetChannel) channel
          = run_code (churn->gateway, "channel.send(1)\nchannel.receive()");

      if (i % 3 == 0)
        g_assert_cmpint (receive_int (channel), ==, 1);
      if (i % 4 == 0)
        g_assert_true (execnet_channel_close (channel, "text", NULL));
    }
  return NULL;
}

/* Several threads make, use, close and drop channels of one gateway. */
static void
test_churn (Fixture *fixture, gconstpointer unused)
{
  Churn data = { fixture->gateway, 60 };
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("churn", churn, &data);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  iterate_ready ();
  g_assert_cmpuint (execnet_gateway_get_n_channels (fixture->gateway), ==, 0);
  assert_still_works (fixture->gateway);
}

/* The same, and the gateway dies in the middle of it. */
static gpointer
churn_until_death (gpointer gateway)
{
  for (;;)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ExecnetChannel) channel
          = execnet_gateway_remote_exec (gateway, "channel.send(1)", &error);
      g_autoptr (GVariant) item = NULL;

      if (channel != NULL)
        item = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);
      if (item == NULL)
        {
          g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DIED);
          return NULL;
        }
    }
}

static void
test_churn_and_death (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 8; i++)
    {
      g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, "popen");
      GThread *threads[3];

      for (guint j = 0; j < G_N_ELEMENTS (threads); j++)
        threads[j] = g_thread_new ("churn", churn_until_death, gateway);
      for (guint j = 0; j < 20; j++)
        assert_still_works (gateway);
      execnet_gateway_kill (gateway);
      for (guint j = 0; j < G_N_ELEMENTS (threads); j++)
        g_thread_join (threads[j]);
    }
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST ("/dropping/closes", test_closes);
  ADD_TEST ("/dropping/in-other-thread", test_in_other_thread);
  ADD_TEST ("/dropping/while-it-delivers", test_while_it_delivers);
  ADD_TEST_BOTH ("/dropping/with-items", test_with_items);
  ADD_TEST ("/dropping/disposed-twice", test_disposed_twice);
  ADD_TEST ("/dropping/disposed-twice-with-callback", test_disposed_twice_with_callback);
  ADD_TEST ("/dropping/gateway-outlived", test_gateway_outlived);
  ADD_TEST_BOTH ("/dropping/churn", test_churn);
  ADD_TEST_WITH ("/dropping/churn-and-death", "", test_churn_and_death);
  return g_test_run ();
}
