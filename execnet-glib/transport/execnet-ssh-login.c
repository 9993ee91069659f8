/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-login-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "transport/execnet-ssh-aside-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* As the library, which counts in ints, takes any descriptor that is none. */
#define NO_DESCRIPTOR G_MAXINT

/* Who sends so much without a word of ssh in it is something else. */
#define MAX_PREAMBLE (64 * 1024)

/* Ending */

static void
login_free (ExecnetSshLogin *self)
{
  if (self->cancelled_id != 0)
    g_cancellable_disconnect (g_task_get_cancellable (self->task), self->cancelled_id);
  g_object_unref (self->task);
  g_object_unref (self->cancellable);
  g_clear_pointer (&self->questions, execnet_questions_unref);
  g_clear_object (&self->transport);
  g_clear_pointer (&self->host_keys, execnet_host_keys_unref);
  g_strfreev (self->methods);
  g_string_free (self->tried, TRUE);
  g_string_free (self->only_openssh, TRUE);
  g_clear_error (&self->interaction_error);
  g_ptr_array_unref (self->keys);
  g_clear_pointer (&self->signature, g_bytes_unref);
  g_clear_pointer (&self->secret, execnet_secret_free);
  g_free (self);
}

/* Takes the error over. */
static void
finish (ExecnetSshLogin *self, GError *error)
{
  g_autoptr (ExecnetSshSession) session = execnet_ssh_session_ref (self->session);
  g_autoptr (GTask) task = g_object_ref (self->task);

  /* It works with what the login has. */
  g_clear_pointer (&session->aside, execnet_ssh_aside_free);
  session->login = NULL;
  self->step = NULL;
  /* What is being asked is not wanted any more. */
  g_cancellable_cancel (self->cancellable);
  login_free (self);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

gboolean
execnet_ssh_login_fail (ExecnetSshLogin *self, GError *error)
{
  g_autoptr (ExecnetSshSession) session = execnet_ssh_session_ref (self->session);

  finish (self, g_error_copy (error));
  execnet_ssh_session_fail (session, error);
  return FALSE;
}

gboolean
execnet_ssh_login_succeed (ExecnetSshLogin *self)
{
  execnet_trace ("ssh %s: logged in as %s", self->session->name, self->session->options->user);
  self->session->is_up = TRUE;
  self->session->pump_again = TRUE;
  finish (self, NULL);
  return FALSE;
}

void
execnet_ssh_login_lose (ExecnetSshLogin *self, const GError *error)
{
  finish (self, g_error_copy (error));
}

/* Steps */

gboolean
execnet_ssh_login_go_on (ExecnetSshLogin *self, ExecnetSshLoginStep step)
{
  self->step = step;
  return TRUE;
}

/* A host does not wait for ever for an answer, which nobody needs to think of any more then. TRUE
 * when it has gone, and the login with it. */
static gboolean
find_end (ExecnetSshLogin *self)
{
  /* Before the handshake, that finds it. */
  if (!execnet_ssh_wire_has_ended (self->session->wire) || self->host_keys == NULL)
    return FALSE;
  execnet_ssh_login_fail (
      self, execnet_ssh_session_explain_loss (self->session, LIBSSH2_ERROR_SOCKET_DISCONNECT));
  return TRUE;
}

void
execnet_ssh_login_continue (ExecnetSshLogin *self)
{
  ExecnetSshSession *session = self->session;

  if ((self->step == NULL || self->signing == EXECNET_SSH_SIGNING) && find_end (self))
    return;
  while (session->login == self && self->step != NULL && self->step (self))
    ;
}

gboolean
execnet_ssh_login_check_loss (ExecnetSshLogin *self, int code)
{
  GError *error = execnet_ssh_session_explain_loss (self->session, code);

  if (error == NULL)
    return FALSE;
  execnet_ssh_login_fail (self, error);
  return TRUE;
}

void
execnet_ssh_login_note (ExecnetSshLogin *self, const char *what)
{
  execnet_trace ("ssh %s: tried %s", self->session->name, what);
  if (self->tried->len > 0)
    g_string_append (self->tried, ", ");
  g_string_append (self->tried, what);
}

/* Handshake */

static GError *
explain_no_ssh (ExecnetSshSession *session)
{
  g_autoptr (GBytes) beginning = execnet_ssh_wire_get_beginning (session->wire);
  gsize length;
  const char *bytes = g_bytes_get_data (beginning, &length);
  g_autofree char *said = execnet_ssh_dup_printable (bytes, length);

  if (length == 0)
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_DIED,
                        _ ("“%s” accepted the connection and closed it before it said anything; is "
                           "there an ssh server at port %u?"),
                        session->name,
                        session->options->port);
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_UNEXPECTED_OUTPUT,
                      _ ("“%s” is no ssh server: it said “%s”."),
                      session->name,
                      said);
}

