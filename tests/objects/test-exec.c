/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Running code: from a string, a file, a resource, by a function's name. */

#include "config.h"

#include "testing.h"

#include <glib/gstdio.h>
#include <string.h>

static void
test_string (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway,
                                                 "channel.send(channel.receive() + 1)\n"
                                                 "channel.send(__name__)");
  g_autofree char *name = NULL;

  g_assert_cmpint (execnet_channel_get_id (channel), ==, 1);
  g_assert_true (execnet_channel_get_gateway (channel) == fixture->gateway);
  send_int (channel, 41);
  g_assert_cmpint (receive_int (channel), ==, 42);
  name = receive_text (channel);
  g_assert_cmpstr (name, ==, "__channelexec__");
  assert_end (channel);
  assert_waits_for_close (channel);
  g_assert_cmpint (execnet_channel_get_state (channel), ==, EXECNET_CHANNEL_CLOSED);
}

/* One after the other in the main thread, at the same time in others. */
static void
test_many_at_once (Fixture *fixture, gconstpointer unused)
{
  ExecnetChannel *channels[20];

  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    channels[i] = run_code (fixture->gateway, "for i in channel: channel.send(i * i)");
  g_assert_cmpuint (execnet_gateway_get_n_channels (fixture->gateway), ==, G_N_ELEMENTS (channels));
  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    send_int (channels[i], i);
  for (gint i = G_N_ELEMENTS (channels) - 1; i >= 0; i--)
    g_assert_cmpint (receive_int (channels[i]), ==, i * i);
  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    {
      g_assert_cmpint (execnet_channel_get_id (channels[i]), ==, 2 * i + 1);
      g_assert_finalize_object (channels[i]);
    }
  g_assert_cmpuint (execnet_gateway_get_n_channels (fixture->gateway), ==, 0);
}

static const char greeter[] = "def greet(channel, name, times=1):\n"
                              "    for i in range(times):\n"
                              "        channel.send('Hello ' + name)\n";

static ExecnetChannel *
run_source (ExecnetGateway *gateway, ExecnetSource *source, const char *arguments)
{
  g_autoptr (GError) error = NULL;
  ExecnetChannel *channel = execnet_gateway_remote_exec_source (
      gateway, source, arguments != NULL ? g_variant_new_parsed (arguments) : NULL, &error);

  g_assert_no_error (error);
  return channel;
}

static void
test_function (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetSource) source = execnet_source_new_function (greeter, "greet");
  g_autoptr (ExecnetChannel) channel
      = run_source (fixture->gateway, source, "{'name': <'World'>, 'times': <int64 2>}");

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *greeting = receive_text (channel);

      g_assert_cmpstr (greeting, ==, "Hello World");
    }
  assert_end (channel);
}

static void
test_function_with_other_arguments (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetSource) source = execnet_source_new_function (greeter, "greet");
  g_autoptr (ExecnetChannel) typed = run_source (fixture->gateway, source, "{'name': 'World'}");
  g_autoptr (ExecnetChannel) missing = run_source (fixture->gateway, source, NULL);
  g_autoptr (ExecnetChannel) unknown
      = run_source (fixture->gateway, source, "{'name': <'World'>, 'loud': <true>}");
  g_autofree char *greeting = receive_text (typed);

  g_assert_cmpstr (greeting, ==, "Hello World");
  assert_error_says (receive_error (missing), EXECNET_ERROR, EXECNET_ERROR_REMOTE, "name");
  assert_error_says (receive_error (unknown), EXECNET_ERROR, EXECNET_ERROR_REMOTE, "loud");
}

static void
test_bad_arguments (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetSource) function = execnet_source_new_function (greeter, "greet");
  g_autoptr (ExecnetSource) code = execnet_source_new ("pass");
  g_autoptr (GBytes) no_item = g_bytes_new_static ("x", 1);
  GError *error = NULL;

  g_assert_null (execnet_gateway_remote_exec_source (
      fixture->gateway, function, g_variant_new_string ("World"), &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_UNSUPPORTED_TYPE, "not s");

  /* A channel can't be an argument: it is no live one. */
  g_assert_null (execnet_gateway_remote_exec_source (
      fixture->gateway, function, g_variant_new_parsed ("{'name': <handle 17>}"), &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_UNSUPPORTED_TYPE, "name");

  g_assert_null (execnet_gateway_remote_exec_source (
      fixture->gateway, code, g_variant_new_parsed ("{'name': <1>}"), &error));
  assert_error_says (g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_FAILED, "function");

  g_assert_null (
      execnet_gateway_remote_exec_bytes (fixture->gateway, function, no_item, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT, "no dumped dictionary");

  g_assert_cmpuint (execnet_gateway_get_n_channels (fixture->gateway), ==, 0);
  assert_still_works (fixture->gateway);
}

static void
test_file (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "execnet-test-XXXXXX.py", NULL);
  g_autoptr (GFile) file = NULL;
  g_autoptr (ExecnetSource) source = NULL;
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autoptr (ExecnetRemoteError) remote_error = NULL;
  g_autoptr (GError) error = NULL;
  const char text[] = "# A comment.\n\ndef stumble():\n    raise ValueError('in a file')\n"
                      "channel.send(1)\nstumble()\n";
  int fd = g_mkstemp (path);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (g_close (fd, NULL));
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  file = g_file_new_for_path (path);
  source = execnet_source_new_from_file (file, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_remove (path), ==, 0);

  channel = run_source (fixture->gateway, source, NULL);
  g_assert_cmpint (receive_int (channel), ==, 1);
  assert_error_says (receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_REMOTE, path);

  /* The other side shows the lines that it was sent. */
  remote_error = execnet_channel_get_remote_error (channel);
  g_assert_nonnull (strstr (execnet_remote_error_get_text (remote_error), "line 4, in stumble"));
  g_assert_nonnull (
      strstr (execnet_remote_error_get_text (remote_error), "raise ValueError('in a file')"));
}

static void
test_resource (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ExecnetSource) source
      = execnet_source_new_from_resource ("/org/execnet-glib/tests/objects/resource.py", &error);
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autofree char *said = NULL;

  g_assert_no_error (error);
  channel = run_source (fixture->gateway, source, NULL);
  said = receive_text (channel);
  g_assert_cmpstr (said, ==, "from a resource");
  assert_end (channel);
}

