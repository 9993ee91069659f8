/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-channel-core-private.h"

#include "base/execnet-error.h"
#include "data/execnet-remote-error-private.h"
#include "engine/execnet-arrival-queue-private.h"

#include <glib/gi18n-lib.h>

ExecnetChannelCore *
execnet_channel_core_new (ExecnetGatewayCore *gateway, gint32 id)
{
  ExecnetChannelCore *self = g_new0 (ExecnetChannelCore, 1);

  g_atomic_ref_count_init (&self->refs);
  self->gateway = execnet_gateway_core_ref (gateway);
  self->id = id;
  execnet_condition_init (&self->changed);
  self->state = EXECNET_CHANNEL_OPEN;
  self->load_flags = gateway->load_flags;
  g_weak_ref_init (&self->object, NULL);
  execnet_post_init (&self->object_post, &execnet_channel_object_post_funcs);
  execnet_post_init (&self->callback_post, &execnet_channel_callback_post_funcs);

  self->is_registered = TRUE;
  g_hash_table_insert (gateway->channels, GINT_TO_POINTER (id), execnet_channel_core_ref (self));
  return self;
}

ExecnetChannelCore *
execnet_channel_core_ref (ExecnetChannelCore *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
execnet_channel_core_unref (gpointer data)
{
  ExecnetChannelCore *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_queue_clear_full (&self->arrivals, execnet_arrival_free);
  g_clear_pointer (&self->queue, execnet_arrival_queue_unref);
  g_clear_pointer (&self->remote_error, execnet_remote_error_free);
  g_clear_error (&self->end_error);
  g_clear_pointer (&self->mailbox, execnet_mailbox_unref);
  g_weak_ref_clear (&self->object);
  execnet_condition_clear (&self->changed);
  execnet_gateway_core_unref (self->gateway);
  g_free (self);
}

ExecnetChannelCore *
execnet_channel_core_lookup (ExecnetGatewayCore *gateway, gint32 id)
{
  return g_hash_table_lookup (gateway->channels, GINT_TO_POINTER (id));
}

guint
execnet_channel_core_count_open (ExecnetGatewayCore *gateway)
{
  GHashTableIter iter;
  ExecnetChannelCore *channel;
  guint n = 0;

  g_hash_table_iter_init (&iter, gateway->channels);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &channel))
    n += channel->state != EXECNET_CHANNEL_CLOSED;
  return n;
}

/* Far more than a program has in items that it has not looked at; a peer that names more is hostile. */
#define MAX_UNCLAIMED 65536

/* With the lock. */
static void
set_unclaimed (ExecnetChannelCore *self)
{
  self->is_named = FALSE;
  self->is_unclaimed = TRUE;
  self->gateway->n_unclaimed++;
}

void
execnet_channel_core_mention (ExecnetGatewayCore *gateway, gint32 id)
{
  gboolean is_ours = id % 2 == 1;
  ExecnetChannelCore *core;

  /* A number that is none, or that we have not given away yet, names no channel. */
  if (id <= 0 || (is_ours && id >= gateway->next_channel_id))
    return;
  core = execnet_channel_core_lookup (gateway, id);
  if (core != NULL)
    core->is_named = !core->is_unclaimed;
  if (core != NULL || gateway->n_unclaimed >= MAX_UNCLAIMED)
    return;
  core = execnet_channel_core_new (gateway, id);
  set_unclaimed (core);
  /* One of ours that is in no table was closed before. */
  if (is_ours)
    core->state = EXECNET_CHANNEL_CLOSED;
  execnet_channel_core_unref (core);
}

ExecnetChannelCore *
execnet_channel_core_allocate (ExecnetGatewayCore *gateway, GError **error)
{
  g_autoptr (ExecnetConnection) connection = execnet_gateway_core_get_connection (gateway, error);
  ExecnetChannelCore *self = NULL;

  if (connection == NULL)
    return NULL;

  g_mutex_lock (&gateway->lock);
  if (gateway->state != EXECNET_GATEWAY_RUNNING)
    execnet_gateway_core_set_closed_error (gateway, error);
  else if (gateway->next_channel_id > G_MAXINT32 - 2)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_TOO_LARGE,
                 _ ("The gateway “%s” has used up its channel numbers; make a new one."),
                 gateway->id);
  else
    {
      self = execnet_channel_core_new (gateway, gateway->next_channel_id);
      gateway->next_channel_id += 2;
    }
  g_mutex_unlock (&gateway->lock);
  execnet_connection_serve (connection);
  return self;
}

