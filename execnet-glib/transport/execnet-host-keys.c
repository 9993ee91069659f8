/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-host-keys-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"

#include <glib/gi18n-lib.h>

#include <string.h>
#include <unistd.h>

/* As many bytes as the hash has. */
#define SALT_LENGTH 20

struct _ExecnetHostKeys
{
  grefcount refs;
  ExecnetSshOptions *options;
  ExecnetKnownHosts *known;
  char *name;  /* in the files */
  char *shown; /* in messages */
};

/* For the thread that reads: the options belong to the other one. */
typedef struct
{
  char **user_files;
  char **global_files;
} Files;

static void
files_free (gpointer data)
{
  Files *files = data;

  g_strfreev (files->user_files);
  g_strfreev (files->global_files);
  g_free (files);
}

ExecnetHostKeys *
execnet_host_keys_ref (ExecnetHostKeys *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

void
execnet_host_keys_unref (ExecnetHostKeys *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;
  execnet_ssh_options_unref (self->options);
  execnet_known_hosts_free (self->known);
  g_free (self->name);
  g_free (self->shown);
  g_free (self);
}

/* Takes the known hosts over. */
static ExecnetHostKeys *
host_keys_new (ExecnetSshOptions *options, ExecnetKnownHosts *known)
{
  ExecnetHostKeys *self = g_new0 (ExecnetHostKeys, 1);

  g_ref_count_init (&self->refs);
  self->options = execnet_ssh_options_ref (options);
  self->known = known;
  self->name = options->host_key_alias != NULL
                   ? execnet_known_hosts_dup_name (options->host_key_alias, 0)
                   : execnet_known_hosts_dup_name (options->host_name, options->port);
  self->shown = execnet_known_hosts_dup_name (options->host_name, options->port);
  return self;
}

/* Loading. */

static void
read_files (ExecnetKnownHosts *known, char **files)
{
  for (guint i = 0; files != NULL && files[i] != NULL; i++)
    {
      g_autoptr (GBytes) bytes = execnet_host_keys_read_file (files[i]);
      gsize length;
      const char *text;

      if (bytes == NULL)
        continue;
      text = g_bytes_get_data (bytes, &length);
      execnet_known_hosts_add_text (known, files[i], text, length);
    }
}

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Files *files = data;
  ExecnetKnownHosts *known = execnet_known_hosts_new ();

  read_files (known, files->user_files);
  read_files (known, files->global_files);
  g_task_return_pointer (task, known, (GDestroyNotify) execnet_known_hosts_free);
}

static void
on_loaded (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  ExecnetSshOptions *options = g_task_get_task_data (task);
  GError *error = NULL;
  ExecnetKnownHosts *known = g_task_propagate_pointer (G_TASK (result), &error);

  if (known == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task,
                           host_keys_new (options, known),
                           (GDestroyNotify) execnet_host_keys_unref);
}

void
execnet_host_keys_load_async (ExecnetSshOptions *options,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  g_autoptr (GTask) reading = g_task_new (NULL, cancellable, on_loaded, task);
  Files *files = g_new0 (Files, 1);

  g_task_set_source_tag (task, execnet_host_keys_load_async);
  g_task_set_task_data (
      task, execnet_ssh_options_ref (options), (GDestroyNotify) execnet_ssh_options_unref);
  files->user_files = g_strdupv (options->user_known_hosts_files);
  files->global_files = g_strdupv (options->global_known_hosts_files);
  g_task_set_task_data (reading, files, files_free);
  /* A file system may hang. */
  g_task_set_return_on_cancel (reading, TRUE);
  g_task_run_in_thread (reading, load_in_thread);
}

ExecnetHostKeys *
execnet_host_keys_load_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_host_keys_load_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

char **
execnet_host_keys_dup_types (ExecnetHostKeys *self)
{
  return execnet_known_hosts_dup_key_types (self->known, self->name);
}

/* Checking. */

typedef struct
{
  ExecnetHostKeys *keys;
  GBytes *key;
  char *subject; /* "ED25519 SHA256:…" */
  gboolean is_trusted;
} Check;

static void
check_free (gpointer data)
{
  Check *check = data;

  execnet_host_keys_unref (check->keys);
  g_bytes_unref (check->key);
  g_free (check->subject);
  g_free (check);
}

