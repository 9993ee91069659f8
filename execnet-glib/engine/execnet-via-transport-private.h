/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "engine/execnet-gateway-core-private.h"

G_BEGIN_DECLS

/* An interpreter that another gateway starts or reaches, and that is talked to through it. It may be
 * up already, or being started: then that is awaited. */

#define EXECNET_TYPE_VIA_TRANSPORT (execnet_via_transport_get_type ())
G_DECLARE_FINAL_TYPE (
    ExecnetViaTransport, execnet_via_transport, EXECNET, VIA_TRANSPORT, ExecnetTransport)

/* Any thread. The spec must be valid, and has the key `via`, which names the gateway. */
ExecnetTransport *
execnet_via_transport_new (ExecnetGatewayCore *via, ExecnetXSpec *spec, GError **error);

G_END_DECLS
