/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gateways that don't come up: each says why, soon, and leaves nothing behind. */

#include "config.h"

#include "testing.h"

#include <glib/gstdio.h>
#include <unistd.h>

static GError *
fail_to_make (ExecnetGroup *group, const char *spec)
{
  gint64 start = g_get_monotonic_time ();
  GError *error = NULL;
  g_autoptr (GPtrArray) gateways = NULL;

  g_assert_null (execnet_group_make_gateway (group, spec, NULL, &error));
  g_assert_nonnull (error);
  g_assert_cmpint (g_get_monotonic_time () - start, <, QUICK_MS * G_TIME_SPAN_MILLISECOND);
  gateways = execnet_group_get_gateways (group);
  g_assert_cmpuint (gateways->len, ==, 0);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (group)), ==, 0);
  return error;
}

/* Synchronously and asynchronously it is the same. */
static void
assert_fails (const char *spec, int code, const char *part)
{
  Belongings before = count_belongings ();
  ExecnetGroup *group = execnet_group_new ();
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  assert_error_says (fail_to_make (group, spec), EXECNET_ERROR, code, part);
  execnet_group_make_gateway_async (group, spec, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_null (execnet_group_make_gateway_finish (group, result, &error));
  assert_error_says (error, EXECNET_ERROR, code, part);
  g_clear_object (&result);

  g_assert_true (execnet_group_terminate (group, PATIENCE_MS, NULL, NULL));
  iterate_ready ();
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (group)), ==, 0);
  g_assert_finalize_object (group);
  assert_nothing_left (&before);
}

static void
assert_peer_fails (const char *what_it_does, int code, const char *part)
{
  g_autofree char *pipes = peer_spec (what_it_does);
  g_autofree char *socket = socket_peer_spec (what_it_does);

  assert_fails (pipes, code, part);
  assert_fails (socket, code, part);
}

static void
test_spec (void)
{
  assert_fails ("popen//popen", EXECNET_ERROR_INVALID_SPEC, "popen");
  assert_fails ("python=python3", EXECNET_ERROR_INVALID_SPEC, "python=python3");
  assert_fails ("popen//nice=many", EXECNET_ERROR_INVALID_SPEC, "many");
  assert_fails ("popen//python=python3 'open", EXECNET_ERROR_INVALID_SPEC, "'open");
  assert_fails ("ssh=-N somewhere", EXECNET_ERROR_INVALID_SPEC, "-N");
  assert_fails ("popen//execmodel=fancy", EXECNET_ERROR_INVALID_SPEC, "fancy");
}

static void
test_missing (void)
{
  assert_fails ("popen//python=no-such-python", EXECNET_ERROR_NO_INTERPRETER, "no-such-python");
  assert_fails ("popen//python=/no/such/python", EXECNET_ERROR_NO_INTERPRETER, "does not exist");
  assert_fails ("popen//python=/etc", EXECNET_ERROR_NO_INTERPRETER, "folder");
  assert_fails ("popen//python=/etc/passwd", EXECNET_ERROR_NO_INTERPRETER, "executed");
  /* Behind a wrapper only the exit status tells, and what the wrapper says. */
  assert_fails ("popen//python=env no-such-python", EXECNET_ERROR_NO_INTERPRETER, "no-such-python");
}

static void
test_no_python (void)
{
  assert_fails ("popen//python=false", EXECNET_ERROR_DIED, "exit status 1");
  assert_fails ("popen//python=true", EXECNET_ERROR_DIED, "exit status 0");
  assert_fails ("popen//python=cat", EXECNET_ERROR_DIED, "invalid option");
  assert_fails ("popen//python=sh", EXECNET_ERROR_DIED, "yntax");
  assert_fails ("popen//python=echo", EXECNET_ERROR_UNEXPECTED_OUTPUT, "-u -c");
}

static void
test_leaves (void)
{
  assert_peer_fails ("leave:3", EXECNET_ERROR_DIED, "exit status 3 before it answered");
  assert_peer_fails ("leave:3", EXECNET_ERROR_DIED, "these are my last words");
  assert_peer_fails ("leave:0", EXECNET_ERROR_DIED, "exit status 0");
  assert_peer_fails ("leave:127", EXECNET_ERROR_NO_INTERPRETER, "exit status 127");
  assert_peer_fails ("die:9", EXECNET_ERROR_DIED, "signal 9 (Killed) before it answered");
  assert_peer_fails ("half_answer_and_leave", EXECNET_ERROR_DIED, "exit status 0");
}

static void
test_chatter (void)
{
  assert_peer_fails ("chatter", EXECNET_ERROR_UNEXPECTED_OUTPUT, "this is the chatty interpreter");
  assert_peer_fails ("chatter_and_leave", EXECNET_ERROR_UNEXPECTED_OUTPUT,
                     "this is the chatty interpreter");
  assert_peer_fails ("chatter_one", EXECNET_ERROR_UNEXPECTED_OUTPUT, "1 good morning");
  assert_peer_fails ("flood", EXECNET_ERROR_UNEXPECTED_OUTPUT, "this is the endless interpreter");
}

