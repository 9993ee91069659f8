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

/* More at once than the host allows on one session. */
static void
test_many_at_once (Host *self, gconstpointer unused)
{
  g_autofree char *text = host_dup_spec (self, "-4", "//ssh_client=libssh2");
  ExecnetXSpec *specs[12];
  g_autoptr (GPtrArray) gateways = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
    specs[i] = execnet_xspec_new (text, NULL);
  gateways = execnet_group_make_gateways (
      self->group, specs, G_N_ELEMENTS (specs), 0, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
    {
      assert_still_works (g_ptr_array_index (gateways, i));
      g_object_unref (specs[i]);
    }
  g_assert_cmpuint (ssh_server_count_connections (self->server), ==, 2);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  ADD_HOST_TEST ("/ssh/gateway/talks", NULL, test_talks);
  ADD_HOST_TEST ("/ssh/gateway/shares-session", NULL, test_shares_session);
  ADD_HOST_TEST ("/ssh/gateway/many-at-once", NULL, test_many_at_once);
  return g_test_run ();
}
