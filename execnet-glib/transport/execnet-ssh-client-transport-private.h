/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-process-transport-private.h"
#include "transport/execnet-ssh-options-private.h"

G_BEGIN_DECLS

/* A host behind the OpenSSH client, which is a child process. */

#define EXECNET_TYPE_SSH_CLIENT_TRANSPORT (execnet_ssh_client_transport_get_type ())
G_DECLARE_FINAL_TYPE (ExecnetSshClientTransport,
                      execnet_ssh_client_transport,
                      EXECNET,
                      SSH_CLIENT_TRANSPORT,
                      ExecnetProcessTransport)

/* Worker thread. `front` is the transport that the engine knows, for which questions are asked, and
 * which outlives this one. */
ExecnetTransport *execnet_ssh_client_transport_new (ExecnetXSpec *spec,
                                                    ExecnetSshOptions *options,
                                                    ExecnetTransport *front,
                                                    GError **error);

G_END_DECLS
