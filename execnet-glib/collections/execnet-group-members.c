/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The gateways that a group has: its registry, and the list model that shows it. */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "engine/execnet-worker-thread-private.h"
#include "objects/execnet-gateway-private.h"

/* A gateway in its group, which it keeps alive. */
typedef struct
{
  gatomicrefcount refs;
  ExecnetPost post; /* the gateway is gone */
  ExecnetGroup *group;
  ExecnetGateway *gateway;
} ExecnetMember;

static void
member_unref (gpointer data)
{
  ExecnetMember *member = data;

  if (!g_atomic_ref_count_dec (&member->refs))
    return;
  g_clear_object (&member->gateway);
  g_clear_object (&member->group);
  g_free (member);
}

static ExecnetMember *
member_from_post (ExecnetPost *post)
{
  return (ExecnetMember *) ((char *) post - G_STRUCT_OFFSET (ExecnetMember, post));
}

static void
hold_member_post (ExecnetPost *post)
{
  g_atomic_ref_count_inc (&member_from_post (post)->refs);
}

static void
drop_member_post (ExecnetPost *post)
{
  member_unref (member_from_post (post));
}

static void
run_member_post (ExecnetPost *post)
{
  execnet_group_update (member_from_post (post)->group);
}

static const ExecnetPostFuncs member_post_funcs
    = { hold_member_post, drop_member_post, run_member_post, NULL };

/* The list model. */

static GType
get_item_type (GListModel *model)
{
  return EXECNET_TYPE_GATEWAY;
}

static guint
get_n_items (GListModel *model)
{
  ExecnetGroup *self = EXECNET_GROUP (model);
  guint n;

  g_mutex_lock (&self->lock);
  n = self->shown->len;
  g_mutex_unlock (&self->lock);
  return n;
}

static gpointer
get_item (GListModel *model, guint position)
{
  ExecnetGroup *self = EXECNET_GROUP (model);
  gpointer gateway = NULL;

  g_mutex_lock (&self->lock);
  if (position < self->shown->len)
    gateway = g_object_ref (self->shown->pdata[position]);
  g_mutex_unlock (&self->lock);
  return gateway;
}

void
execnet_group_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* Members whose gateways are gone leave the registry; the caller drops them. */
static GPtrArray *
take_gone_members (ExecnetGroup *self)
{
  GPtrArray *gone = g_ptr_array_new_with_free_func (member_unref);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->members->len;)
    {
      ExecnetMember *member = self->members->pdata[i];

      /* Also those of the process that this is a fork of. */
      if (execnet_gateway_wait_closed (member->gateway, 0, NULL) != EXECNET_WAIT_READY)
        i++;
      else
        g_ptr_array_add (gone, g_ptr_array_steal_index (self->members, i));
    }
  g_mutex_unlock (&self->lock);
  return gone;
}

static void
show (ExecnetGroup *self, GPtrArray *gateways)
{
  guint n_before = self->shown->len;
  guint first = 0, last = 0;
  g_autoptr (GPtrArray) before = self->shown;

  while (first < n_before && first < gateways->len
         && before->pdata[first] == gateways->pdata[first])
    first++;
  while (last < n_before - first && last < gateways->len - first
         && before->pdata[n_before - 1 - last] == gateways->pdata[gateways->len - 1 - last])
    last++;

  g_mutex_lock (&self->lock);
  self->shown = g_ptr_array_ref (gateways);
  g_mutex_unlock (&self->lock);
  if (first + last < n_before || first + last < gateways->len)
    g_list_model_items_changed (G_LIST_MODEL (self),
                                first,
                                n_before - first - last,
                                gateways->len - first - last);
}

static void
emit_lost (ExecnetGroup *self, ExecnetMember *member)
{
  g_autoptr (GError) error = NULL;
  gboolean was_up;

  if (execnet_gateway_core_is_foreign (member->gateway->core))
    return;
  error = execnet_gateway_dup_error (member->gateway);
  g_mutex_lock (&member->gateway->core->lock);
  was_up = member->gateway->core->information != NULL;
  g_mutex_unlock (&member->gateway->core->lock);
  if (was_up && error != NULL)
    execnet_group_emit_lost (self, member->gateway, error);
}

/* In the group's context. */
static void
update_in_context (ExecnetGroup *self)
{
  g_autoptr (ExecnetGroup) alive = g_object_ref (self);
  g_autoptr (GPtrArray) gone = take_gone_members (self);
  g_autoptr (GPtrArray) gateways = execnet_group_dup_gateways (self, TRUE);

  show (self, gateways);
  for (guint i = 0; i < gone->len; i++)
    {
      ExecnetMember *member = gone->pdata[i];

      execnet_mailbox_take_out (self->mailbox, &member->post);
      emit_lost (self, member);
    }
  execnet_worker_thread_settle ();
}

static ExecnetGroup *
group_from_post (ExecnetPost *post)
{
  return (ExecnetGroup *) ((char *) post - G_STRUCT_OFFSET (ExecnetGroup, post));
}

static void
hold_post (ExecnetPost *post)
{
  g_object_ref (group_from_post (post));
}

static void
drop_post (ExecnetPost *post)
{
  g_object_unref (group_from_post (post));
}

static void
run_post (ExecnetPost *post)
{
  update_in_context (group_from_post (post));
}

