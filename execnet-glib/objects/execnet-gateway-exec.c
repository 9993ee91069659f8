/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "objects/execnet-gateway-private.h"

#include "base/execnet-error.h"
#include "data/execnet-item-private.h"
#include "data/execnet-source.h"
#include "objects/execnet-channel-private.h"

#include <glib/gi18n-lib.h>

/* The tuple of a CHANNEL_EXEC message has the arguments in its middle, which are written already
 * when a language binding gives them: so its opcodes are put together here. */

#define OPCODE_BUILDTUPLE '@'
#define OPCODE_STOP 'Q'
#define N_EXEC_MEMBERS 7

/* Appends an item without its stop. */
static gboolean
append_item (GByteArray *bytes, GVariant *item, GError **error)
{
  g_autoptr (GVariant) sunk = g_variant_ref_sink (item);

  if (!execnet_item_write (EXECNET_ITEM_FORM_OPCODES, sunk, NULL, NULL, bytes, error))
    return FALSE;
  g_byte_array_set_size (bytes, bytes->len - 1);
  return TRUE;
}

static gboolean
append_text (GByteArray *bytes, const char *text, GError **error)
{
  return append_item (bytes,
                      text != NULL ? g_variant_new_string (text)
                                   : g_variant_new_maybe (G_VARIANT_TYPE_VARIANT, NULL),
                      error);
}

static gboolean
append_arguments (GByteArray *bytes, GBytes *arguments, GError **error)
{
  gsize size = 0;
  const guint8 *data = arguments != NULL ? g_bytes_get_data (arguments, &size) : NULL;

  if (arguments == NULL)
    return append_item (bytes, g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0), error);
  if (size < 2 || data[size - 1] != OPCODE_STOP)
    {
      g_set_error_literal (error,
                           EXECNET_ERROR,
                           EXECNET_ERROR_DATA_FORMAT,
                           _ ("The arguments of remote code are no dumped dictionary."));
      return FALSE;
    }
  g_byte_array_append (bytes, data, size - 1);
  return TRUE;
}

static GBytes *
make_request (ExecnetSource *source, GBytes *arguments, gboolean is_call, GError **error)
{
  const guint8 end[] = { OPCODE_BUILDTUPLE, 0, 0, 0, N_EXEC_MEMBERS, OPCODE_STOP };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  if (!append_text (bytes, execnet_source_get_text (source), error)
      || !append_text (bytes, execnet_source_get_file_name (source), error)
      || !append_text (bytes, execnet_source_get_function_name (source), error)
      || !append_arguments (bytes, arguments, error)
      || !append_item (bytes, g_variant_new_int64 (execnet_source_get_first_line (source)), error)
      || !append_item (bytes, g_variant_new_boolean (is_call), error)
      || !append_item (
          bytes, g_variant_new_boolean (execnet_source_get_in_main_thread (source)), error))
    return NULL;
  g_byte_array_append (bytes, end, sizeof end);
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

ExecnetChannel *
execnet_gateway_request (ExecnetGateway *self,
                         ExecnetMessageCode code,
                         GBytes *payload,
                         GError **error)
{
  ExecnetChannelCore *core;

  if (!execnet_gateway_check_core (self, error))
    return NULL;
  core = execnet_channel_core_allocate (self->core, error);
  if (core == NULL)
    return NULL;
  if (!execnet_gateway_core_send (self->core, code, core->id, payload, error))
    {
      execnet_channel_core_close (core, NULL, NULL);
      execnet_channel_core_unref (core);
      return NULL;
    }
  return execnet_channel_new_for_core (self, core);
}

static ExecnetChannel *
start (ExecnetGateway *self,
       ExecnetSource *source,
       GBytes *arguments,
       gboolean is_call,
       GError **error)
{
  g_autoptr (GBytes) payload = NULL;

  if (execnet_source_get_function_name (source) == NULL && (arguments != NULL || is_call))
    {
      g_set_error_literal (error,
                           EXECNET_ERROR,
                           EXECNET_ERROR_FAILED,
                           _ ("Only a function takes arguments and returns a value: give a source "
                              "that names one."));
      return NULL;
    }
  payload = make_request (source, arguments, is_call, error);
  if (payload == NULL)
    return NULL;
  return execnet_gateway_request (self, EXECNET_MESSAGE_CHANNEL_EXEC, payload, error);
}

/* NULL without an error when there are no arguments. */
static gboolean
write_arguments (GVariant *arguments, GBytes **bytes, GError **error)
{
  g_autoptr (GVariant) sunk = NULL;

  *bytes = NULL;
  if (arguments == NULL)
    return TRUE;
  sunk = g_variant_ref_sink (arguments);
  if (!g_variant_is_of_type (sunk, G_VARIANT_TYPE ("a{s*}")))
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_UNSUPPORTED_TYPE,
                   _ ("The arguments of a function are a dictionary with text keys, such as a{sv}, not "
                      "%s."),
                   g_variant_get_type_string (sunk));
      return FALSE;
    }
  *bytes = execnet_item_write_bytes (EXECNET_ITEM_FORM_OPCODES, sunk, NULL, NULL, error);
  return *bytes != NULL;
}

