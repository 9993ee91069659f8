/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-gateway-core-private.h"

#include "engine/execnet-channel-core-private.h"
#include "engine/execnet-fork-private.h"
#include "transport/execnet-asker-private.h"

#include <glib/gi18n-lib.h>

static ExecnetGatewayCore *
from_post (ExecnetPost *post)
{
  return (ExecnetGatewayCore *) ((char *) post - G_STRUCT_OFFSET (ExecnetGatewayCore, post));
}

static void
hold_post (ExecnetPost *post)
{
  execnet_gateway_core_ref (from_post (post));
}

static void
drop_post (ExecnetPost *post)
{
  execnet_gateway_core_unref (from_post (post));
}

/* In the object's context. */
static void
run_post (ExecnetPost *post)
{
  ExecnetGatewayCore *self = from_post (post);
  g_autoptr (GObject) object = g_weak_ref_get (&self->object);

  if (object != NULL)
    self->object_funcs->changed (object);
}

static const ExecnetPostFuncs post_funcs = { hold_post, drop_post, run_post, NULL };

ExecnetGatewayCore *
execnet_gateway_core_new (const char *id)
{
  ExecnetGatewayCore *self = g_new0 (ExecnetGatewayCore, 1);

  g_atomic_ref_count_init (&self->refs);
  self->generation = execnet_fork_get_generation ();
  self->id = g_strdup (id);
  g_mutex_init (&self->lock);
  execnet_condition_init (&self->changed);
  self->state = EXECNET_GATEWAY_STARTING;
  self->exit_status = -1;
  self->last_output = g_strdup ("");
  self->channels = g_hash_table_new_full (NULL, NULL, NULL, execnet_channel_core_unref);
  self->next_channel_id = 1;
  self->load_flags = EXECNET_LOAD_PY2STR_AS_PY3STR;
  g_weak_ref_init (&self->object, NULL);
  execnet_post_init (&self->post, &post_funcs);
  return self;
}

ExecnetGatewayCore *
execnet_gateway_core_ref (ExecnetGatewayCore *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
execnet_gateway_core_unref (gpointer data)
{
  ExecnetGatewayCore *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->channels);
  g_clear_pointer (&self->questions, execnet_questions_unref);
  g_clear_pointer (&self->connection, execnet_connection_unref);
  g_clear_pointer (&self->information, g_variant_unref);
  g_clear_pointer (&self->output, execnet_output_free);
  g_clear_pointer (&self->mailbox, execnet_mailbox_unref);
  g_clear_pointer (&self->via, execnet_gateway_core_unref);
  g_clear_pointer (&self->watcher_mailbox, execnet_mailbox_unref);
  g_weak_ref_clear (&self->object);
  g_clear_error (&self->error);
  g_free (self->last_output);
  g_free (self->id);
  g_mutex_clear (&self->lock);
  execnet_condition_clear (&self->changed);
  g_free (self);
}

void
execnet_gateway_core_attach (ExecnetGatewayCore *self,
                             GObject *object,
                             GMainContext *context,
                             const ExecnetGatewayObjectFuncs *funcs)
{
  self->mailbox = execnet_mailbox_get (context);
  self->object_funcs = funcs;
  g_weak_ref_set (&self->object, object);
}

void
execnet_gateway_core_detach (ExecnetGatewayCore *self)
{
  g_autoptr (GHashTable) unclaimed = NULL;

  if (execnet_gateway_core_is_foreign (self))
    return;

  g_mutex_lock (&self->lock);
  self->is_detached = TRUE;
  if (self->state == EXECNET_GATEWAY_CLOSED)
    unclaimed = execnet_gateway_core_steal_channels (self);
  g_mutex_unlock (&self->lock);
  execnet_mailbox_take_out (self->mailbox, &self->post);
  if (self->output != NULL)
    execnet_mailbox_take_out (self->mailbox, &self->output_post);
}

GHashTable *
execnet_gateway_core_steal_channels (ExecnetGatewayCore *self)
{
  GHashTable *channels = self->channels;

  self->channels = g_hash_table_new_full (NULL, NULL, NULL, execnet_channel_core_unref);
  return channels;
}