static void
test_wrong_answers (void)
{
  assert_peer_fails ("hello_of_an_int", EXECNET_ERROR_DATA_FORMAT, "instead of a dictionary");
  assert_peer_fails ("hello_of_garbage", EXECNET_ERROR_DATA_FORMAT, "byte 0");
  assert_peer_fails ("too_long_hello", EXECNET_ERROR_UNEXPECTED_OUTPUT, "1");
  assert_peer_fails ("too_long_refusal", EXECNET_ERROR_UNEXPECTED_OUTPUT, "0");
}

static void
test_refusals (void)
{
  assert_peer_fails ("refuse_for_age", EXECNET_ERROR_INTERPRETER_TOO_OLD, "this is Python 1.5");
  assert_peer_fails ("refuse_and_stay", EXECNET_ERROR_FAILED, "not on a Sunday");
}

/* A real interpreter that believes to be another version. */
static void
test_too_old (void)
{
  g_autofree char *folder = g_dir_make_tmp ("execnet-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "sitecustomize.py", NULL);
  const char *before = g_getenv ("PYTHONPATH");

  g_assert_true (g_file_set_contents (
      path, "import sys\nsys.version_info = (3, 3, 7, 'final', 0)\n", -1, NULL));
  g_setenv ("PYTHONPATH", folder, TRUE);
  assert_fails ("popen", EXECNET_ERROR_INTERPRETER_TOO_OLD, "Python 3.3");
  assert_fails ("popen//python=env python3", EXECNET_ERROR_INTERPRETER_TOO_OLD, "3.4");
  if (before != NULL)
    g_setenv ("PYTHONPATH", before, TRUE);
  else
    g_unsetenv ("PYTHONPATH");
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_options (void)
{
  assert_fails ("popen//chdir=/proc/no/such/folder", EXECNET_ERROR_FAILED, "/proc/no/such/folder");
  assert_fails ("popen//chdir=/dev/null", EXECNET_ERROR_FAILED, "/dev/null");
}

static gpointer
cancel_when_started (gpointer data)
{
  gpointer *both = data;

  YIELD_UNTIL (g_list_model_get_n_items (G_LIST_MODEL (both[0])) > 0);
  g_cancellable_cancel (both[1]);
  return NULL;
}

/* One that never answers: who waits may give up, and it is ended. */
static void
test_silence (void)
{
  const char *const kinds[] = { "silent", "deaf", "half_answer", "half_refusal" };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (kinds); i++)
    {
      Belongings before = count_belongings ();
      ExecnetGroup *group = execnet_group_new ();
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autofree char *spec = i % 2 ? peer_spec (kinds[i / 2]) : socket_peer_spec (kinds[i / 2]);
      g_autoptr (GAsyncResult) result = NULL;
      gpointer both[] = { group, cancellable };
      GThread *thread = g_thread_new ("cancel", cancel_when_started, both);
      GError *error = NULL;

      g_assert_null (execnet_group_make_gateway (group, spec, cancellable, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&error);
      g_thread_join (thread);

      g_cancellable_reset (cancellable);
      execnet_group_make_gateway_async (group, spec, cancellable, keep_result, &result);
      iterate_ready ();
      g_assert_null (result);
      g_cancellable_cancel (cancellable);
      wait_for_result (&result);
      g_assert_null (execnet_group_make_gateway_finish (group, result, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&error);
      g_clear_object (&result);

      /* It goes by itself. */
      ITERATE_UNTIL (g_list_model_get_n_items (G_LIST_MODEL (group)) == 0);
      g_assert_true (execnet_group_terminate (group, PATIENCE_MS, NULL, NULL));
      g_assert_finalize_object (group);
      assert_nothing_left (&before);
    }
}

static void
test_cancelled_before (void)
{
  g_autoptr (ExecnetGroup) group = execnet_group_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (execnet_group_make_gateway (group, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  execnet_group_make_gateway_async (group, NULL, cancellable, keep_result, &result);
  wait_for_result (&result);
  g_assert_null (execnet_group_make_gateway_finish (group, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (group)), ==, 0);
}

/* A gateway that is still being started. */
static void
test_starting (void)
{
  Belongings before = count_belongings ();
  ExecnetGroup *group = execnet_group_new ();
  g_autofree char *text = peer_spec ("silent");
  g_autoptr (ExecnetXSpec) spec = execnet_xspec_new (text, NULL);
  ExecnetGateway *gateway = execnet_group_start_gateway (group, spec, NULL);
  GError *error = NULL;

  g_assert_cmpint (execnet_gateway_get_state (gateway), ==, EXECNET_GATEWAY_STARTING);
  g_assert_cmpint (execnet_gateway_wait_ready (gateway, 20, NULL), ==, EXECNET_WAIT_TIMED_OUT);
  g_assert_null (execnet_gateway_remote_exec (gateway, "pass", &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_NOT_CONNECTED, "still being started");
  g_assert_null (execnet_gateway_new_channel (gateway, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_NOT_CONNECTED);
  g_clear_error (&error);
  g_assert_null (execnet_gateway_remote_information (gateway, FALSE, NULL, &error));
  g_clear_error (&error);
  execnet_gateway_exit (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  assert_error_says (
      execnet_gateway_dup_error (gateway), EXECNET_ERROR, EXECNET_ERROR_EXITING, "before it was up");
  g_assert_true (execnet_group_terminate (group, PATIENCE_MS, NULL, NULL));
  iterate_ready ();
  g_assert_finalize_object (gateway);
  g_assert_finalize_object (group);
  assert_nothing_left (&before);
}

/* It came up and was told to exit before the one who made it could look. */
static void
test_gone_before_it_was_seen (void)
{
  Belongings before = count_belongings ();
  ExecnetGroup *group = execnet_group_new ();
  g_autoptr (GAsyncResult) result = NULL;
  ExecnetGateway *gateway;
  GError *error = NULL;

  execnet_group_make_gateway_async (group, NULL, NULL, keep_result, &result);
  gateway = execnet_group_lookup (group, "gw0");
  wait_until_running (gateway);
  execnet_gateway_exit (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  wait_for_result (&result);
  g_assert_null (execnet_group_make_gateway_finish (group, result, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_CLOSED, "was closed");
  g_clear_object (&result);
  g_assert_true (execnet_group_terminate (group, PATIENCE_MS, NULL, NULL));
  g_assert_finalize_object (gateway);
  g_assert_finalize_object (group);
  assert_nothing_left (&before);
}

/* Many times at another moment of the start: it is given up, always. */
static void
test_exit_at_any_moment (void)
{
  Belongings before = count_belongings ();
  ExecnetGroup *group = execnet_group_new ();

  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (ExecnetXSpec) spec
          = execnet_xspec_new (i % 2 ? "popen" : "popen//python=env python3", NULL);
      g_autoptr (ExecnetGateway) gateway = execnet_group_start_gateway (group, spec, NULL);

      execnet_gateway_wait_ready (gateway, i, NULL);
      execnet_gateway_exit (gateway);
      g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
    }
  g_assert_true (execnet_group_terminate (group, PATIENCE_MS, NULL, NULL));
  iterate_ready ();
  g_assert_finalize_object (group);
  assert_nothing_left (&before);
}

/* With the options that travel in the first line. */
static void
test_all_options (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *folder = g_dir_make_tmp ("execnet-test-XXXXXX", NULL);
  g_autofree char *inner = g_build_filename (folder, "made by the worker", NULL);
  g_autofree char *spec = g_strdup_printf (
      "popen//id=special//chdir=%s//nice=3//env:FIRST=one//env:SECOND=a=b c//dont_write_bytecode",
      inner);
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, spec);
  g_autoptr (ExecnetChannel) channel
      = run_code (gateway,
                  "import os, sys\n"
                  "channel.send([os.getcwd(), os.nice(0) - channel.receive(),"
                  " os.environ['FIRST'],"
                  " os.environ['SECOND'], sys.dont_write_bytecode, channel.gateway.id])");
  g_autoptr (GVariant) item = NULL;
  g_autofree char *text = NULL;
  g_autofree char *expected = NULL;

  g_assert_cmpstr (execnet_gateway_get_id (gateway), ==, "special");
  send_int (channel, nice (0));
  item = execnet_channel_receive (channel, PATIENCE_MS, NULL, NULL);
  text = g_variant_print (item, FALSE);
  expected = g_strdup_printf (
      "[<'%s'>, <int64 3>, <'one'>, <'a=b c'>, <true>, <'special-worker'>]", inner);
  g_assert_cmpstr (text, ==, expected);
  execnet_gateway_exit (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  g_assert_cmpint (g_rmdir (inner), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* The answer may come in as many pieces as it likes. */
static void
test_byte_by_byte (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *spec = peer_spec ("script_byte_by_byte");
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, spec);
  g_autoptr (ExecnetChannel) channel
      = run_code (gateway,
                  "for b in message(DATA, channel, item(integer(7))): raw(bytes([b]))");

  g_assert_cmpint (receive_int (channel), ==, 7);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  g_test_add_func ("/start/spec", test_spec);
  g_test_add_func ("/start/missing", test_missing);
  g_test_add_func ("/start/no-python", test_no_python);
  g_test_add_func ("/start/leaves", test_leaves);
  g_test_add_func ("/start/chatter", test_chatter);
  g_test_add_func ("/start/wrong-answers", test_wrong_answers);
  g_test_add_func ("/start/refusals", test_refusals);
  g_test_add_func ("/start/too-old", test_too_old);
  g_test_add_func ("/start/options", test_options);
  g_test_add_func ("/start/silence", test_silence);
  g_test_add_func ("/start/cancelled-before", test_cancelled_before);
  g_test_add_func ("/start/starting", test_starting);
  g_test_add_func ("/start/gone-before-it-was-seen", test_gone_before_it_was_seen);
  g_test_add_func ("/start/exit-at-any-moment", test_exit_at_any_moment);
  ADD_TEST_WITH ("/start/all-options", "", test_all_options);
  ADD_TEST_WITH ("/start/byte-by-byte", "", test_byte_by_byte);
  return g_test_run ();
}
