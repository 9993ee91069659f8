/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-pool-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "transport/execnet-ssh-channel-private.h"
#include "transport/execnet-ssh-connect-private.h"
#include "transport/execnet-ssh-login-private.h"
#include "transport/execnet-ssh-stream-private.h"

#include <glib/gi18n-lib.h>

struct _ExecnetSshShare
{
  gatomicrefcount refs; /* of the pool's list, and of what is under way */
  char *key;
  ExecnetSshOptions *options;
  guint keepalive;
  ExecnetQuestions *questions;
  ExecnetTransport *transport; /* the first that wanted it: who asks */

  GCancellable *cancellable; /* of connecting */
  ExecnetSshOptions *jump_options;
  ExecnetSshShare *jump; /* the session that leads there */
  ExecnetProcess *process; /* or the process that does */
  ExecnetSshSession *session; /* from when there is a connection */
  gboolean is_ready;
  gboolean is_full;
  gboolean is_listed;
  ExecnetTransport *asker; /* for whom something is being asked, here or on the way; or NULL */
  GError *error; /* why it failed, while it is taken apart */

  guint n_users; /* those that wait included */
  GPtrArray *waiting; /* of GTask */

  void (*gone_func) (gpointer data);
  gpointer gone_data;
};

/* One who waits. */
typedef struct
{
  ExecnetSshShare *share;
  ExecnetTransport *transport;
  ExecnetSshShare *beyond; /* the session that this one leads to, or NULL */
  GSource *cancelled;
} Waiting;

static __thread GPtrArray *shares;

static void connect_to_host (ExecnetSshShare *self);
static void get_share (ExecnetSshOptions *options,
                       guint keepalive,
                       ExecnetQuestions *questions,
                       ExecnetTransport *transport,
                       ExecnetSshShare *beyond,
                       GTask *owned_task);

