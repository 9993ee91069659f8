/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A child process that leads a session of its own, and so a process group of its own: what it
 * starts can be ended with it, and nobody types at it.
 *
 * It is not a GSubprocess, because GLib reaps those in a thread of its own, at any time: from then
 * on the number may be another process's, and ending the group by it is a gamble. Here the same
 * lock is held for reaping and for ending.
 *
 * For one thread, which iterates its thread-default main context, except where it says
 * otherwise. */
typedef struct _ExecnetProcess ExecnetProcess;

typedef void (*ExecnetProcessEnded) (gpointer user_data);

/* Starts the program of `argv` (searched in PATH) with the environment (NULL for that of this
 * process) and the folder of this one.
 * The descriptors stay the caller's. `ended` is called once, after the process was reaped. Errors
 * are those of g_spawn_async. */
ExecnetProcess *execnet_process_spawn (const char *const *argv,
                                       const char *const *environment,
                                       int stdin_fd,
                                       int stdout_fd,
                                       int stderr_fd,
                                       ExecnetProcessEnded ended,
                                       gpointer user_data,
                                       GError **error);

/* From now on, `ended` is called instead. */
void
execnet_process_watch (ExecnetProcess *self, ExecnetProcessEnded ended, gpointer user_data);

/* Kills the process if it still runs. `ended` is not called any more; the process is reaped as long
 * as the main context is iterated. */
void execnet_process_release (ExecnetProcess *self);

/* Any thread, also in an exit handler. Sends SIGKILL to the process and its group. FALSE when the
 * process was reaped already, or is not this process's child but a fork's parent's. */
gboolean execnet_process_kill (ExecnetProcess *self);

/* Whether it was reaped, and how it ended: status 0 to 255 and signal 0, or status -1 and the
 * signal. Both are -1 and 0 when somebody else took the status. */
gboolean execnet_process_get_end (ExecnetProcess *self, int *exit_status, int *term_signal);

G_END_DECLS
