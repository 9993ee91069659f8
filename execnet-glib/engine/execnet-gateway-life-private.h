/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "engine/execnet-gateway-core-private.h"
#include "engine/execnet-start-timeout-private.h"

G_BEGIN_DECLS

/* How a gateway's connection comes up and ends: for the files execnet-gateway-life.c and
 * execnet-gateway-reason.c alone. Worker thread, but where it says otherwise. */
struct _ExecnetGatewayLife
{
  ExecnetTransport *transport; /* also read by kill_now */
  GCancellable *cancellable;
  GVariant *options;
  guint timeout_seconds;
  ExecnetStartTimeout *timeout; /* until it is up */
  GError *overdue;              /* it took too long, and the transport is still opening */
  GSource *timer;
  gboolean has_opened;
  gboolean is_waiting_for_exit;
  gboolean is_waiting_for_rest; /* of what a process wrote that has exited */
  gboolean is_over;      /* the gateway is closed; only the exit and the stream's end are awaited */
  gboolean is_closing;   /* the stream has to be closed first */
  gboolean input_ended;
  gboolean has_exited;
  GError *input_error;   /* why input ended, if not plainly */
  GError *refusal;       /* why the worker says that it can't run */
  GError *explanation;   /* why the transport says that it ended */
  GByteArray *stray_output;
};

/* With the lock: takes what is known of the other side's end. */
void execnet_gateway_life_take_end (ExecnetGatewayCore *self);

/* Whether the peer said something that it must not say: then that is the reason for the end, and how
 * its process ended is not. */
gboolean execnet_gateway_life_has_broken_rules (ExecnetGatewayLife *self);

/* With the lock. The one reason for the end, for everything that was pending; NULL for an end that
 * was asked for. Takes `known` over, which may be NULL. */
GError *execnet_gateway_life_choose_error (ExecnetGatewayCore *self, GError *known);

G_END_DECLS
