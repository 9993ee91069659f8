/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a program that runs by itself printed, and how it ended. */
typedef struct
{
  int exit_status; /* 0 to 255, or -1 when a signal ended it */
  int term_signal;
  char *output; /* all of stdout, valid UTF-8 */
  char *errors; /* the last lines of stderr, valid UTF-8 */
} ExecnetRunResult;

/* Runs a program, found in PATH, that needs no input, and waits until it ends. It is killed with
 * its process group when it takes longer than `timeout_ms`, prints more than `max_output` bytes, or
 * is cancelled: then the error is TIMED_OUT, TOO_LARGE or CANCELLED. Errors of starting it are
 * those of g_spawn_async.
 *
 * For one thread, which iterates its thread-default main context. */
void execnet_run_async (const char *const *argv,
                        guint timeout_ms,
                        gsize max_output,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
ExecnetRunResult *execnet_run_finish (GAsyncResult *result, GError **error);

void execnet_run_result_free (ExecnetRunResult *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetRunResult, execnet_run_result_free)

G_END_DECLS
