/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logging in with what a person knows: a password, or answers to whatever the host asks. */

#include "config.h"

#include "transport/execnet-ssh-login-private.h"

#include "base/execnet-error.h"
#include "transport/execnet-ssh-aside-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Asking */

void
execnet_ssh_login_ask (ExecnetSshLogin *self,
                       ExecnetQuestionKind kind,
                       const char *subject,
                       gboolean again,
                       GAsyncReadyCallback callback)
{
  ExecnetSshSession *session = self->session;
  ExecnetQuestion question = {
    .kind = kind,
    .host = session->name,
    .user = session->options->user,
    .subject = subject,
    .again = again,
  };

  self->step = NULL;
  if (session->asking_func != NULL)
    session->asking_func (session, TRUE, session->funcs_data);
  execnet_questions_ask_async (self->questions,
                               self->transport,
                               &question,
                               self->cancellable,
                               callback,
                               execnet_ssh_session_ref (session));
}

static ExecnetQuestions *
begin_taking (ExecnetSshSession *session)
{
  if (session->asking_func != NULL)
    session->asking_func (session, FALSE, session->funcs_data);
  return session->login != NULL ? session->login->questions : NULL;
}

ExecnetSecret *
execnet_ssh_login_take_answer (ExecnetSshSession *session, GAsyncResult *result, GError **error)
{
  return execnet_questions_ask_finish (begin_taking (session), result, error);
}

gboolean
execnet_ssh_login_take_yes (ExecnetSshSession *session, GAsyncResult *result, GError **error)
{
  return execnet_questions_confirm_finish (begin_taking (session), result, error);
}

gboolean
execnet_ssh_login_take_refusal (ExecnetSshLogin *self, GError *error)
{
  if (!g_error_matches (error, EXECNET_ERROR, EXECNET_ERROR_NEEDS_INTERACTION))
    return execnet_ssh_login_fail (self, error);
  if (self->interaction_error == NULL)
    self->interaction_error = error;
  else
    g_error_free (error);
  return TRUE;
}

/* Passwords */

static gboolean
may_ask (ExecnetSshLogin *self)
{
  return !self->session->options->batch_mode && !self->is_unsafe;
}

static gboolean ask_password (ExecnetSshLogin *self);

static gboolean
offer_password (ExecnetSshLogin *self)
{
  ExecnetSshSession *session = self->session;
  const char *user = session->options->user;
  int code = libssh2_userauth_password_ex (
      session->ssh, user, strlen (user), self->secret, strlen (self->secret), NULL);

  if (code == LIBSSH2_ERROR_EAGAIN)
    return FALSE;
  g_clear_pointer (&self->secret, execnet_secret_free);
  if (code == 0)
    return execnet_ssh_login_succeed (self);
  if (execnet_ssh_login_check_loss (self, code))
    return FALSE;
  if (++self->n_prompts < session->options->number_of_password_prompts)
    return execnet_ssh_login_go_on (self, ask_password);
  execnet_ssh_login_note (self, _ ("a password"));
  return execnet_ssh_login_next_method (self);
}

static void
on_password (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshSession) session = data;
  ExecnetSshLogin *self = session->login;
  GError *error = NULL;
  ExecnetSecret *secret = execnet_ssh_login_take_answer (session, result, &error);

  if (self == NULL)
    {
      g_clear_error (&error);
      execnet_secret_free (secret);
      return;
    }
  self->secret = secret;
  if (secret != NULL)
    execnet_ssh_login_go_on (self, offer_password);
  else if (execnet_ssh_login_take_refusal (self, error))
    execnet_ssh_login_next_method (self);
  execnet_ssh_session_pump (session);
}

static gboolean
ask_password (ExecnetSshLogin *self)
{
  execnet_ssh_login_ask (
      self, EXECNET_QUESTION_PASSWORD, NULL, self->n_prompts > 0, on_password);
  return FALSE;
}

gboolean
execnet_ssh_login_try_password (ExecnetSshLogin *self)
{
  if (!self->session->options->password_authentication || !may_ask (self))
    return execnet_ssh_login_next_method (self);
  self->n_prompts = 0;
  return execnet_ssh_login_go_on (self, ask_password);
}

/* Keyboard-interactive. The library wants all answers in its callback: so it runs aside. */

typedef struct
{
  GPtrArray *prompts; /* of char *: each with the instruction before it */
  GPtrArray *answers; /* of ExecnetSecret */
  gboolean is_refused;
} Prompts;