void
execnet_channel_core_attach (ExecnetChannelCore *self,
                             GObject *object,
                             const ExecnetChannelObjectFuncs *funcs)
{
  ExecnetMailbox *mailbox = execnet_mailbox_get (NULL);

  g_weak_ref_set (&self->object, object);
  g_mutex_lock (&self->gateway->lock);
  g_clear_pointer (&self->mailbox, execnet_mailbox_unref);
  self->mailbox = mailbox;
  g_atomic_pointer_set (&self->object_funcs, funcs);
  if (self->is_unclaimed)
    self->gateway->n_unclaimed--;
  self->is_unclaimed = FALSE;
  if (self->state == EXECNET_CHANNEL_CLOSED)
    execnet_channel_core_unregister (self);
  if (self->arrivals.length > 0 || self->state != EXECNET_CHANNEL_OPEN)
    execnet_channel_core_post (self);
  g_mutex_unlock (&self->gateway->lock);
}

/* With the lock. The error that the other side closed with, when nobody ever will get it. */
static char *
steal_unhandled_error (ExecnetChannelCore *self)
{
  if (self->remote_error == NULL || self->remote_error_taken || self->remote_error_seen
      || self->is_named)
    return NULL;
  self->remote_error_seen = TRUE;
  return g_strdup (execnet_remote_error_get_text (self->remote_error));
}

void
execnet_channel_core_detach (ExecnetChannelCore *self)
{
  g_autofree char *unhandled = NULL;
  gboolean stays, was_open;

  if (execnet_gateway_core_is_foreign (self->gateway))
    return;

  g_mutex_lock (&self->gateway->lock);
  /* An object can be disposed more than once. */
  was_open = self->object_funcs != NULL && self->state != EXECNET_CHANNEL_CLOSED;
  stays = self->callback != NULL && self->state == EXECNET_CHANNEL_OPEN;
  g_atomic_pointer_set (&self->object_funcs, NULL);
  unhandled = steal_unhandled_error (self);
  if (!stays)
    execnet_channel_core_end (self, EXECNET_CHANNEL_CLOSED, NULL, NULL);
  /* Whoever looks at the item gets a new object, of a closed channel. */
  if (self->is_named && self->is_registered && !stays)
    set_unclaimed (self);
  g_mutex_unlock (&self->gateway->lock);

  if (was_open)
    execnet_gateway_core_notify (self->gateway,
                                 stays ? EXECNET_MESSAGE_CHANNEL_LAST_MESSAGE
                                       : EXECNET_MESSAGE_CHANNEL_CLOSE,
                                 self->id,
                                 NULL);
  execnet_mailbox_take_out (self->mailbox, &self->object_post);
  if (unhandled != NULL)
    g_message (_ ("Nobody has handled the error of the channel %d of the gateway “%s”: %s"),
               self->id,
               self->gateway->id,
               unhandled);
}

gboolean
execnet_channel_core_has_ended (ExecnetChannelCore *self)
{
  return self->state != EXECNET_CHANNEL_OPEN;
}

gboolean
execnet_channel_core_is_finished (ExecnetChannelCore *self)
{
  return execnet_channel_core_has_ended (self) && self->callback == NULL;
}

void
execnet_channel_core_unregister (ExecnetChannelCore *self)
{
  if (!self->is_registered || self->is_unclaimed || self->is_named)
    return;
  self->is_registered = FALSE;
  /* The caller holds a reference of its own. */
  g_hash_table_remove (self->gateway->channels, GINT_TO_POINTER (self->id));
}

void
execnet_channel_core_forget_name (ExecnetChannelCore *self)
{
  self->is_named = FALSE;
  if (self->state == EXECNET_CHANNEL_CLOSED)
    execnet_channel_core_unregister (self);
}

static GError *
take_remote_error (ExecnetChannelCore *self)
{
  if (self->remote_error == NULL || self->remote_error_taken)
    return NULL;
  self->remote_error_taken = TRUE;
  return g_error_new_literal (EXECNET_ERROR,
                              EXECNET_ERROR_REMOTE,
                              execnet_remote_error_get_text (self->remote_error));
}

GError *
execnet_channel_core_take_close_error (ExecnetChannelCore *self)
{
  GError *error = take_remote_error (self);

  if (error == NULL && self->end_error != NULL)
    error = g_error_copy (self->end_error);
  return error;
}

GError *
execnet_channel_core_take_end_error (ExecnetChannelCore *self)
{
  GError *error = execnet_channel_core_take_close_error (self);

  if (error == NULL)
    error = g_error_new (EXECNET_ERROR,
                         EXECNET_ERROR_END,
                         _ ("The channel %d has ended: no more items will come."),
                         self->id);
  return error;
}

void
execnet_channel_core_wake (ExecnetChannelCore *self)
{
  execnet_condition_announce (&self->changed);
  execnet_channel_core_wake_sources (self);
  if (self->n_readers > 0)
    execnet_connection_interrupt (self->gateway->connection);
  if (execnet_channel_core_is_finished (self))
    execnet_pending_complete_all (&self->closers, NULL);
}
