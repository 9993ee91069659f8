/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Channels that travel in items. */

#include "config.h"

#include "testing.h"

static void
send_channel (ExecnetChannel *over, ExecnetChannel *channel)
{
  g_autoptr (GError) error = NULL;

  execnet_channel_send (
      over, g_variant_new_handle (execnet_channel_get_id (channel)), NULL, &error);
  g_assert_no_error (error);
}

static ExecnetChannel *
new_channel (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  ExecnetChannel *channel = execnet_gateway_new_channel (fixture->gateway, &error);

  g_assert_no_error (error);
  return channel;
}

static gint32
receive_id (ExecnetChannel *channel)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (item), ==, "h");
  return g_variant_get_handle (item);
}

static ExecnetChannel *
claim (Fixture *fixture, gint32 id)
{
  g_autoptr (GError) error = NULL;
  ExecnetChannel *channel = execnet_gateway_get_channel (fixture->gateway, id, &error);

  g_assert_no_error (error);
  g_assert_cmpint (execnet_channel_get_id (channel), ==, id);
  return channel;
}

static void
test_sent (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) carrier = run_code (fixture->gateway,
                                                 "c = channel.receive()\n"
                                                 "for i in c: c.send(i * 2)\n"
                                                 "channel.send('done')");
  g_autoptr (ExecnetChannel) channel = new_channel (fixture);
  g_autofree char *done = NULL;

  send_channel (carrier, channel);
  send_int (channel, 21);
  g_assert_cmpint (receive_int (channel), ==, 42);
  send_int (channel, 4);
  g_assert_cmpint (receive_int (channel), ==, 8);
  g_assert_true (execnet_channel_close (channel, NULL, NULL));
  done = receive_text (carrier);
  g_assert_cmpstr (done, ==, "done");
}

/* Our own channel comes back as the same object. */
static void
test_sent_back (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) carrier
      = run_code (fixture->gateway, "channel.send(channel.receive())");
  g_autoptr (ExecnetChannel) channel = new_channel (fixture);
  g_autoptr (ExecnetChannel) same = NULL;

  send_channel (carrier, channel);
  same = claim (fixture, receive_id (carrier));
  g_assert_true (same == channel);
  assert_waits_for_close (carrier);
}

static void
test_arrives (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) carrier = run_code (fixture->gateway,
                                                 "c = channel.gateway.newchannel()\n"
                                                 "channel.send(c)\n"
                                                 "c.send(c.receive() + 1)\n"
                                                 "channel.send(c)\n"
                                                 "channel.receive()");
  g_autoptr (ExecnetChannel) channel = claim (fixture, receive_id (carrier));
  g_autoptr (ExecnetChannel) same = NULL;

  g_assert_cmpint (execnet_channel_get_id (channel) % 2, ==, 0);
  send_int (channel, 41);
  g_assert_cmpint (receive_int (channel), ==, 42);
  same = claim (fixture, receive_id (carrier));
  g_assert_true (same == channel);
  g_assert_true (execnet_channel_close (carrier, NULL, NULL));
}

/* In the midst of a list, beside others. */
static void
test_arrive_in_list (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) carrier
      = run_code (fixture->gateway,
                  "cs = [channel.gateway.newchannel() for i in range(3)]\n"
                  "channel.send({'channels': cs, 'more': ('text', cs[1])})\n"
                  "for i, c in enumerate(cs): c.send(i)\n"
                  "channel.receive()");
  g_autoptr (GVariant) item = execnet_channel_receive (carrier, PATIENCE_MS, NULL, NULL);
  g_autoptr (GVariant) list = g_variant_lookup_value (item, "channels", G_VARIANT_TYPE ("av"));

  g_assert_cmpuint (g_variant_n_children (list), ==, 3);
  for (gsize i = 3; i-- > 0;)
    {
      g_autoptr (GVariant) boxed = g_variant_get_child_value (list, i);
      g_autoptr (GVariant) handle = g_variant_get_variant (boxed);
      g_autoptr (ExecnetChannel) channel = claim (fixture, g_variant_get_handle (handle));

      g_assert_cmpint (receive_int (channel), ==, i);
    }
  g_assert_true (execnet_channel_close (carrier, NULL, NULL));
}

