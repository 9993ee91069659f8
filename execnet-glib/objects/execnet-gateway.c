/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "objects/execnet-gateway-private.h"

#include "base/execnet-enum-types.h"
#include "base/execnet-error.h"
#include "engine/execnet-channel-core-private.h"
#include "objects/execnet-gateway-options-private.h"

#include <glib/gi18n-lib.h>

/**
 * ExecnetGateway:
 *
 * A Python interpreter that was started somewhere, and the connection to it.
 *
 * Gateways are made by a group, see [method@Group.make_gateway]. Code runs in the interpreter with
 * [method@Gateway.remote_exec] or [method@Gateway.call]; nothing has to be installed there.
 *
 * Its group keeps a gateway alive until it ends: by [method@Gateway.exit], by
 * [method@Group.terminate], or when the other side dies. Then everything that is pending on it fails
 * at once with the one error that [property@Gateway:error] has, too.
 *
 * Thread: methods may be called from any thread. Signals are emitted in the thread-default main
 * context of the thread that made the gateway.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (ExecnetGateway, execnet_gateway, G_TYPE_OBJECT)

enum
{
  PROP_ID = 1,
  PROP_SPEC,
  PROP_GROUP,
  PROP_STATE,
  PROP_ERROR,
  PROP_EXIT_STATUS,
  PROP_TERM_SIGNAL,
  N_PROPERTIES,
};

enum
{
  CLOSED,
  OUTPUT,
  N_SIGNALS,
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

/* What the engine tells; in the gateway's context. */
static void
on_changed (gpointer object)
{
  ExecnetGateway *self = object;
  ExecnetGatewayState state = execnet_gateway_core_get_state (self->core);
  g_autoptr (GError) error = NULL;

  if (state == self->told_state)
    return;
  self->told_state = state;
  g_object_notify_by_pspec (object, properties[PROP_STATE]);
  if (state != EXECNET_GATEWAY_CLOSED)
    return;

  execnet_gateway_core_flush_output (self->core);
  error = execnet_gateway_core_dup_error (self->core);
  g_object_notify_by_pspec (object, properties[PROP_ERROR]);
  g_object_notify_by_pspec (object, properties[PROP_EXIT_STATUS]);
  g_object_notify_by_pspec (object, properties[PROP_TERM_SIGNAL]);
  g_signal_emit (object, signals[CLOSED], 0, error);
}

static gboolean
has_output_handler (gpointer object)
{
  return g_signal_has_handler_pending (object, signals[OUTPUT], 0, TRUE);
}

static void
on_output (gpointer object, const char *line, gboolean is_stderr)
{
  g_signal_emit (object, signals[OUTPUT], 0, line, is_stderr);
}

static const ExecnetGatewayObjectFuncs object_funcs = { on_changed, has_output_handler, on_output };

