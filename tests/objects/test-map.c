/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "testing.h"

#include <signal.h>
#include <unistd.h>

#define SQUARE "def square(x):\n    return x * x\n"

static ExecnetMap *
new_map (Fixture *fixture, const char *text, const char *function, gboolean ordered)
{
  g_autoptr (ExecnetSource) source = execnet_source_new_function (text, function);

  return execnet_map_new (fixture->group, source, ordered);
}

static void
push_int (ExecnetMap *map, gint64 value)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (execnet_map_push (map, g_variant_new_int64 (value), &error));
  g_assert_no_error (error);
}

static gint64
next_int (ExecnetMap *map, guint64 *number)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = execnet_map_next (map, PATIENCE_MS, number, NULL, &error);

  g_assert_no_error (error);
  return g_variant_get_int64 (result);
}

static void
assert_next_fails (ExecnetMap *map, int code, const char *part)
{
  GError *error = NULL;

  g_assert_null (execnet_map_next (map, PATIENCE_MS, NULL, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, code, part);
}

static void
assert_map_ended (ExecnetMap *map)
{
  assert_next_fails (map, EXECNET_ERROR_END, "All results");
  g_assert_cmpuint (execnet_map_get_n_done (map), ==, execnet_map_get_n_items (map));
}

static void
add_gateways (Fixture *fixture, guint n)
{
  for (guint i = 0; i < n; i++)
    g_object_unref (make_gateway (fixture->group, "popen"));
}

static void
test_ordered (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map = new_map (fixture, SQUARE, "square", TRUE);
  gint64 n_pushed = 0;
  guint n_most = 0;

  add_gateways (fixture, 2);
  for (gint64 i = 0; i < 1000; i++)
    {
      guint64 number;

      for (guint n = execnet_map_get_n_wanted (map); n > 0 && n_pushed < 1000; n--)
        push_int (map, n_pushed++);
      n_most = MAX (n_most, n_pushed - i);
      g_assert_cmpint (next_int (map, &number), ==, i * i);
      g_assert_cmpuint (number, ==, i);
    }
  execnet_map_finish (map);
  g_assert_cmpuint (execnet_map_get_n_wanted (map), ==, 0);
  assert_map_ended (map);
  assert_map_ended (map);
  /* Bounded, and enough to be busy. */
  g_assert_cmpuint (n_most, >, 3);
  g_assert_cmpuint (n_most, <, 200);
}

/* Each once, whoever did it. */
static void
test_unordered (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map = new_map (fixture,
                                        "import os, time\n"
                                        "def work(x):\n"
                                        "    if x == 0: time.sleep(0.2)\n"
                                        "    return (x, os.getpid())\n",
                                        "work",
                                        FALSE);
  g_autoptr (GHashTable) pids = g_hash_table_new (NULL, NULL);
  gboolean seen[300] = { FALSE };
  gint64 first = -1;

  add_gateways (fixture, 1);
  for (gint64 i = 0; i < 300; i++)
    push_int (map, i);
  execnet_map_finish (map);
  for (guint i = 0; i < 300; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) result = execnet_map_next (map, PATIENCE_MS, NULL, NULL, &error);
      gint64 value, pid;

      g_assert_no_error (error);
      g_variant_get (result, "(xx)", &value, &pid);
      g_assert_false (seen[value]);
      seen[value] = TRUE;
      g_hash_table_add (pids, GINT_TO_POINTER (pid));
      if (first < 0)
        first = value;
    }
  assert_map_ended (map);
  g_assert_cmpint (first, !=, 0);
  g_assert_cmpuint (g_hash_table_size (pids), ==, 2);
}

static void
test_errors (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map = new_map (fixture,
                                        "def invert(x):\n"
                                        "    if x == 7: raise EOFError('seven')\n"
                                        "    if x == 8: return object()\n"
                                        "    return 10 // x\n",
                                        "invert",
                                        TRUE);

  push_int (map, 2);
  push_int (map, 0);
  push_int (map, 5);
  push_int (map, 7);
  push_int (map, 8);
  push_int (map, 10);
  execnet_map_finish (map);
  g_assert_cmpint (next_int (map, NULL), ==, 5);
  assert_next_fails (map, EXECNET_ERROR_REMOTE, "ZeroDivisionError");
  g_assert_cmpint (next_int (map, NULL), ==, 2);
  assert_next_fails (map, EXECNET_ERROR_REMOTE, "seven");
  assert_next_fails (map, EXECNET_ERROR_REMOTE, "object");
  g_assert_cmpint (next_int (map, NULL), ==, 1);
  assert_map_ended (map);
  g_assert_cmpuint (execnet_map_get_n_failed (map), ==, 3);
}

