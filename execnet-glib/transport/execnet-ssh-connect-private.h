/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-process-private.h"
#include "transport/execnet-ssh-options-private.h"

G_BEGIN_DECLS

/* A connection to the host's ssh port: over TCP, or through ProxyCommand, whose process then comes
 * with it in `process`. The result comes in the thread-default main context. Fails with
 * HOST_NOT_FOUND, CONNECTION_REFUSED, TIMED_OUT, FAILED or CANCELLED. */
void execnet_ssh_connect_async (ExecnetSshOptions *options,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
GIOStream *
execnet_ssh_connect_finish (GAsyncResult *result, ExecnetProcess **process, GError **error);

G_END_DECLS
