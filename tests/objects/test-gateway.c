/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A gateway's life, and what its other side says of itself. */

#include "config.h"

#include "testing.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static gint64
lookup_int (GVariant *dictionary, const char *key)
{
  gint64 value = -1;

  g_assert_true (g_variant_lookup (dictionary, key, "x", &value));
  return value;
}

static GVariant *
get_status (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  GVariant *status = execnet_gateway_remote_status (fixture->gateway, NULL, &error);

  g_assert_no_error (error);
  return status;
}

static void
test_properties (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGroup) group = NULL;
  g_autoptr (ExecnetXSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  ExecnetGatewayState state;
  gint exit_status, term_signal;

  g_object_get (fixture->gateway,
                "id", &id,
                "spec", &spec,
                "group", &group,
                "state", &state,
                "error", &error,
                "exit-status", &exit_status,
                "term-signal", &term_signal,
                NULL);
  g_assert_cmpstr (id, ==, "gw0");
  g_assert_true (spec == execnet_gateway_get_spec (fixture->gateway));
  g_assert_cmpstr (execnet_xspec_get (spec, "id"), ==, "gw0");
  g_assert_true (group == fixture->group);
  g_assert_cmpint (state, ==, EXECNET_GATEWAY_RUNNING);
  g_assert_no_error (error);
  g_assert_cmpint (exit_status, ==, -1);
  g_assert_cmpint (term_signal, ==, 0);
}

static void
test_status (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GVariant) idle = get_status (fixture);
  g_autoptr (ExecnetChannel) one = run_until_ready (fixture->gateway, "channel.receive()");
  g_autoptr (ExecnetChannel) other = run_until_ready (fixture->gateway, "channel.receive()");
  g_autoptr (GVariant) busy = get_status (fixture);
  const char *execmodel;

  g_assert_cmpint (lookup_int (idle, "numchannels"), ==, 0);
  g_assert_cmpint (lookup_int (idle, "numexecuting"), ==, 0);
  g_assert_cmpint (lookup_int (idle, "numqueued"), ==, 0);
  g_assert_true (g_variant_lookup (idle, "execmodel", "&s", &execmodel));
  g_assert_cmpstr (execmodel, ==, "thread");
  g_assert_cmpint (lookup_int (busy, "numchannels"), ==, 2);
  g_assert_cmpint (lookup_int (busy, "numexecuting"), ==, 2);

  send_int (one, 1);
  send_int (other, 1);
  assert_waits_for_close (one);
  assert_waits_for_close (other);
  g_assert_cmpuint (execnet_gateway_get_n_channels (fixture->gateway), ==, 0);
}

/* What waits for its turn is counted, too. */
static void
test_status_queued (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) one = run_until_ready (fixture->gateway, "channel.receive()");
  g_autoptr (ExecnetChannel) other = run_code (fixture->gateway, "channel.send('ran')");
  g_autoptr (GVariant) status = get_status (fixture);

  g_assert_cmpint (lookup_int (status, "numexecuting"), ==, 1);
  g_assert_cmpint (lookup_int (status, "numqueued"), ==, 1);
  /* It does not wait for long. */
  assert_error_says (receive_error (other), EXECNET_ERROR, EXECNET_ERROR_REMOTE, "deadlock");
  send_int (one, 1);
  assert_waits_for_close (one);
}

static void
test_status_async (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) status = NULL;
  g_autoptr (GError) error = NULL;

  execnet_gateway_remote_status_async (fixture->gateway, NULL, keep_result, &result);
  wait_for_result (&result);
  status = execnet_gateway_remote_status_finish (fixture->gateway, result, &error);
  g_assert_no_error (error);
  g_assert_cmpint (lookup_int (status, "numexecuting"), ==, 0);
}

static const char *
lookup_text (GVariant *dictionary, const char *key)
{
  const char *text = NULL;

  g_assert_true (g_variant_lookup (dictionary, key, "&s", &text));
  return text;
}

static GVariant *
get_information (Fixture *fixture, gboolean update)
{
  g_autoptr (GError) error = NULL;
  GVariant *information
      = execnet_gateway_remote_information (fixture->gateway, update, NULL, &error);

  g_assert_no_error (error);
  return information;
}