static void
test_mistake (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "this is no Python");

  assert_error_says (receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_REMOTE, "SyntaxError");
  assert_still_works (fixture->gateway);
}

static void
test_text_of_all_kinds (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "channel.send('äöü€😀')");
  g_autofree char *text = receive_text (channel);
  g_autoptr (ExecnetChannel) empty = run_code (fixture->gateway, "");

  g_assert_cmpstr (text, ==, "äöü€😀");
  assert_waits_for_close (empty);
}

/* More than any pipe holds, in one message. */
static void
test_large_source (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GString) code = g_string_new ("channel.send(len('''");
  g_autoptr (ExecnetChannel) channel = NULL;

  for (guint i = 0; i < 400000; i++)
    g_string_append (code, "0123456789");
  g_string_append (code, "'''))");
  channel = run_code (fixture->gateway, code->str);
  g_assert_cmpint (receive_int (channel), ==, 4000000);
}

/* What a program prints there harms nothing. */
static void
test_printing (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway,
                                                 "import os, sys, subprocess\n"
                                                 "print('printed')\n"
                                                 "sys.stdout.flush()\n"
                                                 "os.write(1, b'written')\n"
                                                 "subprocess.call(['echo', 'said'])\n"
                                                 "channel.send(len(sys.stdin.read()))");

  g_assert_cmpint (receive_int (channel), ==, 0);
  assert_waits_for_close (channel);
}

/* An object that no group made. */
static void
test_unconnected (void)
{
  g_autoptr (ExecnetGateway) gateway = g_object_new (EXECNET_TYPE_GATEWAY, NULL);
  g_autoptr (ExecnetChannel) channel = g_object_new (EXECNET_TYPE_CHANNEL, NULL);
  GError *error = NULL;

  g_assert_cmpint (execnet_gateway_get_state (gateway), ==, EXECNET_GATEWAY_CLOSED);
  g_assert_null (execnet_gateway_get_id (gateway));
  g_assert_null (execnet_gateway_remote_exec (gateway, "pass", &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_NOT_CONNECTED, "make_gateway");
  g_assert_null (execnet_gateway_new_channel (gateway, &error));
  g_clear_error (&error);
  g_assert_null (execnet_gateway_get_channel (gateway, 1, &error));
  g_clear_error (&error);
  g_assert_false (execnet_gateway_reconfigure (gateway, EXECNET_LOAD_DEFAULT, &error));
  g_clear_error (&error);
  g_assert_true (execnet_gateway_join (gateway, -1, NULL, NULL));
  execnet_gateway_exit (gateway);
  execnet_gateway_kill (gateway);

  g_assert_cmpint (execnet_channel_get_state (channel), ==, EXECNET_CHANNEL_CLOSED);
  g_assert_null (execnet_channel_receive (channel, -1, NULL, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_NOT_CONNECTED, "remote_exec");
  g_assert_false (execnet_channel_send (channel, g_variant_new_int64 (1), NULL, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_NOT_CONNECTED);
  g_clear_error (&error);
  g_assert_false (execnet_channel_close (channel, NULL, &error));
  g_clear_error (&error);
  g_assert_cmpint (execnet_channel_wait (channel, -1, NULL), ==, EXECNET_WAIT_ERROR);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST_BOTH ("/exec/string", test_string);
  ADD_TEST_BOTH ("/exec/many-at-once", test_many_at_once);
  ADD_TEST ("/exec/function", test_function);
  ADD_TEST ("/exec/function-with-other-arguments", test_function_with_other_arguments);
  ADD_TEST ("/exec/bad-arguments", test_bad_arguments);
  ADD_TEST ("/exec/file", test_file);
  ADD_TEST ("/exec/resource", test_resource);
  ADD_TEST ("/exec/mistake", test_mistake);
  ADD_TEST ("/exec/text-of-all-kinds", test_text_of_all_kinds);
  ADD_TEST_BOTH ("/exec/large-source", test_large_source);
  ADD_TEST_BOTH ("/exec/printing", test_printing);
  g_test_add_func ("/exec/unconnected", test_unconnected);
  return g_test_run ();
}