static GError *
explain_handshake (ExecnetSshLogin *self, int code)
{
  ExecnetSshSession *session = self->session;
  g_autofree char *said = execnet_ssh_session_dup_last_error (session);
  GError *loss;

  if (libssh2_session_banner_get (session->ssh) == NULL
      || !g_str_has_prefix (libssh2_session_banner_get (session->ssh), "SSH-"))
    return explain_no_ssh (session);
  if (code == LIBSSH2_ERROR_KEX_FAILURE || code == LIBSSH2_ERROR_METHOD_NONE)
    return g_error_new (G_IO_ERROR,
                        G_IO_ERROR_NOT_SUPPORTED,
                        _ ("The host “%s” and this program have no way to encrypt in common (%s)."),
                        session->name,
                        said);
  loss = execnet_ssh_session_explain_loss (session, code);
  if (loss != NULL)
    return loss;
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_FAILED,
                      _ ("The host “%s” and this program can't agree on how to encrypt: %s."),
                      session->name,
                      said);
}

gboolean
execnet_ssh_login_shake_hands (ExecnetSshLogin *self)
{
  ExecnetSshSession *session = self->session;
  int code = libssh2_session_handshake (session->ssh, NO_DESCRIPTOR);

  if (code == LIBSSH2_ERROR_EAGAIN)
    {
      const char *banner = libssh2_session_banner_get (session->ssh);

      if (banner != NULL && g_str_has_prefix (banner, "SSH-"))
        self->doing = N_ ("The host has not agreed on how to encrypt.");
      else if (execnet_ssh_wire_get_n_received (session->wire) > MAX_PREAMBLE)
        return execnet_ssh_login_fail (self, explain_no_ssh (session));
      return FALSE;
    }
  if (code != 0)
    return execnet_ssh_login_fail (self, explain_handshake (self, code));
  execnet_trace ("ssh %s: %s, %s, %s",
                 session->name,
                 libssh2_session_banner_get (session->ssh),
                 libssh2_session_methods (session->ssh, LIBSSH2_METHOD_HOSTKEY),
                 libssh2_session_methods (session->ssh, LIBSSH2_METHOD_CRYPT_CS));
  self->doing = N_ ("The host's key is being checked.");
  return execnet_ssh_login_go_on (self, execnet_ssh_login_check_host_key);
}

/* Authentication: what we prefer, as far as the host takes it. */

static const struct
{
  const char *name;
  ExecnetSshLoginStep step;
} methods[] = {
  { "publickey", execnet_ssh_login_try_keys },
  { "keyboard-interactive", execnet_ssh_login_try_keyboard },
  { "password", execnet_ssh_login_try_password },
};

static GError *
explain_failure (ExecnetSshLogin *self)
{
  ExecnetSshSession *session = self->session;
  g_autofree char *taken
      = self->methods != NULL ? g_strjoinv (", ", self->methods) : g_strdup ("");

  if (self->only_openssh->len > 0)
    return g_error_new (G_IO_ERROR,
                        G_IO_ERROR_NOT_SUPPORTED,
                        _ ("The host “%s” does not let “%s” log in, and only the OpenSSH client can use %s."),
                        session->name,
                        session->options->user,
                        self->only_openssh->str);
  if (self->interaction_error != NULL)
    return g_steal_pointer (&self->interaction_error);
  if (self->tried->len == 0)
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_AUTHENTICATION_FAILED,
                        _ ("The host “%s” does not let “%s” log in: there is nothing to try of what it "
                           "takes (%s). Name a key with “-i”, or start an ssh agent that has one."),
                        session->name,
                        session->options->user,
                        taken);
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_AUTHENTICATION_FAILED,
                      _ ("The host “%s” does not let “%s” log in; tried: %s. It takes: %s."),
                      session->name,
                      session->options->user,
                      self->tried->str,
                      taken);
}

