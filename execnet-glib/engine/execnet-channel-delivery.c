/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a channel's queue to its object's signals, in the object's context, and to its callback, in
 * the callback's. */

#include "config.h"

#include "engine/execnet-channel-core-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "data/execnet-remote-error-private.h"

#include <glib/gi18n-lib.h>

/* Items in one go, before others have their turn. */
#define ITEMS_PER_TURN 64

void
execnet_channel_core_post (ExecnetChannelCore *self)
{
  if (self->callback != NULL)
    execnet_mailbox_post (self->callback->mailbox, &self->callback_post);
  if (self->object_funcs != NULL
      && (self->callback == NULL || self->state != EXECNET_CHANNEL_OPEN))
    execnet_mailbox_post (self->mailbox, &self->object_post);
}

/* The object. */

static ExecnetChannelCore *
from_object_post (ExecnetPost *post)
{
  return (ExecnetChannelCore *) ((char *) post - G_STRUCT_OFFSET (ExecnetChannelCore, object_post));
}

static void
hold_object_post (ExecnetPost *post)
{
  execnet_channel_core_ref (from_object_post (post));
}

static void
drop_object_post (ExecnetPost *post)
{
  execnet_channel_core_unref (from_object_post (post));
}

/* In the object's context. Also TRUE when the object is gone: then there is nothing to wait for. */
static gboolean
check_object_post (ExecnetPost *post)
{
  ExecnetChannelCore *self = from_object_post (post);
  g_autoptr (GObject) object = g_weak_ref_get (&self->object);
  const ExecnetChannelObjectFuncs *funcs = g_atomic_pointer_get (&self->object_funcs);

  return object == NULL || funcs == NULL || funcs->has_handler (object);
}

static ExecnetArrival *
pop_for_object (ExecnetChannelCore *self)
{
  ExecnetArrival *arrival = NULL;

  g_mutex_lock (&self->gateway->lock);
  if (!self->had_callback)
    arrival = g_queue_pop_head (&self->arrivals);
  execnet_channel_core_take_in (self, arrival);
  /* A handler that runs the loop gets the rest from there. */
  if (arrival != NULL && (self->arrivals.length > 0 || execnet_channel_core_has_ended (self)))
    execnet_mailbox_post (self->mailbox, &self->object_post);
  g_mutex_unlock (&self->gateway->lock);
  return arrival;
}

/* FALSE when there is nothing more to emit, or nobody to emit it for: a handler may drop the channel,
 * whose handlers get no more then. */
static gboolean
emit_item (ExecnetChannelCore *self)
{
  const ExecnetChannelObjectFuncs *funcs = g_atomic_pointer_get (&self->object_funcs);
  g_autoptr (GObject) object = g_weak_ref_get (&self->object);
  g_autoptr (GVariant) item = NULL;
  ExecnetArrival *arrival;

  if (object == NULL || funcs == NULL || !funcs->has_handler (object))
    return FALSE;
  arrival = pop_for_object (self);
  if (arrival == NULL)
    return FALSE;
  item = execnet_channel_core_decode (self, arrival, NULL);
  if (item != NULL)
    funcs->received (object, item);
  return TRUE;
}

static void
emit_state (ExecnetChannelCore *self, GObject *object, const ExecnetChannelObjectFuncs *funcs)
{
  gboolean has_handler = funcs->has_handler (object);
  g_autoptr (GError) error = NULL;
  ExecnetChannelState state;
  guint64 limit;
  gboolean emit_closed;

  g_mutex_lock (&self->gateway->lock);
  state = self->state;
  limit = self->receive_limit;
  emit_closed = state == EXECNET_CHANNEL_CLOSED && !self->closed_emitted && self->callback == NULL
                && (self->arrivals.length == 0 || !has_handler);
  if (emit_closed)
    {
      self->closed_emitted = TRUE;
      if (self->remote_error != NULL)
        error = g_error_new_literal (EXECNET_ERROR,
                                     EXECNET_ERROR_REMOTE,
                                     execnet_remote_error_get_text (self->remote_error));
      else if (self->end_error != NULL)
        error = g_error_copy (self->end_error);
    }
  g_mutex_unlock (&self->gateway->lock);

  if (state != self->told_state)
    {
      self->told_state = state;
      funcs->changed (object);
    }
  if (limit != self->told_limit)
    {
      self->told_limit = limit;
      funcs->limit_changed (object);
    }
  if (emit_closed)
    funcs->closed (object, error);
}