static ExecnetSshShare *
share_ref (ExecnetSshShare *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
share_unref (ExecnetSshShare *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_error (&self->error);
  g_free (self->key);
  execnet_ssh_options_unref (self->options);
  g_clear_pointer (&self->jump_options, execnet_ssh_options_unref);
  g_clear_pointer (&self->questions, execnet_questions_unref);
  g_clear_object (&self->transport);
  g_object_unref (self->cancellable);
  g_ptr_array_unref (self->waiting);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetSshShare, share_unref)

static void
unlist (ExecnetSshShare *self)
{
  if (!self->is_listed)
    return;
  self->is_listed = FALSE;
  g_ptr_array_remove (shares, self);
  if (shares->len == 0)
    g_clear_pointer (&shares, g_ptr_array_unref);
  share_unref (self);
}

/* Those who wait */

static void
waiting_free (Waiting *self)
{
  if (self->cancelled != NULL)
    {
      g_source_destroy (self->cancelled);
      g_source_unref (self->cancelled);
    }
  g_clear_object (&self->transport);
  g_clear_pointer (&self->beyond, share_unref);
  g_free (self);
}

static void set_asker (ExecnetSshShare *self, ExecnetTransport *asker);

/* All who wait for the answer, but the one that it is asked for: that one is counted already. */
static void
begin_sharing (ExecnetSshShare *self, Waiting *waiting)
{
  if (waiting->beyond != NULL)
    set_asker (waiting->beyond, self->asker);
  else if (waiting->transport != NULL && waiting->transport != self->asker)
    execnet_questions_begin_sharing (self->questions, waiting->transport, self->asker);
}

static void
end_sharing (ExecnetSshShare *self, Waiting *waiting)
{
  if (waiting->beyond != NULL)
    set_asker (waiting->beyond, NULL);
  else if (waiting->transport != NULL && waiting->transport != self->asker)
    execnet_questions_end_sharing (self->questions, waiting->transport);
}

static void
set_asker (ExecnetSshShare *self, ExecnetTransport *asker)
{
  for (guint i = 0; self->asker != NULL && i < self->waiting->len; i++)
    end_sharing (self, g_task_get_task_data (g_ptr_array_index (self->waiting, i)));
  self->asker = asker;
  for (guint i = 0; self->asker != NULL && i < self->waiting->len; i++)
    begin_sharing (self, g_task_get_task_data (g_ptr_array_index (self->waiting, i)));
}

static void
on_asking (ExecnetSshSession *session, gboolean is_asking, gpointer data)
{
  ExecnetSshShare *self = data;

  if ((self->asker != NULL) != is_asking)
    set_asker (self, is_asking ? self->transport : NULL);
}

/* Takes him off the list. */
static GTask *
stop_waiting (ExecnetSshShare *self, GTask *task)
{
  g_object_ref (task);
  if (self->asker != NULL)
    end_sharing (self, g_task_get_task_data (task));
  g_ptr_array_remove (self->waiting, task);
  return task;
}

static void
complete_waiting (ExecnetSshShare *self, const GError *error)
{
  while (self->waiting->len > 0)
    {
      g_autoptr (GTask) task = stop_waiting (self, g_ptr_array_index (self->waiting, 0));

      if (error != NULL)
        {
          g_task_return_error (task, g_error_copy (error));
        }
      else
        {
          g_task_return_pointer (task, share_ref (self), NULL);
        }
    }
}

static void
return_cancelled (gpointer data)
{
  g_autoptr (GTask) task = data;

  g_task_return_error_if_cancelled (task);
}

static gboolean
on_waiting_cancelled (GCancellable *cancellable, gpointer data)
{
  ExecnetSshShare *self = ((Waiting *) g_task_get_task_data (data))->share;
  GTask *task = stop_waiting (self, data);

  if (self->error != NULL)
    return_cancelled (task);
  else
    execnet_ssh_share_release (share_ref (self), return_cancelled, task);
  return G_SOURCE_REMOVE;
}

static void
wait_for (ExecnetSshShare *self, ExecnetTransport *transport, ExecnetSshShare *beyond, GTask *task)
{
  Waiting *waiting = g_new0 (Waiting, 1);
  GCancellable *cancellable = g_task_get_cancellable (task);

  waiting->share = self;
  waiting->transport = transport != NULL ? g_object_ref (transport) : NULL;
  waiting->beyond = beyond != NULL ? share_ref (beyond) : NULL;
  g_task_set_task_data (task, waiting, (GDestroyNotify) waiting_free);
  if (cancellable != NULL)
    {
      waiting->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_callback (
          waiting->cancelled, G_SOURCE_FUNC (on_waiting_cancelled), task, NULL);
      g_source_attach (waiting->cancelled, g_task_get_context (task));
    }
  g_ptr_array_add (self->waiting, g_object_ref (task));
  if (self->asker != NULL)
    begin_sharing (self, waiting);
}

/* The end of a share */

static void
on_process_ended (gpointer data)
{
  g_autoptr (ExecnetSshShare) self = data;

  g_clear_pointer (&self->process, execnet_process_release);
  if (self->gone_func != NULL)
    self->gone_func (self->gone_data);
}

static void
end_session (ExecnetSshShare *self)
{
  ExecnetSshShare *jump = g_steal_pointer (&self->jump);

  unlist (self);
  g_cancellable_cancel (self->cancellable);
  if (self->session != NULL)
    execnet_ssh_session_close (self->session);
  g_clear_pointer (&self->session, execnet_ssh_session_unref);
  if (jump != NULL)
    execnet_ssh_share_release (jump, NULL, NULL);
}

static void
take_apart (ExecnetSshShare *self, void (*gone) (gpointer data), gpointer data)
{
  int status, number;

  end_session (self);
  if (self->process != NULL && !execnet_process_get_end (self->process, &status, &number))
    {
      self->gone_func = gone;
      self->gone_data = data;
      execnet_process_kill (self->process);
      execnet_process_watch (self->process, on_process_ended, share_ref (self));
      return;
    }
  g_clear_pointer (&self->process, execnet_process_release);
  if (gone != NULL)
    gone (data);
}

void
execnet_ssh_share_release (ExecnetSshShare *self, void (*gone) (gpointer data), gpointer data)
{
  g_autoptr (ExecnetSshShare) owned = self;

  self->is_full = FALSE;
  if (--self->n_users > 0)
    {
      if (gone != NULL)
        gone (data);
      return;
    }
  execnet_trace ("ssh %s: nobody uses it any more", self->options->host);
  take_apart (self, gone, data);
}

static void
on_failed (gpointer data)
{
  g_autoptr (ExecnetSshShare) self = data;
  g_autoptr (GError) error = g_steal_pointer (&self->error);

  complete_waiting (self, error);
}

/* It will never be ready; who waits hears of it when nothing is left. */
static void
fail (ExecnetSshShare *self, const GError *error)
{
  self->error = g_error_copy (error);
  self->n_users = 0;
  take_apart (self, on_failed, share_ref (self));
}

/* Getting there */

static void
on_lost (ExecnetSshSession *session, gpointer data)
{
  /* Its users have found out by themselves. */
  unlist (data);
}

static void
on_logged_in (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshShare) self = data;
  g_autoptr (GError) error = NULL;

  /* Nothing else will be asked, and it may be that who uses the session lives because of this. */
  g_clear_object (&self->transport);
  if (!execnet_ssh_session_login_finish (result, &error))
    {
      if (self->n_users > 0)
        fail (self, error);
      return;
    }
  self->is_ready = TRUE;
  if (self->session != NULL)
    execnet_ssh_session_keep_alive (self->session, self->keepalive);
  complete_waiting (self, NULL);
}

