/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "objects/execnet-channel-private.h"

#include "base/execnet-enum-types.h"
#include "base/execnet-error.h"
#include "objects/execnet-gateway.h"

#include <glib/gi18n-lib.h>

/**
 * ExecnetChannel:
 *
 * A two-way stream of items between this program and code on the other side of a gateway.
 *
 * Channels are made by a gateway: [method@Gateway.remote_exec] starts code and gives the channel to
 * it, [method@Gateway.new_channel] makes one to send over another channel.
 *
 * Each item is delivered exactly once, in order, to the first that there is of: a pending receive,
 * the callback, the [signal@Channel::received] signal. Items that nobody takes yet wait.
 *
 * Dropping the last reference to a channel closes it for the other side.
 *
 * Thread: methods may be called from any thread. Signals are emitted in the thread-default main
 * context of the thread that made the channel.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (ExecnetChannel, execnet_channel, G_TYPE_OBJECT)

enum
{
  PROP_ID = 1,
  PROP_GATEWAY,
  PROP_STATE,
  PROP_RECEIVE_LIMIT,
  N_PROPERTIES,
};

enum
{
  RECEIVED,
  CLOSED,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

/* What the engine tells; in the channel's context. */

static gboolean
has_handler (gpointer object)
{
  return g_signal_has_handler_pending (object, signals[RECEIVED], 0, FALSE);
}

static void
emit_received (gpointer object, GVariant *item)
{
  g_signal_emit (object, signals[RECEIVED], 0, item);
}

static void
notify_state (gpointer object)
{
  g_object_notify_by_pspec (object, properties[PROP_STATE]);
}

static void
notify_limit (gpointer object)
{
  g_object_notify_by_pspec (object, properties[PROP_RECEIVE_LIMIT]);
}

static void
emit_closed (gpointer object, const GError *error)
{
  ExecnetChannelCore *core = EXECNET_CHANNEL (object)->core;

  if (error != NULL && g_signal_has_handler_pending (object, signals[CLOSED], 0, FALSE))
    {
      g_mutex_lock (&core->gateway->lock);
      core->remote_error_seen = TRUE;
      g_mutex_unlock (&core->gateway->lock);
    }
  g_signal_emit (object, signals[CLOSED], 0, error);
}

static const ExecnetChannelObjectFuncs object_funcs
    = { has_handler, emit_received, notify_state, notify_limit, emit_closed };

/* The object. */

