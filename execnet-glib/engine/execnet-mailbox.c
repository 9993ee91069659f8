/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-mailbox-private.h"

#include "engine/execnet-fork-private.h"

/* How long one dispatch may take, so that a loop stays alive under a flood. */
#define TURN_BUDGET_US 4000

struct _ExecnetMailbox
{
  GSource source;
  GMainContext *context;
  guint generation;     /* of the process that made it */
  guint n_users;        /* table lock */
  GMutex lock;
  GQueue ready;         /* lock */
  GQueue parked;        /* lock */
};

/* Mailboxes by their contexts, while they have users. */
static GMutex table_lock;
static GHashTable *table;

gboolean
execnet_mailbox_is_foreign (ExecnetMailbox *self)
{
  return self->generation != execnet_fork_get_generation ();
}

static void
put (GQueue *queue, ExecnetPost *post)
{
  post->link.data = post;
  post->queue = queue;
  g_queue_push_tail_link (queue, &post->link);
}

static void
take (ExecnetPost *post)
{
  g_queue_unlink (post->queue, &post->link);
  post->queue = NULL;
}

/* With the lock. */
static void
put_ready (ExecnetMailbox *self, ExecnetPost *post)
{
  if (self->ready.head == NULL)
    g_source_set_ready_time (&self->source, 0);
  put (&self->ready, post);
}

/* In the context. Looks at the post that has been parked longest, and parks it last. */
static gboolean
move_if_ready (ExecnetMailbox *self)
{
  ExecnetPost *post = NULL;
  gboolean is_ready;

  g_mutex_lock (&self->lock);
  if (self->parked.head != NULL)
    {
      post = self->parked.head->data;
      take (post);
      put (&self->parked, post);
      post->funcs->hold (post);
    }
  g_mutex_unlock (&self->lock);
  if (post == NULL)
    return FALSE;

  /* Without the lock: it may run code of the application. */
  is_ready = post->funcs->check (post);

  g_mutex_lock (&self->lock);
  if (is_ready && post->queue == &self->parked)
    {
      take (post);
      put_ready (self, post);
    }
  g_mutex_unlock (&self->lock);
  post->funcs->drop (post);
  return is_ready;
}

static gboolean
move_parked_posts (ExecnetMailbox *self)
{
  gboolean moved = FALSE;
  guint n;

  g_mutex_lock (&self->lock);
  n = self->parked.length;
  g_mutex_unlock (&self->lock);

  for (; n > 0; n--)
    moved |= move_if_ready (self);
  return moved;
}

static gboolean
prepare (GSource *source, int *timeout)
{
  ExecnetMailbox *self = (ExecnetMailbox *) source;

  *timeout = -1;
  /* In a fork child another thread may have held the lock for ever. */
  if (execnet_mailbox_is_foreign (self))
    return FALSE;
  return move_parked_posts (self);
}

static ExecnetPost *
pop_ready (ExecnetMailbox *self)
{
  ExecnetPost *post = NULL;

  g_mutex_lock (&self->lock);
  if (self->ready.head != NULL)
    {
      post = self->ready.head->data;
      take (post);
    }
  else
    g_source_set_ready_time (&self->source, -1);
  g_mutex_unlock (&self->lock);
  return post;
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  ExecnetMailbox *self = (ExecnetMailbox *) source;
  gint64 end = g_get_monotonic_time () + TURN_BUDGET_US;
  ExecnetPost *post;

  if (execnet_mailbox_is_foreign (self))
    return G_SOURCE_REMOVE;
  while ((post = pop_ready (self)) != NULL)
    {
      post->funcs->run (post);
      post->funcs->drop (post);
      if (g_get_monotonic_time () >= end)
        break;
    }
  return G_SOURCE_CONTINUE;
}

static void
finalize (GSource *source)
{
  ExecnetMailbox *self = (ExecnetMailbox *) source;

  g_mutex_clear (&self->lock);
}

static GSourceFuncs source_funcs = { prepare, NULL, dispatch, finalize, NULL, NULL };

