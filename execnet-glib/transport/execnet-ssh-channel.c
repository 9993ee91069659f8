/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-channel-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define ERRORS_SIZE 4096

/* What is read with one call of the library, and for one call of ours. */
#define READ_SIZE (64 * 1024)
#define READS_AT_ONCE (1024 * 1024)

/* A request that no host grants, and every host answers: the answer says that it is there. (The
 * library's own keepalive never takes the answers off its list.) */
#define KEEPALIVE_REQUEST "EXECNET_KEEPALIVE"

typedef enum
{
  CHANNEL_OPENING,
  CHANNEL_STARTING, /* it is open, and the command is being asked for */
  CHANNEL_RUNNING,
  CHANNEL_LEAVING, /* nobody wants it, but the host has to agree that it is closed */
  CHANNEL_GONE,
} ChannelState;

struct _ExecnetSshChannel
{
  gatomicrefcount refs;
  ExecnetSshSession *session; /* NULL when gone */
  LIBSSH2_CHANNEL *channel;   /* NULL before it is open, and when gone */
  ChannelState state;
  gboolean is_wanted;
  gboolean is_under_way; /* the host has been asked to open it */

  char *command;
  char *host; /* to connect to, where there is no command */
  guint port;

  ExecnetSshErrorsFunc errors_func;
  gpointer errors_data;

  GTask *open_task;
  GTask *read_task;
  void *read_buffer;
  gsize read_size;
  GTask *write_task;
  const char *write_buffer;
  gsize write_size;
  gboolean wants_eof;
  gboolean has_sent_eof;
  gboolean input_ended;
  gboolean is_keeping_alive;

  gboolean has_ended; /* the host has closed it */
  int exit_status;
  char *exit_signal;
  GPtrArray *end_tasks;
  GError *error;
};

/* Leaving the session */

static void
complete_end_tasks (ExecnetSshChannel *self)
{
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->end_tasks);

  self->end_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (g_ptr_array_index (tasks, i), TRUE);
}

static void
fail_task (GTask **task, const GError *error)
{
  g_autoptr (GTask) taken = g_steal_pointer (task);

  if (taken != NULL)
    g_task_return_error (taken, g_error_copy (error));
}

static void
leave_session (ExecnetSshChannel *self)
{
  g_autoptr (ExecnetSshSession) session = g_steal_pointer (&self->session);

  self->state = CHANNEL_GONE;
  self->channel = NULL;
  if (session->requesting == self)
    session->requesting = NULL;
  g_ptr_array_remove (session->channels, self);
  g_queue_remove (&session->opening, self);
  /* The list had it while it was not wanted any more. */
  execnet_ssh_channel_unref (self);
}

static void
fail_tasks (ExecnetSshChannel *self, const GError *error)
{
  fail_task (&self->open_task, error);
  fail_task (&self->read_task, error);
  fail_task (&self->write_task, error);
}

void
execnet_ssh_channel_lose (ExecnetSshChannel *self, const GError *error)
{
  g_autoptr (ExecnetSshChannel) alive = execnet_ssh_channel_ref (self);

  /* Who has closed it knows why it ended. */
  if (self->error == NULL && self->is_wanted)
    self->error = g_error_copy (error);
  leave_session (self);
  fail_tasks (self, error);
  complete_end_tasks (self);
}

/* TRUE when the code is no error of the session. */
static gboolean
check (ExecnetSshChannel *self, int code)
{
  GError *error;

  if (code >= 0 || code == LIBSSH2_ERROR_EAGAIN)
    return TRUE;
  error = execnet_ssh_session_explain_loss (self->session, code);
  if (error == NULL)
    return TRUE;
  execnet_ssh_session_fail (self->session, error);
  return FALSE;
}

/* Opening */

