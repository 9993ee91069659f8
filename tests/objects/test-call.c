/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calling a function, and what the other side says when it can't. */

#include "config.h"

#include "testing.h"

#include <string.h>

static const char functions[] = "def add(one, other):\n"
                                "    return one + other\n"
                                "def nothing():\n"
                                "    pass\n"
                                "def stumble():\n"
                                "    raise ValueError('a reason')\n"
                                "def unsendable():\n"
                                "    return {'path': [1, object()]}\n"
                                "def end():\n"
                                "    raise EOFError('no more')\n"
                                "def leave():\n"
                                "    raise SystemExit(3)\n"
                                "def wait():\n"
                                "    import time\n"
                                "    while True: time.sleep(0.01)\n";

static GVariant *
call (Fixture *fixture, const char *name, GVariant *arguments, GError **error)
{
  g_autoptr (ExecnetSource) source = execnet_source_new_function (functions, name);

  return execnet_gateway_call (fixture->gateway, source, arguments, NULL, error);
}

static void
test_value (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) sum
      = call (fixture, "add", g_variant_new_parsed ("{'one': 40, 'other': 2}"), &error);
  g_autoptr (GVariant) joined
      = call (fixture, "add", g_variant_new_parsed ("{'one': ['a'], 'other': ['b']}"), &error);
  g_autoptr (GVariant) nothing = call (fixture, "nothing", NULL, &error);
  g_autofree char *text = g_variant_print (joined, FALSE);

  g_assert_no_error (error);
  g_assert_cmpint (g_variant_get_int64 (sum), ==, 42);
  g_assert_cmpstr (text, ==, "[<'a'>, <'b'>]");
  g_assert_cmpstr (g_variant_get_type_string (nothing), ==, "mv");
  /* The channels of calls are nobody's any more. */
  g_assert_cmpuint (execnet_gateway_get_n_channels (fixture->gateway), ==, 0);
}

static void
test_exceptions (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    const char *name;
    const char *part;
  } cases[] = {
    { "stumble", "ValueError: a reason" },
    { "unsendable", "object" },
    { "end", "EOFError: no more" },
    { "leave", "SystemExit" },
    { "missing", "missing" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GError *error = NULL;

      g_assert_null (call (fixture, cases[i].name, NULL, &error));
      assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_REMOTE, cases[i].part);
    }
  assert_still_works (fixture->gateway);
}

/* The error names the type and the way to it. */
static void
test_unsendable (Fixture *fixture, gconstpointer unused)
{
  GError *error = NULL;

  g_assert_null (call (fixture, "unsendable", NULL, &error));
  g_assert_nonnull (strstr (error->message, "'path'"));
  g_assert_nonnull (strstr (error->message, "[1]"));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_REMOTE, "object");
}

