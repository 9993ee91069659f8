/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "collections/execnet-map-private.h"

#include "base/execnet-error.h"
#include "objects/execnet-channel-private.h"

#include <glib/gi18n-lib.h>

/* With the lock. Whether it has to be waited for the next result; else there is one, or an error
 * tells that there can't be. */
static gboolean
has_to_wait (ExecnetMap *self, GError **error)
{
  execnet_map_feed (self);
  if (self->ready.head != NULL)
    return FALSE;
  if (self->is_cancelled)
    g_set_error_literal (error, EXECNET_ERROR, EXECNET_ERROR_CLOSED, _ ("The map was cancelled."));
  else if (self->n_taken < self->n_items)
    return TRUE;
  else if (self->is_finished)
    g_set_error_literal (
        error, EXECNET_ERROR, EXECNET_ERROR_END, _ ("All results of the map were taken."));
  else
    g_set_error_literal (error,
                         EXECNET_ERROR,
                         EXECNET_ERROR_WOULD_DEADLOCK,
                         _ ("The map has nothing to do; push an item, or finish it."));
  return FALSE;
}

/* With the lock. */
static gboolean
begin (ExecnetMap *self, GError **error)
{
  if (self->is_pending)
    {
      g_set_error_literal (error,
                           G_IO_ERROR,
                           G_IO_ERROR_PENDING,
                           _ ("Somebody waits for the next result of the map already."));
      return FALSE;
    }
  self->is_pending = TRUE;
  return TRUE;
}

/* With the lock, which it leaves while it waits. */
static gboolean
wait_for_arrival (ExecnetMap *self, gint timeout_ms, GCancellable *cancellable, GError **error)
{
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gboolean result;

  g_mutex_unlock (&self->lock);
  result = execnet_receive_queue_pop_bytes (
      self->queue, timeout_ms, &channel, &bytes, cancellable, error);
  g_mutex_lock (&self->lock);
  if (result)
    execnet_map_take_arrival (self, channel, bytes);
  return result;
}

/* With the lock. */
static ExecnetMapOutcome *
take (ExecnetMap *self)
{
  ExecnetMapOutcome *outcome = g_queue_pop_head (&self->ready);

  self->n_taken++;
  if (outcome->result != NULL)
    self->n_bytes -= g_bytes_get_size (outcome->result);
  g_clear_error (&self->failure);
  if (outcome->error != NULL)
    self->failure = g_error_copy (outcome->error);
  return outcome;
}

/* Waits until there is a result, and takes it where that is asked for: under one lock, because
 * another thread may want it, too. */
static gboolean
wait_ready (ExecnetMap *self,
            gint timeout_ms,
            ExecnetMapOutcome **outcome,
            GCancellable *cancellable,
            GError **error)
{
  gint64 end = g_get_monotonic_time () + timeout_ms * G_TIME_SPAN_MILLISECOND;
  GError *reason = NULL;

  g_mutex_lock (&self->lock);
  if (!begin (self, error))
    {
      g_mutex_unlock (&self->lock);
      return FALSE;
    }
  while (has_to_wait (self, &reason))
    {
      gint64 left = MAX (end - g_get_monotonic_time (), 0) / G_TIME_SPAN_MILLISECOND;

      if (!wait_for_arrival (self, timeout_ms < 0 ? -1 : (gint) left, cancellable, &reason))
        break;
    }
  self->is_pending = FALSE;
  if (reason == NULL && outcome != NULL)
    *outcome = take (self);
  g_mutex_unlock (&self->lock);

  execnet_map_notify_progress (self);
  if (reason != NULL)
    g_propagate_error (error, reason);
  return reason == NULL;
}

/* Takes the outcome over. */
static GBytes *
give_bytes (ExecnetMapOutcome *outcome, guint64 *number, ExecnetChannel **channel)
{
  g_autoptr (ExecnetMapOutcome) owned = outcome;

  if (number != NULL)
    *number = outcome->number;
  if (channel != NULL)
    *channel = g_steal_pointer (&outcome->channel);
  return g_steal_pointer (&outcome->result);
}

/* Takes the outcome over. */
static GVariant *
give_item (ExecnetMapOutcome *outcome, guint64 *number, GError **error)
{
  g_autoptr (ExecnetChannel) channel = NULL;
  GError *failure = g_steal_pointer (&outcome->error);
  g_autoptr (GBytes) bytes = give_bytes (outcome, number, &channel);

  if (bytes == NULL)
    {
      g_propagate_error (error, failure);
      return NULL;
    }
  return execnet_channel_core_decode (
      channel->core, execnet_channel_core_new_arrival (channel->core, bytes), error);
}