/* What the function did with the channel would be taken for results. */
static void
test_no_channel (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map
      = new_map (fixture, "def f(x):\n    channel.send(x)\n    return x\n", "f", TRUE);

  push_int (map, 1);
  assert_next_fails (map, EXECNET_ERROR_REMOTE, "'channel' is not defined");
}

static void
test_pushed_error (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map = new_map (fixture, SQUARE, "square", TRUE);
  g_autoptr (GError) error
      = g_error_new_literal (EXECNET_ERROR, EXECNET_ERROR_UNSUPPORTED_TYPE, "no item");

  push_int (map, 3);
  execnet_map_push_error (map, error);
  push_int (map, 4);
  execnet_map_finish (map);
  g_assert_cmpint (next_int (map, NULL), ==, 9);
  assert_next_fails (map, EXECNET_ERROR_UNSUPPORTED_TYPE, "no item");
  g_assert_cmpint (next_int (map, NULL), ==, 16);
  assert_map_ended (map);
}

/* Memory is bounded by bytes, too. */
static void
test_large_items (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map = new_map (fixture, "def echo(x): return x\n", "echo", TRUE);
  g_autofree char *text = g_strnfill (20000000, 'x');
  guint n_pushed = 0;

  while (execnet_map_get_n_wanted (map) > 0)
    {
      g_assert_true (execnet_map_push (map, g_variant_new_string (text), NULL));
      n_pushed++;
    }
  g_assert_cmpuint (n_pushed, ==, 2);
  execnet_map_finish (map);
  for (guint i = 0; i < n_pushed; i++)
    {
      g_autoptr (GVariant) result = execnet_map_next (map, PATIENCE_MS, NULL, NULL, NULL);

      g_assert_cmpstr (g_variant_get_string (result, NULL), ==, text);
    }
  assert_map_ended (map);
}

static void
test_bad_source (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map = new_map (fixture, "def f(x) return x", "f", TRUE);
  g_autoptr (ExecnetMap) other = new_map (fixture, "def f(x): return x", "g", TRUE);

  push_int (map, 1);
  push_int (map, 2);
  assert_next_fails (map, EXECNET_ERROR_REMOTE, "SyntaxError");
  assert_next_fails (map, EXECNET_ERROR_REMOTE, "SyntaxError");
  push_int (other, 1);
  assert_next_fails (other, EXECNET_ERROR_REMOTE, "'g' is not defined");
}

/* The worker dies of every tenth item, but another one does it. */
static void
test_worker_dies (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *folder = g_dir_make_tmp ("execnet-map-XXXXXX", NULL);
  g_autofree char *text = g_strdup_printf ("import os\n"
                                           "def fragile(x):\n"
                                           "    if x %% 10 == 0:\n"
                                           "        try:\n"
                                           "            os.mkdir('%s/%%d' %% x)\n"
                                           "        except OSError:\n"
                                           "            os.rmdir('%s/%%d' %% x)\n"
                                           "        else:\n"
                                           "            os.kill(os.getpid(), 9)\n"
                                           "    return x\n",
                                           folder,
                                           folder);
  g_autoptr (ExecnetMap) map = new_map (fixture, text, "fragile", TRUE);

  add_gateways (fixture, 5);
  for (gint64 i = 1; i <= 40; i++)
    push_int (map, i);
  execnet_map_finish (map);
  for (gint64 i = 1; i <= 40; i++)
    g_assert_cmpint (next_int (map, NULL), ==, i);
  assert_map_ended (map);
  g_assert_cmpint (rmdir (folder), ==, 0);
}

/* An item that kills whoever has it fails, and the others don't. */
static void
test_deadly_item (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map = new_map (fixture,
                                        "import os\n"
                                        "def deadly(x):\n"
                                        "    if x == 3: os.kill(os.getpid(), 9)\n"
                                        "    return x\n",
                                        "deadly",
                                        TRUE);

  add_gateways (fixture, 3);
  for (gint64 i = 0; i < 8; i++)
    push_int (map, i);
  execnet_map_finish (map);
  for (gint64 i = 0; i < 8; i++)
    {
      if (i == 3)
        assert_next_fails (map, EXECNET_ERROR_DIED, "signal 9 (Killed)");
      else
        g_assert_cmpint (next_int (map, NULL), ==, i);
    }
  assert_map_ended (map);
}

