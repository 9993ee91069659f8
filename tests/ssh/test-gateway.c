/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gateways through ssh, against a real server. */

#include "host.h"

static void
test_talks (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) gateway = host_make (self, "-4", "");
  g_autoptr (ExecnetChannel) channel
      = run_code (gateway, "import os; channel.send (os.getcwd () == os.path.expanduser ('~'))");
  g_autoptr (GVariant) item = NULL;
  g_autoptr (GError) error = NULL;

  item = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_get_boolean (item));
  assert_end (channel);
}

/* The second one is there without another connection. */
static void
test_shares_session (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) first = host_make (self, "-4", "");
  g_autoptr (ExecnetGateway) second = host_make (self, "-4", "");

  assert_still_works (first);
  assert_still_works (second);
  g_assert_cmpint (remote_pid (first), !=, remote_pid (second));
  g_assert_cmpuint (ssh_server_count_connections (self->server), ==, 1);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  ADD_HOST_TEST ("/ssh/gateway/talks", NULL, test_talks);
  ADD_HOST_TEST ("/ssh/gateway/shares-session", NULL, test_shares_session);
  return g_test_run ();
}
