/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logging in with a key: those that an agent has, and those of the files. Of a file that is
 * encrypted the host is asked first whether it would take it, so that nobody is asked for a
 * passphrase in vain. */

#include "config.h"

#include "transport/execnet-ssh-login-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "transport/execnet-ssh-agent-private.h"
#include "transport/execnet-ssh-aside-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Which version of the library signs with RSA so that today's hosts take it. */
#define VERSION_WITH_RSA 0x010b00

/* One that can be offered: of a file, of an agent, or of both, which is then the agent's. */
typedef struct
{
  ExecnetSshKeyFile *file;
  ExecnetAgentIdentity *identity;
} LoginKey;

static gboolean try_key (ExecnetSshLogin *self);

static LoginKey *
add_key (ExecnetSshLogin *self, ExecnetSshKeyFile *file, ExecnetAgentIdentity *identity)
{
  LoginKey *key = g_new0 (LoginKey, 1);

  key->file = file;
  key->identity = identity;
  g_ptr_array_add (self->keys, key);
  return key;
}

void
execnet_ssh_login_free_key (gpointer data)
{
  LoginKey *key = data;

  g_clear_pointer (&key->file, execnet_ssh_key_file_free);
  g_clear_pointer (&key->identity, execnet_agent_identity_free);
  g_free (key);
}

static LoginKey *
get_key (ExecnetSshLogin *self)
{
  return self->n_key < self->keys->len ? g_ptr_array_index (self->keys, self->n_key) : NULL;
}

/* What there is */

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
note_only_openssh (ExecnetSshLogin *self, const char *name, const char *type)
{
  execnet_trace ("ssh %s: the library can't use %s (%s)", self->session->name, name, type);
  if (self->only_openssh->len > 0)
    g_string_append (self->only_openssh, ", ");
  g_string_append_printf (self->only_openssh, "“%s” (%s)", name, type);
}

static void
load_files (ExecnetSshLogin *self)
{
  char **paths = self->session->options->identity_files;

  for (guint i = 0; paths[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ExecnetSshKeyFile) file = execnet_ssh_key_file_load (paths[i], &error);

      if (error != NULL)
        execnet_ssh_login_note (self, error->message);
      if (file != NULL)
        add_key (self, g_steal_pointer (&file), NULL);
    }
}

static LoginKey *
find_file_of (ExecnetSshLogin *self, ExecnetAgentIdentity *identity)
{
  for (guint i = 0; i < self->keys->len; i++)
    {
      LoginKey *key = g_ptr_array_index (self->keys, i);

      if (key->file != NULL && key->identity == NULL && key->file->public_key != NULL
          && g_bytes_equal (key->file->public_key, identity->key))
        return key;
    }
  return NULL;
}

static void
take_identities (ExecnetSshLogin *self, GPtrArray *identities)
{
  g_ptr_array_set_free_func (identities, NULL);
  for (guint i = 0; i < identities->len; i++)
    {
      ExecnetAgentIdentity *identity = g_ptr_array_index (identities, i);
      LoginKey *key = find_file_of (self, identity);

      if (key != NULL)
        key->identity = identity;
      else if (!self->session->options->identities_only)
        add_key (self, NULL, identity);
      else
        execnet_agent_identity_free (identity);
    }
}

/* As OpenSSH's client: keys of files that the agent has, others that it has, other files. */
static int
rank (LoginKey *key)
{
  if (key->identity == NULL)
    return 2;
  return key->file != NULL ? 0 : 1;
}

static void
sort_keys (ExecnetSshLogin *self)
{
  g_autoptr (GPtrArray) unsorted = g_steal_pointer (&self->keys);

  self->keys = g_ptr_array_new_with_free_func (execnet_ssh_login_free_key);
  g_ptr_array_set_free_func (unsorted, NULL);
  for (int wanted = 0; wanted <= 2; wanted++)
    {
      for (guint i = 0; i < unsorted->len; i++)
        {
          if (rank (g_ptr_array_index (unsorted, i)) == wanted)
            g_ptr_array_add (self->keys, g_ptr_array_index (unsorted, i));
        }
    }
}

/* What became of a key */

