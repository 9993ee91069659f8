/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a gateway specification must be to make a gateway from it, beyond its form. */

#include "config.h"

#include "data/execnet-xspec-private.h"

#include "base/execnet-error.h"
#include "data/execnet-socket-address-private.h"

#include <glib/gi18n-lib.h>

/* Beyond what any system's niceness spans. */
#define NICE_LIMIT 100

/* What Linux takes as the idle time of a connection, in seconds. */
#define KEEPALIVE_LIMIT 32767

/* A day, in seconds: whoever wants to wait longer wants no limit. */
#define TIMEOUT_LIMIT 86400

static const char *const types[] = { "popen", "ssh", "vagrant_ssh", "socket" };
static const char *const execution_models[]
    = { "thread", "main_thread_only", "eventlet", "gevent", NULL };

static const char *const ssh_clients[] = { "libssh2", "openssh", NULL };

static const struct
{
  const char *key;
  const char *value_name; /* for the message; never translated, as the keys */
} keys_with_values[] = {
  { "ssh", "HOST" },         { "ssh_config", "FILE" }, { "vagrant_ssh", "NAME" },
  { "socket", "HOST:PORT" }, { "installvia", "ID" },   { "via", "ID" },
  { "python", "COMMAND" },   { "execmodel", "MODEL" }, { "chdir", "FOLDER" },
  { "nice", "NUMBER" },      { "id", "NAME" },         { "keepalive", "SECONDS" },
  { "token_file", "FILE" },  { "token_env", "NAME" },  { "tls_ca", "FILE" },
  { "ssh_client", "NAME" },  { "timeout", "SECONDS" },
};

static gboolean
check_type (ExecnetXSpec *self, GError **error)
{
  const char *found = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      if (!execnet_xspec_has (self, types[i]))
        continue;
      if (found != NULL)
        {
          g_set_error (error,
                       EXECNET_ERROR,
                       EXECNET_ERROR_INVALID_SPEC,
                       _ ("“%s” and “%s” exclude each other; keep one of them."),
                       found,
                       types[i]);
          return FALSE;
        }
      found = types[i];
    }
  if (found == NULL)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_INVALID_SPEC,
                 _ ("It does not say what kind of gateway to make; add popen, ssh=HOST, "
                    "vagrant_ssh=NAME or socket=HOST:PORT."));
  return found != NULL;
}

static gboolean
check_values (ExecnetXSpec *self, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys_with_values); i++)
    {
      const char *key = keys_with_values[i].key;
      const char *value = execnet_xspec_get (self, key);

      if (value == NULL || *value != '\0')
        continue;
      /* A server that is installed first may choose its address. */
      if (g_str_equal (key, "socket") && execnet_xspec_has (self, "installvia"))
        continue;
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_INVALID_SPEC,
                   _ ("“%s” needs a value; write %s=%s."),
                   key,
                   key,
                   keys_with_values[i].value_name);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_nice (ExecnetXSpec *self, GError **error)
{
  const char *nice = execnet_xspec_get (self, "nice");

  if (nice == NULL || g_ascii_string_to_signed (nice, 10, -NICE_LIMIT, NICE_LIMIT, NULL, NULL))
    return TRUE;
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_INVALID_SPEC,
               _ ("“nice=%s” is not a whole number from %d to %d; write for example nice=10."),
               nice,
               -NICE_LIMIT,
               NICE_LIMIT);
  return FALSE;
}

static gboolean
check_seconds (ExecnetXSpec *self, const char *key, guint limit, guint example, GError **error)
{
  const char *seconds = execnet_xspec_get (self, key);

  if (seconds == NULL || g_ascii_string_to_unsigned (seconds, 10, 0, limit, NULL, NULL))
    return TRUE;
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_INVALID_SPEC,
               _ ("“%s=%s” is not a whole number of seconds from 0 to %u; write for example "
                  "%s=%u, or %s=0 for none."),
               key,
               seconds,
               limit,
               key,
               example,
               key);
  return FALSE;
}

static gboolean
check_execmodel (ExecnetXSpec *self, GError **error)
{
  const char *model = execnet_xspec_get (self, "execmodel");

  if (model == NULL || g_strv_contains (execution_models, model))
    return TRUE;
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_INVALID_SPEC,
               _ ("“execmodel=%s” is not known; use thread, main_thread_only, eventlet or gevent."),
               model);
  return FALSE;
}

