/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Many gateways at once, and the execution models of a group. */

#include "config.h"

#include "testing.h"

#include <string.h>

#define MANY 12

typedef struct
{
  GPtrArray *specs;
  guint n_calls;
  guint n_notified;
  guint most_starting;
  ExecnetGroup *group;
  GCancellable *cancel_at_first;
} Making;

static void
making_init (Making *making, ExecnetGroup *group, guint n, const char *last)
{
  memset (making, 0, sizeof *making);
  making->group = group;
  making->specs = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (making->specs,
                     execnet_xspec_new (i == n - 1 && last != NULL ? last : "popen", NULL));
}

static void
making_clear (Making *making)
{
  g_ptr_array_unref (making->specs);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Making, making_clear)

static guint
count_starting (ExecnetGroup *group)
{
  g_autoptr (GPtrArray) gateways = execnet_group_get_gateways (group);
  guint n = 0;

  for (guint i = 0; i < gateways->len; i++)
    n += execnet_gateway_get_state (gateways->pdata[i]) == EXECNET_GATEWAY_STARTING;
  return n;
}

static void
on_progress (guint n_done, guint n_total, gpointer data)
{
  Making *making = data;

  making->n_calls++;
  g_assert_cmpuint (n_done, ==, making->n_calls);
  g_assert_cmpuint (n_total, ==, making->specs->len);
  making->most_starting = MAX (making->most_starting, count_starting (making->group));
  if (making->cancel_at_first != NULL)
    g_cancellable_cancel (making->cancel_at_first);
}

static void
on_progress_over (gpointer data)
{
  Making *making = data;

  making->n_notified++;
}

static GPtrArray *
make (Making *making, guint max_parallel, GError **error)
{
  return execnet_group_make_gateways (making->group,
                                      (ExecnetXSpec **) making->specs->pdata,
                                      making->specs->len,
                                      max_parallel,
                                      on_progress,
                                      making,
                                      NULL,
                                      error);
}

static void
assert_all_are_up (GPtrArray *gateways)
{
  for (guint i = 0; i < gateways->len; i++)
    {
      g_autofree char *id = g_strdup_printf ("gw%u", i);

      g_assert_cmpint (
          execnet_gateway_get_state (gateways->pdata[i]), ==, EXECNET_GATEWAY_RUNNING);
      g_assert_cmpstr (execnet_gateway_get_id (gateways->pdata[i]), ==, id);
    }
}

static void
test_sync (Fixture *fixture, gconstpointer unused)
{
  g_auto (Making) making;
  g_autoptr (GPtrArray) gateways = NULL;
  GError *error = NULL;

  making_init (&making, fixture->group, MANY, NULL);
  gateways = make (&making, 3, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (gateways->len, ==, MANY);
  g_assert_cmpuint (making.n_calls, ==, MANY);
  /* While it is told that one is up, the next was not begun yet. */
  g_assert_cmpuint (making.most_starting, <=, 2);
  assert_all_are_up (gateways);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->group)), ==, MANY);
}

static void
on_changed (GObject *gateway, GParamSpec *pspec, gpointer data)
{
  guint *n = data;

  (*n)++;
}

static void
test_async (Fixture *fixture, gconstpointer unused)
{
  g_auto (Making) making;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) gateways = NULL;
  guint n_told = 0;
  GError *error = NULL;

  making_init (&making, fixture->group, MANY, NULL);
  execnet_group_make_gateways_async (fixture->group,
                                     (ExecnetXSpec **) making.specs->pdata,
                                     making.specs->len,
                                     0,
                                     on_progress,
                                     &making,
                                     on_progress_over,
                                     NULL,
                                     keep_result,
                                     &result);
  wait_for_result (&result);
  gateways = execnet_group_make_gateways_finish (fixture->group, result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (gateways->len, ==, MANY);
  g_assert_cmpuint (making.n_calls, ==, MANY);
  g_assert_cmpuint (making.n_notified, ==, 1);
  assert_all_are_up (gateways);

  /* Their signals come in the group's context. */
  g_signal_connect (gateways->pdata[0], "notify::state", G_CALLBACK (on_changed), &n_told);
  execnet_gateway_exit (gateways->pdata[0]);
  ITERATE_UNTIL (n_told > 0);
}

/* Made by another thread, without a loop of its own: the signals come where the group is at home. */
static gpointer
make_elsewhere (gpointer data)
{
  return make (data, 0, NULL);
}

static void
test_other_thread (Fixture *fixture, gconstpointer unused)
{
  g_auto (Making) making;
  g_autoptr (GPtrArray) gateways = NULL;
  guint n_told = 0;

  making_init (&making, fixture->group, 2, NULL);
  gateways = g_thread_join (g_thread_new ("maker", make_elsewhere, &making));
  g_assert_cmpuint (gateways->len, ==, 2);
  g_signal_connect (gateways->pdata[0], "notify::state", G_CALLBACK (on_changed), &n_told);
  execnet_gateway_kill (gateways->pdata[0]);
  ITERATE_UNTIL (n_told > 0);
}

