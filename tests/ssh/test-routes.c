/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ways to an ssh host, and what is agreed on for them. */

#include "host.h"

#include <string.h>

static const char *const rekeying[] = { "--config", "RekeyLimit 1M", NULL };
static const char *const compressing[] = { "--config", "Compression yes", NULL };
static const char *const many_keys[]
    = { "--host-key", "ed25519", "--host-key", "ecdsa-256", "--host-key", "rsa", NULL };

/* Sends so much there and back, and asserts that it is the same. */
static void
assert_echoes (ExecnetGateway *gateway, guint n_items, gsize size)
{
  g_autoptr (ExecnetChannel) channel = run_code (gateway, "for x in channel: channel.send (x)");
  g_autofree guint8 *bytes = g_malloc (size);
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < size; i++)
    bytes[i] = i * 2654435761u >> 13;
  for (guint i = 0; i < n_items; i++)
    {
      g_autoptr (GVariant) sent = g_variant_ref_sink (
          g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, size, 1));
      g_autoptr (GVariant) back = NULL;

      execnet_channel_send (channel, sent, NULL, &error);
      g_assert_no_error (error);
      back = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (g_variant_equal (sent, back));
    }
}

static void
test_rekeying (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) gateway = host_make (self, "-4", with_client);

  assert_echoes (gateway, 5, 1000 * 1000);
}

static void
test_compression (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) gateway = host_make (self, "-C", with_client);

  assert_echoes (gateway, 4, 1000 * 1000);
}

/* The host has three keys, and is known by the one that it prefers least. */
static void
test_known_key_type (Host *self, gconstpointer unused)
{
  g_autofree char *path
      = g_strconcat (ssh_server_get (self->server, "host_key_ecdsa-256"), ".pub", NULL);
  g_autofree char *key = NULL;
  g_autofree char *line = NULL;
  g_autoptr (ExecnetGateway) gateway = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &key, NULL, &error);
  g_assert_no_error (error);
  line = g_strdup_printf ("[127.0.0.1]:%s %s", ssh_server_get (self->server, "port"), key);
  g_file_set_contents (ssh_server_get (self->server, "known_hosts"), line, -1, &error);
  g_assert_no_error (error);
  gateway = host_make (self, "-4", with_client);
  assert_still_works (gateway);
}

/* Several at once on one session, each with its own stream of items. */
static void
test_many_channels (Host *self, gconstpointer unused)
{
  g_autoptr (GPtrArray) gateways = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) channels = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 8; i++)
    {
      g_ptr_array_add (gateways, host_make (self, "-4", with_client));
      g_ptr_array_add (channels,
                       run_code (g_ptr_array_index (gateways, i),
                                 "for i in range (2000): channel.send (i)"));
    }
  for (guint n = 0; n < 2000; n++)
    {
      for (guint i = 0; i < channels->len; i++)
        g_assert_cmpint (receive_int (g_ptr_array_index (channels, i)), ==, n);
    }
  g_assert_cmpuint (ssh_server_count_connections (self->server), ==, is_library ? 1 : 8);
}

/* One that nobody reads from does not hold up the others. */
static void
test_slow_reader (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) slow = host_make (self, "-4", with_client);
  g_autoptr (ExecnetGateway) quick = host_make (self, "-4", with_client);
  g_autoptr (ExecnetChannel) stuck
      = run_code (slow, "import time; channel.send (1); time.sleep (1000)");
  g_autofree guint8 *bytes = g_malloc0 (8 * 1000 * 1000);
  g_autoptr (GVariant) item = g_variant_ref_sink (
      g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, 8 * 1000 * 1000, 1));
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (receive_int (stuck), ==, 1);
  execnet_channel_send (stuck, item, NULL, &error);
  g_assert_no_error (error);
  assert_echoes (quick, 2, 1000 * 1000);
  assert_still_works (slow);
}

/* How the far interpreter ends is known here. */
static void
test_exit (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) exits = host_make (self, "-4", with_client);
  g_autoptr (ExecnetGateway) killed = host_make (self, "-4", with_client);
  g_autoptr (ExecnetGateway) stays = host_make (self, "-4", with_client);
  g_autoptr (ExecnetChannel) first = run_code (exits, "import os; os._exit (7)");
  g_autoptr (ExecnetChannel) second = run_code (killed, "import os; os.kill (os.getpid (), 9)");

  assert_closed_with (first, EXECNET_ERROR, EXECNET_ERROR_DIED, "exit status 7");
  /* The client says nothing of signals. */
  assert_closed_with (
      second, EXECNET_ERROR, EXECNET_ERROR_DIED, is_library ? "signal 9" : "exit status 255");
  assert_still_works (stays);
}

/* The interpreter starts, and says that it can't do what it should: it is ended in the middle of
 * what it says. The second time on a session that another gateway uses. */
static void
test_refusing (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) gateway = NULL;
  g_autofree char *more = g_strconcat ("//chdir=/no/such/folder", with_client, NULL);

  assert_error_says (
      host_fail (self, "-4", more), EXECNET_ERROR, EXECNET_ERROR_FAILED, "/no/such/folder");
  gateway = host_make (self, "-4", with_client);
  assert_error_says (
      host_fail (self, "-4", more), EXECNET_ERROR, EXECNET_ERROR_FAILED, "/no/such/folder");
  assert_still_works (gateway);
}