static void
execnet_gateway_get_property (GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
  ExecnetGateway *self = EXECNET_GATEWAY (object);

  switch (property_id)
    {
    case PROP_ID:
      g_value_set_string (value, execnet_gateway_get_id (self));
      break;
    case PROP_SPEC:
      g_value_set_object (value, self->spec);
      break;
    case PROP_GROUP:
      g_value_take_object (value, g_weak_ref_get (&self->group));
      break;
    case PROP_STATE:
      g_value_set_enum (value, execnet_gateway_get_state (self));
      break;
    case PROP_ERROR:
      g_value_take_boxed (value, execnet_gateway_dup_error (self));
      break;
    case PROP_EXIT_STATUS:
      g_value_set_int (value, execnet_gateway_get_exit_status (self));
      break;
    case PROP_TERM_SIGNAL:
      g_value_set_int (value, execnet_gateway_get_term_signal (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
execnet_gateway_dispose (GObject *object)
{
  ExecnetGateway *self = EXECNET_GATEWAY (object);

  if (self->core != NULL)
    {
      execnet_gateway_core_detach (self->core);
      execnet_gateway_core_exit (self->core);
    }
  G_OBJECT_CLASS (execnet_gateway_parent_class)->dispose (object);
}

static void
execnet_gateway_finalize (GObject *object)
{
  ExecnetGateway *self = EXECNET_GATEWAY (object);

  g_clear_pointer (&self->core, execnet_gateway_core_unref);
  g_clear_object (&self->spec);
  g_weak_ref_clear (&self->group);
  g_mutex_clear (&self->claim_lock);

  G_OBJECT_CLASS (execnet_gateway_parent_class)->finalize (object);
}

static void
execnet_gateway_class_init (ExecnetGatewayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = execnet_gateway_get_property;
  object_class->dispose = execnet_gateway_dispose;
  object_class->finalize = execnet_gateway_finalize;

  /**
   * ExecnetGateway:id:
   *
   * The gateway's name in its group.
   *
   * Since: 1.0
   */
  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);

  /**
   * ExecnetGateway:spec:
   *
   * What the gateway was made from. It can't be changed any more.
   *
   * Since: 1.0
   */
  properties[PROP_SPEC] = g_param_spec_object ("spec", NULL, NULL, EXECNET_TYPE_XSPEC, flags);

  /**
   * ExecnetGateway:group:
   *
   * The group that made the gateway.
   *
   * Since: 1.0
   */
  properties[PROP_GROUP] = g_param_spec_object ("group", NULL, NULL, G_TYPE_OBJECT, flags);

  /**
   * ExecnetGateway:state:
   *
   * Where the gateway is in its life. It changes at once; the notification comes in the gateway's
   * main context.
   *
   * Since: 1.0
   */
  properties[PROP_STATE] = g_param_spec_enum ("state",
                                              NULL,
                                              NULL,
                                              EXECNET_TYPE_GATEWAY_STATE,
                                              EXECNET_GATEWAY_STARTING,
                                              flags);

  /**
   * ExecnetGateway:error:
   *
   * Why the gateway closed; %NULL while it has not, and when it ended because it was asked to.
   *
   * Since: 1.0
   */
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);

  /**
   * ExecnetGateway:exit-status:
   *
   * The exit status of the other side's process, 0 to 255; -1 while it is not known.
   *
   * Since: 1.0
   */
  properties[PROP_EXIT_STATUS]
      = g_param_spec_int ("exit-status", NULL, NULL, -1, 255, -1, flags);

  /**
   * ExecnetGateway:term-signal:
   *
   * The signal that ended the other side's process; 0 when none is known to have.
   *
   * Since: 1.0
   */
  properties[PROP_TERM_SIGNAL]
      = g_param_spec_int ("term-signal", NULL, NULL, 0, G_MAXINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  /**
   * ExecnetGateway::closed:
   * @self: the gateway
   * @error: (nullable): why; %NULL when it ended because it was asked to
   *
   * Emitted once, when the connection has ended.
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

  /**
   * ExecnetGateway::output:
   * @self: the gateway
   * @line: what was printed, without the end of the line; bytes that are no UTF-8 show as U+FFFD
   * @is_stderr: whether it was printed to standard error
   *
   * Emitted for each line that is printed on the other side, by code and by the processes that it
   * starts, if the gateway's specification has the key `capture_output`. Without that key, what is
   * printed to standard output goes nowhere, and standard error to that of this program.
   *
   * The lines of one stream come in their order, all of them before [signal@Gateway::closed]. A
   * line of more than 65536 bytes comes in pieces. Lines wait for the first handler, and for the
   * main context to be iterated; the other side does not wait for that. About 4 MiB are kept for
   * so long, then the oldest lines are lost, see [method@Gateway.get_n_lost_lines].
   *
   * Since: 1.0
   */
  signals[OUTPUT] = g_signal_new ("output",
                                  G_TYPE_FROM_CLASS (klass),
                                  G_SIGNAL_RUN_LAST,
                                  0,
                                  NULL,
                                  NULL,
                                  NULL,
                                  G_TYPE_NONE,
                                  2,
                                  G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE,
                                  G_TYPE_BOOLEAN);
}

static void
execnet_gateway_init (ExecnetGateway *self)
{
  g_weak_ref_init (&self->group, NULL);
  g_mutex_init (&self->claim_lock);
  self->told_state = EXECNET_GATEWAY_STARTING;
}

/* What the worker is told, see docs/protocol.md. */
static const char *const output_options[] = {
  [EXECNET_OUTPUT_BY_MESSAGES] = "both",
  [EXECNET_OUTPUT_STDOUT_BY_MESSAGES] = "stdout",
  [EXECNET_OUTPUT_INHERITED] = "inherited",
};

ExecnetGateway *
execnet_gateway_new (GObject *group,
                     const char *id,
                     ExecnetXSpec *spec,
                     ExecnetTransport *transport,
                     const char *execmodel,
                     GMainContext *context,
                     GError **error)
{
  g_autoptr (ExecnetGatewayCore) core = NULL;
  g_autoptr (GVariant) options = NULL;
  const char *output = NULL;
  ExecnetGateway *self;

  core = execnet_gateway_core_new (id);
  if (execnet_xspec_has (spec, "capture_output"))
    output = output_options[execnet_gateway_core_capture_output (core, transport)];
  options = execnet_gateway_make_options (id, spec, execmodel, output, error);
  if (options == NULL)
    return NULL;

  self = g_object_new (EXECNET_TYPE_GATEWAY, NULL);
  self->spec = g_object_ref (spec);
  g_weak_ref_set (&self->group, group);
  self->core = g_steal_pointer (&core);
  execnet_gateway_core_attach (self->core, G_OBJECT (self), context, &object_funcs);
  execnet_gateway_core_start (
      self->core,
      transport,
      options,
      execnet_gateway_read_timeout (spec, execnet_transport_get_start_timeout (transport)));
  return self;
}

gboolean
execnet_gateway_check_core (ExecnetGateway *self, GError **error)
{
  if (self->core != NULL)
    return TRUE;
  g_set_error_literal (error,
                       EXECNET_ERROR,
                       EXECNET_ERROR_NOT_CONNECTED,
                       _ ("This gateway was not made by a group. Use make_gateway to get one."));
  return FALSE;
}

/**
 * execnet_gateway_get_id: (attributes org.gtk.Method.get_property=id)
 * @self: a gateway
 *
 * Gives the gateway's name in its group.
 *
 * Returns: (transfer none) (nullable): the name; %NULL for an object that no group made
 *
 * Since: 1.0
 */
const char *
execnet_gateway_get_id (ExecnetGateway *self)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);

  return self->core != NULL ? self->core->id : NULL;
}

/**
 * execnet_gateway_get_spec: (attributes org.gtk.Method.get_property=spec)
 * @self: a gateway
 *
 * Gives what the gateway was made from.
 *
 * Returns: (transfer none) (nullable): the specification; %NULL for an object that no group made
 *
 * Since: 1.0
 */
ExecnetXSpec *
execnet_gateway_get_spec (ExecnetGateway *self)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);

  return self->spec;
}

