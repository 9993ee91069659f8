/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-process-transport-private.h"

#include "base/execnet-descriptors-private.h"
#include "base/execnet-error.h"
#include "transport/execnet-last-output-private.h"
#include "transport/execnet-process-private.h"

#include <gio/gunixoutputstream.h>
#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  /* Who wants what is printed; set before the start, or NULL. */
  ExecnetOutputFunc output_func;
  gpointer output_data;
  GDestroyNotify output_notify;

  ExecnetProcess *process; /* atomic: set once by the worker thread, read in any */
  ExecnetLastOutput *last_output;
  ExecnetLastOutput *prints; /* of stdout, where the worker leaves that as it is */
  GWeakRef stream;
  GPtrArray *end_tasks; /* of GTask, waiting for the process's end */
} ExecnetProcessTransportPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ExecnetProcessTransport,
                                     execnet_process_transport,
                                     EXECNET_TYPE_TRANSPORT)

static ExecnetProcessTransportPrivate *
get_private (gpointer self)
{
  return execnet_process_transport_get_instance_private (self);
}

void
execnet_process_start_clear (ExecnetProcessStart *self)
{
  g_clear_pointer (&self->argv, g_strfreev);
  g_clear_pointer (&self->environment, g_strfreev);
}

/* Starting */

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

static GError *
new_spawn_error (ExecnetProcessTransport *self, const char *program, const GError *reason)
{
  if (g_error_matches (reason, G_SPAWN_ERROR, G_SPAWN_ERROR_FORK))
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_FAILED,
                        _ ("The system has no room for one more process: %s."),
                        reason->message);
  return EXECNET_PROCESS_TRANSPORT_GET_CLASS (self)->new_spawn_error (
      self, program, explain (program, reason));
}

static GError *
default_new_spawn_error (ExecnetProcessTransport *self, const char *program, const char *why)
{
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_FAILED,
                      _ ("The program “%s” can't be started: %s."),
                      program,
                      why);
}

static void
on_ended (gpointer data)
{
  ExecnetProcessTransportPrivate *priv = get_private (data);
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&priv->end_tasks);

  priv->end_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < tasks->len; i++)
    {
      GTask *task = g_ptr_array_index (tasks, i);

      g_task_set_task_data (task, NULL, NULL);
      g_task_return_boolean (task, TRUE);
    }
}

static gboolean
spawn (ExecnetProcessTransport *self,
       const ExecnetProcessStart *begin,
       ExecnetStdio *stdio,
       GError **error)
{
  ExecnetProcessTransportPrivate *priv = get_private (self);
  g_autoptr (GError) local_error = NULL;
  ExecnetProcess *process;

  process = execnet_process_spawn ((const char *const *) begin->argv,
                                   (const char *const *) begin->environment,
                                   stdio->child_stdin,
                                   stdio->child_stdout,
                                   stdio->child_stderr,
                                   on_ended,
                                   self,
                                   &local_error);
  if (process == NULL)
    g_propagate_error (error, new_spawn_error (self, begin->argv[0], local_error));
  g_atomic_pointer_set (&priv->process, process);
  return process != NULL;
}

static void
on_errors (const char *bytes, gsize length, gpointer data)
{
  ExecnetProcessTransportPrivate *priv = get_private (data);

  priv->output_func (TRUE, bytes, length, priv->output_data);
}

static void
on_prints (const char *bytes, gsize length, gpointer data)
{
  ExecnetProcessTransportPrivate *priv = get_private (data);

  priv->output_func (FALSE, bytes, length, priv->output_data);
}

static void
watch_output (ExecnetProcessTransport *self, ExecnetStdio *stdio)
{
  ExecnetProcessTransportPrivate *priv = get_private (self);

  priv->last_output = execnet_last_output_new (
      execnet_stdio_take_errors (stdio), priv->output_func != NULL ? on_errors : NULL, self);
  if (stdio->our_prints >= 0)
    priv->prints = execnet_last_output_new (execnet_stdio_take_prints (stdio), on_prints, self);
}

static GIOStream *
start (ExecnetProcessTransport *self, GError **error)
{
  ExecnetProcessTransportPrivate *priv = get_private (self);
  g_auto (ExecnetStdio) stdio = EXECNET_STDIO_INIT;
  g_auto (ExecnetProcessStart) begin = { 0 };
  GIOStream *stream;

  if (!EXECNET_PROCESS_TRANSPORT_GET_CLASS (self)->prepare (self, &begin, error)
      || !execnet_stdio_open (&stdio, begin.stdio, error) || !spawn (self, &begin, &stdio, error))
    return NULL;

  watch_output (self, &stdio);
  stream = execnet_stdio_take_stream (&stdio, error);
  g_weak_ref_set (&priv->stream, stream);
  return stream;
}

/* Over a socket the prints come by themselves. */
static ExecnetOutputRoute
execnet_process_transport_capture_output (ExecnetTransport *transport,
                                          ExecnetOutputFunc func,
                                          gpointer data,
                                          GDestroyNotify notify)
{
  ExecnetProcessTransportPrivate *priv = get_private (transport);

  priv->output_func = func;
  priv->output_data = data;
  priv->output_notify = notify;
  return EXECNET_OUTPUT_STDOUT_BY_MESSAGES;
}

