/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Waiting for a gateway to be up, or gone. */

#include "config.h"

#include "objects/execnet-gateway-private.h"

#include "base/execnet-error.h"
#include "engine/execnet-worker-thread-private.h"

#include <glib/gi18n-lib.h>

static ExecnetWaitResult
to_wait_result (gboolean done, GCancellable *cancellable)
{
  if (done)
    return EXECNET_WAIT_READY;
  return g_cancellable_is_cancelled (cancellable) ? EXECNET_WAIT_INTERRUPTED : EXECNET_WAIT_TIMED_OUT;
}

/**
 * execnet_gateway_wait_ready:
 * @self: a gateway
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 *
 * Waits until the gateway is up, or closed: [method@Gateway.get_state] and
 * [method@Gateway.dup_error] tell.
 *
 * Returns: %EXECNET_WAIT_READY; %EXECNET_WAIT_TIMED_OUT; %EXECNET_WAIT_INTERRUPTED
 *
 * Since: 1.0
 */
ExecnetWaitResult
execnet_gateway_wait_ready (ExecnetGateway *self, gint timeout_ms, GCancellable *cancellable)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), EXECNET_WAIT_ERROR);

  if (self->core == NULL)
    return EXECNET_WAIT_READY;
  return to_wait_result (execnet_gateway_core_wait_ready (self->core, timeout_ms, cancellable),
                         cancellable);
}

void
execnet_gateway_wait_ready_async (ExecnetGateway *self, GTask *task, ExecnetPendingFunc func)
{
  ExecnetGatewayCore *core = self->core;
  ExecnetPending *pending = execnet_pending_new (task,
                                                 func,
                                                 &core->lock,
                                                 execnet_gateway_core_ref (core),
                                                 execnet_gateway_core_unref);

  execnet_pending_watch (pending, -1, NULL);
  g_mutex_lock (&core->lock);
  execnet_pending_enqueue (pending, &core->ready_waiters);
  if (core->state != EXECNET_GATEWAY_STARTING)
    execnet_pending_complete_all (&core->ready_waiters, NULL);
  g_mutex_unlock (&core->lock);
}

/**
 * execnet_gateway_wait_closed:
 * @self: a gateway
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 *
 * Waits until the gateway is closed and nothing is left of it, its local process included.
 *
 * Returns: %EXECNET_WAIT_READY; %EXECNET_WAIT_TIMED_OUT; %EXECNET_WAIT_INTERRUPTED
 *
 * Since: 1.0
 */
ExecnetWaitResult
execnet_gateway_wait_closed (ExecnetGateway *self, gint timeout_ms, GCancellable *cancellable)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), EXECNET_WAIT_ERROR);

  if (self->core == NULL)
    return EXECNET_WAIT_READY;
  return to_wait_result (execnet_gateway_core_wait_closed (self->core, timeout_ms, cancellable),
                         cancellable);
}

/**
 * execnet_gateway_join:
 * @self: a gateway
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Waits until the gateway is closed and nothing is left of it, its local process included. It does
 * not ask the other side to end: [method@Gateway.exit] does.
 *
 * Returns: %TRUE; %FALSE with %EXECNET_ERROR_TIMED_OUT, or when cancelled
 *
 * Since: 1.0
 */
gboolean
execnet_gateway_join (ExecnetGateway *self,
                      gint timeout_ms,
                      GCancellable *cancellable,
                      GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (execnet_gateway_wait_closed (self, timeout_ms, cancellable) == EXECNET_WAIT_READY)
    {
      execnet_worker_thread_settle ();
      return TRUE;
    }
  if (!g_cancellable_set_error_if_cancelled (cancellable, error))
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_TIMED_OUT,
                 _ ("The gateway “%s” did not end in time."),
                 self->core->id);
  return FALSE;
}

/* In the task's context. */
static void
return_joined (GTask *task, gpointer result, GError *error)
{
  execnet_worker_thread_settle ();
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/**
 * execnet_gateway_join_async:
 * @self: a gateway
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called when nothing is left of the gateway
 * @user_data: given to @callback
 *
 * Waits as [method@Gateway.join] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_gateway_join_async (ExecnetGateway *self,
                            gint timeout_ms,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  ExecnetGatewayCore *core;
  ExecnetPending *pending;

  g_return_if_fail (EXECNET_IS_GATEWAY (self));

  core = self->core;
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_gateway_join_async);
  if (core == NULL || execnet_gateway_core_is_foreign (core))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  pending = execnet_pending_new (g_steal_pointer (&task),
                                 return_joined,
                                 &core->lock,
                                 execnet_gateway_core_ref (core),
                                 execnet_gateway_core_unref);
  execnet_pending_watch (pending, timeout_ms, _ ("The gateway did not end in time."));
  g_mutex_lock (&core->lock);
  execnet_pending_enqueue (pending, &core->end_waiters);
  if (core->is_gone)
    execnet_pending_complete_all (&core->end_waiters, NULL);
  g_mutex_unlock (&core->lock);
}

/**
 * execnet_gateway_join_finish:
 * @self: a gateway
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Gateway.join_async].
 *
 * Returns: as for [method@Gateway.join]
 *
 * Since: 1.0
 */
gboolean
execnet_gateway_join_finish (ExecnetGateway *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_gateway_join_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
