/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-options-private.h"

#include "base/execnet-error.h"
#include "transport/execnet-ssh-expand-private.h"
#include "transport/execnet-ssh-reasons-private.h"
#include "transport/execnet-ssh-settings-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Where a user's keys usually are, in the order in which they are tried. */
static const char *const usual_identities[]
    = { "~/.ssh/id_rsa",        "~/.ssh/id_ecdsa", "~/.ssh/id_ecdsa_sk", "~/.ssh/id_ed25519",
        "~/.ssh/id_ed25519_sk", "~/.ssh/id_xmss",  "~/.ssh/id_dsa",      NULL };

#define USUAL_USER_KNOWN_HOSTS "~/.ssh/known_hosts ~/.ssh/known_hosts2"
#define USUAL_GLOBAL_KNOWN_HOSTS "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2"
#define USUAL_AUTHENTICATIONS "gssapi-with-mic,hostbased,publickey,keyboard-interactive,password"

/* Where to */

/* An address in brackets is given as an address. */
static char *
without_brackets (const char *host)
{
  gsize length = strlen (host);

  if (length > 2 && host[0] == '[' && host[length - 1] == ']')
    return g_strndup (host + 1, length - 2);
  return g_strdup (host);
}

static gboolean
read_host (ExecnetSshOptions *self, ExecnetSshSettings *settings, GError **error)
{
  const char *host_name = execnet_ssh_settings_get (settings, "hostname");
  const char *user = execnet_ssh_settings_get (settings, "user");

  self->host = without_brackets (self->target->host);
  self->host_name = g_strdup (self->host);
  self->user = g_strdup (user != NULL ? user : g_get_user_name ());
  self->port = 22;
  if (!execnet_ssh_settings_get_number (settings, "port", 1, 65535, &self->port, error))
    return FALSE;
  if (host_name != NULL)
    {
      char *expanded = execnet_ssh_expand_tokens (self, host_name, error);

      if (expanded == NULL)
        return FALSE;
      g_free (self->host_name);
      self->host_name = without_brackets (expanded);
      g_free (expanded);
    }
  return execnet_ssh_check_host (self->host_name, error)
         && execnet_ssh_check_user (self->user, error);
}

static gboolean
read_family (ExecnetSshOptions *self, ExecnetSshSettings *settings, GError **error)
{
  const char *family = execnet_ssh_settings_get (settings, "addressfamily");

  self->family = G_SOCKET_FAMILY_INVALID;
  if (family == NULL || strcmp (family, "any") == 0)
    return TRUE;
  if (strcmp (family, "inet") == 0)
    self->family = G_SOCKET_FAMILY_IPV4;
  else if (strcmp (family, "inet6") == 0)
    self->family = G_SOCKET_FAMILY_IPV6;
  else
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_INVALID_SPEC,
                 _ ("The ssh option “%s=%s” must be any, inet or inet6."),
                 "AddressFamily",
                 family);
  return self->family != G_SOCKET_FAMILY_INVALID;
}

static gboolean
read_connection (ExecnetSshOptions *self, ExecnetSshSettings *settings, GError **error)
{
  self->tcp_keepalive = TRUE;
  self->connection_attempts = 1;
  self->server_alive_count_max = 3;
  self->ciphers = g_strdup (execnet_ssh_settings_get (settings, "ciphers"));
  self->macs = g_strdup (execnet_ssh_settings_get (settings, "macs"));
  self->kex_algorithms = g_strdup (execnet_ssh_settings_get (settings, "kexalgorithms"));
  self->host_key_algorithms = g_strdup (execnet_ssh_settings_get (settings, "hostkeyalgorithms"));
  return read_family (self, settings, error)
         && execnet_ssh_settings_get_time (
             settings, "connecttimeout", &self->connect_timeout, error)
         && execnet_ssh_settings_get_number (
             settings, "connectionattempts", 1, 100, &self->connection_attempts, error)
         && execnet_ssh_settings_get_bool (settings, "tcpkeepalive", &self->tcp_keepalive, error)
         && execnet_ssh_settings_get_time (
             settings, "serveraliveinterval", &self->server_alive_interval, error)
         && execnet_ssh_settings_get_number (
             settings, "serveralivecountmax", 0, G_MAXINT, &self->server_alive_count_max, error)
         && execnet_ssh_settings_get_bool (settings, "compression", &self->compression, error);
}

