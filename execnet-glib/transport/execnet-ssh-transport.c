/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-transport-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "data/execnet-xspec-private.h"
#include "transport/execnet-keepalive-private.h"
#include "transport/execnet-last-output-private.h"
#include "transport/execnet-remote-command-private.h"
#include "transport/execnet-ssh-channel-private.h"
#include "transport/execnet-ssh-pool-private.h"
#include "transport/execnet-ssh-stream-private.h"

#include <glib/gi18n-lib.h>
#include <signal.h>

struct _ExecnetSshTransport
{
  ExecnetTransport parent_instance;

  ExecnetXSpec *spec;
  ExecnetTransport *front; /* outlives this */
  char *command;

  /* Who wants what is printed; set before the start, or NULL. */
  ExecnetOutputFunc output_func;
  gpointer output_data;
  GDestroyNotify output_notify;
  ExecnetLastOutput *last_output;

  GTask *open_task;
  GError *open_error; /* while the session is being left */
  ExecnetSshOptions *options;
  ExecnetSshShare *share;
  ExecnetSshChannel *channel;
  GIOStream *stream;
  GPtrArray *end_tasks; /* waiting until nothing is left */
};

G_DEFINE_FINAL_TYPE (ExecnetSshTransport, execnet_ssh_transport, EXECNET_TYPE_TRANSPORT)

/* Starting: a session, and a channel on it. */

static void get_session (ExecnetSshTransport *self);

/* There is nobody who could wait for it later. */
static void
on_session_left (gpointer data)
{
  ExecnetSshTransport *self = data;
  g_autoptr (GTask) task = g_steal_pointer (&self->open_task);

  g_task_return_error (task, g_steal_pointer (&self->open_error));
}

/* Takes the error over. */
static void
fail_open (ExecnetSshTransport *self, GError *error)
{
  self->open_error = error;
  if (self->share != NULL)
    execnet_ssh_share_release (g_steal_pointer (&self->share), on_session_left, self);
  else
    on_session_left (self);
}

static void
on_errors (const char *bytes, gsize length, gpointer data)
{
  ExecnetSshTransport *self = data;

  execnet_last_output_add (self->last_output, bytes, length);
}

static void
on_captured (const char *bytes, gsize length, gpointer data)
{
  ExecnetSshTransport *self = data;

  self->output_func (TRUE, bytes, length, self->output_data);
}

static void
on_channel_open (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshTransport) self = data;
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  self->channel = execnet_ssh_channel_open_finish (result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY))
    {
      execnet_trace ("ssh %s: one session more, this one is full", self->options->host);
      g_error_free (error);
      execnet_ssh_share_give_up (g_steal_pointer (&self->share));
      get_session (self);
      return;
    }
  if (self->channel == NULL)
    {
      fail_open (self, error);
      return;
    }
  self->stream = execnet_ssh_stream_new (self->channel);
  task = g_steal_pointer (&self->open_task);
  g_task_return_pointer (task, g_object_ref (self->stream), g_object_unref);
}

static void
on_session (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshTransport) self = data;
  GError *error = NULL;

  self->share = execnet_ssh_pool_get_finish (result, &error);
  if (self->share == NULL)
    {
      fail_open (self, error);
      return;
    }
  execnet_ssh_channel_open_async (execnet_ssh_share_get_session (self->share),
                                  self->command,
                                  on_errors,
                                  self,
                                  g_task_get_cancellable (self->open_task),
                                  on_channel_open,
                                  g_object_ref (self));
}

static void
get_session (ExecnetSshTransport *self)
{
  guint keepalive = execnet_xspec_has (self->spec, "keepalive")
                            || self->options->server_alive_interval == 0
                        ? execnet_keepalive_get_seconds (self->spec)
                        : self->options->server_alive_interval;

  execnet_ssh_pool_get_async (self->options,
                              keepalive,
                              execnet_transport_get_questions (self->front),
                              self->front,
                              g_task_get_cancellable (self->open_task),
                              on_session,
                              g_object_ref (self));
}

