/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-ssh-options-private.h"
#include "transport/execnet-transport-private.h"

G_BEGIN_DECLS

#define EXECNET_TYPE_SSH_TRANSPORT (execnet_ssh_transport_get_type ())
G_DECLARE_FINAL_TYPE (
    ExecnetSshTransport, execnet_ssh_transport, EXECNET, SSH_TRANSPORT, ExecnetTransport)

/* An interpreter on another host, through ssh in this process. Opening fails with
 * G_IO_ERROR_NOT_SUPPORTED where the OpenSSH client may do better.
 *
 * Worker thread. `front` is the transport that the engine knows, for which questions are asked, and
 * which outlives this one. */
ExecnetTransport *execnet_ssh_transport_new (ExecnetXSpec *spec,
                                             ExecnetSshOptions *options,
                                             ExecnetTransport *front,
                                             GError **error);

G_END_DECLS