/**
 * execnet_gateway_dup_group: (attributes org.gtk.Method.get_property=group)
 * @self: a gateway
 *
 * Gives the group that made the gateway.
 *
 * Returns: (transfer full) (nullable): the group; %NULL when it is gone
 *
 * Since: 1.0
 */
ExecnetGroup *
execnet_gateway_dup_group (ExecnetGateway *self)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);

  return g_weak_ref_get (&self->group);
}

/**
 * execnet_gateway_get_state: (attributes org.gtk.Method.get_property=state)
 * @self: a gateway
 *
 * Tells where the gateway is in its life, now.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
ExecnetGatewayState
execnet_gateway_get_state (ExecnetGateway *self)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), EXECNET_GATEWAY_CLOSED);

  return self->core != NULL ? execnet_gateway_core_get_state (self->core) : EXECNET_GATEWAY_CLOSED;
}

/**
 * execnet_gateway_dup_error: (attributes org.gtk.Method.get_property=error)
 * @self: a gateway
 *
 * Tells why the gateway closed.
 *
 * Returns: (transfer full) (nullable): the error; %NULL while it is not closed, and when it ended
 *   because it was asked to
 *
 * Since: 1.0
 */
GError *
execnet_gateway_dup_error (ExecnetGateway *self)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);

  return self->core != NULL ? execnet_gateway_core_dup_error (self->core) : NULL;
}