gboolean
execnet_gateway_core_is_foreign (ExecnetGatewayCore *self)
{
  return self->generation != execnet_fork_get_generation ();
}

void
execnet_gateway_core_tell (ExecnetGatewayCore *self)
{
  if (self->mailbox != NULL)
    execnet_mailbox_post (self->mailbox, &self->post);
}

void
execnet_gateway_core_set_watcher (ExecnetGatewayCore *self,
                                  ExecnetMailbox *mailbox,
                                  ExecnetPost *watcher)
{
  g_mutex_lock (&self->lock);
  self->watcher_mailbox = execnet_mailbox_ref (mailbox);
  self->watcher = watcher;
  watcher->funcs->hold (watcher);
  if (self->is_gone)
    execnet_gateway_core_tell_watcher (self);
  g_mutex_unlock (&self->lock);
}

void
execnet_gateway_core_tell_watcher (ExecnetGatewayCore *self)
{
  ExecnetPost *watcher = g_steal_pointer (&self->watcher);

  /* The mailbox holds it from now on, so this never drops the last reference to it. */
  if (watcher == NULL)
    return;
  execnet_mailbox_hand_over (self->watcher_mailbox, watcher);
}

static GError *
new_foreign_error (ExecnetGatewayCore *self)
{
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_CLOSED,
                      _ ("The gateway “%s” belongs to the process that made it, not to its fork."),
                      self->id);
}

guint
execnet_gateway_core_get_depth (ExecnetGatewayCore *self)
{
  guint depth = 0;

  for (ExecnetGatewayCore *via = self->via; via != NULL; via = via->via)
    depth++;
  return depth;
}

ExecnetGatewayState
execnet_gateway_core_get_state (ExecnetGatewayCore *self)
{
  ExecnetGatewayState state;

  if (execnet_gateway_core_is_foreign (self))
    return EXECNET_GATEWAY_CLOSED;
  g_mutex_lock (&self->lock);
  state = self->state;
  g_mutex_unlock (&self->lock);
  return state;
}

GError *
execnet_gateway_core_dup_error (ExecnetGatewayCore *self)
{
  GError *error;

  if (execnet_gateway_core_is_foreign (self))
    return new_foreign_error (self);
  g_mutex_lock (&self->lock);
  error = self->error != NULL ? g_error_copy (self->error) : NULL;
  g_mutex_unlock (&self->lock);
  return error;
}

void
execnet_gateway_core_set_closed_error (ExecnetGatewayCore *self, GError **error)
{
  if (self->error != NULL)
    g_propagate_error (error, g_error_copy (self->error));
  else if (self->exit_asked && self->state != EXECNET_GATEWAY_CLOSED)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_EXITING,
                 _ ("The gateway “%s” is exiting: it takes no more requests or items."),
                 self->id);
  else if (self->state == EXECNET_GATEWAY_CLOSED)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_CLOSED,
                 _ ("The gateway “%s” was closed."),
                 self->id);
  else
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_NOT_CONNECTED,
                 _ ("The gateway “%s” is still being started; wait until it is up."),
                 self->id);
}

ExecnetConnection *
execnet_gateway_core_get_connection (ExecnetGatewayCore *self, GError **error)
{
  ExecnetConnection *connection = NULL;

  if (execnet_gateway_core_is_foreign (self))
    {
      g_propagate_error (error, new_foreign_error (self));
      return NULL;
    }
  g_mutex_lock (&self->lock);
  if (self->state == EXECNET_GATEWAY_RUNNING && !self->exit_asked)
    connection = execnet_connection_ref (self->connection);
  else
    execnet_gateway_core_set_closed_error (self, error);
  g_mutex_unlock (&self->lock);
  return connection;
}

void
execnet_gateway_core_set_broken_error (ExecnetGatewayCore *self, GError **error)
{
  execnet_gateway_core_wait_closed (self, 1000, NULL);
  g_mutex_lock (&self->lock);
  if (self->state == EXECNET_GATEWAY_CLOSED)
    execnet_gateway_core_set_closed_error (self, error);
  else
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_CLOSED,
                 _ ("The other side of the gateway “%s” takes no more messages."),
                 self->id);
  g_mutex_unlock (&self->lock);
}

