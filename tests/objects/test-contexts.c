/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asynchronous calls of several steps end in the context that they were begun for, also when who
 * iterates it has not made it the thread's default one. */

#include "testing.h"

#include <signal.h>

static void
test_terminate (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ExecnetChannel) channel = run_until_ready (fixture->gateway,
                                                        "import signal, time\n"
                                                        "while True:\n"
                                                        "    try: time.sleep(600)\n"
                                                        "    except BaseException: pass\n");
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  g_main_context_push_thread_default (context);
  execnet_group_terminate_async (fixture->group, 50, NULL, keep_result, &result);
  g_main_context_pop_thread_default (context);
  wait_for_result_in (context, &result);
  g_assert_true (execnet_group_terminate_finish (fixture->group, result, &error));
  g_assert_no_error (error);
  g_assert_cmpint (execnet_gateway_get_term_signal (fixture->gateway), ==, SIGKILL);
}

static void
test_failing_start (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  g_main_context_push_thread_default (context);
  execnet_group_make_gateway_async (
      fixture->group, "popen//python=env no-such-python", NULL, keep_result, &result);
  g_main_context_pop_thread_default (context);
  wait_for_result_in (context, &result);
  g_assert_null (execnet_group_make_gateway_finish (fixture->group, result, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_NO_INTERPRETER, "no-such-python");
}

static void
test_map (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ExecnetSource) source
      = execnet_source_new_function ("import os\n"
                                     "def f(x): return os._exit(1) if x else x\n",
                                     "f");
  g_autoptr (ExecnetMap) map = execnet_map_new (fixture->group, source, TRUE);
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  g_assert_true (execnet_map_push (map, g_variant_new_int64 (1), NULL));
  g_main_context_push_thread_default (context);
  /* The worker's death comes first, and is no result. */
  g_object_unref (make_gateway (fixture->group, "popen"));
  g_object_unref (make_gateway (fixture->group, "popen"));
  execnet_map_next_async (map, -1, NULL, keep_result, &result);
  g_main_context_pop_thread_default (context);
  wait_for_result_in (context, &result);
  g_assert_null (execnet_map_next_finish (map, result, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_DIED, "exit status 1");
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  ADD_TEST ("/contexts/terminate", test_terminate);
  ADD_TEST ("/contexts/failing-start", test_failing_start);
  ADD_TEST ("/contexts/map", test_map);
  return g_test_run ();
}
