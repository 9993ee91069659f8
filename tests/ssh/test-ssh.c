/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gateways behind ssh, to a real server. The argument says who makes the connection: what
 * `ssh_client=` takes. */

#include "config.h"

#include "../objects/testing.h"
#include "ssh-server.h"

#include <string.h>

static const char *client;

/* A server, and a group to reach it from. */
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
  iterate_ready ();
  g_assert_finalize_object (self->group);
  ssh_server_stop (self->server);
  assert_nothing_left (&self->before);
}

/* With the client that is tested. */
static char *
make_spec (Host *host, const char *options, const char *rest)
{
  return g_strdup_printf ("ssh=%s test//ssh_config=%s//ssh_client=%s%s",
                          options,
                          ssh_server_get (host->server, "ssh_config"),
                          client,
                          rest);
}

static ExecnetGateway *
connect_to_server (Host *host, const char *options, const char *rest)
{
  g_autofree char *spec = make_spec (host, options, rest);

  return make_gateway (host->group, spec);
}

static void
test_plain (Host *host, gconstpointer data)
{
  g_autoptr (ExecnetGateway) gateway = connect_to_server (host, "", "");
  g_autoptr (ExecnetChannel) channel
      = run_code (gateway,
                  "import os\n"
                  "channel.send(os.path.samefile(os.getcwd(), os.path.expanduser('~')))\n"
                  "channel.send(channel.receive() + 1)\n");
  g_autoptr (GVariant) is_home = NULL;

  is_home = execnet_channel_receive (channel, -1, NULL, NULL);
  g_assert_true (g_variant_get_boolean (is_home));
  send_int (channel, 41);
  g_assert_cmpint (receive_int (channel), ==, 42);
  assert_end (channel);
}

static void
test_keys (Host *host, gconstpointer data)
{
  g_autoptr (ExecnetGateway) gateway = connect_to_server (
      host,
      "-4 -C",
      "//id=there//nice=3//chdir=/tmp//env:A=b c'\"$x//execmodel=main_thread_only"
      "//python=env B=2 python3 -S//dont_write_bytecode");
  g_autoptr (ExecnetChannel) channel = run_code (
      gateway,
      "import os, sys\n"
      "channel.send('%s|%s|%s|%s|%s' % (os.getcwd(), os.environ['A'], os.environ['B'],\n"
      "    sys.dont_write_bytecode, sys.flags.no_site))\n"
      "channel.send(os.nice(0))\n");
  g_autofree char *told = receive_text (channel);

  g_assert_cmpstr (execnet_gateway_get_id (gateway), ==, "there");
  g_assert_cmpstr (told, ==, "/tmp|b c'\"$x|2|True|1");
  g_assert_cmpint (receive_int (channel), >=, 3);
}

/* Ends that are asked for leave nothing there either. */
static void
test_exit (Host *host, gconstpointer data)
{
  g_autoptr (ExecnetGateway) gateway = connect_to_server (host, "", "");
  pid_t there = remote_pid (gateway);

  execnet_gateway_exit (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  wait_until_gone (there);
  g_assert_cmpint (execnet_gateway_get_state (gateway), ==, EXECNET_GATEWAY_CLOSED);
}

/* Code that goes on is ended with its gateway. */
static void
test_kill (Host *host, gconstpointer data)
{
  g_autoptr (ExecnetGateway) gateway = connect_to_server (host, "", "");
  g_autoptr (ExecnetChannel) channel
      = run_until_ready (gateway, "import time\nwhile True: time.sleep(1)");
  pid_t there = remote_pid (gateway);

  execnet_group_terminate (host->group, 1, NULL, NULL);
  wait_until_gone (there);
}

#define BULK (4 * 1024 * 1024)

static void
test_bulk (Host *host, gconstpointer data)
{
  g_autoptr (ExecnetGateway) gateway = connect_to_server (host, "", "");
  g_autoptr (ExecnetChannel) channel
      = run_code (gateway, "for i in range(3): channel.send(channel.receive())");
  g_autofree guint8 *bytes = g_malloc (BULK);

  for (gsize i = 0; i < BULK; i++)
    bytes[i] = i * 7 + (i >> 8);
  for (guint i = 0; i < 3; i++)
    {
      GVariant *item = g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, BULK, sizeof *bytes);
      g_autoptr (GVariant) back = NULL;
      g_autoptr (GError) error = NULL;
      gsize length;

      g_assert_true (execnet_channel_send (channel, item, NULL, NULL));
      back = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpmem (
          g_variant_get_fixed_array (back, &length, sizeof *bytes), length, bytes, BULK);
    }
}