/* In the object's context. What is left waits for the next turn, or for a handler. */
static void
run_again (ExecnetChannelCore *self, gboolean has_handler)
{
  gboolean has_items;

  g_mutex_lock (&self->gateway->lock);
  has_items = self->arrivals.length > 0 && !self->had_callback;
  g_mutex_unlock (&self->gateway->lock);
  if (has_items && has_handler)
    execnet_mailbox_post (self->mailbox, &self->object_post);
  else if (has_items)
    execnet_mailbox_park (self->mailbox, &self->object_post);
}

/* In the object's context. */
static void
run_object_post (ExecnetPost *post)
{
  ExecnetChannelCore *self = from_object_post (post);
  const ExecnetChannelObjectFuncs *funcs;
  g_autoptr (GObject) object = NULL;
  guint n = 0;

  while (n++ < ITEMS_PER_TURN && emit_item (self))
    ;
  object = g_weak_ref_get (&self->object);
  funcs = g_atomic_pointer_get (&self->object_funcs);
  if (object == NULL || funcs == NULL)
    return;
  emit_state (self, object, funcs);
  run_again (self, funcs->has_handler (object));
}

const ExecnetPostFuncs execnet_channel_object_post_funcs
    = { hold_object_post, drop_object_post, run_object_post, check_object_post };

/* The callback. */

static ExecnetChannelCore *
from_callback_post (ExecnetPost *post)
{
  return (ExecnetChannelCore *) ((char *) post
                                 - G_STRUCT_OFFSET (ExecnetChannelCore, callback_post));
}

static void
hold_callback_post (ExecnetPost *post)
{
  execnet_channel_core_ref (from_callback_post (post));
}

static void
drop_callback_post (ExecnetPost *post)
{
  execnet_channel_core_unref (from_callback_post (post));
}

static void
run_callback_post (ExecnetPost *post)
{
  execnet_channel_core_run_callback (from_callback_post (post));
}

const ExecnetPostFuncs execnet_channel_callback_post_funcs
    = { hold_callback_post, drop_callback_post, run_callback_post, NULL };

/* In the callback's context. `arrival` is NULL for the end marker. */
static gboolean
call (ExecnetChannelCore *self,
      const ExecnetChannelCallback *callback,
      ExecnetArrival *arrival,
      GError **error)
{
  g_autoptr (GVariant) item = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (callback->bytes_func != NULL)
    {
      if (arrival != NULL)
        {
          bytes = g_bytes_ref (arrival->bytes);
          execnet_arrival_free (arrival);
        }
      return callback->bytes_func (bytes, callback->user_data, error);
    }
  if (arrival != NULL)
    {
      item = execnet_channel_core_decode (self, arrival, error);
      if (item == NULL)
        return FALSE;
    }
  return callback->item_func (item, callback->user_data, error);
}

/* A callback that fails closes the channel, and gets no more items. */
static void
fail (ExecnetChannelCore *self, const GError *error)
{
  const char *text = error != NULL ? error->message : _ ("A callback failed without saying why.");
  g_autoptr (ExecnetRemoteError) remote_error = execnet_remote_error_new (text);

  execnet_channel_core_break (self, text, remote_error, NULL);
}

static void
call_with_item (ExecnetChannelCore *self,
                const ExecnetChannelCallback *callback,
                ExecnetArrival *arrival)
{
  g_autoptr (GError) error = NULL;

  if (!call (self, callback, arrival, &error))
    fail (self, error);
}

