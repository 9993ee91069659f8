/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Making gateways and waiting until they are up. */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "base/execnet-error.h"
#include "objects/execnet-gateway-private.h"

/* TRUE when it is up. A gateway that nobody waits for any more is given up, with an error; without one
 * it is closed, and will soon be gone. */
static gboolean
check_up (ExecnetGateway *gateway, GCancellable *cancellable, GError **error)
{
  switch (execnet_gateway_get_state (gateway))
    {
    case EXECNET_GATEWAY_RUNNING:
      return TRUE;
    case EXECNET_GATEWAY_STARTING:
      execnet_gateway_exit (gateway);
      g_cancellable_set_error_if_cancelled (cancellable, error);
      return FALSE;
    case EXECNET_GATEWAY_CLOSED:
      break;
    }
  return FALSE;
}

/* Nothing is left of the gateway: the group forgets it. */
static void
set_failed_error (ExecnetGroup *self, ExecnetGateway *gateway, GError **error)
{
  execnet_group_update (self);
  g_mutex_lock (&gateway->core->lock);
  execnet_gateway_core_set_closed_error (gateway->core, error);
  g_mutex_unlock (&gateway->core->lock);
}

ExecnetGateway *
execnet_group_make (ExecnetGroup *self,
                    ExecnetXSpec *spec,
                    ExecnetTransport *transport,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (ExecnetGateway) gateway = NULL;
  GError *reason = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  gateway = execnet_group_start (self, spec, transport, NULL, error);
  if (gateway == NULL)
    return NULL;
  execnet_gateway_wait_ready (gateway, -1, cancellable);
  if (check_up (gateway, cancellable, &reason))
    return g_steal_pointer (&gateway);
  if (reason == NULL)
    {
      execnet_gateway_join (gateway, -1, NULL, NULL);
      set_failed_error (self, gateway, &reason);
    }
  g_propagate_error (error, reason);
  return NULL;
}

/**
 * execnet_group_make_gateway_for_xspec:
 * @self: a group
 * @spec: (nullable): a specification, which can't be changed any more afterwards; %NULL for the
 *   group's default one
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Makes a gateway as [method@Group.make_gateway] does.
 *
 * Returns: (transfer full): the gateway, which is up
 *
 * Since: 1.0
 */
ExecnetGateway *
execnet_group_make_gateway_for_xspec (ExecnetGroup *self,
                                      ExecnetXSpec *spec,
                                      GCancellable *cancellable,
                                      GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);
  g_return_val_if_fail (spec == NULL || EXECNET_IS_XSPEC (spec), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return execnet_group_make (self, spec, NULL, cancellable, error);
}

/**
 * execnet_group_make_gateway:
 * @self: a group
 * @spec: (nullable): a specification such as `popen` or `popen//python=pypy3//nice=10`; %NULL for
 *   the group's default one
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Starts a Python interpreter and waits until it answers. The thread's main loop does not run
 * meanwhile: where a person has to answer a question (see [property@Group:mount-operation]), it is the
 * asynchronous call that can wait for it.
 *
 * Returns: (transfer full): the gateway, which is up; %NULL with %EXECNET_ERROR_INVALID_SPEC,
 *   %EXECNET_ERROR_DUPLICATE_ID, %EXECNET_ERROR_NO_INTERPRETER, %EXECNET_ERROR_INTERPRETER_TOO_OLD,
 *   %EXECNET_ERROR_UNEXPECTED_OUTPUT when something else was printed where the worker should answer,
 *   or %EXECNET_ERROR_DIED: the message says why. Other hosts add %EXECNET_ERROR_HOST_NOT_FOUND,
 *   %EXECNET_ERROR_CONNECTION_REFUSED, %EXECNET_ERROR_TIMED_OUT, %EXECNET_ERROR_HOST_KEY_UNKNOWN,
 *   %EXECNET_ERROR_HOST_KEY_CHANGED, %EXECNET_ERROR_AUTHENTICATION_FAILED and
 *   %EXECNET_ERROR_NEEDS_INTERACTION
 *
 * Since: 1.0
 */
ExecnetGateway *
execnet_group_make_gateway (ExecnetGroup *self,
                            const char *spec,
                            GCancellable *cancellable,
                            GError **error)
{
  g_autoptr (ExecnetXSpec) parsed = NULL;

  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (spec != NULL)
    {
      parsed = execnet_xspec_new (spec, error);
      if (parsed == NULL)
        return NULL;
    }
  return execnet_group_make (self, parsed, NULL, cancellable, error);
}

static void
on_failed_gateway_gone (GObject *gateway, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  execnet_gateway_join_finish (EXECNET_GATEWAY (gateway), result, NULL);
  set_failed_error (g_task_get_source_object (task), EXECNET_GATEWAY (gateway), &error);
  g_task_return_error (task, error);
}

