/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-transport-private.h"

G_BEGIN_DECLS

/* A transport whose other end runs one line of Python. All of it belongs to the thread that made
 * it, and its thread-default main context. */
typedef struct
{
  ExecnetTransport *transport;
  GIOStream *stream;
} Worker;

/* Asserts that it starts. */
Worker *worker_new (const char *spec);

/* Says what is wrong instead, at whichever step. */
GError *worker_fail (const char *spec, const char *default_python);

/* Ends it by force if need be, and waits until it was reaped. */
void worker_free (Worker *self);

/* Makes the interpreter run the code, which has `os` and `sys`. */
void worker_run (Worker *self, const char *code);

void worker_send (Worker *self, const char *text);

/* Waits for exactly that many bytes, or for the end of input. */
char *worker_hear (Worker *self, gsize length);
char *worker_hear_all (Worker *self);

/* Waits for the end of the process. */
void worker_wait_end (Worker *self);
void worker_wait_exit (Worker *self, int exit_status, int term_signal);
char *worker_dup_last_output (Worker *self);

/* The socket, or the end of the pipe to read from. */
int worker_get_fd (Worker *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Worker, worker_free)

G_END_DECLS
