/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "engine/execnet-gateway-core-private.h"
#include "transport/execnet-connector-private.h"

G_BEGIN_DECLS

/* Connects from where another gateway is, once that is up. */

#define EXECNET_TYPE_VIA_CONNECTOR (execnet_via_connector_get_type ())
G_DECLARE_FINAL_TYPE (
    ExecnetViaConnector, execnet_via_connector, EXECNET, VIA_CONNECTOR, ExecnetConnector)

/* Any thread. */
ExecnetConnector *execnet_via_connector_new (ExecnetGatewayCore *via);

G_END_DECLS
