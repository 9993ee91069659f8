/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Flow control: the side that receives gives credit, in bytes of items' wire form, and gives more as
 * items are taken; the side that sends waits before an item once its credit is used up. The last item
 * before that may exceed it, so that an item of any size passes. See docs/protocol.md. */

#include "config.h"

#include "engine/execnet-channel-core-private.h"

#include <string.h>

/* Receiving. */

/* With the lock. Does not wait: a gateway that is gone needs no credit. */
static void
send_flow (ExecnetChannelCore *self, ExecnetMessageCode code, gint64 credit)
{
  const gint64 big_endian = GINT64_TO_BE (credit);
  g_autoptr (GBytes) payload = NULL;

  if (self->gateway->state != EXECNET_GATEWAY_RUNNING || self->gateway->exit_asked)
    return;
  if (code == EXECNET_MESSAGE_CHANNEL_FLOW)
    payload = g_bytes_new (&big_endian, sizeof big_endian);
  execnet_connection_send (self->gateway->connection, code, self->id, payload);
}

/* With the lock. Not for each item: half of the limit is given at once. */
static void
give_credit (ExecnetChannelCore *self)
{
  gint64 missing = (gint64) self->receive_limit - self->credit_given;

  if (self->receive_limit == 0 || self->state != EXECNET_CHANNEL_OPEN
      || missing < MAX ((gint64) self->receive_limit / 2, 1))
    return;
  self->credit_given += missing;
  send_flow (self, EXECNET_MESSAGE_CHANNEL_FLOW, missing);
}

gsize
execnet_channel_core_count (ExecnetChannelCore *self, gsize size)
{
  /* What was sent before the other side knew of the limit has cost it no credit. */
  return self->receive_limit > 0 && self->n_unbegun == 0 ? size : 0;
}

void
execnet_channel_core_take_in (ExecnetChannelCore *self, const ExecnetArrival *arrival)
{
  if (arrival == NULL || arrival->counted == 0)
    return;
  self->credit_given -= arrival->counted;
  give_credit (self);
}

static void
forget_counts (gpointer arrival, gpointer user_data)
{
  ((ExecnetArrival *) arrival)->counted = 0;
}

void
execnet_channel_core_set_receive_limit (ExecnetChannelCore *self, guint64 limit)
{
  if (execnet_gateway_core_is_foreign (self->gateway))
    return;
  limit = MIN (limit, EXECNET_RECEIVE_LIMIT_MAX);
  g_mutex_lock (&self->gateway->lock);
  if (limit != self->receive_limit)
    {
      gboolean begins = self->receive_limit == 0;

      self->receive_limit = limit;
      if (self->state != EXECNET_CHANNEL_OPEN)
        ;
      else if (limit == 0)
        {
          g_queue_foreach (&self->arrivals, forget_counts, NULL);
          send_flow (self, EXECNET_MESSAGE_CHANNEL_FLOW, -1);
        }
      else if (begins)
        {
          self->n_unbegun++;
          self->credit_given = 0;
          give_credit (self);
        }
      else
        give_credit (self);
      if (self->object_funcs != NULL)
        execnet_mailbox_post (self->mailbox, &self->object_post);
    }
  g_mutex_unlock (&self->gateway->lock);
}

void
execnet_channel_core_flow_begun (ExecnetChannelCore *self)
{
  if (self->n_unbegun > 0)
    self->n_unbegun--;
}

/* Sending. */

gboolean
execnet_channel_core_is_full (ExecnetChannelCore *self)
{
  return self->is_limited && self->n_sent >= self->n_allowed;
}

void
execnet_channel_core_charge (ExecnetChannelCore *self, gsize size)
{
  if (self->is_limited)
    self->n_sent += size;
}

/* With the lock. */
static void
wake_senders (ExecnetChannelCore *self)
{
  ExecnetPending *sender;

  execnet_condition_announce (&self->changed);
  execnet_channel_core_wake_sources (self);
  while ((sender = execnet_pending_peek (&self->senders)) != NULL
         && (!self->is_limited || execnet_pending_get_tag (sender) < self->n_allowed))
    execnet_pending_complete (sender, NULL, NULL);
}

void
execnet_channel_core_release_senders (ExecnetChannelCore *self)
{
  self->is_limited = FALSE;
  execnet_pending_complete_all (&self->senders, self->end_error);
}

gboolean
execnet_channel_core_take_flow (ExecnetChannelCore *self, GBytes *payload)
{
  gint64 credit;

  if (g_bytes_get_size (payload) != sizeof credit)
    return FALSE;
  memcpy (&credit, g_bytes_get_data (payload, NULL), sizeof credit);
  credit = GINT64_FROM_BE (credit);

  if (credit < 0)
    self->is_limited = FALSE;
  else if (self->is_limited)
    self->n_allowed += MIN ((guint64) credit, G_MAXUINT64 - self->n_allowed);
  else if (self->state != EXECNET_CHANNEL_CLOSED)
    {
      self->is_limited = TRUE;
      self->n_sent = 0;
      self->n_allowed = credit;
      send_flow (self, EXECNET_MESSAGE_CHANNEL_FLOW_BEGUN, 0);
    }
  wake_senders (self);
  return TRUE;
}

ExecnetWaitResult
execnet_channel_core_wait_sendable (ExecnetChannelCore *self,
                                    gint timeout_ms,
                                    GCancellable *cancellable)
{
  ExecnetWaitResult result = EXECNET_WAIT_READY;
  ExecnetWait wait;

  if (execnet_gateway_core_is_foreign (self->gateway))
    return EXECNET_WAIT_ERROR;
  execnet_wait_begin (&wait, &self->gateway->lock, &self->changed, timeout_ms, cancellable);
  execnet_connection_serve (self->gateway->connection);
  g_mutex_lock (&self->gateway->lock);
  while (result == EXECNET_WAIT_READY && self->state != EXECNET_CHANNEL_CLOSED
         && execnet_channel_core_is_full (self))
    {
      if (!execnet_wait_step (&wait))
        result = execnet_wait_is_cancelled (&wait) ? EXECNET_WAIT_INTERRUPTED
                                                   : EXECNET_WAIT_TIMED_OUT;
    }
  if (result == EXECNET_WAIT_READY && self->state == EXECNET_CHANNEL_CLOSED)
    result = EXECNET_WAIT_ERROR;
  g_mutex_unlock (&self->gateway->lock);
  execnet_wait_end (&wait);
  return result;
}

gboolean
execnet_channel_core_wait_credit_async (ExecnetChannelCore *self,
                                        guint64 position,
                                        GTask *task,
                                        ExecnetPendingFunc func)
{
  ExecnetPending *pending;
  gboolean waits;

  g_mutex_lock (&self->gateway->lock);
  waits = self->is_limited && position >= self->n_allowed;
  g_mutex_unlock (&self->gateway->lock);
  if (!waits)
    return FALSE;

  pending = execnet_pending_new (task,
                                 func,
                                 &self->gateway->lock,
                                 execnet_channel_core_ref (self),
                                 execnet_channel_core_unref);
  execnet_pending_set_tag (pending, position);
  execnet_pending_watch (pending, -1, NULL);
  g_mutex_lock (&self->gateway->lock);
  execnet_pending_enqueue (pending, &self->senders);
  wake_senders (self);
  g_mutex_unlock (&self->gateway->lock);
  execnet_connection_serve (self->gateway->connection);
  return TRUE;
}