/**
 * execnet_gateway_get_exit_status: (attributes org.gtk.Method.get_property=exit-status)
 * @self: a gateway
 *
 * Gives the exit status of the other side's process.
 *
 * Returns: 0 to 255; -1 while it is not known, and when a signal ended it
 *
 * Since: 1.0
 */
gint
execnet_gateway_get_exit_status (ExecnetGateway *self)
{
  gint exit_status;

  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), -1);

  if (self->core == NULL || execnet_gateway_core_is_foreign (self->core))
    return -1;
  g_mutex_lock (&self->core->lock);
  exit_status = self->core->exit_status;
  g_mutex_unlock (&self->core->lock);
  return exit_status;
}

/**
 * execnet_gateway_get_term_signal: (attributes org.gtk.Method.get_property=term-signal)
 * @self: a gateway
 *
 * Gives the signal that ended the other side's process.
 *
 * Returns: the signal's number; 0 when none is known to have
 *
 * Since: 1.0
 */
gint
execnet_gateway_get_term_signal (ExecnetGateway *self)
{
  gint term_signal;

  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), 0);

  if (self->core == NULL || execnet_gateway_core_is_foreign (self->core))
    return 0;
  g_mutex_lock (&self->core->lock);
  term_signal = self->core->term_signal;
  g_mutex_unlock (&self->core->lock);
  return term_signal;
}

/**
 * execnet_gateway_dup_last_output:
 * @self: a gateway
 *
 * Gives what the other side's process wrote to its standard error last, once it has ended. The
 * text of the gateway's error has it, too.
 *
 * Returns: (transfer full): the last lines; may be empty
 *
 * Since: 1.0
 */
char *
execnet_gateway_dup_last_output (ExecnetGateway *self)
{
  char *last_output;

  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);

  if (self->core == NULL || execnet_gateway_core_is_foreign (self->core))
    return g_strdup ("");
  g_mutex_lock (&self->core->lock);
  last_output = g_strdup (self->core->last_output);
  g_mutex_unlock (&self->core->lock);
  return last_output;
}

/**
 * execnet_gateway_get_n_lost_lines:
 * @self: a gateway
 *
 * Counts the lines that were printed on the other side and that [signal@Gateway::output] will never
 * have, because too many waited for it.
 *
 * Returns: the number; 0 where the output is not captured
 *
 * Since: 1.0
 */
guint64
execnet_gateway_get_n_lost_lines (ExecnetGateway *self)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), 0);

  if (self->core == NULL || self->core->output == NULL
      || execnet_gateway_core_is_foreign (self->core))
    return 0;
  return execnet_output_get_n_lost (self->core->output);
}

/**
 * execnet_gateway_get_n_channels:
 * @self: a gateway
 *
 * Counts the channels that are open on this side.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
execnet_gateway_get_n_channels (ExecnetGateway *self)
{
  guint n;

  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), 0);

  if (self->core == NULL || execnet_gateway_core_is_foreign (self->core))
    return 0;
  g_mutex_lock (&self->core->lock);
  n = execnet_channel_core_count_open (self->core);
  g_mutex_unlock (&self->core->lock);
  return n;
}