/**
 * execnet_map_wait:
 * @self: a map
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 *
 * Waits until [method@Map.next_bytes] gives something at once; takes nothing. For language
 * bindings, whose interpreters must look after signals meanwhile.
 *
 * Returns: %EXECNET_WAIT_READY, %EXECNET_WAIT_END, %EXECNET_WAIT_TIMED_OUT,
 *   %EXECNET_WAIT_INTERRUPTED when cancelled, or %EXECNET_WAIT_ERROR
 *
 * Since: 1.0
 */
ExecnetWaitResult
execnet_map_wait (ExecnetMap *self, gint timeout_ms, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;

  g_return_val_if_fail (EXECNET_IS_MAP (self), EXECNET_WAIT_ERROR);

  if (wait_ready (self, timeout_ms, NULL, cancellable, &error))
    return EXECNET_WAIT_READY;
  if (g_error_matches (error, EXECNET_ERROR, EXECNET_ERROR_END))
    return EXECNET_WAIT_END;
  if (g_error_matches (error, EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT))
    return EXECNET_WAIT_TIMED_OUT;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return EXECNET_WAIT_INTERRUPTED;
  return EXECNET_WAIT_ERROR;
}

/**
 * execnet_map_next:
 * @self: a map
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @number: (out) (optional): return location for the number of the item, from 0; set with a result,
 *   and with the error of an item
 * @cancellable: (nullable): a cancellable; no result is lost by cancelling
 * @error: return location for an error
 *
 * Waits for the next result and takes it. The thread's main loop does not run meanwhile.
 *
 * An item's own error, after which the map goes on: %EXECNET_ERROR_REMOTE when the function raised
 * an exception, or returned what can't be sent; %EXECNET_ERROR_DIED when three workers died of it,
 * or no gateway is left; %EXECNET_ERROR_DATA_FORMAT when the result is no item.
 *
 * Returns: (transfer full): the result; %NULL with an item's error, with %EXECNET_ERROR_END after
 *   the last one of a finished map, %EXECNET_ERROR_WOULD_DEADLOCK when nothing is to be done and
 * the map is not finished, %EXECNET_ERROR_TIMED_OUT, %EXECNET_ERROR_CLOSED after
 *   [method@Map.cancel], %G_IO_ERROR_PENDING, or %G_IO_ERROR_CANCELLED
 *
 * Since: 1.0
 */
GVariant *
execnet_map_next (
    ExecnetMap *self, gint timeout_ms, guint64 *number, GCancellable *cancellable, GError **error)
{
  ExecnetMapOutcome *outcome = NULL;

  g_return_val_if_fail (EXECNET_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!wait_ready (self, timeout_ms, &outcome, cancellable, error))
    return NULL;
  return give_item (outcome, number, error);
}

/**
 * execnet_map_next_bytes:
 * @self: a map
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @number: (out) (optional): return location for the number of the item, from 0
 * @channel: (out) (optional) (nullable) (transfer full): return location for the channel that the
 *   result came over: it tells how to load it, or has the remote error
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Takes the next result as [method@Map.next] does, in its wire form. For language bindings: an
 * item's own error is not this call's.
 *
 * Returns: (nullable) (transfer full): the result; %NULL without an error when the item failed:
 * then [method@Map.dup_failure] tells why
 *
 * Since: 1.0
 */
