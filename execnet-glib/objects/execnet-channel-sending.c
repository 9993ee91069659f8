/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "objects/execnet-channel-private.h"

#include "base/execnet-error.h"
#include "data/execnet-item-private.h"

#include <glib/gi18n-lib.h>

/* Whether an item may name the channel. */
static gboolean
is_live_channel (gint32 id, gpointer user_data)
{
  ExecnetGatewayCore *gateway = user_data;
  ExecnetChannelCore *channel;
  gboolean is_live;

  g_mutex_lock (&gateway->lock);
  channel = execnet_channel_core_lookup (gateway, id);
  is_live = channel != NULL && channel->state != EXECNET_CHANNEL_CLOSED;
  g_mutex_unlock (&gateway->lock);
  return is_live;
}

/* An item on its way: its wire form, or only its content. */
typedef struct
{
  GBytes *bytes;
  gboolean is_content;
} Outgoing;

static void
outgoing_clear (Outgoing *outgoing)
{
  g_clear_pointer (&outgoing->bytes, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outgoing, outgoing_clear)

static gboolean
encode (ExecnetChannel *self, GVariant *item, Outgoing *outgoing, GError **error)
{
  if (!execnet_channel_check_core (self, error))
    return FALSE;
  outgoing->bytes = execnet_item_get_content (item);
  outgoing->is_content = outgoing->bytes != NULL;
  if (!outgoing->is_content)
    outgoing->bytes = execnet_item_write_bytes (EXECNET_ITEM_FORM_OPCODES,
                                                item,
                                                is_live_channel,
                                                self->core->gateway,
                                                error);
  return outgoing->bytes != NULL;
}

/* How an item finds the credit that the other side has given. */
typedef enum
{
  ONLY_WITH_CREDIT, /* else it is not sent, with the error WOULD_BLOCK */
  ANYWAY,
} Credit;

/* The size of an item on its way. */
static gsize
wire_size (const Outgoing *outgoing)
{
  return g_bytes_get_size (outgoing->bytes)
         + (outgoing->is_content ? EXECNET_CONTENT_HEAD_SIZE + EXECNET_CONTENT_TAIL_SIZE : 0);
}

/* Checks that something can be sent, and counts the size, 0 for nothing, as sent. `position` is what
 * was sent before. */
static gboolean
check_open (ExecnetChannel *self, gsize size, Credit credit, guint64 *position, GError **error)
{
  ExecnetChannelCore *core = self->core;
  gboolean is_closed, is_full;

  if (!execnet_channel_check_core (self, error))
    return FALSE;
  if (execnet_gateway_core_is_foreign (core->gateway))
    {
      g_propagate_error (error, execnet_gateway_core_dup_error (core->gateway));
      return FALSE;
    }
  g_mutex_lock (&core->gateway->lock);
  is_closed = core->state == EXECNET_CHANNEL_CLOSED;
  is_full = credit == ONLY_WITH_CREDIT && execnet_channel_core_is_full (core);
  if (position != NULL)
    *position = core->n_sent;
  if (!is_full)
    execnet_channel_core_charge (core, size);
  if (is_closed && core->end_error != NULL)
    g_propagate_error (error, g_error_copy (core->end_error));
  else if (is_closed)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_CLOSED,
                 _ ("The channel %d is closed: nothing can be sent over it."),
                 core->id);
  else if (is_full)
    g_set_error (error,
                 G_IO_ERROR,
                 G_IO_ERROR_WOULD_BLOCK,
                 _ ("The other side takes no more items of the channel %d for now."),
                 core->id);
  g_mutex_unlock (&core->gateway->lock);
  return !is_closed && !is_full;
}

