/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Waiting for items, in the thread that wants them. */

#include "config.h"

#include "testing.h"

static void
test_timeout (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway,
                                                 "for i in channel: channel.send(i)");
  GError *error = NULL;
  gint64 start = g_get_monotonic_time ();

  g_assert_null (execnet_channel_receive (channel, 50, NULL, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "No item");
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 50 * G_TIME_SPAN_MILLISECOND);
  g_assert_null (execnet_channel_receive (channel, 0, NULL, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "No item");

  /* The channel is as good as before. */
  send_int (channel, 7);
  g_assert_cmpint (receive_int (channel), ==, 7);
}

/* Time-outs and items that meet: whatever comes first, none is lost or doubled. */
static void
test_timeout_loses_nothing (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway,
                                                 "import time\n"
                                                 "for i in range(300):\n"
                                                 "    channel.send(i)\n"
                                                 "    time.sleep(0.0005 * (i % 4))");
  gint64 expected = 0;
  guint n_timeouts = 0;

  while (expected < 300)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) item = execnet_channel_receive (channel, n_timeouts % 3, NULL, &error);

      if (item != NULL)
        g_assert_cmpint (g_variant_get_int64 (item), ==, expected++);
      else
        {
          g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT);
          n_timeouts++;
        }
    }
  assert_end (channel);
}

typedef struct
{
  ExecnetChannel *channel;
  GCancellable *cancellable;
  Flag *flag;
  gint64 sum;
  guint n;
} Receiving;

static gpointer
cancel_when_flagged (gpointer data)
{
  Receiving *receiving = data;

  flag_wait (receiving->flag, 1);
  g_cancellable_cancel (receiving->cancellable);
  return NULL;
}

static void
test_cancel (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway,
                                                 "for i in channel: channel.send(i)");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Flag) flag = { 0 };
  Receiving receiving = { channel, cancellable, &flag, 0, 0 };
  GThread *thread;
  GError *error = NULL;

  flag_init (&flag);
  thread = g_thread_new ("cancel", cancel_when_flagged, &receiving);
  flag_add (&flag, 1);
  /* Before, or in the midst of it. */
  g_assert_null (execnet_channel_receive (channel, -1, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_thread_join (thread);

  /* It is cancelled already, and nothing is there. */
  g_assert_null (execnet_channel_receive (channel, -1, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_cmpint (execnet_channel_wait (channel, -1, cancellable), ==, EXECNET_WAIT_INTERRUPTED);

  g_cancellable_reset (cancellable);
  send_int (channel, 7);
  g_assert_cmpint (receive_int (channel), ==, 7);
}

static gpointer
cancel_repeatedly (gpointer data)
{
  Receiving *receiving = data;

  while (flag_get (receiving->flag) == 0)
    {
      g_cancellable_cancel (receiving->cancellable);
      g_thread_yield ();
    }
  return NULL;
}

/* Cancelled at every moment: what a cancelled call did not give, the next one does. */
static void
test_cancel_loses_nothing (Fixture *fixture, gconstpointer unused)
{
  const gint64 n_items = 2000;
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in range(2000): channel.send(i)");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Flag) done = { 0 };
  Receiving receiving = { channel, cancellable, &done, 0, 0 };
  GThread *thread;
  gint64 expected = 0;

  flag_init (&done);
  thread = g_thread_new ("cancel", cancel_repeatedly, &receiving);
  while (expected < n_items)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) item = execnet_channel_receive (channel, -1, cancellable, &error);

      if (item != NULL)
        g_assert_cmpint (g_variant_get_int64 (item), ==, expected++);
      else
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
          g_cancellable_reset (cancellable);
        }
    }
  flag_add (&done, 1);
  g_thread_join (thread);
  assert_end (channel);
}

static gpointer
receive_all (gpointer data)
{
  Receiving *receiving = data;

  for (;;)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) item
          = execnet_channel_receive (receiving->channel, PATIENCE_MS, NULL, &error);

      if (item == NULL)
        {
          g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_END);
          return NULL;
        }
      receiving->sum += g_variant_get_int64 (item);
      receiving->n++;
    }
}