static void
test_nobody_left (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map
      = new_map (fixture, "import os\ndef die(x): os._exit(3)\n", "die", TRUE);

  push_int (map, 1);
  push_int (map, 2);
  assert_next_fails (map, EXECNET_ERROR_DIED, "No gateway of the group is left");
  assert_next_fails (map, EXECNET_ERROR_DIED, "exit status 3");
  /* One that comes later takes part. */
  push_int (map, 3);
  assert_next_fails (map, EXECNET_ERROR_DIED, "No gateway");
}

static void
test_without_gateways (void)
{
  g_autoptr (ExecnetGroup) group = execnet_group_new ();
  g_autoptr (ExecnetSource) source = execnet_source_new_function (SQUARE, "square");
  g_autoptr (ExecnetMap) map = execnet_map_new (group, source, TRUE);

  g_assert_cmpuint (execnet_map_get_n_wanted (map), ==, 1);
  assert_next_fails (map, EXECNET_ERROR_WOULD_DEADLOCK, "nothing to do");
  push_int (map, 1);
  assert_next_fails (map, EXECNET_ERROR_NOT_CONNECTED, "no gateway");
  execnet_map_finish (map);
  assert_map_ended (map);
}

static void
test_later_gateway (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map
      = new_map (fixture,
                 "import os, time\ndef f(x):\n    time.sleep(0.001)\n    return os.getpid()\n",
                 "f",
                 TRUE);
  gint64 first = 0;
  gboolean found = FALSE;

  push_int (map, 0);
  first = next_int (map, NULL);
  add_gateways (fixture, 1);
  for (guint i = 0; i < 100; i++)
    push_int (map, i);
  execnet_map_finish (map);
  for (guint i = 0; i < 100; i++)
    found |= next_int (map, NULL) != first;
  g_assert_true (found);
  assert_map_ended (map);
}

