/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "data/execnet-socket-address-private.h"

G_BEGIN_DECLS

/* Somebody who makes connections from another machine. Worker thread. */

#define EXECNET_TYPE_CONNECTOR (execnet_connector_get_type ())
G_DECLARE_DERIVABLE_TYPE (ExecnetConnector, execnet_connector, EXECNET, CONNECTOR, GObject)

struct _ExecnetConnectorClass
{
  GObjectClass parent_class;

  void (*connect_async) (ExecnetConnector *self,
                         const ExecnetSocketAddress *address,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
  GSocketConnection *(*connect_finish) (ExecnetConnector *self, GAsyncResult *result, GError **error);
  GError *(*dup_error) (ExecnetConnector *self);
};

/* Connects, once; the names are looked up there. The connection is one to this process, and what
 * is sent over it goes there: it lives as long as the connector. Its errors are meant for users. */
void execnet_connector_connect_async (ExecnetConnector *self,
                                      const ExecnetSocketAddress *address,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
GSocketConnection *
execnet_connector_connect_finish (ExecnetConnector *self, GAsyncResult *result, GError **error);

/* Why the connection was lost on its way, or NULL. */
GError *execnet_connector_dup_error (ExecnetConnector *self);

G_END_DECLS