static void
refuse (ExecnetSshChannel *self, GError *error)
{
  g_autoptr (ExecnetSshChannel) alive = execnet_ssh_channel_ref (self);

  if (self->error == NULL)
    self->error = g_error_copy (error);
  self->is_wanted = FALSE;
  if (self->channel != NULL)
    self->state = CHANNEL_LEAVING;
  else
    leave_session (self);
  fail_tasks (self, error);
  complete_end_tasks (self);
  g_error_free (error);
}

/* The host says no. With other channels on the session, it may be one too many. */
static GError *
explain_refusal (ExecnetSshChannel *self)
{
  g_autofree char *said = execnet_ssh_session_dup_last_error (self->session);

  if (self->command != NULL && self->session->channels->len > 1)
    return g_error_new (G_IO_ERROR, G_IO_ERROR_BUSY, "%s", said);
  if (self->command != NULL)
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_PERMISSION_DENIED,
                        _ ("The host “%s” lets “%s” log in but start nothing (%s)."),
                        self->session->name,
                        self->session->options->user,
                        said);
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_CONNECTION_REFUSED,
                      _ ("The host “%s” can't connect to “%s”, port %u (%s)."),
                      self->session->name,
                      self->host,
                      self->port,
                      said);
}

static void
finish_open (ExecnetSshChannel *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->open_task);

  self->state = self->is_wanted ? CHANNEL_RUNNING : CHANNEL_LEAVING;
  if (task != NULL)
    g_task_return_pointer (
        task, execnet_ssh_channel_ref (self), (GDestroyNotify) execnet_ssh_channel_unref);
}

static LIBSSH2_CHANNEL *
ask_for_channel (ExecnetSshChannel *self)
{
  /* The address is where the connection is said to come from: nobody looks at it. */
  if (self->command == NULL)
    return libssh2_channel_direct_tcpip_ex (
        self->session->ssh, self->host, self->port, "127.0.0.1", 0);
  return libssh2_channel_open_session (self->session->ssh);
}

/* FALSE while it is under way: then nobody else may open one. */
gboolean
execnet_ssh_channel_continue_open (ExecnetSshChannel *self)
{
  LIBSSH2_CHANNEL *channel = ask_for_channel (self);
  int code = channel != NULL ? 0 : libssh2_session_last_errno (self->session->ssh);

  self->is_under_way = TRUE;
  if (code == LIBSSH2_ERROR_EAGAIN)
    return FALSE;
  if (channel == NULL)
    {
      if (check (self, code))
        refuse (self, explain_refusal (self));
      return TRUE;
    }
  self->channel = channel;
  self->session->pump_again = TRUE;
  if (!self->is_wanted)
    self->state = CHANNEL_LEAVING;
  else if (self->command != NULL)
    self->state = CHANNEL_STARTING;
  else
    finish_open (self);
  return TRUE;
}

static gboolean
may_request (ExecnetSshChannel *self)
{
  if (self->session->requesting != NULL && self->session->requesting != self)
    return FALSE;
  self->session->requesting = self;
  return TRUE;
}

/* The others may have theirs now. */
static void
end_request (ExecnetSshChannel *self)
{
  self->session->requesting = NULL;
  self->session->pump_again = TRUE;
}

static void
start_command (ExecnetSshChannel *self)
{
  int code;

  if (!may_request (self))
    return;
  code = libssh2_channel_process_startup (
      self->channel, "exec", strlen ("exec"), self->command, strlen (self->command));

  if (code == LIBSSH2_ERROR_EAGAIN || !check (self, code))
    return;
  end_request (self);
  if (code < 0)
    refuse (self,
            g_error_new (EXECNET_ERROR,
                         EXECNET_ERROR_PERMISSION_DENIED,
                         _ ("The host “%s” does not let “%s” start a command."),
                         self->session->name,
                         self->session->options->user));
  else
    finish_open (self);
}

/* Reading and writing */

static void
return_count (GTask **task, gssize count)
{
  g_autoptr (GTask) taken = g_steal_pointer (task);

  g_task_return_int (taken, count);
}

