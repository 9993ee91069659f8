/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is printed on the other side, as lines here. */

#include "config.h"

#include "testing.h"

#include <string.h>

#define SOCKET "popen//capture_output"
#define PIPES "popen//capture_output//python=env python3"

#define ADD_BOTH(path, func)                                                                       \
  G_STMT_START                                                                                     \
  {                                                                                                \
    ADD_TEST_WITH (path "/socket", SOCKET, func);                                                  \
    ADD_TEST_WITH (path "/pipes", PIPES, func);                                                    \
  }                                                                                                \
  G_STMT_END

typedef struct
{
  ExecnetGateway *gateway;
  GPtrArray *lines[2]; /* of stdout, of stderr */
  GThread *thread;
  guint n_after_closed;
  gboolean is_closed;
} Listener;

static void
listener_clear (Listener *listener)
{
  g_signal_handlers_disconnect_by_data (listener->gateway, listener);
  g_clear_pointer (&listener->lines[0], g_ptr_array_unref);
  g_clear_pointer (&listener->lines[1], g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Listener, listener_clear)

static void
on_output (ExecnetGateway *gateway, const char *line, gboolean is_stderr, gpointer data)
{
  Listener *listener = data;

  g_assert_true (g_utf8_validate (line, -1, NULL));
  listener->thread = g_thread_self ();
  listener->n_after_closed += listener->is_closed;
  g_ptr_array_add (listener->lines[is_stderr], g_strdup (line));
}

static void
on_closed (ExecnetGateway *gateway, const GError *error, gpointer data)
{
  ((Listener *) data)->is_closed = TRUE;
}

static void
listen_to (Listener *listener, ExecnetGateway *gateway)
{
  *listener = (Listener){ .gateway = gateway };
  listener->lines[0] = g_ptr_array_new_with_free_func (g_free);
  listener->lines[1] = g_ptr_array_new_with_free_func (g_free);
  g_signal_connect (gateway, "output", G_CALLBACK (on_output), listener);
  g_signal_connect (gateway, "closed", G_CALLBACK (on_closed), listener);
}

static void
assert_lines (Listener *listener, gboolean is_stderr, const char *expected)
{
  g_autofree char *text = NULL;

  g_ptr_array_add (listener->lines[is_stderr], NULL);
  text = g_strjoinv ("|", (char **) listener->lines[is_stderr]->pdata);
  g_ptr_array_set_size (listener->lines[is_stderr], listener->lines[is_stderr]->len - 1);
  g_assert_cmpstr (text, ==, expected);
}

static const char *
last_line (Listener *listener)
{
  g_assert_cmpuint (listener->lines[0]->len, >, 0);
  return g_ptr_array_index (listener->lines[0], listener->lines[0]->len - 1);
}

/* Python's own streams, the descriptors, and what child processes print. */
static void
test_lines (Fixture *fixture, gconstpointer unused)
{
  g_auto (Listener) listener = { 0 };
  g_autoptr (ExecnetChannel) channel = NULL;

  listen_to (&listener, fixture->gateway);
  channel = run_code (fixture->gateway,
                      "import os, subprocess, sys\n"
                      "print('one')\n"
                      "os.write(1, b'two\\n')\n"
                      "os.system('echo three; echo first >&2')\n"
                      "subprocess.check_call(['sh', '-c', 'echo four'])\n"
                      "sys.stderr.write('second\\n')\n"
                      "print(u'f\\xfcnf \\u20ac')\n"
                      "channel.send(sys.stdout.isatty())\n"
                      "channel.receive()");
  ITERATE_UNTIL (listener.lines[0]->len == 5 && listener.lines[1]->len == 2);
  assert_lines (&listener, FALSE, "one|two|three|four|f\303\274nf \342\202\254");
  assert_lines (&listener, TRUE, "first|second");
  g_assert_true (listener.thread == g_thread_self ());
  assert_still_works (fixture->gateway);
}

/* What stands behind the last line end, and before the signal that tells of the end. */
static void
test_end (Fixture *fixture, gconstpointer unused)
{
  g_auto (Listener) listener = { 0 };
  g_autoptr (ExecnetChannel) channel = NULL;

  listen_to (&listener, fixture->gateway);
  channel = run_code (fixture->gateway,
                      "import sys\n"
                      "for i in range(1000): print(i)\n"
                      "sys.stdout.write('no end')\n"
                      "sys.stdout.flush()\n"
                      "sys.stderr.write('none here')\n");
  assert_waits_for_close (channel);
  execnet_gateway_exit (fixture->gateway);
  ITERATE_UNTIL (listener.is_closed);
  g_assert_cmpuint (listener.lines[0]->len, ==, 1001);
  g_assert_cmpstr (g_ptr_array_index (listener.lines[0], 999), ==, "999");
  g_assert_cmpstr (last_line (&listener), ==, "no end");
  assert_lines (&listener, TRUE, "none here");
  iterate_ready ();
  g_assert_cmpuint (listener.n_after_closed, ==, 0);
}

/* Over the pipes that the worker inherits nothing depends on the worker. */
static void
test_crash (Fixture *fixture, gconstpointer code)
{
  g_auto (Listener) listener = { 0 };
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autofree char *last_output = NULL;

  listen_to (&listener, fixture->gateway);
  channel = run_code (fixture->gateway,
                      "import os, signal, sys\n"
                      "sys.stderr.write('last error\\n')\n"
                      "print('last words')\n"
                      "os.kill(os.getpid(), signal.SIGKILL)");
  ITERATE_UNTIL (listener.is_closed);
  assert_lines (&listener, FALSE, "last words");
  assert_lines (&listener, TRUE, "last error");
  last_output = execnet_gateway_dup_last_output (fixture->gateway);
  g_assert_cmpstr (last_output, ==, "last error");
}

/* Nobody iterates the context, and the worker goes on. */
static void
test_flood (Fixture *fixture, gconstpointer unused)
{
  g_auto (Listener) listener = { 0 };
  g_autoptr (ExecnetChannel) channel = NULL;
  guint64 n_lost;

  listen_to (&listener, fixture->gateway);
  channel = run_code (fixture->gateway,
                      "import sys\n"
                      "for i in range(100000): sys.stdout.write('%099d\\n' % i)\n"
                      "print('the last')\n"
                      "channel.send(1)\n");
  g_assert_cmpint (receive_int (channel), ==, 1);
  assert_end (channel);
  g_assert_cmpuint (listener.lines[0]->len, ==, 0);
  execnet_gateway_exit (fixture->gateway);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  ITERATE_UNTIL (listener.is_closed);
  n_lost = execnet_gateway_get_n_lost_lines (fixture->gateway);
  g_assert_cmpuint (n_lost, >, 50000);
  g_assert_cmpuint (listener.lines[0]->len + n_lost, ==, 100001);
  g_assert_cmpstr (last_line (&listener), ==, "the last");
}

static void
test_connected_late (Fixture *fixture, gconstpointer unused)
{
  g_auto (Listener) listener = { 0 };
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "import sys\nprint('early')\nsys.stdout.flush()");

  assert_waits_for_close (channel);
  iterate_ready ();
  listen_to (&listener, fixture->gateway);
  ITERATE_UNTIL (listener.lines[0]->len == 1);
  assert_lines (&listener, FALSE, "early");
}

