/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "engine/execnet-gateway-core-private.h"
#include "transport/execnet-connector-private.h"

G_BEGIN_DECLS

/* Starts a socket server with another gateway's interpreter, where that is, and connects to it. The
 * server takes one client, which has to know the token, and ends with the gateway. */

#define EXECNET_TYPE_INSTALL_CONNECTOR (execnet_install_connector_get_type ())
G_DECLARE_FINAL_TYPE (ExecnetInstallConnector,
                      execnet_install_connector,
                      EXECNET,
                      INSTALL_CONNECTOR,
                      ExecnetConnector)

/* Any thread. `address` is what the server is told, HOST:PORT; `host` is where to connect to, and
 * `way` who does it, NULL for this process. */
ExecnetConnector *execnet_install_connector_new (ExecnetGatewayCore *gateway,
                                                 const char *address,
                                                 const char *token,
                                                 const char *host,
                                                 ExecnetConnector *way);

G_END_DECLS
