/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-connector-private.h"

G_DEFINE_ABSTRACT_TYPE (ExecnetConnector, execnet_connector, G_TYPE_OBJECT)

static void
execnet_connector_class_init (ExecnetConnectorClass *klass)
{
}

static void
execnet_connector_init (ExecnetConnector *self)
{
}

void
execnet_connector_connect_async (ExecnetConnector *self,
                                 const ExecnetSocketAddress *address,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  EXECNET_CONNECTOR_GET_CLASS (self)->connect_async (
      self, address, cancellable, callback, user_data);
}

GSocketConnection *
execnet_connector_connect_finish (ExecnetConnector *self, GAsyncResult *result, GError **error)
{
  return EXECNET_CONNECTOR_GET_CLASS (self)->connect_finish (self, result, error);
}

GError *
execnet_connector_dup_error (ExecnetConnector *self)
{
  return EXECNET_CONNECTOR_GET_CLASS (self)->dup_error (self);
}
