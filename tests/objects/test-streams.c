/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Streams of channels, against files of the other side. */

#include "testing.h"

#include <string.h>

/* More than both receive limits, so that the two sides wait for each other. */
#define LARGE_SIZE (5 * 1024 * 1024)

#define ECHO_FILES                                                                                 \
  "reading, writing = channel.makefile('r'), channel.makefile('w')\n"                              \
  "while True:\n"                                                                                  \
  "    data = reading.read(65536)\n"                                                               \
  "    if not data:\n"                                                                             \
  "        break\n"                                                                                \
  "    writing.write(data)\n"

/* Reads what comes over another channel, and sends the whole of it. */
#define READ_ALL                                                                                   \
  "c = channel.receive()\n"                                                                        \
  "channel.send(c.makefile('r').read())\n"

static ExecnetChannel *
carrier_for (ExecnetGateway *gateway, ExecnetChannel *control)
{
  g_autoptr (GError) error = NULL;
  ExecnetChannel *carrier = execnet_gateway_new_channel (gateway, &error);

  g_assert_no_error (error);
  g_assert_true (execnet_channel_send (control,
                                       g_variant_new_handle (execnet_channel_get_id (carrier)),
                                       NULL,
                                       &error));
  g_assert_no_error (error);
  return carrier;
}

/* Code that sends “ready” itself, once it has set its limit. */
static ExecnetChannel *
run_after_limit (ExecnetGateway *gateway, const char *code)
{
  ExecnetChannel *channel = run_code (gateway, code);
  g_autofree char *ready = receive_text (channel);

  g_assert_cmpstr (ready, ==, "ready");
  return channel;
}

static GBytes *
make_data (gsize size)
{
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = (i * 31 + i / 997) & 0xff;
  return g_bytes_new_take (data, size);
}

static void
assert_reads (GInputStream *stream, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *buffer = g_malloc (strlen (expected) + 1);
  gsize n_read;

  g_assert_true (
      g_input_stream_read_all (stream, buffer, strlen (expected), &n_read, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n_read, expected, strlen (expected));
}

static void
assert_at_end (GInputStream *stream)
{
  g_autoptr (GError) error = NULL;
  char byte;

  g_assert_cmpint (g_input_stream_read (stream, &byte, 1, NULL, &error), ==, 0);
  g_assert_no_error (error);
}

static void
test_reading (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway,
                  "file = channel.makefile()\n"
                  "file.write('text \\u00e4\\n')\n"
                  "file.writelines([b'', b'\\xff\\0', '', 'nul\\0'])\n");
  g_autoptr (GInputStream) stream
      = G_INPUT_STREAM (execnet_channel_make_input_stream (channel, FALSE));

  g_assert_cmpuint (execnet_channel_get_receive_limit (channel), ==, 1024 * 1024);
  assert_reads (stream, "te");
  assert_reads (stream, "xt ä\n\xff");
  {
    char rest[10];
    gsize n_read;
    g_autoptr (GError) error = NULL;

    g_assert_true (g_input_stream_read_all (stream, rest, sizeof rest, &n_read, NULL, &error));
    g_assert_no_error (error);
    g_assert_cmpmem (rest, n_read, "\0nul\0", 5);
  }
  assert_at_end (stream);
  assert_at_end (stream);
}

static void
test_errors (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "channel.send('a'); channel.send(5); channel.send('b'); 1 / 0");
  g_autoptr (GInputStream) stream
      = G_INPUT_STREAM (execnet_channel_make_input_stream (channel, FALSE));
  g_autoptr (GError) error = NULL;
  char byte;

  assert_reads (stream, "a");
  g_assert_cmpint (g_input_stream_read (stream, &byte, 1, NULL, &error), ==, -1);
  assert_error_says (g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_UNSUPPORTED_TYPE, "“x”");
  assert_reads (stream, "b");
  g_assert_cmpint (g_input_stream_read (stream, &byte, 1, NULL, &error), ==, -1);
  assert_error_says (g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_REMOTE, "ZeroDivision");
  assert_at_end (stream);
}

