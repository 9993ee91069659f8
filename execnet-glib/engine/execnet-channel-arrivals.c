/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What arrives on a channel, and who takes it. */

#include "config.h"

#include "engine/execnet-channel-core-private.h"

#include "base/execnet-error.h"
#include "data/execnet-remote-error-private.h"
#include "engine/execnet-arrival-queue-private.h"

#include <glib/gi18n-lib.h>

void
execnet_arrival_free (gpointer data)
{
  ExecnetArrival *arrival = data;

  g_bytes_unref (arrival->bytes);
  g_free (arrival);
}

/* With the lock. */
static ExecnetArrival *
new_arrival (ExecnetChannelCore *self, GBytes *bytes)
{
  ExecnetArrival *arrival = g_new (ExecnetArrival, 1);

  arrival->bytes = g_bytes_ref (bytes);
  arrival->form = EXECNET_ITEM_FORM_OPCODES;
  arrival->flags = self->load_flags;
  arrival->counted = 0;
  return arrival;
}

ExecnetArrival *
execnet_channel_core_new_arrival (ExecnetChannelCore *self, GBytes *bytes)
{
  ExecnetArrival *arrival;

  g_mutex_lock (&self->gateway->lock);
  arrival = new_arrival (self, bytes);
  g_mutex_unlock (&self->gateway->lock);
  return arrival;
}

void
execnet_channel_core_give_back (ExecnetChannelCore *self, GBytes *bytes)
{
  g_mutex_lock (&self->gateway->lock);
  g_queue_push_head (&self->arrivals, new_arrival (self, bytes));
  execnet_condition_announce (&self->changed);
  execnet_channel_core_post (self);
  g_mutex_unlock (&self->gateway->lock);
  g_bytes_unref (bytes);
}

void
execnet_channel_core_file (ExecnetChannelCore *self, GBytes *bytes)
{
  ExecnetArrival *arrival = new_arrival (self, bytes);
  ExecnetPending *receiver = execnet_pending_peek (&self->receivers);

  arrival->counted = execnet_channel_core_count (self, g_bytes_get_size (bytes));

  if (receiver != NULL)
    {
      execnet_channel_core_take_in (self, arrival);
      execnet_pending_complete (receiver, arrival, NULL);
      return;
    }
  g_queue_push_tail (&self->arrivals, arrival);
  if (self->queue != NULL)
    {
      if (!execnet_arrival_queue_file (self->queue, self, FALSE))
        {
          g_queue_pop_tail (&self->arrivals);
          execnet_channel_core_take_in (self, arrival);
          execnet_arrival_free (arrival);
        }
      return;
    }
  execnet_condition_announce (&self->changed);
  execnet_channel_core_wake_sources (self);
  if (self->n_waiters == 0)
    execnet_channel_core_post (self);
}

void
execnet_channel_core_set_errors (ExecnetChannelCore *self,
                                 ExecnetRemoteError *remote_error,
                                 const GError *end_error)
{
  if (remote_error != NULL && self->remote_error == NULL)
    self->remote_error = execnet_remote_error_copy (remote_error);
  if (end_error != NULL && self->end_error == NULL)
    self->end_error = g_error_copy (end_error);
}

/* With the lock. The queue hears of the end once. */
static void
end_queue (ExecnetChannelCore *self)
{
  g_autoptr (ExecnetArrivalQueue) queue = g_steal_pointer (&self->queue);

  if (queue != NULL)
    execnet_arrival_queue_file (queue, self, TRUE);
}

void
execnet_channel_core_end (ExecnetChannelCore *self,
                          ExecnetChannelState state,
                          ExecnetRemoteError *remote_error,
                          const GError *end_error)
{
  if (self->state == EXECNET_CHANNEL_CLOSED)
    return;
  self->state = state;
  execnet_channel_core_set_errors (self, remote_error, end_error);

  /* Receivers wait only while there is nothing to take. */
  while (self->receivers.head != NULL)
    execnet_pending_complete (execnet_pending_peek (&self->receivers),
                              NULL,
                              execnet_channel_core_take_end_error (self));
  end_queue (self);
  execnet_channel_core_wake (self);
  execnet_channel_core_post (self);
  if (state == EXECNET_CHANNEL_CLOSED)
    {
      execnet_channel_core_release_senders (self);
      execnet_channel_core_unregister (self);
    }
}

/* With the lock. TRUE when items can't be received because they go elsewhere. */
static gboolean
set_handler_error (ExecnetChannelCore *self, GError **error)
{
  if (!self->had_callback)
    return FALSE;
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_HAS_HANDLER,
               _ ("The items of the channel %d go to a callback or a queue, and can't be received too."),
               self->id);
  return TRUE;
}

