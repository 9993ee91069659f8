/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-questions-private.h"
#include "transport/execnet-ssh-options-private.h"

G_BEGIN_DECLS

/* Answers what an OpenSSH client asks, and the other clients that it starts for jumps: they run a
 * small program, which hands the question over through a socket.
 *
 * For one thread, which iterates its thread-default main context. */
typedef struct _ExecnetAskpass ExecnetAskpass;

/* There is no answer, and nothing more should be asked. */
typedef void (*ExecnetAskpassFailed) (gpointer data);

/* Listens. `front` is the transport that the questions are asked for, and outlives this. NULL where
 * the system or the installation has not what it takes. */
ExecnetAskpass *execnet_askpass_new (ExecnetTransport *front,
                                     ExecnetSshOptions *options,
                                     ExecnetAskpassFailed failed,
                                     gpointer data);

/* Withdraws what is being asked, and answers nothing more. What is asked keeps the front alive: so
 * this has to be said when the client has ended, or is about to. */
void execnet_askpass_withdraw (ExecnetAskpass *self);

void execnet_askpass_free (ExecnetAskpass *self);

/* Takes over the client's environment, and gives it with what makes the client ask here. */
char **execnet_askpass_extend_environment (ExecnetAskpass *self, char **environment);

/* Why there was no answer to a question, or NULL. */
const GError *execnet_askpass_get_error (ExecnetAskpass *self);

G_END_DECLS