/**
 * execnet_gateway_remote_exec:
 * @self: a gateway
 * @text: Python source
 * @error: return location for an error
 *
 * Runs source code on the other side. It has the variable `channel`, the other end of the channel
 * that this call returns, and `__name__ == '__channelexec__'`. When the code ends, the channel is
 * closed; when it raises an exception, with that error.
 *
 * The request is queued; the call does not wait.
 *
 * Returns: (transfer full): the channel; %NULL with %EXECNET_ERROR_EXITING when the gateway was told
 *   to exit, %EXECNET_ERROR_CLOSED when it has done so, %EXECNET_ERROR_DIED when it ended by itself,
 *   or %EXECNET_ERROR_NOT_CONNECTED when it is not up yet
 *
 * Since: 1.0
 */
ExecnetChannel *
execnet_gateway_remote_exec (ExecnetGateway *self, const char *text, GError **error)
{
  g_autoptr (ExecnetSource) source = NULL;

  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);
  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  source = execnet_source_new (text);
  return start (self, source, NULL, FALSE, error);
}

/**
 * execnet_gateway_remote_exec_source:
 * @self: a gateway
 * @source: the source
 * @arguments: (nullable): keyword arguments for the source's function, a dictionary with text keys;
 *   a floating reference is consumed
 * @error: return location for an error
 *
 * Runs source code on the other side, as [method@Gateway.remote_exec] does. When the source names a
 * function, that is called with the channel and the arguments.
 *
 * Returns: (transfer full): the channel; %NULL also with %EXECNET_ERROR_UNSUPPORTED_TYPE when an
 *   argument can't be sent
 *
 * Since: 1.0
 */
ExecnetChannel *
execnet_gateway_remote_exec_source (ExecnetGateway *self,
                                    ExecnetSource *source,
                                    GVariant *arguments,
                                    GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);
  g_return_val_if_fail (source != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!write_arguments (arguments, &bytes, error))
    return NULL;
  return start (self, source, bytes, FALSE, error);
}

/**
 * execnet_gateway_remote_exec_bytes:
 * @self: a gateway
 * @source: the source
 * @arguments: (nullable): keyword arguments for the source's function: a dictionary in its wire
 *   form, see [method@Channel.queue_bytes]
 * @error: return location for an error
 *
 * Runs source code as [method@Gateway.remote_exec_source] does. For language bindings.
 *
 * Returns: (transfer full): the channel
 *
 * Since: 1.0
 */
ExecnetChannel *
execnet_gateway_remote_exec_bytes (ExecnetGateway *self,
                                   ExecnetSource *source,
                                   GBytes *arguments,
                                   GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);
  g_return_val_if_fail (source != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return start (self, source, arguments, FALSE, error);
}

/**
 * execnet_gateway_start_call:
 * @self: a gateway
 * @source: a source that names a function
 * @arguments: (nullable): keyword arguments in their wire form, as for
 *   [method@Gateway.remote_exec_bytes]
 * @error: return location for an error
 *
 * Calls a function on the other side, with the arguments alone. Its return value is the one item of
 * the channel, which is closed then. For language bindings; see [method@Gateway.call].
 *
 * Returns: (transfer full): the channel
 *
 * Since: 1.0
 */
ExecnetChannel *
execnet_gateway_start_call (ExecnetGateway *self,
                            ExecnetSource *source,
                            GBytes *arguments,
                            GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);
  g_return_val_if_fail (source != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return start (self, source, arguments, TRUE, error);
}

static ExecnetChannel *
start_call (ExecnetGateway *self, ExecnetSource *source, GVariant *arguments, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  if (!write_arguments (arguments, &bytes, error))
    return NULL;
  return start (self, source, bytes, TRUE, error);
}

/**
 * execnet_gateway_call:
 * @self: a gateway
 * @source: a source that names a function
 * @arguments: (nullable): keyword arguments, a dictionary with text keys; a floating reference is
 *   consumed
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Calls a function on the other side, with the arguments alone, and waits for its value. When
 * cancelled, the function goes on, and its value is dropped.
 *
 * Returns: (transfer full): what the function returned; %NULL with %EXECNET_ERROR_REMOTE when it
 *   raised an exception or returned what can't be sent, and as for [method@Gateway.remote_exec]
 *
 * Since: 1.0
 */
