/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "collections/execnet-receive-queue.h"

#include "base/execnet-error.h"
#include "engine/execnet-arrival-queue-private.h"
#include "engine/execnet-fork-private.h"
#include "objects/execnet-channel-private.h"

#include <glib/gi18n-lib.h>

struct _ExecnetReceiveQueue
{
  GObject parent_instance;
  ExecnetArrivalQueue *queue; /* holds a reference */
  gboolean end_markers;
  guint generation; /* of the process that made it */

  GMutex lock;
  GHashTable *channels; /* lock; core to ExecnetChannel, which is kept until its end was taken */
};

/**
 * ExecnetReceiveQueue:
 *
 * What arrives over several channels, in the order of its coming, with the channel.
 *
 * [method@MultiChannel.make_receive_queue] makes one for all channels of a multi-channel; one that
 * was made with [ctor@ReceiveQueue.new] takes channels at any time. While a channel's items go to a
 * queue, they can't be received otherwise. The queue keeps its channels alive.
 *
 * Thread: methods may be called from any thread, and several threads may take items.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (ExecnetReceiveQueue, execnet_receive_queue, G_TYPE_OBJECT)

static void
execnet_receive_queue_dispose (GObject *object)
{
  ExecnetReceiveQueue *self = EXECNET_RECEIVE_QUEUE (object);

  execnet_arrival_queue_abandon (self->queue);
  g_hash_table_remove_all (self->channels);

  G_OBJECT_CLASS (execnet_receive_queue_parent_class)->dispose (object);
}

static void
execnet_receive_queue_finalize (GObject *object)
{
  ExecnetReceiveQueue *self = EXECNET_RECEIVE_QUEUE (object);

  g_hash_table_unref (self->channels);
  execnet_arrival_queue_unref (self->queue);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (execnet_receive_queue_parent_class)->finalize (object);
}

static void
execnet_receive_queue_class_init (ExecnetReceiveQueueClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = execnet_receive_queue_dispose;
  object_class->finalize = execnet_receive_queue_finalize;
}

static void
execnet_receive_queue_init (ExecnetReceiveQueue *self)
{
  g_mutex_init (&self->lock);
  self->channels = g_hash_table_new_full (NULL, NULL, NULL, g_object_unref);
  self->generation = execnet_fork_get_generation ();
  self->queue = execnet_arrival_queue_new (FALSE);
}

/**
 * execnet_receive_queue_new:
 * @end_markers: whether there is an end marker for each channel, behind its last item
 *
 * Makes a queue without channels.
 *
 * Returns: (transfer full): the queue
 *
 * Since: 1.0
 */
ExecnetReceiveQueue *
execnet_receive_queue_new (gboolean end_markers)
{
  ExecnetReceiveQueue *self = g_object_new (EXECNET_TYPE_RECEIVE_QUEUE, NULL);

  if (end_markers)
    {
      execnet_arrival_queue_unref (self->queue);
      self->queue = execnet_arrival_queue_new (TRUE);
      self->end_markers = TRUE;
    }
  return self;
}

static gboolean
check_process (ExecnetReceiveQueue *self, GError **error)
{
  if (self->generation == execnet_fork_get_generation ())
    return TRUE;
  g_set_error_literal (error,
                       EXECNET_ERROR,
                       EXECNET_ERROR_CLOSED,
                       _ ("This queue belongs to the process that made it, not to its fork."));
  return FALSE;
}

/**
 * execnet_receive_queue_add:
 * @self: a queue
 * @channel: a channel
 * @error: return location for an error
 *
 * Sends what arrives over a channel, and what waits there already, to the queue.
 *
 * Returns: %TRUE; %FALSE with %EXECNET_ERROR_HAS_HANDLER when the items go to a callback, a signal
 *   handler or a queue already
 *
 * Since: 1.0
 */
gboolean
execnet_receive_queue_add (ExecnetReceiveQueue *self, ExecnetChannel *channel, GError **error)
{
  gboolean was_there;

  g_return_val_if_fail (EXECNET_IS_RECEIVE_QUEUE (self), FALSE);
  g_return_val_if_fail (EXECNET_IS_CHANNEL (channel), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!check_process (self, error) || !execnet_channel_check_receivable (channel, error))
    return FALSE;
  /* Before its first item can be taken. */
  g_mutex_lock (&self->lock);
  was_there = !g_hash_table_insert (self->channels, channel->core, g_object_ref (channel));
  g_mutex_unlock (&self->lock);
  if (execnet_channel_core_set_queue (channel->core, self->queue, error))
    return TRUE;
  g_mutex_lock (&self->lock);
  if (!was_there)
    g_hash_table_remove (self->channels, channel->core);
  g_mutex_unlock (&self->lock);
  return FALSE;
}

