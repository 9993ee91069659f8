/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a file of known hosts: what is found in it is there, and what is added to it is found. */

#include "config.h"

#include "fuzz-target.h"

#include "data/execnet-known-hosts-private.h"

#include <string.h>

static const guint8 key[] = "\0\0\0\13ssh-ed25519\0\0\0\4abcd";

static ExecnetHostKeyStatus
look_up (ExecnetKnownHosts *known, const char *name)
{
  ExecnetHostKeyLine line;
  ExecnetHostKeyStatus status
      = execnet_known_hosts_look_up (known, name, key, sizeof key - 1, &line);

  g_assert_true ((status == EXECNET_HOST_KEY_UNKNOWN) == (line.file == NULL));
  if (line.file != NULL)
    {
      g_assert_cmpuint (line.line, >, 0);
      g_assert_nonnull (line.key_type);
      g_assert_cmpuint (g_bytes_get_size (line.key), >, strlen (line.key_type));
    }
  return status;
}

static void
check_types (ExecnetKnownHosts *known, const char *name)
{
  g_auto (GStrv) types = execnet_known_hosts_dup_key_types (known, name);

  for (guint i = 0; types[i] != NULL; i++)
    g_assert_cmpstr (execnet_ssh_key_type_get_name (types[i]), !=, "");
}

static void
check_adding (ExecnetKnownHosts *known, const char *name)
{
  ExecnetHostKeyStatus before = look_up (known, name);
  g_autofree char *line = execnet_known_hosts_make_line (
      name, key, sizeof key - 1, (const guint8 *) "salt", strlen ("salt"));

  g_assert_nonnull (line);
  execnet_known_hosts_add_text (known, "more", line, strlen (line));
  g_assert_cmpint (look_up (known, name),
                   ==,
                   before == EXECNET_HOST_KEY_REVOKED ? before : EXECNET_HOST_KEY_OK);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (ExecnetKnownHosts) known = execnet_known_hosts_new ();

  execnet_known_hosts_add_text (known, "file", (const char *) data, size);
  check_types (known, "a.example");
  check_types (known, "[a.example]:77");
  check_adding (known, "a.example");
  check_adding (known, "[a.example]:77");
  return 0;
}