/* All of it, whoever wants it: the window is the same for both streams. */
static void
read_errors (ExecnetSshChannel *self)
{
  char buffer[ERRORS_SIZE];
  gssize n_read;

  do
    {
      n_read = libssh2_channel_read_stderr (self->channel, buffer, sizeof buffer);
      if (!check (self, n_read))
        return;
      if (n_read > 0 && self->errors_func != NULL)
        self->errors_func (buffer, n_read, self->errors_data);
    }
  while (n_read > 0 && self->channel != NULL);
}

static void
read_input (ExecnetSshChannel *self)
{
  gsize n_total = 0;
  gssize n_read;

  if (self->read_task == NULL)
    return;
  if (self->input_ended)
    {
      return_count (&self->read_task, 0);
      return;
    }
  /* In pieces: the library lets the host send as much more as is asked for at once. */
  do
    {
      n_read = libssh2_channel_read (self->channel,
                                     (char *) self->read_buffer + n_total,
                                     MIN (self->read_size - n_total, READ_SIZE));
      if (n_read > 0)
        n_total += n_read;
    }
  while (n_read > 0 && n_total < self->read_size && n_total < READS_AT_ONCE);
  if (n_total > 0)
    {
      return_count (&self->read_task, n_total);
      return;
    }
  if (n_read == LIBSSH2_ERROR_EAGAIN || !check (self, n_read))
    return;
  /* It also says 0 for packets that weren't for us. */
  if (n_read == 0 && !libssh2_channel_eof (self->channel))
    return;
  self->input_ended = TRUE;
  return_count (&self->read_task, 0);
}

static void
write_output (ExecnetSshChannel *self)
{
  gsize n_written = 0;

  while (self->write_task != NULL && n_written < self->write_size
         && execnet_ssh_wire_has_room (self->session->wire))
    {
      gssize n = libssh2_channel_write (
          self->channel, self->write_buffer + n_written, self->write_size - n_written);

      /* Also while new keys are agreed on: then it must be repeated just so. */
      if (n == LIBSSH2_ERROR_EAGAIN || n == 0)
        break;
      if (!check (self, n))
        return;
      if (n < 0)
        {
          g_autoptr (GError) error
              = g_error_new (G_IO_ERROR,
                             G_IO_ERROR_BROKEN_PIPE,
                             _ ("The command on “%s” takes no input any more."),
                             self->session->name);

          fail_task (&self->write_task, error);
          return;
        }
      n_written += n;
    }
  if (n_written > 0)
    return_count (&self->write_task, n_written);
}

static void
send_eof (ExecnetSshChannel *self)
{
  int code;

  if (!self->wants_eof || self->has_sent_eof || self->write_task != NULL)
    return;
  code = libssh2_channel_send_eof (self->channel);
  if (code == LIBSSH2_ERROR_EAGAIN)
    return;
  self->has_sent_eof = TRUE;
  check (self, code);
}

/* The end */

static void
take_end (ExecnetSshChannel *self)
{
  char *name = NULL;

  self->has_ended = TRUE;
  self->exit_status = libssh2_channel_get_exit_status (self->channel);
  libssh2_channel_get_exit_signal (self->channel, &name, NULL, NULL, NULL, NULL, NULL);
  self->exit_signal = g_strdup (name);
  if (name != NULL)
    libssh2_free (self->session->ssh, name);
  execnet_trace ("ssh %s: a command ended with %d%s%s",
                 self->session->name,
                 self->exit_status,
                 name != NULL ? ", signal " : "",
                 name != NULL ? self->exit_signal : "");
  complete_end_tasks (self);
}

/* How the command ended comes after the end of its output. */
static void
look_for_end (ExecnetSshChannel *self)
{
  int code;

  if (!self->input_ended || self->has_ended)
    return;
  code = libssh2_channel_wait_closed (self->channel);
  if (code == LIBSSH2_ERROR_EAGAIN || !check (self, code))
    return;
  if (code == 0)
    take_end (self);
}