static ExecnetMailbox *
make_mailbox (GMainContext *context)
{
  GSource *source = g_source_new (&source_funcs, sizeof (ExecnetMailbox));
  ExecnetMailbox *self = (ExecnetMailbox *) source;

  g_source_set_static_name (source, "execnet mailbox");
  /* A callback may run a loop of its own: deliveries go on in it. */
  g_source_set_can_recurse (source, TRUE);
  self->context = g_main_context_ref (context);
  self->generation = execnet_fork_get_generation ();
  g_mutex_init (&self->lock);
  g_queue_init (&self->ready);
  g_queue_init (&self->parked);
  g_source_attach (source, context);
  return self;
}

ExecnetMailbox *
execnet_mailbox_get (GMainContext *context)
{
  g_autoptr (GMainContext) of_thread = NULL;
  ExecnetMailbox *self;

  if (context == NULL)
    context = of_thread = g_main_context_ref_thread_default ();

  g_mutex_lock (&table_lock);
  if (table == NULL)
    table = g_hash_table_new (NULL, NULL);
  self = g_hash_table_lookup (table, context);
  if (self == NULL)
    {
      self = make_mailbox (context);
      g_hash_table_insert (table, context, self);
    }
  self->n_users++;
  g_mutex_unlock (&table_lock);
  return self;
}

ExecnetMailbox *
execnet_mailbox_ref (ExecnetMailbox *self)
{
  g_mutex_lock (&table_lock);
  self->n_users++;
  g_mutex_unlock (&table_lock);
  return self;
}

void
execnet_mailbox_unref (ExecnetMailbox *self)
{
  gboolean is_last;

  /* In a fork child the context's table entry may be another's, and the source stays. */
  if (execnet_mailbox_is_foreign (self))
    return;
  g_mutex_lock (&table_lock);
  is_last = --self->n_users == 0;
  if (is_last)
    {
      g_hash_table_remove (table, self->context);
      if (g_hash_table_size (table) == 0)
        g_clear_pointer (&table, g_hash_table_unref);
    }
  g_mutex_unlock (&table_lock);

  if (is_last)
    {
      GMainContext *context = self->context;

      g_source_destroy (&self->source);
      g_source_unref (&self->source);
      g_main_context_unref (context);
    }
}

GMainContext *
execnet_mailbox_get_context (ExecnetMailbox *self)
{
  return self->context;
}

void
execnet_post_init (ExecnetPost *post, const ExecnetPostFuncs *funcs)
{
  post->funcs = funcs;
  post->queue = NULL;
}

void
execnet_mailbox_post (ExecnetMailbox *self, ExecnetPost *post)
{
  if (execnet_mailbox_is_foreign (self))
    return;
  g_mutex_lock (&self->lock);
  if (post->queue == &self->parked)
    take (post);
  else if (post->queue == NULL)
    post->funcs->hold (post);
  if (post->queue == NULL)
    put_ready (self, post);
  g_mutex_unlock (&self->lock);
}

void
execnet_mailbox_hand_over (ExecnetMailbox *self, ExecnetPost *post)
{
  if (execnet_mailbox_is_foreign (self))
    return;
  g_mutex_lock (&self->lock);
  put_ready (self, post);
  g_mutex_unlock (&self->lock);
}

void
execnet_mailbox_park (ExecnetMailbox *self, ExecnetPost *post)
{
  if (execnet_mailbox_is_foreign (self))
    return;
  g_mutex_lock (&self->lock);
  if (post->queue == NULL)
    {
      post->funcs->hold (post);
      put (&self->parked, post);
    }
  g_mutex_unlock (&self->lock);
}

void
execnet_mailbox_take_out (ExecnetMailbox *self, ExecnetPost *post)
{
  gboolean was_waiting;

  if (execnet_mailbox_is_foreign (self))
    return;
  g_mutex_lock (&self->lock);
  was_waiting = post->queue != NULL;
  if (was_waiting)
    take (post);
  g_mutex_unlock (&self->lock);

  if (was_waiting)
    post->funcs->drop (post);
}

void
execnet_mailbox_lock_table (void)
{
  g_mutex_lock (&table_lock);
}

void
execnet_mailbox_unlock_table (void)
{
  g_mutex_unlock (&table_lock);
}

void
execnet_mailbox_forget_table (void)
{
  table = NULL;
}
