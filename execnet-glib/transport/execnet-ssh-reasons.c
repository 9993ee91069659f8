/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-reasons-private.h"

#include <string.h>
#include <unistd.h>

/* Settings that need the OpenSSH client, unless they have the value that means no. */
static const struct
{
  const char *key;
  const char *name; /* as ssh_config(5) writes it */
  const char *no;
} reasons[] = {
  { "bindaddress", "BindAddress", "none" },
  { "bindinterface", "BindInterface", "none" },
  { "certificatefile", "CertificateFile", "none" },
  { "dynamicforward", "DynamicForward", "none" },
  { "forwardagent", "ForwardAgent", "no" },
  { "forwardx11", "ForwardX11", "no" },
  { "gssapikeyexchange", "GSSAPIKeyExchange", "no" },
  { "hostbasedauthentication", "HostbasedAuthentication", "no" },
  { "knownhostscommand", "KnownHostsCommand", "none" },
  { "localforward", "LocalForward", "none" },
  { "permitlocalcommand", "PermitLocalCommand", "no" },
  { "pkcs11provider", "PKCS11Provider", "none" },
  { "proxyusefdpass", "ProxyUseFdpass", "no" },
  { "remoteforward", "RemoteForward", "none" },
  { "revokedhostkeys", "RevokedHostKeys", "none" },
  { "setenv", "SetEnv", "none" },
  { "tunnel", "Tunnel", "no" },
  { "verifyhostkeydns", "VerifyHostKeyDNS", "no" },
};

static gboolean
means_no (const char *value, const char *no)
{
  return *value == '\0' || g_ascii_strcasecmp (value, no) == 0
         || (strcmp (no, "no") == 0 && g_ascii_strcasecmp (value, "false") == 0);
}

/* Debian's configuration allows GSSAPI for everybody; it can only be used with a ticket. */
static gboolean
has_kerberos_ticket (void)
{
  const char *cache = g_getenv ("KRB5CCNAME");
  g_autofree char *usual = NULL;

  if (cache == NULL || *cache == '\0')
    {
      usual = g_strdup_printf ("/tmp/krb5cc_%u", (guint) getuid ());
      cache = usual;
    }
  if (g_str_has_prefix (cache, "FILE:"))
    cache += strlen ("FILE:");
  return *cache != '/' || g_file_test (cache, G_FILE_TEST_EXISTS);
}

void
execnet_ssh_add_reasons (ExecnetSshSettings *settings, GPtrArray *found)
{
  gboolean uses_gssapi = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      GPtrArray *values = execnet_ssh_settings_get_all (settings, reasons[i].key);
      const char *value = values != NULL ? g_ptr_array_index (values, 0) : "";

      if (!means_no (value, reasons[i].no))
        g_ptr_array_add (found, g_strdup_printf ("%s=%s", reasons[i].name, value));
    }
  execnet_ssh_settings_get_bool (settings, "gssapiauthentication", &uses_gssapi, NULL);
  if (uses_gssapi && has_kerberos_ticket ())
    g_ptr_array_add (found, g_strdup ("GSSAPIAuthentication=yes"));
}