/* With the lock. TRUE when that is all there is to say: an item, or an error. */
static gboolean
take (ExecnetChannelCore *self, ExecnetArrival **arrival, GError **error)
{
  if (set_handler_error (self, error))
    return TRUE;
  *arrival = g_queue_pop_head (&self->arrivals);
  execnet_channel_core_take_in (self, *arrival);
  if (*arrival != NULL)
    return TRUE;
  if (execnet_channel_core_has_ended (self))
    {
      g_propagate_error (error, execnet_channel_core_take_end_error (self));
      return TRUE;
    }
  return FALSE;
}

/* A wait for what arrives: by reading the connection, when nobody else does for a waiter, which
 * spares a hand-over from the worker thread; else on the channel's condition. */
typedef struct
{
  ExecnetWait wait;
  ExecnetChannelCore *channel;
  gboolean is_reader;
} ArrivalWait;

static void
interrupt_reader (gpointer connection)
{
  execnet_connection_interrupt (connection);
}

/* Without the lock. */
static void
arrival_wait_begin (ArrivalWait *self,
                    ExecnetChannelCore *channel,
                    gint timeout_ms,
                    GCancellable *cancellable)
{
  self->channel = channel;
  self->is_reader = FALSE;
  /* A channel is made only when its gateway has its connection, and keeps both. */
  execnet_wait_begin_full (&self->wait,
                           &channel->gateway->lock,
                           &channel->changed,
                           timeout_ms,
                           cancellable,
                           interrupt_reader,
                           channel->gateway->connection);
}

static void
stop_reading (ArrivalWait *self, gboolean for_now)
{
  if (self->is_reader)
    execnet_connection_end_reading (self->channel->gateway->connection, for_now);
  self->is_reader = FALSE;
}

/* With the lock. Nobody but this channel's receiving threads waits for anything. Those who begin to
 * call execnet_connection_serve. */
static gboolean
is_alone (ExecnetChannelCore *self)
{
  return g_hash_table_size (self->gateway->channels) == 1 && self->callback == NULL
         && self->receivers.head == NULL && self->closers.head == NULL
         && self->changed.n_waiting == 0 && self->gateway->changed.n_waiting == 0
         && self->gateway->end_waiters.head == NULL && self->senders.head == NULL
         && self->polls.head == NULL;
}

/* With the lock, as execnet_wait_step. */
static gboolean
arrival_wait_step (ArrivalWait *self)
{
  ExecnetConnection *connection = self->channel->gateway->connection;
  gboolean has_read;

  if (execnet_wait_is_over (&self->wait))
    return FALSE;
  if (!self->is_reader)
    self->is_reader = execnet_connection_begin_reading (connection);
  if (!self->is_reader)
    return execnet_wait_step (&self->wait);

  self->channel->n_readers++;
  g_mutex_unlock (&self->channel->gateway->lock);
  has_read = execnet_connection_read (connection, self->wait.deadline);
  /* Whoever interrupts wants the role, or has something to be looked at. */
  if (!has_read)
    stop_reading (self, FALSE);
  g_mutex_lock (&self->channel->gateway->lock);
  self->channel->n_readers--;
  return TRUE;
}

/* With the lock, which it gives back. */
static void
arrival_wait_end (ArrivalWait *self)
{
  gboolean for_now = self->is_reader && is_alone (self->channel);

  g_mutex_unlock (&self->channel->gateway->lock);
  stop_reading (self, for_now);
  execnet_wait_end (&self->wait);
}

static gboolean
set_foreign_error (ExecnetChannelCore *self, GError **error)
{
  if (!execnet_gateway_core_is_foreign (self->gateway))
    return FALSE;
  g_propagate_error (error, execnet_gateway_core_dup_error (self->gateway));
  return TRUE;
}

ExecnetArrival *
execnet_channel_core_receive (ExecnetChannelCore *self,
                              gint timeout_ms,
                              GCancellable *cancellable,
                              GError **error)
{
  GMutex *lock = &self->gateway->lock;
  ExecnetArrival *arrival = NULL;
  ArrivalWait wait;
  gboolean done;

  if (set_foreign_error (self, error))
    return NULL;

  arrival_wait_begin (&wait, self, timeout_ms, cancellable);
  g_mutex_lock (lock);
  self->n_waiters++;
  while (!(done = take (self, &arrival, error)) && arrival_wait_step (&wait))
    ;
  self->n_waiters--;
  /* A time-out and an item may have met: nobody else was told of the item. */
  if (self->arrivals.length > 0 && self->n_waiters == 0)
    execnet_channel_core_post (self);
  arrival_wait_end (&wait);

  if (!done)
    execnet_wait_set_error (&wait.wait, error, _ ("No item came in time."));
  return arrival;
}

