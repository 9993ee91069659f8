/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Making many gateways at once. */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "objects/execnet-gateway-private.h"

/* How many interpreters start together unless the caller says it: they mostly compute. */
#define STARTS_PER_PROCESSOR 4
#define MIN_STARTS 8

/* All in the task's context. */
typedef struct
{
  GPtrArray *specs;
  guint max_parallel;
  GPtrArray *gateways; /* in the order of the specifications; those that were begun */
  guint n_begun;
  guint n_up;
  guint n_pending;        /* what is waited for: gateways that start or, after a failure, that end */
  gboolean has_failed;    /* all are given up */
  ExecnetGateway *failed; /* holds a reference; whose end is the reason, if that is not known yet */
  GError *error;
  ExecnetProgressFunc progress;
  gpointer progress_data;
  GDestroyNotify progress_notify;
  ExecnetServing *serving;
} Making;

static void
making_free (gpointer data)
{
  Making *making = data;

  g_ptr_array_unref (making->specs);
  g_ptr_array_unref (making->gateways);
  g_clear_object (&making->failed);
  g_clear_error (&making->error);
  g_free (making);
}

/* The same specification may be given several times: each time but the first it is a new one, which gets
 * an id of its own unless its text has one. */
static void
add_spec (GPtrArray *specs, ExecnetXSpec *spec)
{
  g_autofree char *text = NULL;

  if (!g_ptr_array_find (specs, spec, NULL))
    {
      g_ptr_array_add (specs, g_object_ref (spec));
      return;
    }
  text = execnet_xspec_to_string (spec);
  g_ptr_array_add (specs, execnet_xspec_new (text, NULL));
}

static Making *
making_new (ExecnetXSpec **specs, gsize n_specs, guint max_parallel)
{
  Making *making = g_new0 (Making, 1);

  making->specs = g_ptr_array_new_with_free_func (g_object_unref);
  making->gateways = g_ptr_array_new_with_free_func (g_object_unref);
  for (gsize i = 0; i < n_specs; i++)
    add_spec (making->specs, specs[i]);
  making->max_parallel = max_parallel != 0
                             ? max_parallel
                             : MAX (MIN_STARTS, STARTS_PER_PROCESSOR * g_get_num_processors ());
  return making;
}

static void begin_some (GTask *task);

/* Nothing is left to wait for. */
static void
return_all (GTask *task)
{
  Making *making = g_task_get_task_data (task);

  g_clear_pointer (&making->serving, execnet_serving_free);
  if (making->progress_notify != NULL)
    making->progress_notify (making->progress_data);
  if (!making->has_failed)
    {
      g_task_return_pointer (task,
                             g_ptr_array_ref (making->gateways),
                             (GDestroyNotify) g_ptr_array_unref);
      return;
    }
  execnet_group_update (g_task_get_source_object (task));
  if (making->error == NULL)
    {
      ExecnetGatewayCore *core = making->failed->core;

      g_mutex_lock (&core->lock);
      execnet_gateway_core_set_closed_error (core, &making->error);
      g_mutex_unlock (&core->lock);
    }
  g_task_return_error (task, g_steal_pointer (&making->error));
}

static void
on_ended (GObject *gateway, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Making *making = g_task_get_task_data (task);

  execnet_gateway_join_finish (EXECNET_GATEWAY (gateway), result, NULL);
  if (--making->n_pending == 0)
    return_all (task);
}

/* All or none. */
static void
wait_until_all_have_ended (GTask *task)
{
  Making *making = g_task_get_task_data (task);

  making->n_pending = making->gateways->len;
  for (guint i = 0; i < making->gateways->len; i++)
    execnet_gateway_join_async (
        making->gateways->pdata[i], -1, NULL, on_ended, g_object_ref (task));
  if (making->n_pending == 0)
    return_all (task);
}

/* The first failure is the reason; the others are its consequence. Takes the error over. */
static void
give_up (Making *making, ExecnetGateway *failed, GError *error)
{
  if (making->has_failed)
    {
      g_clear_error (&error);
      return;
    }
  making->has_failed = TRUE;
  making->error = error;
  making->failed = failed != NULL ? g_object_ref (failed) : NULL;
  for (guint i = 0; i < making->gateways->len; i++)
    execnet_gateway_exit (making->gateways->pdata[i]);
}

/* In the context of the task, which is that of one gateway. */
static void
on_ready (GTask *start, gpointer result, GError *error)
{
  ExecnetGateway *gateway = g_task_get_source_object (start);
  GTask *task = g_task_get_task_data (start);
  Making *making = g_task_get_task_data (task);

  /* Who iterates a context need not have made it the thread's default one. */
  g_main_context_push_thread_default (g_task_get_context (task));
  making->n_pending--;
  if (error != NULL || execnet_gateway_get_state (gateway) != EXECNET_GATEWAY_RUNNING)
    give_up (making, gateway, error);
  else
    {
      making->n_up++;
      if (making->progress != NULL && !making->has_failed
          && !g_cancellable_is_cancelled (g_task_get_cancellable (task)))
        making->progress (making->n_up, making->specs->len, making->progress_data);
    }
  begin_some (task);
  g_main_context_pop_thread_default (g_task_get_context (task));
  g_task_return_boolean (start, TRUE);
}

