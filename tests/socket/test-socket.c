/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gateways into socket servers: ours, and Debian's execnet. */

#include "config.h"

#include "server-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  Belongings before;
  Server *server;
  ExecnetGroup *group;
} Socket;

static void
set_up_socket (Socket *fixture, gconstpointer kind)
{
  fixture->before = count_belongings ();
  fixture->server
      = g_str_equal (kind, "ours") ? server_new ("127.0.0.1:0", NULL) : server_new_stock ();
  fixture->group = execnet_group_new ();
}

static void
tear_down_socket (Socket *fixture, gconstpointer kind)
{
  g_autoptr (GError) error = NULL;

  execnet_group_terminate (fixture->group, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  iterate_ready ();
  g_assert_finalize_object (g_steal_pointer (&fixture->group));
  g_clear_pointer (&fixture->server, server_free);
  assert_nothing_left (&fixture->before);
}

static ExecnetGateway *
make (Socket *fixture, const char *more)
{
  g_autofree char *spec = server_spec (fixture->server, more);

  return make_gateway (fixture->group, spec);
}

static void
test_works (Socket *fixture, gconstpointer kind)
{
  g_autoptr (ExecnetGateway) gateway = make (fixture, "");

  assert_still_works (gateway);
}

static void
test_one_after_another (Socket *fixture, gconstpointer kind)
{
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (ExecnetGateway) gateway = make (fixture, "");
      pid_t pid = remote_pid (gateway);

      assert_still_works (gateway);
      execnet_gateway_exit (gateway);
      g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
      wait_until_gone (pid);
    }
}

static void
test_settings (Socket *fixture, gconstpointer kind)
{
  g_autofree char *folder = g_dir_make_tmp ("execnet-XXXXXX", NULL);
  g_autofree char *more
      = g_strdup_printf ("//chdir=%s//env:COLOUR=green//nice=3//id=there", folder);
  g_autoptr (ExecnetGateway) gateway = make (fixture, more);
  g_autoptr (ExecnetChannel) channel
      = run_code (gateway,
                  "import os\n"
                  "channel.send(os.getcwd())\n"
                  "channel.send(os.environ['COLOUR'])\n"
                  "channel.send(os.nice(0))\n"
                  "channel.send(channel.gateway.id)\n");
  g_autofree char *cwd = receive_text (channel);
  g_autofree char *colour = receive_text (channel);
  g_autofree char *name = NULL;

  g_assert_cmpstr (cwd, ==, folder);
  g_assert_cmpstr (colour, ==, "green");
  g_assert_cmpint (receive_int (channel), ==, 3);
  name = receive_text (channel);
  g_assert_cmpstr (name, ==, "there-worker");
  g_rmdir (folder);
}

/* The server's own folder, environment and standard streams stay as they are. */
static void
test_server_stays_as_it_was (Socket *fixture, gconstpointer kind)
{
  const char *code = "import os\n"
                     "channel.send(os.getcwd() + ' ' + os.environ.get('COLOUR', 'none'))";
  g_autofree char *here = g_get_current_dir ();
  g_autofree char *expected = g_strconcat (here, " none", NULL);
  g_autoptr (ExecnetGateway) first = make (fixture, "//chdir=/tmp//env:COLOUR=green");
  g_autoptr (ExecnetGateway) second = NULL;
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autofree char *found = NULL;

  execnet_gateway_exit (first);
  g_assert_true (execnet_gateway_join (first, PATIENCE_MS, NULL, NULL));
  second = make (fixture, "");
  channel = run_code (second, code);
  found = receive_text (channel);
  g_assert_cmpstr (found, ==, expected);
}

static void
test_failed_start (Socket *fixture, gconstpointer kind)
{
  g_autofree char *spec = server_spec (fixture->server, "//chdir=/nowhere/at/all");
  g_autoptr (ExecnetGateway) gateway = NULL;
  GError *error = NULL;

  g_assert_null (execnet_group_make_gateway (fixture->group, spec, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_FAILED, "'/nowhere/at/all'");
  gateway = make (fixture, "");
  assert_still_works (gateway);
}

static void
test_models (Socket *fixture, gconstpointer kind)
{
  const char *const models[] = { "thread", "main_thread_only", "gevent", "eventlet" };

  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    {
      g_autofree char *more = g_strconcat ("//execmodel=", models[i], NULL);
      g_autoptr (ExecnetGateway) gateway = make (fixture, more);
      pid_t pid = remote_pid (gateway);
      g_autoptr (ExecnetChannel) channel
          = run_code (gateway, "channel.send(channel.gateway.execmodel.backend)");
      g_autofree char *backend = receive_text (channel);

      g_assert_cmpstr (backend, ==, models[i]);
      assert_still_works (gateway);
      /* execnet's serves one after another. */
      execnet_gateway_exit (gateway);
      g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
      wait_until_gone (pid);
    }
}

static gboolean
has_internet_socket (void)
{
  for (int fd = 0; fd < 256; fd++)
    {
      int domain;
      socklen_t size = sizeof domain;

      if (getsockopt (fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_INET)
        return TRUE;
    }
  return FALSE;
}

/* A fork of this program must not keep the connection open when this program is gone. */
static void
test_fork (Socket *fixture, gconstpointer kind)
{
  g_autoptr (ExecnetGateway) gateway = make (fixture, "");
  int status;
  pid_t pid;

  g_assert_true (has_internet_socket ());
  pid = fork ();
  if (pid == 0)
    _exit (has_internet_socket ());
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
  assert_still_works (gateway);
}

static void
test_bulk (Socket *fixture, gconstpointer kind)
{
  const gsize size = 16 << 20;
  g_autoptr (ExecnetGateway) gateway = make (fixture, "");
  g_autoptr (ExecnetChannel) channel = run_code (gateway, "channel.send(channel.receive())");
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (size), size);
  g_autoptr (GVariant) back = NULL;
  g_autoptr (GError) error = NULL;

  execnet_channel_send (
      channel, g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE), NULL, &error);
  g_assert_no_error (error);
  back = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_get_size (back), ==, size);
}

