/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether the host's key is the right one. */

#include "config.h"

#include "transport/execnet-ssh-login-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static gboolean
is_in_file (const char *path, const char *key)
{
  g_autofree char *contents = NULL;

  return g_file_get_contents (path, &contents, NULL, NULL) && strstr (contents, key) != NULL;
}

gboolean
execnet_ssh_login_check_host_key (ExecnetSshLogin *self)
{
  char **files = self->session->options->user_known_hosts_files;
  gsize length;
  int type;
  const char *bytes = libssh2_session_hostkey (self->session->ssh, &length, &type);
  g_autofree char *key = g_base64_encode ((const guchar *) bytes, length);

  for (guint i = 0; files[i] != NULL; i++)
    {
      if (is_in_file (files[i], key))
        return execnet_ssh_login_ask_methods (self);
    }
  return execnet_ssh_login_fail (self,
                                 g_error_new (EXECNET_ERROR,
                                              EXECNET_ERROR_HOST_KEY_UNKNOWN,
                                              _ ("The key of the host “%s” is not known."),
                                              self->session->name));
}
