/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "engine/execnet-gateway-core-private.h"

G_BEGIN_DECLS

/* Every gateway of this process whose connection is not gone yet. When the process ends in an
 * orderly way, they are asked to end, and then ended by force. */

/* Any thread. It holds a reference until it is removed. */
void execnet_live_gateways_add (ExecnetGatewayCore *core);
void execnet_live_gateways_remove (ExecnetGatewayCore *core);

/* For execnet-fork.c. */
void execnet_live_gateways_lock (void);
void execnet_live_gateways_unlock (void);
void execnet_live_gateways_forget (void);

G_END_DECLS
