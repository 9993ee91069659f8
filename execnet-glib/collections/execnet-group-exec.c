/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Running code on all gateways of a group. */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "objects/execnet-gateway-private.h"

static ExecnetMultiChannel *
join_channels (GPtrArray *channels)
{
  return execnet_multi_channel_new ((ExecnetChannel **) channels->pdata, channels->len);
}

/**
 * execnet_group_remote_exec:
 * @self: a group
 * @text: Python source
 * @error: return location for an error
 *
 * Runs source code on all gateways of the group that are up, see [method@Gateway.remote_exec].
 *
 * Returns: (transfer full): a channel for each gateway, in their order; %NULL with the error of the
 *   first that failed: then the channels of those before it are closed
 *
 * Since: 1.0
 */
ExecnetMultiChannel *
execnet_group_remote_exec (ExecnetGroup *self, const char *text, GError **error)
{
  g_autoptr (ExecnetSource) source = NULL;

  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);
  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  source = execnet_source_new (text);
  return execnet_group_remote_exec_source (self, source, NULL, error);
}

/**
 * execnet_group_remote_exec_source:
 * @self: a group
 * @source: the source
 * @arguments: (nullable): keyword arguments for the source's function, a dictionary with text keys;
 *   a floating reference is consumed
 * @error: return location for an error
 *
 * Runs source code on all gateways of the group that are up, see
 * [method@Gateway.remote_exec_source].
 *
 * Returns: (transfer full): as for [method@Group.remote_exec]
 *
 * Since: 1.0
 */
ExecnetMultiChannel *
execnet_group_remote_exec_source (ExecnetGroup *self,
                                  ExecnetSource *source,
                                  GVariant *arguments,
                                  GError **error)
{
  g_autoptr (GPtrArray) gateways = NULL;
  g_autoptr (GPtrArray) channels = NULL;
  g_autoptr (GVariant) sunk = NULL;

  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);
  g_return_val_if_fail (source != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  sunk = arguments != NULL ? g_variant_ref_sink (arguments) : NULL;
  gateways = execnet_group_dup_running_gateways (self);
  channels = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < gateways->len; i++)
    {
      ExecnetChannel *channel
          = execnet_gateway_remote_exec_source (gateways->pdata[i], source, sunk, error);

      if (channel == NULL)
        return NULL;
      g_ptr_array_add (channels, channel);
    }
  return join_channels (channels);
}
