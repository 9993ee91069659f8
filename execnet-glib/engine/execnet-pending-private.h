/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "engine/execnet-mailbox-private.h"

G_BEGIN_DECLS

/* An asynchronous call that waits for something: a GTask, its time-out and its cancellable. Whoever
 * brings what it waits for, in any thread, completes it; it returns, and is freed, in the task's
 * own context. Nothing that was given to it is ever lost to a late cancelling. */
typedef struct _ExecnetPending ExecnetPending;

/* In the task's context: returns from the task. `result` is what it was completed with; `error`
 * (not NULL: it failed) is the function's to keep. */
typedef void (*ExecnetPendingFunc) (GTask *task, gpointer result, GError *error);

/* The caller's thread. `lock` guards what is waited for, and lives as long as `owner`, which the
 * pending call takes over with its release function. */
ExecnetPending *execnet_pending_new (GTask *task,
                                     ExecnetPendingFunc func,
                                     GMutex *lock,
                                     gpointer owner,
                                     GDestroyNotify release_owner);

/* The caller's thread, without the lock, before it is queued. */
void execnet_pending_watch (ExecnetPending *self, gint timeout_ms, const char *timed_out_message);

/* With the lock. When it was cancelled meanwhile, it completes at once instead. */
void execnet_pending_enqueue (ExecnetPending *self, GQueue *queue);

/* With the lock. It leaves its queue. Both may be NULL; `error` is taken over. */
void execnet_pending_complete (ExecnetPending *self, gpointer result, GError *error);

/* With the lock. Completes all, each with a copy of the error if there is one. */
void execnet_pending_complete_all (GQueue *queue, const GError *error);

/* A number for whoever made it. */
void execnet_pending_set_tag (ExecnetPending *self, guint64 tag);
guint64 execnet_pending_get_tag (ExecnetPending *self);

/* With the lock: the first of the queue, or NULL. */
ExecnetPending *execnet_pending_peek (GQueue *queue);

G_END_DECLS
