/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gateways in socket servers to which another gateway connects. */

#include "config.h"

#include "../socket/server-fixture.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#define MASTER "popen//id=master"
#define SECRET "0123456789abcdef0123456789abcdef"

/* The leak checker crashes over the thread-local memory of what GIO loads for TLS: it is asked to leave
 * out the process that has loaded that. */
static gboolean has_loaded_tls;

int __lsan_is_turned_off (void);

int
__lsan_is_turned_off (void)
{
  return has_loaded_tls;
}

static GError *
fail_to_make (ExecnetGroup *group, const char *spec)
{
  GError *error = NULL;

  g_assert_null (execnet_group_make_gateway (group, spec, NULL, &error));
  return error;
}

static void
check_server (Fixture *fixture, Server *server, const char *more)
{
  g_autofree char *ending = g_strconcat (more, "//via=master", NULL);
  g_autofree char *spec = server_spec (server, ending);
  g_autofree char *text = g_strnfill (3000000, 'x');
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, spec);
  g_autoptr (ExecnetChannel) channel = run_code (gateway, "channel.send(channel.receive())");
  g_autofree char *answer = NULL;

  assert_still_works (gateway);
  send_text (channel, text);
  answer = receive_text (channel);
  g_assert_cmpint (strlen (answer), ==, strlen (text));
  execnet_gateway_exit (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  g_assert_cmpint (execnet_gateway_get_ending (gateway), ==, EXECNET_ENDING_ASKED);
  assert_still_works (fixture->gateway);
}

static void
test_ours (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (Server) server = server_new ("127.0.0.1:0", NULL);

  check_server (fixture, server, "");
}

static void
test_stock (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (Server) server = server_new_stock ();

  check_server (fixture, server, "");
}

static char *
make_files (void)
{
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "socket", "certificates.py", NULL);
  g_autofree char *token = NULL;
  char *folder = g_dir_make_tmp ("execnet-XXXXXX", NULL);
  const char *argv[] = { g_getenv ("EXECNET_TEST_PYTHON"), script, folder, NULL };
  int status;

  g_assert_true (g_spawn_sync (
      NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
  token = g_build_filename (folder, "token", NULL);
  g_assert_true (g_file_set_contents_full (token, SECRET, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  return folder;
}

static void
remove_files (char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_remove (path);
    }
  g_rmdir (folder);
  g_free (folder);
}

/* From this end to that one: who is between sees and learns nothing. */
static void
test_token_and_tls (Fixture *fixture, gconstpointer unused)
{
  char *folder = make_files ();
  g_autofree char *token_file = g_strdup_printf ("--token-file=%s/token", folder);
  g_autofree char *cert = g_strdup_printf ("--cert=%s/server.pem", folder);
  g_autofree char *more
      = g_strdup_printf ("//token_file=%s/token//tls_ca=%s/authority.crt", folder, folder);
  g_autoptr (Server) server = server_new ("127.0.0.1:0", token_file, cert, NULL);

  has_loaded_tls = TRUE;
  check_server (fixture, server, more);
  remove_files (folder);
}

static void
test_refused (Fixture *fixture, gconstpointer unused)
{
  assert_error_says (fail_to_make (fixture->group, "socket=127.0.0.1:1//via=master"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_CONNECTION_REFUSED,
                     "“master” can't connect to “127.0.0.1:1”");
  assert_error_says (fail_to_make (fixture->group, "socket=no.such.host.invalid:1//via=master"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_HOST_NOT_FOUND,
                     "no.such.host.invalid");
  assert_error_says (fail_to_make (fixture->group, "socket=unix:/no/such/file//via=master"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_FAILED,
                     "/no/such/file");
}

static void
test_master_is_killed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (Server) server = server_new ("127.0.0.1:0", NULL);
  g_autofree char *spec = server_spec (server, "//via=master");
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, spec);
  pid_t pid = remote_pid (gateway);

  execnet_gateway_kill (fixture->gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  assert_error_says (
      execnet_gateway_dup_error (gateway), EXECNET_ERROR, EXECNET_ERROR_DIED, "“master”");
  wait_until_gone (pid);
}

static void
test_server_is_killed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (Server) server = server_new ("127.0.0.1:0", NULL);
  g_autofree char *spec = server_spec (server, "//via=master");
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, spec);
  g_autoptr (ExecnetChannel) channel = run_code (gateway, "import os\nos._exit(1)");

  assert_closed_with (channel, EXECNET_ERROR, EXECNET_ERROR_DIED, "");
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  assert_still_works (fixture->gateway);
}

static void
test_kill (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (Server) server = server_new ("127.0.0.1:0", NULL);
  g_autofree char *spec = server_spec (server, "//via=master");
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, spec);
  g_autoptr (ExecnetChannel) channel = run_until_ready (gateway, "import time\ntime.sleep(1000)");
  pid_t pid = remote_pid (gateway);

  g_assert_nonnull (channel);
  execnet_gateway_kill (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  wait_until_gone (pid);
  assert_still_works (fixture->gateway);
}

static guint
count_descriptors (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/fd", pid);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint count = 0;

  while (g_dir_read_name (dir) != NULL)
    count++;
  return count;
}

/* Green threads wait for an address without keeping the others from running. */
static void
test_waiting_in_green_threads (Fixture *fixture, gconstpointer unused)
{
  /* Its queue is full, so that nothing answers. */
  g_autoptr (Server) server
      = server_new_code ("import socket, time\n"
                         "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0)\n"
                         "kept = [socket.socket() for _ in range(3)]\n"
                         "for k in kept: k.setblocking(False); k.connect_ex(s.getsockname())\n"
                         "print(s.getsockname()[1])\n"
                         "import signal; signal.pause()");
  g_autofree char *spec = server_spec (server, "//via=master");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  execnet_group_make_gateway_async (fixture->group, spec, cancellable, keep_result, &result);
  /* It is under way as soon as the relay has a thread: a further one comes after it. */
  for (guint i = 0; i < 10; i++)
    assert_still_works (fixture->gateway);
  g_cancellable_cancel (cancellable);
  wait_for_result (&result);
  g_assert_null (execnet_group_make_gateway_finish (fixture->group, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Nothing is left of it in the gateway that leads there, which waits for a worker that does not
 * read. */
static void
test_kill_while_it_does_not_read (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (Server) server = server_new ("127.0.0.1:0", NULL);
  g_autofree char *spec = server_spec (server, "//via=master");
  pid_t master = remote_pid (fixture->gateway);
  guint count = count_descriptors (master);
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, spec);
  g_autoptr (ExecnetChannel) channel = run_until_ready (gateway, "channel.receive()");
  g_autofree char *text = g_strnfill (32 * 1024 * 1024, 'x');
  g_autoptr (ExecnetChannel) filling = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  pid_t pid = remote_pid (gateway);

  kill (pid, SIGSTOP);
  execnet_channel_send_async (channel, g_variant_new_string (text), NULL, keep_result, &result);
  filling = run_until_ready (fixture->gateway,
                             "import select, sys\n"
                             "relay, = sys.modules['_execnet_worker'].relays.values()\n"
                             "while select.select([], [relay.input], [], 0)[1]: pass");
  g_assert_true (execnet_channel_wait_close (filling, PATIENCE_MS, NULL, NULL));
  execnet_gateway_kill (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  YIELD_UNTIL (count_descriptors (master) == count);
  kill (pid, SIGCONT);
  wait_until_gone (pid);
  wait_for_result (&result);
}

/* A server that another gateway has started. */

static void
check_installed (Fixture *fixture, const char *spec)
{
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, spec);
  pid_t pid = remote_pid (gateway);

  assert_still_works (gateway);
  execnet_gateway_exit (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  wait_until_gone (pid);
}

static void
test_installed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) far = make_gateway (fixture->group, "popen//id=far//via=master");

  check_installed (fixture, "socket//installvia=master");
  check_installed (fixture, "socket=127.0.0.1:0//installvia=master//chdir=/tmp//nice=1");
  check_installed (fixture, "socket=:0//installvia=master");
  check_installed (fixture, "socket//installvia=far");
  check_installed (fixture, "socket=localhost:0//installvia=far//via=master");
  assert_still_works (far);
}

static void
test_installed_is_lost (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) far = make_gateway (fixture->group, "popen//id=far//via=master");
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, "socket//installvia=far");
  pid_t pid = remote_pid (gateway);

  execnet_gateway_kill (far);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  assert_error_says (execnet_gateway_dup_error (gateway), EXECNET_ERROR, EXECNET_ERROR_DIED, "“far”");
  wait_until_gone (pid);
}

/* With code running in all of them. */
static void
test_installed_ends_with_the_group (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, "socket//installvia=master");
  g_autoptr (ExecnetChannel) channel = run_until_ready (gateway, "channel.receive()");

  g_assert_nonnull (channel);
  assert_still_works (gateway);
}