static gboolean
queue (ExecnetChannel *self,
       const Outgoing *outgoing,
       Credit credit,
       guint64 *position,
       GError **error)
{
  ExecnetChannelCore *core = self->core;

  if (g_bytes_get_size (outgoing->bytes) > EXECNET_MESSAGE_MAX_PAYLOAD)
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_TOO_LARGE,
                   _ ("An item of %" G_GSIZE_FORMAT " bytes is too large: a message holds at most %d."),
                   g_bytes_get_size (outgoing->bytes),
                   EXECNET_MESSAGE_MAX_PAYLOAD);
      return FALSE;
    }
  if (!check_open (self, wire_size (outgoing), credit, position, error))
    return FALSE;
  if (outgoing->is_content)
    return execnet_gateway_core_send_content (core->gateway, core->id, outgoing->bytes, error);
  return execnet_gateway_core_send (core->gateway,
                                    EXECNET_MESSAGE_CHANNEL_DATA,
                                    core->id,
                                    outgoing->bytes,
                                    error);
}

/**
 * execnet_channel_queue_bytes:
 * @self: a channel
 * @bytes: an item in its wire form
 * @error: return location for an error
 *
 * Queues an item without ever waiting, however much is queued already. For language bindings, which
 * wait in [method@Channel.wait_sent] instead.
 *
 * The bytes must be one item as [func@dumps] writes it, without the first byte (the version). They
 * are not looked at here: the other side refuses what is no item.
 *
 * Returns: %TRUE when it is queued; %FALSE with %EXECNET_ERROR_CLOSED or %EXECNET_ERROR_DIED, or with
 *   %G_IO_ERROR_WOULD_BLOCK when the other side takes no more for now, see
 *   [method@Channel.wait_sendable]
 *
 * Since: 1.0
 */
gboolean
execnet_channel_queue_bytes (ExecnetChannel *self, GBytes *bytes, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return queue (self, &(Outgoing){ bytes, FALSE }, ONLY_WITH_CREDIT, NULL, error);
}

/**
 * execnet_channel_wait_sendable:
 * @self: a channel
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 *
 * Waits while the other side takes no more items of this channel, see
 * [property@Channel:receive-limit]. For language bindings, which wait here when
 * [method@Channel.queue_bytes] fails with %G_IO_ERROR_WOULD_BLOCK.
 *
 * Returns: %EXECNET_WAIT_READY when an item can be sent (if no other thread is faster);
 *   %EXECNET_WAIT_TIMED_OUT; %EXECNET_WAIT_INTERRUPTED; %EXECNET_WAIT_ERROR when the channel is
 *   closed
 *
 * Since: 1.0
 */
ExecnetWaitResult
execnet_channel_wait_sendable (ExecnetChannel *self, gint timeout_ms, GCancellable *cancellable)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), EXECNET_WAIT_ERROR);

  if (self->core == NULL)
    return EXECNET_WAIT_ERROR;
  return execnet_channel_core_wait_sendable (self->core, timeout_ms, cancellable);
}

/**
 * execnet_channel_wait_sent:
 * @self: a channel
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 *
 * Waits until the operating system has taken everything that was sent over the channel's gateway
 * before: from then on it arrives also when this process ends.
 *
 * Returns: %EXECNET_WAIT_READY; %EXECNET_WAIT_TIMED_OUT; %EXECNET_WAIT_INTERRUPTED;
 *   %EXECNET_WAIT_ERROR when the other side takes no more
 *
 * Since: 1.0
 */
ExecnetWaitResult
execnet_channel_wait_sent (ExecnetChannel *self, gint timeout_ms, GCancellable *cancellable)
{
  g_autoptr (ExecnetConnection) connection = NULL;
  gboolean is_broken;

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), EXECNET_WAIT_ERROR);

  if (self->core == NULL)
    return EXECNET_WAIT_ERROR;
  connection = execnet_gateway_core_get_connection (self->core->gateway, NULL);
  if (connection == NULL)
    return EXECNET_WAIT_ERROR;
  if (execnet_connection_wait_sent (connection, timeout_ms, cancellable, &is_broken))
    return EXECNET_WAIT_READY;
  if (is_broken)
    return EXECNET_WAIT_ERROR;
  return g_cancellable_is_cancelled (cancellable) ? EXECNET_WAIT_INTERRUPTED : EXECNET_WAIT_TIMED_OUT;
}