static void
test_needs_function (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetSource) source = execnet_source_new ("pass");
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  g_assert_null (execnet_gateway_call (fixture->gateway, source, NULL, NULL, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_FAILED, "names one");
  execnet_gateway_call_async (fixture->gateway, source, NULL, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_null (execnet_gateway_call_finish (fixture->gateway, result, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_FAILED, "names one");
}

static void
call_async (Fixture *fixture,
            const char *name,
            const char *arguments,
            GCancellable *cancellable,
            GAsyncResult **result)
{
  g_autoptr (ExecnetSource) source = execnet_source_new_function (functions, name);

  execnet_gateway_call_async (fixture->gateway,
                              source,
                              arguments != NULL ? g_variant_new_parsed (arguments) : NULL,
                              cancellable,
                              keep_result,
                              result);
}

static void
test_async (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) sum = NULL;
  g_autoptr (GAsyncResult) mistake = NULL;
  g_autoptr (GVariant) value = NULL;
  GError *error = NULL;

  call_async (fixture, "stumble", NULL, NULL, &mistake);
  call_async (fixture, "add", "{'one': 40, 'other': 2}", NULL, &sum);
  /* Never from inside of the call. */
  g_assert_null (sum);
  wait_for_result (&sum);
  wait_for_result (&mistake);
  value = execnet_gateway_call_finish (fixture->gateway, sum, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_variant_get_int64 (value), ==, 42);
  g_assert_null (execnet_gateway_call_finish (fixture->gateway, mistake, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_REMOTE, "a reason");
}

static gpointer
cancel_later (gpointer cancellable)
{
  for (guint i = 0; i < 100; i++)
    g_thread_yield ();
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_cancelled (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetSource) source = execnet_source_new_function (functions, "wait");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_later, cancellable);
  GError *error = NULL;

  g_assert_null (execnet_gateway_call (fixture->gateway, source, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_thread_join (thread);

  /* It was cancelled before. */
  g_assert_null (execnet_gateway_call (fixture->gateway, source, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  g_cancellable_reset (cancellable);
  call_async (fixture, "wait", NULL, cancellable, &result);
  iterate_ready ();
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  wait_for_result (&result);
  g_assert_null (execnet_gateway_call_finish (fixture->gateway, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_cmpuint (execnet_gateway_get_n_channels (fixture->gateway), ==, 0);
  /* The functions go on over there. */
  execnet_gateway_kill (fixture->gateway);
}

/* The value came first: cancelling afterwards loses nothing. */
static void
test_cancelled_late (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) value = NULL;
  GError *error = NULL;

  call_async (fixture, "add", "{'one': 40, 'other': 2}", cancellable, &result);
  wait_for_result (&result);
  g_cancellable_cancel (cancellable);
  value = execnet_gateway_call_finish (fixture->gateway, result, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_variant_get_int64 (value), ==, 42);
}

static void
test_remote_error (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "class Oddity(Exception): pass\nraise Oddity('is odd')");
  g_autoptr (ExecnetRemoteError) before = NULL;
  g_autoptr (ExecnetRemoteError) taken = NULL;

  g_assert_null (execnet_channel_get_remote_error (channel));
  assert_closed_with (channel, EXECNET_ERROR, EXECNET_ERROR_REMOTE, "is odd");

  before = execnet_channel_get_remote_error (channel);
  g_assert_cmpstr (execnet_remote_error_get_type_name (before), ==, "__channelexec__.Oddity");
  g_assert_cmpstr (execnet_remote_error_get_message (before), ==, "is odd");
  g_assert_nonnull (strstr (execnet_remote_error_get_text (before), "Traceback"));
  g_assert_nonnull (strstr (execnet_remote_error_get_text (before), "line 2"));

  /* It was reported, which happens once. */
  g_assert_null (execnet_channel_take_remote_error (channel));
  assert_waits_for_close (channel);
  assert_end (channel);
  taken = execnet_channel_get_remote_error (channel);
  g_assert_cmpstr (execnet_remote_error_get_message (taken), ==, "is odd");
}

static void
test_remote_error_taken (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "1 / 0");
  g_autoptr (ExecnetRemoteError) taken = NULL;

  g_assert_cmpint (execnet_channel_wait_closed (channel, PATIENCE_MS, NULL), ==,
                   EXECNET_WAIT_READY);
  g_assert_cmpint (execnet_channel_wait (channel, 0, NULL), ==, EXECNET_WAIT_ERROR);
  taken = execnet_channel_take_remote_error (channel);
  g_assert_cmpstr (execnet_remote_error_get_type_name (taken), ==, "ZeroDivisionError");
  g_assert_null (execnet_channel_take_remote_error (channel));
  assert_end (channel);
}

static void
test_closed_with_text (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway,
                                                 "c = channel.receive()\n"
                                                 "c.close('just a text')");
  g_autoptr (ExecnetChannel) passed = execnet_gateway_new_channel (fixture->gateway, NULL);
  g_autoptr (ExecnetRemoteError) remote_error = NULL;

  g_assert_true (execnet_channel_send (
      channel, g_variant_new_handle (execnet_channel_get_id (passed)), NULL, NULL));
  assert_error_says (
      receive_error (passed), EXECNET_ERROR, EXECNET_ERROR_REMOTE, "just a text");
  remote_error = execnet_channel_get_remote_error (passed);
  g_assert_cmpstr (execnet_remote_error_get_text (remote_error), ==, "just a text");
  g_assert_null (execnet_remote_error_get_type_name (remote_error));
  assert_waits_for_close (channel);
}

static void
test_interrupted (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "raise KeyboardInterrupt");

  assert_closed_with (channel, EXECNET_ERROR, EXECNET_ERROR_REMOTE, "keyboard-interrupted");
}

/* The end of input at the top is a plain end. */
static void
test_end_of_input (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, "raise EOFError('that is all')");

  assert_waits_for_close (channel);
  assert_end (channel);
}

/* What we close with, the other side gets. */
static void
test_close_with_error (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) reporter
      = run_until_ready (fixture->gateway,
                         "c = channel.receive()\n"
                         "try:\n"
                         "    c.receive()\n"
                         "except c.RemoteError as e:\n"
                         "    channel.send(e.formatted)\n"
                         "try:\n"
                         "    c.receive()\n"
                         "except EOFError:\n"
                         "    channel.send('end')");
  g_autoptr (ExecnetChannel) channel = execnet_gateway_new_channel (fixture->gateway, NULL);
  g_autofree char *formatted = NULL;
  g_autofree char *then = NULL;

  g_assert_true (execnet_channel_send (
      reporter, g_variant_new_handle (execnet_channel_get_id (channel)), NULL, NULL));
  g_assert_true (execnet_channel_close (channel, "närrisch", NULL));
  g_assert_true (execnet_channel_close (channel, "again", NULL));
  formatted = receive_text (reporter);
  g_assert_cmpstr (formatted, ==, "närrisch");
  then = receive_text (reporter);
  g_assert_cmpstr (then, ==, "end");
  /* Here it is a plain end. */
  assert_waits_for_close (channel);
  assert_end (channel);
}

