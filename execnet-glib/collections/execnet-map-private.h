/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "collections/execnet-map.h"
#include "collections/execnet-receive-queue.h"

G_BEGIN_DECLS

struct _ExecnetMap
{
  GObject parent_instance;
  ExecnetGroup *group;
  ExecnetSource *source;
  ExecnetReceiveQueue *queue;
  gboolean ordered;

  GMutex lock;
  GHashTable *runners; /* lock; by ExecnetGateway */
  GQueue waiting;      /* lock; of ExecnetMapTask */
  GQueue ready;        /* lock; of ExecnetMapOutcome, to be taken */
  GHashTable
      *held;       /* lock; of ExecnetMapOutcome by its number: those before it are not there yet */
  guint64 n_items; /* lock */
  gsize n_bytes;   /* lock; of items that are not done, and of results that were not taken */
  guint64 n_done;  /* lock */
  guint64 n_failed;      /* lock */
  guint64 n_told_done;   /* lock; what was notified */
  guint64 n_told_failed; /* lock */
  guint64 n_ready;       /* lock; all that ever were */
  guint64 n_taken;       /* lock */
  GError *failure;       /* lock; nullable: of the item that was taken last */
  GError *last_death;    /* lock; nullable */
  gboolean is_finished;
  gboolean is_cancelled;
  gboolean is_pending;
};

/* What came of an item, over a channel (NULL where none was left): a result or an error. */
typedef struct
{
  guint64 number;
  ExecnetChannel *channel;
  GBytes *result;
  GError *error;
} ExecnetMapOutcome;

void execnet_map_outcome_free (gpointer outcome);

/* What follows is called with the lock. */

/* Takes notice of the gateways that the group has got since. */
void execnet_map_find_runners (ExecnetMap *self);

/* Gives everybody something to do, as far as there is something. */
void execnet_map_feed (ExecnetMap *self);

/* Makes the next item one that has failed already. */
void execnet_map_fail_next (ExecnetMap *self, const GError *error);

/* Something came out of the queue: a result, or (NULL) the end of a channel. */
void execnet_map_take_arrival (ExecnetMap *self, ExecnetChannel *channel, GBytes *result);

void execnet_map_stop_all (ExecnetMap *self);

/* Without the lock, after something has come: tells about the counts that changed. */
void execnet_map_notify_progress (ExecnetMap *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetMapOutcome, execnet_map_outcome_free)

G_END_DECLS