static void
execnet_ssh_transport_open_async (ExecnetTransport *transport,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  ExecnetSshTransport *self = EXECNET_SSH_TRANSPORT (transport);

  g_return_if_fail (self->open_task == NULL && self->channel == NULL);

  self->open_task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (self->open_task, execnet_ssh_transport_open_async);
  /* What was started must reach somebody who ends it, cancelled or not. */
  g_task_set_check_cancellable (self->open_task, FALSE);
  self->last_output
      = execnet_last_output_new (-1, self->output_func != NULL ? on_captured : NULL, self);
  get_session (self);
}

static GIOStream *
execnet_ssh_transport_open_finish (ExecnetTransport *transport, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static ExecnetOutputRoute
execnet_ssh_transport_capture_output (ExecnetTransport *transport,
                                      ExecnetOutputFunc func,
                                      gpointer data,
                                      GDestroyNotify notify)
{
  ExecnetSshTransport *self = EXECNET_SSH_TRANSPORT (transport);

  self->output_func = func;
  self->output_data = data;
  self->output_notify = notify;
  return EXECNET_OUTPUT_STDOUT_BY_MESSAGES;
}

static char *
execnet_ssh_transport_describe_progress (ExecnetTransport *transport)
{
  ExecnetSshTransport *self = EXECNET_SSH_TRANSPORT (transport);
  char *text = execnet_ssh_pool_describe (self->front);

  if (text != NULL)
    return text;
  if (self->stream == NULL)
    return g_strdup_printf (_ ("The host “%s” has let us in, and has not started the interpreter."),
                            self->options->host);
  return EXECNET_TRANSPORT_CLASS (execnet_ssh_transport_parent_class)->describe_progress (transport);
}

/* Ending */

static void
execnet_ssh_transport_close_write (ExecnetTransport *transport)
{
  ExecnetSshTransport *self = EXECNET_SSH_TRANSPORT (transport);

  if (self->channel != NULL)
    execnet_ssh_channel_send_eof (self->channel);
}

static void
on_gone (gpointer data)
{
  g_autoptr (ExecnetSshTransport) self = data;
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->end_tasks);

  self->end_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (g_ptr_array_index (tasks, i), TRUE);
}

/* It is the last moment at which somebody waits for what the session leaves behind. */
static void
leave_session (ExecnetSshTransport *self)
{
  ExecnetSshShare *share = g_steal_pointer (&self->share);

  if (self->channel != NULL)
    execnet_ssh_channel_close (self->channel);
  if (share != NULL)
    execnet_ssh_share_release (share, on_gone, g_object_ref (self));
}

/* Nothing can be killed there but by closing the channel: the worker ends when its input does. */
static void
execnet_ssh_transport_kill (ExecnetTransport *transport)
{
  leave_session (EXECNET_SSH_TRANSPORT (transport));
}

static void
on_channel_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  ExecnetSshTransport *self = EXECNET_SSH_TRANSPORT (source);

  leave_session (self);
}

static void
execnet_ssh_transport_wait_end_async (ExecnetTransport *transport,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  ExecnetSshTransport *self = EXECNET_SSH_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GTask) ended = NULL;

  g_task_set_source_tag (task, execnet_ssh_transport_wait_end_async);
  if (self->share == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_ptr_array_add (self->end_tasks, g_object_ref (task));
  ended = g_task_new (self, NULL, on_channel_ended, NULL);
  execnet_ssh_channel_wait_end (self->channel, ended);
}

static gboolean
execnet_ssh_transport_wait_end_finish (ExecnetTransport *transport,
                                       GAsyncResult *result,
                                       GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static const struct
{
  const char *name;
  int number;
} signals[] = {
  { "ABRT", SIGABRT }, { "ALRM", SIGALRM }, { "FPE", SIGFPE },   { "HUP", SIGHUP },
  { "ILL", SIGILL },   { "INT", SIGINT },   { "KILL", SIGKILL }, { "PIPE", SIGPIPE },
  { "QUIT", SIGQUIT }, { "SEGV", SIGSEGV }, { "TERM", SIGTERM }, { "USR1", SIGUSR1 },
  { "USR2", SIGUSR2 }, { "BUS@openssh.com", SIGBUS }, { "BUS", SIGBUS },
};

static int
find_signal (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      if (g_str_equal (signals[i].name, name))
        return signals[i].number;
    }
  return 0;
}