/* What leads to the host ends with the gateway, also when that is ended by force. */
static void
test_proxy_process (Host *host, gconstpointer data)
{
  const char *folder = ssh_server_get (host->server, "folder");
  g_autofree char *noted = g_build_filename (folder, "proxy_pid", NULL);
  g_autofree char *options
      = g_strdup_printf ("-o 'ProxyCommand=sh -c \"echo $$ > %s; exec ssh -F %s/ssh_config -W "
                         "%%h:%%p test\"'",
                         noted,
                         folder);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ExecnetGateway) gateway = connect_to_server (host, options, "");
      g_autoptr (ExecnetChannel) channel = NULL;
      g_autofree char *text = NULL;
      pid_t proxy;

      g_assert_true (g_file_get_contents (noted, &text, NULL, NULL));
      proxy = g_ascii_strtoll (text, NULL, 10);
      g_assert_cmpint (proxy, >, 1);
      if (i == 0)
        execnet_gateway_exit (gateway);
      else
        channel = run_until_ready (gateway, "import time\nwhile True: time.sleep(1)");
      execnet_group_terminate (host->group, i == 0 ? PATIENCE_MS : 1, NULL, NULL);
      wait_until_gone (proxy);
    }
}

/* What is printed there */

static void
on_output (ExecnetGateway *gateway, const char *line, gboolean is_stderr, gpointer data)
{
  g_string_append_printf (data, "%s%s|", is_stderr ? "!" : "", line);
}

static void
test_output (Host *host, gconstpointer data)
{
  g_autoptr (ExecnetGateway) gateway = connect_to_server (host, "", "//capture_output");
  g_autoptr (GString) output = g_string_new (NULL);
  g_autoptr (ExecnetChannel) channel = NULL;

  g_signal_connect (gateway, "output", G_CALLBACK (on_output), output);
  channel = run_code (gateway,
                      "import os\n"
                      "print('printed')\n"
                      "os.write(2, b'complained\\n')\n");
  assert_waits_for_close (channel);
  ITERATE_UNTIL (strstr (output->str, "printed|") != NULL
                 && strstr (output->str, "!complained|") != NULL);
}

/* Ends that nobody asked for */

static void
test_cut (Host *host, gconstpointer data)
{
  g_autoptr (ExecnetGateway) gateway = connect_to_server (host, "", "");
  g_autoptr (ExecnetChannel) channel
      = run_until_ready (gateway, "while True: channel.send(b'x' * 100000)");
  g_autoptr (GError) error = NULL;

  ssh_server_do (host->server, "cut");
  while (error == NULL)
    {
      g_autoptr (GVariant) item = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);
    }
  assert_error_says (g_steal_pointer (&error), EXECNET_ERROR, EXECNET_ERROR_DIED, "");
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
}

/* Three keepalives, and time for a loaded machine. */
static void
test_vanish (Host *host, gconstpointer data)
{
  g_autoptr (ExecnetGateway) gateway = connect_to_server (host, "", "//keepalive=1");
  g_autoptr (ExecnetChannel) channel = run_until_ready (gateway, "channel.receive()");
  gint64 begin = g_get_monotonic_time ();

  ssh_server_do (host->server, "freeze");
  assert_error_says (receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "");
  g_assert_cmpint (g_get_monotonic_time () - begin, <, (3000 + QUICK_MS) * 1000);
  ssh_server_do (host->server, "thaw");
}

/* Starts that fail */

typedef struct
{
  const char *name;
  const char *options;
  const char *rest;
  int code;
  const char *part;
} Failure;

