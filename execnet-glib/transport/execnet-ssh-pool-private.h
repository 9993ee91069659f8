/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-questions-private.h"
#include "transport/execnet-ssh-session-private.h"

G_BEGIN_DECLS

/* The ssh sessions of this thread. Gateways to one host, with the same options and the same person
 * to ask, share one: the first connects and logs in, those that come meanwhile wait for it. A
 * session lives as long as somebody uses it, and not longer.
 *
 * Belongs to one thread, and its thread-default main context. */
typedef struct _ExecnetSshShare ExecnetSshShare;

/* `keepalive` is in seconds, or 0. Errors as those of connecting and logging in. */
void execnet_ssh_pool_get_async (ExecnetSshOptions *options,
                                 guint keepalive,
                                 ExecnetQuestions *questions,
                                 ExecnetTransport *transport,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

/* To be released by execnet_ssh_share_release. */
ExecnetSshShare *execnet_ssh_pool_get_finish (GAsyncResult *result, GError **error);

ExecnetSshSession *execnet_ssh_share_get_session (ExecnetSshShare *self);

/* Releases it, because the host allows no further channel on this session: who comes next gets
 * another one, until one of its users leaves. */
void execnet_ssh_share_give_up (ExecnetSshShare *self);

/* Says `gone` when nothing is left of what was not needed any more: at once, or when the process that
 * led to the host was reaped. `gone` may be NULL. */
void
execnet_ssh_share_release (ExecnetSshShare *self, void (*gone) (gpointer data), gpointer data);

/* What the transport is waiting for, as a translated sentence, while it waits for a session. */
char *execnet_ssh_pool_describe (ExecnetTransport *transport);

G_END_DECLS