static void
log_in (ExecnetSshShare *self, GIOStream *stream)
{
  self->session = execnet_ssh_session_new (self->options, stream);
  execnet_ssh_session_set_funcs (self->session, on_lost, on_asking, self);
  execnet_ssh_session_login_async (self->session,
                                   self->questions,
                                   self->transport,
                                   NULL,
                                   on_logged_in,
                                   share_ref (self));
}

/* FALSE when it is not wanted any more. */
static gboolean
is_wanted (ExecnetSshShare *self, const GError *error)
{
  if (self->n_users == 0)
    return FALSE;
  if (error == NULL)
    return TRUE;
  fail (self, error);
  return FALSE;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshShare) self = data;
  g_autoptr (GError) error = NULL;
  ExecnetProcess *process = NULL;
  g_autoptr (GIOStream) stream = execnet_ssh_connect_finish (result, &process, &error);

  if (!is_wanted (self, error))
    {
      g_clear_pointer (&process, execnet_process_release);
      return;
    }
  self->process = process;
  log_in (self, stream);
}

/* Through another host. */

static void
on_jumped (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshShare) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ExecnetSshChannel) channel = execnet_ssh_channel_open_finish (result, &error);
  g_autoptr (GIOStream) stream = NULL;

  if (channel != NULL)
    stream = execnet_ssh_stream_new (channel);
  if (is_wanted (self, error))
    log_in (self, stream);
}

static void
on_jump_ready (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshShare) self = data;
  g_autoptr (GError) error = NULL;
  ExecnetSshShare *jump = execnet_ssh_pool_get_finish (result, &error);

  if (!is_wanted (self, error))
    {
      if (jump != NULL)
        execnet_ssh_share_release (jump, NULL, NULL);
      return;
    }
  self->jump = jump;
  execnet_ssh_channel_connect_async (jump->session,
                                     self->options->host_name,
                                     self->options->port,
                                     self->cancellable,
                                     on_jumped,
                                     share_ref (self));
}

/* What its configuration wants there may be a check of its key: none is left out. */
static GError *
new_jump_error (ExecnetSshShare *self)
{
  return g_error_new (G_IO_ERROR,
                      G_IO_ERROR_NOT_SUPPORTED,
                      _ ("It does not have “%s”, which the host “%s” in between needs."),
                      (char *) g_ptr_array_index (self->jump_options->only_openssh, 0),
                      self->jump_options->host);
}

static void
on_jump_resolved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshShare) self = data;
  g_autoptr (GError) error = NULL;

  self->jump_options = execnet_ssh_options_resolve_finish (result, &error);
  if (self->jump_options != NULL && self->jump_options->only_openssh->len > 0)
    error = new_jump_error (self);
  if (!is_wanted (self, error))
    return;
  get_share (self->jump_options,
             self->keepalive,
             self->questions,
             self->transport,
             self,
             g_task_new (NULL, self->cancellable, on_jump_ready, share_ref (self)));
}

