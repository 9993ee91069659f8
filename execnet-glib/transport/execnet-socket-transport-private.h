/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-transport-private.h"

G_BEGIN_DECLS

/* A worker in a socket server, ours or one of execnet. Its stream is the GSocketConnection, or an
 * ExecnetTlsStream. Before that is given to anybody the server has proved that it knows the token,
 * where there is one. */

#define EXECNET_TYPE_SOCKET_TRANSPORT (execnet_socket_transport_get_type ())
G_DECLARE_FINAL_TYPE (
    ExecnetSocketTransport, execnet_socket_transport, EXECNET, SOCKET_TRANSPORT, ExecnetTransport)

/* Any thread. Takes `socket`, `token_file`, `token_env`, `tls`, `tls_ca` and `keepalive` of the
 * spec, which must be valid; reads the files that they name. */
ExecnetTransport *execnet_socket_transport_new (ExecnetXSpec *spec,
                                                const ExecnetTransportSettings *settings,
                                                GError **error);

G_END_DECLS
