/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-socket-address-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define UNIX_PREFIX "unix:"

/* What the system has room for, with the NUL character. */
#define PATH_LIMIT 108

#define OWN_HOST "localhost"

G_GNUC_PRINTF (2, 3)
static gboolean
fail (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_propagate_error (
      error, g_error_new_valist (EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC, format, arguments));
  va_end (arguments);
  return FALSE;
}

static gboolean
take_path (const char *path, ExecnetSocketAddress *address, GError **error)
{
  if (*path == '\0')
    return fail (error, _ ("“socket=unix:” names no file; write socket=unix:PATH."));
  if (strlen (path) >= PATH_LIMIT)
    return fail (error,
                 _ ("“%s” is too long for the path of a socket, which has %d bytes at most; use a "
                    "shorter one."),
                 path,
                 PATH_LIMIT - 1);
  address->path = g_strdup (path);
  return TRUE;
}

/* Splits at the last colon, so that brackets are needed for IPv6 only. */
static gboolean
take_host (const char *text, const char *colon, ExecnetSocketAddress *address, GError **error)
{
  gsize length = colon - text;

  if (length >= 2 && text[0] == '[' && colon[-1] == ']')
    {
      address->host = g_strndup (text + 1, length - 2);
      if (!g_hostname_is_ip_address (address->host))
        return fail (error, _ ("“%s” is no IPv6 address; write for example [::1]:8888."), text);
    }
  else if (memchr (text, ':', length) != NULL)
    return fail (error,
                 _ ("“%s” is ambiguous; write an IPv6 address in brackets, as in [::1]:8888."),
                 text);
  else if (length == 0)
    address->host = g_strdup (OWN_HOST);
  else
    address->host = g_strndup (text, length);
  return TRUE;
}

/* Any thread. */
gboolean
execnet_socket_address_parse (const char *text, ExecnetSocketAddress *address, GError **error)
{
  const char *colon = strrchr (text, ':');
  guint64 port;

  if (g_str_has_prefix (text, UNIX_PREFIX))
    return take_path (text + strlen (UNIX_PREFIX), address, error);
  if (colon == NULL || strchr (colon, ']') != NULL)
    return fail (error,
                 _ ("“socket=%s” has no port; write socket=HOST:PORT, as in socket=%s:8888."),
                 text,
                 text);
  if (!g_ascii_string_to_unsigned (colon + 1, 10, 1, G_MAXUINT16, &port, NULL))
    return fail (error,
                 _ ("“%s” in “socket=%s” is no port, a number from 1 to %d; write socket=HOST:PORT."),
                 colon + 1,
                 text,
                 G_MAXUINT16);
  address->port = port;
  return take_host (text, colon, address, error);
}

gboolean
execnet_socket_address_parse_for_server (const char *text,
                                         ExecnetSocketAddress *address,
                                         GError **error)
{
  g_autofree char *with_port = NULL;
  gboolean is_free = !g_str_has_prefix (text, "unix:") && g_str_has_suffix (text, ":0");

  if (is_free)
    with_port = g_strdup_printf ("%s1", text);
  if (!execnet_socket_address_parse (is_free ? with_port : text, address, error))
    return FALSE;
  if (is_free)
    address->port = 0;
  return TRUE;
}

void
execnet_socket_address_clear (ExecnetSocketAddress *address)
{
  g_clear_pointer (&address->host, g_free);
  g_clear_pointer (&address->path, g_free);
}
