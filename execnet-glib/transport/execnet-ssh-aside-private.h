/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-ssh-session-private.h"

G_BEGIN_DECLS

/* A thread that has a session for itself, for the few calls of the library that can't be left and
 * entered again: those that ask a person in their middle (keyboard-interactive), and those that
 * calculate for long (the key of an encrypted file). Meanwhile the session's own thread only carries
 * bytes to and fro.
 *
 * Belongs to the session's thread, unless it says otherwise. */

/* In the other thread, repeated while it says LIBSSH2_ERROR_EAGAIN. */
typedef int (*ExecnetSshAsideFunc) (ExecnetSshSession *session, gpointer data);

/* The other thread has ended; the session is free for others again. */
typedef void (*ExecnetSshAsideDone) (ExecnetSshSession *session, int code, gpointer data);

/* What the other thread wants to know: it waits for execnet_ssh_aside_answer. */
typedef void (*ExecnetSshAsideQuestion) (ExecnetSshSession *session, gpointer question, gpointer data);

void execnet_ssh_aside_begin (ExecnetSshSession *session,
                              ExecnetSshAsideFunc func,
                              ExecnetSshAsideQuestion question,
                              ExecnetSshAsideDone done,
                              gpointer data);

/* Ends the thread; `done` is not called. It returns when the thread is gone: at once, unless that is
 * calculating. */
void execnet_ssh_aside_free (ExecnetSshAside *self);

/* Carries what there is in both directions. FALSE when the host has gone while a person is asked:
 * in vain. */
gboolean execnet_ssh_aside_pump (ExecnetSshAside *self, ExecnetSshWire *wire);

void execnet_ssh_aside_answer (ExecnetSshAside *self);

/* In the other thread: calls `question` in the session's thread, and waits for the answer. FALSE when
 * nobody will answer any more. */
gboolean execnet_ssh_aside_ask (ExecnetSshAside *self, gpointer question);

/* In the other thread: as those of the wire. */
gssize execnet_ssh_aside_receive (ExecnetSshAside *self, void *buffer, gsize length);
gssize execnet_ssh_aside_send (ExecnetSshAside *self, const void *bytes, gsize length);

G_END_DECLS
