/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Passes what other processes write to their stderr on to this process's stderr, and remembers the
 * last of it, for the error that tells why they ended.
 *
 * For one thread, which iterates its thread-default main context and has SIGPIPE blocked. Nothing
 * blocks: while our stderr takes no more, nothing more is read, so that it is the writer that
 * waits. */
typedef struct _ExecnetLastOutput ExecnetLastOutput;

/* Gets the bytes as they come, which are not passed on then. */
typedef void (*ExecnetLastOutputFunc) (const char *bytes, gsize length, gpointer data);

/* Takes the reading end of a pipe, or -1 for what is only added. `func` may be NULL. */
ExecnetLastOutput *execnet_last_output_new (int fd, ExecnetLastOutputFunc func, gpointer data);

/* Passes on what is there now, and no more. */
void execnet_last_output_free (ExecnetLastOutput *self);

/* Adds what came in another way, and never waits: what our stderr does not take is dropped from some
 * length on. */
void execnet_last_output_add (ExecnetLastOutput *self, const char *bytes, gsize length);

/* Reads what is in the pipe now. Its end may never come: a process that ended may leave others that
 * hold it open. */
void execnet_last_output_read_rest (ExecnetLastOutput *self);

/* The last lines, without a line end at the end, as valid UTF-8; may be empty. */
char *execnet_last_output_dup_text (ExecnetLastOutput *self);

G_END_DECLS