static ExecnetSshLoginStep
find_step (ExecnetSshLogin *self, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      if (g_str_equal (methods[i].name, name)
          && g_strv_contains ((const char *const *) self->methods, name))
        return methods[i].step;
    }
  return NULL;
}

static gboolean
choose_method (ExecnetSshLogin *self)
{
  char **preferred = self->session->options->preferred_authentications;

  for (; preferred[self->n_method] != NULL; self->n_method++)
    {
      ExecnetSshLoginStep step = find_step (self, preferred[self->n_method]);

      if (step != NULL)
        return execnet_ssh_login_go_on (self, step);
    }
  return execnet_ssh_login_fail (self, explain_failure (self));
}

gboolean
execnet_ssh_login_next_method (ExecnetSshLogin *self)
{
  self->n_method++;
  return choose_method (self);
}

static gboolean
ask_methods (ExecnetSshLogin *self)
{
  ExecnetSshSession *session = self->session;
  const char *user = session->options->user;
  char *list = libssh2_userauth_list (session->ssh, user, strlen (user));
  int code = list == NULL ? libssh2_session_last_errno (session->ssh) : 0;

  if (code == LIBSSH2_ERROR_EAGAIN)
    return FALSE;
  if (list == NULL && libssh2_userauth_authenticated (session->ssh))
    return execnet_ssh_login_succeed (self);
  if (list == NULL && execnet_ssh_login_check_loss (self, code))
    return FALSE;
  g_strfreev (self->methods);
  self->methods = g_strsplit (list != NULL ? list : "", ",", -1);
  self->n_method = 0;
  execnet_trace ("ssh %s: the host takes %s", session->name, list != NULL ? list : "nothing");
  return choose_method (self);
}

gboolean
execnet_ssh_login_ask_methods (ExecnetSshLogin *self)
{
  self->doing = N_ ("The host has not let us log in.");
  return execnet_ssh_login_go_on (self, ask_methods);
}

char *
execnet_ssh_login_describe (ExecnetSshLogin *self)
{
  return g_strdup (_ (self->doing));
}

/* Beginning */

static gboolean
fail_as_cancelled (gpointer data)
{
  g_autoptr (ExecnetSshSession) session = execnet_ssh_session_ref (data);

  if (session->login != NULL)
    execnet_ssh_session_fail (
        session,
        g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("Logging in was cancelled.")));
  return G_SOURCE_REMOVE;
}

/* In whichever thread cancels. */
static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  ExecnetSshLogin *self = data;
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source,
                         fail_as_cancelled,
                         execnet_ssh_session_ref (self->session),
                         (GDestroyNotify) execnet_ssh_session_unref);
  g_source_attach (source, g_task_get_context (self->task));
}

void
execnet_ssh_session_login_async (ExecnetSshSession *session,
                                 ExecnetQuestions *questions,
                                 ExecnetTransport *transport,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  ExecnetSshLogin *self = g_new0 (ExecnetSshLogin, 1);

  self->session = session;
  self->task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (self->task, execnet_ssh_session_login_async);
  g_task_set_check_cancellable (self->task, FALSE);
  self->cancellable = g_cancellable_new ();
  self->questions = questions != NULL ? execnet_questions_ref (questions) : NULL;
  self->transport = transport != NULL ? g_object_ref (transport) : NULL;
  self->tried = g_string_new (NULL);
  self->only_openssh = g_string_new (NULL);
  self->keys = g_ptr_array_new_with_free_func (execnet_ssh_login_free_key);
  self->doing = N_ ("The host accepted the connection, and has said nothing.");
  self->step = execnet_ssh_login_load_host_keys;
  session->login = self;
  if (cancellable != NULL)
    self->cancelled_id
        = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), self, NULL);
  execnet_ssh_session_pump (session);
}

gboolean
execnet_ssh_session_login_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_ssh_session_login_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
