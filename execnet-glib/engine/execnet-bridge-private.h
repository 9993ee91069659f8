/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Carries bytes between two streams in both directions, and the ends of their directions, until both
 * have ended. Worker thread, which it keeps in use. */
typedef struct _ExecnetBridge ExecnetBridge;

/* What comes and goes on `near` is a socket's. Bytes flow at once; an error closes both. */
ExecnetBridge *execnet_bridge_new (GSocketConnection *near, GIOStream *far);

/* Closes both at once, and lets go. */
void execnet_bridge_free (ExecnetBridge *self);

G_END_DECLS
