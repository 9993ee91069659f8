/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-run-private.h"

#include "base/execnet-error.h"
#include "transport/execnet-last-output-private.h"
#include "transport/execnet-process-private.h"
#include "transport/execnet-stdio-private.h"

#include <glib/gi18n-lib.h>

/* The task's data. */
typedef struct
{
  char *program;
  guint timeout_ms;
  gsize max_output;
  GString *output;
  ExecnetProcess *process;
  ExecnetLastOutput *stdout_reader;
  ExecnetLastOutput *stderr_reader;
  GSource *timer;
  GSource *cancelled;
  GError *error; /* why it was ended by force */
} Run;

static void
stop_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
run_stop (Run *self)
{
  stop_source (&self->timer);
  stop_source (&self->cancelled);
  g_clear_pointer (&self->process, execnet_process_release);
  g_clear_pointer (&self->stdout_reader, execnet_last_output_free);
  g_clear_pointer (&self->stderr_reader, execnet_last_output_free);
}

static void
run_free (gpointer data)
{
  Run *self = data;

  run_stop (self);
  g_clear_error (&self->error);
  g_string_free (self->output, TRUE);
  g_free (self->program);
  g_free (self);
}

/* Ends the program by force. The task fails when it was reaped: nothing is left behind then.
 * Takes the error over; the first one counts. */
static void
give_up (Run *self, GError *error)
{
  if (self->error != NULL)
    {
      g_error_free (error);
      return;
    }
  self->error = error;
  execnet_process_kill (self->process);
}

static gboolean
on_overdue (gpointer data)
{
  Run *self = data;

  give_up (self,
           g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_TIMED_OUT,
                        _ ("“%s” did not end within %u ms, and was stopped."),
                        self->program,
                        self->timeout_ms));
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  GError *error = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  give_up (data, error);
  return G_SOURCE_REMOVE;
}

static void
on_output (const char *bytes, gsize length, gpointer data)
{
  Run *self = data;

  if (length > self->max_output - self->output->len)
    give_up (self,
             g_error_new (EXECNET_ERROR,
                          EXECNET_ERROR_TOO_LARGE,
                          _ ("“%s” printed more than %" G_GSIZE_FORMAT " bytes, and was stopped."),
                          self->program,
                          self->max_output));
  else
    g_string_append_len (self->output, bytes, length);
}

static void
on_errors (const char *bytes, gsize length, gpointer data)
{
}

/* Everything it wrote is in the pipe by now. */
static void
read_rest (Run *self)
{
  gsize before;

  do
    {
      before = self->output->len;
      execnet_last_output_read_rest (self->stdout_reader);
    }
  while (self->output->len > before && self->error == NULL);
  execnet_last_output_read_rest (self->stderr_reader);
}

static void
on_ended (gpointer data)
{
  g_autoptr (GTask) task = data;
  Run *self = g_task_get_task_data (task);
  ExecnetRunResult *result;

  read_rest (self);
  if (self->error != NULL)
    {
      run_stop (self);
      g_task_return_error (task, g_steal_pointer (&self->error));
      return;
    }
  result = g_new0 (ExecnetRunResult, 1);
  execnet_process_get_end (self->process, &result->exit_status, &result->term_signal);
  result->output = g_utf8_make_valid (self->output->str, self->output->len);
  result->errors = execnet_last_output_dup_text (self->stderr_reader);
  run_stop (self);
  g_task_return_pointer (task, result, (GDestroyNotify) execnet_run_result_free);
}

static void
watch (GTask *task)
{
  Run *self = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);

  self->timer = g_timeout_source_new (self->timeout_ms);
  g_source_set_callback (self->timer, on_overdue, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
  if (cancellable == NULL)
    return;
  self->cancelled = g_cancellable_source_new (cancellable);
  g_source_set_callback (self->cancelled, G_SOURCE_FUNC (on_cancelled), self, NULL);
  g_source_attach (self->cancelled, g_main_context_get_thread_default ());
}

static gboolean
start (GTask *task, const char *const *argv, GError **error)
{
  Run *self = g_task_get_task_data (task);
  g_auto (ExecnetStdio) stdio = EXECNET_STDIO_INIT;

  if (!execnet_stdio_open (&stdio, EXECNET_STDIO_PIPES, error))
    return FALSE;
  self->process = execnet_process_spawn (
      argv, NULL, stdio.child_stdin, stdio.child_stdout, stdio.child_stderr, on_ended, task, error);
  if (self->process == NULL)
    return FALSE;
  self->stderr_reader
      = execnet_last_output_new (execnet_stdio_take_errors (&stdio), on_errors, NULL);
  /* What is left of stdio is closed on return: the other end of stdin. */
  self->stdout_reader = execnet_last_output_new (stdio.our_input, on_output, self);
  stdio.our_input = -1;
  return TRUE;
}

void
execnet_run_async (const char *const *argv,
                   guint timeout_ms,
                   gsize max_output,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Run *self = g_new0 (Run, 1);
  GError *error = NULL;

  self->program = g_strdup (argv[0]);
  self->timeout_ms = timeout_ms;
  self->max_output = max_output;
  self->output = g_string_new (NULL);
  g_task_set_task_data (task, self, run_free);
  g_task_set_source_tag (task, execnet_run_async);
  g_task_set_check_cancellable (task, FALSE);

  if (!start (task, argv, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  watch (task);
  g_steal_pointer (&task); /* until the process was reaped */
}

ExecnetRunResult *
execnet_run_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_run_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
execnet_run_result_free (ExecnetRunResult *self)
{
  g_free (self->output);
  g_free (self->errors);
  g_free (self);
}
