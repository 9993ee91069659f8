/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "collections/execnet-receive-queue.h"
#include "objects/execnet-gateway.h"

G_BEGIN_DECLS

/* One item of a map on its way. */
typedef struct
{
  guint64 number; /* its place among the items, from 0 */
  GBytes *item;   /* in its wire form */
  guint n_deaths; /* how many workers have died of it, or so it seems */
} ExecnetMapTask;

ExecnetMapTask *execnet_map_task_new (guint64 number, GBytes *item);
void execnet_map_task_free (gpointer task);

/* A gateway's part in a map: it calls the function with one item after the other, and sends the
 * results in that order. While a result is on its way back the next item is there already; how many
 * are there depends on how long one takes. */
typedef struct
{
  ExecnetGateway *gateway; /* holds a reference */
  ExecnetChannel *channel; /* holds a reference; NULL while no code runs */
  gboolean is_gone;        /* nothing can be started there any more */
  gboolean is_ending;      /* the channel takes nothing, and its end will be told */
  GQueue sent;             /* of ExecnetMapTask, in the order of sending */
  guint depth;             /* how many may be sent */
  gint64 busy_since;       /* when the first of them could begin, in µs */
} ExecnetMapRunner;

ExecnetMapRunner *execnet_map_runner_new (ExecnetGateway *gateway);
void execnet_map_runner_free (gpointer runner);

gboolean execnet_map_runner_has_room (ExecnetMapRunner *self);

/* Takes the task over when it returns TRUE. Starts the source, which loops over its channel, where
 * it doesn't run; its items and its end go to the queue. The error says why nothing can run there.
 */
gboolean execnet_map_runner_send (ExecnetMapRunner *self,
                                  ExecnetMapTask *task,
                                  ExecnetSource *source,
                                  ExecnetReceiveQueue *queue,
                                  GError **error);

/* The task whose result has come, or NULL. */
ExecnetMapTask *execnet_map_runner_take_done (ExecnetMapRunner *self);

/* Ends the code, now (a running function goes on to its end). */
void execnet_map_runner_stop (ExecnetMapRunner *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetMapTask, execnet_map_task_free)

G_END_DECLS
