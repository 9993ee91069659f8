/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* An OpenSSH server of the test's own: server.py, which says what the arguments are. */
typedef struct _SshServer SshServer;

/* The arguments end with NULL, or are NULL. NULL when this machine can't do it; then the test is marked as
 * skipped, with the reason. */
SshServer *ssh_server_start (const char *const *arguments);

/* Stops it, and waits until nothing of it is left. */
void ssh_server_stop (SshServer *self);

/* One of the facts that the program prints: "port", "user", "folder", … */
const char *ssh_server_get (SshServer *self, const char *name);

/* "cut", "freeze" or "thaw": returns when it is done. */
void ssh_server_do (SshServer *self, const char *command);

/* The specification of a gateway there, with its keys and known hosts. `more` follows: "//python=…",
 * or "". */
char *ssh_server_dup_spec (SshServer *self, const char *more);

/* So many connections have been accepted. */
guint ssh_server_count_connections (SshServer *self);

/* Waits until so many were. */
void ssh_server_wait_connections (SshServer *self, guint n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SshServer, ssh_server_stop)

G_END_DECLS
