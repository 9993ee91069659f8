/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What `socket=` names. Either the host and the port are set, or the path. */
typedef struct
{
  char *host; /* a name or an address, without brackets */
  guint16 port;
  char *path; /* of a Unix socket */
} ExecnetSocketAddress;

#define EXECNET_SOCKET_ADDRESS_INIT { NULL, 0, NULL }

/* Reads `HOST:PORT`, `[IPv6]:PORT`, `:PORT` (this machine) or `unix:PATH`. */
gboolean
execnet_socket_address_parse (const char *text, ExecnetSocketAddress *address, GError **error);
/* As above, where a server is to listen: the port may be 0, for any that is free. */
gboolean execnet_socket_address_parse_for_server (const char *text,
                                                  ExecnetSocketAddress *address,
                                                  GError **error);
void execnet_socket_address_clear (ExecnetSocketAddress *address);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ExecnetSocketAddress, execnet_socket_address_clear)

G_END_DECLS
