/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-xspec.h"

G_BEGIN_DECLS

/* What the worker is told of the spec in its bootstrap line (docs/protocol.md): not floating, a
 * dictionary. `output` is how what is printed there comes here, NULL where it doesn't. NULL with an
 * error that quotes what the spec has wrong. Any thread. */
GVariant *execnet_gateway_make_options (const char *id,
                                        ExecnetXSpec *spec,
                                        const char *execmodel,
                                        const char *output,
                                        GError **error);

/* How many seconds the start may take, by a valid spec; `fallback` where it doesn't say. 0 is for any
 * time. Any thread. */
guint execnet_gateway_read_timeout (ExecnetXSpec *spec, guint fallback);

G_END_DECLS
