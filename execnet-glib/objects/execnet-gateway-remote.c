/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the other side says of itself. */

#include "config.h"

#include "objects/execnet-gateway-private.h"

#include "base/execnet-error.h"
#include "objects/execnet-channel.h"

/**
 * execnet_gateway_request_status:
 * @self: a gateway
 * @error: return location for an error
 *
 * Asks for the other side's status, which is the one item of the channel. For language bindings; see
 * [method@Gateway.remote_status].
 *
 * Returns: (transfer full): the channel; %NULL when the gateway is not up
 *
 * Since: 1.0
 */
ExecnetChannel *
execnet_gateway_request_status (ExecnetGateway *self, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return execnet_gateway_request (self, EXECNET_MESSAGE_STATUS, NULL, error);
}

/**
 * execnet_gateway_remote_status:
 * @self: a gateway
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Asks the other side what it is doing.
 *
 * Returns: (transfer full): a dictionary `a{sv}` with `numchannels` (x, open channels),
 *   `numexecuting` (x, pieces of code that run), `numqueued` (x, that wait for their turn) and
 *   `execmodel` (s); %NULL when the gateway is not up, or dies meanwhile
 *
 * Since: 1.0
 */
GVariant *
execnet_gateway_remote_status (ExecnetGateway *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (ExecnetChannel) channel = execnet_gateway_request_status (self, error);

  return channel != NULL ? execnet_channel_receive (channel, -1, cancellable, error) : NULL;
}

/* Takes the task over. */
static void
ask_async (ExecnetGateway *self, ExecnetMessageCode code, GTask *task)
{
  GError *error = NULL;
  ExecnetChannel *channel = execnet_gateway_request (self, code, NULL, &error);

  execnet_gateway_return_answer (task, channel, error);
}

/**
 * execnet_gateway_remote_status_async:
 * @self: a gateway
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called with the answer
 * @user_data: given to @callback
 *
 * Asks as [method@Gateway.remote_status] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_gateway_remote_status_async (ExecnetGateway *self,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  GTask *task;

  g_return_if_fail (EXECNET_IS_GATEWAY (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_gateway_remote_status_async);
  ask_async (self, EXECNET_MESSAGE_STATUS, task);
}

/**
 * execnet_gateway_remote_status_finish:
 * @self: a gateway
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Gateway.remote_status_async].
 *
 * Returns: (transfer full): as for [method@Gateway.remote_status]
 *
 * Since: 1.0
 */
GVariant *
execnet_gateway_remote_status_finish (ExecnetGateway *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_gateway_remote_status_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* What the worker said when it came up, or NULL. */
static GVariant *
dup_known_information (ExecnetGateway *self)
{
  GVariant *information = NULL;

  if (self->core == NULL || execnet_gateway_core_is_foreign (self->core))
    return NULL;
  g_mutex_lock (&self->core->lock);
  if (self->core->information != NULL)
    information = g_variant_ref (self->core->information);
  g_mutex_unlock (&self->core->lock);
  return information;
}

static void
remember_information (ExecnetGateway *self, GVariant *information)
{
  GVariant *before;

  if (!g_variant_is_of_type (information, G_VARIANT_TYPE_VARDICT))
    return;
  g_mutex_lock (&self->core->lock);
  before = self->core->information;
  self->core->information = g_variant_ref (information);
  g_mutex_unlock (&self->core->lock);
  g_clear_pointer (&before, g_variant_unref);
}

/**
 * execnet_gateway_remote_information:
 * @self: a gateway
 * @update: whether to ask anew: code may have changed the folder
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Tells what interpreter the other side is.
 *
 * Returns: (transfer full): a dictionary `a{sv}` with `executable` (s), `cwd` (s), `pid` (x),
 *   `platform` (s, as `sys.platform`), `version_info` (a tuple of five), `implementation` (s);
 *   %NULL when it has to be asked and the gateway is not up, or dies meanwhile
 *
 * Since: 1.0
 */
GVariant *
execnet_gateway_remote_information (ExecnetGateway *self,
                                    gboolean update,
                                    GCancellable *cancellable,
                                    GError **error)
{
  g_autoptr (ExecnetChannel) channel = NULL;
  GVariant *information;

  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  information = update ? NULL : dup_known_information (self);
  if (information != NULL)
    return information;
  channel = execnet_gateway_request (self, EXECNET_MESSAGE_INFORMATION, NULL, error);
  if (channel == NULL)
    return NULL;
  information = execnet_channel_receive (channel, -1, cancellable, error);
  if (information != NULL)
    remember_information (self, information);
  return information;
}

/**
 * execnet_gateway_remote_information_async:
 * @self: a gateway
 * @update: whether to ask anew
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called with the answer
 * @user_data: given to @callback
 *
 * Asks as [method@Gateway.remote_information] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_gateway_remote_information_async (ExecnetGateway *self,
                                          gboolean update,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GVariant *information;

  g_return_if_fail (EXECNET_IS_GATEWAY (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_gateway_remote_information_async);
  information = update ? NULL : dup_known_information (self);
  if (information != NULL)
    g_task_return_pointer (task, information, (GDestroyNotify) g_variant_unref);
  else
    ask_async (self, EXECNET_MESSAGE_INFORMATION, g_steal_pointer (&task));
}

/**
 * execnet_gateway_remote_information_finish:
 * @self: a gateway
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Gateway.remote_information_async].
 *
 * Returns: (transfer full): as for [method@Gateway.remote_information]
 *
 * Since: 1.0
 */
GVariant *
execnet_gateway_remote_information_finish (ExecnetGateway *self,
                                           GAsyncResult *result,
                                           GError **error)
{
  GVariant *information;

  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_gateway_remote_information_async),
                        NULL);

  information = g_task_propagate_pointer (G_TASK (result), error);
  if (information != NULL)
    remember_information (self, information);
  return information;
}

/**
 * execnet_gateway_reconfigure:
 * @self: a gateway
 * @flags: how strings of the two Pythons are converted
 * @error: return location for an error
 *
 * Changes, on both sides, how strings of the two Pythons are converted in items that arrive over
 * channels that are made from now on. Without it, strings of Python 2 become text.
 *
 * Returns: %TRUE when the other side was told
 *
 * Since: 1.0
 */
gboolean
execnet_gateway_reconfigure (ExecnetGateway *self, ExecnetLoadFlags flags, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!execnet_gateway_check_core (self, error)
      || !execnet_gateway_core_send_load_flags (self->core, 0, flags, error))
    return FALSE;
  g_mutex_lock (&self->core->lock);
  self->core->load_flags = flags;
  g_mutex_unlock (&self->core->lock);
  return TRUE;
}