/* Who one is */

static gboolean
is_usual (const char *identity)
{
  g_autofree char *home = g_strconcat (execnet_ssh_get_home (), "/", NULL);
  g_autofree char *short_form = NULL;

  if (g_str_has_prefix (identity, home))
    short_form = g_strconcat ("~/", identity + strlen (home), NULL);
  return g_strv_contains (usual_identities, short_form != NULL ? short_form : identity);
}

/* Adds the path, or, where only the OpenSSH client knows what it means, says so. */
static void
add_path (ExecnetSshOptions *self, GPtrArray *paths, const char *key, const char *path)
{
  g_autoptr (GError) error = NULL;
  char *expanded = execnet_ssh_expand_path (self, path, &error);

  if (expanded != NULL)
    g_ptr_array_add (paths, expanded);
  else
    g_ptr_array_add (self->only_openssh, g_strdup_printf ("%s=%s", key, path));
}

static char **
end_paths (GPtrArray *paths)
{
  g_ptr_array_add (paths, NULL);
  return (char **) g_ptr_array_free (paths, FALSE);
}

static void
read_identities (ExecnetSshOptions *self, ExecnetSshSettings *settings)
{
  GPtrArray *named = execnet_ssh_settings_get_all (settings, "identityfile");
  GPtrArray *paths = g_ptr_array_new ();

  for (guint i = 0; named != NULL && i < named->len; i++)
    {
      const char *identity = g_ptr_array_index (named, i);

      self->has_own_identities = self->has_own_identities || !is_usual (identity);
      if (strcmp (identity, "none") != 0)
        add_path (self, paths, "IdentityFile", identity);
    }
  for (guint i = 0; named == NULL && usual_identities[i] != NULL; i++)
    add_path (self, paths, "IdentityFile", usual_identities[i]);
  self->identity_files = end_paths (paths);
}

static void
read_agent (ExecnetSshOptions *self, ExecnetSshSettings *settings)
{
  GPtrArray *named = execnet_ssh_settings_get_all (settings, "identityagent");
  const char *agent = named != NULL ? g_ptr_array_index (named, 0) : "SSH_AUTH_SOCK";
  const char *value = agent;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  if (strcmp (agent, "none") == 0)
    return;
  if (strcmp (agent, "SSH_AUTH_SOCK") == 0)
    value = g_getenv ("SSH_AUTH_SOCK");
  else if (agent[0] == '$' && agent[1] != '{')
    value = g_getenv (agent + 1);
  if (value == NULL || *value == '\0')
    return;
  if (value != agent)
    {
      self->identity_agent = g_strdup (value);
      return;
    }
  add_path (self, paths, "IdentityAgent", agent);
  if (paths->len > 0)
    self->identity_agent = g_strdup (g_ptr_array_index (paths, 0));
}

static gboolean
read_authentication (ExecnetSshOptions *self, ExecnetSshSettings *settings, GError **error)
{
  const char *preferred = execnet_ssh_settings_get (settings, "preferredauthentications");

  self->pubkey_authentication = TRUE;
  self->password_authentication = TRUE;
  self->kbd_interactive_authentication = TRUE;
  self->number_of_password_prompts = 3;
  self->preferred_authentications
      = g_strsplit (preferred != NULL ? preferred : USUAL_AUTHENTICATIONS, ",", -1);
  read_identities (self, settings);
  read_agent (self, settings);
  return execnet_ssh_settings_get_bool (settings, "identitiesonly", &self->identities_only, error)
         && execnet_ssh_settings_get_bool (
             settings, "pubkeyauthentication", &self->pubkey_authentication, error)
         && execnet_ssh_settings_get_bool (
             settings, "passwordauthentication", &self->password_authentication, error)
         && execnet_ssh_settings_get_bool (
             settings, "kbdinteractiveauthentication", &self->kbd_interactive_authentication, error)
         && execnet_ssh_settings_get_number (settings,
                                             "numberofpasswordprompts",
                                             0,
                                             G_MAXINT,
                                             &self->number_of_password_prompts,
                                             error)
         && execnet_ssh_settings_get_bool (settings, "batchmode", &self->batch_mode, error);
}

