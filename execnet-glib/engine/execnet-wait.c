/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-wait-private.h"

#include "base/execnet-error.h"

void
execnet_condition_init (ExecnetCondition *self)
{
  g_cond_init (&self->cond);
  self->n_waiting = 0;
}

void
execnet_condition_clear (ExecnetCondition *self)
{
  g_cond_clear (&self->cond);
}

void
execnet_condition_announce (ExecnetCondition *self)
{
  if (self->n_waiting > 0)
    g_cond_broadcast (&self->cond);
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  ExecnetWait *self = data;

  g_mutex_lock (self->mutex);
  execnet_condition_announce (self->condition);
  g_mutex_unlock (self->mutex);
  if (self->wake != NULL)
    self->wake (self->user_data);
}

void
execnet_wait_begin (ExecnetWait *self,
                    GMutex *mutex,
                    ExecnetCondition *condition,
                    gint timeout_ms,
                    GCancellable *cancellable)
{
  execnet_wait_begin_full (self, mutex, condition, timeout_ms, cancellable, NULL, NULL);
}

void
execnet_wait_begin_full (ExecnetWait *self,
                         GMutex *mutex,
                         ExecnetCondition *condition,
                         gint timeout_ms,
                         GCancellable *cancellable,
                         void (*wake) (gpointer user_data),
                         gpointer user_data)
{
  self->wake = wake;
  self->user_data = user_data;
  self->mutex = mutex;
  self->condition = condition;
  self->deadline = timeout_ms < 0 ? -1 : g_get_monotonic_time () + timeout_ms * G_TIME_SPAN_MILLISECOND;
  self->cancellable = cancellable;
  self->handler = 0;
  if (cancellable != NULL)
    self->handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self, NULL);
}

gboolean
execnet_wait_step (ExecnetWait *self)
{
  return execnet_wait_step_slice (self, -1);
}

gboolean
execnet_wait_step_slice (ExecnetWait *self, gint slice_ms)
{
  gint64 now, end;

  if (execnet_wait_is_cancelled (self))
    return FALSE;
  if (self->deadline < 0 && slice_ms < 0)
    {
      self->condition->n_waiting++;
      g_cond_wait (&self->condition->cond, self->mutex);
      self->condition->n_waiting--;
      return !execnet_wait_is_cancelled (self);
    }

  now = g_get_monotonic_time ();
  if (self->deadline >= 0 && now >= self->deadline)
    return FALSE;
  end = self->deadline;
  if (slice_ms >= 0)
    {
      gint64 slice_end = now + slice_ms * G_TIME_SPAN_MILLISECOND;

      end = end < 0 ? slice_end : MIN (end, slice_end);
    }
  /* Only the next step says that the time is up: what was waited for is looked at once more. */
  self->condition->n_waiting++;
  g_cond_wait_until (&self->condition->cond, self->mutex, end);
  self->condition->n_waiting--;
  return TRUE;
}

gboolean
execnet_wait_is_cancelled (ExecnetWait *self)
{
  return self->cancellable != NULL && g_cancellable_is_cancelled (self->cancellable);
}

gboolean
execnet_wait_is_over (ExecnetWait *self)
{
  return execnet_wait_is_cancelled (self)
         || (self->deadline >= 0 && g_get_monotonic_time () >= self->deadline);
}

void
execnet_wait_end (ExecnetWait *self)
{
  if (self->handler != 0)
    g_cancellable_disconnect (self->cancellable, self->handler);
  self->handler = 0;
}

void
execnet_wait_set_error (ExecnetWait *self, GError **error, const char *timed_out_message)
{
  if (!g_cancellable_set_error_if_cancelled (self->cancellable, error))
    g_set_error_literal (error, EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, timed_out_message);
}
