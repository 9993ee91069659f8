/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Much at once: large items, and many small ones. */

#include "config.h"

#include "testing.h"

#include <string.h>

#define LARGE (64 * 1024 * 1024)

/* The bytes tell where they belong. */
static GVariant *
new_large (guint32 seed)
{
  guint32 *data = g_new (guint32, LARGE / sizeof (guint32));

  for (gsize i = 0; i < LARGE / sizeof (guint32); i++)
    data[i] = seed + i;
  return g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, data, LARGE, TRUE, g_free, data);
}

static void
assert_large (GVariant *item, guint32 seed)
{
  gsize length;
  const guint8 *data = g_variant_get_fixed_array (item, &length, 1);

  g_assert_cmpuint (length, ==, LARGE);
  for (gsize i = 0; i < LARGE / sizeof (guint32); i++)
    {
      const guint32 expected = seed + i;

      /* Bytes have no alignment. */
      if (memcmp (data + i * sizeof expected, &expected, sizeof expected) != 0)
        g_error ("the bytes from %zu on are others", i * sizeof (guint32));
    }
}

typedef struct
{
  ExecnetChannel *channel;
  guint n;
} Bulk;

static gpointer
send_large (gpointer data)
{
  Bulk *bulk = data;

  for (guint i = 0; i < bulk->n; i++)
    {
      g_autoptr (GError) error = NULL;

      execnet_channel_send (bulk->channel, new_large (i), NULL, &error);
      g_assert_no_error (error);
    }
  return NULL;
}

/* Both directions are full at the same time; the other side reads and writes in one thread each. */
static void
test_large_both_ways (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway,
                  "import threading\n"
                  "back = channel.gateway.newchannel()\n"
                  "channel.send(back)\n"
                  "def send():\n"
                  "    import array\n"
                  "    for i in range(2):\n"
                  "        back.send(array.array('I', range(100 + i, 100 + i + (1 << 24)))"
                  ".tobytes())\n"
                  "    back.close()\n"
                  "thread = threading.Thread(target=send)\n"
                  "thread.start()\n"
                  "for i in range(2):\n"
                  "    item = channel.receive()\n"
                  "    channel.send((len(item), item[:4] == bytes([i, 0, 0, 0])))\n"
                  "thread.join()\n");
  g_autoptr (GVariant) handle = execnet_channel_receive (channel, PATIENCE_MS, NULL, NULL);
  g_autoptr (ExecnetChannel) back
      = execnet_gateway_get_channel (fixture->gateway, g_variant_get_handle (handle), NULL);
  Bulk bulk = { channel, 2 };
  GThread *thread = g_thread_new ("send", send_large, &bulk);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) item = execnet_channel_receive (back, PATIENCE_MS, NULL, &error);

      g_assert_no_error (error);
      assert_large (item, 100 + i);
    }
  assert_end (back);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GVariant) item = execnet_channel_receive (channel, PATIENCE_MS, NULL, NULL);
      g_autofree char *text = g_variant_print (item, FALSE);

      g_assert_cmpstr (text, ==, "(67108864, true)");
    }
  g_thread_join (thread);
  assert_waits_for_close (channel);
}

/* The same with nothing but a main loop here. */
static void
test_large_both_ways_async (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "channel.send(bytes(1 << 26))\nchannel.send(len(channel.receive()))");
  g_autoptr (GAsyncResult) sent = NULL;
  g_autoptr (GAsyncResult) item = NULL;
  g_autoptr (GAsyncResult) length = NULL;
  g_autoptr (GVariant) received = NULL;
  g_autoptr (GVariant) number = NULL;

  execnet_channel_send_async (channel, new_large (0), NULL, keep_result, &sent);
  execnet_channel_receive_async (channel, -1, NULL, keep_result, &item);
  execnet_channel_receive_async (channel, -1, NULL, keep_result, &length);
  wait_for_result (&length);
  wait_for_result (&item);
  wait_for_result (&sent);
  g_assert_true (execnet_channel_send_finish (channel, sent, NULL));
  received = execnet_channel_receive_finish (channel, item, NULL);
  g_assert_cmpuint (g_variant_get_size (received), ==, LARGE);
  number = execnet_channel_receive_finish (channel, length, NULL);
  g_assert_cmpint (g_variant_get_int64 (number), ==, LARGE);
}

static gpointer
send_small (gpointer data)
{
  Bulk *bulk = data;

  for (guint i = 0; i < bulk->n; i++)
    send_int (bulk->channel, i);
  return NULL;
}

static void
test_small_both_ways (Fixture *fixture, gconstpointer unused)
{
  const guint n = 20000;
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in channel: channel.send(i + 1)");
  Bulk bulk = { channel, n };
  GThread *thread = g_thread_new ("send", send_small, &bulk);

  for (guint i = 0; i < n; i++)
    g_assert_cmpint (receive_int (channel), ==, i + 1);
  g_thread_join (thread);
}

/* Many at once, of all lengths around the sizes of buffers. */
static void
test_all_lengths (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in channel: channel.send(i)");
  GRand *rand = g_rand_new_with_seed (20250101);
  gsize lengths[400];

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree guint8 *data = NULL;

      lengths[i] = i < 60 ? 65496 + i : (guint) g_rand_int_range (rand, 0, 1 << (i % 18));
      data = g_malloc (lengths[i] + 1);
      memset (data, i, lengths[i]);
      g_assert_true (execnet_channel_send (
          channel, g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, data, lengths[i], 1), NULL, NULL));
      /* It echoes while we send. */
      if (i % 7 == 0)
        g_assert_cmpint (execnet_channel_wait (channel, 0, NULL), !=, EXECNET_WAIT_ERROR);
    }
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (GVariant) item = execnet_channel_receive (channel, PATIENCE_MS, NULL, NULL);
      const guint8 *data;
      gsize length;

      data = g_variant_get_fixed_array (item, &length, 1);
      g_assert_cmpuint (length, ==, lengths[i]);
      g_assert_true (length == 0 || (data[0] == (guint8) i && data[length - 1] == (guint8) i));
    }
  g_rand_free (rand);
}

/* Several gateways at the same time share one worker thread. */
static gpointer
echo_in_thread (gpointer gateway)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (gateway, "for i in channel: channel.send(i)");

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *text = g_strnfill (i * 997 % 100000, 'a' + i % 26);
      g_autofree char *back = NULL;

      send_text (channel, text);
      back = receive_text (channel);
      g_assert_cmpstr (back, ==, text);
    }
  return NULL;
}

static void
test_gateways (Fixture *fixture, gconstpointer unused)
{
  ExecnetGateway *gateways[5];
  GThread *threads[5];

  for (guint i = 0; i < G_N_ELEMENTS (gateways); i++)
    {
      gateways[i] = make_gateway (fixture->group, i % 2 ? "popen" : "popen//python=env python3");
      threads[i] = g_thread_new ("echo", echo_in_thread, gateways[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (gateways); i++)
    {
      g_thread_join (threads[i]);
      g_object_unref (gateways[i]);
    }
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST_BOTH ("/bulk/large-both-ways", test_large_both_ways);
  ADD_TEST_BOTH ("/bulk/large-both-ways-async", test_large_both_ways_async);
  ADD_TEST_BOTH ("/bulk/small-both-ways", test_small_both_ways);
  ADD_TEST_BOTH ("/bulk/all-lengths", test_all_lengths);
  ADD_TEST_WITH ("/bulk/gateways", "", test_gateways);
  return g_test_run ();
}
