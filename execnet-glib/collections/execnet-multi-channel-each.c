/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is done with each channel: sending, receiving, waiting for its end. */

#include "config.h"

#include "collections/execnet-multi-channel-private.h"

#include "base/execnet-error.h"
#include "objects/execnet-channel-private.h"

/* The asynchronous calls start one of the channel's for each, and return when all have. */
typedef struct
{
  GPtrArray *channels;
  guint n_pending;
  GPtrArray *received; /* of GBytes, at the channel's place; NULL where none came */
  guint failed;        /* the place of the first channel that failed */
  GError *error;
} Round;

/* One of the calls of a round. */
typedef struct
{
  GTask *task; /* holds a reference */
  guint index;
} Call;

static void
bytes_unref (gpointer bytes)
{
  if (bytes != NULL)
    g_bytes_unref (bytes);
}

static void
round_free (gpointer data)
{
  Round *round = data;

  g_ptr_array_unref (round->channels);
  g_ptr_array_unref (round->received);
  g_clear_error (&round->error);
  g_free (round);
}

static Call *
call_new (GTask *task, guint index)
{
  Call *call = g_new (Call, 1);

  call->task = g_object_ref (task);
  call->index = index;
  return call;
}

static Round *
begin_round (ExecnetMultiChannel *self, GTask *task)
{
  Round *round = g_new0 (Round, 1);

  /* What was received must reach the caller, also when the cancellable was cancelled just after. */
  g_task_set_check_cancellable (task, FALSE);
  round->channels = g_ptr_array_ref (self->channels);
  round->n_pending = self->channels->len;
  round->received = g_ptr_array_new_with_free_func (bytes_unref);
  g_ptr_array_set_size (round->received, self->channels->len);
  g_task_set_task_data (task, round, round_free);
  return round;
}

/* What was received is there again, so that nothing is lost to a channel that failed. */
static void
give_back (GPtrArray *channels, GPtrArray *received)
{
  for (guint i = 0; i < received->len; i++)
    {
      GBytes *bytes = g_steal_pointer (&received->pdata[i]);

      if (bytes != NULL)
        execnet_channel_core_give_back (((ExecnetChannel *) channels->pdata[i])->core, bytes);
    }
}

static void
item_unref (gpointer item)
{
  g_variant_unref (item);
}

static GPtrArray *
decode_all (GPtrArray *channels, GPtrArray *received, GError **error)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (item_unref);

  for (guint i = 0; i < received->len; i++)
    {
      ExecnetChannelCore *core = ((ExecnetChannel *) channels->pdata[i])->core;
      ExecnetArrival *arrival = execnet_channel_core_new_arrival (core, received->pdata[i]);
      GVariant *item = execnet_channel_core_decode (core, arrival, error);

      if (item == NULL)
        return NULL;
      g_ptr_array_add (items, item);
    }
  return g_steal_pointer (&items);
}

/* TRUE when this was the last call of its round: then the task is the caller's. */
static gboolean
end_call (Call *call, GError *error, GTask **task)
{
  Round *round = g_task_get_task_data (call->task);

  if (error != NULL && (round->error == NULL || call->index < round->failed))
    {
      g_clear_error (&round->error);
      round->error = error;
      round->failed = call->index;
    }
  else
    g_clear_error (&error);
  *task = call->task;
  g_free (call);
  if (--round->n_pending == 0)
    return TRUE;
  g_object_unref (*task);
  return FALSE;
}