static gboolean
queue_when_room (ExecnetChannel *self,
                 const Outgoing *outgoing,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (ExecnetConnection) connection = NULL;
  g_autoptr (GError) reason = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, error)
      || !check_open (self, 0, ANYWAY, NULL, error))
    return FALSE;
  connection = execnet_gateway_core_get_connection (self->core->gateway, error);
  if (connection == NULL || !execnet_connection_wait_room (connection, -1, cancellable, error))
    return FALSE;

  while (!queue (self, outgoing, ONLY_WITH_CREDIT, NULL, &reason))
    {
      if (!g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&reason));
          return FALSE;
        }
      g_clear_error (&reason);
      if (execnet_channel_core_wait_sendable (self->core, -1, cancellable) == EXECNET_WAIT_INTERRUPTED)
        return !g_cancellable_set_error_if_cancelled (cancellable, error);
    }
  return TRUE;
}

gboolean
execnet_channel_send_content (ExecnetChannel *self,
                              GBytes *content,
                              GCancellable *cancellable,
                              GError **error)
{
  return queue_when_room (self, &(Outgoing){ content, TRUE }, cancellable, error);
}

gboolean
execnet_channel_queue_content (ExecnetChannel *self, GBytes *content, GError **error)
{
  return queue (self, &(Outgoing){ content, TRUE }, ONLY_WITH_CREDIT, NULL, error);
}

/**
 * execnet_channel_send_bytes:
 * @self: a channel
 * @bytes: an item in its wire form, see [method@Channel.queue_bytes]
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Sends an item that is in its wire form already; else as [method@Channel.send].
 *
 * Returns: %TRUE when it is queued
 *
 * Since: 1.0
 */
gboolean
execnet_channel_send_bytes (ExecnetChannel *self,
                            GBytes *bytes,
                            GCancellable *cancellable,
                            GError **error)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (bytes != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return queue_when_room (self, &(Outgoing){ bytes, FALSE }, cancellable, error);
}

/**
 * execnet_channel_send:
 * @self: a channel
 * @item: the item; a floating reference is consumed
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Sends an item. It is queued, and the call returns; only while more than 1 MiB waits to be taken
 * by the other side, or as much of this channel waits there as it wants, it waits first.
 *
 * Returns: %TRUE when it is queued; else %FALSE with %EXECNET_ERROR_UNSUPPORTED_TYPE when the item
 *   holds something that can't be sent (the message says where), %EXECNET_ERROR_CLOSED when the
 *   channel is closed, or %EXECNET_ERROR_DIED when the gateway died
 *
 * Since: 1.0
 */