static void
test_information (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GVariant) before = get_information (fixture, FALSE);
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "import os\nos.chdir('/')");
  g_autoptr (GVariant) cached = NULL;
  g_autoptr (GVariant) after = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) async = NULL;
  g_autofree char *here = g_get_current_dir ();

  g_assert_cmpstr (lookup_text (before, "platform"), ==, "linux");
  g_assert_cmpstr (lookup_text (before, "cwd"), ==, here);
  g_assert_cmpint (lookup_int (before, "pid"), >, 1);
  assert_waits_for_close (channel);

  cached = get_information (fixture, FALSE);
  g_assert_cmpstr (lookup_text (cached, "cwd"), ==, here);
  after = get_information (fixture, TRUE);
  g_assert_cmpstr (lookup_text (after, "cwd"), ==, "/");

  /* What was asked is remembered. */
  execnet_gateway_remote_information_async (fixture->gateway, FALSE, NULL, keep_result, &result);
  wait_for_result (&result);
  async = execnet_gateway_remote_information_finish (fixture->gateway, result, NULL);
  g_assert_cmpstr (lookup_text (async, "cwd"), ==, "/");
}

static void
test_information_of_the_dead (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GVariant) known = NULL;
  GError *error = NULL;

  execnet_gateway_kill (fixture->gateway);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  known = get_information (fixture, FALSE);
  g_assert_nonnull (known);
  g_assert_null (execnet_gateway_remote_information (fixture->gateway, TRUE, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9");
}

static void
assert_receives_bytes (ExecnetChannel *channel, const char *bytes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);
  const char *data;
  gsize length;

  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (item), ==, "ay");
  data = g_variant_get_fixed_array (item, &length, 1);
  g_assert_cmpmem (data, length, bytes, strlen (bytes));
}

static void
test_reconfigure (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) before = run_code (fixture->gateway, "channel.send('text')");
  g_autoptr (ExecnetChannel) after = NULL;
  g_autoptr (GVariant) as_text = NULL;

  g_assert_cmpint (execnet_channel_get_load_flags (before), ==, EXECNET_LOAD_PY2STR_AS_PY3STR);
  g_assert_true (
      execnet_gateway_reconfigure (fixture->gateway, EXECNET_LOAD_PY3STR_AS_PY2STR, NULL));
  g_assert_cmpint (execnet_channel_get_load_flags (before), ==, EXECNET_LOAD_PY2STR_AS_PY3STR);
  as_text = execnet_channel_receive (before, PATIENCE_MS, NULL, NULL);
  g_assert_cmpstr (g_variant_get_type_string (as_text), ==, "s");

  after = run_code (fixture->gateway,
                    "channel.send('text')\n"
                    "channel.send(type(channel.receive()).__name__)");
  g_assert_cmpint (execnet_channel_get_load_flags (after), ==, EXECNET_LOAD_PY3STR_AS_PY2STR);
  assert_receives_bytes (after, "text");
  send_text (after, "and there, too");
  assert_receives_bytes (after, "bytes");
}

static void
test_reconfigure_channel (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "channel.send(type(channel.receive()).__name__)");

  g_assert_true (execnet_channel_reconfigure (channel, EXECNET_LOAD_PY3STR_AS_PY2STR, NULL));
  send_text (channel, "text");
  assert_receives_bytes (channel, "bytes");
}

/* The other side may ask for it, too. */
static void
test_reconfigured_by_peer (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "channel.reconfigure(False, True)\nchannel.send('text')");

  assert_receives_bytes (channel, "text");
  g_assert_cmpint (execnet_channel_get_load_flags (channel), ==, EXECNET_LOAD_PY3STR_AS_PY2STR);
}

/* The end */

typedef struct
{
  guint n_closed;
  guint n_states;
  GError *error;
  GThread *thread;
} Observed;

static void
on_closed (ExecnetGateway *gateway, const GError *error, gpointer data)
{
  Observed *observed = data;

  observed->n_closed++;
  observed->thread = g_thread_self ();
  if (error != NULL)
    observed->error = g_error_copy (error);
}

static void
on_state (ExecnetGateway *gateway, GParamSpec *pspec, gpointer data)
{
  ((Observed *) data)->n_states++;
}

