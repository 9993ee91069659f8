/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "objects/execnet-channel-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>

static gboolean
set_callback (ExecnetChannel *self,
              GMainContext *context,
              ExecnetChannelCallback *callback,
              GPtrArray **queued,
              GError **error)
{
  gboolean is_set;

  if (!execnet_channel_check_receivable (self, error))
    return FALSE;
  callback->mailbox = context != NULL
                          ? execnet_mailbox_get (context)
                          : execnet_mailbox_ref (self->core->mailbox);
  is_set = execnet_channel_core_set_callback (self->core, callback, queued, error);
  execnet_mailbox_unref (callback->mailbox);
  return is_set;
}

/**
 * execnet_channel_set_callback:
 * @self: a channel
 * @context: (nullable): the main context that @func is called in; %NULL for the channel's own
 * @end_marker: whether @func gets %NULL when no more items will come
 * @func: (scope notified) (closure user_data) (destroy notify): called with each item
 * @user_data: given to @func
 * @notify: (nullable): called in @context when @func will not be called any more
 * @error: return location for an error
 *
 * Gives the channel's items, those that wait already included, to a function. From now on they
 * can't be received otherwise. The end marker comes exactly once, also when the gateway dies.
 *
 * The callback stays when the last reference to the channel is dropped: the other side can go on
 * sending.
 *
 * Returns: %TRUE when it is set; %FALSE with %EXECNET_ERROR_HAS_HANDLER when there is one already;
 *   then neither @func nor @notify is ever called
 *
 * Since: 1.0
 */
gboolean
execnet_channel_set_callback (ExecnetChannel *self,
                              GMainContext *context,
                              gboolean end_marker,
                              ExecnetItemFunc func,
                              gpointer user_data,
                              GDestroyNotify notify,
                              GError **error)
{
  ExecnetChannelCallback callback = {
    .item_func = func,
    .user_data = user_data,
    .notify = notify,
    .wants_end_marker = end_marker,
  };

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  return set_callback (self, context, &callback, NULL, error);
}

/**
 * execnet_channel_set_bytes_callback:
 * @self: a channel
 * @context: (nullable): the main context that @func is called in; %NULL for the channel's own
 * @end_marker: whether @func gets %NULL when no more items will come
 * @func: (scope notified) (closure user_data) (destroy notify): called with each item in its wire
 *   form, see [method@Channel.receive_bytes]
 * @user_data: given to @func
 * @notify: (nullable): called in @context when @func will not be called any more
 * @queued: (out) (optional) (nullable) (transfer container) (element-type GLib.Bytes): return
 *   location for the items that wait already: then they are the caller's to deliver, and @func gets
 *   only those that come later
 * @error: return location for an error
 *
 * Gives the channel's items to a function as [method@Channel.set_callback] does, as bytes.
 *
 * Returns: %TRUE when it is set
 *
 * Since: 1.0
 */
gboolean
execnet_channel_set_bytes_callback (ExecnetChannel *self,
                                    GMainContext *context,
                                    gboolean end_marker,
                                    ExecnetBytesFunc func,
                                    gpointer user_data,
                                    GDestroyNotify notify,
                                    GPtrArray **queued,
                                    GError **error)
{
  ExecnetChannelCallback callback = {
    .bytes_func = func,
    .user_data = user_data,
    .notify = notify,
    .wants_end_marker = end_marker,
  };

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (func != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (queued != NULL)
    *queued = NULL;
  return set_callback (self, context, &callback, queued, error);
}

/**
 * execnet_channel_get_load_flags:
 * @self: a channel
 *
 * Tells how strings of the two Pythons are converted in items that arrive, see
 * [method@Channel.reconfigure].
 *
 * Returns: the flags
 *
 * Since: 1.0
 */
ExecnetLoadFlags
execnet_channel_get_load_flags (ExecnetChannel *self)
{
  ExecnetLoadFlags flags;

  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), EXECNET_LOAD_DEFAULT);

  if (self->core == NULL || execnet_gateway_core_is_foreign (self->core->gateway))
    return EXECNET_LOAD_DEFAULT;
  g_mutex_lock (&self->core->gateway->lock);
  flags = self->core->load_flags;
  g_mutex_unlock (&self->core->gateway->lock);
  return flags;
}

/**
 * execnet_channel_reconfigure:
 * @self: a channel
 * @flags: how strings of the two Pythons are converted
 * @error: return location for an error
 *
 * Changes, on both sides, how strings of the two Pythons are converted in items that arrive over
 * this channel from now on. A new channel has its gateway's setting, see
 * [method@Gateway.reconfigure].
 *
 * Returns: %TRUE when the other side was told
 *
 * Since: 1.0
 */
gboolean
execnet_channel_reconfigure (ExecnetChannel *self, ExecnetLoadFlags flags, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_CHANNEL (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (!execnet_channel_check_core (self, error)
      || !execnet_gateway_core_send_load_flags (self->core->gateway, self->core->id, flags, error))
    return FALSE;
  g_mutex_lock (&self->core->gateway->lock);
  self->core->load_flags = flags;
  g_mutex_unlock (&self->core->gateway->lock);
  return TRUE;
}
