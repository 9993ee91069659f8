/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "collections/execnet-map-runner-private.h"

/* A worker has so much to do in advance, in microseconds: more than a message takes on its way, and
 * little enough that others get their share at the end. */
#define AHEAD 20000
#define DEPTH_MAX 16

ExecnetMapTask *
execnet_map_task_new (guint64 number, GBytes *item)
{
  ExecnetMapTask *self = g_new0 (ExecnetMapTask, 1);

  self->number = number;
  self->item = g_bytes_ref (item);
  return self;
}

void
execnet_map_task_free (gpointer data)
{
  ExecnetMapTask *self = data;

  g_bytes_unref (self->item);
  g_free (self);
}

ExecnetMapRunner *
execnet_map_runner_new (ExecnetGateway *gateway)
{
  ExecnetMapRunner *self = g_new0 (ExecnetMapRunner, 1);

  self->gateway = g_object_ref (gateway);
  self->depth = 1;
  return self;
}

void
execnet_map_runner_free (gpointer data)
{
  ExecnetMapRunner *self = data;

  execnet_map_runner_stop (self);
  g_queue_clear_full (&self->sent, execnet_map_task_free);
  g_object_unref (self->gateway);
  g_free (self);
}

gboolean
execnet_map_runner_has_room (ExecnetMapRunner *self)
{
  return !self->is_gone && !self->is_ending && self->sent.length < self->depth;
}

static gboolean
start (ExecnetMapRunner *self, ExecnetSource *source, ExecnetReceiveQueue *queue, GError **error)
{
  g_autoptr (ExecnetChannel) channel
      = execnet_gateway_start_call (self->gateway, source, NULL, error);

  if (channel == NULL || !execnet_receive_queue_add (queue, channel, error))
    return FALSE;
  self->channel = g_steal_pointer (&channel);
  return TRUE;
}

gboolean
execnet_map_runner_send (ExecnetMapRunner *self,
                         ExecnetMapTask *task,
                         ExecnetSource *source,
                         ExecnetReceiveQueue *queue,
                         GError **error)
{
  if (self->channel == NULL && !start (self, source, queue, error))
    {
      self->is_gone = TRUE;
      return FALSE;
    }
  if (!execnet_channel_queue_bytes (self->channel, task->item, error))
    {
      /* Closed, or it will be: either way its end is told. */
      execnet_channel_close (self->channel, NULL, NULL);
      self->is_ending = TRUE;
      return FALSE;
    }
  if (self->sent.length == 0)
    self->busy_since = g_get_monotonic_time ();
  g_queue_push_tail (&self->sent, task);
  return TRUE;
}

ExecnetMapTask *
execnet_map_runner_take_done (ExecnetMapRunner *self)
{
  gint64 now = g_get_monotonic_time ();
  gint64 duration = MAX (now - self->busy_since, 1);

  self->depth = MIN (1 + AHEAD / duration, DEPTH_MAX);
  self->busy_since = now;
  return g_queue_pop_head (&self->sent);
}

void
execnet_map_runner_stop (ExecnetMapRunner *self)
{
  if (self->channel != NULL)
    execnet_channel_close (self->channel, NULL, NULL);
  g_clear_object (&self->channel);
  self->is_ending = FALSE;
}
