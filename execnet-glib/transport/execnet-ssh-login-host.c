/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether the host's key is the right one. A host has several, and shows one of the first type that
 * it is asked for: so those come first by which it is known. */

#include "config.h"

#include "transport/execnet-ssh-login-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What the library can check, the preferred first. */
static const char *const key_types[] = { "ssh-ed25519",
                                         "ecdsa-sha2-nistp256",
                                         "ecdsa-sha2-nistp384",
                                         "ecdsa-sha2-nistp521",
                                         "ssh-rsa",
                                         NULL };

static void
append_types (GString *list, const char *const *types, const char *const *allowed)
{
  for (guint i = 0; types[i] != NULL; i++)
    {
      if (!g_strv_contains (key_types, types[i]) || strstr (list->str, types[i]) != NULL
          || (allowed != NULL && !g_strv_contains (allowed, types[i])))
        continue;
      if (list->len > 0)
        g_string_append_c (list, ',');
      g_string_append (list, types[i]);
    }
}

static GError *
new_types_error (ExecnetSshSession *session, char **types)
{
  g_autofree char *names = g_strjoinv (", ", types);

  return g_error_new (G_IO_ERROR,
                      G_IO_ERROR_NOT_SUPPORTED,
                      _ ("It can't check a key of the host “%s” that is of one of the types %s."),
                      session->name,
                      names);
}

/* NULL when there are types that the host can be asked for; else the OpenSSH client has to check
 * its key: another key than the known one would look as if somebody was in between. */
static GError *
set_preferred_types (ExecnetSshLogin *self)
{
  ExecnetSshSession *session = self->session;
  const char *wanted = session->options->host_key_algorithms;
  g_auto (GStrv) allowed = wanted != NULL ? g_strsplit (wanted, ",", -1) : NULL;
  g_auto (GStrv) known = execnet_host_keys_dup_types (self->host_keys);
  g_autoptr (GString) list = g_string_new (NULL);

  append_types (list, (const char *const *) known, (const char *const *) allowed);
  if (known[0] != NULL && list->len == 0)
    return new_types_error (session, known);
  append_types (list, allowed != NULL ? (const char *const *) allowed : key_types, NULL);
  if (list->len == 0)
    return new_types_error (session, allowed);
  execnet_trace ("ssh %s: host keys %s", session->name, list->str);
  libssh2_session_method_pref (session->ssh, LIBSSH2_METHOD_HOSTKEY, list->str);
  return NULL;
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshSession) session = data;
  ExecnetSshLogin *self = session->login;
  g_autoptr (GError) error = NULL;
  ExecnetHostKeys *host_keys = execnet_host_keys_load_finish (result, &error);
  GError *unsupported;

  if (self == NULL)
    {
      g_clear_pointer (&host_keys, execnet_host_keys_unref);
      return;
    }
  /* It fails only when the login ends, too. */
  if (host_keys == NULL)
    return;
  self->host_keys = host_keys;
  unsupported = set_preferred_types (self);
  if (unsupported != NULL)
    {
      execnet_ssh_login_fail (self, unsupported);
      return;
    }
  execnet_ssh_login_go_on (self, execnet_ssh_login_shake_hands);
  execnet_ssh_session_pump (session);
}

gboolean
execnet_ssh_login_load_host_keys (ExecnetSshLogin *self)
{
  const char *names = self->session->unsupported;

  if (names != NULL)
    return execnet_ssh_login_fail (
        self,
        g_error_new (G_IO_ERROR,
                     G_IO_ERROR_NOT_SUPPORTED,
                     _ ("It has none of the algorithms that are allowed for the host “%s”: %s."),
                     self->session->name,
                     names));
  self->step = NULL;
  execnet_host_keys_load_async (self->session->options,
                                self->cancellable,
                                on_loaded,
                                execnet_ssh_session_ref (self->session));
  return FALSE;
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetSshSession) session = data;
  ExecnetSshLogin *self = session->login;
  GError *error = NULL;
  gboolean is_trusted = FALSE;
  gboolean is_right = execnet_host_keys_check_finish (result, &is_trusted, &error);

  if (session->asking_func != NULL)
    session->asking_func (session, FALSE, session->funcs_data);
  if (self == NULL)
    {
      g_clear_error (&error);
      return;
    }
  self->is_unsafe = !is_trusted;
  if (is_right)
    execnet_ssh_login_ask_methods (self);
  else
    execnet_ssh_login_fail (self, error);
  execnet_ssh_session_pump (session);
}

gboolean
execnet_ssh_login_check_host_key (ExecnetSshLogin *self)
{
  ExecnetSshSession *session = self->session;
  g_autoptr (GBytes) key = NULL;
  gsize length;
  int type;
  const char *bytes = libssh2_session_hostkey (session->ssh, &length, &type);

  key = g_bytes_new (bytes, length);
  self->step = NULL;
  /* Whether it asks, nobody knows before it does: who shares the session waits as for a question. */
  if (session->asking_func != NULL)
    session->asking_func (session, TRUE, session->funcs_data);
  execnet_host_keys_check_async (self->host_keys,
                                 key,
                                 session->options->batch_mode ? NULL : self->questions,
                                 self->transport,
                                 self->cancellable,
                                 on_checked,
                                 execnet_ssh_session_ref (session));
  return FALSE;
}
