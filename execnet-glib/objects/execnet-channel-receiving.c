/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "objects/execnet-channel-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>

/* What an arrival is wanted as. */
typedef enum
{
  AS_ITEM,
  AS_TYPE,
  AS_BYTES,
} WantedForm;

typedef struct
{
  ExecnetChannelCore *core;
  WantedForm form;
  GVariantType *type; /* of AS_TYPE */
} ReceiveData;

static void
receive_data_free (gpointer data)
{
  ReceiveData *receive = data;

  execnet_channel_core_unref (receive->core);
  g_clear_pointer (&receive->type, g_variant_type_free);
  g_free (receive);
}

/* Takes the arrival over. */
static GBytes *
to_bytes (ExecnetArrival *arrival)
{
  GBytes *bytes = g_bytes_ref (arrival->bytes);

  execnet_arrival_free (arrival);
  return bytes;
}

/* Takes the arrival over. */
static GVariant *
to_type (ExecnetChannelCore *core,
         ExecnetArrival *arrival,
         const GVariantType *type,
         GError **error)
{
  g_autoptr (GVariant) item = execnet_channel_core_decode (core, arrival, error);

  if (item == NULL)
    return NULL;
  return type != NULL ? execnet_item_coerce (item, type, error) : g_steal_pointer (&item);
}

static ExecnetArrival *
receive (ExecnetChannel *self, gint timeout_ms, GCancellable *cancellable, GError **error)
{
  if (!execnet_channel_check_receivable (self, error))
    return NULL;
  return execnet_channel_core_receive (self->core, timeout_ms, cancellable, error);
}

/* In the task's context. */
static void
return_arrival (GTask *task, gpointer result, GError *error)
{
  ReceiveData *receive_data = g_task_get_task_data (task);
  GVariant *item;

  if (error == NULL && receive_data->form == AS_BYTES)
    {
      g_task_return_pointer (task, to_bytes (result), (GDestroyNotify) g_bytes_unref);
      return;
    }
  item = error == NULL ? to_type (receive_data->core, result, receive_data->type, &error) : NULL;
  if (item != NULL)
    g_task_return_pointer (task, item, (GDestroyNotify) g_variant_unref);
  else
    g_task_return_error (task, error);
}

static void
receive_async (ExecnetChannel *self,
               WantedForm form,
               const GVariantType *type,
               gint timeout_ms,
               GTask *task)
{
  ReceiveData *receive_data;
  GError *error = NULL;

  if (!execnet_channel_check_receivable (self, &error))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  receive_data = g_new0 (ReceiveData, 1);
  receive_data->core = execnet_channel_core_ref (self->core);
  receive_data->form = form;
  receive_data->type = type != NULL ? g_variant_type_copy (type) : NULL;
  g_task_set_task_data (task, receive_data, receive_data_free);
  execnet_channel_core_receive_async (self->core, timeout_ms, task, return_arrival);
}

/**
 * execnet_channel_receive:
 * @self: a channel
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Waits for the next item and takes it. The thread's main loop does not run meanwhile.
 *
 * Returns: (transfer full): the item; %NULL with %EXECNET_ERROR_END when no more will come,
 *   %EXECNET_ERROR_REMOTE (once) when remote code raised an exception, %EXECNET_ERROR_DIED when the
 *   gateway died, %EXECNET_ERROR_TIMED_OUT, %EXECNET_ERROR_HAS_HANDLER when the items go to a
 *   callback or to a signal handler, or %EXECNET_ERROR_DATA_FORMAT when what came is no item: then
 *   the channel is closed with that error
 *
 * Since: 1.0
 */
GVariant *
execnet_channel_receive (ExecnetChannel *self,
                         gint timeout_ms,
                         GCancellable *cancellable,
                         GError **error)
{
  ExecnetArrival *arrival;

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  arrival = receive (self, timeout_ms, cancellable, error);
  return arrival != NULL ? to_type (self->core, arrival, NULL, error) : NULL;
}

/**
 * execnet_channel_receive_async:
 * @self: a channel
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called with the item
 * @user_data: given to @callback
 *
 * Receives as [method@Channel.receive] does, asynchronously. Several calls may be pending: each
 * gets an item, in their order.
 *
 * Since: 1.0
 */