static guint n_logged;

static GLogWriterOutput
count_unhandled (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer unused)
{
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0
        && strstr (fields[i].value, "Nobody has handled the error") != NULL)
      {
        g_assert_nonnull (strstr (fields[i].value, "on purpose"));
        g_assert_cmpint (level & G_LOG_LEVEL_MASK, ==, G_LOG_LEVEL_MESSAGE);
        n_logged++;
        return G_LOG_WRITER_HANDLED;
      }
  return g_log_writer_default (level, fields, n_fields, unused);
}

/* An error that nobody asked for is logged once, when nobody can ask for it any more. */
static void
test_unhandled (Fixture *fixture, gconstpointer unused)
{
  static const char *const failing = "raise ValueError('on purpose')";
  g_autoptr (ExecnetRemoteError) seen = NULL;
  ExecnetChannel *channel = run_code (fixture->gateway, failing);

  n_logged = 0;
  g_assert_cmpint (execnet_channel_wait_closed (channel, PATIENCE_MS, NULL), ==,
                   EXECNET_WAIT_READY);
  g_object_run_dispose (G_OBJECT (channel));
  g_assert_cmpuint (n_logged, ==, 1);
  g_assert_finalize_object (channel);
  g_assert_cmpuint (n_logged, ==, 1);

  channel = run_code (fixture->gateway, failing);
  assert_closed_with (channel, EXECNET_ERROR, EXECNET_ERROR_REMOTE, "on purpose");
  g_assert_finalize_object (channel);

  channel = run_code (fixture->gateway, failing);
  g_assert_cmpint (execnet_channel_wait_closed (channel, PATIENCE_MS, NULL), ==,
                   EXECNET_WAIT_READY);
  seen = execnet_channel_get_remote_error (channel);
  g_assert_nonnull (seen);
  g_assert_finalize_object (channel);
  g_assert_cmpuint (n_logged, ==, 1);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  g_log_set_writer_func (count_unhandled, NULL, NULL);

  ADD_TEST ("/call/value", test_value);
  ADD_TEST ("/call/exceptions", test_exceptions);
  ADD_TEST ("/call/unsendable", test_unsendable);
  ADD_TEST ("/call/needs-function", test_needs_function);
  ADD_TEST ("/call/async", test_async);
  ADD_TEST ("/call/cancelled", test_cancelled);
  ADD_TEST ("/call/cancelled-late", test_cancelled_late);
  ADD_TEST ("/remote-error/all", test_remote_error);
  ADD_TEST ("/remote-error/taken", test_remote_error_taken);
  ADD_TEST ("/remote-error/text", test_closed_with_text);
  ADD_TEST ("/remote-error/interrupted", test_interrupted);
  ADD_TEST ("/remote-error/end-of-input", test_end_of_input);
  ADD_TEST ("/remote-error/unhandled", test_unhandled);
  ADD_TEST ("/remote-error/close", test_close_with_error);
  return g_test_run ();
}