static void
keep_alive (ExecnetSshChannel *self)
{
  int code;

  if (!self->is_keeping_alive || !may_request (self))
    return;
  code = libssh2_channel_setenv (self->channel, KEEPALIVE_REQUEST, "");
  if (code == LIBSSH2_ERROR_EAGAIN || !check (self, code))
    return;
  self->is_keeping_alive = FALSE;
  end_request (self);
}

/* Until the host has agreed. The answer to a request must be taken, too: nobody else would. */
static void
leave (ExecnetSshChannel *self)
{
  int code;

  if (self->session->requesting == self)
    keep_alive (self);
  if (self->session == NULL || self->session->requesting == self)
    return;
  code = libssh2_channel_free (self->channel);
  if (code == LIBSSH2_ERROR_EAGAIN || !check (self, code))
    return;
  leave_session (self);
}

static void
run (ExecnetSshChannel *self)
{
  void (*const steps[]) (ExecnetSshChannel *self)
      = { keep_alive, read_errors, read_input, write_output, send_eof, look_for_end };

  /* After each, it may be gone, or not wanted any more. */
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      if (self->state == CHANNEL_RUNNING)
        steps[i](self);
    }
}

void
execnet_ssh_channel_process (ExecnetSshChannel *self)
{
  g_autoptr (ExecnetSshChannel) alive = execnet_ssh_channel_ref (self);

  if (self->state == CHANNEL_STARTING)
    start_command (self);
  if (self->state == CHANNEL_RUNNING)
    run (self);
  if (self->state == CHANNEL_LEAVING)
    leave (self);
}

/* For users */

