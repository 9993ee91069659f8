/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-client-errors-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What the client answers when it could not do its part. A remote command may answer the same. */
#define STATUS_CLIENT_FAILED 255

/* What it says, in the order in which the reasons count: a lost host key makes others follow. It
 * speaks English only. */
static const struct
{
  const char *part;
  ExecnetError code;
} sayings[] = {
  { "REMOTE HOST IDENTIFICATION HAS CHANGED", EXECNET_ERROR_HOST_KEY_CHANGED },
  { "REVOKED HOST KEY DETECTED", EXECNET_ERROR_HOST_KEY_CHANGED },
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
  return g_error_new (EXECNET_ERROR, code, get_format (code), host, text);
#pragma GCC diagnostic pop
}