static void
test_threads_on_one_channel (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in range(5000): channel.send(i)");
  Receiving receivings[4];
  GThread *threads[4];
  gint64 sum = 0;
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      receivings[i] = (Receiving){ channel, NULL, NULL, 0, 0 };
      threads[i] = g_thread_new ("receive", receive_all, &receivings[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_thread_join (threads[i]);
      sum += receivings[i].sum;
      n += receivings[i].n;
    }
  g_assert_cmpuint (n, ==, 5000);
  g_assert_cmpint (sum, ==, 5000 * 4999 / 2);
}

static gpointer
ping_pong (gpointer data)
{
  Receiving *receiving = data;

  for (guint i = 0; i < 300; i++)
    {
      send_int (receiving->channel, i);
      g_assert_cmpint (receive_int (receiving->channel), ==, i + 1);
    }
  return NULL;
}

static void
test_threads_on_many_channels (Fixture *fixture, gconstpointer unused)
{
  ExecnetChannel *channels[6];
  Receiving receivings[6];
  GThread *threads[6];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      channels[i] = run_code (fixture->gateway, "for i in channel: channel.send(i + 1)");
      receivings[i] = (Receiving){ channels[i], NULL, NULL, 0, 0 };
      threads[i] = g_thread_new ("ping-pong", ping_pong, &receivings[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_thread_join (threads[i]);
      g_object_unref (channels[i]);
    }
}

/* A thread that waits without end while another comes and goes. */
static gpointer
wait_for_end (gpointer data)
{
  Receiving *receiving = data;
  g_autofree char *words = receive_text (receiving->channel);

  g_assert_cmpstr (words, ==, "at last");
  return NULL;
}

static void
test_one_waits_long (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) patient
      = run_code (fixture->gateway, "channel.receive()\nchannel.send('at last')");
  g_autoptr (ExecnetChannel) busy
      = run_code (fixture->gateway, "for i in channel: channel.send(i + 1)");
  Receiving receiving = { patient, NULL, NULL, 0, 0 };
  GThread *thread = g_thread_new ("patient", wait_for_end, &receiving);

  for (guint i = 0; i < 300; i++)
    {
      g_autoptr (GError) error = NULL;

      send_int (busy, i);
      g_assert_cmpint (receive_int (busy), ==, i + 1);
      g_assert_null (execnet_channel_receive (busy, i % 2, NULL, &error));
      g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT);
    }
  send_int (patient, 1);
  g_thread_join (thread);
}

static void
test_receive_as (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway,
                  "channel.send(['a', 'b'])\n"
                  "channel.send([{'size': 1}, {'size': 'large'}])\n"
                  "channel.send((1, 'two', 3.0))\n"
                  "channel.send(5)");
  g_autoptr (GVariant) texts = NULL;
  g_autoptr (GVariant) tuple = NULL;
  g_autoptr (GVariant) number = NULL;
  GError *error = NULL;

  texts = execnet_channel_receive_as (channel, G_VARIANT_TYPE ("as"), PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (texts), ==, "as");

  /* It doesn't fit: it says where, and is taken. */
  g_assert_null (
      execnet_channel_receive_as (channel, G_VARIANT_TYPE ("aa{sx}"), PATIENCE_MS, NULL, &error));
  assert_error_says (g_steal_pointer (&error),
                     EXECNET_ERROR,
                     EXECNET_ERROR_UNSUPPORTED_TYPE,
                     "item[1]['size']");
  tuple = execnet_channel_receive_as (channel, G_VARIANT_TYPE ("(isd)"), PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (tuple), ==, "(isd)");
  number = execnet_channel_receive_as (channel, G_VARIANT_TYPE_BYTE, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_get_byte (number), ==, 5);
  g_assert_null (execnet_channel_receive_as (channel, G_VARIANT_TYPE_BYTE, -1, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_END, "has ended");
}

