/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a group knows of its gateways, and how it tells. */

#include "config.h"

#include "testing.h"

#include <signal.h>
#include <string.h>

static void
assert_ids (ExecnetGroup *group, const char *expected)
{
  g_autoptr (GPtrArray) gateways = execnet_group_get_gateways (group);
  g_autoptr (GString) ids = g_string_new (NULL);

  for (guint i = 0; i < gateways->len; i++)
    g_string_append_printf (ids, "%s ", execnet_gateway_get_id (gateways->pdata[i]));
  g_assert_cmpstr (ids->str, ==, expected);
}

static char *
shown_ids (ExecnetGroup *group)
{
  GListModel *model = G_LIST_MODEL (group);
  GString *ids = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (ExecnetGateway) gateway = g_list_model_get_item (model, i);

      g_string_append_printf (ids, "%s ", execnet_gateway_get_id (gateway));
    }
  g_assert_null (g_list_model_get_item (model, g_list_model_get_n_items (model)));
  return g_string_free (ids, FALSE);
}

static void
assert_shown (ExecnetGroup *group, const char *expected)
{
  g_autofree char *ids = shown_ids (group);

  g_assert_cmpstr (ids, ==, expected);
}

static void
end_gateway (ExecnetGateway *gateway)
{
  execnet_gateway_exit (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
}

static void
test_ids (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) first = make_gateway (fixture->group, "popen");
  g_autoptr (ExecnetGateway) named = make_gateway (fixture->group, "popen//id=gw2");
  g_autoptr (ExecnetGateway) second = make_gateway (fixture->group, "popen");
  g_autoptr (ExecnetGateway) third = make_gateway (fixture->group, NULL);
  g_autoptr (ExecnetGateway) found = execnet_group_lookup (fixture->group, "gw2");
  g_autoptr (ExecnetGroup) group = execnet_gateway_dup_group (named);

  assert_ids (fixture->group, "gw0 gw2 gw1 gw3 ");
  assert_shown (fixture->group, "gw0 gw2 gw1 gw3 ");
  g_assert_true (found == named);
  g_assert_true (group == fixture->group);
  g_assert_null (execnet_group_lookup (fixture->group, "gw4"));
  g_assert_null (execnet_group_lookup (fixture->group, ""));

  end_gateway (second);
  assert_ids (fixture->group, "gw0 gw2 gw3 ");
  g_assert_null (execnet_group_lookup (fixture->group, "gw1"));
}

