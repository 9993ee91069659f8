/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-socket-error-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>

G_GNUC_PRINTF (3, 4)
static GError *
replace (GError *reason, ExecnetError code, const char *format, ...)
{
  GError *error;
  va_list arguments;

  va_start (arguments, format);
  error = g_error_new_valist (EXECNET_ERROR, code, format, arguments);
  va_end (arguments);
  g_error_free (reason);
  return error;
}

static GError *
explain_file (GError *reason, const char *path)
{
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    return replace (reason,
                    EXECNET_ERROR_PERMISSION_DENIED,
                    _ ("The socket “%s” may not be used: it belongs to a server of another user."),
                    path);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return replace (reason,
                    EXECNET_ERROR_CONNECTION_REFUSED,
                    _ ("There is no socket “%s”; start the server: socketserver.py unix:%s"),
                    path,
                    path);
  return replace (reason,
                  EXECNET_ERROR_CONNECTION_REFUSED,
                  _ ("Nothing accepts connections at “%s” (%s); start the server: socketserver.py "
                     "unix:%s"),
                  path,
                  reason->message,
                  path);
}

GError *
execnet_socket_error_of_connecting (GError *reason,
                                    const ExecnetSocketAddress *address,
                                    const char *name)
{
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return reason;
  if (address->path != NULL)
    return explain_file (reason, address->path);
  if (reason->domain == G_RESOLVER_ERROR)
    return replace (reason,
                    EXECNET_ERROR_HOST_NOT_FOUND,
                    _ ("The host “%s” of “socket=%s” is not known (%s); check its name, and that "
                       "names can be looked up here."),
                    address->host,
                    name,
                    reason->message);
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return replace (reason,
                    EXECNET_ERROR_CONNECTION_REFUSED,
                    _ ("Nothing accepts connections at “%s”; start the server there "
                       "(socketserver.py :%u), or correct the port."),
                    name,
                    address->port);
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return replace (reason,
                    EXECNET_ERROR_TIMED_OUT,
                    _ ("“%s” does not answer; check that the host is up, and that no firewall is "
                       "between."),
                    name);
  return replace (reason,
                  EXECNET_ERROR_FAILED,
                  _ ("There is no way to “%s”: %s. Check the address and the network."),
                  name,
                  reason->message);
}

/* What is wrong, and what to do about it. */
static char *
describe_fault (GTlsCertificateFlags fault, const char *host)
{
  switch (fault)
    {
    case G_TLS_CERTIFICATE_UNKNOWN_CA:
      return g_strdup (_ ("is signed by nobody who is known here; name the certificate of its "
                          "authority, or its own when it has none, with tls_ca=FILE"));
    case G_TLS_CERTIFICATE_BAD_IDENTITY:
      return g_strdup_printf (_ ("is for another name than “%s”; use the name that it is for, or "
                                 "have a certificate made for this one"),
                              host);
    case G_TLS_CERTIFICATE_EXPIRED:
      return g_strdup (_ ("has expired; have it renewed"));
    case G_TLS_CERTIFICATE_NOT_ACTIVATED:
      return g_strdup (_ ("is not valid yet; compare the clocks of both machines"));
    case G_TLS_CERTIFICATE_REVOKED:
      return g_strdup (_ ("has been revoked; have a new one made"));
    case G_TLS_CERTIFICATE_INSECURE:
      return g_strdup (_ ("is made in a way that is not secure; have a new one made"));
    default:
      return g_strdup (_ ("can't be checked; have a new one made"));
    }
}

static char *
describe_certificate (GTlsCertificateFlags faults, const char *host)
{
  GString *text = g_string_new (NULL);

  for (guint fault = 1; fault <= faults; fault <<= 1)
    {
      g_autofree char *part = NULL;

      if ((faults & fault) == 0)
        continue;
      part = describe_fault (fault, host);
      if (text->len > 0)
        g_string_append (text, _ (", and it "));
      g_string_append (text, part);
    }
  return g_string_free (text, FALSE);
}

GError *
execnet_socket_error_of_tls (GError *reason,
                             GTlsCertificateFlags flags,
                             const char *name,
                             const char *host)
{
  g_autofree char *faults = NULL;

  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return reason;
  if (flags != 0)
    {
      faults = describe_certificate (flags, host);
      return replace (reason,
                      EXECNET_ERROR_BAD_CERTIFICATE,
                      _ ("The certificate of the server at “%s” %s."),
                      name,
                      faults);
    }
  return replace (reason,
                  EXECNET_ERROR_FAILED,
                  _ ("No TLS can be spoken with the server at “%s” (%s); start it with --cert and "
                     "--key, or leave tls and tls_ca out of the specification."),
                  name,
                  reason->message);
}
