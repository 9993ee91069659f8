/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Many at once and many in a row, on one gateway. */

#include "testing.h"

#define N_CHANNELS 1000
#define N_EXECS 1000
#define N_EXECS_LONG 10000

static guint
count_remote (ExecnetGateway *gateway, const char *what)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) status = execnet_gateway_remote_status (gateway, NULL, &error);
  gint64 count = -1;

  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (status, what, "x", &count));
  return count;
}

/* Each has its own items and its own end. */
static void
test_channels_at_once (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) channels = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (ExecnetChannel) taker
      = run_code (fixture->gateway,
                  "channels = [channel.receive() for i in range(channel.receive())]\n"
                  "for number, each in enumerate(channels):\n"
                  "    each.send(number)\n"
                  "for each in reversed(channels):\n"
                  "    each.send(each.receive() + 1)\n"
                  "    each.close()\n");

  send_int (taker, N_CHANNELS);
  for (guint i = 0; i < N_CHANNELS; i++)
    {
      ExecnetChannel *channel = execnet_gateway_new_channel (fixture->gateway, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_nonnull (channel);
      g_ptr_array_add (channels, channel);
      g_assert_true (execnet_channel_send (
          taker, g_variant_new_handle (execnet_channel_get_id (channel)), NULL, &error));
      g_assert_no_error (error);
      send_int (channel, 10 * i);
    }
  for (guint i = 0; i < N_CHANNELS; i++)
    {
      g_assert_cmpint (receive_int (channels->pdata[i]), ==, i);
      g_assert_cmpint (receive_int (channels->pdata[i]), ==, 10 * i + 1);
      assert_end (channels->pdata[i]);
    }
  assert_waits_for_close (taker);
  assert_still_works (fixture->gateway);
}

/* Code that runs at the same time, in a thread of the worker's each. */
static void
test_execs_at_once (Fixture *fixture, gconstpointer unused)
{
  ExecnetChannel *channels[200];

  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    channels[i] = run_code (fixture->gateway, "channel.send(channel.receive() * 2)");
  for (guint i = G_N_ELEMENTS (channels); i-- > 0;)
    send_int (channels[i], i);
  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    {
      g_assert_cmpint (receive_int (channels[i]), ==, 2 * i);
      assert_waits_for_close (channels[i]);
      g_object_unref (channels[i]);
    }
  assert_still_works (fixture->gateway);
}

/* Neither side keeps anything of what has ended. */
static void
test_execs_in_a_row (Fixture *fixture, gconstpointer unused)
{
  guint n = g_getenv ("EXECNET_TEST_LONG") != NULL ? N_EXECS_LONG : N_EXECS;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (ExecnetChannel) channel
          = run_code (fixture->gateway, "channel.send(channel.receive() + 1)");

      send_int (channel, i);
      g_assert_cmpint (receive_int (channel), ==, i + 1);
      assert_waits_for_close (channel);
    }
  g_assert_cmpuint (count_remote (fixture->gateway, "numexecuting"), ==, 0);
  g_assert_cmpuint (count_remote (fixture->gateway, "numchannels"), <=, 1);
}

/* Nobody waits for the one before the next is asked for. */
static void
test_execs_without_waiting (Fixture *fixture, gconstpointer unused)
{
  guint n = g_getenv ("EXECNET_TEST_LONG") != NULL ? N_EXECS_LONG : N_EXECS;
  g_autoptr (ExecnetChannel) collector = execnet_gateway_new_channel (fixture->gateway, NULL);
  g_autoptr (ExecnetChannel) setter
      = run_code (fixture->gateway, "import __main__\n__main__.collector = channel.receive()\n");
  gint64 total = 0;

  g_assert_true (execnet_channel_send (
      setter, g_variant_new_handle (execnet_channel_get_id (collector)), NULL, NULL));
  assert_waits_for_close (setter);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *code = g_strdup_printf ("import __main__\n__main__.collector.send(%u)\n", i);
      g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, code);
    }
  for (guint i = 0; i < n; i++)
    total += receive_int (collector);
  g_assert_cmpint (total, ==, (gint64) n * (n - 1) / 2);
  assert_still_works (fixture->gateway);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  ADD_TEST_BOTH ("/many/channels-at-once", test_channels_at_once);
  ADD_TEST ("/many/execs-at-once", test_execs_at_once);
  ADD_TEST_BOTH ("/many/execs-in-a-row", test_execs_in_a_row);
  ADD_TEST ("/many/execs-without-waiting", test_execs_without_waiting);
  return g_test_run ();
}
