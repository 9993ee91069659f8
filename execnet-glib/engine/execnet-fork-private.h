/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A fork child has no worker thread, and its copies of gateways must not touch the connections:
 * everything that belongs to a connection remembers the generation of the process that made it. */

/* Any thread, before the first connection. */
void execnet_fork_init (void);

/* Any thread. Changes in a fork child. */
guint execnet_fork_get_generation (void);

G_END_DECLS