static void
execnet_process_transport_open_async (ExecnetTransport *transport,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  ExecnetProcessTransportPrivate *priv = get_private (transport);
  g_autoptr (GTask) task = g_task_new (transport, cancellable, callback, user_data);
  GError *error = NULL;
  GIOStream *stream;

  g_return_if_fail (priv->process == NULL);

  g_task_set_source_tag (task, execnet_process_transport_open_async);
  if (g_task_return_error_if_cancelled (task))
    return;

  stream = start (EXECNET_PROCESS_TRANSPORT (transport), &error);
  /* What was started must reach somebody who ends it, cancelled or not. */
  g_task_set_check_cancellable (task, FALSE);
  if (stream != NULL)
    g_task_return_pointer (task, stream, g_object_unref);
  else
    g_task_return_error (task, error);
}

static GIOStream *
execnet_process_transport_open_finish (ExecnetTransport *transport,
                                       GAsyncResult *result,
                                       GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Ending */

static void
execnet_process_transport_close_write (ExecnetTransport *transport)
{
  ExecnetProcessTransportPrivate *priv = get_private (transport);
  g_autoptr (GIOStream) stream = g_weak_ref_get (&priv->stream);
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
execnet_process_transport_kill_from_any_thread (ExecnetTransport *transport)
{
  ExecnetProcessTransportPrivate *priv = get_private (transport);
  ExecnetProcess *process = g_atomic_pointer_get (&priv->process);

  return process != NULL && execnet_process_kill (process);
}

static void
execnet_process_transport_kill (ExecnetTransport *transport)
{
  execnet_process_transport_kill_from_any_thread (transport);
}

static gboolean
has_ended (ExecnetProcessTransportPrivate *priv)
{
  int exit_status, term_signal;

  return priv->process == NULL
         || execnet_process_get_end (priv->process, &exit_status, &term_signal);
}

static gboolean
on_wait_cancelled (GCancellable *cancellable, gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (data);
  ExecnetProcessTransportPrivate *priv = get_private (g_task_get_source_object (task));

  g_ptr_array_remove_fast (priv->end_tasks, task);
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
execnet_process_transport_wait_end_async (ExecnetTransport *transport,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data)
{
  ExecnetProcessTransportPrivate *priv = get_private (transport);
  g_autoptr (GTask) task = g_task_new (transport, cancellable, callback, user_data);

  g_task_set_source_tag (task, execnet_process_transport_wait_end_async);
  if (has_ended (priv))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (cancellable != NULL)
    complete_when_cancelled (task);
  g_ptr_array_add (priv->end_tasks, g_steal_pointer (&task));
}

static gboolean
execnet_process_transport_wait_end_finish (ExecnetTransport *transport,
                                           GAsyncResult *result,
                                           GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
execnet_process_transport_get_end (ExecnetTransport *transport, ExecnetTransportEnd *end)
{
  ExecnetProcessTransportPrivate *priv = get_private (transport);

  if (priv->process != NULL)
    end->exited = execnet_process_get_end (priv->process, &end->exit_status, &end->term_signal);
  if (priv->prints != NULL)
    execnet_last_output_read_rest (priv->prints);
  end->last_output
      = execnet_process_transport_dup_last_output (EXECNET_PROCESS_TRANSPORT (transport));
}

/* The object */

static void
execnet_process_transport_finalize (GObject *object)
{
  ExecnetProcessTransportPrivate *priv = get_private (object);

  g_clear_pointer (&priv->process, execnet_process_release);
  g_clear_pointer (&priv->last_output, execnet_last_output_free);
  g_clear_pointer (&priv->prints, execnet_last_output_free);
  if (priv->output_notify != NULL)
    priv->output_notify (priv->output_data);
  g_ptr_array_unref (priv->end_tasks);
  g_weak_ref_clear (&priv->stream);

  G_OBJECT_CLASS (execnet_process_transport_parent_class)->finalize (object);
}

static void
execnet_process_transport_class_init (ExecnetProcessTransportClass *klass)
{
  ExecnetTransportClass *transport_class = EXECNET_TRANSPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_process_transport_finalize;
  klass->new_spawn_error = default_new_spawn_error;
  transport_class->capture_output = execnet_process_transport_capture_output;
  transport_class->open_async = execnet_process_transport_open_async;
  transport_class->open_finish = execnet_process_transport_open_finish;
  transport_class->close_write = execnet_process_transport_close_write;
  transport_class->kill = execnet_process_transport_kill;
  transport_class->wait_end_async = execnet_process_transport_wait_end_async;
  transport_class->wait_end_finish = execnet_process_transport_wait_end_finish;
  transport_class->get_end = execnet_process_transport_get_end;
  transport_class->kill_from_any_thread = execnet_process_transport_kill_from_any_thread;
}

static void
execnet_process_transport_init (ExecnetProcessTransport *self)
{
  ExecnetProcessTransportPrivate *priv = get_private (self);

  g_weak_ref_init (&priv->stream, NULL);
  priv->end_tasks = g_ptr_array_new_with_free_func (g_object_unref);
}

gboolean
execnet_process_transport_is_captured (ExecnetProcessTransport *self)
{
  return get_private (self)->output_func != NULL;
}

char *
execnet_process_transport_dup_last_output (ExecnetProcessTransport *self)
{
  ExecnetProcessTransportPrivate *priv = get_private (self);

  if (priv->last_output == NULL)
    return g_strdup ("");
  execnet_last_output_read_rest (priv->last_output);
  return execnet_last_output_dup_text (priv->last_output);
}
