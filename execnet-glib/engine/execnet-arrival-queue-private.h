/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "engine/execnet-channel-core-private.h"

G_BEGIN_DECLS

/* In which order the items of several channels came. The items themselves stay with their channels
 * until they are taken; here is, for each, whose turn it is. */

/* One item of a channel, or its end. */
typedef struct
{
  ExecnetChannelCore *channel; /* holds a reference */
  gboolean is_end;
} ExecnetTurn;

void execnet_turn_free (gpointer turn);

/* Any thread. */
ExecnetArrivalQueue *execnet_arrival_queue_new (gboolean wants_ends);
ExecnetArrivalQueue *execnet_arrival_queue_ref (ExecnetArrivalQueue *self);
void execnet_arrival_queue_unref (gpointer self);

/* With the lock of the channel's gateway. The channel has a place in the queue until its end. */
void execnet_arrival_queue_add_channel (ExecnetArrivalQueue *self);
/* FALSE when nobody will take it. */
gboolean
execnet_arrival_queue_file (ExecnetArrivalQueue *self, ExecnetChannelCore *channel, gboolean is_end);

/* Any thread. Nobody takes anything any more: references that go in circles end here. */
void execnet_arrival_queue_abandon (ExecnetArrivalQueue *self);

/* Any thread: how many turns wait. */
guint execnet_arrival_queue_get_length (ExecnetArrivalQueue *self);

/* Any thread. NULL without an error when there is none now, with END when none will come. */
ExecnetTurn *execnet_arrival_queue_try_pop (ExecnetArrivalQueue *self, GError **error);

/* Any thread. READY when there is a turn, END when there will be none. */
ExecnetWaitResult execnet_arrival_queue_wait (ExecnetArrivalQueue *self,
                                              gint timeout_ms,
                                              GCancellable *cancellable);

/* Any thread. It completes with an ExecnetTurn. Takes the task over. */
void execnet_arrival_queue_pop_async (ExecnetArrivalQueue *self,
                                      gint timeout_ms,
                                      GTask *task,
                                      ExecnetPendingFunc func);

/* Any thread, once for a turn: its item. NULL for an end, and for an item that was dropped because its
 * channel broke. */
ExecnetArrival *execnet_turn_take_arrival (ExecnetTurn *turn);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetArrivalQueue, execnet_arrival_queue_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetTurn, execnet_turn_free)

G_END_DECLS
