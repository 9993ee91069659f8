/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-channel-core-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>

/* While a callback's context has no owner, nobody announces that it got one, or lost it. */
#define RETRY_MS 50

static GBytes *
encode_text (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autoptr (GVariant) item = g_variant_ref_sink (g_variant_new_string (valid));

  return execnet_item_write_bytes (EXECNET_ITEM_FORM_OPCODES, item, NULL, NULL, NULL);
}

/* Where the gateway is gone, so is the other side's channel: nothing is left to be said. */
static void
tell_closed (ExecnetChannelCore *self, const char *error_text)
{
  g_autoptr (GBytes) payload = error_text != NULL ? encode_text (error_text) : NULL;

  execnet_gateway_core_notify (self->gateway,
                               payload != NULL ? EXECNET_MESSAGE_CHANNEL_CLOSE_ERROR
                                               : EXECNET_MESSAGE_CHANNEL_CLOSE,
                               self->id,
                               payload);
}

gboolean
execnet_channel_core_close (ExecnetChannelCore *self, const char *error_text, GError **error)
{
  gboolean was_open;

  if (execnet_gateway_core_is_foreign (self->gateway))
    {
      g_propagate_error (error, execnet_gateway_core_dup_error (self->gateway));
      return FALSE;
    }

  g_mutex_lock (&self->gateway->lock);
  was_open = self->state != EXECNET_CHANNEL_CLOSED;
  execnet_channel_core_end (self, EXECNET_CHANNEL_CLOSED, NULL, NULL);
  g_mutex_unlock (&self->gateway->lock);

  if (was_open)
    tell_closed (self, error_text);
  return TRUE;
}

void
execnet_channel_core_break (ExecnetChannelCore *self,
                            const char *error_text,
                            ExecnetRemoteError *remote_error,
                            const GError *end_error)
{
  gboolean was_open;

  g_mutex_lock (&self->gateway->lock);
  was_open = self->state != EXECNET_CHANNEL_CLOSED;
  g_queue_clear_full (&self->arrivals, execnet_arrival_free);
  execnet_channel_core_set_errors (self, remote_error, end_error);
  /* It is an error of this side, and the other one gets it. */
  self->remote_error_seen = TRUE;
  execnet_channel_core_end (self, EXECNET_CHANNEL_CLOSED, NULL, NULL);
  g_mutex_unlock (&self->gateway->lock);

  if (was_open)
    tell_closed (self, error_text);
}

/* With the lock, which it leaves and takes again. TRUE when something may have changed. */
static gboolean
help_callback (ExecnetChannelCore *self)
{
  g_autoptr (GMainContext) context = NULL;
  gboolean owned;

  if (self->callback->running != NULL
      || (self->arrivals.length == 0 && !execnet_channel_core_has_ended (self)))
    return FALSE;

  context = g_main_context_ref (execnet_mailbox_get_context (self->callback->mailbox));
  g_mutex_unlock (&self->gateway->lock);
  owned = g_main_context_acquire (context);
  if (owned)
    {
      execnet_channel_core_run_callback (self);
      g_main_context_release (context);
    }
  g_mutex_lock (&self->gateway->lock);
  return owned;
}

/* With the lock. FALSE when the wait is over without success. */
static gboolean
step (ExecnetChannelCore *self, ExecnetWait *wait)
{
  if (self->callback == NULL)
    return execnet_wait_step (wait);
  if (help_callback (self))
    return TRUE;
  /* The callback may have ended while the lock was left. */
  return self->callback == NULL || execnet_wait_step_slice (wait, RETRY_MS);
}

/* READY, TIMED_OUT or INTERRUPTED; ERROR when it would wait for itself. */
static ExecnetWaitResult
wait_until_finished (ExecnetChannelCore *self, gint timeout_ms, GCancellable *cancellable)
{
  GMutex *lock = &self->gateway->lock;
  ExecnetWaitResult result = EXECNET_WAIT_READY;
  ExecnetWait wait;

  execnet_wait_begin (&wait, lock, &self->changed, timeout_ms, cancellable);
  execnet_connection_serve (self->gateway->connection);
  g_mutex_lock (lock);
  while (result == EXECNET_WAIT_READY && !execnet_channel_core_is_finished (self))
    {
      if (self->callback != NULL && self->callback->running == g_thread_self ())
        result = EXECNET_WAIT_ERROR;
      else if (!step (self, &wait))
        result = execnet_wait_is_cancelled (&wait) ? EXECNET_WAIT_INTERRUPTED
                                                   : EXECNET_WAIT_TIMED_OUT;
    }
  g_mutex_unlock (lock);
  execnet_wait_end (&wait);
  return result;
}

ExecnetWaitResult
execnet_channel_core_wait_closed (ExecnetChannelCore *self,
                                  gint timeout_ms,
                                  GCancellable *cancellable)
{
  if (execnet_gateway_core_is_foreign (self->gateway))
    return EXECNET_WAIT_ERROR;
  return wait_until_finished (self, timeout_ms, cancellable);
}

gboolean
execnet_channel_core_wait_close (ExecnetChannelCore *self,
                                 gint timeout_ms,
                                 GCancellable *cancellable,
                                 GError **error)
{
  GError *reason = NULL;

  if (execnet_gateway_core_is_foreign (self->gateway))
    {
      g_propagate_error (error, execnet_gateway_core_dup_error (self->gateway));
      return FALSE;
    }
  switch (wait_until_finished (self, timeout_ms, cancellable))
    {
    case EXECNET_WAIT_READY:
      g_mutex_lock (&self->gateway->lock);
      reason = execnet_channel_core_take_close_error (self);
      g_mutex_unlock (&self->gateway->lock);
      break;
    case EXECNET_WAIT_INTERRUPTED:
      g_cancellable_set_error_if_cancelled (cancellable, &reason);
      break;
    case EXECNET_WAIT_TIMED_OUT:
      reason = g_error_new (EXECNET_ERROR,
                            EXECNET_ERROR_TIMED_OUT,
                            _ ("The channel %d was not closed in time."),
                            self->id);
      break;
    case EXECNET_WAIT_ERROR:
    case EXECNET_WAIT_END:
      reason = g_error_new (EXECNET_ERROR,
                            EXECNET_ERROR_WOULD_DEADLOCK,
                            _ ("The callback of the channel %d waits for its own end."),
                            self->id);
      break;
    }
  if (reason != NULL)
    g_propagate_error (error, reason);
  return reason == NULL;
}

void
execnet_channel_core_wait_close_async (ExecnetChannelCore *self,
                                       gint timeout_ms,
                                       GTask *task,
                                       ExecnetPendingFunc func)
{
  ExecnetPending *pending;

  if (execnet_gateway_core_is_foreign (self->gateway))
    {
      g_task_return_error (task, execnet_gateway_core_dup_error (self->gateway));
      g_object_unref (task);
      return;
    }
  pending = execnet_pending_new (task,
                                 func,
                                 &self->gateway->lock,
                                 execnet_channel_core_ref (self),
                                 execnet_channel_core_unref);
  execnet_pending_watch (pending, timeout_ms, _ ("The channel was not closed in time."));
  g_mutex_lock (&self->gateway->lock);
  execnet_pending_enqueue (pending, &self->closers);
  if (execnet_channel_core_is_finished (self))
    execnet_pending_complete_all (&self->closers, NULL);
  g_mutex_unlock (&self->gateway->lock);
  execnet_connection_serve (self->gateway->connection);
}