/* All or none. */
static void
test_failure (Fixture *fixture, gconstpointer unused)
{
  g_auto (Making) making;
  g_autoptr (GPtrArray) left = NULL;
  GError *error = NULL;

  making_init (&making, fixture->group, 5, "popen//python=no-such-python");
  g_assert_null (make (&making, 2, &error));
  assert_error_says (g_steal_pointer (&error),
                     EXECNET_ERROR,
                     EXECNET_ERROR_NO_INTERPRETER,
                     "no-such-python");
  left = execnet_group_get_gateways (fixture->group);
  g_assert_cmpuint (left->len, ==, 0);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (fixture->group)), ==, 0);
}

static void
test_duplicate (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) first = make_gateway (fixture->group, "popen//id=one");
  g_auto (Making) making;
  g_autoptr (GPtrArray) left = NULL;
  GError *error = NULL;

  making_init (&making, fixture->group, 3, "popen//id=one");
  g_assert_null (make (&making, 0, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_DUPLICATE_ID, "“one”");
  left = execnet_group_get_gateways (fixture->group);
  g_assert_cmpuint (left->len, ==, 1);
  assert_still_works (first);
}

static void
test_cancelled (Fixture *fixture, gconstpointer unused)
{
  g_auto (Making) making;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GPtrArray) left = NULL;
  GError *error = NULL;

  making_init (&making, fixture->group, 6, NULL);
  making.cancel_at_first = cancellable;
  g_assert_null (execnet_group_make_gateways (fixture->group,
                                              (ExecnetXSpec **) making.specs->pdata,
                                              making.specs->len,
                                              2,
                                              on_progress,
                                              &making,
                                              cancellable,
                                              &error));
  assert_error_says (g_steal_pointer (&error), G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  g_assert_cmpuint (making.n_calls, ==, 1);
  left = execnet_group_get_gateways (fixture->group);
  g_assert_cmpuint (left->len, ==, 0);

  /* Before it began. */
  g_assert_null (execnet_group_make_gateways (
      fixture->group, (ExecnetXSpec **) making.specs->pdata, 1, 0, NULL, NULL, cancellable, &error));
  assert_error_says (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
}

/* One specification for all: each gets an id of its own. */
static void
test_same_spec (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetXSpec) spec = execnet_xspec_new ("popen//dont_write_bytecode", NULL);
  ExecnetXSpec *specs[] = { spec, spec, spec };
  g_autoptr (GPtrArray) gateways = NULL;
  GError *error = NULL;

  gateways = execnet_group_make_gateways (fixture->group, specs, 3, 0, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  assert_all_are_up (gateways);
  g_assert_nonnull (
      execnet_xspec_get (execnet_gateway_get_spec (gateways->pdata[2]), "dont_write_bytecode"));
}

static void
test_none (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GPtrArray) gateways
      = execnet_group_make_gateways (fixture->group, NULL, 0, 0, NULL, NULL, NULL, NULL);

  g_assert_cmpuint (gateways->len, ==, 0);
}

/* Execution models. */

static void
assert_models (ExecnetGroup *group, const char *local, const char *remote)
{
  g_autofree char *execmodel = NULL;
  g_autofree char *remote_execmodel = NULL;

  g_object_get (group, "execmodel", &execmodel, "remote-execmodel", &remote_execmodel, NULL);
  g_assert_cmpstr (execmodel, ==, local);
  g_assert_cmpstr (remote_execmodel, ==, remote);
}

static void
test_models (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) gateway = NULL, other = NULL;
  g_autoptr (GVariant) status = NULL, other_status = NULL;
  const char *model;
  GError *error = NULL;

  assert_models (fixture->group, "thread", "thread");
  g_assert_true (execnet_group_set_execmodel (fixture->group, "main_thread_only", NULL, NULL));
  assert_models (fixture->group, "main_thread_only", "main_thread_only");
  g_assert_true (execnet_group_set_execmodel (fixture->group, "thread", "main_thread_only", NULL));
  assert_models (fixture->group, "thread", "main_thread_only");
  g_assert_false (execnet_group_set_execmodel (fixture->group, "fancy", NULL, &error));
  assert_error_says (
      g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC, "“fancy”");
  assert_models (fixture->group, "thread", "main_thread_only");

  gateway = make_gateway (fixture->group, "popen");
  other = make_gateway (fixture->group, "popen//execmodel=thread");
  status = execnet_gateway_remote_status (gateway, NULL, NULL);
  g_assert_true (g_variant_lookup (status, "execmodel", "&s", &model));
  g_assert_cmpstr (model, ==, "main_thread_only");
  other_status = execnet_gateway_remote_status (other, NULL, NULL);
  g_assert_true (g_variant_lookup (other_status, "execmodel", "&s", &model));
  g_assert_cmpstr (model, ==, "thread");

  g_assert_false (execnet_group_set_execmodel (fixture->group, "thread", NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC, "any more");
  assert_models (fixture->group, "thread", "main_thread_only");
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_TEST_WITH ("/group-many/sync", "", test_sync);
  ADD_TEST_WITH ("/group-many/async", "", test_async);
  ADD_TEST_WITH ("/group-many/other-thread", "", test_other_thread);
  ADD_TEST_WITH ("/group-many/failure", "", test_failure);
  ADD_TEST_WITH ("/group-many/duplicate", "", test_duplicate);
  ADD_TEST_WITH ("/group-many/cancelled", "", test_cancelled);
  ADD_TEST_WITH ("/group-many/same-spec", "", test_same_spec);
  ADD_TEST_WITH ("/group-many/none", "", test_none);
  ADD_TEST_WITH ("/group-models", "", test_models);

  return g_test_run ();
}
