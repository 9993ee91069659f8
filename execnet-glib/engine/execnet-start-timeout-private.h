/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-transport-private.h"

G_BEGIN_DECLS

/* How long a gateway may take to come up. The time does not run while a person is asked something.
 * Worker thread. */
typedef struct _ExecnetStartTimeout ExecnetStartTimeout;

/* `func` is called at most once. The transport must live as long. */
ExecnetStartTimeout *execnet_start_timeout_new (ExecnetTransport *transport,
                                                guint seconds,
                                                GSourceOnceFunc func,
                                                gpointer user_data);
void execnet_start_timeout_free (ExecnetStartTimeout *self);

/* The error for a gateway that took too long: what it still waited for. */
GError *execnet_start_timeout_new_error (ExecnetStartTimeout *self, const char *id);

G_END_DECLS