static void
test_duplicates (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) first = make_gateway (fixture->group, "popen//id=one");
  g_autoptr (ExecnetGateway) again = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  g_assert_null (execnet_group_make_gateway (fixture->group, "popen//id=one", NULL, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_DUPLICATE_ID, "“one”");
  execnet_group_make_gateway_async (fixture->group, "popen//id=one", NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_null (execnet_group_make_gateway_finish (fixture->group, result, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_DUPLICATE_ID, "“one”");
  assert_ids (fixture->group, "one ");

  /* It is free when its gateway has ended. */
  end_gateway (first);
  again = make_gateway (fixture->group, "popen//id=one");
  assert_ids (fixture->group, "one ");
  iterate_ready ();
  assert_shown (fixture->group, "one ");
}

static void
test_allocate_id (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) first = make_gateway (fixture->group, "popen");
  g_autoptr (ExecnetXSpec) spec = execnet_xspec_new ("popen", NULL);
  g_autoptr (ExecnetXSpec) named = execnet_xspec_new ("popen//id=mine", NULL);
  g_autoptr (ExecnetXSpec) taken = execnet_xspec_new ("popen//id=gw0", NULL);
  g_autoptr (ExecnetGateway) gateway = NULL;
  GError *error = NULL;

  g_assert_true (execnet_group_allocate_id (fixture->group, spec, NULL));
  g_assert_cmpstr (execnet_xspec_get (spec, "id"), ==, "gw1");
  g_assert_true (execnet_group_allocate_id (fixture->group, named, NULL));
  g_assert_cmpstr (execnet_xspec_get (named, "id"), ==, "mine");
  g_assert_false (execnet_group_allocate_id (fixture->group, taken, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_DUPLICATE_ID, "“gw0”");
  gateway = execnet_group_make_gateway_for_xspec (fixture->group, spec, NULL, NULL);
  g_assert_cmpstr (execnet_gateway_get_id (gateway), ==, "gw1");
}

/* A specification can be used again: it is copied, with another id. */
static void
test_xspec (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetXSpec) spec = execnet_xspec_new ("popen//nice=1", NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ExecnetGateway) first = NULL;
  g_autoptr (ExecnetGateway) second = NULL;
  GError *error = NULL;

  first = execnet_group_make_gateway_for_xspec (fixture->group, spec, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (execnet_gateway_get_spec (first) == spec);
  g_assert_false (execnet_xspec_set (spec, "nice", "2", NULL));
  execnet_group_make_gateway_for_xspec_async (fixture->group, spec, NULL, keep_result, &result);
  wait_for_result (&result);
  second = execnet_group_make_gateway_for_xspec_finish (fixture->group, result, &error);
  /* It has the id of the first. */
  if (second == NULL)
    assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_DUPLICATE_ID, "gw0");
  else
    g_assert_cmpstr (execnet_gateway_get_id (second), ==, "gw1");
}

static void
test_default_spec (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *before = execnet_group_dup_default_spec (fixture->group);
  g_autofree char *property = NULL;
  g_autoptr (ExecnetGateway) gateway = NULL;
  GError *error = NULL;

  g_assert_cmpstr (before, ==, "popen");
  g_object_set (fixture->group, "default-spec", "popen//id=from-default//nice=1", NULL);
  g_object_get (fixture->group, "default-spec", &property, NULL);
  g_assert_cmpstr (property, ==, "popen//id=from-default//nice=1");
  gateway = make_gateway (fixture->group, NULL);
  g_assert_cmpstr (execnet_gateway_get_id (gateway), ==, "from-default");
  execnet_group_set_default_spec (fixture->group, "no spec at all");
  g_assert_null (execnet_group_make_gateway (fixture->group, NULL, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC, "no spec at all");
  execnet_group_set_default_spec (fixture->group, NULL);
}

/* The list model */

typedef struct
{
  GString *log;
  GThread *thread;
} Changes;

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  Changes *changes = data;
  g_autofree char *ids = shown_ids (EXECNET_GROUP (model));

  g_string_append_printf (changes->log, "%u-%u+%u: %s| ", position, removed, added, ids);
  changes->thread = g_thread_self ();
}

static void
test_list_model (Fixture *fixture, gconstpointer unused)
{
  Changes changes = { g_string_new (NULL), NULL };
  g_autoptr (ExecnetGateway) a = NULL;
  g_autoptr (ExecnetGateway) b = NULL;
  g_autoptr (ExecnetGateway) c = NULL;

  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (fixture->group))
                 == EXECNET_TYPE_GATEWAY);
  g_signal_connect (
      fixture->group, "items-changed", G_CALLBACK (on_items_changed), &changes);
  /* At once, in the thread that made the group. */
  a = make_gateway (fixture->group, "popen//id=a");
  b = make_gateway (fixture->group, "popen//id=b");
  c = make_gateway (fixture->group, "popen//id=c");
  g_assert_cmpstr (changes.log->str, ==, "0-0+1: a | 1-0+1: a b | 2-0+1: a b c | ");
  g_string_truncate (changes.log, 0);

  end_gateway (b);
  assert_shown (fixture->group, "a b c ");
  ITERATE_UNTIL (changes.log->len > 0);
  g_assert_cmpstr (changes.log->str, ==, "1-1+0: a c | ");
  g_string_truncate (changes.log, 0);

  g_assert_true (execnet_group_terminate (fixture->group, PATIENCE_MS, NULL, NULL));
  g_assert_cmpstr (changes.log->str, ==, "0-2+0: | ");
  g_assert_true (changes.thread == g_thread_self ());
  g_signal_handlers_disconnect_by_data (fixture->group, &changes);
  g_string_free (changes.log, TRUE);
}

static gpointer
make_two (gpointer group)
{
  g_object_unref (make_gateway (group, "popen//id=a"));
  g_object_unref (make_gateway (group, "popen//id=b"));
  return NULL;
}

static gpointer
terminate_all (gpointer group)
{
  g_assert_true (execnet_group_terminate (group, PATIENCE_MS, NULL, NULL));
  return NULL;
}