void
execnet_channel_receive_async (ExecnetChannel *self,
                               gint timeout_ms,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  GTask *task;

  g_return_if_fail (EXECNET_IS_CHANNEL (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_channel_receive_async);
  receive_async (self, AS_ITEM, NULL, timeout_ms, task);
}

/**
 * execnet_channel_receive_finish:
 * @self: a channel
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Channel.receive_async].
 *
 * Returns: (transfer full): as for [method@Channel.receive]
 *
 * Since: 1.0
 */
GVariant *
execnet_channel_receive_finish (ExecnetChannel *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_channel_receive_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * execnet_channel_receive_as:
 * @self: a channel
 * @type: the type that the item must have, such as `a{sx}`
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Receives as [method@Channel.receive] does, and turns the item into exactly the type that is
 * wanted, see [func@item_coerce].
 *
 * Returns: (transfer full): the item; %NULL as for [method@Channel.receive], and with
 *   %EXECNET_ERROR_UNSUPPORTED_TYPE when it doesn't fit: the message says where. The item is taken
 *   also then.
 *
 * Since: 1.0
 */
GVariant *
execnet_channel_receive_as (ExecnetChannel *self,
                            const GVariantType *type,
                            gint timeout_ms,
                            GCancellable *cancellable,
                            GError **error)
{
  ExecnetArrival *arrival;

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), NULL);
  g_return_val_if_fail (type != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  arrival = receive (self, timeout_ms, cancellable, error);
  return arrival != NULL ? to_type (self->core, arrival, type, error) : NULL;
}

/**
 * execnet_channel_receive_as_async:
 * @self: a channel
 * @type: the type that the item must have
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called with the item
 * @user_data: given to @callback
 *
 * Receives as [method@Channel.receive_as] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_channel_receive_as_async (ExecnetChannel *self,
                                  const GVariantType *type,
                                  gint timeout_ms,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GTask *task;

  g_return_if_fail (EXECNET_IS_CHANNEL (self));
  g_return_if_fail (type != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_channel_receive_as_async);
  receive_async (self, AS_TYPE, type, timeout_ms, task);
}

/**
 * execnet_channel_receive_as_finish:
 * @self: a channel
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Channel.receive_as_async].
 *
 * Returns: (transfer full): as for [method@Channel.receive_as]
 *
 * Since: 1.0
 */
GVariant *
execnet_channel_receive_as_finish (ExecnetChannel *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_channel_receive_as_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * execnet_channel_receive_bytes:
 * @self: a channel
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Receives as [method@Channel.receive] does, but gives the item in its wire form: what
 * [func@dumps] writes, without the first byte (the version). The bytes were not looked at: whoever
 * decodes them must expect anything.
 *
 * Returns: (transfer full): the bytes; %NULL as for [method@Channel.receive]
 *
 * Since: 1.0
 */
GBytes *
execnet_channel_receive_bytes (ExecnetChannel *self,
                               gint timeout_ms,
                               GCancellable *cancellable,
                               GError **error)
{
  ExecnetArrival *arrival;

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  arrival = receive (self, timeout_ms, cancellable, error);
  return arrival != NULL ? to_bytes (arrival) : NULL;
}

/**
 * execnet_channel_receive_bytes_async:
 * @self: a channel
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called with the bytes
 * @user_data: given to @callback
 *
 * Receives as [method@Channel.receive_bytes] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_channel_receive_bytes_async (ExecnetChannel *self,
                                     gint timeout_ms,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  GTask *task;

  g_return_if_fail (EXECNET_IS_CHANNEL (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_channel_receive_bytes_async);
  receive_async (self, AS_BYTES, NULL, timeout_ms, task);
}

/**
 * execnet_channel_receive_bytes_finish:
 * @self: a channel
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Channel.receive_bytes_async].
 *
 * Returns: (transfer full): as for [method@Channel.receive_bytes]
 *
 * Since: 1.0
 */
GBytes *
execnet_channel_receive_bytes_finish (ExecnetChannel *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_channel_receive_bytes_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * execnet_channel_try_receive:
 * @self: a channel
 * @error: return location for an error
 *
 * Takes the next item if there is one now.
 *
 * Returns: (transfer full) (nullable): the item; %NULL without an error when there is none now, and
 *   with an error as for [method@Channel.receive]
 *
 * Since: 1.0
 */
GVariant *
execnet_channel_try_receive (ExecnetChannel *self, GError **error)
{
  ExecnetArrival *arrival;

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!execnet_channel_check_receivable (self, error))
    return NULL;
  arrival = execnet_channel_core_try_receive (self->core, error);
  return arrival != NULL ? to_type (self->core, arrival, NULL, error) : NULL;
}

/**
 * execnet_channel_try_receive_bytes:
 * @self: a channel
 * @error: return location for an error
 *
 * Takes the next item in its wire form if there is one now, see [method@Channel.receive_bytes].
 *
 * Returns: (transfer full) (nullable): the bytes; %NULL without an error when there are none now,
 *   and with an error as for [method@Channel.receive]
 *
 * Since: 1.0
 */
GBytes *
execnet_channel_try_receive_bytes (ExecnetChannel *self, GError **error)
{
  ExecnetArrival *arrival;

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!execnet_channel_check_receivable (self, error))
    return NULL;
  arrival = execnet_channel_core_try_receive (self->core, error);
  return arrival != NULL ? to_bytes (arrival) : NULL;
}

/**
 * execnet_channel_wait:
 * @self: a channel
 * @timeout_ms: how long to wait, in milliseconds; -1 without end
 * @cancellable: (nullable): a cancellable
 *
 * Waits until there is an item, or none will come; takes nothing. For language bindings, whose
 * interpreters must look after signals meanwhile.
 *
 * Returns: %EXECNET_WAIT_READY when [method@Channel.try_receive] will give an item (if no other
 *   thread is faster); %EXECNET_WAIT_END when no more will come; %EXECNET_WAIT_ERROR when it will
 *   give another error; %EXECNET_WAIT_TIMED_OUT; %EXECNET_WAIT_INTERRUPTED when cancelled
 *
 * Since: 1.0
 */
ExecnetWaitResult
execnet_channel_wait (ExecnetChannel *self, gint timeout_ms, GCancellable *cancellable)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), EXECNET_WAIT_ERROR);

  if (!execnet_channel_check_receivable (self, NULL))
    return EXECNET_WAIT_ERROR;
  return execnet_channel_core_wait (self->core, timeout_ms, cancellable);
}
