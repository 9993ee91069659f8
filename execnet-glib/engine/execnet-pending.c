/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-pending-private.h"

#include "base/execnet-error.h"

struct _ExecnetPending
{
  gatomicrefcount refs;
  ExecnetPost post;
  ExecnetMailbox *mailbox;
  GTask *task;
  ExecnetPendingFunc func;
  GMutex *lock;
  gpointer owner;
  GDestroyNotify release_owner;
  const char *timed_out_message;
  guint64 tag; /* set before it is queued */
  gulong cancel_handler; /* set before it is queued, cleared in the task's context */
  GSource *timeout;      /* likewise */

  /* Under the lock. */
  GList link;
  GQueue *queue;
  gboolean completed;
  GError *early_error; /* cancelled or timed out before it was queued */
  gpointer result;
  GError *error;
};

static ExecnetPending *
from_post (ExecnetPost *post)
{
  return (ExecnetPending *) ((char *) post - G_STRUCT_OFFSET (ExecnetPending, post));
}

static ExecnetPending *
pending_ref (ExecnetPending *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
pending_unref (gpointer data)
{
  ExecnetPending *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_error (&self->early_error);
  self->release_owner (self->owner);
  execnet_mailbox_unref (self->mailbox);
  g_free (self);
}

static void
hold_post (ExecnetPost *post)
{
  pending_ref (from_post (post));
}

static void
drop_post (ExecnetPost *post)
{
  pending_unref (from_post (post));
}

/* In the task's context. */
static void
run_post (ExecnetPost *post)
{
  ExecnetPending *self = from_post (post);
  GTask *task = g_steal_pointer (&self->task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (self->cancel_handler != 0)
    g_cancellable_disconnect (cancellable, self->cancel_handler);
  if (self->timeout != NULL)
    {
      g_source_destroy (self->timeout);
      g_clear_pointer (&self->timeout, g_source_unref);
    }
  self->func (task, g_steal_pointer (&self->result), g_steal_pointer (&self->error));
  g_object_unref (task);
  /* The reference of the call itself. */
  pending_unref (self);
}

static const ExecnetPostFuncs post_funcs = { hold_post, drop_post, run_post, NULL };

/* Any thread, without the lock. */
static void
fail_early (ExecnetPending *self, GError *error)
{
  g_mutex_lock (self->lock);
  if (self->queue != NULL)
    execnet_pending_complete (self, NULL, error);
  else if (!self->completed && self->early_error == NULL)
    self->early_error = error;
  else
    g_error_free (error);
  g_mutex_unlock (self->lock);
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  GError *error = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, &error))
    fail_early (data, error);
}

static gboolean
on_timeout (gpointer data)
{
  ExecnetPending *self = data;

  fail_early (self, g_error_new_literal (EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, self->timed_out_message));
  return G_SOURCE_REMOVE;
}

ExecnetPending *
execnet_pending_new (GTask *task,
                     ExecnetPendingFunc func,
                     GMutex *lock,
                     gpointer owner,
                     GDestroyNotify release_owner)
{
  ExecnetPending *self = g_new0 (ExecnetPending, 1);

  g_atomic_ref_count_init (&self->refs);
  execnet_post_init (&self->post, &post_funcs);
  self->mailbox = execnet_mailbox_get (g_task_get_context (task));
  self->task = task;
  self->func = func;
  self->lock = lock;
  self->owner = owner;
  self->release_owner = release_owner;
  /* What arrived must reach the caller, also when the cancellable was cancelled just after. */
  g_task_set_check_cancellable (task, FALSE);
  return self;
}

void
execnet_pending_watch (ExecnetPending *self, gint timeout_ms, const char *timed_out_message)
{
  GCancellable *cancellable = g_task_get_cancellable (self->task);

  self->timed_out_message = timed_out_message;
  if (timeout_ms >= 0)
    {
      self->timeout = g_timeout_source_new (timeout_ms);
      g_source_set_callback (self->timeout, on_timeout, pending_ref (self), pending_unref);
      g_source_attach (self->timeout, g_task_get_context (self->task));
    }
  if (cancellable != NULL)
    self->cancel_handler = g_cancellable_connect (cancellable,
                                                  G_CALLBACK (on_cancelled),
                                                  pending_ref (self),
                                                  pending_unref);
}

void
execnet_pending_enqueue (ExecnetPending *self, GQueue *queue)
{
  self->link.data = self;
  self->queue = queue;
  g_queue_push_tail_link (queue, &self->link);
  if (self->early_error != NULL)
    execnet_pending_complete (self, NULL, g_steal_pointer (&self->early_error));
}

void
execnet_pending_complete (ExecnetPending *self, gpointer result, GError *error)
{
  if (self->queue != NULL)
    g_queue_unlink (self->queue, &self->link);
  self->queue = NULL;
  self->completed = TRUE;
  self->result = result;
  self->error = error;
  execnet_mailbox_post (self->mailbox, &self->post);
}

void
execnet_pending_complete_all (GQueue *queue, const GError *error)
{
  while (queue->head != NULL)
    execnet_pending_complete (queue->head->data, NULL, error != NULL ? g_error_copy (error) : NULL);
}

void
execnet_pending_set_tag (ExecnetPending *self, guint64 tag)
{
  self->tag = tag;
}

guint64
execnet_pending_get_tag (ExecnetPending *self)
{
  return self->tag;
}

ExecnetPending *
execnet_pending_peek (GQueue *queue)
{
  return queue->head != NULL ? queue->head->data : NULL;
}