static void
prompts_free (Prompts *self)
{
  g_ptr_array_unref (self->prompts);
  g_ptr_array_unref (self->answers);
  g_free (self);
}

static void ask_next_prompt (ExecnetSshLogin *self);

static void
on_prompt_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshSession) session = data;
  ExecnetSshLogin *self = session->login;
  GError *error = NULL;
  ExecnetSecret *secret = execnet_ssh_login_take_answer (session, result, &error);
  Prompts *prompts;

  if (self == NULL || session->aside == NULL)
    {
      g_clear_error (&error);
      execnet_secret_free (secret);
      return;
    }
  prompts = self->prompts;
  if (secret != NULL)
    {
      g_ptr_array_add (prompts->answers, secret);
      ask_next_prompt (self);
    }
  else if (execnet_ssh_login_take_refusal (self, error))
    {
      prompts->is_refused = TRUE;
      execnet_ssh_aside_answer (session->aside);
    }
}

static void
ask_next_prompt (ExecnetSshLogin *self)
{
  Prompts *prompts = self->prompts;

  if (prompts->answers->len == prompts->prompts->len)
    {
      execnet_ssh_aside_answer (self->session->aside);
      return;
    }
  execnet_ssh_login_ask (self,
                         EXECNET_QUESTION_PROMPT,
                         g_ptr_array_index (prompts->prompts, prompts->answers->len),
                         FALSE,
                         on_prompt_answered);
}

static void
on_prompts (ExecnetSshSession *session, gpointer question, gpointer data)
{
  ExecnetSshLogin *self = data;

  self->prompts = question;
  self->n_prompts++;
  ask_next_prompt (self);
}

/* The other thread. An answer that was given is freed by the library. */
static void
give_answers (Prompts *prompts, LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses)
{
  for (guint i = 0; i < prompts->answers->len; i++)
    {
      const char *answer = g_ptr_array_index (prompts->answers, i);

      responses[i].text = strdup (answer);
      responses[i].length = strlen (answer);
    }
}

static LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC (on_library_asks)
{
  ExecnetSshSession *session = *abstract;
  Prompts *asked = g_new0 (Prompts, 1);

  asked->prompts = g_ptr_array_new_with_free_func (g_free);
  asked->answers = g_ptr_array_new_with_free_func ((GDestroyNotify) execnet_secret_free);
  for (int i = 0; i < num_prompts; i++)
    g_ptr_array_add (asked->prompts,
                     g_strdup_printf ("%.*s%s%.*s",
                                      instruction_len,
                                      instruction_len > 0 ? instruction : "",
                                      instruction_len > 0 ? "\n" : "",
                                      (int) prompts[i].length,
                                      prompts[i].text));

  if (num_prompts == 0
      || (execnet_ssh_aside_ask (session->aside, asked) && !asked->is_refused))
    give_answers (asked, responses);
  prompts_free (asked);
}

static int
run_keyboard (ExecnetSshSession *session, gpointer data)
{
  const char *user = session->options->user;

  return libssh2_userauth_keyboard_interactive_ex (
      session->ssh, user, strlen (user), on_library_asks);
}

static gboolean begin_keyboard (ExecnetSshLogin *self);

static void
on_keyboard_done (ExecnetSshSession *session, int code, gpointer data)
{
  ExecnetSshLogin *self = data;

  self->prompts = NULL;
  if (code == 0)
    {
      execnet_ssh_login_succeed (self);
      return;
    }
  if (execnet_ssh_login_check_loss (self, code))
    return;
  /* Only who has been asked can have been wrong. */
  if (self->n_prompts > 0 && self->interaction_error == NULL
      && ++self->n_rounds < session->options->number_of_password_prompts)
    {
      execnet_ssh_login_go_on (self, begin_keyboard);
      return;
    }
  execnet_ssh_login_note (self, _ ("keyboard-interactive"));
  execnet_ssh_login_next_method (self);
}

static gboolean
begin_keyboard (ExecnetSshLogin *self)
{
  self->step = NULL;
  self->n_prompts = 0;
  execnet_ssh_aside_begin (self->session, run_keyboard, on_prompts, on_keyboard_done, self);
  return FALSE;
}

gboolean
execnet_ssh_login_try_keyboard (ExecnetSshLogin *self)
{
  if (!self->session->options->kbd_interactive_authentication || !may_ask (self))
    return execnet_ssh_login_next_method (self);
  self->n_rounds = 0;
  return execnet_ssh_login_go_on (self, begin_keyboard);
}
