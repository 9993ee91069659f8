/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A peer that sends what is no item, or no message. */

#include "config.h"

#include "testing.h"

#include <string.h>

/* What the other side has got for the channel so far. */
static char *
ask_what_came (ExecnetGateway *gateway, gint32 id)
{
  g_autofree char *code
      = g_strdup_printf ("send_text(channel, ' '.join('%%d:%%d' %% (m[0], len(m[2]) > 0)"
                         " for m in seen if m[1] == %d))",
                         id);
  g_autoptr (ExecnetChannel) channel = run_code (gateway, code);

  return receive_text (channel);
}

/* The channel is closed with the error for both sides, and the gateway lives on. */
static void
assert_broken_by (Fixture *fixture, const char *payload, const char *part)
{
  g_autofree char *code = g_strdup_printf ("send_integer(channel, 1)\n"
                                           "send(DATA, channel, %s)\n"
                                           "send_integer(channel, 2)",
                                           payload);
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, code);
  g_autoptr (ExecnetChannel) other = NULL;
  g_autofree char *came = NULL;

  g_assert_cmpint (receive_int (channel), ==, 1);
  assert_error_says (receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT, part);
  g_assert_cmpint (execnet_channel_get_state (channel), ==, EXECNET_CHANNEL_CLOSED);
  /* What came behind it is not trusted. */
  assert_error_says (receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT, part);
  assert_closed_with (channel, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT, part);

  came = ask_what_came (fixture->gateway, execnet_channel_get_id (channel));
  g_assert_cmpstr (came, ==, "6:1");
  other = run_code (fixture->gateway, "send_integer(channel, 42)");
  g_assert_cmpint (receive_int (other), ==, 42);
  g_assert_cmpint (execnet_gateway_get_state (fixture->gateway), ==, EXECNET_GATEWAY_RUNNING);
}

static void
test_item (Fixture *fixture, gconstpointer unused)
{
  static const char *const payloads[][2] = {
    { "b''", "" },
    { "b'Q'", "" },
    { "b'garbage'", "byte 0" },
    { "b'LLQ'", "" },
    { "b'F\\x00\\x00'", "" },
    { "b'N\\x7f\\xff\\xff\\xffabcQ'", "" },
    { "b'N\\xff\\xff\\xff\\xffQ'", "" },
    { "b'N\\x00\\x00\\x00\\x02\\xc3\\x28Q'", "UTF-8" },
    { "b'K\\x7f\\xff\\xff\\xffQ'", "" },
    { "b'@\\x00\\x00\\x00\\x05Q'", "" },
    { "b'\\xff' * 100000", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (payloads); i++)
    assert_broken_by (fixture, payloads[i][0], payloads[i][1]);
}

/* A worker that is our own otherwise: its code gets the error. */
static void
test_item_of_worker (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) reporter
      = run_code (fixture->gateway,
                  "c = channel.receive()\n"
                  "channel.gateway.connection.send(4, c.id, [b'garbage'])\n"
                  "try: c.receive()\n"
                  "except c.RemoteError as e: channel.send(e.formatted)");
  g_autoptr (ExecnetChannel) channel = execnet_gateway_new_channel (fixture->gateway, NULL);
  g_autofree char *text = NULL;
  GError *error;

  g_assert_true (execnet_channel_send (
      reporter, g_variant_new_handle (execnet_channel_get_id (channel)), NULL, NULL));
  error = receive_error (channel);
  text = receive_text (reporter);
  g_assert_cmpstr (text, ==, error->message);
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT, "byte 0");
  assert_still_works (fixture->gateway);
}

static const char three_items[] = "send_integer(channel, 1)\n"
                                  "send(DATA, channel, b'garbage')\n"
                                  "send_integer(channel, 2)";

