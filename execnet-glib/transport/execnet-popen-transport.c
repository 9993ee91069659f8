/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-popen-transport-private.h"

#include "base/execnet-descriptors-private.h"
#include "base/execnet-error.h"
#include "data/execnet-xspec-private.h"
#include "transport/execnet-last-output-private.h"
#include "transport/execnet-process-private.h"
#include "transport/execnet-stdio-private.h"

#include <gio/gunixoutputstream.h>
#include <glib/gi18n-lib.h>
#include <string.h>

/* Reads one line, a Python literal, and runs it: docs/protocol.md. */
#define BOOTSTRAP "import sys;exec(eval(sys.stdin.readline()))"

struct _ExecnetPopenTransport
{
  ExecnetTransport parent_instance;

  char **command; /* NULL: whichever Python PATH has */
  gboolean dont_write_bytecode;

  /* Who wants what is printed; set before the start, or NULL. */
  ExecnetOutputFunc output_func;
  gpointer output_data;
  GDestroyNotify output_notify;

  ExecnetProcess *process; /* atomic: set once by the worker thread, read in any */
  ExecnetLastOutput *last_output;
  ExecnetLastOutput *prints; /* of stdout, where the worker leaves that as it is */
  GWeakRef stream;
  GPtrArray *end_tasks; /* of GTask, waiting for the process's end */
};

G_DEFINE_FINAL_TYPE (ExecnetPopenTransport, execnet_popen_transport, EXECNET_TYPE_TRANSPORT)

/* Starting */

static char **
find_python (GError **error)
{
  const char *const names[] = { "python3", "python" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_find_program_in_path (names[i]);

      if (path != NULL)
        return g_strdupv ((char *[]){ path, NULL });
    }
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_NO_INTERPRETER,
               _ ("There is neither “python3” nor “python” in PATH (%s); install Python 3, or name "
                  "an interpreter with python=."),
               g_getenv ("PATH") != NULL ? g_getenv ("PATH") : "");
  return NULL;
}

static GPtrArray *
make_arguments (ExecnetPopenTransport *self, char **command)
{
  GPtrArray *arguments = g_ptr_array_new ();

  for (guint i = 0; command[i] != NULL; i++)
    g_ptr_array_add (arguments, command[i]);
  g_ptr_array_add (arguments, (gpointer) "-u");
  if (self->dont_write_bytecode)
    g_ptr_array_add (arguments, (gpointer) "-B");
  g_ptr_array_add (arguments, (gpointer) "-c");
  g_ptr_array_add (arguments, (gpointer) BOOTSTRAP);
  g_ptr_array_add (arguments, NULL);
  return arguments;
}

static const char *
explain (const char *program, const GError *error)
{
  gboolean is_path = strchr (program, '/') != NULL;

  if (g_error_matches (error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT))
    {
      if (!is_path)
        return _ ("there is no such program in PATH");
      if (!g_file_test (program, G_FILE_TEST_EXISTS))
        return _ ("it does not exist");
      return _ ("the program that its first line names does not exist");
    }
  if (g_error_matches (error, G_SPAWN_ERROR, G_SPAWN_ERROR_ACCES))
    {
      if (is_path && g_file_test (program, G_FILE_TEST_IS_DIR))
        return _ ("it is a folder");
      return _ ("it may not be executed");
    }
  return error->message;
}

static void
set_spawn_error (GError **error, const char *program, const GError *reason)
{
  if (g_error_matches (reason, G_SPAWN_ERROR, G_SPAWN_ERROR_FORK))
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_FAILED,
                 _ ("The system has no room for one more process: %s."),
                 reason->message);
  else
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_NO_INTERPRETER,
                 _ ("The interpreter “%s” can't be started: %s. Name another with python=."),
                 program,
                 explain (program, reason));
}

static void
on_ended (gpointer data)
{
  ExecnetPopenTransport *self = data;
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->end_tasks);

  self->end_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < tasks->len; i++)
    {
      GTask *task = g_ptr_array_index (tasks, i);

      g_task_set_task_data (task, NULL, NULL);
      g_task_return_boolean (task, TRUE);
    }
}

static gboolean
spawn (ExecnetPopenTransport *self, char **command, ExecnetStdio *stdio, GError **error)
{
  g_autoptr (GPtrArray) arguments = make_arguments (self, command);
  g_autoptr (GError) local_error = NULL;
  ExecnetProcess *process;

  process = execnet_process_spawn ((const char *const *) arguments->pdata,
                                   stdio->child_stdin,
                                   stdio->child_stdout,
                                   stdio->child_stderr,
                                   on_ended,
                                   self,
                                   &local_error);
  if (process == NULL)
    set_spawn_error (error, command[0], local_error);
  g_atomic_pointer_set (&self->process, process);
  return process != NULL;
}

