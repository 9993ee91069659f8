/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-ssh-session-private.h"

G_BEGIN_DECLS

/* One channel of an ssh session: a command that runs on the host, or a connection that the host
 * makes to another one.
 *
 * Belongs to the session's thread. */

/* What the command prints to its stderr, as it comes. */
typedef void (*ExecnetSshErrorsFunc) (const char *bytes, gsize length, gpointer data);

/* Starts the command, in the login's home. G_IO_ERROR_BUSY when the host allows no further channel
 * on this session. */
void execnet_ssh_channel_open_async (ExecnetSshSession *session,
                                     const char *command,
                                     ExecnetSshErrorsFunc errors_func,
                                     gpointer errors_data,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);

/* Has the host connect to another one. */
void execnet_ssh_channel_connect_async (ExecnetSshSession *session,
                                        const char *host,
                                        guint port,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);

ExecnetSshChannel *execnet_ssh_channel_open_finish (GAsyncResult *result, GError **error);

ExecnetSshChannel *execnet_ssh_channel_ref (ExecnetSshChannel *self);
void execnet_ssh_channel_unref (ExecnetSshChannel *self);

/* One of each at most is under way; the tasks return a number of bytes (GTask's int). The buffers
 * stay where they are until then. */
void execnet_ssh_channel_read (ExecnetSshChannel *self, GTask *task, void *buffer, gsize count);
void execnet_ssh_channel_write (ExecnetSshChannel *self, GTask *task, const void *buffer, gsize count);

/* Ends the direction to the host, after what is being written. */
void execnet_ssh_channel_send_eof (ExecnetSshChannel *self);

/* Nobody wants the channel any more: what is under way fails, and nothing of it is called any
 * more. */
void execnet_ssh_channel_close (ExecnetSshChannel *self);

/* Ready when the host has said how the command ended, or the channel was closed, or the session is
 * lost. The task returns TRUE. */
void execnet_ssh_channel_wait_end (ExecnetSshChannel *self, GTask *task);

/* FALSE when nobody knows. `exit_signal` is without "SIG", and NULL when there was none. */
gboolean execnet_ssh_channel_get_end (ExecnetSshChannel *self,
                                      int *exit_status,
                                      const char **exit_signal);

/* Why the channel was lost, or NULL. */
const GError *execnet_ssh_channel_get_error (ExecnetSshChannel *self);

/* For the session. */
void execnet_ssh_channel_process (ExecnetSshChannel *self);
gboolean execnet_ssh_channel_continue_open (ExecnetSshChannel *self);
void execnet_ssh_channel_lose (ExecnetSshChannel *self, const GError *error);
gboolean execnet_ssh_channel_send_keepalive (ExecnetSshChannel *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetSshChannel, execnet_ssh_channel_unref)

G_END_DECLS