static const Failure failures[] = {
  { "no-such-host", "-o HostName=no-such-host.invalid", "", EXECNET_ERROR_HOST_NOT_FOUND, "" },
  { "closed-port", "-p 1", "", EXECNET_ERROR_CONNECTION_REFUSED, "" },
  { "no-key", "-o PubkeyAuthentication=no", "", EXECNET_ERROR_AUTHENTICATION_FAILED, "publickey" },
  { "no-such-user", "-l no-such-user", "", EXECNET_ERROR_AUTHENTICATION_FAILED, "" },
  { "unknown-host-key", "-o UserKnownHostsFile=/dev/null", "", EXECNET_ERROR_HOST_KEY_UNKNOWN, "" },
  { "no-python", "", "//python=/no/such/python", EXECNET_ERROR_NO_INTERPRETER, "/no/such/python" },
  { "no-python-in-path",
    "",
    "//python=no-such-python",
    EXECNET_ERROR_NO_INTERPRETER,
    "no-such-python" },
  { "other-output", "", "//python=echo", EXECNET_ERROR_UNEXPECTED_OUTPUT, "-u" },
  { "bad-option", "-o NoSuchOption=1", "", EXECNET_ERROR_INVALID_SPEC, "nosuchoption" },
};

static void
test_failures (Host *host, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      const Failure *failure = &failures[i];
      g_autofree char *spec = make_spec (host, failure->options, failure->rest);
      GError *error = NULL;

      g_test_message ("%s", failure->name);
      g_assert_null (execnet_group_make_gateway (host->group, spec, NULL, &error));
      assert_error_says (error, EXECNET_ERROR, failure->code, failure->part);
    }
}

/* As ssh-keygen tells it. */
static char *
tell_fingerprint (const char *key)
{
  g_autofree char *quoted = g_shell_quote (key);
  g_autofree char *command = g_strdup_printf ("ssh-keygen -lf %s", quoted);
  g_autofree char *output = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GError) error = NULL;

  g_spawn_command_line_sync (command, &output, NULL, NULL, &error);
  g_assert_no_error (error);
  words = g_strsplit (output, " ", -1);
  g_assert_cmpuint (g_strv_length (words), >, 2);
  return g_strdup (words[1]);
}

/* Another key is known for the host: the error has both. */
static void
test_key_changed (Host *host, gconstpointer data)
{
  const char *other = ssh_server_get (host->server, "identity_ed25519");
  g_autofree char *path = g_strconcat (other, ".pub", NULL);
  g_autofree char *key = NULL;
  g_autofree char *known_hosts = NULL;
  g_autofree char *spec = make_spec (host, "", "");
  g_autofree char *known = tell_fingerprint (other);
  g_autofree char *now = tell_fingerprint (ssh_server_get (host->server, "host_key_ed25519"));
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_get_contents (path, &key, NULL, NULL));
  known_hosts = g_strdup_printf ("# others\n[%s]:%s %s",
                                 ssh_server_get (host->server, "address"),
                                 ssh_server_get (host->server, "port"),
                                 key);
  g_assert_true (
      g_file_set_contents (ssh_server_get (host->server, "known_hosts"), known_hosts, -1, NULL));

  g_assert_null (execnet_group_make_gateway (host->group, spec, NULL, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_HOST_KEY_CHANGED);
  g_assert_nonnull (strstr (error->message, known));
  g_assert_nonnull (strstr (error->message, now));
}

#define ADD_SSH_TEST(name, func)                                                                   \
  g_test_add ("/ssh/" name, Host, NULL, host_set_up, func, host_tear_down)

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  g_assert_cmpint (argc, ==, 2);
  client = argv[1];

  ADD_SSH_TEST ("plain", test_plain);
  ADD_SSH_TEST ("keys", test_keys);
  ADD_SSH_TEST ("exit", test_exit);
  ADD_SSH_TEST ("kill", test_kill);
  ADD_SSH_TEST ("proxy-process", test_proxy_process);
  ADD_SSH_TEST ("bulk", test_bulk);
  ADD_SSH_TEST ("output", test_output);
  ADD_SSH_TEST ("cut", test_cut);
  ADD_SSH_TEST ("vanish", test_vanish);
  ADD_SSH_TEST ("failures", test_failures);
  ADD_SSH_TEST ("key-changed", test_key_changed);

  return g_test_run ();
}