static void
execnet_channel_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  ExecnetChannel *self = EXECNET_CHANNEL (object);

  switch (property_id)
    {
    case PROP_ID:
      g_value_set_int (value, execnet_channel_get_id (self));
      break;
    case PROP_GATEWAY:
      g_value_set_object (value, self->gateway);
      break;
    case PROP_STATE:
      g_value_set_enum (value, execnet_channel_get_state (self));
      break;
    case PROP_RECEIVE_LIMIT:
      g_value_set_uint64 (value, execnet_channel_get_receive_limit (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
execnet_channel_set_property (GObject *object,
                              guint property_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  switch (property_id)
    {
    case PROP_RECEIVE_LIMIT:
      execnet_channel_set_receive_limit (EXECNET_CHANNEL (object), g_value_get_uint64 (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
execnet_channel_dispose (GObject *object)
{
  ExecnetChannel *self = EXECNET_CHANNEL (object);

  if (self->core != NULL)
    execnet_channel_core_detach (self->core);

  G_OBJECT_CLASS (execnet_channel_parent_class)->dispose (object);
}

static void
execnet_channel_finalize (GObject *object)
{
  ExecnetChannel *self = EXECNET_CHANNEL (object);

  g_clear_pointer (&self->core, execnet_channel_core_unref);
  g_clear_object (&self->gateway);

  G_OBJECT_CLASS (execnet_channel_parent_class)->finalize (object);
}

static void
execnet_channel_class_init (ExecnetChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = execnet_channel_get_property;
  object_class->set_property = execnet_channel_set_property;
  object_class->dispose = execnet_channel_dispose;
  object_class->finalize = execnet_channel_finalize;

  /**
   * ExecnetChannel:id:
   *
   * The channel's number on its gateway: odd when it was made here, even when the other side made
   * it.
   *
   * Since: 1.0
   */
  properties[PROP_ID]
      = g_param_spec_int ("id", NULL, NULL, 0, G_MAXINT32, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * ExecnetChannel:gateway:
   *
   * The gateway that the channel belongs to.
   *
   * Since: 1.0
   */
  properties[PROP_GATEWAY] = g_param_spec_object ("gateway",
                                                  NULL,
                                                  NULL,
                                                  EXECNET_TYPE_GATEWAY,
                                                  G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * ExecnetChannel:state:
   *
   * What the channel can still do. It changes at once; the notification comes in the channel's
   * main context.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] = g_param_spec_enum ("state",
                                              NULL,
                                              NULL,
                                              EXECNET_TYPE_CHANNEL_STATE,
                                              EXECNET_CHANNEL_OPEN,
                                              G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * ExecnetChannel:receive-limit:
   *
   * How many bytes of items, in their wire form, may have arrived here without being taken: 0, the
   * default, for any number. When that many wait, the other side is held back: its sending calls
   * wait until about half of them are taken. The last item may exceed the limit, so that items of
   * any size pass.
   *
   * What is on its way when the limit is set still comes. The notification comes in the channel's
   * main context.
   *
   * Since: 1.0
   */
  properties[PROP_RECEIVE_LIMIT]
      = g_param_spec_uint64 ("receive-limit",
                             NULL,
                             NULL,
                             0,
                             G_MAXUINT64,
                             0,
                             G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  /**
   * ExecnetChannel::received:
   * @self: the channel
   * @item: the item
   *
   * Emitted for each item that arrives while nothing else takes it: no pending receive, and no
   * callback. A handler that is connected late gets what is already there on the next turn of its
   * loop. While the signal has a handler, receiving is an error.
   *
   * Since: 1.0
   */
  signals[RECEIVED] = g_signal_new ("received",
                                    G_TYPE_FROM_CLASS (klass),
                                    G_SIGNAL_RUN_LAST,
                                    0,
                                    NULL,
                                    NULL,
                                    NULL,
                                    G_TYPE_NONE,
                                    1,
                                    G_TYPE_VARIANT);

  /**
   * ExecnetChannel::closed:
   * @self: the channel
   * @error: (nullable): why it was closed; %NULL when code ended without an error, or one of the
   *   two sides just closed it
   *
   * Emitted once, when the channel is closed and the items that came before were delivered.
   *
   * Since: 1.0
   */
  signals[CLOSED] = g_signal_new ("closed",
                                  G_TYPE_FROM_CLASS (klass),
                                  G_SIGNAL_RUN_LAST,
                                  0,
                                  NULL,
                                  NULL,
                                  NULL,
                                  G_TYPE_NONE,
                                  1,
                                  G_TYPE_ERROR | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
execnet_channel_init (ExecnetChannel *self)
{
}

ExecnetChannel *
execnet_channel_new_for_core (ExecnetGateway *gateway, ExecnetChannelCore *core)
{
  ExecnetChannel *self = g_object_new (EXECNET_TYPE_CHANNEL, NULL);

  self->gateway = g_object_ref (gateway);
  self->core = core;
  execnet_channel_core_attach (core, G_OBJECT (self), &object_funcs);
  return self;
}

gboolean
execnet_channel_check_core (ExecnetChannel *self, GError **error)
{
  if (self->core != NULL)
    return TRUE;
  g_set_error_literal (error,
                       EXECNET_ERROR,
                       EXECNET_ERROR_NOT_CONNECTED,
                       _ ("This channel was not made by a gateway. Use remote_exec or new_channel of a "
                          "gateway to get one."));
  return FALSE;
}

gboolean
execnet_channel_check_receivable (ExecnetChannel *self, GError **error)
{
  if (!execnet_channel_check_core (self, error))
    return FALSE;
  if (!has_handler (self))
    return TRUE;
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_HAS_HANDLER,
               _ ("The items of the channel %d go to handlers of its “received” signal, and can't be "
                  "received too."),
               self->core->id);
  return FALSE;
}

/**
 * execnet_channel_get_id: (attributes org.gtk.Method.get_property=id)
 * @self: a channel
 *
 * Gives the channel's number on its gateway.
 *
 * Returns: the number; 0 for an object that no gateway made
 *
 * Since: 1.0
 */
gint32
execnet_channel_get_id (ExecnetChannel *self)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), 0);

  return self->core != NULL ? self->core->id : 0;
}

/**
 * execnet_channel_get_gateway: (attributes org.gtk.Method.get_property=gateway)
 * @self: a channel
 *
 * Gives the gateway that the channel belongs to.
 *
 * Returns: (transfer none) (nullable): the gateway; %NULL for an object that no gateway made
 *
 * Since: 1.0
 */
ExecnetGateway *
execnet_channel_get_gateway (ExecnetChannel *self)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), NULL);

  return self->gateway;
}

/**
 * execnet_channel_get_state: (attributes org.gtk.Method.get_property=state)
 * @self: a channel
 *
 * Tells what the channel can still do, now.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
ExecnetChannelState
execnet_channel_get_state (ExecnetChannel *self)
{
  ExecnetChannelState state;

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), EXECNET_CHANNEL_CLOSED);

  if (self->core == NULL || execnet_gateway_core_is_foreign (self->core->gateway))
    return EXECNET_CHANNEL_CLOSED;
  g_mutex_lock (&self->core->gateway->lock);
  state = self->core->state;
  g_mutex_unlock (&self->core->gateway->lock);
  return state;
}

/**
 * execnet_channel_get_receive_limit: (attributes org.gtk.Method.get_property=receive-limit)
 * @self: a channel
 *
 * Tells how many bytes of items may wait here, see [property@Channel:receive-limit].
 *
 * Returns: the limit, in bytes; 0 when there is none
 *
 * Since: 1.0
 */
guint64
execnet_channel_get_receive_limit (ExecnetChannel *self)
{
  guint64 limit;

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), 0);

  if (self->core == NULL || execnet_gateway_core_is_foreign (self->core->gateway))
    return 0;
  g_mutex_lock (&self->core->gateway->lock);
  limit = self->core->receive_limit;
  g_mutex_unlock (&self->core->gateway->lock);
  return limit;
}

/**
 * execnet_channel_set_receive_limit: (attributes org.gtk.Method.set_property=receive-limit)
 * @self: a channel
 * @limit: the limit, in bytes; 0 for none
 *
 * Bounds how many bytes of items may wait here, see [property@Channel:receive-limit].
 *
 * Since: 1.0
 */
void
execnet_channel_set_receive_limit (ExecnetChannel *self, guint64 limit)
{
  g_return_if_fail (EXECNET_IS_CHANNEL (self));

  if (self->core != NULL)
    execnet_channel_core_set_receive_limit (self->core, limit);
}
