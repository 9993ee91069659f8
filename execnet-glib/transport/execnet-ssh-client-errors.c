/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-client-errors-private.h"

#include "base/execnet-error.h"
#include "data/execnet-known-hosts-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What the client answers when it could not do its part. A remote command may answer the same. */
#define STATUS_CLIENT_FAILED 255

/* Of every public key, in base64: the length of its type's name. */
#define KEY_BEGIN "AAAA"

/* What it says, in the order in which the reasons count: a lost host key makes others follow. It
 * speaks English only. */
static const struct
{
  const char *part;
  ExecnetError code;
} sayings[] = {
  { "REMOTE HOST IDENTIFICATION HAS CHANGED", EXECNET_ERROR_HOST_KEY_CHANGED },
  { "REVOKED HOST KEY DETECTED", EXECNET_ERROR_HOST_KEY_CHANGED },
  { " revoked by file ", EXECNET_ERROR_HOST_KEY_CHANGED },
  { "is marked as revoked", EXECNET_ERROR_HOST_KEY_CHANGED },
  { "has changed and you have requested strict checking", EXECNET_ERROR_HOST_KEY_CHANGED },
  { " host key is known for ", EXECNET_ERROR_HOST_KEY_UNKNOWN },
  { "Host key verification failed", EXECNET_ERROR_HOST_KEY_UNKNOWN },
  { "Could not resolve hostname ", EXECNET_ERROR_HOST_NOT_FOUND },
  { "Name or service not known", EXECNET_ERROR_HOST_NOT_FOUND },
  { "Connection refused", EXECNET_ERROR_CONNECTION_REFUSED },
  { "Connection timed out", EXECNET_ERROR_TIMED_OUT },
  { "Operation timed out", EXECNET_ERROR_TIMED_OUT },
  { "Permission denied (", EXECNET_ERROR_AUTHENTICATION_FAILED },
  { "Too many authentication failures", EXECNET_ERROR_AUTHENTICATION_FAILED },
  { "No more authentication methods", EXECNET_ERROR_AUTHENTICATION_FAILED },
  { "Bad configuration option", EXECNET_ERROR_INVALID_SPEC },
  { "bad configuration options", EXECNET_ERROR_INVALID_SPEC },
  { "unknown option -- ", EXECNET_ERROR_INVALID_SPEC },
  { "keyword ", EXECNET_ERROR_INVALID_SPEC },
  { "open failed: ", EXECNET_ERROR_PERMISSION_DENIED },
  { "banner line contains invalid characters", EXECNET_ERROR_UNEXPECTED_OUTPUT },
  { "No SSH version received", EXECNET_ERROR_UNEXPECTED_OUTPUT },
  { "Bad remote protocol version identification", EXECNET_ERROR_UNEXPECTED_OUTPUT },
  { "No route to host", EXECNET_ERROR_FAILED },
  { "Network is unreachable", EXECNET_ERROR_FAILED },
};

static ExecnetError
find_code (const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (sayings); i++)
    {
      if (strstr (text, sayings[i].part) != NULL)
        return sayings[i].code;
    }
  return EXECNET_ERROR_DIED;
}

/* One sentence for each code; both %s are the host and what the client said. */
static const char *
get_format (ExecnetError code)
{
  switch (code)
    {
    case EXECNET_ERROR_HOST_KEY_CHANGED:
      return _ (
          "The key of the host “%s” is not the one that is known, or was revoked: somebody "
          "may be in between. If the host has a new key, correct the list of known hosts. ssh "
          "says: %s");
    case EXECNET_ERROR_HOST_KEY_UNKNOWN:
      return _ ("The key of the host “%s” is not known, and was not accepted. ssh says: %s");
    case EXECNET_ERROR_HOST_NOT_FOUND:
      return _ ("The host “%s” was not found. ssh says: %s");
    case EXECNET_ERROR_CONNECTION_REFUSED:
      return _ ("The host “%s” accepts no connections there. ssh says: %s");
    case EXECNET_ERROR_TIMED_OUT:
      return _ ("The host “%s” did not answer in time. ssh says: %s");
    case EXECNET_ERROR_AUTHENTICATION_FAILED:
      return _ ("The host “%s” did not accept any of the ways to log in. ssh says: %s");
    case EXECNET_ERROR_PERMISSION_DENIED:
      return _ ("The host “%s” lets nothing be run there. ssh says: %s");
    case EXECNET_ERROR_UNEXPECTED_OUTPUT:
      return _ ("What answers at the port of “%s” does not speak ssh. ssh says: %s");
    case EXECNET_ERROR_INVALID_SPEC:
      return _ ("The ssh options for “%s” can't be used. ssh says: %s");
    default:
      return _ ("The connection to “%s” failed. ssh says: %s");
    }
}

