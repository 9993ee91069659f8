/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-host-keys-private.h"
#include "transport/execnet-questions-private.h"
#include "transport/execnet-ssh-key-file-private.h"
#include "transport/execnet-ssh-session-private.h"

G_BEGIN_DECLS

/* How a session comes up: the handshake, the host's key, and who we are. Each step repeats one call
 * of the library until it is done, and says which is next.
 *
 * Belongs to the session's thread. */

/* FALSE when it has to wait: for input, or for an answer; who brings one sets the next step, and
 * pumps the session. */
typedef gboolean (*ExecnetSshLoginStep) (ExecnetSshLogin *self);

typedef enum
{
  EXECNET_SSH_NOT_SIGNING,
  EXECNET_SSH_SIGNING,
  EXECNET_SSH_SIGNED,
} ExecnetSshSigning;

struct _ExecnetSshLogin
{
  ExecnetSshSession *session; /* holds the login, not the other way round */
  GTask *task;
  GCancellable *cancellable; /* of what is asked; follows the task's */
  gulong cancelled_id;
  ExecnetQuestions *questions; /* may be NULL */
  ExecnetTransport *transport; /* who waits for it; may be NULL */
  ExecnetSshLoginStep step;    /* NULL while an answer is awaited */
  const char *doing;           /* for who asks why it takes so long; not translated yet */

  ExecnetHostKeys *host_keys; /* that are known */
  char **methods; /* what the host takes */
  guint n_method; /* our preferred one that is being tried */
  GString *tried; /* for the error */
  GString *only_openssh; /* what there would be, if the library could use it */
  GError *interaction_error; /* what would have been asked, had there been anybody to ask */

  /* Public keys: those that were found, and where we are in them. */
  gboolean has_keys;
  GPtrArray *keys; /* what they are knows execnet-ssh-login-keys.c */
  guint n_key;
  gboolean is_key_accepted;
  ExecnetSecret *secret; /* passphrase or password that is being tried */
  ExecnetSshSigning signing; /* what the agent does */
  GBytes *signature;
  gboolean has_refused; /* the agent, to sign with the key */
  guint n_prompts;
  guint n_rounds;
  gpointer prompts; /* what the host asks; the other thread's */
  gboolean is_unsafe; /* the host's key is not the known one: passwords stay here */
};

void execnet_ssh_session_login_async (ExecnetSshSession *session,
                                      ExecnetQuestions *questions,
                                      ExecnetTransport *transport,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);

/* Fails with G_IO_ERROR_NOT_SUPPORTED where the library can't do what the host or the keys want, and
 * the OpenSSH client may. */
gboolean execnet_ssh_session_login_finish (GAsyncResult *result, GError **error);

/* For the session. */
void execnet_ssh_login_continue (ExecnetSshLogin *self);
void execnet_ssh_login_lose (ExecnetSshLogin *self, const GError *error);
char *execnet_ssh_login_describe (ExecnetSshLogin *self);

/* For the steps, in several files. */

/* The next one: what they return. */
gboolean execnet_ssh_login_go_on (ExecnetSshLogin *self, ExecnetSshLoginStep step);

/* Ends it; takes the error over. */
gboolean execnet_ssh_login_fail (ExecnetSshLogin *self, GError *error);
gboolean execnet_ssh_login_succeed (ExecnetSshLogin *self);

/* TRUE when the code says that the session was lost, which ends the login. */
gboolean execnet_ssh_login_check_loss (ExecnetSshLogin *self, int code);

/* The method has nothing more to try. */
gboolean execnet_ssh_login_next_method (ExecnetSshLogin *self);

/* The host took what was tried, and wants more: what it takes now has to be asked for. */
gboolean execnet_ssh_login_ask_methods (ExecnetSshLogin *self);

/* Notes what was tried. */
void execnet_ssh_login_note (ExecnetSshLogin *self, const char *what);

/* Asks, and waits; see ExecnetQuestion. The callback's data is a reference on the session, whose login may be gone. */
void execnet_ssh_login_ask (ExecnetSshLogin *self,
                            ExecnetQuestionKind kind,
                            const char *subject,
                            gboolean again,
                            GAsyncReadyCallback callback);
ExecnetSecret *
execnet_ssh_login_take_answer (ExecnetSshSession *session, GAsyncResult *result, GError **error);
gboolean
execnet_ssh_login_take_yes (ExecnetSshSession *session, GAsyncResult *result, GError **error);

/* There is no answer: takes the error over. TRUE when another way to get in may be tried; else the
 * login has ended. */
gboolean execnet_ssh_login_take_refusal (ExecnetSshLogin *self, GError *error);

gboolean execnet_ssh_login_load_host_keys (ExecnetSshLogin *self);
gboolean execnet_ssh_login_shake_hands (ExecnetSshLogin *self);
gboolean execnet_ssh_login_check_host_key (ExecnetSshLogin *self);
void execnet_ssh_login_free_key (gpointer key);
gboolean execnet_ssh_login_try_keys (ExecnetSshLogin *self);
gboolean execnet_ssh_login_try_password (ExecnetSshLogin *self);
gboolean execnet_ssh_login_try_keyboard (ExecnetSshLogin *self);

G_END_DECLS
