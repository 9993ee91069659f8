/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "engine/execnet-gateway-core-private.h"
#include "objects/execnet-gateway.h"

G_BEGIN_DECLS

struct _ExecnetGateway
{
  GObject parent_instance;
  ExecnetGatewayCore *core; /* holds a reference; NULL only in an object that no group made */
  ExecnetXSpec *spec;       /* holds a reference; frozen */
  GWeakRef group;
  GMutex claim_lock; /* held while a channel that arrived gets its object: it gets one */
  ExecnetGatewayState told_state; /* in the gateway's context */
};

/* Any thread. Makes the object and begins to start the worker that the spec asks for, over the
 * transport. It is in state STARTING; NULL with an error when the spec can't be served. Its main
 * context is the given one, or the calling thread's for NULL. */
ExecnetGateway *execnet_gateway_new (GObject *group,
                                     const char *id,
                                     ExecnetXSpec *spec,
                                     ExecnetTransport *transport,
                                     const char *execmodel,
                                     GMainContext *context,
                                     GError **error);

/* Any thread. FALSE with an error for an object that no group made. */
gboolean execnet_gateway_check_core (ExecnetGateway *self, GError **error);

/* Any thread. Completes (with no result) as soon as the gateway is up or closed. Takes the task
 * over. */
void execnet_gateway_wait_ready_async (ExecnetGateway *self, GTask *task, ExecnetPendingFunc func);

/* Any thread. Sends a request that is answered on a channel of its own. */
ExecnetChannel *execnet_gateway_request (ExecnetGateway *self,
                                         ExecnetMessageCode code,
                                         GBytes *payload,
                                         GError **error);

/* The task's thread. Returns from the task with the one item that comes over the channel, or with
 * the error when there is no channel. Takes everything over. */
void execnet_gateway_return_answer (GTask *task, ExecnetChannel *channel, GError *error);

G_END_DECLS