/* What is printed while it is up may be by anybody. */
static gboolean
is_lost_connection (const char *text)
{
  const char *const sayings_when_up[] = { " not responding.",
                                          "Broken pipe",
                                          "Connection reset by",
                                          "closed by remote host",
                                          "Connection closed by" };

  for (guint i = 0; i < G_N_ELEMENTS (sayings_when_up); i++)
    {
      if (strstr (text, sayings_when_up[i]) != NULL)
        return TRUE;
    }
  return FALSE;
}

/* The fingerprint of the key that a line of a list of known hosts has; NULL for none. */
static char *
read_fingerprint (const char *path, guint64 number)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_auto (GStrv) words = NULL;

  if (number == 0 || !g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  if (g_strv_length (lines) < number)
    return NULL;
  words = g_strsplit (lines[number - 1], " ", -1);
  for (guint i = 0; words[i] != NULL; i++)
    {
      if (g_str_has_prefix (words[i], KEY_BEGIN))
        {
          gsize length;
          g_autofree guchar *key = g_base64_decode (words[i], &length);

          return execnet_ssh_key_dup_fingerprint (key, length);
        }
    }
  return NULL;
}

/* The client says where the known key is ("Offending ED25519 key in FILE:LINE"), and not which it
 * is. */
static char *
find_known_fingerprint (const char *text)
{
  const char *begin = strstr (text, "Offending ");
  const char *file = begin != NULL ? strstr (begin, " key in ") : NULL;
  g_autofree char *path = NULL;
  char *colon;

  if (file == NULL)
    return NULL;
  file += strlen (" key in ");
  path = g_strndup (file, strcspn (file, "\r\n"));
  colon = strrchr (path, ':');
  if (colon == NULL)
    return NULL;
  *colon = '\0';
  return read_fingerprint (path, g_ascii_strtoull (colon + 1, NULL, 10));
}

/* Takes the error over. */
static GError *
add_known_fingerprint (GError *error, const char *text)
{
  g_autofree char *fingerprint = find_known_fingerprint (text);
  g_autofree char *message = NULL;

  if (fingerprint == NULL
      || !g_error_matches (error, EXECNET_ERROR, EXECNET_ERROR_HOST_KEY_CHANGED))
    return error;
  message = g_strdup_printf (
      _ ("%s\nThe fingerprint of the key that is known is %s."), error->message, fingerprint);
  g_free (error->message);
  error->message = g_steal_pointer (&message);
  return error;
}

GError *
execnet_ssh_client_explain_end (const char *host, const ExecnetTransportEnd *end, gboolean was_up)
{
  ExecnetError code = EXECNET_ERROR_DIED;
  const char *text = *end->last_output != '\0' ? end->last_output : _ ("nothing");

  if (!end->exited || end->exit_status != STATUS_CLIENT_FAILED)
    return NULL;
  if (was_up && !is_lost_connection (end->last_output))
    return NULL;
  if (!was_up)
    code = find_code (end->last_output);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  return add_known_fingerprint (g_error_new (EXECNET_ERROR, code, get_format (code), host, text),
                                end->last_output);
#pragma GCC diagnostic pop
}