/**
 * execnet_receive_queue_get_length:
 * @self: a queue
 *
 * Counts the items and end markers that can be taken now.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
execnet_receive_queue_get_length (ExecnetReceiveQueue *self)
{
  g_return_val_if_fail (EXECNET_IS_RECEIVE_QUEUE (self), 0);

  return check_process (self, NULL) ? execnet_arrival_queue_get_length (self->queue) : 0;
}

/**
 * execnet_receive_queue_wait:
 * @self: a queue
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 *
 * Waits until there is an item or an end marker, or none will come; takes nothing. For language
 * bindings, whose interpreters must look after signals meanwhile.
 *
 * Returns: %EXECNET_WAIT_READY; %EXECNET_WAIT_END when all channels have ended and everything was
 *   taken; %EXECNET_WAIT_TIMED_OUT; %EXECNET_WAIT_INTERRUPTED when cancelled; %EXECNET_WAIT_ERROR in
 *   a fork of the process that made the queue
 *
 * Since: 1.0
 */
ExecnetWaitResult
execnet_receive_queue_wait (ExecnetReceiveQueue *self, gint timeout_ms, GCancellable *cancellable)
{
  g_return_val_if_fail (EXECNET_IS_RECEIVE_QUEUE (self), EXECNET_WAIT_ERROR);

  if (!check_process (self, NULL))
    return EXECNET_WAIT_ERROR;
  return execnet_arrival_queue_wait (self->queue, timeout_ms, cancellable);
}

/* What was taken. */
typedef struct
{
  ExecnetChannel *channel; /* holds a reference */
  ExecnetArrival *arrival; /* NULL for an end marker */
} Taken;

static void
taken_free (gpointer data)
{
  Taken *taken = data;

  g_clear_object (&taken->channel);
  g_clear_pointer (&taken->arrival, execnet_arrival_free);
  g_free (taken);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Taken, taken_free)

/* Takes the turn over. NULL when its item was dropped, because the channel broke. */
static Taken *
take (ExecnetReceiveQueue *self, ExecnetTurn *turn)
{
  g_autoptr (ExecnetTurn) owned = turn;
  ExecnetArrival *arrival = execnet_turn_take_arrival (turn);
  Taken *taken;

  if (arrival == NULL && !turn->is_end)
    return NULL;
  taken = g_new0 (Taken, 1);
  taken->arrival = arrival;
  g_mutex_lock (&self->lock);
  taken->channel = g_object_ref (g_hash_table_lookup (self->channels, turn->channel));
  /* Nothing comes behind its end; what was taken holds the channel now. */
  if (turn->is_end)
    g_hash_table_remove (self->channels, turn->channel);
  g_mutex_unlock (&self->lock);
  return taken;
}

static Taken *
try_take (ExecnetReceiveQueue *self, GError **error)
{
  ExecnetTurn *turn;
  Taken *taken = NULL;

  if (!check_process (self, error))
    return NULL;
  while (taken == NULL && (turn = execnet_arrival_queue_try_pop (self->queue, error)) != NULL)
    taken = take (self, turn);
  return taken;
}

/* Waits, unlike the above. */
static Taken *
wait_and_take (ExecnetReceiveQueue *self,
               gint timeout_ms,
               GCancellable *cancellable,
               GError **error)
{
  gint64 end = g_get_monotonic_time () + timeout_ms * G_TIME_SPAN_MILLISECOND;
  Taken *taken = NULL;
  GError *reason = NULL;

  while (taken == NULL && reason == NULL)
    {
      gint64 left = MAX (end - g_get_monotonic_time (), 0) / G_TIME_SPAN_MILLISECOND;

      switch (execnet_receive_queue_wait (self, timeout_ms < 0 ? -1 : (gint) left, cancellable))
        {
        case EXECNET_WAIT_TIMED_OUT:
          reason = g_error_new_literal (EXECNET_ERROR,
                                        EXECNET_ERROR_TIMED_OUT,
                                        _ ("No item came in time."));
          break;
        case EXECNET_WAIT_INTERRUPTED:
          g_cancellable_set_error_if_cancelled (cancellable, &reason);
          break;
        case EXECNET_WAIT_READY:
        case EXECNET_WAIT_END:
        case EXECNET_WAIT_ERROR:
          /* Another thread may be faster. */
          taken = try_take (self, &reason);
          break;
        }
    }
  if (reason != NULL)
    g_propagate_error (error, reason);
  return taken;
}