/* In the task's context. */
static void
return_gateway (GTask *task, gpointer result, GError *error)
{
  ExecnetGateway *gateway = g_task_get_task_data (task);

  g_clear_error (&error);
  if (check_up (gateway, g_task_get_cancellable (task), &error))
    g_task_return_pointer (task, g_object_ref (gateway), g_object_unref);
  else if (error != NULL)
    g_task_return_error (task, error);
  else
    {
      /* Who iterates a context need not have made it the thread's default one. */
      g_main_context_push_thread_default (g_task_get_context (task));
      execnet_gateway_join_async (gateway, -1, NULL, on_failed_gateway_gone, g_object_ref (task));
      g_main_context_pop_thread_default (g_task_get_context (task));
    }
}

void
execnet_group_make_async (ExecnetGroup *self,
                          ExecnetXSpec *spec,
                          ExecnetTransport *transport,
                          GTask *task)
{
  g_autoptr (GTask) owned = task;
  ExecnetGateway *gateway;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;
  gateway = execnet_group_start (self, spec, transport, NULL, &error);
  if (gateway == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_task_set_task_data (task, gateway, g_object_unref);
  execnet_gateway_wait_ready_async (gateway, g_steal_pointer (&owned), return_gateway);
}

/**
 * execnet_group_make_gateway_for_xspec_async:
 * @self: a group
 * @spec: (nullable): a specification, which can't be changed any more afterwards; %NULL for the
 *   group's default one
 * @cancellable: (nullable): a cancellable; cancelling ends what was started
 * @callback: (nullable) (scope async): called when the gateway is up, or failed
 * @user_data: given to @callback
 *
 * Makes a gateway as [method@Group.make_gateway] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_group_make_gateway_for_xspec_async (ExecnetGroup *self,
                                            ExecnetXSpec *spec,
                                            GCancellable *cancellable,
                                            GAsyncReadyCallback callback,
                                            gpointer user_data)
{
  GTask *task;

  g_return_if_fail (EXECNET_IS_GROUP (self));
  g_return_if_fail (spec == NULL || EXECNET_IS_XSPEC (spec));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_group_make_gateway_for_xspec_async);
  execnet_group_make_async (self, spec, NULL, task);
}

/**
 * execnet_group_make_gateway_for_xspec_finish:
 * @self: a group
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Group.make_gateway_for_xspec_async].
 *
 * Returns: (transfer full): as for [method@Group.make_gateway]
 *
 * Since: 1.0
 */
ExecnetGateway *
execnet_group_make_gateway_for_xspec_finish (ExecnetGroup *self,
                                             GAsyncResult *result,
                                             GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (
      g_async_result_is_tagged (result, execnet_group_make_gateway_for_xspec_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * execnet_group_make_gateway_async:
 * @self: a group
 * @spec: (nullable): a specification; %NULL for the group's default one
 * @cancellable: (nullable): a cancellable; cancelling ends what was started
 * @callback: (nullable) (scope async): called when the gateway is up, or failed
 * @user_data: given to @callback
 *
 * Makes a gateway as [method@Group.make_gateway] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_group_make_gateway_async (ExecnetGroup *self,
                                  const char *spec,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (ExecnetXSpec) parsed = NULL;
  GError *error = NULL;
  GTask *task;

  g_return_if_fail (EXECNET_IS_GROUP (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_group_make_gateway_async);
  if (spec != NULL)
    parsed = execnet_xspec_new (spec, &error);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  execnet_group_make_async (self, parsed, NULL, task);
}

/**
 * execnet_group_make_gateway_finish:
 * @self: a group
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Group.make_gateway_async].
 *
 * Returns: (transfer full): as for [method@Group.make_gateway]
 *
 * Since: 1.0
 */
ExecnetGateway *
execnet_group_make_gateway_finish (ExecnetGroup *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_group_make_gateway_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * execnet_make_gateway:
 * @spec: (nullable): a specification such as `popen`; %NULL for the default group's default one
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Makes a gateway of the default group, see [method@Group.make_gateway].
 *
 * Returns: (transfer full): the gateway, which is up
 *
 * Since: 1.0
 */
ExecnetGateway *
execnet_make_gateway (const char *spec, GCancellable *cancellable, GError **error)
{
  return execnet_group_make_gateway (execnet_group_get_default (), spec, cancellable, error);
}

/**
 * execnet_make_gateway_async:
 * @spec: (nullable): a specification such as `popen`; %NULL for the default group's default one
 * @cancellable: (nullable): a cancellable; cancelling ends what was started
 * @callback: (nullable) (scope async): called when the gateway is up, or failed
 * @user_data: given to @callback
 *
 * Makes a gateway of the default group, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_make_gateway_async (const char *spec,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  execnet_group_make_gateway_async (execnet_group_get_default (),
                                    spec,
                                    cancellable,
                                    callback,
                                    user_data);
}

/**
 * execnet_make_gateway_finish:
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [func@make_gateway_async].
 *
 * Returns: (transfer full): as for [func@make_gateway]
 *
 * Since: 1.0
 */
ExecnetGateway *
execnet_make_gateway_finish (GAsyncResult *result, GError **error)
{
  return execnet_group_make_gateway_finish (execnet_group_get_default (), result, error);
}