/* Who the host is */

/* The client prints several files in one line, without quotes: a word that can't be the beginning
 * of a path goes on with the one before. */
static GPtrArray *
split_files (const char *text)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) quoted = NULL;
  g_auto (GStrv) words = NULL;

  if (strchr (text, '"') != NULL && g_shell_parse_argv (text, NULL, &quoted, NULL))
    {
      for (guint i = 0; quoted[i] != NULL; i++)
        g_ptr_array_add (files, g_strdup (quoted[i]));
      return files;
    }
  words = g_strsplit (text, " ", -1);
  for (guint i = 0; words[i] != NULL; i++)
    {
      char *last = files->len > 0 ? g_ptr_array_index (files, files->len - 1) : NULL;

      if (last == NULL || strchr ("/~$%", words[i][0]) != NULL)
        {
          if (*words[i] != '\0')
            g_ptr_array_add (files, g_strdup (words[i]));
          continue;
        }
      g_ptr_array_index (files, files->len - 1) = g_strconcat (last, " ", words[i], NULL);
      g_free (last);
    }
  return files;
}

static char **
read_files (ExecnetSshOptions *self,
            ExecnetSshSettings *settings,
            const char *key,
            const char *usual)
{
  GPtrArray *named = execnet_ssh_settings_get_all (settings, key);
  const char *text = named != NULL ? g_ptr_array_index (named, 0) : usual;
  g_autoptr (GPtrArray) files = split_files (text);
  GPtrArray *paths = g_ptr_array_new ();

  for (guint i = 0; i < files->len; i++)
    {
      const char *file = g_ptr_array_index (files, i);

      if (strcmp (file, "none") != 0)
        add_path (self, paths, key, file);
    }
  return end_paths (paths);
}

static gboolean
read_host_key_check (ExecnetSshOptions *self, ExecnetSshSettings *settings, GError **error)
{
  const char *check = execnet_ssh_settings_get (settings, "stricthostkeychecking");
  gboolean is_strict = FALSE;

  self->host_key_check = EXECNET_SSH_HOST_KEY_ASK;
  if (check == NULL || strcmp (check, "ask") == 0)
    return TRUE;
  if (strcmp (check, "accept-new") == 0)
    {
      self->host_key_check = EXECNET_SSH_HOST_KEY_ACCEPT_NEW;
      return TRUE;
    }
  if (!execnet_ssh_settings_get_bool (settings, "stricthostkeychecking", &is_strict, error))
    return FALSE;
  self->host_key_check = is_strict ? EXECNET_SSH_HOST_KEY_STRICT : EXECNET_SSH_HOST_KEY_ANY;
  return TRUE;
}

static gboolean
read_host_keys (ExecnetSshOptions *self, ExecnetSshSettings *settings, GError **error)
{
  self->user_known_hosts_files
      = read_files (self, settings, "userknownhostsfile", USUAL_USER_KNOWN_HOSTS);
  self->global_known_hosts_files
      = read_files (self, settings, "globalknownhostsfile", USUAL_GLOBAL_KNOWN_HOSTS);
  return read_host_key_check (self, settings, error)
         && execnet_ssh_settings_get_bool (
             settings, "hashknownhosts", &self->hash_known_hosts, error)
         && execnet_ssh_settings_get_bool (settings,
                                           "nohostauthenticationforlocalhost",
                                           &self->no_host_authentication_for_localhost,
                                           error);
}

/* How to get there */

static gboolean
read_proxy (ExecnetSshOptions *self, ExecnetSshSettings *settings, GError **error)
{
  const char *jumps = execnet_ssh_settings_get (settings, "proxyjump");
  const char *command = execnet_ssh_settings_get (settings, "proxycommand");

  if (jumps != NULL)
    {
      self->jump = execnet_ssh_target_new_for_jumps (self->target, jumps, error);
      return self->jump != NULL;
    }
  if (command == NULL)
    return TRUE;
  self->proxy_command = execnet_ssh_expand_tokens (self, command, error);
  return self->proxy_command != NULL;
}

/* The object */

