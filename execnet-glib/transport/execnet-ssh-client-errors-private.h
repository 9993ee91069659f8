/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-transport-private.h"

G_BEGIN_DECLS

/* What the OpenSSH client meant with the last that it printed, when it ended by itself with exit
 * status 255 or was ended: a typed error that quotes it. `host` is for the message. NULL where it
 * was not the client that failed, but what ran on the other side.
 *
 * Any thread. */
GError *
execnet_ssh_client_explain_end (const char *host, const ExecnetTransportEnd *end, gboolean was_up);

G_END_DECLS
