/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-arrival-queue-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>

struct _ExecnetArrivalQueue
{
  gatomicrefcount refs;
  gboolean wants_ends;

  GMutex lock; /* may be taken with a gateway's lock, never the other way round */
  ExecnetCondition changed;
  GQueue turns;     /* lock; of ExecnetTurn */
  GQueue takers;    /* lock; of ExecnetPending, each is completed with an ExecnetTurn */
  guint n_channels; /* lock; those that have not ended */
  gboolean is_abandoned; /* lock */
};

void
execnet_turn_free (gpointer data)
{
  ExecnetTurn *turn = data;

  execnet_channel_core_unref (turn->channel);
  g_free (turn);
}

ExecnetArrivalQueue *
execnet_arrival_queue_new (gboolean wants_ends)
{
  ExecnetArrivalQueue *self = g_new0 (ExecnetArrivalQueue, 1);

  g_atomic_ref_count_init (&self->refs);
  self->wants_ends = wants_ends;
  g_mutex_init (&self->lock);
  execnet_condition_init (&self->changed);
  return self;
}

ExecnetArrivalQueue *
execnet_arrival_queue_ref (ExecnetArrivalQueue *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
execnet_arrival_queue_unref (gpointer data)
{
  ExecnetArrivalQueue *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_queue_clear_full (&self->turns, execnet_turn_free);
  execnet_condition_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static GError *
new_end_error (void)
{
  return g_error_new_literal (EXECNET_ERROR,
                              EXECNET_ERROR_END,
                              _ ("All channels of the queue have ended: no more items will come."));
}

/* With the lock. */
static gboolean
has_ended (ExecnetArrivalQueue *self)
{
  return self->turns.length == 0 && self->n_channels == 0;
}

void
execnet_arrival_queue_add_channel (ExecnetArrivalQueue *self)
{
  g_mutex_lock (&self->lock);
  self->n_channels++;
  g_mutex_unlock (&self->lock);
}

/* With the lock. */
static void
add_turn (ExecnetArrivalQueue *self, ExecnetChannelCore *channel, gboolean is_end)
{
  ExecnetPending *taker = execnet_pending_peek (&self->takers);
  ExecnetTurn *turn = g_new (ExecnetTurn, 1);

  turn->channel = execnet_channel_core_ref (channel);
  turn->is_end = is_end;
  if (taker != NULL)
    execnet_pending_complete (taker, turn, NULL);
  else
    g_queue_push_tail (&self->turns, turn);
}

/* With the lock. */
static void
end_takers (ExecnetArrivalQueue *self)
{
  g_autoptr (GError) error = NULL;

  if (!has_ended (self) || self->takers.head == NULL)
    return;
  error = new_end_error ();
  execnet_pending_complete_all (&self->takers, error);
}

gboolean
execnet_arrival_queue_file (ExecnetArrivalQueue *self, ExecnetChannelCore *channel, gboolean is_end)
{
  gboolean is_wanted;

  g_mutex_lock (&self->lock);
  if (is_end)
    self->n_channels--;
  is_wanted = !self->is_abandoned && (!is_end || self->wants_ends);
  if (is_wanted)
    add_turn (self, channel, is_end);
  end_takers (self);
  execnet_condition_announce (&self->changed);
  g_mutex_unlock (&self->lock);
  return is_wanted;
}

void
execnet_arrival_queue_abandon (ExecnetArrivalQueue *self)
{
  GQueue turns = G_QUEUE_INIT;

  g_mutex_lock (&self->lock);
  self->is_abandoned = TRUE;
  turns = self->turns;
  g_queue_init (&self->turns);
  g_mutex_unlock (&self->lock);
  /* A channel that goes with its last turn takes its gateway's lock. */
  g_queue_clear_full (&turns, execnet_turn_free);
}

guint
execnet_arrival_queue_get_length (ExecnetArrivalQueue *self)
{
  guint length;

  g_mutex_lock (&self->lock);
  length = self->turns.length;
  g_mutex_unlock (&self->lock);
  return length;
}

ExecnetTurn *
execnet_arrival_queue_try_pop (ExecnetArrivalQueue *self, GError **error)
{
  ExecnetTurn *turn;

  g_mutex_lock (&self->lock);
  if (has_ended (self))
    g_propagate_error (error, new_end_error ());
  turn = g_queue_pop_head (&self->turns);
  g_mutex_unlock (&self->lock);
  return turn;
}

ExecnetWaitResult
execnet_arrival_queue_wait (ExecnetArrivalQueue *self, gint timeout_ms, GCancellable *cancellable)
{
  ExecnetWaitResult result = EXECNET_WAIT_TIMED_OUT;
  ExecnetWait wait;

  execnet_wait_begin (&wait, &self->lock, &self->changed, timeout_ms, cancellable);
  g_mutex_lock (&self->lock);
  do
    {
      if (self->turns.length > 0)
        result = EXECNET_WAIT_READY;
      else if (self->n_channels == 0)
        result = EXECNET_WAIT_END;
    }
  while (result == EXECNET_WAIT_TIMED_OUT && execnet_wait_step (&wait));
  if (result == EXECNET_WAIT_TIMED_OUT && execnet_wait_is_cancelled (&wait))
    result = EXECNET_WAIT_INTERRUPTED;
  g_mutex_unlock (&self->lock);
  execnet_wait_end (&wait);
  return result;
}

void
execnet_arrival_queue_pop_async (ExecnetArrivalQueue *self,
                                 gint timeout_ms,
                                 GTask *task,
                                 ExecnetPendingFunc func)
{
  ExecnetPending *pending = execnet_pending_new (task,
                                                 func,
                                                 &self->lock,
                                                 execnet_arrival_queue_ref (self),
                                                 execnet_arrival_queue_unref);

  execnet_pending_watch (pending, timeout_ms, _ ("No item came in time."));
  g_mutex_lock (&self->lock);
  execnet_pending_enqueue (pending, &self->takers);
  /* Turns wait only while nobody does; and it may have been cancelled already. */
  if (self->turns.length > 0 && execnet_pending_peek (&self->takers) == pending)
    execnet_pending_complete (pending, g_queue_pop_head (&self->turns), NULL);
  end_takers (self);
  g_mutex_unlock (&self->lock);
}

ExecnetArrival *
execnet_turn_take_arrival (ExecnetTurn *turn)
{
  return turn->is_end ? NULL : execnet_channel_core_take_queued (turn->channel);
}
