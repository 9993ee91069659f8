/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logging in with a key: those of the files, in their order. Of a file that is encrypted the host is
 * asked first whether it would take it, so that nobody is asked for a passphrase in vain. */

#include "config.h"

#include "transport/execnet-ssh-login-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "transport/execnet-ssh-aside-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Which version of the library signs with RSA so that today's hosts take it. */
#define VERSION_WITH_RSA 0x010b00

static gboolean try_key (ExecnetSshLogin *self);

static ExecnetSshKeyFile *
get_key (ExecnetSshLogin *self)
{
  return self->n_key < self->key_files->len ? g_ptr_array_index (self->key_files, self->n_key) : NULL;
}

static gboolean
can_use (const char *type)
{
  if (type == NULL)
    return TRUE;
  if (g_str_equal (type, "ssh-rsa"))
    return libssh2_version (VERSION_WITH_RSA) != NULL;
  return g_str_equal (type, "ssh-ed25519") || g_str_equal (type, "ecdsa-sha2-nistp256")
         || g_str_equal (type, "ecdsa-sha2-nistp384") || g_str_equal (type, "ecdsa-sha2-nistp521");
}

static void
note_only_openssh (ExecnetSshLogin *self, const char *path, const char *type)
{
  execnet_trace ("ssh %s: the library can't use %s (%s)", self->session->name, path, type);
  if (self->only_openssh->len > 0)
    g_string_append (self->only_openssh, ", ");
  g_string_append_printf (self->only_openssh, "%s (%s)", path, type);
}

static void
load_keys (ExecnetSshLogin *self)
{
  char **paths = self->session->options->identity_files;

  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ExecnetSshKeyFile) key = execnet_ssh_key_file_load (paths[i], &error);

      if (error != NULL)
        execnet_ssh_login_note (self, error->message);
      if (key == NULL)
        continue;
      if (can_use (key->type))
        g_ptr_array_add (self->key_files, g_steal_pointer (&key));
      else
        note_only_openssh (self, key->path, key->type);
    }
}

/* What became of a key that the host was offered. */
static gboolean
take_result (ExecnetSshLogin *self, int code)
{
  ExecnetSshKeyFile *key = get_key (self);
  g_autofree char *name = g_filename_display_name (key->path);

  if (code == 0)
    return execnet_ssh_login_succeed (self);
  if (execnet_ssh_login_check_loss (self, code))
    return FALSE;
  execnet_ssh_login_note (self, name);
  self->n_key++;
  self->n_prompts = 0;
  g_clear_pointer (&self->secret, execnet_secret_free);
  /* After a signature: it may have been taken as the first of several steps. */
  if (code == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED)
    return execnet_ssh_login_ask_methods (self);
  return execnet_ssh_login_go_on (self, try_key);
}

static int
offer_key (ExecnetSshSession *session, ExecnetSshKeyFile *key, const char *passphrase)
{
  const char *user = session->options->user;

  return libssh2_userauth_publickey_frommemory (
      session->ssh, user, strlen (user), NULL, 0, key->contents, key->length, passphrase);
}

static gboolean
try_plain_key (ExecnetSshLogin *self)
{
  int code = offer_key (self->session, get_key (self), NULL);

  if (code == LIBSSH2_ERROR_EAGAIN)
    return FALSE;
  return take_result (self, code);
}

/* Encrypted keys: working the passphrase out is made to take long. */

static gboolean ask_passphrase (ExecnetSshLogin *self);

static int
offer_encrypted_key (ExecnetSshSession *session, gpointer data)
{
  ExecnetSshLogin *self = data;

  return offer_key (session, get_key (self), self->secret);
}

static void
on_offered (ExecnetSshSession *session, int code, gpointer data)
{
  ExecnetSshLogin *self = data;

  /* Anything else comes from the file: the passphrase is wrong. */
  if (code == 0 || code == LIBSSH2_ERROR_AUTHENTICATION_FAILED
      || code == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED || code == LIBSSH2_ERROR_SOCKET_RECV
      || code == LIBSSH2_ERROR_SOCKET_DISCONNECT || code == LIBSSH2_ERROR_SOCKET_SEND)
    take_result (self, code);
  else if (++self->n_prompts < session->options->number_of_password_prompts)
    execnet_ssh_login_go_on (self, ask_passphrase);
  else
    take_result (self, LIBSSH2_ERROR_FILE);
}

static void
on_passphrase (GObject *source, GAsyncResult *result, gpointer data)
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
  execnet_secret_free (self->secret);
  self->secret = secret;
  if (secret != NULL)
    execnet_ssh_aside_begin (session, offer_encrypted_key, NULL, on_offered, self);
  else if (execnet_ssh_login_take_refusal (self, error))
    take_result (self, LIBSSH2_ERROR_FILE);
  execnet_ssh_session_pump (session);
}

static gboolean
ask_passphrase (ExecnetSshLogin *self)
{
  execnet_ssh_login_ask (self,
                         EXECNET_QUESTION_PASSPHRASE,
                         get_key (self)->path,
                         self->n_prompts > 0,
                         on_passphrase);
  return FALSE;
}

/* The host would take the key: that is all that there is to know now. */
static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC (on_accepted)
{
  ExecnetSshLogin *self = *abstract;

  self->is_key_accepted = TRUE;
  return -1;
}

static gboolean
probe_key (ExecnetSshLogin *self)
{
  ExecnetSshKeyFile *key = get_key (self);
  gpointer abstract = self;
  int code;

  code = libssh2_userauth_publickey (self->session->ssh,
                                     self->session->options->user,
                                     g_bytes_get_data (key->public_key, NULL),
                                     g_bytes_get_size (key->public_key),
                                     on_accepted,
                                     &abstract);
  if (code == LIBSSH2_ERROR_EAGAIN)
    return FALSE;
  if (self->is_key_accepted)
    return execnet_ssh_login_go_on (self, ask_passphrase);
  return take_result (self, code);
}

/* All */

static gboolean
try_key (ExecnetSshLogin *self)
{
  ExecnetSshKeyFile *key = get_key (self);

  if (key == NULL)
    return execnet_ssh_login_next_method (self);
  self->is_key_accepted = FALSE;
  if (!key->is_encrypted)
    return execnet_ssh_login_go_on (self, try_plain_key);
  if (key->public_key != NULL)
    return execnet_ssh_login_go_on (self, probe_key);
  return execnet_ssh_login_go_on (self, ask_passphrase);
}

gboolean
execnet_ssh_login_try_keys (ExecnetSshLogin *self)
{
  if (!self->session->options->pubkey_authentication)
    return execnet_ssh_login_next_method (self);
  if (!self->has_keys)
    load_keys (self);
  self->has_keys = TRUE;
  return execnet_ssh_login_go_on (self, try_key);
}
