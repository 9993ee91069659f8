/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Ending all gateways of a group: ask, wait, kill. */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "base/execnet-error.h"
#include "engine/execnet-worker-thread-private.h"
#include "objects/execnet-gateway-private.h"

#include <glib/gi18n-lib.h>

/* Those that were killed have at least so long to be gone: the system needs a moment for it. */
#define MIN_AFTER_KILL_MS 1000

typedef struct
{
  GPtrArray *gateways;
  guint n_pending;
  gint timeout_ms;
  gboolean has_killed;
} Termination;

static void
termination_free (gpointer data)
{
  Termination *termination = data;

  g_ptr_array_unref (termination->gateways);
  g_free (termination);
}

static void
for_each (GPtrArray *gateways, void (*func) (ExecnetGateway *gateway))
{
  for (guint i = 0; i < gateways->len; i++)
    func (gateways->pdata[i]);
}

static GError *
new_survivors_error (GPtrArray *gateways)
{
  g_autoptr (GString) ids = g_string_new (NULL);

  for (guint i = 0; i < gateways->len; i++)
    {
      if (execnet_gateway_wait_closed (gateways->pdata[i], 0, NULL) != EXECNET_WAIT_READY)
        g_string_append_printf (ids,
                                "%s“%s”",
                                ids->len > 0 ? ", " : "",
                                execnet_gateway_get_id (gateways->pdata[i]));
    }
  if (ids->len == 0)
    return NULL;
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_TIMED_OUT,
                      _ ("These gateways did not end in time, although they were killed: %s."),
                      ids->str);
}

/* TRUE when all have ended. */
static gboolean
wait_for_all (GPtrArray *gateways, gint timeout_ms, GCancellable *cancellable)
{
  gint64 end = g_get_monotonic_time () + timeout_ms * G_TIME_SPAN_MILLISECOND;

  for (guint i = 0; i < gateways->len; i++)
    {
      gint64 left = (end - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND;

      if (execnet_gateway_wait_closed (gateways->pdata[i],
                                       timeout_ms < 0 ? -1 : (gint) MAX (left, 0),
                                       cancellable)
          != EXECNET_WAIT_READY)
        return FALSE;
    }
  return TRUE;
}

/**
 * execnet_group_terminate:
 * @self: a group
 * @timeout_ms: how long to wait before gateways are killed, in milliseconds; -1 to wait without end
 *   and never kill
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Asks all gateways to end, waits, kills those that have not ended, and waits as long again for
 * these, but at least a second. Afterwards no process, thread or descriptor of theirs is left;
 * [method@Gateway.get_ending] of each tells how it ended. A local interpreter that is killed takes the
 * processes that it started with it.
 *
 * Returns: %TRUE when all have ended; %FALSE with %EXECNET_ERROR_TIMED_OUT naming those that have
 *   not, or when cancelled
 *
 * Since: 1.0
 */
gboolean
execnet_group_terminate (ExecnetGroup *self,
                         gint timeout_ms,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (GPtrArray) gateways = NULL;
  GError *reason = NULL;

  g_return_val_if_fail (EXECNET_IS_GROUP (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  gateways = execnet_group_dup_gateways (self, TRUE);
  for_each (gateways, execnet_gateway_exit);
  if (!wait_for_all (gateways, timeout_ms, cancellable)
      && !g_cancellable_is_cancelled (cancellable))
    {
      for_each (gateways, execnet_gateway_kill);
      wait_for_all (gateways, MAX (timeout_ms, MIN_AFTER_KILL_MS), cancellable);
    }
  execnet_group_update (self);
  execnet_worker_thread_settle ();

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  reason = new_survivors_error (gateways);
  if (reason != NULL)
    g_propagate_error (error, reason);
  return reason == NULL;
}

static void join_all (GTask *task);

/* In the task's context: all joins of this round have returned. */
static void
end_round (GTask *task)
{
  Termination *termination = g_task_get_task_data (task);
  GError *reason;

  reason = new_survivors_error (termination->gateways);
  if (reason != NULL && !termination->has_killed
      && !g_cancellable_is_cancelled (g_task_get_cancellable (task)))
    {
      g_error_free (reason);
      termination->has_killed = TRUE;
      for_each (termination->gateways, execnet_gateway_kill);
      termination->timeout_ms = MAX (termination->timeout_ms, MIN_AFTER_KILL_MS);
      join_all (task);
      return;
    }
  execnet_group_update (g_task_get_source_object (task));
  execnet_worker_thread_settle ();
  if (g_task_return_error_if_cancelled (task))
    g_clear_error (&reason);
  else if (reason != NULL)
    g_task_return_error (task, reason);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
on_joined (GObject *gateway, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Termination *termination = g_task_get_task_data (task);

  execnet_gateway_join_finish (EXECNET_GATEWAY (gateway), result, NULL);
  if (--termination->n_pending == 0)
    end_round (task);
}

/* Takes the task over. */
static void
join_all (GTask *task)
{
  Termination *termination = g_task_get_task_data (task);

  termination->n_pending = termination->gateways->len;
  /* Who iterates a context need not have made it the thread's default one. */
  g_main_context_push_thread_default (g_task_get_context (task));
  for (guint i = 0; i < termination->gateways->len; i++)
    execnet_gateway_join_async (termination->gateways->pdata[i],
                                termination->timeout_ms,
                                g_task_get_cancellable (task),
                                on_joined,
                                task);
  g_main_context_pop_thread_default (g_task_get_context (task));
}

/**
 * execnet_group_terminate_async:
 * @self: a group
 * @timeout_ms: how long to wait before gateways are killed, in milliseconds; -1 to wait without end
 *   and never kill
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called when all have ended, or the time is up
 * @user_data: given to @callback
 *
 * Ends all gateways as [method@Group.terminate] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_group_terminate_async (ExecnetGroup *self,
                               gint timeout_ms,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  Termination *termination;
  GTask *task;

  g_return_if_fail (EXECNET_IS_GROUP (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_group_terminate_async);
  termination = g_new0 (Termination, 1);
  termination->gateways = execnet_group_dup_gateways (self, TRUE);
  termination->timeout_ms = timeout_ms;
  g_task_set_task_data (task, termination, termination_free);

  for_each (termination->gateways, execnet_gateway_exit);
  if (termination->gateways->len == 0)
    end_round (task);
  else
    join_all (task);
}

/**
 * execnet_group_terminate_finish:
 * @self: a group
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Group.terminate_async].
 *
 * Returns: as for [method@Group.terminate]
 *
 * Since: 1.0
 */
gboolean
execnet_group_terminate_finish (ExecnetGroup *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GROUP (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_group_terminate_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
