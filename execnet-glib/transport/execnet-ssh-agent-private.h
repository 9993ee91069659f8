/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-agent-messages-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* An ssh agent at a unix socket: what keys it has, and signatures with them. Each call makes its own
 * connection. Nothing blocks, and an agent that never answers is for the cancellable to end.
 *
 * Results come in the thread-default main context, which the thread iterates. Errors:
 *  - EXECNET_ERROR_NOT_CONNECTED: nobody answers at the path.
 *  - EXECNET_ERROR_AUTHENTICATION_FAILED: the agent refuses.
 *  - EXECNET_ERROR_DATA_FORMAT: what answers is no agent.
 *  - G_IO_ERROR_CANCELLED. */

/* Of ExecnetAgentIdentity, in the agent's order. */
void execnet_ssh_agent_list_async (const char *path,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
GPtrArray *execnet_ssh_agent_list_finish (GAsyncResult *result, GError **error);

/* A signature in its form on the wire: its type (a string), and its bytes (a string). `flags` are
 * EXECNET_AGENT_RSA_SHA2_512 or the like for RSA keys, else 0. */
void execnet_ssh_agent_sign_async (const char *path,
                                   GBytes *key,
                                   GBytes *data,
                                   guint32 flags,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
GBytes *execnet_ssh_agent_sign_finish (GAsyncResult *result, GError **error);

/* The same for a thread that may wait. */
GBytes *execnet_ssh_agent_sign (const char *path,
                                GBytes *key,
                                GBytes *data,
                                guint32 flags,
                                GCancellable *cancellable,
                                GError **error);

G_END_DECLS