static void
on_errors (const char *bytes, gsize length, gpointer data)
{
  ExecnetPopenTransport *self = data;

  self->output_func (TRUE, bytes, length, self->output_data);
}

static void
on_prints (const char *bytes, gsize length, gpointer data)
{
  ExecnetPopenTransport *self = data;

  self->output_func (FALSE, bytes, length, self->output_data);
}

static void
watch_output (ExecnetPopenTransport *self, ExecnetStdio *stdio)
{
  gboolean is_wanted = self->output_func != NULL;

  self->last_output = execnet_last_output_new (
      execnet_stdio_take_errors (stdio), is_wanted ? on_errors : NULL, self);
  if (stdio->our_prints >= 0)
    self->prints
        = execnet_last_output_new (execnet_stdio_take_prints (stdio), on_prints, self);
}

static gboolean
has_wrapper (char **command)
{
  return command != NULL && command[0] != NULL && command[1] != NULL;
}

static ExecnetStdioKind
choose_stdio (ExecnetPopenTransport *self, char **command)
{
  if (has_wrapper (command))
    return EXECNET_STDIO_PIPES;
  return self->output_func != NULL ? EXECNET_STDIO_SOCKET_AND_PRINTS : EXECNET_STDIO_SOCKET;
}

static ExecnetOutputRoute
execnet_popen_transport_capture_output (ExecnetTransport *transport,
                                        ExecnetOutputFunc func,
                                        gpointer data,
                                        GDestroyNotify notify)
{
  ExecnetPopenTransport *self = EXECNET_POPEN_TRANSPORT (transport);

  self->output_func = func;
  self->output_data = data;
  self->output_notify = notify;
  return has_wrapper (self->command) ? EXECNET_OUTPUT_STDOUT_BY_MESSAGES : EXECNET_OUTPUT_INHERITED;
}

static GIOStream *
start (ExecnetPopenTransport *self, GError **error)
{
  g_auto (ExecnetStdio) stdio = EXECNET_STDIO_INIT;
  g_auto (GStrv) command = self->command != NULL ? g_strdupv (self->command) : find_python (error);
  GIOStream *stream;

  if (command == NULL)
    return NULL;
  if (!execnet_stdio_open (&stdio, choose_stdio (self, command), error)
      || !spawn (self, command, &stdio, error))
    return NULL;

  watch_output (self, &stdio);
  stream = execnet_stdio_take_stream (&stdio, error);
  g_weak_ref_set (&self->stream, stream);
  return stream;
}

static void
execnet_popen_transport_open_async (ExecnetTransport *transport,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  ExecnetPopenTransport *self = EXECNET_POPEN_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  GError *error = NULL;
  GIOStream *stream;

  g_return_if_fail (self->process == NULL);

  g_task_set_source_tag (task, execnet_popen_transport_open_async);
  if (g_task_return_error_if_cancelled (task))
    return;

  stream = start (self, &error);
  /* What was started must reach somebody who ends it, cancelled or not. */
  g_task_set_check_cancellable (task, FALSE);
  if (stream != NULL)
    g_task_return_pointer (task, stream, g_object_unref);
  else
    g_task_return_error (task, error);
}

static GIOStream *
execnet_popen_transport_open_finish (ExecnetTransport *transport,
                                     GAsyncResult *result,
                                     GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Ending */

static void
execnet_popen_transport_close_write (ExecnetTransport *transport)
{
  ExecnetPopenTransport *self = EXECNET_POPEN_TRANSPORT (transport);
  g_autoptr (GIOStream) stream = g_weak_ref_get (&self->stream);
  GOutputStream *output;

  if (stream == NULL || g_io_stream_is_closed (stream))
    return;
  if (G_IS_SOCKET_CONNECTION (stream))
    {
      GSocket *socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));

      g_socket_shutdown (socket, FALSE, TRUE, NULL);
      return;
    }
  output = g_io_stream_get_output_stream (stream);
  execnet_descriptors_remove (g_unix_output_stream_get_fd (G_UNIX_OUTPUT_STREAM (output)));
  g_output_stream_close (output, NULL, NULL);
}

static gboolean
execnet_popen_transport_kill_from_any_thread (ExecnetTransport *transport)
{
  ExecnetPopenTransport *self = EXECNET_POPEN_TRANSPORT (transport);
  ExecnetProcess *process = g_atomic_pointer_get (&self->process);

  return process != NULL && execnet_process_kill (process);
}