/* Through another host, which is another server. */
static void
test_jump (Host *self, gconstpointer unused)
{
  g_autoptr (SshServer) jump = ssh_server_start (NULL);
  g_autofree char *config
      = g_build_filename (ssh_server_get (self->server, "folder"), "jump_config", NULL);
  g_autofree char *text = NULL;
  g_autofree char *spec = NULL;
  g_autoptr (GError) error = NULL;

  text = g_strdup_printf ("Host test\nProxyJump between\nInclude %s\n"
                          "Host between\nHostName 127.0.0.1\nPort %s\nUser %s\n"
                          "UserKnownHostsFile %s\nIdentityFile %s\nIdentitiesOnly yes\n"
                          "StrictHostKeyChecking yes\nIdentityAgent none\n",
                          ssh_server_get (self->server, "ssh_config"),
                          ssh_server_get (jump, "port"),
                          ssh_server_get (jump, "user"),
                          ssh_server_get (jump, "known_hosts"),
                          ssh_server_get (jump, "identity_ed25519"));
  g_file_set_contents (config, text, -1, &error);
  g_assert_no_error (error);
  spec = g_strdup_printf ("ssh=-F %s test%s", config, with_client);
  {
    g_autoptr (ExecnetGateway) gateway = make_gateway (self->group, spec);
    g_autoptr (ExecnetGateway) another = make_gateway (self->group, spec);

    assert_echoes (gateway, 3, 1000 * 1000);
    assert_still_works (another);
    g_assert_cmpuint (ssh_server_count_connections (jump), ==, is_library ? 1 : 2);
    g_assert_cmpuint (ssh_server_count_connections (self->server), ==, is_library ? 1 : 2);
    execnet_group_terminate (self->group, PATIENCE_MS, NULL, &error);
    g_assert_no_error (error);
  }
}

/* The host in between can't reach the other one. */
static void
test_jump_to_nowhere (Host *self, gconstpointer unused)
{
  g_autofree char *spec = g_strdup_printf ("ssh=-F %s -J test -p 1 127.0.0.1%s",
                                           ssh_server_get (self->server, "ssh_config"),
                                           with_client);
  GError *error = NULL;

  g_assert_null (execnet_group_make_gateway (self->group, spec, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_CONNECTION_REFUSED, "127.0.0.1");
}

static char *
proxy_options (const char *command)
{
  return g_strdup_printf ("-o \"ProxyCommand=%s\"", command);
}

static void
test_proxy_command (Host *self, gconstpointer unused)
{
  g_autofree char *command = g_strdup_printf (
      "%s %s/ssh/proxy.py %%h %%p", g_getenv ("EXECNET_TEST_PYTHON"), g_getenv ("G_TEST_SRCDIR"));
  g_autofree char *options = proxy_options (command);
  g_autoptr (ExecnetGateway) gateway = host_make (self, options, with_client);

  assert_echoes (gateway, 3, 1000 * 1000);
}

static void
test_bad_proxy_command (Host *self, gconstpointer unused)
{
  g_autofree char *options = proxy_options ("echo nonsense");

  /* The client does not say what it got instead. */
  assert_error_says (host_fail (self, options, with_client),
                     EXECNET_ERROR,
                     is_library ? EXECNET_ERROR_UNEXPECTED_OUTPUT : EXECNET_ERROR_DIED,
                     is_library ? "nonsense" : "test");
}

/* Hosts start at the same time, not one after another. */
static void
test_ten_hosts (Host *self, gconstpointer unused)
{
  SshServer *servers[10];
  ExecnetXSpec *specs[G_N_ELEMENTS (servers)];
  g_autoptr (GPtrArray) gateways = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (servers); i++)
    {
      g_autofree char *spec = NULL;

      servers[i] = ssh_server_start (NULL);
      spec = ssh_server_dup_spec (servers[i], with_client);
      specs[i] = execnet_xspec_new (spec, NULL);
    }
  gateways = execnet_group_make_gateways (
      self->group, specs, G_N_ELEMENTS (specs), 0, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (servers); i++)
    assert_still_works (g_ptr_array_index (gateways, i));
  execnet_group_terminate (self->group, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (servers); i++)
    {
      g_object_unref (specs[i]);
      ssh_server_stop (servers[i]);
    }
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  take_client (argc, argv);
  ADD_HOST_TEST ("/ssh/routes/rekeying", rekeying, test_rekeying);
  ADD_HOST_TEST ("/ssh/routes/compression", compressing, test_compression);
  ADD_HOST_TEST ("/ssh/routes/known-key-type", many_keys, test_known_key_type);
  ADD_HOST_TEST ("/ssh/routes/many-channels", NULL, test_many_channels);
  ADD_HOST_TEST ("/ssh/routes/slow-reader", NULL, test_slow_reader);
  ADD_HOST_TEST ("/ssh/routes/exit", NULL, test_exit);
  ADD_HOST_TEST ("/ssh/routes/refusing", NULL, test_refusing);
  ADD_HOST_TEST ("/ssh/routes/jump", NULL, test_jump);
  ADD_HOST_TEST ("/ssh/routes/jump-to-nowhere", NULL, test_jump_to_nowhere);
  ADD_HOST_TEST ("/ssh/routes/proxy-command", NULL, test_proxy_command);
  ADD_HOST_TEST ("/ssh/routes/proxy-command/bad", NULL, test_bad_proxy_command);
  ADD_HOST_TEST ("/ssh/routes/ten-hosts", NULL, test_ten_hosts);
  return g_test_run ();
}