static void
test_not_installed (Fixture *fixture, gconstpointer unused)
{
  assert_error_says (fail_to_make (fixture->group, "socket//installvia=nobody"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_INVALID_SPEC,
                     "“nobody”");
  assert_error_says (fail_to_make (fixture->group, "socket//installvia=master//tls"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_INVALID_SPEC,
                     "TLS");
  assert_error_says (fail_to_make (fixture->group, "socket=192.0.2.1:0//installvia=master"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_FAILED,
                     "can't start a socket server at “192.0.2.1:0”");
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  ADD_TEST_WITH ("/via/socket/ours", MASTER, test_ours);
  ADD_TEST_WITH ("/via/socket/stock", MASTER, test_stock);
  ADD_TEST_WITH ("/via/socket/refused", MASTER, test_refused);
  ADD_TEST_WITH ("/via/socket/master-is-killed", MASTER, test_master_is_killed);
  ADD_TEST_WITH ("/via/socket/server-is-killed", MASTER, test_server_is_killed);
  ADD_TEST_WITH ("/via/socket/kill", MASTER, test_kill);
  ADD_TEST_WITH (
      "/via/socket/kill-while-it-does-not-read", MASTER, test_kill_while_it_does_not_read);
  ADD_TEST_WITH ("/via/socket/waiting-in-green-threads",
                 MASTER "//python=/usr/bin/python3//execmodel=gevent",
                 test_waiting_in_green_threads);
  ADD_TEST_WITH ("/via/socket/installed", MASTER, test_installed);
  ADD_TEST_WITH ("/via/socket/installed-is-lost", MASTER, test_installed_is_lost);
  ADD_TEST_WITH (
      "/via/socket/installed-ends-with-the-group", MASTER, test_installed_ends_with_the_group);
  ADD_TEST_WITH ("/via/socket/not-installed", MASTER, test_not_installed);
  ADD_TEST_WITH ("/via/socket/token-and-tls", MASTER, test_token_and_tls);
  return g_test_run ();
}
