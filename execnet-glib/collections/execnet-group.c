/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "collections/execnet-group-private.h"

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
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      execnet_group_list_model_init))

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

gboolean
execnet_group_has_handlers (ExecnetGroup *self)
{
  return g_signal_has_handler_pending (self, signals[GATEWAY_LOST], 0, TRUE)
         || g_signal_has_handler_pending (
             self, g_signal_lookup ("items-changed", G_TYPE_LIST_MODEL), 0, TRUE);
}

void
execnet_group_emit_lost (ExecnetGroup *self, ExecnetGateway *gateway, const GError *error)
{
  g_signal_emit (self, signals[GATEWAY_LOST], 0, gateway, error);
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

  execnet_group_end_questions (self);
  execnet_group_end_members (self);
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
  execnet_group_begin_members (self);
  self->default_spec = g_strdup (execnet_group_default_spec);
  self->execmodel = g_strdup (execnet_group_default_execmodel);
  self->remote_execmodel = g_strdup (execnet_group_default_execmodel);
  execnet_group_begin_questions (self);
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
