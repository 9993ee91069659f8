/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "base/execnet-types.h"
#include "data/execnet-message-private.h"

G_BEGIN_DECLS

/* The line that makes a bare interpreter a worker, and what it answers. See docs/protocol.md. Any
 * thread. */

/* `options` is the dictionary for the line. */
GBytes *execnet_bootstrap_make_line (GVariant *options, GError **error);

/* The source of bootstrap/relay.py, with a NUL behind it. */
GBytes *execnet_bootstrap_get_relay (GError **error);

/* That of the socket server, likewise. */
GBytes *execnet_bootstrap_get_socket_server (GError **error);

typedef enum
{
  EXECNET_GREETING_MORE,    /* that may become an answer */
  EXECNET_GREETING_UP,      /* one byte is used; HELLO follows */
  EXECNET_GREETING_FAILED,  /* the worker says why it can't run: the error is set */
  EXECNET_GREETING_UNKNOWN, /* that is no answer of a worker */
} ExecnetGreeting;

ExecnetGreeting execnet_bootstrap_read_greeting (const guint8 *bytes, gsize length, GError **error);

/* What an error shows of bytes that are no answer. */
char *execnet_bootstrap_quote_stray_output (const guint8 *bytes, gsize length);

/* The error for bytes that are no answer, which it quotes. */
GError *execnet_bootstrap_new_stray_output_error (const guint8 *bytes, gsize length);

/* The HELLO message's dictionary, or NULL with an error. */
GVariant *execnet_bootstrap_read_hello (GBytes *payload, GError **error);

G_END_DECLS