static void
execnet_popen_transport_kill (ExecnetTransport *transport)
{
  execnet_popen_transport_kill_from_any_thread (transport);
}

static gboolean
has_ended (ExecnetPopenTransport *self)
{
  int exit_status, term_signal;

  return self->process == NULL
         || execnet_process_get_end (self->process, &exit_status, &term_signal);
}

static gboolean
on_wait_cancelled (GCancellable *cancellable, gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (data);
  ExecnetPopenTransport *self = g_task_get_source_object (task);

  g_ptr_array_remove_fast (self->end_tasks, task);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

static void
stop_source (gpointer source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

/* The source lives with the task, which waits in end_tasks. */
static void
complete_when_cancelled (GTask *task)
{
  GSource *source = g_cancellable_source_new (g_task_get_cancellable (task));

  g_source_set_callback (source, G_SOURCE_FUNC (on_wait_cancelled), task, NULL);
  g_source_attach (source, g_task_get_context (task));
  g_task_set_task_data (task, source, stop_source);
}

static void
execnet_popen_transport_wait_end_async (ExecnetTransport *transport,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data)
{
  ExecnetPopenTransport *self = EXECNET_POPEN_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, execnet_popen_transport_wait_end_async);
  if (has_ended (self))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (cancellable != NULL)
    complete_when_cancelled (task);
  g_ptr_array_add (self->end_tasks, g_steal_pointer (&task));
}

static gboolean
execnet_popen_transport_wait_end_finish (ExecnetTransport *transport,
                                         GAsyncResult *result,
                                         GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
execnet_popen_transport_get_end (ExecnetTransport *transport, ExecnetTransportEnd *end)
{
  ExecnetPopenTransport *self = EXECNET_POPEN_TRANSPORT (transport);

  if (self->process != NULL)
    end->exited = execnet_process_get_end (self->process, &end->exit_status, &end->term_signal);
  if (self->prints != NULL)
    execnet_last_output_read_rest (self->prints);
  if (self->last_output != NULL)
    {
      execnet_last_output_read_rest (self->last_output);
      end->last_output = execnet_last_output_dup_text (self->last_output);
    }
}

/* The object */

static void
execnet_popen_transport_finalize (GObject *object)
{
  ExecnetPopenTransport *self = EXECNET_POPEN_TRANSPORT (object);

  g_clear_pointer (&self->process, execnet_process_release);
  g_clear_pointer (&self->last_output, execnet_last_output_free);
  g_clear_pointer (&self->prints, execnet_last_output_free);
  if (self->output_notify != NULL)
    self->output_notify (self->output_data);
  g_ptr_array_unref (self->end_tasks);
  g_weak_ref_clear (&self->stream);
  g_strfreev (self->command);

  G_OBJECT_CLASS (execnet_popen_transport_parent_class)->finalize (object);
}

static void
execnet_popen_transport_class_init (ExecnetPopenTransportClass *klass)
{
  ExecnetTransportClass *transport_class = EXECNET_TRANSPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_popen_transport_finalize;
  transport_class->capture_output = execnet_popen_transport_capture_output;
  transport_class->open_async = execnet_popen_transport_open_async;
  transport_class->open_finish = execnet_popen_transport_open_finish;
  transport_class->close_write = execnet_popen_transport_close_write;
  transport_class->kill = execnet_popen_transport_kill;
  transport_class->wait_end_async = execnet_popen_transport_wait_end_async;
  transport_class->wait_end_finish = execnet_popen_transport_wait_end_finish;
  transport_class->get_end = execnet_popen_transport_get_end;
  transport_class->kill_from_any_thread = execnet_popen_transport_kill_from_any_thread;
}

static void
execnet_popen_transport_init (ExecnetPopenTransport *self)
{
  g_weak_ref_init (&self->stream, NULL);
  self->end_tasks = g_ptr_array_new_with_free_func (g_object_unref);
}

ExecnetTransport *
execnet_popen_transport_new (ExecnetXSpec *spec,
                             const ExecnetTransportSettings *settings,
                             GError **error)
{
  g_autoptr (ExecnetPopenTransport) self = g_object_new (EXECNET_TYPE_POPEN_TRANSPORT, NULL);

  if (execnet_xspec_has (spec, "python"))
    {
      self->command = execnet_xspec_split_python (spec, error);
      if (self->command == NULL)
        return NULL;
    }
  else if (settings->default_python != NULL)
    {
      self->command = g_strdupv ((char *[]){ (char *) settings->default_python, NULL });
    }
  self->dont_write_bytecode = execnet_xspec_has (spec, "dont_write_bytecode");
  return EXECNET_TRANSPORT (g_steal_pointer (&self));
}