static void
test_bytes (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in channel: channel.send(i)");
  g_autoptr (GBytes) sent = g_bytes_new_static ("F\0\0\0\x2aQ", 6);
  g_autoptr (GBytes) received = NULL;
  g_autoptr (GBytes) tried = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (execnet_channel_send_bytes (channel, sent, NULL, &error));
  received = execnet_channel_receive_bytes (channel, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (received, sent));
  g_assert_null (execnet_channel_try_receive_bytes (channel, &error));
  g_assert_no_error (error);
  g_assert_true (execnet_channel_queue_bytes (channel, sent, &error));
  g_assert_cmpint (execnet_channel_wait (channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
  tried = execnet_channel_try_receive_bytes (channel, &error);
  g_assert_true (g_bytes_equal (tried, sent));
}

static void
test_try (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "channel.send(channel.receive())");
  g_autoptr (GVariant) item = NULL;
  GError *error = NULL;

  g_assert_null (execnet_channel_try_receive (channel, &error));
  g_assert_no_error (error);
  g_assert_cmpint (execnet_channel_wait (channel, 0, NULL), ==, EXECNET_WAIT_TIMED_OUT);
  send_int (channel, 7);
  g_assert_cmpint (execnet_channel_wait (channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
  /* It takes nothing. */
  g_assert_cmpint (execnet_channel_wait (channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
  item = execnet_channel_try_receive (channel, &error);
  g_assert_cmpint (g_variant_get_int64 (item), ==, 7);
  g_assert_cmpint (execnet_channel_wait (channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_END);
  g_assert_null (execnet_channel_try_receive (channel, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_END, "has ended");
}

static void
test_wait_for_error (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.send(1)\n1 / 0");

  g_assert_cmpint (execnet_channel_wait (channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
  g_assert_cmpint (execnet_channel_wait_closed (channel, PATIENCE_MS, NULL), ==,
                   EXECNET_WAIT_READY);
  g_assert_cmpint (receive_int (channel), ==, 1);
  g_assert_cmpint (execnet_channel_wait (channel, PATIENCE_MS, NULL), ==, EXECNET_WAIT_ERROR);
  assert_error_says (receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_REMOTE, "division");
  assert_end (channel);
}

/* Items that came before the death can be taken, then everything says why. */
static void
test_items_before_death (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway,
                  "import os\nfor i in range(1000): channel.send(i)\nos._exit(3)");

  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpint (receive_int (channel), ==, i);
  for (guint i = 0; i < 2; i++)
    assert_error_says (
        receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "exit status 3");
  g_assert_cmpint (execnet_channel_wait (channel, 0, NULL), ==, EXECNET_WAIT_ERROR);
  assert_closed_with (channel, EXECNET_ERROR, EXECNET_ERROR_DIED, "exit status 3");
}

/* The other side has said that it will send no more: sending goes on. */
static void
test_send_only (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway,
                  "import threading\n"
                  "c = channel.gateway.newchannel()\n"
                  "channel.send(c)\n"
                  "c.send('last')\n"
                  "sum = [0]\n"
                  "done = threading.Event()\n"
                  "def take(item, sum=sum, done=done):\n"
                  "    if item is None: done.set()\n"
                  "    else: sum[0] += item\n"
                  "c.setcallback(take, endmarker=None)\n"
                  "del c\n"
                  "done.wait()\n"
                  "channel.send(sum[0])");
  g_autoptr (GVariant) handle = execnet_channel_receive (channel, PATIENCE_MS, NULL, NULL);
  g_autoptr (ExecnetChannel) half
      = execnet_gateway_get_channel (fixture->gateway, g_variant_get_handle (handle), NULL);
  g_autofree char *last = receive_text (half);

  assert_end (half);
  g_assert_cmpint (execnet_channel_get_state (half), ==, EXECNET_CHANNEL_SEND_ONLY);
  assert_waits_for_close (half);
  for (guint i = 1; i <= 100; i++)
    send_int (half, i);
  g_assert_true (execnet_channel_close (half, NULL, NULL));
  g_assert_cmpint (receive_int (channel), ==, 5050);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST_BOTH ("/receive/timeout", test_timeout);
  ADD_TEST_BOTH ("/receive/timeout-loses-nothing", test_timeout_loses_nothing);
  ADD_TEST_BOTH ("/receive/cancel", test_cancel);
  ADD_TEST_BOTH ("/receive/cancel-loses-nothing", test_cancel_loses_nothing);
  ADD_TEST_BOTH ("/receive/threads-on-one-channel", test_threads_on_one_channel);
  ADD_TEST_BOTH ("/receive/threads-on-many-channels", test_threads_on_many_channels);
  ADD_TEST_BOTH ("/receive/one-waits-long", test_one_waits_long);
  ADD_TEST ("/receive/as", test_receive_as);
  ADD_TEST ("/receive/bytes", test_bytes);
  ADD_TEST ("/receive/try", test_try);
  ADD_TEST ("/receive/wait-for-error", test_wait_for_error);
  ADD_TEST_BOTH ("/receive/items-before-death", test_items_before_death);
  ADD_TEST ("/receive/send-only", test_send_only);
  return g_test_run ();
}
