/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gateways through ssh, against a real server. */

#include "../objects/testing.h"
#include "ssh-server.h"

#include <string.h>

typedef struct
{
  Belongings before;
  SshServer *server;
  ExecnetGroup *group;
} Host;

static void
host_set_up (Host *self, gconstpointer unused)
{
  self->before = count_belongings ();
  self->server = ssh_server_start (NULL);
  self->group = execnet_group_new ();
}

static void
host_tear_down (Host *self, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  execnet_group_terminate (self->group, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  g_assert_finalize_object (self->group);
  ssh_server_stop (self->server);
  assert_nothing_left (&self->before);
}

#define ADD_HOST_TEST(path, func) g_test_add (path, Host, NULL, host_set_up, func, host_tear_down)

static ExecnetGateway *
make_there (Host *self, const char *more)
{
  g_autofree char *spec = ssh_server_dup_spec (self->server, more);

  return make_gateway (self->group, spec);
}

static void
test_talks (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) gateway = make_there (self, "");
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
  g_autoptr (ExecnetGateway) first = make_there (self, "");
  g_autoptr (ExecnetGateway) second = make_there (self, "");

  assert_still_works (first);
  assert_still_works (second);
  g_assert_cmpint (remote_pid (first), !=, remote_pid (second));
  g_assert_cmpuint (ssh_server_count_connections (self->server), ==, 1);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  ADD_HOST_TEST ("/ssh/gateway/talks", test_talks);
  ADD_HOST_TEST ("/ssh/gateway/shares-session", test_shares_session);
  return g_test_run ();
}
