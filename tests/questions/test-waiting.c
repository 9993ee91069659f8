/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads that wait for a gateway which asks something. */

#include "config.h"

#include "asking-transport.h"
#include "asking.h"

#include "collections/execnet-group-private.h"
#include "objects/execnet-gateway-private.h"

typedef struct
{
  Belongings before;
  ExecnetGroup *group;
  Person *person;
  GPtrArray *gateways;
} Home;

static void
set_up_home (Home *home, gconstpointer data)
{
  home->before = count_belongings ();
  home->group = execnet_group_new ();
  home->person = person_new ();
  home->gateways = g_ptr_array_new_with_free_func (g_object_unref);
  execnet_group_set_mount_operation (home->group, G_MOUNT_OPERATION (home->person));
}

static void
tear_down_home (Home *home, gconstpointer data)
{
  for (guint i = 0; i < home->gateways->len; i++)
    {
      execnet_gateway_exit (home->gateways->pdata[i]);
      g_assert_true (execnet_gateway_join (home->gateways->pdata[i], PATIENCE_MS, NULL, NULL));
    }
  g_ptr_array_unref (home->gateways);
  ITERATE_UNTIL (!home->person->is_shown);
  iterate_ready ();
  g_assert_finalize_object (home->group);
  g_assert_finalize_object (home->person);
  assert_nothing_left (&home->before);
}

static ExecnetGateway *
start_with (Home *home, const char *text)
{
  g_autoptr (ExecnetXSpec) spec = execnet_xspec_new (text, NULL);
  g_autoptr (ExecnetTransport) transport = asking_transport_new (home->group->questions);
  g_autoptr (GError) error = NULL;
  ExecnetGateway *gateway = execnet_gateway_new (
      G_OBJECT (home->group), "gw", spec, transport, "thread", NULL, &error);

  g_assert_no_error (error);
  g_ptr_array_add (home->gateways, gateway);
  return gateway;
}

static ExecnetGateway *
start (Home *home)
{
  return start_with (home, "popen");
}