/* Whoever waits behind it gets the same error. */
static void
test_pending (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, three_items);
  GAsyncResult *results[4] = { NULL };
  g_autoptr (GAsyncResult) closed = NULL;
  GError *error = NULL;

  execnet_channel_wait_close_async (channel, -1, NULL, keep_result, &closed);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    execnet_channel_receive_async (channel, -1, NULL, keep_result, &results[i]);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr (GVariant) item = NULL;

      wait_for_result (&results[i]);
      item = execnet_channel_receive_finish (channel, results[i], &error);
      /* The third item may have had its receiver before the second was looked at. */
      if (i == 0 || (i == 2 && item != NULL))
        g_assert_no_error (error);
      else
        assert_error_says (
            g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT, "byte 0");
      g_object_unref (results[i]);
    }
  wait_for_result (&closed);
  g_assert_false (execnet_channel_wait_close_finish (channel, closed, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT, "byte 0");
}

typedef struct
{
  guint n_items;
  guint n_closed;
  GError *error;
} Observed;

static void
on_received (ExecnetChannel *channel, GVariant *item, gpointer data)
{
  ((Observed *) data)->n_items++;
}

static void
on_closed (ExecnetChannel *channel, const GError *error, gpointer data)
{
  Observed *observed = data;

  observed->n_closed++;
  observed->error = error != NULL ? g_error_copy (error) : NULL;
}

static void
test_signals (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, three_items);
  Observed observed = { 0 };

  g_signal_connect (channel, "received", G_CALLBACK (on_received), &observed);
  g_signal_connect (channel, "closed", G_CALLBACK (on_closed), &observed);
  ITERATE_UNTIL (observed.n_closed > 0);
  iterate_ready ();
  g_assert_cmpuint (observed.n_items, ==, 1);
  g_assert_cmpuint (observed.n_closed, ==, 1);
  assert_error_says (observed.error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT, "byte 0");
}

static gboolean
count_items (GVariant *item, gpointer data, GError **error)
{
  ((Observed *) data)->n_items += item != NULL;
  ((Observed *) data)->n_closed += item == NULL;
  return TRUE;
}

static void
test_callback (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, three_items);
  Observed observed = { 0 };
  g_autofree char *came = NULL;

  g_assert_true (
      execnet_channel_set_callback (channel, NULL, TRUE, count_items, &observed, NULL, NULL));
  assert_closed_with (channel, EXECNET_ERROR, EXECNET_ERROR_REMOTE, "byte 0");
  g_assert_cmpuint (observed.n_items, ==, 1);
  g_assert_cmpuint (observed.n_closed, ==, 1);
  came = ask_what_came (fixture->gateway, execnet_channel_get_id (channel));
  g_assert_cmpstr (came, ==, "6:1");
}

/* What can't be read as an error is one all the same. */
static void
test_close_error (Fixture *fixture, gconstpointer unused)
{
  static const char *const payloads[] = {
    "b''", "b'garbage'", "item(integer(1))", "item(text('a') + b'@\\x00\\x00\\x00\\x01')",
  };

  for (guint i = 0; i < G_N_ELEMENTS (payloads); i++)
    {
      g_autofree char *code
          = g_strdup_printf ("send(CLOSE_ERROR, channel, %s)", payloads[i]);
      g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, code);

      assert_error_says (
          receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_REMOTE, "can't be read");
      assert_end (channel);
    }
}

/* Nobody has such a channel. */
static void
test_unknown_channel (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway,
                  "for number in (0, 2, 99, 1000, 0x7fffffff):\n"
                  "    send_integer(number, 1)\n"
                  "    send(CLOSE, number)\n"
                  "    send(CLOSE_ERROR, number, item(text('x')))\n"
                  "    send(LAST_MESSAGE, number)\n"
                  "    send(RECONFIGURE, number, item(b'RC' + b'@\\x00\\x00\\x00\\x02'))\n"
                  "send_integer(channel, 7)\n"
                  "send(CLOSE, channel)\n"
                  "send_integer(channel, 8)\n"
                  "send(CLOSE_ERROR, channel, item(text('x')))\n"
                  "send(LAST_MESSAGE, channel)");

  g_assert_cmpint (receive_int (channel), ==, 7);
  assert_end (channel);
  assert_waits_for_close (channel);
}