/* Gives what was taken (NULL: nothing, with the error set already) to the caller. An item that is none
 * closes its channel. */
static gboolean
give_item (Taken *taken, ExecnetChannel **channel, GVariant **item, GError **error)
{
  g_autoptr (Taken) owned = taken;
  g_autoptr (GVariant) value = NULL;

  if (taken == NULL)
    return FALSE;
  if (taken->arrival != NULL)
    {
      value = execnet_channel_core_decode (taken->channel->core,
                                           g_steal_pointer (&taken->arrival),
                                           error);
      if (value == NULL)
        return FALSE;
    }
  if (channel != NULL)
    *channel = g_steal_pointer (&taken->channel);
  if (item != NULL)
    *item = g_steal_pointer (&value);
  return TRUE;
}

static gboolean
give_bytes (Taken *taken, ExecnetChannel **channel, GBytes **bytes)
{
  g_autoptr (Taken) owned = taken;

  if (taken == NULL)
    return FALSE;
  if (channel != NULL)
    *channel = g_steal_pointer (&taken->channel);
  if (bytes != NULL)
    *bytes = taken->arrival != NULL ? g_bytes_ref (taken->arrival->bytes) : NULL;
  return TRUE;
}

static void
clear (ExecnetChannel **channel, gpointer *item)
{
  if (channel != NULL)
    *channel = NULL;
  if (item != NULL)
    *item = NULL;
}

/**
 * execnet_receive_queue_try_pop:
 * @self: a queue
 * @channel: (out) (optional) (nullable) (transfer full): return location for the channel
 * @item: (out) (optional) (nullable) (transfer full): return location for the item; %NULL is the end
 *   marker of @channel, over which nothing more will come
 * @error: return location for an error
 *
 * Takes the next item if there is one now.
 *
 * Returns: %TRUE when something was taken; %FALSE without an error when nothing is there now, and
 *   with an error as for [method@ReceiveQueue.pop]
 *
 * Since: 1.0
 */
