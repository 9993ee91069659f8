/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Announced under the mutex of what it is about. It knows whether anybody waits: announcing to nobody
 * costs no system call, which GCond's broadcast always does. */
typedef struct
{
  GCond cond;
  guint n_waiting; /* the mutex */
} ExecnetCondition;

void execnet_condition_init (ExecnetCondition *self);
void execnet_condition_clear (ExecnetCondition *self);
void execnet_condition_announce (ExecnetCondition *self);

/* A synchronous wait for something that a mutex guards and a condition announces: with a time-out
 * and a cancellable, and without running anybody's main loop. */
typedef struct
{
  GMutex *mutex;
  ExecnetCondition *condition;
  gint64 deadline; /* monotonic microseconds, or -1 */
  GCancellable *cancellable;
  gulong handler;
  void (*wake) (gpointer user_data); /* NULL, or ends another kind of wait than on the condition */
  gpointer user_data;
} ExecnetWait;

/* Any thread, without the mutex: a cancellable that is cancelled already calls back at once. */
void execnet_wait_begin (ExecnetWait *self,
                         GMutex *mutex,
                         ExecnetCondition *condition,
                         gint timeout_ms,
                         GCancellable *cancellable);

/* As above; when it is cancelled, `wake` is called, too. */
void execnet_wait_begin_full (ExecnetWait *self,
                              GMutex *mutex,
                              ExecnetCondition *condition,
                              gint timeout_ms,
                              GCancellable *cancellable,
                              void (*wake) (gpointer user_data),
                              gpointer user_data);

/* With the mutex. FALSE when the time is up or the wait was cancelled, which the other two tell. */
gboolean execnet_wait_step (ExecnetWait *self);

/* As above, but it comes back after at most `slice_ms` milliseconds, with TRUE. */
gboolean execnet_wait_step_slice (ExecnetWait *self, gint slice_ms);

gboolean execnet_wait_is_cancelled (ExecnetWait *self);

/* TRUE when the time is up or it was cancelled. */
gboolean execnet_wait_is_over (ExecnetWait *self);

/* Without the mutex. */
void execnet_wait_end (ExecnetWait *self);

/* Sets the error that a wait that ended without success gives. */
void execnet_wait_set_error (ExecnetWait *self, GError **error, const char *timed_out_message);

G_END_DECLS