gboolean
execnet_channel_send (ExecnetChannel *self,
                      GVariant *item,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (GVariant) sunk = NULL;
  g_auto (Outgoing) outgoing = { 0 };

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (item != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  sunk = g_variant_ref_sink (item);
  return encode (self, sunk, &outgoing, error)
         && queue_when_room (self, &outgoing, cancellable, error);
}

/* In the task's context. A wait for room that was cancelled does not take the item back; only the
 * end of the gateway loses it. */
static void
return_queued (GTask *task, gpointer result, GError *error)
{
  ExecnetChannel *self = g_task_get_source_object (task);
  GError *reason = NULL;

  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    execnet_gateway_core_set_broken_error (self->core->gateway, &reason);
  g_clear_error (&error);
  if (reason != NULL)
    g_task_return_error (task, reason);
  else
    g_task_return_boolean (task, TRUE);
}

/* Takes the task over, for an item that is queued. */
static void
wait_for_room (ExecnetChannel *self, GTask *task)
{
  g_autoptr (GTask) owned = task;
  ExecnetConnection *connection;
  ExecnetPending *pending;

  connection = execnet_gateway_core_get_connection (self->core->gateway, NULL);
  if (connection == NULL || execnet_connection_has_room (connection))
    {
      g_clear_pointer (&connection, execnet_connection_unref);
      g_task_return_boolean (task, TRUE);
      return;
    }
  pending = execnet_pending_new (g_steal_pointer (&owned),
                                 return_queued,
                                 execnet_connection_get_lock (connection),
                                 connection,
                                 (GDestroyNotify) execnet_connection_unref);
  execnet_pending_watch (pending, -1, NULL);
  execnet_connection_wait_room_async (connection, pending);
}

/* In the task's context: the item has its credit, or its channel is closed. */
static void
go_on_with_credit (GTask *task, gpointer result, GError *error)
{
  if (error == NULL)
    wait_for_room (g_task_get_source_object (task), g_object_ref (task));
  else
    return_queued (task, result, error);
}

/* Takes the task over. The item takes its place at once, so that nothing that is sent or closed later
 * overtakes it; what waits for credit and room is the caller. */
static void
send_async (ExecnetChannel *self, GTask *task, const Outgoing *outgoing)
{
  g_autoptr (GTask) owned = task;
  GError *error = NULL;
  guint64 position;

  if (g_task_return_error_if_cancelled (task))
    return;
  g_task_set_check_cancellable (task, FALSE);
  if (!queue (self, outgoing, ANYWAY, &position, &error))
    g_task_return_error (task, error);
  else if (execnet_channel_core_wait_credit_async (self->core, position, task, go_on_with_credit))
    g_steal_pointer (&owned);
  else
    wait_for_room (self, g_steal_pointer (&owned));
}

/**
 * execnet_channel_send_async:
 * @self: a channel
 * @item: the item; a floating reference is consumed
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called when the item is queued, less than 1 MiB waits, and the
 *   other side wants the item
 * @user_data: given to @callback
 *
 * Sends as [method@Channel.send] does, asynchronously. The item takes its place in the order of all
 * calls at once: nothing that is sent, and no close, overtakes it. Wait for the callback before the
 * next call to keep the memory bounded, here and on the other side. Cancelling ends the wait, and does not take the item back.
 *
 * Since: 1.0
 */
void
execnet_channel_send_async (ExecnetChannel *self,
                            GVariant *item,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GVariant) sunk = NULL;
  g_autoptr (GTask) task = NULL;
  g_auto (Outgoing) outgoing = { 0 };
  GError *error = NULL;

  g_return_if_fail (EXECNET_IS_CHANNEL (self));
  g_return_if_fail (item != NULL);

  sunk = g_variant_ref_sink (item);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_channel_send_async);
  if (!encode (self, sunk, &outgoing, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  send_async (self, g_steal_pointer (&task), &outgoing);
}

/**
 * execnet_channel_send_finish:
 * @self: a channel
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Channel.send_async].
 *
 * Returns: as for [method@Channel.send]
 *
 * Since: 1.0
 */
gboolean
execnet_channel_send_finish (ExecnetChannel *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_channel_send_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * execnet_channel_send_bytes_async:
 * @self: a channel
 * @bytes: an item in its wire form, see [method@Channel.queue_bytes]
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called when the item is queued
 * @user_data: given to @callback
 *
 * Sends as [method@Channel.send_bytes] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_channel_send_bytes_async (ExecnetChannel *self,
                                  GBytes *bytes,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GTask *task;

  g_return_if_fail (EXECNET_IS_CHANNEL (self));
  g_return_if_fail (bytes != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_channel_send_bytes_async);
  send_async (self, task, &(Outgoing){ bytes, FALSE });
}

/**
 * execnet_channel_send_bytes_finish:
 * @self: a channel
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Channel.send_bytes_async].
 *
 * Returns: as for [method@Channel.send_bytes]
 *
 * Since: 1.0
 */
gboolean
execnet_channel_send_bytes_finish (ExecnetChannel *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_channel_send_bytes_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
