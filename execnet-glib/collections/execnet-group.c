/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "base/execnet-error.h"
#include "data/execnet-xspec-private.h"
#include "engine/execnet-worker-thread-private.h"
#include "objects/execnet-gateway-private.h"

#include <glib/gi18n-lib.h>

static void list_model_init (GListModelInterface *iface);

/**
 * ExecnetGroup:
 *
 * Makes gateways, knows them by their ids, and ends them together.
 *
 * A group is a [iface@Gio.ListModel] of [class@Gateway]: each is in it from its start to its end.
 * The list changes only in the group's main context, together with its signal, and at once for the
 * thread that made the group. Look-up by id is exact at once in any thread. A group with gateways
 * stays alive until they have ended.
 *
 * When the program ends in an orderly way, all gateways that are left are asked to end, and killed
 * a second later.
 *
 * Thread: methods may be called from any thread. Signals are emitted in the thread-default main
 * context of the thread that made the group; the default group's is the program's default one.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE_WITH_CODE (ExecnetGroup,
                               execnet_group,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

enum
{
  PROP_DEFAULT_SPEC = 1,
  PROP_EXECMODEL,
  PROP_REMOTE_EXECMODEL,
  PROP_MOUNT_OPERATION,
  N_PROPERTIES,
};

enum
{
  GATEWAY_LOST,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

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

static void
list_model_init (GListModelInterface *iface)
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
    g_signal_emit (self, signals[GATEWAY_LOST], 0, member->gateway, error);
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

static gboolean
has_handlers (ExecnetGroup *self)
{
  return g_signal_has_handler_pending (self, signals[GATEWAY_LOST], 0, TRUE)
         || g_signal_has_handler_pending (
             self, g_signal_lookup ("items-changed", G_TYPE_LIST_MODEL), 0, TRUE);
}

/* Handlers are called by the thread that made the group, while it runs no loop, or by whoever owns
 * the context already. Where there are none, anybody may do it: a program without a loop, whose
 * other threads make gateways, must not collect them for ever. */