/* Keys that say how a socket server is talked to. */
static gboolean
check_socket_keys (ExecnetXSpec *self, const ExecnetSocketAddress *address, GError **error)
{
  const char *const keys[] = { "tls", "tls_ca", "token_file", "token_env" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (!execnet_xspec_has (self, keys[i]))
        continue;
      if (!execnet_xspec_has (self, "socket"))
        g_set_error (error,
                     EXECNET_ERROR,
                     EXECNET_ERROR_INVALID_SPEC,
                     _ ("“%s” is for socket servers; leave it out, or add socket=HOST:PORT."),
                     keys[i]);
      else if (address->path != NULL && g_str_has_prefix (keys[i], "tls"))
        g_set_error (error,
                     EXECNET_ERROR,
                     EXECNET_ERROR_INVALID_SPEC,
                     _ ("“%s” is not for sockets of this machine; leave it out."),
                     keys[i]);
      else
        continue;
      return FALSE;
    }
  if (!execnet_xspec_has (self, "token_file") || !execnet_xspec_has (self, "token_env"))
    return TRUE;
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_INVALID_SPEC,
               _ ("“token_file” and “token_env” exclude each other; keep one of them."));
  return FALSE;
}

static gboolean
check_socket (ExecnetXSpec *self, GError **error)
{
  g_auto (ExecnetSocketAddress) address = EXECNET_SOCKET_ADDRESS_INIT;
  const char *text = execnet_xspec_get (self, "socket");
  gboolean is_valid = TRUE;

  if (text != NULL && *text != '\0')
    is_valid = execnet_xspec_has (self, "installvia")
                   ? execnet_socket_address_parse_for_server (text, &address, error)
                   : execnet_socket_address_parse (text, &address, error);
  if (!is_valid)
    return FALSE;
  return check_socket_keys (self, &address, error);
}

static gboolean
check_ssh_client (ExecnetXSpec *self, GError **error)
{
  const char *client = execnet_xspec_get (self, "ssh_client");

  if (client == NULL || g_strv_contains (ssh_clients, client))
    return TRUE;
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_INVALID_SPEC,
               _ ("“ssh_client=%s” is not known; use libssh2 or openssh."),
               client);
  return FALSE;
}

static gboolean
check_python (ExecnetXSpec *self, GError **error)
{
  g_auto (GStrv) words = NULL;

  if (!execnet_xspec_has (self, "python"))
    return TRUE;
  words = execnet_xspec_split_python (self, error);
  return words != NULL;
}

static gboolean
check_options (ExecnetXSpec *self, GError **error)
{
  return check_values (self, error) && check_nice (self, error)
         && check_seconds (self, "keepalive", KEEPALIVE_LIMIT, 15, error)
         && check_seconds (self, "timeout", TIMEOUT_LIMIT, 30, error)
         && check_execmodel (self, error) && check_socket (self, error)
         && check_ssh_client (self, error) && check_python (self, error);
}

static gboolean
blame_spec (ExecnetXSpec *self, GError **error)
{
  g_autofree char *text = execnet_xspec_to_string (self);

  g_prefix_error (error, _ ("No gateway can be made from “%s”: "), text);
  return FALSE;
}

/* Any thread. */
gboolean
execnet_xspec_validate (ExecnetXSpec *self, GError **error)
{
  return (check_type (self, error) && check_options (self, error)) || blame_spec (self, error);
}

/* Any thread. */
gboolean
execnet_xspec_validate_options (ExecnetXSpec *self, GError **error)
{
  return check_options (self, error) || blame_spec (self, error);
}

/* Any thread. */
char **
execnet_xspec_split_python (ExecnetXSpec *self, GError **error)
{
  const char *python = execnet_xspec_get (self, "python");
  g_autoptr (GError) local_error = NULL;
  char **words = NULL;

  if (python == NULL || g_shell_parse_argv (python, NULL, &words, &local_error))
    return words;
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_INVALID_SPEC,
               _ ("“python=%s” can't be split into words as a shell does: %s; correct its quotes."),
               python,
               local_error->message);
  return NULL;
}
