/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The bytes of one ssh connection, on the stream that carries it: a socket, or whatever else leads
 * to the host. It never blocks, and takes everything that is to be sent, so that the ssh library
 * above it never waits for room; who sends much asks before (execnet_ssh_wire_has_room).
 *
 * Belongs to the thread that made it, and its thread-default main context. */
typedef struct _ExecnetSshWire ExecnetSshWire;

/* There may be something to read, there is room again, or the stream has ended. Never called from
 * inside a function of the wire. */
typedef void (*ExecnetSshWireFunc) (gpointer data);

ExecnetSshWire *execnet_ssh_wire_new (GIOStream *stream, ExecnetSshWireFunc func, gpointer data);

/* Closes the stream. What is not sent yet is lost. */
void execnet_ssh_wire_free (ExecnetSshWire *self);

/* How many bytes there were, 0 at the end of input, or a negative errno: -EAGAIN when there is
 * nothing now. */
gssize execnet_ssh_wire_receive (ExecnetSshWire *self, void *buffer, gsize length);

/* Whether the stream has ended, while nobody receives: what comes before its end is kept, as much
 * as the buffer takes. Without this, what comes would wake the thread for ever. */
gboolean execnet_ssh_wire_has_ended (ExecnetSshWire *self);

/* Gives back what was received and is not wanted yet: it is received again before all else. */
void execnet_ssh_wire_put_back (ExecnetSshWire *self, const void *bytes, gsize length);

/* Takes all of it. That the stream is broken is found out by who reads. */
gssize execnet_ssh_wire_send (ExecnetSshWire *self, const void *bytes, gsize length);

/* Whether little enough is waiting to be sent. */
gboolean execnet_ssh_wire_has_room (ExecnetSshWire *self);

/* So many bytes have come since the beginning. */
guint64 execnet_ssh_wire_get_n_received (ExecnetSshWire *self);

/* What broke the stream, or NULL. */
const GError *execnet_ssh_wire_get_error (ExecnetSshWire *self);

/* The first bytes that came, for the error that says that the other side speaks no ssh. */
GBytes *execnet_ssh_wire_get_beginning (ExecnetSshWire *self);

G_END_DECLS
