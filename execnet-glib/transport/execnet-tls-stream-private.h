/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A TLS connection over a socket that can be closed without waiting: GIO's own would first have to
 * get rid of a farewell, for as long as nobody takes it. */

#define EXECNET_TYPE_TLS_STREAM (execnet_tls_stream_get_type ())
G_DECLARE_FINAL_TYPE (ExecnetTlsStream, execnet_tls_stream, EXECNET, TLS_STREAM, GIOStream)

/* After the handshake. */
GIOStream *execnet_tls_stream_new (GTlsConnection *connection, GSocket *socket);

G_END_DECLS