/* For rounds without a result; takes the task over. */
static void
return_done (GTask *task)
{
  Round *round = g_task_get_task_data (task);

  if (round->error != NULL)
    g_task_return_error (task, g_steal_pointer (&round->error));
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* Sending. */

/**
 * execnet_multi_channel_send_each:
 * @self: a multi-channel
 * @item: the item; a floating reference is consumed
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Sends an item over each channel, see [method@Channel.send]. A channel that fails ends it: those
 * behind it don't get the item.
 *
 * Returns: %TRUE when it was sent over all
 *
 * Since: 1.0
 */
gboolean
execnet_multi_channel_send_each (ExecnetMultiChannel *self,
                                 GVariant *item,
                                 GCancellable *cancellable,
                                 GError **error)
{
  g_autoptr (GVariant) sunk = NULL;

  g_return_val_if_fail (EXECNET_IS_MULTI_CHANNEL (self), FALSE);
  g_return_val_if_fail (item != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  sunk = g_variant_ref_sink (item);
  for (guint i = 0; i < self->channels->len; i++)
    {
      if (!execnet_channel_send (self->channels->pdata[i], sunk, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

static void
on_sent (GObject *channel, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;
  GTask *task;

  execnet_channel_send_finish (EXECNET_CHANNEL (channel), result, &error);
  if (end_call (data, error, &task))
    return_done (task);
}

/**
 * execnet_multi_channel_send_each_async:
 * @self: a multi-channel
 * @item: the item; a floating reference is consumed
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called when the item was sent
 * @user_data: given to @callback
 *
 * Sends an item over each channel, asynchronously, see [method@Channel.send_async]. A channel that
 * fails doesn't keep the others from getting it.
 *
 * Since: 1.0
 */
void
execnet_multi_channel_send_each_async (ExecnetMultiChannel *self,
                                       GVariant *item,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data)
{
  g_autoptr (GVariant) sunk = NULL;
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (EXECNET_IS_MULTI_CHANNEL (self));
  g_return_if_fail (item != NULL);

  sunk = g_variant_ref_sink (item);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_multi_channel_send_each_async);
  begin_round (self, task);
  if (self->channels->len == 0)
    return_done (g_steal_pointer (&task));
  for (guint i = 0; i < self->channels->len; i++)
    execnet_channel_send_async (self->channels->pdata[i],
                                sunk,
                                cancellable,
                                on_sent,
                                call_new (task, i));
}

/**
 * execnet_multi_channel_send_each_finish:
 * @self: a multi-channel
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@MultiChannel.send_each_async].
 *
 * Returns: %TRUE when the item was sent over all channels; %FALSE with the error of the first that
 *   failed
 *
 * Since: 1.0
 */
gboolean
execnet_multi_channel_send_each_finish (ExecnetMultiChannel *self,
                                        GAsyncResult *result,
                                        GError **error)
{
  g_return_val_if_fail (EXECNET_IS_MULTI_CHANNEL (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_multi_channel_send_each_async),
                        FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Receiving. */

static gint
get_time_left (gint timeout_ms, gint64 end)
{
  if (timeout_ms < 0)
    return -1;
  return MAX (end - g_get_monotonic_time (), 0) / G_TIME_SPAN_MILLISECOND;
}

/**
 * execnet_multi_channel_receive_each:
 * @self: a multi-channel
 * @timeout_ms: how long to wait for all, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Receives one item from each channel. Either all are received or, when one channel fails, none: then
 * the items of the others can still be received.
 *
 * Returns: (transfer container) (element-type GVariant): the items, in the order of the channels;
 *   %NULL with the error of the channel that failed, see [method@Channel.receive]
 *
 * Since: 1.0
 */
GPtrArray *
execnet_multi_channel_receive_each (ExecnetMultiChannel *self,
                                    gint timeout_ms,
                                    GCancellable *cancellable,
                                    GError **error)
{
  gint64 end = g_get_monotonic_time () + timeout_ms * G_TIME_SPAN_MILLISECOND;
  g_autoptr (GPtrArray) received = NULL;

  g_return_val_if_fail (EXECNET_IS_MULTI_CHANNEL (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  received = g_ptr_array_new_with_free_func (bytes_unref);
  for (guint i = 0; i < self->channels->len; i++)
    {
      GBytes *bytes = execnet_channel_receive_bytes (self->channels->pdata[i],
                                                     get_time_left (timeout_ms, end),
                                                     cancellable,
                                                     error);

      if (bytes == NULL)
        {
          give_back (self->channels, received);
          return NULL;
        }
      g_ptr_array_add (received, bytes);
    }
  return decode_all (self->channels, received, error);
}

/* Takes the task over. */
static void
return_received (GTask *task)
{
  Round *round = g_task_get_task_data (task);
  GPtrArray *items = NULL;

  if (round->error == NULL)
    items = decode_all (round->channels, round->received, &round->error);
  else
    give_back (round->channels, round->received);
  if (items != NULL)
    g_task_return_pointer (task, items, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, g_steal_pointer (&round->error));
  g_object_unref (task);
}

static void
on_received (GObject *channel, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  Round *round = g_task_get_task_data (call->task);
  GError *error = NULL;
  GTask *task;

  round->received->pdata[call->index]
      = execnet_channel_receive_bytes_finish (EXECNET_CHANNEL (channel), result, &error);
  if (end_call (call, error, &task))
    return_received (task);
}

/**
 * execnet_multi_channel_receive_each_async:
 * @self: a multi-channel
 * @timeout_ms: how long to wait for all, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called when there is an item of each
 * @user_data: given to @callback
 *
 * Receives as [method@MultiChannel.receive_each] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_multi_channel_receive_each_async (ExecnetMultiChannel *self,
                                          gint timeout_ms,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (EXECNET_IS_MULTI_CHANNEL (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_multi_channel_receive_each_async);
  begin_round (self, task);
  if (self->channels->len == 0)
    return_received (g_steal_pointer (&task));
  for (guint i = 0; i < self->channels->len; i++)
    execnet_channel_receive_bytes_async (self->channels->pdata[i],
                                         timeout_ms,
                                         cancellable,
                                         on_received,
                                         call_new (task, i));
}

/**
 * execnet_multi_channel_receive_each_finish:
 * @self: a multi-channel
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@MultiChannel.receive_each_async].
 *
 * Returns: (transfer container) (element-type GVariant): as for [method@MultiChannel.receive_each]
 *
 * Since: 1.0
 */
GPtrArray *
execnet_multi_channel_receive_each_finish (ExecnetMultiChannel *self,
                                           GAsyncResult *result,
                                           GError **error)
{
  g_return_val_if_fail (EXECNET_IS_MULTI_CHANNEL (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_multi_channel_receive_each_async),
                        NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* The end. */

/**
 * execnet_multi_channel_wait_close:
 * @self: a multi-channel
 * @timeout_ms: how long to wait for all, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Waits until all channels are closed, see [method@Channel.wait_close]. Only then it gives the first
 * error, in the order of the channels; all are marked as reported. When the time is up or the wait
 * is cancelled, none is.
 *
 * Returns: %TRUE when all were closed without an error
 *
 * Since: 1.0
 */
gboolean
execnet_multi_channel_wait_close (ExecnetMultiChannel *self,
                                  gint timeout_ms,
                                  GCancellable *cancellable,
                                  GError **error)
{
  gint64 end = g_get_monotonic_time () + timeout_ms * G_TIME_SPAN_MILLISECOND;
  gboolean has_failed = FALSE;

  g_return_val_if_fail (EXECNET_IS_MULTI_CHANNEL (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  for (guint i = 0; i < self->channels->len; i++)
    {
      ExecnetChannel *channel = self->channels->pdata[i];
      gint left = get_time_left (timeout_ms, end);

      if (execnet_channel_wait_closed (channel, left, cancellable) != EXECNET_WAIT_READY)
        return execnet_channel_wait_close (channel, 0, cancellable, error);
    }
  for (guint i = 0; i < self->channels->len; i++)
    {
      if (!execnet_channel_wait_close (self->channels->pdata[i],
                                       -1,
                                       NULL,
                                       has_failed ? NULL : error))
        has_failed = TRUE;
    }
  return !has_failed;
}

static void
on_closed (GObject *channel, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;
  GTask *task;

  execnet_channel_wait_close_finish (EXECNET_CHANNEL (channel), result, &error);
  if (end_call (data, error, &task))
    return_done (task);
}

/**
 * execnet_multi_channel_wait_close_async:
 * @self: a multi-channel
 * @timeout_ms: how long to wait for all, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called when all channels are closed
 * @user_data: given to @callback
 *
 * Waits as [method@MultiChannel.wait_close] does, asynchronously. The errors of channels that have
 * closed are reported also when the time is up for others.
 *
 * Since: 1.0
 */
void
execnet_multi_channel_wait_close_async (ExecnetMultiChannel *self,
                                        gint timeout_ms,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (EXECNET_IS_MULTI_CHANNEL (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_multi_channel_wait_close_async);
  begin_round (self, task);
  if (self->channels->len == 0)
    return_done (g_steal_pointer (&task));
  for (guint i = 0; i < self->channels->len; i++)
    execnet_channel_wait_close_async (self->channels->pdata[i],
                                      timeout_ms,
                                      cancellable,
                                      on_closed,
                                      call_new (task, i));
}

/**
 * execnet_multi_channel_wait_close_finish:
 * @self: a multi-channel
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@MultiChannel.wait_close_async].
 *
 * Returns: as for [method@MultiChannel.wait_close]
 *
 * Since: 1.0
 */
gboolean
execnet_multi_channel_wait_close_finish (ExecnetMultiChannel *self,
                                         GAsyncResult *result,
                                         GError **error)
{
  g_return_val_if_fail (EXECNET_IS_MULTI_CHANNEL (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_multi_channel_wait_close_async),
                        FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