GBytes *
execnet_map_next_bytes (ExecnetMap *self,
                        gint timeout_ms,
                        guint64 *number,
                        ExecnetChannel **channel,
                        GCancellable *cancellable,
                        GError **error)
{
  ExecnetMapOutcome *outcome = NULL;

  g_return_val_if_fail (EXECNET_IS_MAP (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (channel != NULL)
    *channel = NULL;
  if (!wait_ready (self, timeout_ms, &outcome, cancellable, error))
    return NULL;
  return give_bytes (outcome, number, channel);
}

static void on_popped (GObject *queue, GAsyncResult *result, gpointer data);

/* Takes the task over. */
static void
advance (GTask *task)
{
  ExecnetMap *self = g_task_get_source_object (task);
  const gint64 *end = g_task_get_task_data (task);
  ExecnetMapOutcome *outcome = NULL;
  GError *error = NULL;
  gboolean waits;

  g_mutex_lock (&self->lock);
  waits = has_to_wait (self, &error);
  if (!waits)
    self->is_pending = FALSE;
  if (!waits && error == NULL)
    outcome = take (self);
  g_mutex_unlock (&self->lock);

  execnet_map_notify_progress (self);
  if (waits)
    {
      gint64 left = MAX (*end - g_get_monotonic_time (), 0) / G_TIME_SPAN_MILLISECOND;

      /* Who iterates a context need not have made it the thread's default one. */
      g_main_context_push_thread_default (g_task_get_context (task));
      execnet_receive_queue_pop_async (
          self->queue, *end < 0 ? -1 : (gint) left, g_task_get_cancellable (task), on_popped, task);
      g_main_context_pop_thread_default (g_task_get_context (task));
      return;
    }
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, outcome, execnet_map_outcome_free);
  g_object_unref (task);
}

static void
on_popped (GObject *queue, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  ExecnetMap *self = g_task_get_source_object (task);
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autoptr (GBytes) bytes = NULL;
  GError *error = NULL;
  gboolean is_popped = execnet_receive_queue_pop_bytes_finish (
      EXECNET_RECEIVE_QUEUE (queue), result, &channel, &bytes, &error);

  g_mutex_lock (&self->lock);
  if (is_popped)
    execnet_map_take_arrival (self, channel, bytes);
  else
    self->is_pending = FALSE;
  g_mutex_unlock (&self->lock);

  if (is_popped)
    advance (task);
  else
    {
      g_task_return_error (task, error);
      g_object_unref (task);
    }
}

/**
 * execnet_map_next_async:
 * @self: a map
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable; no result is lost by cancelling
 * @callback: (nullable) (scope async): called when there is a result
 * @user_data: given to @callback
 *
 * Takes the next result as [method@Map.next] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_map_next_async (ExecnetMap *self,
                        gint timeout_ms,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;
  gint64 *end = g_new (gint64, 1);
  gboolean has_begun;

  g_return_if_fail (EXECNET_IS_MAP (self));

  *end = timeout_ms < 0 ? -1 : g_get_monotonic_time () + timeout_ms * G_TIME_SPAN_MILLISECOND;
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_map_next_async);
  g_task_set_task_data (task, end, g_free);
  /* A result that is there must not be lost by cancelling. */
  g_task_set_check_cancellable (task, FALSE);
  g_mutex_lock (&self->lock);
  has_begun = begin (self, &error);
  g_mutex_unlock (&self->lock);
  if (has_begun)
    advance (g_steal_pointer (&task));
  else
    g_task_return_error (task, error);
}

/**
 * execnet_map_next_finish:
 * @self: a map
 * @result: what the callback got
 * @number: (out) (optional): return location for the number of the item, from 0
 * @error: return location for an error
 *
 * Gives what [method@Map.next_async] took.
 *
 * Returns: (transfer full): the result, as for [method@Map.next]
 *
 * Since: 1.0
 */
GVariant *
execnet_map_next_finish (ExecnetMap *self, GAsyncResult *result, guint64 *number, GError **error)
{
  ExecnetMapOutcome *outcome;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_map_next_async), NULL);

  outcome = g_task_propagate_pointer (G_TASK (result), error);
  return outcome != NULL ? give_item (outcome, number, error) : NULL;
}

/**
 * execnet_map_next_bytes_finish:
 * @self: a map
 * @result: what the callback got
 * @number: (out) (optional): return location for the number of the item, from 0
 * @channel: (out) (optional) (nullable) (transfer full): return location for the channel that the
 *   result came over: it tells how to load it, or has the remote error
 * @error: return location for an error
 *
 * Gives what [method@Map.next_async] took, in its wire form.
 *
 * Returns: (nullable) (transfer full): the result, as for [method@Map.next_bytes]
 *
 * Since: 1.0
 */
GBytes *
execnet_map_next_bytes_finish (ExecnetMap *self,
                               GAsyncResult *result,
                               guint64 *number,
                               ExecnetChannel **channel,
                               GError **error)
{
  ExecnetMapOutcome *outcome;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_map_next_async), NULL);

  if (channel != NULL)
    *channel = NULL;
  outcome = g_task_propagate_pointer (G_TASK (result), error);
  return outcome != NULL ? give_bytes (outcome, number, channel) : NULL;
}

/**
 * execnet_map_dup_failure:
 * @self: a map
 *
 * Gives the error of the item that was taken last, if it failed.
 *
 * Returns: (nullable) (transfer full): the error, as [method@Map.next] has it
 *
 * Since: 1.0
 */
GError *
execnet_map_dup_failure (ExecnetMap *self)
{
  GError *failure;

  g_return_val_if_fail (EXECNET_IS_MAP (self), NULL);

  g_mutex_lock (&self->lock);
  failure = self->failure != NULL ? g_error_copy (self->failure) : NULL;
  g_mutex_unlock (&self->lock);
  return failure;
}