/* What came over it, and that it was closed, waits until somebody asks. */
static void
test_claimed_late (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) carrier = run_code (fixture->gateway,
                                                 "c = channel.gateway.newchannel()\n"
                                                 "channel.send(c)\n"
                                                 "c.send(1); c.send(2)\n"
                                                 "c.close('and a reason')\n"
                                                 "channel.send('closed')");
  gint32 id = receive_id (carrier);
  g_autofree char *closed = receive_text (carrier);
  g_autoptr (ExecnetChannel) channel = claim (fixture, id);

  g_assert_cmpint (execnet_channel_get_state (channel), ==, EXECNET_CHANNEL_CLOSED);
  g_assert_cmpint (receive_int (channel), ==, 1);
  g_assert_cmpint (receive_int (channel), ==, 2);
  assert_error_says (
      receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_REMOTE, "and a reason");
  assert_end (channel);
}

/* The same when the other side dies: only the claiming is late. */
static void
test_claimed_after_death (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) carrier = run_code (fixture->gateway,
                                                 "import os\n"
                                                 "c = channel.gateway.newchannel()\n"
                                                 "channel.send(c)\n"
                                                 "c.send(1)\n"
                                                 "d = channel.gateway.newchannel()\n"
                                                 "channel.send(d)\n"
                                                 "d.send(2); d.close()\n"
                                                 "os._exit(7)");
  g_autoptr (ExecnetChannel) open = NULL;
  g_autoptr (ExecnetChannel) closed = NULL;

  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  g_assert_cmpuint (execnet_gateway_get_n_channels (fixture->gateway), ==, 0);
  open = claim (fixture, receive_id (carrier));
  closed = claim (fixture, receive_id (carrier));
  g_assert_cmpint (receive_int (open), ==, 1);
  assert_error_says (receive_error (open), EXECNET_ERROR, EXECNET_ERROR_DIED, "exit status 7");
  g_assert_cmpint (receive_int (closed), ==, 2);
  assert_end (closed);
  assert_error_says (receive_error (carrier), EXECNET_ERROR, EXECNET_ERROR_DIED, "exit status 7");
}

/* Nobody ever asks: it goes with its gateway. */
static void
test_never_claimed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) carrier = run_code (fixture->gateway,
                                                 "cs = [channel.gateway.newchannel()"
                                                 " for i in range(100)]\n"
                                                 "channel.send(cs)\n"
                                                 "for c in cs: c.send('x' * 1000)\n"
                                                 "channel.receive()");
  g_autoptr (GVariant) item = execnet_channel_receive (carrier, PATIENCE_MS, NULL, NULL);

  g_assert_cmpuint (g_variant_n_children (item), ==, 100);
  g_assert_cmpuint (execnet_gateway_get_n_channels (fixture->gateway), ==, 101);
  g_assert_true (execnet_channel_close (carrier, NULL, NULL));
}

static void
test_claimed_twice (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) carrier = run_code (fixture->gateway,
                                                 "c = channel.gateway.newchannel()\n"
                                                 "channel.send(c)\n"
                                                 "c.waitclose()\n"
                                                 "channel.send('closed')\n");
  gint32 id = receive_id (carrier);
  ExecnetChannel *channel = claim (fixture, id);
  g_autofree char *closed = NULL;
  GError *error = NULL;

  /* The object is gone, and with it the channel. */
  g_assert_finalize_object (channel);
  closed = receive_text (carrier);
  g_assert_null (execnet_gateway_get_channel (fixture->gateway, id, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_CLOSED, "no channel");
}

typedef struct
{
  ExecnetGateway *gateway;
  gint32 id;
  Flag *start;
} Claiming;

static gpointer
claim_in_thread (gpointer data)
{
  Claiming *claiming = data;

  flag_wait (claiming->start, 1);
  return execnet_gateway_get_channel (claiming->gateway, claiming->id, NULL);
}

