/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-transport-private.h"

G_BEGIN_DECLS

#define EXECNET_TYPE_SSH_TRANSPORT (execnet_ssh_transport_get_type ())
G_DECLARE_FINAL_TYPE (
    ExecnetSshTransport, execnet_ssh_transport, EXECNET, SSH_TRANSPORT, ExecnetTransport)

/* An interpreter on another host, through ssh in this process. */
ExecnetTransport *execnet_ssh_transport_new (ExecnetXSpec *spec,
                                             const ExecnetTransportSettings *settings,
                                             GError **error);

G_END_DECLS
