/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "data/execnet-xspec.h"

G_BEGIN_DECLS

/* Notices that the machine at the other end of a TCP connection has vanished without a word: it lost
 * its power, or the way there was cut. Then the socket is shut down, so that whoever reads from it
 * finds its end: within three of the intervals from the last that was heard.
 *
 * Worker thread alone; belongs to the thread-default main context there. */
typedef struct _ExecnetKeepalive ExecnetKeepalive;

/* Turns the system's keepalive and TCP_NODELAY on for the socket, and watches it. NULL where there is
 * nothing to watch: the socket is not TCP, or `seconds` is 0. Holds a reference on the socket. */
ExecnetKeepalive *execnet_keepalive_new (GSocket *socket, guint seconds);
void execnet_keepalive_free (ExecnetKeepalive *self);

/* Whether it has found that nobody is there any more; FALSE for NULL. */
gboolean execnet_keepalive_has_expired (ExecnetKeepalive *self);

/* The error for that. `host` is what the user calls the other machine. */
GError *execnet_keepalive_new_error (ExecnetKeepalive *self, const char *host);

/* What `keepalive=` of a valid spec says, in seconds, or the default. */
guint execnet_keepalive_get_seconds (ExecnetXSpec *spec);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetKeepalive, execnet_keepalive_free)

G_END_DECLS