static void
execnet_ssh_transport_get_end (ExecnetTransport *transport, ExecnetTransportEnd *end)
{
  ExecnetSshTransport *self = EXECNET_SSH_TRANSPORT (transport);
  int exit_status;
  const char *exit_signal;

  if (self->channel != NULL && execnet_ssh_channel_get_end (self->channel, &exit_status, &exit_signal))
    {
      end->exited = TRUE;
      end->exit_status = exit_signal != NULL ? -1 : exit_status & 0xff;
      end->term_signal = exit_signal != NULL ? find_signal (exit_signal) : 0;
    }
  if (self->last_output != NULL)
    end->last_output = execnet_last_output_dup_text (self->last_output);
}

static GError *
execnet_ssh_transport_explain_end (ExecnetTransport *transport,
                                   const ExecnetTransportEnd *end,
                                   gboolean was_up)
{
  ExecnetSshTransport *self = EXECNET_SSH_TRANSPORT (transport);
  const GError *error = NULL;
  GError *explanation = NULL;

  if (!was_up)
    explanation = execnet_remote_command_explain_end (self->spec, self->options->host, end);
  if (explanation == NULL && self->channel != NULL)
    error = execnet_ssh_channel_get_error (self->channel);
  return error != NULL ? g_error_copy (error) : explanation;
}

/* The object */

static void
execnet_ssh_transport_finalize (GObject *object)
{
  ExecnetSshTransport *self = EXECNET_SSH_TRANSPORT (object);

  g_clear_object (&self->stream);
  if (self->channel != NULL)
    execnet_ssh_channel_close (self->channel);
  g_clear_pointer (&self->channel, execnet_ssh_channel_unref);
  if (self->share != NULL)
    execnet_ssh_share_release (g_steal_pointer (&self->share), NULL, NULL);
  g_clear_pointer (&self->last_output, execnet_last_output_free);
  if (self->output_notify != NULL)
    self->output_notify (self->output_data);
  g_clear_pointer (&self->options, execnet_ssh_options_unref);
  g_ptr_array_unref (self->end_tasks);
  g_clear_object (&self->spec);
  g_free (self->command);

  G_OBJECT_CLASS (execnet_ssh_transport_parent_class)->finalize (object);
}

static void
execnet_ssh_transport_class_init (ExecnetSshTransportClass *klass)
{
  ExecnetTransportClass *transport_class = EXECNET_TRANSPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_ssh_transport_finalize;
  transport_class->capture_output = execnet_ssh_transport_capture_output;
  transport_class->open_async = execnet_ssh_transport_open_async;
  transport_class->open_finish = execnet_ssh_transport_open_finish;
  transport_class->close_write = execnet_ssh_transport_close_write;
  transport_class->kill = execnet_ssh_transport_kill;
  transport_class->wait_end_async = execnet_ssh_transport_wait_end_async;
  transport_class->wait_end_finish = execnet_ssh_transport_wait_end_finish;
  transport_class->get_end = execnet_ssh_transport_get_end;
  transport_class->explain_end = execnet_ssh_transport_explain_end;
  transport_class->describe_progress = execnet_ssh_transport_describe_progress;
}

static void
execnet_ssh_transport_init (ExecnetSshTransport *self)
{
  self->end_tasks = g_ptr_array_new_with_free_func (g_object_unref);
}

ExecnetTransport *
execnet_ssh_transport_new (ExecnetXSpec *spec,
                           ExecnetSshOptions *options,
                           ExecnetTransport *front,
                           GError **error)
{
  g_autofree char *command = execnet_remote_command_new (spec, error);
  ExecnetSshTransport *self;

  if (command == NULL)
    return NULL;
  self = g_object_new (EXECNET_TYPE_SSH_TRANSPORT, NULL);
  self->spec = g_object_ref (spec);
  self->options = execnet_ssh_options_ref (options);
  self->front = front;
  self->command = g_steal_pointer (&command);
  return EXECNET_TRANSPORT (self);
}