static void
observe (ExecnetGateway *gateway, Observed *observed)
{
  g_signal_connect (gateway, "closed", G_CALLBACK (on_closed), observed);
  g_signal_connect (gateway, "notify::state", G_CALLBACK (on_state), observed);
}

static void
test_exit (Fixture *fixture, gconstpointer unused)
{
  Observed observed = { 0 };
  pid_t pid = remote_pid (fixture->gateway);
  GError *error = NULL;

  iterate_ready ();
  observe (fixture->gateway, &observed);
  /* Stopped, it is certainly still there when it is asked for more. */
  g_assert_cmpint (kill (pid, SIGSTOP), ==, 0);
  execnet_gateway_exit (fixture->gateway);
  execnet_gateway_exit (fixture->gateway);
  g_assert_null (execnet_gateway_remote_exec (fixture->gateway, "pass", &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_EXITING, "is exiting");
  g_assert_null (execnet_gateway_new_channel (fixture->gateway, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_EXITING, "is exiting");
  g_assert_cmpint (kill (pid, SIGCONT), ==, 0);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, &error));
  g_assert_no_error (error);

  /* The process is reaped by now. */
  g_assert_cmpint (kill (pid, 0), ==, -1);
  g_assert_cmpint (execnet_gateway_get_state (fixture->gateway), ==, EXECNET_GATEWAY_CLOSED);
  g_assert_cmpint (execnet_gateway_get_exit_status (fixture->gateway), ==, 0);
  g_assert_null (execnet_gateway_dup_error (fixture->gateway));
  g_assert_null (execnet_gateway_new_channel (fixture->gateway, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_CLOSED, "was closed");

  /* Signals come in the gateway's context, here, when it runs. */
  g_assert_cmpuint (observed.n_closed, ==, 0);
  ITERATE_UNTIL (observed.n_closed > 0);
  iterate_ready ();
  g_assert_cmpuint (observed.n_closed, ==, 1);
  g_assert_cmpuint (observed.n_states, ==, 1);
  g_assert_no_error (observed.error);
}

static void
test_join (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) joined = NULL;
  g_autoptr (GAsyncResult) late = NULL;
  g_autoptr (GAsyncResult) cancelled = NULL;
  g_autoptr (GAsyncResult) after = NULL;
  GError *error = NULL;

  g_assert_false (execnet_gateway_join (fixture->gateway, 0, NULL, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "in time");
  execnet_gateway_join_async (fixture->gateway, -1, NULL, keep_result, &joined);
  execnet_gateway_join_async (fixture->gateway, 1, NULL, keep_result, &late);
  execnet_gateway_join_async (fixture->gateway, -1, cancellable, keep_result, &cancelled);
  g_cancellable_cancel (cancellable);
  wait_for_result (&late);
  wait_for_result (&cancelled);
  g_assert_false (execnet_gateway_join_finish (fixture->gateway, late, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "in time");
  g_assert_false (execnet_gateway_join_finish (fixture->gateway, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (execnet_gateway_join (fixture->gateway, -1, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  g_assert_null (joined);
  execnet_gateway_exit (fixture->gateway);
  wait_for_result (&joined);
  g_assert_true (execnet_gateway_join_finish (fixture->gateway, joined, NULL));
  execnet_gateway_join_async (fixture->gateway, -1, NULL, keep_result, &after);
  wait_for_result (&after);
  g_assert_true (execnet_gateway_join_finish (fixture->gateway, after, NULL));
}

/* Code that never ends is interrupted, then the process ends hard: it takes about two seconds. */
static void
test_exit_with_running_code (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_until_ready (fixture->gateway,
                                                        "import time\n"
                                                        "while True:\n"
                                                        "    try: time.sleep(60)\n"
                                                        "    except BaseException: pass");

  execnet_gateway_exit (fixture->gateway);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  g_assert_null (execnet_gateway_dup_error (fixture->gateway));
  assert_end (channel);
}

/* What it still sends arrives. */
static void
test_exit_lets_code_finish (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_until_ready (fixture->gateway,
                                                        "try:\n"
                                                        "    channel.receive()\n"
                                                        "except EOFError:\n"
                                                        "    channel.send('good bye')");
  g_autofree char *words = NULL;

  execnet_gateway_exit (fixture->gateway);
  words = receive_text (channel);
  g_assert_cmpstr (words, ==, "good bye");
  assert_end (channel);
}

static void
test_exit_status (Fixture *fixture, gconstpointer unused)
{
  Observed observed = { 0 };
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autoptr (GError) error = NULL;

  iterate_ready ();
  observe (fixture->gateway, &observed);
  channel = run_code (fixture->gateway,
                      "import os\n"
                      "os.write(2, b'first line\\nlast line\\n')\n"
                      "os._exit(17)");
  ITERATE_UNTIL (observed.n_closed > 0);
  g_assert_true (observed.thread == g_thread_self ());
  g_assert_nonnull (strstr (observed.error->message, "“gw0”"));
  g_assert_nonnull (strstr (observed.error->message, "exit status 17"));
  assert_error_says (
      observed.error, EXECNET_ERROR, EXECNET_ERROR_DIED, "first line\nlast line");
  g_assert_cmpint (execnet_gateway_get_exit_status (fixture->gateway), ==, 17);
  g_assert_cmpint (execnet_gateway_get_term_signal (fixture->gateway), ==, 0);
  error = execnet_gateway_dup_error (fixture->gateway);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DIED);
}

static void
test_term_signal (Fixture *fixture, gconstpointer unused)
{
  GError *error = NULL;

  g_assert_cmpint (kill (remote_pid (fixture->gateway), SIGKILL), ==, 0);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  g_assert_cmpint (execnet_gateway_get_exit_status (fixture->gateway), ==, -1);
  g_assert_cmpint (execnet_gateway_get_term_signal (fixture->gateway), ==, SIGKILL);
  g_assert_null (execnet_gateway_remote_exec (fixture->gateway, "pass", &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9 (Killed)");
}

static void
test_kill (Fixture *fixture, gconstpointer unused)
{
  pid_t pid = remote_pid (fixture->gateway);

  execnet_gateway_kill (fixture->gateway);
  execnet_gateway_kill (fixture->gateway);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  g_assert_cmpint (kill (pid, 0), ==, -1);
  g_assert_cmpint (execnet_gateway_get_term_signal (fixture->gateway), ==, SIGKILL);
  execnet_gateway_kill (fixture->gateway);
  execnet_gateway_exit (fixture->gateway);
}

/* A worker that was told to end and is then killed has still ended as asked. */
static void
test_exit_and_kill (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_until_ready (fixture->gateway, "import time\ntime.sleep(600)");

  execnet_gateway_exit (fixture->gateway);
  execnet_gateway_kill (fixture->gateway);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  g_assert_null (execnet_gateway_dup_error (fixture->gateway));
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST ("/gateway/properties", test_properties);
  ADD_TEST ("/gateway/status", test_status);
  ADD_TEST_WITH ("/gateway/status-queued", "popen//execmodel=main_thread_only",
                 test_status_queued);
  ADD_TEST ("/gateway/status-async", test_status_async);
  ADD_TEST ("/gateway/information", test_information);
  ADD_TEST ("/gateway/information-of-the-dead", test_information_of_the_dead);
  ADD_TEST ("/gateway/reconfigure", test_reconfigure);
  ADD_TEST ("/gateway/reconfigure-channel", test_reconfigure_channel);
  ADD_TEST ("/gateway/reconfigured-by-peer", test_reconfigured_by_peer);
  ADD_TEST_BOTH ("/gateway/exit", test_exit);
  ADD_TEST ("/gateway/join", test_join);
  ADD_TEST_BOTH ("/gateway/exit-with-running-code", test_exit_with_running_code);
  ADD_TEST_BOTH ("/gateway/exit-lets-code-finish", test_exit_lets_code_finish);
  ADD_TEST_BOTH ("/gateway/exit-status", test_exit_status);
  ADD_TEST_BOTH ("/gateway/term-signal", test_term_signal);
  ADD_TEST_BOTH ("/gateway/kill", test_kill);
  ADD_TEST_BOTH ("/gateway/exit-and-kill", test_exit_and_kill);
  return g_test_run ();
}