static gboolean
acquire_context (ExecnetGroup *self, GMainContext *context)
{
  gboolean is_own = g_main_context_is_owner (context) || g_thread_self () == self->home;

  if (!g_main_context_acquire (context))
    return FALSE;
  if (is_own || !has_handlers (self))
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

/* The object. */

static void
execnet_group_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  ExecnetGroup *self = EXECNET_GROUP (object);

  switch (property_id)
    {
    case PROP_DEFAULT_SPEC:
      g_value_take_string (value, execnet_group_dup_default_spec (self));
      break;
    case PROP_EXECMODEL:
      g_value_take_string (value, execnet_group_dup_execmodel (self));
      break;
    case PROP_REMOTE_EXECMODEL:
      g_value_take_string (value, execnet_group_dup_remote_execmodel (self));
      break;
    case PROP_MOUNT_OPERATION:
      g_value_take_object (value, execnet_group_get_mount_operation (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
execnet_group_set_property (GObject *object,
                            guint property_id,
                            const GValue *value,
                            GParamSpec *pspec)
{
  ExecnetGroup *self = EXECNET_GROUP (object);

  switch (property_id)
    {
    case PROP_DEFAULT_SPEC:
      execnet_group_set_default_spec (self, g_value_get_string (value));
      break;
    case PROP_MOUNT_OPERATION:
      execnet_group_set_mount_operation (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
execnet_group_finalize (GObject *object)
{
  ExecnetGroup *self = EXECNET_GROUP (object);

  /* Members hold the group: there are none left. */
  g_ptr_array_unref (self->members);
  g_ptr_array_unref (self->shown);
  execnet_group_end_questions (self);
  g_clear_pointer (&self->mailbox, execnet_mailbox_unref);
  g_thread_unref (self->home);
  g_free (self->default_spec);
  g_free (self->execmodel);
  g_free (self->remote_execmodel);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (execnet_group_parent_class)->finalize (object);
}

static void
execnet_group_class_init (ExecnetGroupClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = execnet_group_get_property;
  object_class->set_property = execnet_group_set_property;
  object_class->finalize = execnet_group_finalize;

  /**
   * ExecnetGroup:default-spec:
   *
   * What [method@Group.make_gateway] makes when it is given no specification. At first `popen`.
   *
   * Since: 1.0
   */
  properties[PROP_DEFAULT_SPEC]
      = g_param_spec_string ("default-spec",
                             NULL,
                             NULL,
                             "popen",
                             G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);

  /**
   * ExecnetGroup:execmodel:
   *
   * The execution model of this side, see [method@Group.set_execmodel].
   *
   * Since: 1.0
   */
  properties[PROP_EXECMODEL] = g_param_spec_string (
      "execmodel", NULL, NULL, "thread", G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * ExecnetGroup:remote-execmodel:
   *
   * The execution model of workers whose specification names none.
   *
   * Since: 1.0
   */
  properties[PROP_REMOTE_EXECMODEL] = g_param_spec_string (
      "remote-execmodel", NULL, NULL, "thread", G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_MOUNT_OPERATION] = execnet_group_new_mount_operation_spec ();
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  /**
   * ExecnetGroup::gateway-lost:
   * @self: the group
   * @gateway: the gateway
   * @error: why it ended
   *
   * Emitted when a gateway that was up has ended without being asked to.
   *
   * Since: 1.0
   */
  signals[GATEWAY_LOST] = g_signal_new ("gateway-lost",
                                        G_TYPE_FROM_CLASS (klass),
                                        G_SIGNAL_RUN_LAST,
                                        0,
                                        NULL,
                                        NULL,
                                        NULL,
                                        G_TYPE_NONE,
                                        2,
                                        EXECNET_TYPE_GATEWAY,
                                        G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
execnet_group_init (ExecnetGroup *self)
{
  g_mutex_init (&self->lock);
  self->members = g_ptr_array_new_with_free_func (member_unref);
  self->shown = g_ptr_array_new_with_free_func (g_object_unref);
  self->default_spec = g_strdup (execnet_group_default_spec);
  self->execmodel = g_strdup (execnet_group_default_execmodel);
  self->remote_execmodel = g_strdup (execnet_group_default_execmodel);
  self->mailbox = execnet_mailbox_get (NULL);
  self->home = g_thread_ref (g_thread_self ());
  execnet_group_begin_questions (self);
  execnet_post_init (&self->post, &post_funcs);
}

/**
 * execnet_group_new:
 *
 * Makes an empty group.
 *
 * Returns: (transfer full): the group
 *
 * Since: 1.0
 */
ExecnetGroup *
execnet_group_new (void)
{
  return g_object_new (EXECNET_TYPE_GROUP, NULL);
}

static gpointer
make_default_group (gpointer unused)
{
  ExecnetGroup *self;

  g_main_context_push_thread_default (g_main_context_default ());
  self = execnet_group_new ();
  g_main_context_pop_thread_default (g_main_context_default ());
  return self;
}

/**
 * execnet_group_get_default:
 *
 * Gives the group of [func@make_gateway].
 *
 * Returns: (transfer none): the group
 *
 * Since: 1.0
 */
ExecnetGroup *
execnet_group_get_default (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_default_group, NULL);
}

/* With the lock: the member with the id, dead or alive. */
static ExecnetMember *
find_member (ExecnetGroup *self, const char *id)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      ExecnetMember *member = self->members->pdata[i];

      if (g_str_equal (execnet_gateway_get_id (member->gateway), id))
        return member;
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

/* With the lock. */
static gboolean
check_id (ExecnetGroup *self, const char *id, GError **error)
{
  ExecnetMember *member = find_member (self, id);

  if (member == NULL || execnet_gateway_get_state (member->gateway) == EXECNET_GATEWAY_CLOSED)
    return TRUE;
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_DUPLICATE_ID,
               _ ("The group already has a gateway with the id “%s”. Give another one, or none to get "
                  "one that is free."),
               id);
  return FALSE;
}

/* With the lock. */
static gboolean
allocate_id (ExecnetGroup *self, ExecnetXSpec *spec, GError **error)
{
  const char *id = execnet_xspec_get (spec, "id");

  if (id != NULL)
    return check_id (self, id, error);
  for (;;)
    {
      g_autofree char *free_id = g_strdup_printf ("gw%u", self->next_id++);

      if (find_member (self, free_id) != NULL)
        continue;
      execnet_xspec_assign_id (spec, free_id);
      return TRUE;
    }
}

/**
 * execnet_group_allocate_id:
 * @self: a group
 * @spec: a specification
 * @error: return location for an error
 *
 * Sets the id of a specification that has none to the next free one, `gw0` and so on. A
 * specification that has one keeps it.
 *
 * Returns: %TRUE; %FALSE with %EXECNET_ERROR_DUPLICATE_ID when a gateway of the group has the id, or
 *   %EXECNET_ERROR_INVALID_SPEC when the specification can't be changed any more
 *
 * Since: 1.0
 */
gboolean
execnet_group_allocate_id (ExecnetGroup *self, ExecnetXSpec *spec, GError **error)
{
  gboolean allocated;

  g_return_val_if_fail (EXECNET_IS_GROUP (self), FALSE);
  g_return_val_if_fail (EXECNET_IS_XSPEC (spec), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_mutex_lock (&self->lock);
  allocated = allocate_id (self, spec, error);
  g_mutex_unlock (&self->lock);
  return allocated;
}

ExecnetGateway *
execnet_group_find (ExecnetGroup *self, const char *id)
{
  ExecnetMember *member = find_member (self, id);

  return member != NULL ? member->gateway : NULL;
}

/* With the lock. In a fork child the mailbox is the parent's, and delivers nothing. */
static void
renew_mailbox (ExecnetGroup *self)
{
  ExecnetMailbox *before = self->mailbox;

  if (!execnet_mailbox_is_foreign (before))
    return;
  self->mailbox = execnet_mailbox_get (execnet_mailbox_get_context (before));
  execnet_post_init (&self->post, &post_funcs);
  execnet_group_begin_questions (self);
  execnet_mailbox_unref (before);
}

/* With the lock. */
static ExecnetGateway *
add_gateway (ExecnetGroup *self,
             ExecnetXSpec *spec,
             ExecnetTransport *given_transport,
             GMainContext *context,
             GError **error)
{
  g_autoptr (ExecnetTransport) transport = NULL;
  const char *execmodel = execnet_xspec_get (spec, "execmodel");
  ExecnetGateway *gateway;
  ExecnetMember *member;

  renew_mailbox (self);
  if (!allocate_id (self, spec, error))
    return NULL;
  transport = given_transport != NULL ? g_object_ref (given_transport)
                                      : execnet_group_make_transport (self, spec, error);
  if (transport == NULL)
    return NULL;
  gateway = execnet_gateway_new (G_OBJECT (self),
                                 execnet_xspec_get (spec, "id"),
                                 spec,
                                 transport,
                                 execmodel != NULL ? execmodel : self->remote_execmodel,
                                 context,
                                 error);
  if (gateway == NULL)
    return NULL;

  execnet_xspec_freeze (spec);
  member = g_new0 (ExecnetMember, 1);
  g_atomic_ref_count_init (&member->refs);
  execnet_post_init (&member->post, &member_post_funcs);
  member->group = g_object_ref (self);
  member->gateway = g_object_ref (gateway);
  g_ptr_array_add (self->members, member);
  execnet_gateway_core_set_watcher (gateway->core, self->mailbox, &member->post);
  return gateway;
}

/**
 * execnet_group_start_gateway:
 * @self: a group
 * @spec: (nullable): a specification, which can't be changed any more afterwards; %NULL for the
 *   group's default one
 * @error: return location for an error
 *
 * Begins to start a gateway, and returns at once: [method@Gateway.wait_ready] waits for it. Usually
 * [method@Group.make_gateway] is what is wanted.
 *
 * Returns: (transfer full): the gateway; %NULL with %EXECNET_ERROR_INVALID_SPEC or
 *   %EXECNET_ERROR_DUPLICATE_ID
 *
 * Since: 1.0
 */
ExecnetGateway *
execnet_group_start_gateway (ExecnetGroup *self, ExecnetXSpec *spec, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);
  g_return_val_if_fail (spec == NULL || EXECNET_IS_XSPEC (spec), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return execnet_group_start (self, spec, NULL, NULL, error);
}

ExecnetGateway *
execnet_group_start (ExecnetGroup *self,
                     ExecnetXSpec *spec,
                     ExecnetTransport *transport,
                     GMainContext *context,
                     GError **error)
{
  g_autoptr (ExecnetXSpec) own_spec = NULL;
  ExecnetGateway *gateway;

  if (spec == NULL)
    {
      g_autofree char *default_spec = execnet_group_dup_default_spec (self);

      own_spec = execnet_xspec_new (default_spec, error);
    }
  else if (execnet_xspec_is_frozen (spec))
    own_spec = execnet_xspec_copy (spec);
  else
    own_spec = g_object_ref (spec);
  if (own_spec == NULL)
    return NULL;

  g_mutex_lock (&self->lock);
  gateway = add_gateway (self, own_spec, transport, context, error);
  g_mutex_unlock (&self->lock);
  if (gateway != NULL)
    execnet_group_update (self);
  return gateway;
}
