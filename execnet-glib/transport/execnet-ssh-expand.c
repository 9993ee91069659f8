/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-expand-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define MAX_ENTRY (16 * 1024)

static gpointer
find_home (gpointer unused)
{
  g_autofree char *buffer = g_malloc (MAX_ENTRY);
  struct passwd entry, *found = NULL;

  getpwuid_r (getuid (), &entry, buffer, MAX_ENTRY, &found);
  return g_strdup (found != NULL && *found->pw_dir == '/' ? found->pw_dir : g_get_home_dir ());
}

const char *
execnet_ssh_get_home (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, find_home, NULL);
}

/* Names the connection in the paths of control sockets. */
static char *
dup_hash (ExecnetSshOptions *options)
{
  g_autofree char *text = g_strdup_printf (
      "%s%s%u%s", g_get_host_name (), options->host_name, options->port, options->user);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA1, text, -1);
}

static char *
dup_short_host_name (void)
{
  const char *name = g_get_host_name ();

  return g_strndup (name, strcspn (name, "."));
}

/* NULL for a letter without a meaning. */
static char *
dup_token (ExecnetSshOptions *options, char letter)
{
  switch (letter)
    {
    case '%':
      return g_strdup ("%");
    case 'C':
      return dup_hash (options);
    case 'd':
      return g_strdup (execnet_ssh_get_home ());
    case 'h':
      return g_strdup (options->host_name);
    case 'i':
      return g_strdup_printf ("%u", (guint) getuid ());
    case 'k':
      return g_strdup (options->host_key_alias != NULL ? options->host_key_alias : options->host);
    case 'L':
      return dup_short_host_name ();
    case 'l':
      return g_strdup (g_get_host_name ());
    case 'n':
      return g_strdup (options->host);
    case 'p':
      return g_strdup_printf ("%u", options->port);
    case 'r':
      return g_strdup (options->user);
    case 'u':
      return g_strdup (g_get_user_name ());
    default:
      return NULL;
    }
}

char *
execnet_ssh_expand_tokens (ExecnetSshOptions *options, const char *text, GError **error)
{
  g_autoptr (GString) expanded = g_string_new (NULL);

  for (const char *at = text; *at != '\0'; at++)
    {
      g_autofree char *value = NULL;

      if (*at != '%')
        {
          g_string_append_c (expanded, *at);
          continue;
        }
      value = dup_token (options, *++at);
      if (value == NULL)
        {
          g_set_error (error,
                       EXECNET_ERROR,
                       EXECNET_ERROR_INVALID_SPEC,
                       _ ("“%s” has a “%%” that is not followed by a letter that is known here; "
                          "write “%%%%” for a percent sign."),
                       text);
          return NULL;
        }
      g_string_append (expanded, value);
    }
  return g_string_free (g_steal_pointer (&expanded), FALSE);
}

/* Appends the value of "${NAME}", and gives what comes after it; NULL where there is none. */
static const char *
expand_variable (GString *expanded, const char *at)
{
  const char *end = strchr (at, '}');
  g_autofree char *name = NULL;

  if (end == NULL)
    return NULL;
  name = g_strndup (at + 2, end - at - 2);
  if (g_getenv (name) == NULL)
    return NULL;
  g_string_append (expanded, g_getenv (name));
  return end + 1;
}

static char *
expand_variables (const char *text, GError **error)
{
  g_autoptr (GString) expanded = g_string_new (NULL);
  const char *at = text;

  while (*at != '\0')
    {
      if (at[0] != '$' || at[1] != '{')
        {
          g_string_append_c (expanded, *at++);
          continue;
        }
      at = expand_variable (expanded, at);
      if (at == NULL)
        {
          g_set_error (error,
                       EXECNET_ERROR,
                       EXECNET_ERROR_INVALID_SPEC,
                       _ ("“%s” names an environment variable that is not set."),
                       text);
          return NULL;
        }
    }
  return g_string_free (g_steal_pointer (&expanded), FALSE);
}

/* The home of another user is left to the OpenSSH client. */
static char *
expand_home (const char *path, GError **error)
{
  if (*path != '~')
    return g_canonicalize_filename (path, NULL);
  if (path[1] == '\0' || path[1] == '/')
    return g_build_filename (execnet_ssh_get_home (), path + 1, NULL);
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_INVALID_SPEC,
               _ ("“%s” is in another user's home; write the whole path."),
               path);
  return NULL;
}

char *
execnet_ssh_expand_path (ExecnetSshOptions *options, const char *path, GError **error)
{
  g_autofree char *with_tokens = execnet_ssh_expand_tokens (options, path, error);
  g_autofree char *with_variables = NULL;

  if (with_tokens != NULL)
    with_variables = expand_variables (with_tokens, error);
  return with_variables != NULL ? expand_home (with_variables, error) : NULL;
}