static char *
describe_key (GBytes *key)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (key, &length);
  g_autofree char *type = execnet_ssh_key_dup_type (bytes, length);
  g_autofree char *fingerprint = execnet_ssh_key_dup_fingerprint (bytes, length);

  return g_strdup_printf (
      "%s %s", type != NULL ? execnet_ssh_key_type_get_name (type) : "?", fingerprint);
}

static GError *
new_changed_error (Check *check, const ExecnetHostKeyLine *line)
{
  g_autofree char *known = describe_key (line->key);

  return g_error_new (
      EXECNET_ERROR,
      EXECNET_ERROR_HOST_KEY_CHANGED,
      _ ("The host “%s” shows another key than the known one: it is %s, and “%s” has %s in line %u. "
         "Somebody may be listening in, or the host was set up anew. If its administrator tells the "
         "new fingerprint, remove the old key with: ssh-keygen -f '%s' -R '%s'"),
      check->keys->shown,
      check->subject,
      line->file,
      known,
      line->line,
      line->file,
      check->keys->name);
}

static GError *
new_revoked_error (Check *check, const ExecnetHostKeyLine *line)
{
  return g_error_new (
      EXECNET_ERROR,
      EXECNET_ERROR_HOST_KEY_CHANGED,
      _ ("The host “%s” shows a key that is revoked (%s) by line %u of “%s”. It must not be trusted: "
         "ask the host's administrator for its new key."),
      check->keys->shown,
      check->subject,
      line->line,
      line->file);
}

static GError *
new_unknown_error (Check *check)
{
  return g_error_new (
      EXECNET_ERROR,
      EXECNET_ERROR_HOST_KEY_UNKNOWN,
      _ ("The key of the host “%s” is not known: %s. The ssh options let nobody be asked: add the key "
         "to the known hosts, or set “StrictHostKeyChecking” to “ask” without “BatchMode”."),
      check->keys->shown,
      check->subject);
}

static GError *
new_authority_error (Check *check)
{
  return g_error_new (G_IO_ERROR,
                      G_IO_ERROR_NOT_SUPPORTED,
                      _ ("The host “%s” is known by certificates alone, which only the OpenSSH client "
                         "can check. It showed the key %s."),
                      check->keys->shown,
                      check->subject);
}

/* Remembering. */