/* Other threads change the group; its signals come in its own thread all the same. */
static void
test_changed_by_other_thread (Fixture *fixture, gconstpointer unused)
{
  Changes changes = { g_string_new (NULL), NULL };

  g_signal_connect (
      fixture->group, "items-changed", G_CALLBACK (on_items_changed), &changes);
  g_thread_join (g_thread_new ("make", make_two, fixture->group));
  /* Look-up is exact at once, the list is not. */
  assert_ids (fixture->group, "a b ");
  g_assert_cmpstr (changes.log->str, ==, "");
  assert_shown (fixture->group, "");
  ITERATE_UNTIL (changes.log->len > 0);
  g_assert_cmpstr (changes.log->str, ==, "0-0+2: a b | ");
  g_assert_true (changes.thread == g_thread_self ());
  g_string_truncate (changes.log, 0);

  g_thread_join (g_thread_new ("terminate", terminate_all, fixture->group));
  assert_ids (fixture->group, "");
  g_assert_cmpstr (changes.log->str, ==, "");
  ITERATE_UNTIL (changes.log->len > 0);
  iterate_ready ();
  assert_shown (fixture->group, "");
  g_assert_true (changes.thread == g_thread_self ());
  g_signal_handlers_disconnect_by_data (fixture->group, &changes);
  g_string_free (changes.log, TRUE);
}

/* Nobody listens and no loop ever runs: nothing piles up all the same. */
static void
test_other_threads_without_loop (void)
{
  Belongings before = count_belongings ();
  ExecnetGroup *group = execnet_group_new ();

  for (guint i = 0; i < 5; i++)
    {
      g_thread_join (g_thread_new ("make", make_two, group));
      g_thread_join (g_thread_new ("terminate", terminate_all, group));
    }
  assert_shown (group, "");
  g_assert_finalize_object (group);
  assert_nothing_left (&before);
}

typedef struct
{
  ExecnetGroup *group;
  Changes changes;
} Elsewhere;

static void
make_group (gpointer data)
{
  Elsewhere *elsewhere = data;

  elsewhere->group = execnet_group_new ();
  g_signal_connect (
      elsewhere->group, "items-changed", G_CALLBACK (on_items_changed), &elsewhere->changes);
}

static void
do_nothing (gpointer data)
{
}

static void
drop_group (gpointer data)
{
  g_clear_object (&((Elsewhere *) data)->group);
}

/* A group of another thread's context. */
static void
test_context (void)
{
  g_autoptr (LoopThread) loop = loop_thread_new ("loop");
  Elsewhere elsewhere = { NULL, { g_string_new (NULL), NULL } };
  ExecnetGateway *gateway;

  loop_thread_run (loop, make_group, &elsewhere);
  gateway = make_gateway (elsewhere.group, "popen//id=a");
  loop_thread_run (loop, do_nothing, NULL);
  g_assert_cmpstr (elsewhere.changes.log->str, ==, "0-0+1: a | ");
  g_assert_true (elsewhere.changes.thread == loop->thread);
  g_assert_true (execnet_group_terminate (elsewhere.group, PATIENCE_MS, NULL, NULL));
  loop_thread_run (loop, do_nothing, NULL);
  g_assert_cmpstr (elsewhere.changes.log->str, ==, "0-0+1: a | 0-1+0: | ");
  loop_thread_run (loop, drop_group, &elsewhere);
  iterate_ready ();
  g_assert_finalize_object (gateway);
  g_string_free (elsewhere.changes.log, TRUE);
}

/* A handler that changes the group it is told of. */
static void
make_one_more (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  guint *n_calls = data;

  if (++*n_calls == 1)
    g_object_unref (make_gateway (EXECNET_GROUP (model), "popen//id=more"));
}

static void
test_changed_in_handler (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) first = NULL;
  g_autoptr (ExecnetGateway) more = NULL;
  guint n_calls = 0;
  gulong handler = g_signal_connect (
      fixture->group, "items-changed", G_CALLBACK (make_one_more), &n_calls);

  first = make_gateway (fixture->group, "popen//id=first");
  more = execnet_group_lookup (fixture->group, "more");
  g_assert_nonnull (more);
  g_assert_cmpuint (n_calls, ==, 2);
  assert_shown (fixture->group, "first more ");
  g_signal_handler_disconnect (fixture->group, handler);
}

/* Signals */

typedef struct
{
  GString *log;
  GThread *thread;
} Losses;

static void
on_lost (ExecnetGroup *group, ExecnetGateway *gateway, const GError *error, gpointer data)
{
  Losses *losses = data;

  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DIED);
  g_string_append_printf (losses->log, "%s ", execnet_gateway_get_id (gateway));
  losses->thread = g_thread_self ();
}