static void
call_with_end (ExecnetChannelCore *self, const ExecnetChannelCallback *callback)
{
  g_autoptr (GError) error = NULL;

  if (callback->wants_end_marker && !call (self, callback, NULL, &error))
    execnet_trace ("channel %d: the callback failed for the end marker: %s",
                   self->id,
                   error != NULL ? error->message : "without an error");
  if (callback->notify != NULL)
    callback->notify (callback->user_data);
}

void
execnet_channel_core_run_callback (ExecnetChannelCore *self)
{
  GMutex *lock = &self->gateway->lock;
  g_autofree ExecnetChannelCallback *over = NULL;
  guint n = 0;

  g_mutex_lock (lock);
  /* The callback itself may run the loop, or wait for its channel's gateway. */
  if (self->callback == NULL || self->callback->running != NULL)
    {
      g_mutex_unlock (lock);
      return;
    }
  self->callback->running = g_thread_self ();
  while (over == NULL && n++ < ITEMS_PER_TURN)
    {
      ExecnetArrival *arrival = g_queue_pop_head (&self->arrivals);

      if (arrival == NULL && !execnet_channel_core_has_ended (self))
        break;
      execnet_channel_core_take_in (self, arrival);
      g_mutex_unlock (lock);
      if (arrival != NULL)
        call_with_item (self, self->callback, arrival);
      else
        call_with_end (self, self->callback);
      g_mutex_lock (lock);
      if (arrival == NULL)
        over = g_steal_pointer (&self->callback);
    }
  if (self->callback != NULL)
    {
      self->callback->running = NULL;
      if (self->arrivals.length > 0 || execnet_channel_core_has_ended (self))
        execnet_mailbox_post (self->callback->mailbox, &self->callback_post);
    }
  else
    execnet_channel_core_post (self);
  execnet_channel_core_wake (self);
  g_mutex_unlock (lock);

  if (over == NULL)
    return;
  /* What was posted meanwhile finds nothing to do any more, and its mailbox may go now. */
  execnet_mailbox_take_out (over->mailbox, &self->callback_post);
  execnet_mailbox_unref (over->mailbox);
}

/* With the lock. */
static GPtrArray *
steal_arrivals (ExecnetChannelCore *self)
{
  GPtrArray *queued = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  ExecnetArrival *arrival;

  while ((arrival = g_queue_pop_head (&self->arrivals)) != NULL)
    {
      execnet_channel_core_take_in (self, arrival);
      g_ptr_array_add (queued, g_bytes_ref (arrival->bytes));
      execnet_arrival_free (arrival);
    }
  return queued;
}

gboolean
execnet_channel_core_set_callback (ExecnetChannelCore *self,
                                   const ExecnetChannelCallback *callback,
                                   GPtrArray **queued,
                                   GError **error)
{
  gboolean is_first;

  if (execnet_gateway_core_is_foreign (self->gateway))
    {
      g_propagate_error (error, execnet_gateway_core_dup_error (self->gateway));
      return FALSE;
    }

  g_mutex_lock (&self->gateway->lock);
  is_first = !self->had_callback;
  if (is_first)
    {
      self->had_callback = TRUE;
      self->callback = g_new (ExecnetChannelCallback, 1);
      *self->callback = *callback;
      self->callback->running = NULL;
      execnet_mailbox_ref (self->callback->mailbox);
      if (queued != NULL)
        *queued = steal_arrivals (self);
      if (self->arrivals.length > 0 || execnet_channel_core_has_ended (self))
        execnet_channel_core_post (self);
      execnet_channel_core_wake (self);
    }
  g_mutex_unlock (&self->gateway->lock);
  execnet_connection_serve (self->gateway->connection);

  if (!is_first)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_HAS_HANDLER,
                 _ ("The channel %d has a callback already."),
                 self->id);
  return is_first;
}