static void
test_time_out_and_cancel (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map = new_map (
      fixture, "import time\ndef wait(x):\n    time.sleep(x)\n    return x\n", "wait", TRUE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GError *error = NULL;

  push_int (map, 0);
  g_assert_cmpint (next_int (map, NULL), ==, 0);
  push_int (map, 600);
  g_assert_null (execnet_map_next (map, 20, NULL, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "");
  error = NULL;
  g_cancellable_cancel (cancellable);
  g_assert_null (execnet_map_next (map, -1, NULL, cancellable, &error));
  assert_error_says (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  execnet_map_cancel (map);
  assert_next_fails (map, EXECNET_ERROR_CLOSED, "cancelled");
  g_assert_cmpuint (execnet_map_get_n_wanted (map), ==, 0);
  g_assert_cmpint (kill (remote_pid (fixture->gateway), SIGKILL), ==, 0);
}

static gpointer
cancel_in_thread (gpointer map)
{
  execnet_map_cancel (map);
  return NULL;
}

static void
test_cancel_while_waiting (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map
      = new_map (fixture, "import time\ndef wait(x): time.sleep(x)\n", "wait", FALSE);
  GThread *thread;

  push_int (map, 1);
  thread = g_thread_new ("cancel", cancel_in_thread, map);
  assert_next_fails (map, EXECNET_ERROR_CLOSED, "cancelled");
  g_thread_join (thread);
}

static void
count_notification (GObject *map, GParamSpec *pspec, gpointer data)
{
  ++*(guint *) data;
}

static GVariant *
next_async (ExecnetMap *map, guint64 *number, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  execnet_map_next_async (map, -1, NULL, keep_result, &result);
  wait_for_result (&result);
  return execnet_map_next_finish (map, result, number, error);
}

static void
test_async (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map = new_map (fixture, SQUARE, "square", TRUE);
  guint n_notified = 0;
  guint64 number;
  GError *error = NULL;

  g_signal_connect (map, "notify::n-done", G_CALLBACK (count_notification), &n_notified);
  for (gint64 i = 0; i < 20; i++)
    push_int (map, i);
  execnet_map_finish (map);
  for (gint64 i = 0; i < 20; i++)
    {
      g_autoptr (GVariant) value = next_async (map, &number, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (number, ==, i);
      g_assert_cmpint (g_variant_get_int64 (value), ==, i * i);
    }
  g_assert_null (next_async (map, &number, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_END, "");
  g_assert_cmpuint (n_notified, >, 0);
}

/* One waits at a time, and nothing is lost when that is cancelled. */
static void
test_async_cancelled (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map = new_map (fixture,
                                        "import __main__\n"
                                        "def wait(x):\n"
                                        "    while not __main__.opened: pass\n"
                                        "    return x\n",
                                        "wait",
                                        TRUE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (ExecnetChannel) code
      = run_code (fixture->gateway, "import __main__; __main__.opened = False");
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  assert_waits_for_close (code);
  push_int (map, 5);
  execnet_map_next_async (map, -1, cancellable, keep_result, &result);
  g_assert_null (next_async (map, NULL, &error));
  assert_error_says (error, G_IO_ERROR, G_IO_ERROR_PENDING, "");
  error = NULL;
  g_cancellable_cancel (cancellable);
  wait_for_result (&result);
  g_assert_null (execnet_map_next_finish (map, result, NULL, &error));
  assert_error_says (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  g_object_unref (code);
  code = run_code (fixture->gateway, "import __main__; __main__.opened = True");
  g_assert_cmpint (next_int (map, NULL), ==, 5);
}

static gpointer
take_all (gpointer data)
{
  gsize n_taken = 0;

  for (;;)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) result = execnet_map_next (data, PATIENCE_MS, NULL, NULL, &error);

      if (result != NULL)
        n_taken++;
      else if (g_error_matches (error, EXECNET_ERROR, EXECNET_ERROR_END))
        return GSIZE_TO_POINTER (n_taken);
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
    }
}

/* Only one may wait, but whoever takes has a result of its own. */
static void
test_threads (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map = new_map (fixture, SQUARE, "square", TRUE);
  GThread *threads[3];
  gsize n_taken = 0;

  for (gint64 i = 0; i < 2000; i++)
    push_int (map, i);
  execnet_map_finish (map);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("taker", take_all, map);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    n_taken += GPOINTER_TO_SIZE (g_thread_join (threads[i]));
  g_assert_cmpuint (n_taken, ==, 2000);
  assert_map_ended (map);
}

/* Items that fail while they are pushed are told with the first result. */
static void
test_failures_are_notified (void)
{
  g_autoptr (ExecnetGroup) group = execnet_group_new ();
  g_autoptr (ExecnetSource) source = execnet_source_new_function (SQUARE, "square");
  g_autoptr (ExecnetMap) map = execnet_map_new (group, source, TRUE);
  g_autoptr (GError) error = NULL;
  guint n_notified = 0;

  g_signal_connect (map, "notify::n-failed", G_CALLBACK (count_notification), &n_notified);
  push_int (map, 1);
  g_assert_null (next_async (map, NULL, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_NOT_CONNECTED);
  g_assert_cmpuint (n_notified, ==, 1);
}

static void
test_dropped (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetMap) map = new_map (fixture, SQUARE, "square", TRUE);

  for (gint64 i = 0; i < 20; i++)
    push_int (map, i);
  g_assert_cmpint (next_int (map, NULL), ==, 0);
  g_clear_object (&map);
  assert_still_works (fixture->gateway);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  ADD_TEST_BOTH ("/map/ordered", test_ordered);
  ADD_TEST ("/map/unordered", test_unordered);
  ADD_TEST ("/map/errors", test_errors);
  ADD_TEST ("/map/no-channel", test_no_channel);
  ADD_TEST ("/map/pushed-error", test_pushed_error);
  ADD_TEST ("/map/large-items", test_large_items);
  ADD_TEST ("/map/bad-source", test_bad_source);
  ADD_TEST ("/map/worker-dies", test_worker_dies);
  ADD_TEST ("/map/deadly-item", test_deadly_item);
  ADD_TEST ("/map/nobody-left", test_nobody_left);
  g_test_add_func ("/map/without-gateways", test_without_gateways);
  ADD_TEST ("/map/later-gateway", test_later_gateway);
  ADD_TEST ("/map/time-out-and-cancel", test_time_out_and_cancel);
  ADD_TEST ("/map/cancel-while-waiting", test_cancel_while_waiting);
  ADD_TEST ("/map/async", test_async);
  ADD_TEST ("/map/async-cancelled", test_async_cancelled);
  ADD_TEST ("/map/threads", test_threads);
  g_test_add_func ("/map/failures-are-notified", test_failures_are_notified);
  ADD_TEST ("/map/dropped", test_dropped);
  return g_test_run ();
}
