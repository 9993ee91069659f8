/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The end of a channel: bringing it about, waiting for it, and its error. */

#include "config.h"

#include "objects/execnet-channel-private.h"

#include "data/execnet-remote-error-private.h"

/**
 * execnet_channel_close:
 * @self: a channel
 * @error_text: (nullable): an error for the other side, whose receiving and waiting calls raise it
 * @error: return location for an error
 *
 * Closes the channel for both sides. What has arrived can still be received. Closing a closed
 * channel does nothing.
 *
 * Returns: %TRUE when it is closed now
 *
 * Since: 1.0
 */
gboolean
execnet_channel_close (ExecnetChannel *self, const char *error_text, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return execnet_channel_check_core (self, error)
         && execnet_channel_core_close (self->core, error_text, error);
}

/**
 * execnet_channel_wait_close:
 * @self: a channel
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Waits until the other side has closed the channel or said that no more items will come, and a
 * callback has had every item and its end marker. The thread's main loop does not run meanwhile;
 * only this channel's callback may, when its main context has no other owner.
 *
 * A remote error is reported once: by this call, or by a receive before it.
 *
 * Returns: %TRUE when the channel was closed without an error; else %FALSE, with
 *   %EXECNET_ERROR_REMOTE when the other side closed it with an error, %EXECNET_ERROR_DIED when the
 *   gateway died, %EXECNET_ERROR_TIMED_OUT, or %EXECNET_ERROR_WOULD_DEADLOCK when called by the
 *   channel's own callback
 *
 * Since: 1.0
 */
gboolean
execnet_channel_wait_close (ExecnetChannel *self,
                            gint timeout_ms,
                            GCancellable *cancellable,
                            GError **error)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return execnet_channel_check_core (self, error)
         && execnet_channel_core_wait_close (self->core, timeout_ms, cancellable, error);
}

/* In the task's context. */
static void
return_closed (GTask *task, gpointer result, GError *error)
{
  ExecnetChannelCore *core = g_task_get_task_data (task);

  if (error == NULL)
    {
      g_mutex_lock (&core->gateway->lock);
      error = execnet_channel_core_take_close_error (core);
      g_mutex_unlock (&core->gateway->lock);
    }
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/**
 * execnet_channel_wait_close_async:
 * @self: a channel
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called when the channel is closed
 * @user_data: given to @callback
 *
 * Waits as [method@Channel.wait_close] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_channel_wait_close_async (ExecnetChannel *self,
                                  gint timeout_ms,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (EXECNET_IS_CHANNEL (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_channel_wait_close_async);
  if (!execnet_channel_check_core (self, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  g_task_set_task_data (task, execnet_channel_core_ref (self->core), execnet_channel_core_unref);
  execnet_channel_core_wait_close_async (self->core,
                                         timeout_ms,
                                         g_steal_pointer (&task),
                                         return_closed);
}

/**
 * execnet_channel_wait_close_finish:
 * @self: a channel
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Channel.wait_close_async].
 *
 * Returns: as for [method@Channel.wait_close]
 *
 * Since: 1.0
 */
gboolean
execnet_channel_wait_close_finish (ExecnetChannel *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_channel_wait_close_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * execnet_channel_wait_closed:
 * @self: a channel
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 *
 * Waits as [method@Channel.wait_close] does, but takes no error: that call gives it afterwards,
 * without waiting. For language bindings, whose interpreters must look after signals meanwhile.
 *
 * Returns: %EXECNET_WAIT_READY when it is closed; %EXECNET_WAIT_TIMED_OUT;
 *   %EXECNET_WAIT_INTERRUPTED; %EXECNET_WAIT_ERROR when it would wait for itself
 *
 * Since: 1.0
 */
ExecnetWaitResult
execnet_channel_wait_closed (ExecnetChannel *self, gint timeout_ms, GCancellable *cancellable)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), EXECNET_WAIT_ERROR);

  if (self->core == NULL)
    return EXECNET_WAIT_ERROR;
  return execnet_channel_core_wait_closed (self->core, timeout_ms, cancellable);
}

/**
 * execnet_channel_get_remote_error:
 * @self: a channel
 *
 * Gives the error that the other side closed the channel with, whether or not it was reported.
 *
 * Returns: (transfer full) (nullable): the error, if there is one
 *
 * Since: 1.0
 */
ExecnetRemoteError *
execnet_channel_get_remote_error (ExecnetChannel *self)
{
  ExecnetRemoteError *error = NULL;

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), NULL);

  if (self->core == NULL || execnet_gateway_core_is_foreign (self->core->gateway))
    return NULL;
  g_mutex_lock (&self->core->gateway->lock);
  if (self->core->remote_error != NULL)
    {
      self->core->remote_error_seen = TRUE;
      error = execnet_remote_error_copy (self->core->remote_error);
    }
  g_mutex_unlock (&self->core->gateway->lock);
  return error;
}

/**
 * execnet_channel_take_remote_error:
 * @self: a channel
 *
 * Gives the error that the other side closed the channel with, and marks it as reported.
 *
 * Returns: (transfer full) (nullable): the error, if there is one that was not reported yet
 *
 * Since: 1.0
 */
ExecnetRemoteError *
execnet_channel_take_remote_error (ExecnetChannel *self)
{
  ExecnetRemoteError *error = NULL;

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), NULL);

  if (self->core == NULL || execnet_gateway_core_is_foreign (self->core->gateway))
    return NULL;
  g_mutex_lock (&self->core->gateway->lock);
  if (self->core->remote_error != NULL && !self->core->remote_error_taken)
    {
      self->core->remote_error_taken = TRUE;
      error = execnet_remote_error_copy (self->core->remote_error);
    }
  g_mutex_unlock (&self->core->gateway->lock);
  return error;
}
