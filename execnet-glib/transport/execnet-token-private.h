/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "data/execnet-xspec.h"

G_BEGIN_DECLS

/* The secret that a socket server and its clients share. It is never sent: each side proves that it
 * knows it. See docs/protocol.md. */

/* What `token_file=` or `token_env=` name, or NULL without an error when the spec has neither. Any
 * thread. */
GBytes *execnet_token_read (ExecnetXSpec *spec, GError **error);

/* On a stream that was just opened: proves to the server that this side knows the token, and checks
 * that the server does. `name` is what the user calls the server. Worker thread; nothing else may
 * use the stream meanwhile. */
void execnet_token_prove_async (GBytes *token,
                                GIOStream *stream,
                                const char *name,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean execnet_token_prove_finish (GAsyncResult *result, GError **error);

G_END_DECLS