static void
begin_one (GTask *task)
{
  ExecnetGroup *group = g_task_get_source_object (task);
  Making *making = g_task_get_task_data (task);
  ExecnetXSpec *spec = making->specs->pdata[making->n_begun++];
  ExecnetGateway *gateway;
  GError *error = NULL;
  GTask *start;

  gateway = execnet_group_start (
      group, spec, NULL, execnet_mailbox_get_context (group->mailbox), &error);
  if (gateway == NULL)
    {
      give_up (making, NULL, error);
      return;
    }
  g_ptr_array_add (making->gateways, gateway);
  making->n_pending++;
  start = g_task_new (gateway, g_task_get_cancellable (task), NULL, NULL);
  g_task_set_task_data (start, g_object_ref (task), g_object_unref);
  execnet_gateway_wait_ready_async (gateway, start, on_ready);
}

static void
begin_some (GTask *task)
{
  Making *making = g_task_get_task_data (task);

  while (!making->has_failed && making->n_begun < making->specs->len
         && making->n_pending < making->max_parallel)
    begin_one (task);
  if (making->n_pending > 0)
    return;
  if (making->has_failed)
    wait_until_all_have_ended (task);
  else
    return_all (task);
}

/**
 * execnet_group_make_gateways_async:
 * @self: a group
 * @specs: (array length=n_specs): specifications, which can't be changed any more afterwards
 * @n_specs: how many there are
 * @max_parallel: how many interpreters start together at most; 0 for a number that suits this
 *   machine
 * @progress: (nullable) (scope notified) (closure progress_data) (destroy progress_notify): called
 *   each time that a gateway is up
 * @progress_data: given to @progress
 * @progress_notify: (nullable): called when @progress will not be called any more
 * @cancellable: (nullable): a cancellable; cancelling ends what was started
 * @callback: (nullable) (scope async): called when all are up, or one has failed
 * @user_data: given to @callback
 *
 * Makes many gateways as [method@Group.make_gateways] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_group_make_gateways_async (ExecnetGroup *self,
                                   ExecnetXSpec **specs,
                                   gsize n_specs,
                                   guint max_parallel,
                                   ExecnetProgressFunc progress,
                                   gpointer progress_data,
                                   GDestroyNotify progress_notify,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Making *making;

  g_return_if_fail (EXECNET_IS_GROUP (self));
  g_return_if_fail (specs != NULL || n_specs == 0);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_group_make_gateways_async);
  /* What is up must reach the caller, or be ended, also when that comes late. */
  g_task_set_check_cancellable (task, FALSE);
  making = making_new (specs, n_specs, max_parallel);
  making->progress = progress;
  making->progress_data = progress_data;
  making->progress_notify = progress_notify;
  g_task_set_task_data (task, making, making_free);
  making->serving = execnet_serving_new (self, g_task_get_context (task), making->gateways);
  making->has_failed = g_cancellable_set_error_if_cancelled (cancellable, &making->error);
  begin_some (task);
}

/**
 * execnet_group_make_gateways_finish:
 * @self: a group
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Group.make_gateways_async].
 *
 * Returns: (transfer container) (element-type ExecnetGateway): as for [method@Group.make_gateways]
 *
 * Since: 1.0
 */
GPtrArray *
execnet_group_make_gateways_finish (ExecnetGroup *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_group_make_gateways_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
keep_result (GObject *group, GAsyncResult *result, gpointer data)
{
  GAsyncResult **kept = data;

  *kept = g_object_ref (result);
}

/**
 * execnet_group_make_gateways:
 * @self: a group
 * @specs: (array length=n_specs): specifications, which can't be changed any more afterwards
 * @n_specs: how many there are
 * @max_parallel: how many interpreters start together at most; 0 for a number that suits this
 *   machine
 * @progress: (nullable) (scope call) (closure progress_data): called each time that a gateway is up
 * @progress_data: given to @progress
 * @cancellable: (nullable): a cancellable; cancelling ends what was started
 * @error: return location for an error
 *
 * Starts many Python interpreters, several at a time, and waits until all answer. The thread's main
 * loop does not run meanwhile. Either all come up or, when one fails or the call is cancelled, those
 * that are up are ended again. The signals of these gateways are emitted in the group's main context.
 *
 * Returns: (transfer container) (element-type ExecnetGateway): the gateways, in the order of their
 *   specifications; %NULL with the error of the first that failed, as for
 *   [method@Group.make_gateway]
 *
 * Since: 1.0
 */
GPtrArray *
execnet_group_make_gateways (ExecnetGroup *self,
                             ExecnetXSpec **specs,
                             gsize n_specs,
                             guint max_parallel,
                             ExecnetProgressFunc progress,
                             gpointer progress_data,
                             GCancellable *cancellable,
                             GError **error)
{
  g_autoptr (GMainContext) context = NULL;
  g_autoptr (GAsyncResult) result = NULL;

  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);
  g_return_val_if_fail (specs != NULL || n_specs == 0, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  context = g_main_context_new ();
  g_main_context_push_thread_default (context);
  execnet_group_make_gateways_async (self,
                                     specs,
                                     n_specs,
                                     max_parallel,
                                     progress,
                                     progress_data,
                                     NULL,
                                     cancellable,
                                     keep_result,
                                     &result);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  return execnet_group_make_gateways_finish (self, result, error);
}