gboolean
execnet_gateway_core_send (ExecnetGatewayCore *self,
                           ExecnetMessageCode code,
                           gint32 channel,
                           GBytes *payload,
                           GError **error)
{
  g_autoptr (ExecnetConnection) connection = execnet_gateway_core_get_connection (self, error);

  if (connection == NULL)
    return FALSE;
  if (execnet_connection_send (connection, code, channel, payload))
    return TRUE;
  execnet_gateway_core_set_broken_error (self, error);
  return FALSE;
}

gboolean
execnet_gateway_core_send_content (ExecnetGatewayCore *self,
                                   gint32 channel,
                                   GBytes *content,
                                   GError **error)
{
  g_autoptr (ExecnetConnection) connection = execnet_gateway_core_get_connection (self, error);

  if (connection == NULL)
    return FALSE;
  if (execnet_connection_send_content (connection, channel, content))
    return TRUE;
  execnet_gateway_core_set_broken_error (self, error);
  return FALSE;
}

void
execnet_gateway_core_notify (ExecnetGatewayCore *self,
                             ExecnetMessageCode code,
                             gint32 channel,
                             GBytes *payload)
{
  g_autoptr (ExecnetConnection) connection = execnet_gateway_core_get_connection (self, NULL);

  if (connection != NULL)
    execnet_connection_send (connection, code, channel, payload);
}

void
execnet_gateway_core_set_asker (ExecnetGatewayCore *self, ExecnetTransport *transport)
{
  ExecnetQuestions *questions = execnet_transport_get_questions (transport);

  self->questions = questions != NULL ? execnet_questions_ref (questions) : NULL;
  self->asker = transport;
}

/* Worker thread. */
static void
on_asked (gpointer data)
{
  ExecnetGatewayCore *self = data;

  g_mutex_lock (&self->lock);
  self->n_asked++;
  execnet_condition_announce (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* With the lock. A thread that waits for the gateway to be up may be the one that has to show what the
 * gateway asks. */
static gboolean
is_ready (ExecnetGatewayCore *self, guint *n_served)
{
  while (self->state == EXECNET_GATEWAY_STARTING && self->n_asked != *n_served)
    {
      GError *error = NULL;

      *n_served = self->n_asked;
      g_mutex_unlock (&self->lock);
      if (!execnet_questions_serve (self->questions, self->asker, &error))
        execnet_gateway_core_give_up (self, error);
      g_mutex_lock (&self->lock);
    }
  return self->state != EXECNET_GATEWAY_STARTING;
}

gboolean
execnet_gateway_core_wait_ready (ExecnetGatewayCore *self, gint timeout_ms, GCancellable *cancellable)
{
  ExecnetQuestions *questions = timeout_ms != 0 ? self->questions : NULL;
  ExecnetWait wait;
  guint n_served;
  gboolean done;

  if (execnet_gateway_core_is_foreign (self))
    return TRUE;

  if (questions != NULL)
    execnet_questions_add_waiter (questions, on_asked, self);
  execnet_wait_begin (&wait, &self->lock, &self->changed, timeout_ms, cancellable);
  g_mutex_lock (&self->lock);
  /* There may be a question already. */
  n_served = questions != NULL ? self->n_asked - 1 : self->n_asked;
  do
    done = is_ready (self, &n_served);
  while (!done && execnet_wait_step (&wait));
  g_mutex_unlock (&self->lock);
  execnet_wait_end (&wait);
  if (questions != NULL)
    execnet_questions_remove_waiter (questions, on_asked, self);
  return done;
}

gboolean
execnet_gateway_core_wait_closed (ExecnetGatewayCore *self,
                                  gint timeout_ms,
                                  GCancellable *cancellable)
{
  ExecnetWait wait;
  gboolean is_gone;

  if (execnet_gateway_core_is_foreign (self))
    return TRUE;

  execnet_wait_begin (&wait, &self->lock, &self->changed, timeout_ms, cancellable);
  g_mutex_lock (&self->lock);
  while (!self->is_gone && execnet_wait_step (&wait))
    ;
  is_gone = self->is_gone;
  g_mutex_unlock (&self->lock);
  execnet_wait_end (&wait);
  return is_gone;
}