/* Where the frame itself is broken, the connection ends, and everything says why. */
static void
assert_ends_the_gateway (const char *code, const char *part)
{
  Fixture fixture = { 0 };
  g_autofree char *spec = peer_spec ("script");
  g_autofree char *more = g_strconcat ("send_integer(channel, 1)\n", code, NULL);
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autoptr (GError) error = NULL;

  set_up (&fixture, spec);
  channel = run_code (fixture.gateway, more);
  g_assert_cmpint (receive_int (channel), ==, 1);
  assert_error_says (receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT, part);
  assert_closed_with (channel, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT, part);
  g_assert_cmpint (
      execnet_gateway_get_state (fixture.gateway), ==, EXECNET_GATEWAY_CLOSED);
  error = execnet_gateway_dup_error (fixture.gateway);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT);
  g_clear_object (&channel);
  tear_down (&fixture, NULL);
}

static void
test_frame (void)
{
  /* The peer stays, and the reason is what it did; or leaves at once, and the reason is the same. */
  const char *const afterwards[] = { "", "\nos._exit(3)" };

  for (guint i = 0; i < G_N_ELEMENTS (afterwards); i++)
    {
      g_autofree char *code = g_strconcat ("raw(message(77, channel))", afterwards[i], NULL);
      g_autofree char *channel = g_strconcat ("raw(message(DATA, -1))", afterwards[i], NULL);
      g_autofree char *length
          = g_strconcat ("raw(message(DATA, channel, b'', -5))", afterwards[i], NULL);
      g_autofree char *direction = g_strconcat ("send(EXEC, 2)", afterwards[i], NULL);
      g_autofree char *hello = g_strconcat ("raw(hello()[1:])", afterwards[i], NULL);
      g_autofree char *flags = g_strconcat ("send(RECONFIGURE, 0, b'garbage')", afterwards[i], NULL);
      g_autofree char *other_flags
          = g_strconcat ("send(RECONFIGURE, 0, item(integer(1)))", afterwards[i], NULL);
      g_autofree char *output = g_strconcat ("raw(message(10, 1, b'x'))", afterwards[i], NULL);
      g_autofree char *credit = g_strconcat ("raw(message(11, channel, b'xyz'))", afterwards[i], NULL);

      assert_ends_the_gateway (code, "unknown code 77");
      assert_ends_the_gateway (credit, "CHANNEL_FLOW message of 3 bytes instead of 8");
      assert_ends_the_gateway (channel, "negative channel");
      assert_ends_the_gateway (length, "negative channel or length");
      assert_ends_the_gateway (direction, "CHANNEL_EXEC");
      assert_ends_the_gateway (hello, "HELLO");
      assert_ends_the_gateway (flags, "byte 0");
      assert_ends_the_gateway (other_flags, "RECONFIGURE");
      assert_ends_the_gateway (output, "OUTPUT message for descriptor 1, which nobody asked for");
    }
}

/* It claims a message that never comes: nothing is lost but that. */
static void
test_lying_length (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway,
                  "send_integer(channel, 1)\n"
                  "raw(message(DATA, channel, b'x' * 1000, 0x7fffffff))\n"
                  "os._exit(4)");

  g_assert_cmpint (receive_int (channel), ==, 1);
  assert_error_says (
      receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "exit status 4");
}

int
main (int argc, char **argv)
{
  g_autofree char *script = NULL;
  g_autofree char *byte_by_byte = NULL;

  testing_init (&argc, &argv);
  script = peer_spec ("script");
  byte_by_byte = peer_spec ("script_byte_by_byte");

  ADD_TEST_WITH ("/malformed/item", script, test_item);
  ADD_TEST ("/malformed/item-of-worker", test_item_of_worker);
  ADD_TEST_WITH ("/malformed/pending", script, test_pending);
  ADD_TEST_WITH ("/malformed/signals", script, test_signals);
  ADD_TEST_WITH ("/malformed/callback", script, test_callback);
  ADD_TEST_WITH ("/malformed/close-error", byte_by_byte, test_close_error);
  ADD_TEST_WITH ("/malformed/unknown-channel", script, test_unknown_channel);
  g_test_add_func ("/malformed/frame", test_frame);
  ADD_TEST_WITH ("/malformed/lying-length", script, test_lying_length);
  return g_test_run ();
}