static void
append_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  char **file_and_line = data;
  GError *error = NULL;

  if (execnet_host_keys_append (file_and_line[0], file_and_line[1], &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* It was accepted: a file that can't be written is no reason to stop. */
static void
on_appended (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    execnet_trace ("%s", error->message);
  g_task_return_boolean (task, TRUE);
}

static char *
make_line (Check *check)
{
  gsize length;
  const guint8 *key = g_bytes_get_data (check->key, &length);
  guint8 salt[SALT_LENGTH];

  if (!check->keys->options->hash_known_hosts)
    return execnet_known_hosts_make_line (check->keys->name, key, length, NULL, 0);
  if (getentropy (salt, sizeof salt) < 0)
    return NULL;
  return execnet_known_hosts_make_line (check->keys->name, key, length, salt, sizeof salt);
}

/* Takes the task over. */
static void
remember (GTask *task)
{
  Check *check = g_task_get_task_data (task);
  char **files = check->keys->options->user_known_hosts_files;
  g_autofree char *line = make_line (check);
  g_autoptr (GTask) writing = NULL;
  char **file_and_line;

  if (line == NULL || files == NULL || files[0] == NULL)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  execnet_known_hosts_add_text (check->keys->known, files[0], line, strlen (line));
  writing = g_task_new (NULL, NULL, on_appended, task);
  file_and_line = g_new0 (char *, 3);
  file_and_line[0] = g_strdup (files[0]);
  file_and_line[1] = g_steal_pointer (&line);
  g_task_set_task_data (writing, file_and_line, (GDestroyNotify) g_strfreev);
  g_task_run_in_thread (writing, append_in_thread);
}

static void
on_confirmed (GObject *object, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  GError *error = NULL;

  if (execnet_questions_confirm_finish (NULL, result, &error))
    {
      remember (task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
ask (GTask *task, ExecnetQuestions *questions, ExecnetTransport *transport)
{
  Check *check = g_task_get_task_data (task);
  const ExecnetQuestion question = { .kind = EXECNET_QUESTION_HOST_KEY,
                                     .host = check->keys->shown,
                                     .user = check->keys->options->user,
                                     .subject = check->subject };

  execnet_questions_ask_async (
      questions, transport, &question, g_task_get_cancellable (task), on_confirmed, task);
}

/* Each of the following takes the task over. */

static void
return_error (GTask *task, GError *error)
{
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
check_unknown (GTask *task,
               gboolean has_authority,
               ExecnetQuestions *questions,
               ExecnetTransport *transport)
{
  Check *check = g_task_get_task_data (task);
  ExecnetSshOptions *options = check->keys->options;

  if (has_authority)
    {
      return_error (task, new_authority_error (check));
      return;
    }
  switch (options->host_key_check)
    {
    case EXECNET_SSH_HOST_KEY_STRICT:
      return_error (task, new_unknown_error (check));
      break;
    case EXECNET_SSH_HOST_KEY_ASK:
      if (options->batch_mode)
        return_error (task, new_unknown_error (check));
      else
        ask (task, questions, transport);
      break;
    case EXECNET_SSH_HOST_KEY_ACCEPT_NEW:
    case EXECNET_SSH_HOST_KEY_ANY:
      execnet_trace ("%s: its key %s is new", check->keys->shown, check->subject);
      remember (task);
      break;
    }
}

static void
check_changed (GTask *task, const ExecnetHostKeyLine *line)
{
  Check *check = g_task_get_task_data (task);
  GError *error = new_changed_error (check, line);

  if (check->keys->options->host_key_check != EXECNET_SSH_HOST_KEY_ANY)
    {
      return_error (task, error);
      return;
    }
  execnet_trace ("%s", error->message);
  g_clear_error (&error);
  check->is_trusted = FALSE;
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* Seen from elsewhere, "localhost" is another machine. */
static gboolean
is_this_machine (const ExecnetSshOptions *options)
{
  const char *host = options->host_name;
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  if (options->jump != NULL || options->proxy_command != NULL || options->host_key_alias != NULL)
    return FALSE;

  return address != NULL ? g_inet_address_get_is_loopback (address)
                         : g_ascii_strcasecmp (host, "localhost") == 0;
}

void
execnet_host_keys_check_async (ExecnetHostKeys *self,
                               GBytes *key,
                               ExecnetQuestions *questions,
                               ExecnetTransport *transport,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Check *check = g_new0 (Check, 1);
  ExecnetHostKeyLine line = { 0 };
  ExecnetHostKeyStatus status;

  check->keys = execnet_host_keys_ref (self);
  check->key = g_bytes_ref (key);
  check->subject = describe_key (key);
  check->is_trusted = TRUE;
  g_task_set_source_tag (task, execnet_host_keys_check_async);
  g_task_set_task_data (task, check, check_free);

  status = execnet_known_hosts_look_up (
      self->known, self->name, g_bytes_get_data (key, NULL), g_bytes_get_size (key), &line);
  if (status != EXECNET_HOST_KEY_REVOKED && self->options->no_host_authentication_for_localhost
      && is_this_machine (self->options))
    status = EXECNET_HOST_KEY_OK;
  switch (status)
    {
    case EXECNET_HOST_KEY_OK:
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      break;
    case EXECNET_HOST_KEY_UNKNOWN:
      check_unknown (task, line.has_authority, questions, transport);
      break;
    case EXECNET_HOST_KEY_CHANGED:
      check_changed (task, &line);
      break;
    case EXECNET_HOST_KEY_REVOKED:
      return_error (task, new_revoked_error (check, &line));
      break;
    }
}

gboolean
execnet_host_keys_check_finish (GAsyncResult *result, gboolean *is_trusted, GError **error)
{
  Check *check;

  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_host_keys_check_async), FALSE);

  check = g_task_get_task_data (G_TASK (result));
  if (is_trusted != NULL)
    *is_trusted = check->is_trusted;
  return g_task_propagate_boolean (G_TASK (result), error);
}
