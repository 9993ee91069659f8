/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-wait-private.h"

#include "base/execnet-error.h"

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  ExecnetWait *self = data;

  g_mutex_lock (self->mutex);
  g_cond_broadcast (self->cond);
  g_mutex_unlock (self->mutex);
}

void
execnet_wait_begin (ExecnetWait *self,
                    GMutex *mutex,
                    GCond *cond,
                    gint timeout_ms,
                    GCancellable *cancellable)
{
  self->mutex = mutex;
  self->cond = cond;
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
      g_cond_wait (self->cond, self->mutex);
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
  g_cond_wait_until (self->cond, self->mutex, end);
  return TRUE;
}

gboolean
execnet_wait_is_cancelled (ExecnetWait *self)
{
  return self->cancellable != NULL && g_cancellable_is_cancelled (self->cancellable);
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