gboolean
execnet_receive_queue_try_pop (ExecnetReceiveQueue *self,
                               ExecnetChannel **channel,
                               GVariant **item,
                               GError **error)
{
  g_return_val_if_fail (EXECNET_IS_RECEIVE_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  clear (channel, (gpointer *) item);
  return give_item (try_take (self, error), channel, item, error);
}

/**
 * execnet_receive_queue_try_pop_bytes:
 * @self: a queue
 * @channel: (out) (optional) (nullable) (transfer full): return location for the channel
 * @bytes: (out) (optional) (nullable) (transfer full): return location for the item in its wire
 *   form, see [method@Channel.receive_bytes]; %NULL is the end marker of @channel
 * @error: return location for an error
 *
 * Takes the next item as [method@ReceiveQueue.try_pop] does, as bytes.
 *
 * Returns: as for [method@ReceiveQueue.try_pop]
 *
 * Since: 1.0
 */
gboolean
execnet_receive_queue_try_pop_bytes (ExecnetReceiveQueue *self,
                                     ExecnetChannel **channel,
                                     GBytes **bytes,
                                     GError **error)
{
  g_return_val_if_fail (EXECNET_IS_RECEIVE_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  clear (channel, (gpointer *) bytes);
  return give_bytes (try_take (self, error), channel, bytes);
}

/**
 * execnet_receive_queue_pop:
 * @self: a queue
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @channel: (out) (optional) (nullable) (transfer full): return location for the channel
 * @item: (out) (optional) (nullable) (transfer full): return location for the item; %NULL is the end
 *   marker of @channel, over which nothing more will come
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Waits for the next item and takes it. The thread's main loop does not run meanwhile.
 *
 * There is one end marker for each channel, when the queue was made with them, whichever way the
 * channel ended: [method@Channel.get_remote_error] and [property@Gateway:error] tell why.
 *
 * Returns: %TRUE when something was taken; %FALSE with %EXECNET_ERROR_TIMED_OUT,
 *   %EXECNET_ERROR_END when all channels have ended and everything was taken,
 *   %EXECNET_ERROR_DATA_FORMAT when what came is no item (then its channel is closed with that
 *   error), or when cancelled
 *
 * Since: 1.0
 */
gboolean
execnet_receive_queue_pop (ExecnetReceiveQueue *self,
                           gint timeout_ms,
                           ExecnetChannel **channel,
                           GVariant **item,
                           GCancellable *cancellable,
                           GError **error)
{
  g_return_val_if_fail (EXECNET_IS_RECEIVE_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  clear (channel, (gpointer *) item);
  return give_item (wait_and_take (self, timeout_ms, cancellable, error), channel, item, error);
}

/**
 * execnet_receive_queue_pop_bytes:
 * @self: a queue
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @channel: (out) (optional) (nullable) (transfer full): return location for the channel
 * @bytes: (out) (optional) (nullable) (transfer full): return location for the item in its wire
 *   form, see [method@Channel.receive_bytes]; %NULL is the end marker of @channel
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Waits for the next item as [method@ReceiveQueue.pop] does, and takes it as bytes.
 *
 * Returns: as for [method@ReceiveQueue.pop]
 *
 * Since: 1.0
 */
gboolean
execnet_receive_queue_pop_bytes (ExecnetReceiveQueue *self,
                                 gint timeout_ms,
                                 ExecnetChannel **channel,
                                 GBytes **bytes,
                                 GCancellable *cancellable,
                                 GError **error)
{
  g_return_val_if_fail (EXECNET_IS_RECEIVE_QUEUE (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  clear (channel, (gpointer *) bytes);
  return give_bytes (wait_and_take (self, timeout_ms, cancellable, error), channel, bytes);
}

/* In the task's context. */
static void
return_taken (GTask *task, gpointer turn, GError *error)
{
  ExecnetReceiveQueue *self = g_task_get_source_object (task);
  Taken *taken;

  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  taken = take (self, turn);
  if (taken != NULL)
    g_task_return_pointer (task, taken, taken_free);
  else
    execnet_arrival_queue_pop_async (self->queue,
                                     GPOINTER_TO_INT (g_task_get_task_data (task)),
                                     g_object_ref (task),
                                     return_taken);
}

/**
 * execnet_receive_queue_pop_async:
 * @self: a queue
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable; no item is lost by cancelling
 * @callback: (nullable) (scope async): called when there is an item
 * @user_data: given to @callback
 *
 * Takes the next item as [method@ReceiveQueue.pop] does, asynchronously. Several calls may be
 * pending: each gets an item, in their order.
 *
 * Since: 1.0
 */
void
execnet_receive_queue_pop_async (ExecnetReceiveQueue *self,
                                 gint timeout_ms,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (EXECNET_IS_RECEIVE_QUEUE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_receive_queue_pop_async);
  g_task_set_task_data (task, GINT_TO_POINTER (timeout_ms), NULL);
  if (check_process (self, &error))
    execnet_arrival_queue_pop_async (self->queue, timeout_ms, g_steal_pointer (&task), return_taken);
  else
    g_task_return_error (task, error);
}

static Taken *
finish (ExecnetReceiveQueue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_receive_queue_pop_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * execnet_receive_queue_pop_finish:
 * @self: a queue
 * @result: what the callback was given
 * @channel: (out) (optional) (nullable) (transfer full): return location for the channel
 * @item: (out) (optional) (nullable) (transfer full): return location for the item; %NULL is the end
 *   marker of @channel
 * @error: return location for an error
 *
 * Finishes [method@ReceiveQueue.pop_async].
 *
 * Returns: as for [method@ReceiveQueue.pop]
 *
 * Since: 1.0
 */
gboolean
execnet_receive_queue_pop_finish (ExecnetReceiveQueue *self,
                                  GAsyncResult *result,
                                  ExecnetChannel **channel,
                                  GVariant **item,
                                  GError **error)
{
  g_return_val_if_fail (EXECNET_IS_RECEIVE_QUEUE (self), FALSE);

  clear (channel, (gpointer *) item);
  return give_item (finish (self, result, error), channel, item, error);
}

/**
 * execnet_receive_queue_pop_bytes_finish:
 * @self: a queue
 * @result: what the callback was given
 * @channel: (out) (optional) (nullable) (transfer full): return location for the channel
 * @bytes: (out) (optional) (nullable) (transfer full): return location for the item in its wire
 *   form, see [method@Channel.receive_bytes]; %NULL is the end marker of @channel
 * @error: return location for an error
 *
 * Finishes [method@ReceiveQueue.pop_async], with the item as bytes.
 *
 * Returns: as for [method@ReceiveQueue.pop]
 *
 * Since: 1.0
 */
gboolean
execnet_receive_queue_pop_bytes_finish (ExecnetReceiveQueue *self,
                                        GAsyncResult *result,
                                        ExecnetChannel **channel,
                                        GBytes **bytes,
                                        GError **error)
{
  g_return_val_if_fail (EXECNET_IS_RECEIVE_QUEUE (self), FALSE);

  clear (channel, (gpointer *) bytes);
  return give_bytes (finish (self, result, error), channel, bytes);
}