static const ExecnetPostFuncs post_funcs = { hold_post, drop_post, run_post, NULL };

/* Handlers are called by the thread that made the group, while it runs no loop, or by whoever owns
 * the context already. Where there are none, anybody may do it: a program without a loop, whose
 * other threads make gateways, must not collect them for ever. */
static gboolean
acquire_context (ExecnetGroup *self, GMainContext *context)
{
  gboolean is_own = g_main_context_is_owner (context) || g_thread_self () == self->home;

  if (!g_main_context_acquire (context))
    return FALSE;
  if (is_own || !execnet_group_has_handlers (self))
    return TRUE;
  g_main_context_release (context);
  return FALSE;
}

void
execnet_group_update (ExecnetGroup *self)
{
  GMainContext *context = execnet_mailbox_get_context (self->mailbox);

  if (acquire_context (self, context))
    {
      update_in_context (self);
      g_main_context_release (context);
    }
  else
    execnet_mailbox_post (self->mailbox, &self->post);
}

GPtrArray *
execnet_group_dup_gateways (ExecnetGroup *self, gboolean with_closed)
{
  GPtrArray *gateways = g_ptr_array_new_with_free_func (g_object_unref);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->members->len; i++)
    {
      ExecnetGateway *gateway = ((ExecnetMember *) self->members->pdata[i])->gateway;

      if (with_closed || execnet_gateway_get_state (gateway) != EXECNET_GATEWAY_CLOSED)
        g_ptr_array_add (gateways, g_object_ref (gateway));
    }
  g_mutex_unlock (&self->lock);
  return gateways;
}

GPtrArray *
execnet_group_dup_running_gateways (ExecnetGroup *self)
{
  GPtrArray *gateways = execnet_group_dup_gateways (self, FALSE);

  for (guint i = 0; i < gateways->len;)
    {
      g_autoptr (ExecnetConnection) connection
          = execnet_gateway_core_get_connection (((ExecnetGateway *) gateways->pdata[i])->core, NULL);

      if (connection != NULL)
        i++;
      else
        g_ptr_array_remove_index (gateways, i);
    }
  return gateways;
}

ExecnetGateway *
execnet_group_find (ExecnetGroup *self, const char *id)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      ExecnetMember *member = self->members->pdata[i];

      if (g_str_equal (execnet_gateway_get_id (member->gateway), id))
        return member->gateway;
    }
  return NULL;
}

/**
 * execnet_group_lookup:
 * @self: a group
 * @id: a gateway's id
 *
 * Finds a gateway that is being started, or is up.
 *
 * Returns: (transfer full) (nullable): the gateway, if there is one
 *
 * Since: 1.0
 */
ExecnetGateway *
execnet_group_lookup (ExecnetGroup *self, const char *id)
{
  g_autoptr (GPtrArray) gateways = NULL;

  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);

  gateways = execnet_group_dup_gateways (self, FALSE);
  for (guint i = 0; i < gateways->len; i++)
    {
      if (g_str_equal (execnet_gateway_get_id (gateways->pdata[i]), id))
        return g_object_ref (gateways->pdata[i]);
    }
  return NULL;
}

/**
 * execnet_group_get_gateways:
 * @self: a group
 *
 * Lists the gateways that are being started, or are up, in the order in which they were made.
 *
 * Returns: (transfer container) (element-type ExecnetGateway): the gateways
 *
 * Since: 1.0
 */
GPtrArray *
execnet_group_get_gateways (ExecnetGroup *self)
{
  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);

  return execnet_group_dup_gateways (self, FALSE);
}

/* The mailbox is the parent's there, and delivers nothing. */
void
execnet_group_renew (ExecnetGroup *self)
{
  ExecnetMailbox *before = self->mailbox;

  if (!execnet_mailbox_is_foreign (before))
    return;
  self->mailbox = execnet_mailbox_get (execnet_mailbox_get_context (before));
  execnet_post_init (&self->post, &post_funcs);
  execnet_group_begin_questions (self);
  execnet_mailbox_unref (before);
}

void
execnet_group_add (ExecnetGroup *self, ExecnetGateway *gateway)
{
  ExecnetMember *member = g_new0 (ExecnetMember, 1);

  g_atomic_ref_count_init (&member->refs);
  execnet_post_init (&member->post, &member_post_funcs);
  member->group = g_object_ref (self);
  member->gateway = g_object_ref (gateway);
  g_ptr_array_add (self->members, member);
  execnet_gateway_core_set_watcher (gateway->core, self->mailbox, &member->post);
}

void
execnet_group_begin_members (ExecnetGroup *self)
{
  self->members = g_ptr_array_new_with_free_func (member_unref);
  self->shown = g_ptr_array_new_with_free_func (g_object_unref);
  self->mailbox = execnet_mailbox_get (NULL);
  self->home = g_thread_ref (g_thread_self ());
  execnet_post_init (&self->post, &post_funcs);
}

void
execnet_group_end_members (ExecnetGroup *self)
{
  /* Members hold the group: there are none left. */
  g_ptr_array_unref (self->members);
  g_ptr_array_unref (self->shown);
  g_clear_pointer (&self->mailbox, execnet_mailbox_unref);
  g_thread_unref (self->home);
}