static void
test_lost (Fixture *fixture, gconstpointer unused)
{
  Losses losses = { g_string_new (NULL), NULL };
  g_autoptr (ExecnetGateway) killed = make_gateway (fixture->group, "popen//id=killed");
  g_autoptr (ExecnetGateway) ended = make_gateway (fixture->group, "popen//id=ended");
  g_autoptr (ExecnetGateway) left = make_gateway (fixture->group, "popen//id=left");
  g_autoptr (ExecnetChannel) channel = NULL;

  g_signal_connect (fixture->group, "gateway-lost", G_CALLBACK (on_lost), &losses);
  /* One that never came up was not lost. */
  g_assert_null (
      execnet_group_make_gateway (fixture->group, "popen//python=false", NULL, NULL));
  end_gateway (ended);
  g_assert_cmpint (kill (remote_pid (killed), SIGKILL), ==, 0);
  ITERATE_UNTIL (losses.log->len > 0);
  iterate_ready ();
  g_assert_cmpstr (losses.log->str, ==, "killed ");
  channel = run_code (left, "import os\nos._exit(0)");
  ITERATE_UNTIL (strstr (losses.log->str, "left") != NULL);
  g_assert_cmpstr (losses.log->str, ==, "killed left ");
  assert_shown (fixture->group, "");
  g_assert_true (losses.thread == g_thread_self ());
  g_string_free (losses.log, TRUE);
}

static void
test_async (Fixture *fixture, gconstpointer unused)
{
  GAsyncResult *results[4] = { NULL };

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    execnet_group_make_gateway_async (
        fixture->group, NULL, NULL, keep_result, &results[i]);
  /* They are in the group from the start. */
  assert_shown (fixture->group, "gw0 gw1 gw2 gw3 ");
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ExecnetGateway) gateway = NULL;

      wait_for_result (&results[i]);
      gateway = execnet_group_make_gateway_finish (fixture->group, results[i], &error);
      g_assert_no_error (error);
      assert_still_works (gateway);
      g_object_unref (results[i]);
    }
}

/* The default group is there for ever; its gateways end as any other's. */
static void
test_default (void)
{
  Belongings before = count_belongings ();
  g_autoptr (GError) error = NULL;
  ExecnetGroup *group = execnet_group_get_default ();
  ExecnetGateway *gateway = execnet_make_gateway (NULL, NULL, &error);
  g_autoptr (GAsyncResult) result = NULL;
  ExecnetGateway *other;

  g_assert_no_error (error);
  g_assert_true (group == execnet_group_get_default ());
  execnet_make_gateway_async ("popen//id=other", NULL, keep_result, &result);
  wait_for_result (&result);
  other = execnet_make_gateway_finish (result, &error);
  g_assert_no_error (error);
  g_clear_object (&result);
  assert_ids (group, "gw0 other ");
  assert_still_works (gateway);
  g_assert_true (execnet_group_terminate (group, PATIENCE_MS, NULL, NULL));
  iterate_ready ();
  g_assert_finalize_object (gateway);
  g_assert_finalize_object (other);
  assert_nothing_left (&before);
}

static gpointer
make_many (gpointer group)
{
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (ExecnetGateway) gateway = make_gateway (group, "popen");

      assert_still_works (gateway);
      if (i % 2)
        end_gateway (gateway);
    }
  return NULL;
}

static void
test_threads (Fixture *fixture, gconstpointer unused)
{
  GThread *threads[3];
  g_autoptr (GPtrArray) gateways = NULL;
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("make", make_many, fixture->group);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  gateways = execnet_group_get_gateways (fixture->group);
  g_assert_cmpuint (gateways->len, ==, 9);
  for (guint i = 0; i < gateways->len; i++)
    g_assert_true (
        g_hash_table_add (ids, (gpointer) execnet_gateway_get_id (gateways->pdata[i])));
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST_WITH ("/group/ids", "", test_ids);
  ADD_TEST_WITH ("/group/duplicates", "", test_duplicates);
  ADD_TEST_WITH ("/group/allocate-id", "", test_allocate_id);
  ADD_TEST_WITH ("/group/xspec", "", test_xspec);
  ADD_TEST_WITH ("/group/default-spec", "", test_default_spec);
  ADD_TEST_WITH ("/group/list-model", "", test_list_model);
  ADD_TEST_WITH ("/group/changed-by-other-thread", "", test_changed_by_other_thread);
  g_test_add_func ("/group/other-threads-without-loop", test_other_threads_without_loop);
  g_test_add_func ("/group/context", test_context);
  ADD_TEST_WITH ("/group/changed-in-handler", "", test_changed_in_handler);
  ADD_TEST_WITH ("/group/lost", "", test_lost);
  ADD_TEST_WITH ("/group/async", "", test_async);
  g_test_add_func ("/group/default", test_default);
  ADD_TEST_WITH ("/group/threads", "", test_threads);
  return g_test_run ();
}