static void
test_writing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ExecnetChannel) control = run_code (fixture->gateway, READ_ALL);
  g_autoptr (ExecnetChannel) carrier = carrier_for (fixture->gateway, control);
  g_autoptr (GOutputStream) stream
      = G_OUTPUT_STREAM (execnet_channel_make_output_stream (carrier, TRUE));
  g_autoptr (GBytes) sent = make_data (LARGE_SIZE);
  g_autoptr (GVariant) received = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_written;

  g_assert_true (g_output_stream_write_all (stream,
                                            g_bytes_get_data (sent, NULL),
                                            LARGE_SIZE,
                                            &n_written,
                                            NULL,
                                            &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_written, ==, LARGE_SIZE);
  g_assert_true (g_output_stream_close (stream, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (execnet_channel_get_state (carrier), ==, EXECNET_CHANNEL_CLOSED);

  received = execnet_channel_receive (control, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  bytes = g_variant_get_data_as_bytes (received);
  g_assert_true (g_bytes_equal (bytes, sent));
  assert_end (control);
}

static void
test_closing (Fixture *fixture, gconstpointer data)
{
  for (int close_channel = FALSE; close_channel <= TRUE; close_channel++)
    {
      ExecnetChannel *channels[2] = { NULL, NULL };
      g_autoptr (GInputStream) input = NULL;
      g_autoptr (GOutputStream) output = NULL;
      g_autoptr (GError) error = NULL;

      for (guint i = 0; i < 2; i++)
        {
          channels[i] = execnet_gateway_new_channel (fixture->gateway, &error);
          g_assert_no_error (error);
        }
      input = G_INPUT_STREAM (execnet_channel_make_input_stream (channels[0], close_channel));
      output = G_OUTPUT_STREAM (execnet_channel_make_output_stream (channels[1], close_channel));
      g_assert_true (g_input_stream_close (input, NULL, &error));
      g_assert_no_error (error);
      g_assert_true (g_output_stream_close (output, NULL, &error));
      g_assert_no_error (error);
      for (guint i = 0; i < 2; i++)
        g_assert_cmpint (execnet_channel_get_state (channels[i]),
                         ==,
                         close_channel ? EXECNET_CHANNEL_CLOSED : EXECNET_CHANNEL_OPEN);
      g_assert_cmpint (g_output_stream_write (output, "x", 1, NULL, &error), ==, -1);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
      g_clear_object (&channels[0]);
      g_clear_object (&channels[1]);
    }
}

/* Both directions at once in one main loop, with splicing. */
static void
test_async (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, ECHO_FILES);
  g_autoptr (GInputStream) input
      = G_INPUT_STREAM (execnet_channel_make_input_stream (channel, FALSE));
  g_autoptr (GOutputStream) output
      = G_OUTPUT_STREAM (execnet_channel_make_output_stream (channel, FALSE));
  g_autoptr (GBytes) sent = make_data (LARGE_SIZE);
  g_autofree guint8 *buffer = g_malloc (LARGE_SIZE);
  g_autoptr (GAsyncResult) written = NULL, read = NULL, closed = NULL;
  g_autoptr (GError) error = NULL;
  gsize n;

  g_input_stream_read_all_async (input, buffer, LARGE_SIZE, 0, NULL, keep_result, &read);
  g_output_stream_write_all_async (output,
                                   g_bytes_get_data (sent, NULL),
                                   LARGE_SIZE,
                                   0,
                                   NULL,
                                   keep_result,
                                   &written);
  wait_for_result (&written);
  g_assert_true (g_output_stream_write_all_finish (output, written, &n, &error));
  g_assert_no_error (error);
  wait_for_result (&read);
  g_assert_true (g_input_stream_read_all_finish (input, read, &n, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n, g_bytes_get_data (sent, NULL), LARGE_SIZE);

  g_output_stream_close_async (output, 0, NULL, keep_result, &closed);
  wait_for_result (&closed);
  g_assert_true (g_output_stream_close_finish (output, closed, &error));
  g_assert_no_error (error);
}

static void
test_cancelling (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "w = channel.makefile()\nfor line in channel.makefile('r'): w.write(line)");
  g_autoptr (GInputStream) input
      = G_INPUT_STREAM (execnet_channel_make_input_stream (channel, FALSE));
  g_autoptr (GOutputStream) output
      = G_OUTPUT_STREAM (execnet_channel_make_output_stream (channel, FALSE));
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char byte;

  g_input_stream_read_async (input, &byte, 1, 0, cancellable, keep_result, &result);
  iterate_ready ();
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  wait_for_result (&result);
  g_assert_cmpint (g_input_stream_read_finish (input, result, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_cmpint (g_input_stream_read (input, &byte, 1, cancellable, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  /* Nothing was lost. */
  g_assert_cmpint (g_output_stream_write (output, "xyz\n", 4, NULL, &error), ==, 4);
  g_assert_no_error (error);
  g_clear_object (&cancellable);
  assert_reads (input, "xyz\n");
}

/* What was read already is delivered, and what was not is there still. */
static void
test_cancelled_too_late (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.send('abc')");
  g_autoptr (GInputStream) input
      = G_INPUT_STREAM (execnet_channel_make_input_stream (channel, FALSE));
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char byte;

  assert_waits_for_close (channel);
  g_input_stream_read_async (input, &byte, 1, 0, cancellable, keep_result, &result);
  g_cancellable_cancel (cancellable);
  wait_for_result (&result);
  g_assert_cmpint (g_input_stream_read_finish (input, result, &error), ==, 1);
  g_assert_no_error (error);
  g_assert_cmpint (byte, ==, 'a');
  g_clear_object (&result);

  g_input_stream_read_async (input, &byte, 1, 0, cancellable, keep_result, &result);
  wait_for_result (&result);
  g_assert_cmpint (g_input_stream_read_finish (input, result, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_reads (input, "bc");
}

typedef struct
{
  GPollableInputStream *stream;
  GString *read;
  guint n_dispatched;
  gboolean has_ended;
} Polled;

static gboolean
on_readable (GObject *stream, gpointer data)
{
  Polled *polled = data;
  g_autoptr (GError) error = NULL;
  char byte;
  gssize n = g_pollable_input_stream_read_nonblocking (polled->stream, &byte, 1, NULL, &error);

  polled->n_dispatched++;
  g_assert_no_error (error);
  g_assert_cmpint (n, >=, 0);
  g_string_append_len (polled->read, &byte, n);
  polled->has_ended = n == 0;
  return !polled->has_ended;
}

static void
test_pollable_input (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway,
                  "channel.send('o'); channel.receive(); channel.send('ne'); channel.send('two')");
  g_autoptr (ExecnetChannelInputStream) stream
      = execnet_channel_make_input_stream (channel, FALSE);
  g_autoptr (GSource) source = NULL;
  g_autoptr (GError) error = NULL;
  Polled polled = { G_POLLABLE_INPUT_STREAM (stream), g_string_new (NULL), 0, FALSE };
  char byte;

  g_assert_true (g_pollable_input_stream_can_poll (polled.stream));
  ITERATE_UNTIL (g_pollable_input_stream_is_readable (polled.stream));
  source = g_pollable_input_stream_create_source (polled.stream, NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (on_readable), &polled, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  ITERATE_UNTIL (polled.read->len == 1);

  /* It is not called while nothing is there. */
  iterate_ready ();
  g_assert_cmpuint (polled.n_dispatched, ==, 1);
  g_assert_false (g_pollable_input_stream_is_readable (polled.stream));
  g_assert_cmpint (
      g_pollable_input_stream_read_nonblocking (polled.stream, &byte, 1, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);

  send_int (channel, 1);
  ITERATE_UNTIL (polled.has_ended);
  g_assert_cmpstr (polled.read->str, ==, "onetwo");
  g_assert_cmpuint (polled.n_dispatched, ==, 7);
  g_source_destroy (source);
  g_string_free (polled.read, TRUE);
}

static gboolean
on_writable (GObject *stream, gpointer data)
{
  Flag *flag = data;

  flag_add (flag, 1);
  return G_SOURCE_REMOVE;
}

static void
test_pollable_output (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ExecnetChannel) channel
      = run_after_limit (fixture->gateway,
                         "channel.receive_limit = 100000\n"
                         "channel.send('ready')\n"
                         "carrier = channel.receive()\n"
                         "n = carrier.receive()\n"
                         "while n:\n"
                         "    n -= len(channel.receive())\n"
                         "carrier.send('all')\n");
  g_autoptr (ExecnetChannel) carrier = carrier_for (fixture->gateway, channel);
  g_autoptr (ExecnetChannelOutputStream) stream
      = execnet_channel_make_output_stream (channel, FALSE);
  GPollableOutputStream *pollable = G_POLLABLE_OUTPUT_STREAM (stream);
  g_autofree guint8 *buffer = g_malloc0 (65536);
  g_autoptr (GSource) source = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;
  g_auto (Flag) flag = { 0 };
  gint64 n_written = 0;

  flag_init (&flag);
  g_assert_true (g_pollable_output_stream_can_poll (pollable));
  while (error == NULL)
    {
      gssize n = g_pollable_output_stream_write_nonblocking (pollable, buffer, 65536, NULL, &error);

      if (n >= 0)
        n_written += n;
    }
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_false (g_pollable_output_stream_is_writable (pollable));
  g_assert_cmpint (n_written, ==, 2 * 65536);

  source = g_pollable_output_stream_create_source (pollable, NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (on_writable), &flag, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  iterate_ready ();
  g_assert_cmpint (flag_get (&flag), ==, 0);
  send_int (carrier, n_written);
  ITERATE_UNTIL (flag_get (&flag) == 1);
  g_assert_true (g_pollable_output_stream_is_writable (pollable));
  answer = receive_text (carrier);
  g_assert_cmpstr (answer, ==, "all");
}

/* A stream of a dead gateway says so, in both directions, also to who waits. */
static void
test_death (Fixture *fixture, gconstpointer data)
{
  g_autoptr (ExecnetChannel) channel
      = run_after_limit (fixture->gateway,
                         "channel.receive_limit = 1\n"
                         "channel.send('ready')\n"
                         "import os, signal\n"
                         "channel.receive()\n"
                         "os.kill(os.getpid(), signal.SIGKILL)\n");
  g_autoptr (GInputStream) input
      = G_INPUT_STREAM (execnet_channel_make_input_stream (channel, FALSE));
  g_autoptr (GOutputStream) output
      = G_OUTPUT_STREAM (execnet_channel_make_output_stream (channel, FALSE));
  g_autoptr (GError) error = NULL;
  gssize n;
  char byte;

  do
    n = g_output_stream_write (output, "x", 1, NULL, &error);
  while (n == 1);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DIED);
  g_clear_error (&error);
  g_assert_cmpint (g_input_stream_read (input, &byte, 1, NULL, &error), ==, -1);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DIED);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST ("/streams/reading", test_reading);
  ADD_TEST ("/streams/errors", test_errors);
  ADD_TEST_BOTH ("/streams/writing", test_writing);
  ADD_TEST ("/streams/closing", test_closing);
  ADD_TEST_BOTH ("/streams/async", test_async);
  ADD_TEST ("/streams/cancelling", test_cancelling);
  ADD_TEST ("/streams/cancelled-too-late", test_cancelled_too_late);
  ADD_TEST ("/streams/pollable-input", test_pollable_input);
  ADD_TEST ("/streams/pollable-output", test_pollable_output);
  ADD_TEST ("/streams/death", test_death);
  return g_test_run ();
}
