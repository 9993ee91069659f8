/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Execution models of workers, and asking for the main thread. */

#include "config.h"

#include "testing.h"

#include <string.h>

#define MAIN_THREAD_ONLY "popen//execmodel=main_thread_only"
#define IN_MAIN_THREAD                                                                             \
  "import threading\n"                                                                             \
  "channel.send(int(threading.current_thread() is threading.main_thread()))"

static ExecnetChannel *
run_in_main_thread (ExecnetGateway *gateway, const char *code)
{
  g_autoptr (ExecnetSource) anywhere = execnet_source_new (code);
  g_autoptr (ExecnetSource) source = execnet_source_in_main_thread (anywhere);
  g_autoptr (GError) error = NULL;
  ExecnetChannel *channel = execnet_gateway_remote_exec_source (gateway, source, NULL, &error);

  g_assert_no_error (error);
  g_assert_false (execnet_source_get_in_main_thread (anywhere));
  g_assert_true (execnet_source_get_in_main_thread (source));
  g_assert_cmpstr (execnet_source_get_text (source), ==, code);
  return channel;
}

static void
test_deadlock (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) busy
      = run_until_ready (fixture->gateway, "channel.send(1); channel.receive()");
  g_autoptr (ExecnetChannel) second = run_code (fixture->gateway, "channel.send(2)");

  assert_error_says (receive_error (second),
                     EXECNET_ERROR,
                     EXECNET_ERROR_REMOTE,
                     "concurrent remote_exec would cause deadlock for main_thread_only execmodel");
  send_int (busy, 1);
  assert_waits_for_close (busy);
  assert_still_works (fixture->gateway);
}

/* In every model it waits for its turn. */
static void
test_main_thread (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) busy
      = run_until_ready (fixture->gateway, "channel.send(1); channel.receive()");
  g_autoptr (ExecnetChannel) first = run_in_main_thread (fixture->gateway, IN_MAIN_THREAD);
  g_autoptr (ExecnetChannel) second = run_in_main_thread (fixture->gateway, IN_MAIN_THREAD);
  g_autoptr (GVariant) status = NULL;
  gint64 n_queued = 0;

  status = execnet_gateway_remote_status (fixture->gateway, NULL, NULL);
  g_assert_true (g_variant_lookup (status, "numqueued", "x", &n_queued));
  g_assert_cmpint (n_queued, ==, 2);
  send_int (busy, 1);
  g_assert_cmpint (receive_int (first), ==, 1);
  g_assert_cmpint (receive_int (second), ==, 1);
  assert_end (second);
}

/* The models of libraries, on Debian's interpreter, which has them. */
static void
test_green (gconstpointer model)
{
  g_autoptr (ExecnetGroup) group = execnet_group_new ();
  g_autofree char *spec
      = g_strdup_printf ("popen//python=/usr/bin/python3//execmodel=%s", (const char *) model);
  g_autoptr (GError) error = NULL;
  g_autoptr (ExecnetGateway) gateway = execnet_group_make_gateway (group, spec, NULL, &error);
  ExecnetChannel *channels[5];

  if (gateway == NULL)
    {
      g_assert_nonnull (strstr (error->message, "needs the package"));
      g_test_skip (error->message);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    channels[i] = run_code (gateway, "channel.send(channel.receive() + 1)");
  for (gint i = G_N_ELEMENTS (channels) - 1; i >= 0; i--)
    {
      send_int (channels[i], i);
      g_assert_cmpint (receive_int (channels[i]), ==, i + 1);
      g_object_unref (channels[i]);
    }
  g_assert_true (execnet_group_terminate (group, PATIENCE_MS, NULL, &error));
  g_assert_no_error (error);
}

/* An interpreter without the library says so, and which it is. */
static void
test_missing (void)
{
  g_autoptr (ExecnetGroup) group = execnet_group_new ();
  g_autoptr (GError) error = NULL;

  g_assert_null (execnet_group_make_gateway (
      group, "popen//python=/usr/bin/python3 -S//execmodel=gevent", NULL, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "'gevent' needs the package gevent"));
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST_WITH ("/models/deadlock", MAIN_THREAD_ONLY, test_deadlock);
  ADD_TEST ("/models/main-thread/thread", test_main_thread);
  ADD_TEST_WITH ("/models/main-thread/main-thread-only", MAIN_THREAD_ONLY, test_main_thread);
  g_test_add_data_func ("/models/gevent", "gevent", test_green);
  g_test_add_data_func ("/models/eventlet", "eventlet", test_green);
  g_test_add_func ("/models/missing", test_missing);

  return g_test_run ();
}