static void
connect_to_host (ExecnetSshShare *self)
{
  if (self->options->jump != NULL)
    execnet_ssh_options_resolve_async (
        self->options->jump, self->cancellable, on_jump_resolved, share_ref (self));
  else
    execnet_ssh_connect_async (self->options, self->cancellable, on_connected, share_ref (self));
}

/* For users */

static ExecnetSshShare *
find_share (const char *key)
{
  for (guint i = 0; shares != NULL && i < shares->len; i++)
    {
      ExecnetSshShare *self = g_ptr_array_index (shares, i);

      if (!self->is_full && g_str_equal (self->key, key))
        return self;
    }
  return NULL;
}

static ExecnetSshShare *
add_share (ExecnetSshOptions *options,
           const char *key,
           guint keepalive,
           ExecnetQuestions *questions,
           ExecnetTransport *transport)
{
  ExecnetSshShare *self = g_new0 (ExecnetSshShare, 1);

  g_atomic_ref_count_init (&self->refs);
  self->key = g_strdup (key);
  self->options = execnet_ssh_options_ref (options);
  self->keepalive = keepalive;
  self->questions = questions != NULL ? execnet_questions_ref (questions) : NULL;
  self->transport = transport != NULL ? g_object_ref (transport) : NULL;
  self->cancellable = g_cancellable_new ();
  self->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  self->is_listed = TRUE;
  if (shares == NULL)
    shares = g_ptr_array_new ();
  g_ptr_array_add (shares, self);
  return self;
}

/* Takes the task over. */
static void
get_share (ExecnetSshOptions *options,
           guint keepalive,
           ExecnetQuestions *questions,
           ExecnetTransport *transport,
           ExecnetSshShare *beyond,
           GTask *owned_task)
{
  g_autoptr (GTask) task = owned_task;
  g_autofree char *host = execnet_ssh_options_dup_session_key (options);
  g_autofree char *key = g_strdup_printf ("%p %u %s", questions, keepalive, host);
  ExecnetSshShare *self = find_share (key);
  gboolean is_new = self == NULL;

  g_task_set_source_tag (task, execnet_ssh_pool_get_async);
  g_task_set_check_cancellable (task, FALSE);
  if (is_new)
    self = add_share (options, key, keepalive, questions, transport);
  else
    execnet_trace ("ssh %s: shares a session", options->host);
  self->n_users++;
  if (self->is_ready)
    {
      g_task_return_pointer (task, share_ref (self), NULL);
      return;
    }
  wait_for (self, transport, beyond, task);
  if (is_new)
    connect_to_host (self);
}

void
execnet_ssh_pool_get_async (ExecnetSshOptions *options,
                            guint keepalive,
                            ExecnetQuestions *questions,
                            ExecnetTransport *transport,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  get_share (options,
             keepalive,
             questions,
             transport,
             NULL,
             g_task_new (NULL, cancellable, callback, user_data));
}

ExecnetSshShare *
execnet_ssh_pool_get_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_ssh_pool_get_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

ExecnetSshSession *
execnet_ssh_share_get_session (ExecnetSshShare *self)
{
  return self->session;
}

void
execnet_ssh_share_give_up (ExecnetSshShare *self)
{
  g_autoptr (ExecnetSshShare) alive = share_ref (self);

  execnet_ssh_share_release (self, NULL, NULL);
  alive->is_full = TRUE;
}

char *
execnet_ssh_pool_describe (ExecnetTransport *transport)
{
  for (guint i = 0; shares != NULL && i < shares->len; i++)
    {
      ExecnetSshShare *self = g_ptr_array_index (shares, i);

      for (guint j = 0; j < self->waiting->len; j++)
        {
          Waiting *waiting = g_task_get_task_data (g_ptr_array_index (self->waiting, j));

          if (waiting->transport != transport)
            continue;
          if (self->session != NULL && self->session->login != NULL)
            return execnet_ssh_login_describe (self->session->login);
          return g_strdup_printf (_ ("The host “%s” has not accepted the connection."),
                                  self->options->host);
        }
    }
  return NULL;
}