/* With the lock. */
static void
file_all (ExecnetChannelCore *self)
{
  execnet_arrival_queue_add_channel (self->queue);
  for (guint i = 0; i < self->arrivals.length; i++)
    execnet_arrival_queue_file (self->queue, self, FALSE);
  if (execnet_channel_core_has_ended (self))
    end_queue (self);
}

gboolean
execnet_channel_core_set_queue (ExecnetChannelCore *self, ExecnetArrivalQueue *queue, GError **error)
{
  gboolean is_first;

  if (set_foreign_error (self, error))
    return FALSE;
  g_mutex_lock (&self->gateway->lock);
  is_first = !self->had_callback;
  if (is_first)
    {
      self->had_callback = TRUE;
      self->queue = execnet_arrival_queue_ref (queue);
      file_all (self);
      execnet_channel_core_wake (self);
    }
  g_mutex_unlock (&self->gateway->lock);
  execnet_connection_serve (self->gateway->connection);

  if (!is_first)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_HAS_HANDLER,
                 _ ("The items of the channel %d go to a callback or a queue already."),
                 self->id);
  return is_first;
}

ExecnetArrival *
execnet_channel_core_take_queued (ExecnetChannelCore *self)
{
  ExecnetArrival *arrival;

  if (execnet_gateway_core_is_foreign (self->gateway))
    return NULL;
  g_mutex_lock (&self->gateway->lock);
  arrival = g_queue_pop_head (&self->arrivals);
  execnet_channel_core_take_in (self, arrival);
  g_mutex_unlock (&self->gateway->lock);
  return arrival;
}

ExecnetArrival *
execnet_channel_core_try_receive (ExecnetChannelCore *self, GError **error)
{
  ExecnetArrival *arrival = NULL;

  if (set_foreign_error (self, error))
    return NULL;
  g_mutex_lock (&self->gateway->lock);
  take (self, &arrival, error);
  g_mutex_unlock (&self->gateway->lock);
  return arrival;
}

void
execnet_channel_core_receive_async (ExecnetChannelCore *self,
                                    gint timeout_ms,
                                    GTask *task,
                                    ExecnetPendingFunc func)
{
  GMutex *lock = &self->gateway->lock;
  ExecnetPending *pending;
  GError *error = NULL;
  ExecnetArrival *arrival = NULL;

  if (set_foreign_error (self, &error))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }

  pending = execnet_pending_new (task,
                                 func,
                                 lock,
                                 execnet_channel_core_ref (self),
                                 execnet_channel_core_unref);
  execnet_pending_watch (pending, timeout_ms, _ ("No item came in time."));
  g_mutex_lock (lock);
  execnet_pending_enqueue (pending, &self->receivers);
  /* Only the first in the queue may take: the others came later. And once there is a callback, only
   * those that were in the queue before it. */
  if ((self->had_callback || execnet_pending_peek (&self->receivers) == pending)
      && take (self, &arrival, &error))
    execnet_pending_complete (pending, arrival, error);
  g_mutex_unlock (lock);
  execnet_connection_serve (self->gateway->connection);
}

ExecnetWaitResult
execnet_channel_core_wait (ExecnetChannelCore *self, gint timeout_ms, GCancellable *cancellable)
{
  GMutex *lock = &self->gateway->lock;
  ExecnetWaitResult result = EXECNET_WAIT_TIMED_OUT;
  ArrivalWait wait;

  if (execnet_gateway_core_is_foreign (self->gateway))
    return EXECNET_WAIT_ERROR;

  arrival_wait_begin (&wait, self, timeout_ms, cancellable);
  g_mutex_lock (lock);
  do
    {
      if (self->had_callback)
        result = EXECNET_WAIT_ERROR;
      else if (self->arrivals.length > 0)
        result = EXECNET_WAIT_READY;
      else if (execnet_channel_core_has_ended (self))
        result = (self->remote_error != NULL && !self->remote_error_taken) || self->end_error != NULL
                     ? EXECNET_WAIT_ERROR
                     : EXECNET_WAIT_END;
    }
  while (result == EXECNET_WAIT_TIMED_OUT && arrival_wait_step (&wait));
  if (result == EXECNET_WAIT_TIMED_OUT && execnet_wait_is_cancelled (&wait.wait))
    result = EXECNET_WAIT_INTERRUPTED;
  arrival_wait_end (&wait);
  return result;
}

GVariant *
execnet_channel_core_decode (ExecnetChannelCore *self, ExecnetArrival *arrival, GError **error)
{
  g_autoptr (GError) reason = NULL;
  GVariant *item
      = execnet_item_read (arrival->form, arrival->bytes, arrival->flags, TRUE, &reason);

  execnet_arrival_free (arrival);
  if (item != NULL)
    return item;

  /* What came behind it may depend on it: nothing more is delivered. */
  execnet_channel_core_break (self, reason->message, NULL, reason);
  g_propagate_error (error, g_steal_pointer (&reason));
  return NULL;
}