static ExecnetSshOptions *
new_for_settings (ExecnetSshTarget *target, ExecnetSshSettings *settings, GError **error)
{
  g_autoptr (ExecnetSshOptions) self = g_new0 (ExecnetSshOptions, 1);

  g_ref_count_init (&self->refs);
  self->target = execnet_ssh_target_ref (target);
  self->only_openssh = g_ptr_array_new_with_free_func (g_free);
  self->host_key_alias = g_strdup (execnet_ssh_settings_get (settings, "hostkeyalias"));
  if (!read_host (self, settings, error) || !read_connection (self, settings, error)
      || !read_authentication (self, settings, error) || !read_host_keys (self, settings, error)
      || !read_proxy (self, settings, error))
    {
      g_prefix_error (error, _ ("The ssh options for “%s” can't be used: "), target->text);
      return NULL;
    }
  execnet_ssh_add_reasons (settings, self->only_openssh);
  for (guint i = 0; i < target->only_there->len; i++)
    g_ptr_array_add (self->only_openssh, g_strdup (g_ptr_array_index (target->only_there, i)));
  return g_steal_pointer (&self);
}

ExecnetSshOptions *
execnet_ssh_options_new_for_target (ExecnetSshTarget *target, GError **error)
{
  g_autoptr (ExecnetSshSettings) settings = execnet_ssh_settings_new_for_target (target);

  return new_for_settings (target, settings, error);
}

ExecnetSshOptions *
execnet_ssh_options_new_for_output (ExecnetSshTarget *target, const char *output, GError **error)
{
  g_autoptr (ExecnetSshSettings) settings = execnet_ssh_settings_new_for_output (output);

  return new_for_settings (target, settings, error);
}

static void
append_list (GString *key, char **list)
{
  g_autofree char *joined = g_strjoinv (" ", list);

  g_string_append_printf (key, "%s\n", joined);
}

char *
execnet_ssh_options_dup_session_key (ExecnetSshOptions *self)
{
  GString *key = g_string_new (NULL);

  g_string_append_printf (key,
                          "%s@%s:%u %s %d %d %u %u %s\n",
                          self->user,
                          self->host_name,
                          self->port,
                          self->host,
                          self->family,
                          self->compression,
                          self->server_alive_interval,
                          self->server_alive_count_max,
                          self->identity_agent);
  g_string_append_printf (key,
                          "%d %d %d %d %d %d %d %s\n",
                          self->identities_only,
                          self->pubkey_authentication,
                          self->password_authentication,
                          self->kbd_interactive_authentication,
                          self->host_key_check,
                          self->batch_mode,
                          self->no_host_authentication_for_localhost,
                          self->host_key_alias);
  g_string_append_printf (key,
                          "%s\n%s\n%s\n%s\n%s\n",
                          self->ciphers,
                          self->macs,
                          self->kex_algorithms,
                          self->host_key_algorithms,
                          self->proxy_command);
  append_list (key, self->identity_files);
  append_list (key, self->preferred_authentications);
  append_list (key, self->user_known_hosts_files);
  append_list (key, self->global_known_hosts_files);
  if (self->jump != NULL)
    {
      /* What the name of the host in between means says its configuration. */
      g_string_append_printf (key, "%s\n%s\n", self->jump->text, self->jump->config_file);
      append_list (key, self->jump->arguments);
    }
  return g_string_free (key, FALSE);
}

ExecnetSshOptions *
execnet_ssh_options_ref (ExecnetSshOptions *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

void
execnet_ssh_options_unref (ExecnetSshOptions *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;
  execnet_ssh_target_unref (self->target);
  g_free (self->host);
  g_free (self->host_name);
  g_free (self->user);
  g_strfreev (self->identity_files);
  g_free (self->identity_agent);
  g_strfreev (self->preferred_authentications);
  g_strfreev (self->user_known_hosts_files);
  g_strfreev (self->global_known_hosts_files);
  g_free (self->host_key_alias);
  g_free (self->ciphers);
  g_free (self->macs);
  g_free (self->kex_algorithms);
  g_free (self->host_key_algorithms);
  g_clear_pointer (&self->jump, execnet_ssh_target_unref);
  g_free (self->proxy_command);
  g_ptr_array_unref (self->only_openssh);
  g_free (self);
}