static ExecnetSshChannel *
channel_new (ExecnetSshSession *session, GTask *task)
{
  ExecnetSshChannel *self = g_new0 (ExecnetSshChannel, 1);

  g_atomic_ref_count_init (&self->refs); /* the session's */
  self->session = execnet_ssh_session_ref (session);
  self->is_wanted = TRUE;
  self->open_task = task;
  self->exit_status = -1;
  self->end_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

static gboolean
on_open_cancelled (GCancellable *cancellable, gpointer data)
{
  ExecnetSshChannel *self = data;
  g_autoptr (GTask) task = g_steal_pointer (&self->open_task);

  if (task == NULL)
    return G_SOURCE_REMOVE;
  g_task_return_error_if_cancelled (task);
  execnet_ssh_channel_close (self);
  return G_SOURCE_REMOVE;
}

static void
stop_source (gpointer source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

/* The source lives with the task. */
static void
close_when_cancelled (ExecnetSshChannel *self)
{
  GCancellable *cancellable = g_task_get_cancellable (self->open_task);
  GSource *source;

  if (cancellable == NULL)
    return;
  source = g_cancellable_source_new (cancellable);
  g_source_set_callback (source,
                         G_SOURCE_FUNC (on_open_cancelled),
                         execnet_ssh_channel_ref (self),
                         (GDestroyNotify) execnet_ssh_channel_unref);
  g_source_attach (source, g_task_get_context (self->open_task));
  g_task_set_task_data (self->open_task, source, stop_source);
}

static void
begin_open (ExecnetSshChannel *self)
{
  ExecnetSshSession *session = self->session;

  g_task_set_check_cancellable (self->open_task, FALSE);
  if (session->error != NULL)
    {
      GError *error = g_error_copy (session->error);

      g_ptr_array_add (session->channels, self);
      execnet_ssh_channel_lose (self, error);
      g_error_free (error);
      return;
    }
  close_when_cancelled (self);
  g_ptr_array_add (session->channels, self);
  g_queue_push_tail (&session->opening, self);
  execnet_ssh_session_pump (session);
}

void
execnet_ssh_channel_open_async (ExecnetSshSession *session,
                                const char *command,
                                ExecnetSshErrorsFunc errors_func,
                                gpointer errors_data,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  ExecnetSshChannel *self = channel_new (session, task);

  g_task_set_source_tag (task, execnet_ssh_channel_open_async);
  self->command = g_strdup (command);
  self->errors_func = errors_func;
  self->errors_data = errors_data;
  begin_open (self);
}

void
execnet_ssh_channel_connect_async (ExecnetSshSession *session,
                                   const char *host,
                                   guint port,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  ExecnetSshChannel *self = channel_new (session, task);

  g_task_set_source_tag (task, execnet_ssh_channel_open_async);
  self->host = g_strdup (host);
  self->port = port;
  begin_open (self);
}

ExecnetSshChannel *
execnet_ssh_channel_open_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_ssh_channel_open_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

ExecnetSshChannel *
execnet_ssh_channel_ref (ExecnetSshChannel *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
execnet_ssh_channel_unref (ExecnetSshChannel *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_ptr_array_unref (self->end_tasks);
  g_clear_error (&self->error);
  g_free (self->exit_signal);
  g_free (self->command);
  g_free (self->host);
  g_free (self);
}

/* Whether the task was failed. */
static gboolean
is_gone (ExecnetSshChannel *self, GTask *task)
{
  if (self->is_wanted && self->session != NULL)
    return FALSE;
  if (self->error != NULL)
    g_task_return_error (task, g_error_copy (self->error));
  else
    g_task_return_new_error (
        task, G_IO_ERROR, G_IO_ERROR_CLOSED, "%s", _ ("The ssh channel is closed."));
  return TRUE;
}

void
execnet_ssh_channel_read (ExecnetSshChannel *self, GTask *task, void *buffer, gsize count)
{
  g_return_if_fail (self->read_task == NULL);

  if (is_gone (self, task))
    return;
  self->read_task = g_object_ref (task);
  self->read_buffer = buffer;
  self->read_size = count;
  execnet_ssh_session_pump (self->session);
}

void
execnet_ssh_channel_write (ExecnetSshChannel *self, GTask *task, const void *buffer, gsize count)
{
  g_return_if_fail (self->write_task == NULL);

  if (is_gone (self, task))
    return;
  self->write_task = g_object_ref (task);
  self->write_buffer = buffer;
  self->write_size = count;
  execnet_ssh_session_pump (self->session);
}

void
execnet_ssh_channel_send_eof (ExecnetSshChannel *self)
{
  self->wants_eof = TRUE;
  if (self->session != NULL)
    execnet_ssh_session_pump (self->session);
}

void
execnet_ssh_channel_close (ExecnetSshChannel *self)
{
  g_autoptr (ExecnetSshChannel) alive = execnet_ssh_channel_ref (self);
  g_autoptr (GError) error = NULL;

  if (!self->is_wanted)
    return;
  self->is_wanted = FALSE;
  self->errors_func = NULL;
  error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("The ssh channel is closed."));
  /* One that is being opened must be opened, before it can be closed. */
  if (self->state == CHANNEL_OPENING && !self->is_under_way)
    leave_session (self);
  else if (self->session != NULL)
    {
      /* Likewise one that has asked for its command. */
      if (self->state == CHANNEL_RUNNING
          || (self->state == CHANNEL_STARTING && self->session->requesting != self))
        self->state = CHANNEL_LEAVING;
      execnet_ssh_session_pump (self->session);
    }
  fail_tasks (self, error);
  complete_end_tasks (self);
}

void
execnet_ssh_channel_wait_end (ExecnetSshChannel *self, GTask *task)
{
  if (self->has_ended || !self->is_wanted || self->session == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_ptr_array_add (self->end_tasks, g_object_ref (task));
}

gboolean
execnet_ssh_channel_get_end (ExecnetSshChannel *self, int *exit_status, const char **exit_signal)
{
  *exit_status = self->exit_status;
  *exit_signal = self->exit_signal;
  return self->has_ended;
}

const GError *
execnet_ssh_channel_get_error (ExecnetSshChannel *self)
{
  return self->error;
}

gboolean
execnet_ssh_channel_send_keepalive (ExecnetSshChannel *self)
{
  if (self->state != CHANNEL_RUNNING)
    return FALSE;
  self->is_keeping_alive = TRUE;
  return TRUE;
}