static void
wait_up (ExecnetGateway *gateway)
{
  g_assert_cmpint (
      execnet_gateway_wait_ready (gateway, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
}

static void
assert_up (ExecnetGateway *gateway)
{
  g_assert_cmpint (execnet_gateway_get_state (gateway), ==, EXECNET_GATEWAY_RUNNING);
  assert_still_works (gateway);
}

static void
assert_needs_interaction (ExecnetGateway *gateway)
{
  g_assert_cmpint (execnet_gateway_get_state (gateway), ==, EXECNET_GATEWAY_CLOSED);
  assert_error_says (execnet_gateway_dup_error (gateway),
                     EXECNET_ERROR,
                     EXECNET_ERROR_NEEDS_INTERACTION,
                     "synchronous call");
}

/* In the thread that would show the question. */

static void
test_answered_at_once (Home *home, gconstpointer data)
{
  ExecnetGateway *gateway = start (home);

  home->person->quick_password = "sesame";
  wait_up (gateway);
  assert_up (gateway);
  g_assert_true (home->person->thread == g_thread_self ());
}

static void
test_not_answered_at_once (Home *home, gconstpointer data)
{
  ExecnetGateway *gateway = start (home);

  wait_up (gateway);
  assert_needs_interaction (gateway);
  g_assert_cmpuint (home->person->n_shown, ==, 1);
  g_assert_cmpuint (home->person->n_aborted, ==, 1);
}

/* In slices, as language bindings wait. */
static void
test_in_slices (Home *home, gconstpointer data)
{
  ExecnetGateway *gateway = start (home);

  home->person->quick_password = "sesame";
  while (execnet_gateway_wait_ready (gateway, 20, NULL) != EXECNET_WAIT_READY)
    g_assert_cmpint (execnet_gateway_get_state (gateway), ==, EXECNET_GATEWAY_STARTING);
  assert_up (gateway);
}

/* A thread that only looks doesn't wait: the question is for its loop. */
static void
test_only_looks (Home *home, gconstpointer data)
{
  ExecnetGateway *gateway = start (home);

  ITERATE_UNTIL (home->person->is_shown);
  g_assert_cmpint (execnet_gateway_wait_ready (gateway, 0, NULL), ==, EXECNET_WAIT_TIMED_OUT);
  g_assert_true (home->person->is_shown);
  person_type (home->person, "sesame");
  wait_up (gateway);
  assert_up (gateway);
}

/* The dialog is up, and then the loop is blocked. */
static void
test_waits_behind_dialog (Home *home, gconstpointer data)
{
  ExecnetGateway *gateway = start (home);

  ITERATE_UNTIL (home->person->is_shown);
  wait_up (gateway);
  assert_needs_interaction (gateway);
  ITERATE_UNTIL (home->person->n_aborted == 1);
}

/* Somebody else's dialog is up: it stays. */
static void
test_waits_behind_other_dialog (Home *home, gconstpointer data)
{
  ExecnetGateway *first = start (home);
  ExecnetGateway *second;

  ITERATE_UNTIL (home->person->is_shown);
  second = start (home);
  wait_up (second);
  assert_needs_interaction (second);
  g_assert_true (home->person->is_shown);
  g_assert_cmpint (execnet_gateway_get_state (first), ==, EXECNET_GATEWAY_STARTING);
  person_type (home->person, "sesame");
  wait_up (first);
  assert_up (first);
}

/* Its question waits for the loop, while another gateway is waited for. */
static void
test_other_question_stays (Home *home, gconstpointer data)
{
  ExecnetGateway *first = start (home);
  ExecnetGateway *second = start (home);

  wait_up (second);
  assert_needs_interaction (second);
  g_assert_cmpint (execnet_gateway_get_state (first), ==, EXECNET_GATEWAY_STARTING);
  ITERATE_UNTIL (home->person->is_shown);
  person_type (home->person, "sesame");
  wait_up (first);
  assert_up (first);
}

/* In other threads. */

static gpointer
wait_up_in_thread (gpointer gateway)
{
  wait_up (gateway);
  return NULL;
}

static void
test_in_another_thread (Home *home, gconstpointer data)
{
  ExecnetGateway *gateway = start (home);
  GThread *thread = g_thread_new ("waiting", wait_up_in_thread, gateway);

  ITERATE_UNTIL (home->person->is_shown);
  g_assert_true (home->person->thread == g_thread_self ());
  person_type (home->person, "sesame");
  g_thread_join (thread);
  assert_up (gateway);
}

static void
test_many_threads (Home *home, gconstpointer data)
{
  GThread *threads[6];

  home->person->quick_password = "sesame";
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("waiting", wait_up_in_thread, start (home));
  ITERATE_UNTIL (home->person->n_shown == G_N_ELEMENTS (threads));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_thread_join (threads[i]);
      assert_up (home->gateways->pdata[i]);
    }
}

/* The time-out. */

static gboolean
on_time_over (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* A person may take longer than a gateway. */
static void
test_timeout_pauses (Home *home, gconstpointer data)
{
  ExecnetGateway *gateway = start_with (home, "popen//timeout=4");
  g_autoptr (GSource) timer = g_timeout_source_new (4500);
  gboolean is_over = FALSE;

  ITERATE_UNTIL (home->person->is_shown);
  g_source_set_callback (timer, on_time_over, &is_over, NULL);
  g_source_attach (timer, NULL);
  ITERATE_UNTIL (is_over);
  g_assert_true (home->person->is_shown);
  person_type (home->person, "sesame");
  wait_up (gateway);
  assert_up (gateway);
}

/* What nobody is shown, nobody is waited for. */
static void
test_timeout_without_loop (Home *home, gconstpointer data)
{
  ExecnetGateway *gateway = start_with (home, "popen//timeout=1");

  g_thread_join (g_thread_new ("waiting", wait_up_in_thread, gateway));
  assert_error_says (
      execnet_gateway_dup_error (gateway), EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "1 second");
  g_assert_cmpuint (home->person->n_shown, ==, 0);
}

/* The end. */

static void
test_exit_while_shown (Home *home, gconstpointer data)
{
  ExecnetGateway *gateway = start (home);

  ITERATE_UNTIL (home->person->is_shown);
  execnet_gateway_exit (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  ITERATE_UNTIL (home->person->n_aborted == 1);
  assert_error_says (
      execnet_gateway_dup_error (gateway), EXECNET_ERROR, EXECNET_ERROR_EXITING, "");
}

#define ADD(path, func)                                                                            \
  g_test_add ("/questions/waiting/" path, Home, NULL, set_up_home, func, tear_down_home)

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD ("answered-at-once", test_answered_at_once);
  ADD ("not-answered-at-once", test_not_answered_at_once);
  ADD ("in-slices", test_in_slices);
  ADD ("only-looks", test_only_looks);
  ADD ("behind-dialog", test_waits_behind_dialog);
  ADD ("behind-other-dialog", test_waits_behind_other_dialog);
  ADD ("other-question-stays", test_other_question_stays);
  ADD ("in-another-thread", test_in_another_thread);
  ADD ("many-threads", test_many_threads);
  ADD ("timeout/pauses", test_timeout_pauses);
  ADD ("timeout/without-loop", test_timeout_without_loop);
  ADD ("exit-while-shown", test_exit_while_shown);
  return g_test_run ();
}