static char *
dup_key_name (ExecnetSshLogin *self, LoginKey *key)
{
  if (key->identity == NULL)
    return g_filename_display_name (key->file->path);
  return g_strdup_printf (self->has_refused ? _ ("“%s” of the agent, which refused to sign")
                                            : _ ("“%s” of the agent"),
                          key->identity->comment);
}

static gboolean
go_to_next_key (ExecnetSshLogin *self)
{
  self->n_key++;
  self->n_prompts = 0;
  self->is_key_accepted = FALSE;
  self->has_refused = FALSE;
  g_clear_pointer (&self->secret, execnet_secret_free);
  return execnet_ssh_login_go_on (self, try_key);
}

static gboolean
take_result (ExecnetSshLogin *self, int code)
{
  g_autofree char *name = dup_key_name (self, get_key (self));

  if (code == 0)
    return execnet_ssh_login_succeed (self);
  if (execnet_ssh_login_check_loss (self, code))
    return FALSE;
  execnet_ssh_login_note (self, name);
  go_to_next_key (self);
  /* After a signature: it may have been taken as the first of several steps. */
  if (code == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED)
    return execnet_ssh_login_ask_methods (self);
  return TRUE;
}

/* Files */

static int
offer_file (ExecnetSshSession *session, ExecnetSshKeyFile *file, const char *passphrase)
{
  const char *user = session->options->user;

  return libssh2_userauth_publickey_frommemory (
      session->ssh, user, strlen (user), NULL, 0, file->contents, file->length, passphrase);
}

static gboolean
try_plain_file (ExecnetSshLogin *self)
{
  int code = offer_file (self->session, get_key (self)->file, NULL);

  if (code == LIBSSH2_ERROR_EAGAIN)
    return FALSE;
  return take_result (self, code);
}

/* Encrypted files: to work the key out is made to take long. */

static gboolean ask_passphrase (ExecnetSshLogin *self);

/* The other thread. */
static int
offer_encrypted_file (ExecnetSshSession *session, gpointer data)
{
  ExecnetSshLogin *self = data;

  return offer_file (session, get_key (self)->file, self->secret);
}

static gboolean
is_about_file (int code)
{
  return code == LIBSSH2_ERROR_FILE || code == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED
         || code == LIBSSH2_ERROR_METHOD_NOT_SUPPORTED || code == LIBSSH2_ERROR_DECRYPT
         || code == LIBSSH2_ERROR_PROTO;
}

static void
on_offered (ExecnetSshSession *session, int code, gpointer data)
{
  ExecnetSshLogin *self = data;

  g_clear_pointer (&self->secret, execnet_secret_free);
  if (!is_about_file (code))
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
  self->secret = secret;
  if (secret != NULL)
    execnet_ssh_aside_begin (session, offer_encrypted_file, NULL, on_offered, self);
  else if (execnet_ssh_login_take_refusal (self, error))
    go_to_next_key (self);
  execnet_ssh_session_pump (session);
}

static gboolean
ask_passphrase (ExecnetSshLogin *self)
{
  if (self->session->options->batch_mode)
    return take_result (self, LIBSSH2_ERROR_FILE);
  execnet_ssh_login_ask (self,
                         EXECNET_QUESTION_PASSPHRASE,
                         get_key (self)->file->path,
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

static int
offer_public_key (ExecnetSshLogin *self,
                  GBytes *key,
                  LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC ((*sign)))
{
  gpointer abstract = self;

  return libssh2_userauth_publickey (self->session->ssh,
                                     self->session->options->user,
                                     g_bytes_get_data (key, NULL),
                                     g_bytes_get_size (key),
                                     sign,
                                     &abstract);
}

static gboolean
probe_file (ExecnetSshLogin *self)
{
  int code = offer_public_key (self, get_key (self)->file->public_key, on_accepted);

  if (code == LIBSSH2_ERROR_EAGAIN)
    return FALSE;
  if (self->is_key_accepted)
    return execnet_ssh_login_go_on (self, ask_passphrase);
  return take_result (self, code);
}

/* The agent signs, which may take long: it can ask a person by itself. */

static void
on_signed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshSession) session = data;
  g_autoptr (GError) error = NULL;
  GBytes *signature = execnet_ssh_agent_sign_finish (result, &error);

  if (session->login == NULL)
    {
      g_clear_pointer (&signature, g_bytes_unref);
      return;
    }
  if (signature == NULL)
    execnet_trace ("ssh %s: %s", session->name, error->message);
  session->login->signature = signature;
  session->login->signing = EXECNET_SSH_SIGNED;
  execnet_ssh_session_pump (session);
}