/* Of several who ask at the same time all get the same. */
static void
test_claimed_by_threads (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) carrier = run_code (fixture->gateway,
                                                 "cs = [channel.gateway.newchannel()"
                                                 " for i in range(50)]\n"
                                                 "for c in cs: channel.send(c)\n"
                                                 "channel.receive()");

  for (guint i = 0; i < 50; i++)
    {
      g_auto (Flag) start = { 0 };
      Claiming claiming = { fixture->gateway, receive_id (carrier), &start };
      GThread *threads[4];
      ExecnetChannel *channels[4];

      flag_init (&start);
      for (guint j = 0; j < G_N_ELEMENTS (threads); j++)
        threads[j] = g_thread_new ("claim", claim_in_thread, &claiming);
      flag_add (&start, 1);
      for (guint j = 0; j < G_N_ELEMENTS (threads); j++)
        {
          channels[j] = g_thread_join (threads[j]);
          g_assert_nonnull (channels[j]);
          g_assert_true (channels[j] == channels[0]);
        }
      for (guint j = 0; j < G_N_ELEMENTS (threads); j++)
        g_object_unref (channels[j]);
    }
  g_assert_true (execnet_channel_close (carrier, NULL, NULL));
}

static void
test_refused (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) carrier = run_code (fixture->gateway, "channel.receive()");
  g_autoptr (ExecnetChannel) closed = new_channel (fixture);
  GError *error = NULL;

  g_assert_true (execnet_channel_close (closed, NULL, NULL));
  g_assert_false (execnet_channel_send (
      carrier, g_variant_new_handle (execnet_channel_get_id (closed)), NULL, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_UNSUPPORTED_TYPE, "channel 3");
  g_assert_false (execnet_channel_send (
      carrier, g_variant_new_parsed ("[<{'a': <handle 999>}>]"), NULL, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_UNSUPPORTED_TYPE, "999");
  g_assert_null (execnet_gateway_get_channel (fixture->gateway, 999, &error));
  assert_error_says (g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_CLOSED, "999");
  g_assert_null (execnet_gateway_get_channel (fixture->gateway, -1, &error));
  assert_error_says (g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_CLOSED, "-1");
  send_int (carrier, 1);
  assert_waits_for_close (carrier);
}

/* A peer that names our channels before they are made must not get into their way. */
static void
test_named_ahead (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) carrier
      = run_code (fixture->gateway,
                  "send(DATA, channel, item(channel_in_item(5)))\n"
                  "send(DATA, channel, item(channel_in_item(0)))\n"
                  "send(DATA, channel, item(channel_in_item(-3)))\n"
                  "send(DATA, channel, item(channel_in_item(-2)))\n"
                  "send(DATA, channel, item(text('sent')))");
  g_autoptr (ExecnetChannel) early = NULL;
  g_autoptr (ExecnetChannel) third = NULL;
  g_autoptr (ExecnetChannel) fifth = NULL;
  g_autofree char *said = NULL;

  for (guint i = 0; i < 4; i++)
    {
      gint32 id = receive_id (carrier);
      g_autoptr (ExecnetChannel) channel
          = execnet_gateway_get_channel (fixture->gateway, id, NULL);

      g_assert_true (channel == NULL);
    }
  said = receive_text (carrier);
  g_assert_cmpstr (said, ==, "sent");

  third = run_code (fixture->gateway, "send_integer(channel, channel)");
  fifth = run_code (fixture->gateway, "send_integer(channel, channel)");
  g_assert_cmpint (receive_int (third), ==, 3);
  g_assert_cmpint (receive_int (fifth), ==, 5);
  early = claim (fixture, 5);
  g_assert_true (early == fifth);
}

int
main (int argc, char **argv)
{
  g_autofree char *script = NULL;

  testing_init (&argc, &argv);
  script = peer_spec ("script");

  ADD_TEST ("/channels/sent", test_sent);
  ADD_TEST ("/channels/sent-back", test_sent_back);
  ADD_TEST ("/channels/arrives", test_arrives);
  ADD_TEST ("/channels/arrive-in-list", test_arrive_in_list);
  ADD_TEST ("/channels/claimed-late", test_claimed_late);
  ADD_TEST ("/channels/claimed-after-death", test_claimed_after_death);
  ADD_TEST ("/channels/never-claimed", test_never_claimed);
  ADD_TEST ("/channels/claimed-twice", test_claimed_twice);
  ADD_TEST ("/channels/claimed-by-threads", test_claimed_by_threads);
  ADD_TEST ("/channels/refused", test_refused);
  ADD_TEST_WITH ("/channels/named-ahead", script, test_named_ahead);
  return g_test_run ();
}
