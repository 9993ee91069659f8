/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as what an ssh agent answers. */

#include "config.h"

#include "fuzz-target.h"

#include "base/execnet-error.h"
#include "data/execnet-agent-messages-private.h"

static void
check_error (GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == EXECNET_ERROR);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
check_identities (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) identities = execnet_agent_read_identities (data, size, &error);

  if (identities == NULL)
    {
      check_error (error);
      return;
    }
  for (guint i = 0; i < identities->len; i++)
    {
      const ExecnetAgentIdentity *identity = identities->pdata[i];

      g_assert_cmpuint (g_bytes_get_size (identity->key), <=, size);
      g_assert_cmpstr (identity->type, !=, "");
      g_assert_true (g_utf8_validate (identity->comment, -1, NULL));
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) signature = NULL;

  check_identities (data, size);
  signature = execnet_agent_read_signature (data, size, &error);
  if (signature == NULL)
    check_error (error);
  return 0;
}