GVariant *
execnet_gateway_call (ExecnetGateway *self,
                      ExecnetSource *source,
                      GVariant *arguments,
                      GCancellable *cancellable,
                      GError **error)
{
  g_autoptr (ExecnetChannel) channel = NULL;

  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);
  g_return_val_if_fail (source != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  channel = start_call (self, source, arguments, error);
  return channel != NULL ? execnet_channel_receive (channel, -1, cancellable, error) : NULL;
}

static void
on_answered (GObject *channel, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  GVariant *value = execnet_channel_receive_finish (EXECNET_CHANNEL (channel), result, &error);

  if (value != NULL)
    g_task_return_pointer (task, value, (GDestroyNotify) g_variant_unref);
  else
    g_task_return_error (task, error);
}

void
execnet_gateway_return_answer (GTask *task, ExecnetChannel *channel, GError *error)
{
  g_autoptr (ExecnetChannel) owned = channel;

  if (channel == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  /* What has arrived must not be lost to a late cancelling: the receive looks after that. */
  g_task_set_check_cancellable (task, FALSE);
  execnet_channel_receive_async (channel, -1, g_task_get_cancellable (task), on_answered, task);
}

/**
 * execnet_gateway_call_async:
 * @self: a gateway
 * @source: a source that names a function
 * @arguments: (nullable): keyword arguments, a dictionary with text keys; a floating reference is
 *   consumed
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called with the value
 * @user_data: given to @callback
 *
 * Calls a function as [method@Gateway.call] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_gateway_call_async (ExecnetGateway *self,
                            ExecnetSource *source,
                            GVariant *arguments,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  ExecnetChannel *channel;
  GError *error = NULL;
  GTask *task;

  g_return_if_fail (EXECNET_IS_GATEWAY (self));
  g_return_if_fail (source != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_gateway_call_async);
  channel = start_call (self, source, arguments, &error);
  execnet_gateway_return_answer (task, channel, error);
}

/**
 * execnet_gateway_call_finish:
 * @self: a gateway
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Gateway.call_async].
 *
 * Returns: (transfer full): as for [method@Gateway.call]
 *
 * Since: 1.0
 */
GVariant *
execnet_gateway_call_finish (ExecnetGateway *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_gateway_call_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * execnet_gateway_new_channel:
 * @self: a gateway
 * @error: return location for an error
 *
 * Makes a channel that belongs to no code yet: send it over another channel to give it to code.
 *
 * Returns: (transfer full): the channel; %NULL as for [method@Gateway.remote_exec]
 *
 * Since: 1.0
 */
ExecnetChannel *
execnet_gateway_new_channel (ExecnetGateway *self, GError **error)
{
  ExecnetChannelCore *core;

  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!execnet_gateway_check_core (self, error))
    return NULL;
  core = execnet_channel_core_allocate (self->core, error);
  return core != NULL ? execnet_channel_new_for_core (self, core) : NULL;
}

/* With the claim lock. */
static ExecnetChannel *
claim (ExecnetGateway *self, gint32 id)
{
  g_autoptr (ExecnetChannelCore) core = NULL;
  gboolean is_unclaimed;

  g_mutex_lock (&self->core->lock);
  core = execnet_channel_core_lookup (self->core, id);
  if (core != NULL)
    execnet_channel_core_ref (core);
  is_unclaimed = core != NULL && core->is_unclaimed;
  if (core != NULL)
    execnet_channel_core_forget_name (core);
  g_mutex_unlock (&self->core->lock);

  if (core == NULL)
    return NULL;
  if (is_unclaimed)
    return execnet_channel_new_for_core (self, g_steal_pointer (&core));
  return g_weak_ref_get (&core->object);
}

/**
 * execnet_gateway_get_channel:
 * @self: a gateway
 * @id: the number of a channel: what an item has in the place of a channel
 * @error: return location for an error
 *
 * Gives the channel with a number: one that arrived in an item, or one of this side's own.
 *
 * Returns: (transfer full): the channel; %NULL with %EXECNET_ERROR_CLOSED when there is none, or
 *   none any more
 *
 * Since: 1.0
 */
ExecnetChannel *
execnet_gateway_get_channel (ExecnetGateway *self, gint32 id, GError **error)
{
  ExecnetChannel *channel;

  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!execnet_gateway_check_core (self, error))
    return NULL;
  if (execnet_gateway_core_is_foreign (self->core))
    {
      g_propagate_error (error, execnet_gateway_core_dup_error (self->core));
      return NULL;
    }
  g_mutex_lock (&self->claim_lock);
  channel = claim (self, id);
  g_mutex_unlock (&self->claim_lock);
  if (channel == NULL)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_CLOSED,
                 _ ("The gateway “%s” has no channel %d, or has it no more."),
                 self->core->id,
                 id);
  return channel;
}