static void
test_death (Socket *fixture, gconstpointer kind)
{
  g_autoptr (ExecnetGateway) gateway = make (fixture, "");
  g_autoptr (ExecnetGateway) next = NULL;
  g_autoptr (ExecnetChannel) channel
      = run_until_ready (gateway, "import os; channel.receive(); os._exit(3)");

  send_int (channel, 1);
  assert_error_says (
      receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "closed the connection");
  next = make (fixture, "");
  assert_still_works (next);
}

/* The worker notices that nobody is there any more, whatever it does. */
static void
test_terminate (Socket *fixture, gconstpointer kind)
{
  g_autoptr (ExecnetGateway) gateway = make (fixture, "");
  pid_t pid = remote_pid (gateway);
  g_autoptr (ExecnetChannel) channel = run_until_ready (gateway, "while True: pass");
  g_autoptr (GError) error = NULL;

  execnet_group_terminate (fixture->group, 100, NULL, &error);
  g_assert_no_error (error);
  wait_until_gone (pid);
}

static void
keep_line (ExecnetGateway *gateway, const char *line, gboolean is_stderr, gpointer data)
{
  g_ptr_array_add (data, g_strdup_printf ("%d %s", is_stderr, line));
}

static void
test_output (Socket *fixture, gconstpointer kind)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (ExecnetGateway) gateway = make (fixture, "//capture_output");
  g_autoptr (ExecnetChannel) channel = NULL;

  g_signal_connect (gateway, "output", G_CALLBACK (keep_line), lines);
  channel = run_code (gateway,
                      "import os, sys\n"
                      "print('printed')\n"
                      "os.system('echo shouted >&2')\n");
  ITERATE_UNTIL (lines->len >= 2);
  g_assert_cmpuint (lines->len, ==, 2);
  g_assert_true (g_ptr_array_find_with_equal_func (lines, "0 printed", g_str_equal, NULL));
  g_assert_true (g_ptr_array_find_with_equal_func (lines, "1 shouted", g_str_equal, NULL));
  g_signal_handlers_disconnect_by_data (gateway, lines);
}

static void
test_at_once (Socket *fixture, gconstpointer kind)
{
  ExecnetGateway *gateways[10];
  guint n_descriptors = server_count_descriptors (fixture->server);

  for (guint i = 0; i < G_N_ELEMENTS (gateways); i++)
    gateways[i] = make (fixture, "");
  for (guint i = 0; i < G_N_ELEMENTS (gateways); i++)
    assert_still_works (gateways[i]);
  g_assert_cmpuint (server_count_children (fixture->server), ==, G_N_ELEMENTS (gateways));
  for (guint i = 0; i < G_N_ELEMENTS (gateways); i++)
    execnet_gateway_exit (gateways[i]);
  for (guint i = 0; i < G_N_ELEMENTS (gateways); i++)
    {
      g_assert_true (execnet_gateway_join (gateways[i], PATIENCE_MS, NULL, NULL));
      g_object_unref (gateways[i]);
    }
  YIELD_UNTIL (server_count_children (fixture->server) == 0);
  YIELD_UNTIL (server_count_descriptors (fixture->server) == n_descriptors);
}

/* Its clients end with it. */
static void
test_server_ends (Socket *fixture, gconstpointer kind)
{
  g_autoptr (ExecnetGateway) gateway = make (fixture, "");
  pid_t pid = remote_pid (gateway);
  g_autoptr (ExecnetChannel) channel = run_until_ready (gateway, "channel.receive()");

  g_clear_pointer (&fixture->server, server_free);
  assert_error_says (
      receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "closed the connection");
  wait_until_gone (pid);
}

#define ADD(path, kind, func)                                                                      \
  g_test_add (path "/" kind, Socket, kind, set_up_socket, func, tear_down_socket)
#define ADD_BOTH(path, func)                                                                       \
  G_STMT_START                                                                                     \
  {                                                                                                \
    ADD (path, "ours", func);                                                                      \
    ADD (path, "stock", func);                                                                     \
  }                                                                                                \
  G_STMT_END

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD_BOTH ("/socket/works", test_works);
  ADD_BOTH ("/socket/one-after-another", test_one_after_another);
  ADD_BOTH ("/socket/settings", test_settings);
  ADD_BOTH ("/socket/server-stays-as-it-was", test_server_stays_as_it_was);
  ADD_BOTH ("/socket/failed-start", test_failed_start);
  ADD_BOTH ("/socket/models", test_models);
  ADD ("/socket/fork", "ours", test_fork);
  ADD_BOTH ("/socket/bulk", test_bulk);
  ADD_BOTH ("/socket/death", test_death);
  ADD_BOTH ("/socket/terminate", test_terminate);
  ADD_BOTH ("/socket/output", test_output);
  ADD ("/socket/at-once", "ours", test_at_once);
  ADD ("/socket/server-ends", "ours", test_server_ends);
  return g_test_run ();
}
