/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A GSource that is ready while a channel can be received from, or sent to without waiting. */

#include "config.h"

#include "engine/execnet-channel-core-private.h"

/* How often a full connection is asked whether it has room again: only a sender without flow control
 * meets that. */
#define ROOM_INTERVAL_MS 10

/* What the channel knows of a source: it must not know the source itself, which may be on its way to
 * the end in another thread. */
typedef struct
{
  gatomicrefcount refs;
  ExecnetChannelPoll poll;
} SourcePoll;

typedef struct
{
  GSource source;
  ExecnetChannelCore *channel;
  SourcePoll *source_poll;
  gboolean for_sending;
} ChannelSource;

static SourcePoll *
from_post (ExecnetPost *post)
{
  return (SourcePoll *) ((char *) post - G_STRUCT_OFFSET (SourcePoll, poll.post));
}

static void
hold_post (ExecnetPost *post)
{
  g_atomic_ref_count_inc (&from_post (post)->refs);
}

static void
drop_post (ExecnetPost *post)
{
  SourcePoll *self = from_post (post);

  if (g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

/* In the source's context. That the loop goes round is all that is wanted. */
static void
run_post (ExecnetPost *post)
{
}

static const ExecnetPostFuncs post_funcs = { hold_post, drop_post, run_post, NULL };

void
execnet_channel_core_wake_sources (ExecnetChannelCore *self)
{
  for (GList *l = self->polls.head; l != NULL; l = l->next)
    {
      ExecnetChannelPoll *poll = l->data;

      if (poll->mailbox != NULL)
        execnet_mailbox_post (poll->mailbox, &poll->post);
    }
}

void
execnet_channel_core_add_poll (ExecnetChannelCore *self, ExecnetChannelPoll *poll)
{
  if (execnet_gateway_core_is_foreign (self->gateway))
    return;
  g_mutex_lock (&self->gateway->lock);
  g_queue_push_tail_link (&self->polls, &poll->link);
  g_mutex_unlock (&self->gateway->lock);
}

void
execnet_channel_core_remove_poll (ExecnetChannelCore *self, ExecnetChannelPoll *poll)
{
  ExecnetMailbox *mailbox;

  if (execnet_gateway_core_is_foreign (self->gateway))
    return;
  g_mutex_lock (&self->gateway->lock);
  g_queue_unlink (&self->polls, &poll->link);
  mailbox = g_steal_pointer (&poll->mailbox);
  g_mutex_unlock (&self->gateway->lock);
  if (mailbox != NULL)
    execnet_mailbox_take_out (mailbox, &poll->post);
  g_clear_pointer (&mailbox, execnet_mailbox_unref);
}

gboolean
execnet_channel_core_can_receive (ExecnetChannelCore *self)
{
  gboolean can_receive;

  if (execnet_gateway_core_is_foreign (self->gateway))
    return TRUE;
  g_mutex_lock (&self->gateway->lock);
  can_receive = self->arrivals.length > 0 || self->had_callback
                || execnet_channel_core_has_ended (self);
  g_mutex_unlock (&self->gateway->lock);
  return can_receive;
}

/* Any thread. */
static gboolean
can_send (ExecnetChannelCore *self, gboolean *lacks_room)
{
  gboolean is_full, is_closed;

  *lacks_room = FALSE;
  if (execnet_gateway_core_is_foreign (self->gateway))
    return TRUE;
  g_mutex_lock (&self->gateway->lock);
  is_full = execnet_channel_core_is_full (self);
  is_closed = self->state == EXECNET_CHANNEL_CLOSED;
  g_mutex_unlock (&self->gateway->lock);
  if (is_closed)
    return TRUE;
  *lacks_room = !execnet_connection_has_room (self->gateway->connection);
  return !is_full && !*lacks_room;
}

gboolean
execnet_channel_core_can_send (ExecnetChannelCore *self)
{
  gboolean lacks_room;

  return can_send (self, &lacks_room);
}

static gboolean
is_ready (ChannelSource *self, int *timeout)
{
  gboolean lacks_room;

  if (!self->for_sending)
    return execnet_channel_core_can_receive (self->channel);
  if (can_send (self->channel, &lacks_room))
    return TRUE;
  if (lacks_room && timeout != NULL)
    *timeout = ROOM_INTERVAL_MS;
  return FALSE;
}

static gboolean
prepare (GSource *source, int *timeout)
{
  ChannelSource *self = (ChannelSource *) source;

  *timeout = -1;
  if (self->source_poll->poll.mailbox == NULL)
    {
      ExecnetMailbox *mailbox = execnet_mailbox_get (g_source_get_context (source));

      g_mutex_lock (&self->channel->gateway->lock);
      self->source_poll->poll.mailbox = mailbox;
      g_mutex_unlock (&self->channel->gateway->lock);
      execnet_connection_serve (self->channel->gateway->connection);
    }
  return is_ready (self, timeout);
}

static gboolean
check (GSource *source)
{
  return is_ready ((ChannelSource *) source, NULL);
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback == NULL || callback (user_data);
}

static void
finalize (GSource *source)
{
  ChannelSource *self = (ChannelSource *) source;

  execnet_channel_core_remove_poll (self->channel, &self->source_poll->poll);
  drop_post (&self->source_poll->poll.post);
  execnet_channel_core_unref (self->channel);
}

/* For the closure that a pollable stream's source sets on its child. */
static gboolean
call_closure (gpointer closure)
{
  g_auto (GValue) result = G_VALUE_INIT;

  g_value_init (&result, G_TYPE_BOOLEAN);
  g_closure_invoke (closure, &result, 0, NULL, NULL);
  return g_value_get_boolean (&result);
}

static GSourceFuncs source_funcs = { prepare, check, dispatch, finalize, call_closure, NULL };

GSource *
execnet_channel_core_create_source (ExecnetChannelCore *self, gboolean for_sending)
{
  GSource *source = g_source_new (&source_funcs, sizeof (ChannelSource));
  ChannelSource *channel_source = (ChannelSource *) source;
  SourcePoll *source_poll = g_new0 (SourcePoll, 1);

  g_source_set_static_name (source, "execnet channel");
  g_atomic_ref_count_init (&source_poll->refs);
  execnet_post_init (&source_poll->poll.post, &post_funcs);
  source_poll->poll.link.data = &source_poll->poll;
  channel_source->channel = execnet_channel_core_ref (self);
  channel_source->source_poll = source_poll;
  channel_source->for_sending = for_sending;
  execnet_channel_core_add_poll (self, &source_poll->poll);
  return source;
}