static void
test_connected_after_the_end (Fixture *fixture, gconstpointer unused)
{
  g_auto (Listener) listener = { 0 };
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "print('early')");

  assert_waits_for_close (channel);
  execnet_gateway_exit (fixture->gateway);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  iterate_ready ();
  listen_to (&listener, fixture->gateway);
  ITERATE_UNTIL (listener.lines[0]->len == 1);
  assert_lines (&listener, FALSE, "early");
}

/* The lines wait for a handler that never comes. */
static void
test_dropped (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "print('for nobody')");

  assert_waits_for_close (channel);
  execnet_gateway_exit (fixture->gateway);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  iterate_ready ();
}

/* A line that is too long comes in pieces, which cut no character; whatever is no text still comes. */
static void
test_odd_lines (Fixture *fixture, gconstpointer unused)
{
  g_auto (Listener) listener = { 0 };
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autoptr (GString) joined = g_string_new (NULL);

  listen_to (&listener, fixture->gateway);
  channel = run_code (fixture->gateway,
                      "import sys\n"
                      "sys.stdout.write(u'a' + u'\\xe4' * 100000 + u'\\n')\n"
                      "sys.stdout.flush()\n"
                      "import os\n"
                      "os.write(1, b'\\xff\\x00z\\r\\n\\n')\n"
                      "channel.receive()");
  ITERATE_UNTIL (listener.lines[0]->len == 6);
  for (guint i = 0; i < 4; i++)
    {
      const char *line = g_ptr_array_index (listener.lines[0], i);

      g_assert_cmpuint (strlen (line), <=, 65536);
      g_assert_null (strstr (line, "\357\277\275"));
      g_string_append (joined, line);
    }
  g_assert_cmpuint (joined->len, ==, 200001);
  g_assert_cmpstr (g_ptr_array_index (listener.lines[0], 4), ==, "\357\277\275\357\277\275z");
  g_assert_cmpstr (g_ptr_array_index (listener.lines[0], 5), ==, "");
}

/* Without the key there is no signal, and nothing comes of it. */
static void
test_not_asked_for (Fixture *fixture, gconstpointer unused)
{
  g_auto (Listener) listener = { 0 };
  g_autoptr (ExecnetChannel) channel = NULL;

  listen_to (&listener, fixture->gateway);
  channel = run_code (fixture->gateway, "print('for nobody')");
  assert_waits_for_close (channel);
  execnet_gateway_exit (fixture->gateway);
  ITERATE_UNTIL (listener.is_closed);
  g_assert_cmpuint (listener.lines[0]->len, ==, 0);
  g_assert_cmpuint (execnet_gateway_get_n_lost_lines (fixture->gateway), ==, 0);
}

/* The handler ends the gateway and runs the loop. */
static void
exit_and_iterate (ExecnetGateway *gateway, const char *line, gboolean is_stderr, gpointer data)
{
  guint *n_lines = data;

  if ((*n_lines)++ == 0)
    {
      execnet_gateway_exit (gateway);
      ITERATE_UNTIL (execnet_gateway_get_state (gateway) == EXECNET_GATEWAY_CLOSED);
    }
}

static void
test_reentrant (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = NULL;
  guint n_lines = 0;

  g_signal_connect (fixture->gateway, "output", G_CALLBACK (exit_and_iterate), &n_lines);
  channel = run_code (fixture->gateway, "for i in range(300): print(i)");
  ITERATE_UNTIL (n_lines == 300);
  g_signal_handlers_disconnect_by_data (fixture->gateway, &n_lines);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_BOTH ("/output/lines", test_lines);
  ADD_BOTH ("/output/end", test_end);
  ADD_TEST_WITH ("/output/crash", SOCKET, test_crash);
  ADD_BOTH ("/output/flood", test_flood);
  ADD_BOTH ("/output/connected-late", test_connected_late);
  ADD_BOTH ("/output/connected-after-the-end", test_connected_after_the_end);
  ADD_BOTH ("/output/dropped", test_dropped);
  ADD_BOTH ("/output/odd-lines", test_odd_lines);
  ADD_TEST ("/output/not-asked-for", test_not_asked_for);
  ADD_BOTH ("/output/reentrant", test_reentrant);

  return g_test_run ();
}
