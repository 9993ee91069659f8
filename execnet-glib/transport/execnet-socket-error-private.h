/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "data/execnet-socket-address-private.h"

G_BEGIN_DECLS

/* Says what GIO's error on the way to a server means for the user, who calls it `name`. Takes the
 * error over; one that says that it was cancelled stays as it is. Any thread. */
GError *execnet_socket_error_of_connecting (GError *reason,
                                            const ExecnetSocketAddress *address,
                                            const char *name);

/* The same, of the beginning of TLS. `flags` are what is wrong with the certificate, or 0. */
GError *
execnet_socket_error_of_tls (GError *reason, GTlsCertificateFlags flags, const char *name, const char *host);

G_END_DECLS