/* The library adds the type by itself. */
static int
give_signature (ExecnetSshLogin *self, unsigned char **bytes, size_t *length)
{
  g_autoptr (GBytes) signature = g_steal_pointer (&self->signature);
  g_autofree guint8 *inner = NULL;

  self->signing = EXECNET_SSH_NOT_SIGNING;
  self->has_refused = signature == NULL;
  if (signature == NULL)
    return -1;
  inner = execnet_ssh_dup_signature_bytes (signature, length);
  if (inner == NULL)
    return -1;
  *bytes = malloc (*length);
  memcpy (*bytes, inner, *length);
  return 0;
}

static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC (on_agent_must_sign)
{
  ExecnetSshLogin *self = *abstract;
  g_autoptr (GBytes) bytes = NULL;

  if (self->signing == EXECNET_SSH_SIGNED)
    return give_signature (self, sig, sig_len);
  if (self->signing == EXECNET_SSH_NOT_SIGNING)
    {
      bytes = g_bytes_new (data, data_len);
      self->signing = EXECNET_SSH_SIGNING;
      execnet_ssh_agent_sign_async (self->session->options->identity_agent,
                                    get_key (self)->identity->key,
                                    bytes,
                                    0,
                                    self->cancellable,
                                    on_signed,
                                    execnet_ssh_session_ref (self->session));
    }
  return LIBSSH2_ERROR_EAGAIN;
}

static gboolean
try_identity (ExecnetSshLogin *self)
{
  int code = offer_public_key (self, get_key (self)->identity->key, on_agent_must_sign);

  if (code == LIBSSH2_ERROR_EAGAIN)
    return FALSE;
  return take_result (self, code);
}

/* All */

static gboolean
try_key (ExecnetSshLogin *self)
{
  LoginKey *key = get_key (self);
  const char *type;

  if (key == NULL)
    return execnet_ssh_login_next_method (self);
  type = key->identity != NULL ? key->identity->type : key->file->type;
  if (!can_use (type))
    {
      g_autofree char *name = dup_key_name (self, key);

      note_only_openssh (self, name, type);
      return go_to_next_key (self);
    }
  if (key->identity != NULL)
    return execnet_ssh_login_go_on (self, try_identity);
  if (!key->file->is_encrypted)
    return execnet_ssh_login_go_on (self, try_plain_file);
  if (key->file->public_key != NULL)
    return execnet_ssh_login_go_on (self, probe_file);
  return execnet_ssh_login_go_on (self, ask_passphrase);
}

static void
on_agent_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshSession) session = data;
  ExecnetSshLogin *self = session->login;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) identities = execnet_ssh_agent_list_finish (result, &error);

  if (self == NULL)
    return;
  if (identities != NULL)
    take_identities (self, identities);
  else
    execnet_trace ("ssh %s: %s", session->name, error->message);
  sort_keys (self);
  execnet_ssh_login_go_on (self, try_key);
  execnet_ssh_session_pump (session);
}

gboolean
execnet_ssh_login_try_keys (ExecnetSshLogin *self)
{
  ExecnetSshSession *session = self->session;

  if (!session->options->pubkey_authentication)
    return execnet_ssh_login_next_method (self);
  if (self->has_keys)
    return execnet_ssh_login_go_on (self, try_key);
  self->has_keys = TRUE;
  load_files (self);
  if (session->options->identity_agent == NULL)
    return execnet_ssh_login_go_on (self, try_key);
  self->step = NULL;
  execnet_ssh_agent_list_async (session->options->identity_agent,
                                self->cancellable,
                                on_agent_listed,
                                execnet_ssh_session_ref (session));
  return FALSE;
}
