/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tokens and TLS: who gets in, and which servers are trusted. */

#include "config.h"

#include "server-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define SECRET "0123456789abcdef0123456789abcdef"

static char *folder;

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static void
write_file (const char *name, const char *text, int mode)
{
  g_autofree char *path = in_folder (name);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
}

/* Puts the folder where the text says @. */
static char *
expand (const char *text)
{
  GString *whole = g_string_new (text);

  g_string_replace (whole, "@", folder, 0);
  return g_string_free (whole, FALSE);
}

static void
make_files (void)
{
  g_autofree char *script = g_test_build_filename (G_TEST_DIST, "socket", "certificates.py", NULL);
  const char *argv[] = { g_getenv ("EXECNET_TEST_PYTHON"), script, NULL, NULL };
  g_autoptr (GError) error = NULL;
  int status;

  folder = g_dir_make_tmp ("execnet-XXXXXX", &error);
  g_assert_no_error (error);
  argv[2] = folder;
  g_assert_true (g_spawn_sync (
      NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status, &error));
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  write_file ("token", SECRET "\n", 0600);
  write_file ("other-token", "another " SECRET, 0600);
  write_file ("short-token", "secret", 0600);
  write_file ("open-token", SECRET, 0644);
  write_file ("no-certificate", "nothing", 0600);
}

static void
remove_files (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = in_folder (name);

      g_remove (path);
    }
  g_rmdir (folder);
  g_free (folder);
}

/* Each address has the port put behind it. */
typedef struct
{
  const char *name;
  const char *server[4]; /* its arguments; NULL for Debian's server */
  const char *host;
  const char *more;
  int error; /* -1: it works */
  const char *part;
  const char *message; /* what the server says; NULL where that does not matter */
} Case;

#define WORKS -1, NULL, NULL

static const Case cases[] = {
  { "token/file", { "--token-file=@/token" }, "127.0.0.1", "//token_file=@/token", WORKS },
  { "token/env", { "--token-env=TOKEN" }, "127.0.0.1", "//token_env=TOKEN", WORKS },
  { "token/env-and-file", { "--token-env=TOKEN" }, "localhost", "//token_file=@/token", WORKS },
  { "token/not-wanted", { NULL }, "127.0.0.1", "", WORKS },
  { "token/wrong",
    { "--token-file=@/token" },
    "127.0.0.1",
    "//token_file=@/other-token",
    EXECNET_ERROR_AUTHENTICATION_FAILED,
    "use the same on both sides",
    "was refused: The token is not the one of the server" },
  { "token/missing-here",
    { "--token-file=@/token" },
    "127.0.0.1",
    "",
    EXECNET_ERROR_AUTHENTICATION_FAILED,
    "add token_file=FILE or token_env=NAME",
    "was refused: The server wants a token" },
  { "token/missing-there",
    { NULL },
    "127.0.0.1",
    "//token_file=@/token",
    EXECNET_ERROR_AUTHENTICATION_FAILED,
    "start it with --token-file",
    "was refused: The server has no token" },
  { "token/no-file",
    { NULL },
    "127.0.0.1",
    "//token_file=@/none",
    EXECNET_ERROR_INVALID_SPEC,
    "/none” can't be read",
    NULL },
  { "token/no-variable",
    { NULL },
    "127.0.0.1",
    "//token_env=NO_SUCH_VARIABLE",
    EXECNET_ERROR_INVALID_SPEC,
    "“NO_SUCH_VARIABLE”",
    NULL },
  { "token/short",
    { NULL },
    "127.0.0.1",
    "//token_file=@/short-token",
    EXECNET_ERROR_INVALID_SPEC,
    "has 6 characters",
    NULL },
  { "token/open",
    { NULL },
    "127.0.0.1",
    "//token_file=@/open-token",
    EXECNET_ERROR_INVALID_SPEC,
    "chmod 600",
    NULL },
  { "tls/name", { "--cert=@/server.pem" }, "localhost", "//tls_ca=@/authority.crt", WORKS },
  { "tls/address", { "--cert=@/server.pem" }, "127.0.0.1", "//tls_ca=@/authority.crt", WORKS },
  { "tls/key-apart",
    { "--cert=@/server.crt", "--key=@/server.key" },
    "localhost",
    "//tls//tls_ca=@/authority.crt",
    WORKS },
  { "tls/own-certificate",
    { "--cert=@/stranger.pem" },
    "localhost",
    "//tls_ca=@/stranger.crt",
    WORKS },
  { "tls/with-token",
    { "--cert=@/server.pem", "--token-file=@/token" },
    "localhost",
    "//tls_ca=@/authority.crt//token_file=@/token",
    WORKS },
  { "tls/wrong-token",
    { "--cert=@/server.pem", "--token-file=@/token" },
    "localhost",
    "//tls_ca=@/authority.crt//token_file=@/other-token",
    EXECNET_ERROR_AUTHENTICATION_FAILED,
    "use the same on both sides",
    NULL },
  { "tls/missing-token",
    { "--cert=@/server.pem", "--token-file=@/token" },
    "localhost",
    "//tls_ca=@/authority.crt",
    EXECNET_ERROR_AUTHENTICATION_FAILED,
    "add token_file=FILE",
    NULL },
  { "tls/unknown-authority",
    { "--cert=@/server.pem" },
    "localhost",
    "//tls",
    EXECNET_ERROR_BAD_CERTIFICATE,
    "is signed by nobody who is known here",
    NULL },
  { "tls/other-authority",
    { "--cert=@/stranger.pem" },
    "localhost",
    "//tls_ca=@/authority.crt",
    EXECNET_ERROR_BAD_CERTIFICATE,
    "is signed by nobody who is known here",
    NULL },
  { "tls/other-name",
    { "--cert=@/elsewhere.pem" },
    "localhost",
    "//tls_ca=@/authority.crt",
    EXECNET_ERROR_BAD_CERTIFICATE,
    "is for another name than “localhost”",
    NULL },
  { "tls/expired",
    { "--cert=@/expired.pem" },
    "localhost",
    "//tls_ca=@/authority.crt",
    EXECNET_ERROR_BAD_CERTIFICATE,
    "has expired",
    NULL },
  { "tls/not-yet",
    { "--cert=@/future.pem" },
    "localhost",
    "//tls_ca=@/authority.crt",
    EXECNET_ERROR_BAD_CERTIFICATE,
    "is not valid yet",
    NULL },
  { "tls/missing-here",
    { "--cert=@/server.pem" },
    "127.0.0.1",
    "",
    EXECNET_ERROR_FAILED,
    "The server wants TLS",
    "was refused: The server wants TLS" },
  { "tls/missing-here-with-token",
    { "--cert=@/server.pem", "--token-file=@/token" },
    "127.0.0.1",
    "//token_file=@/token",
    EXECNET_ERROR_AUTHENTICATION_FAILED,
    "The server wants TLS",
    NULL },
  { "tls/missing-there",
    { NULL },
    "127.0.0.1",
    "//tls",
    EXECNET_ERROR_FAILED,
    "start it with --cert",
    "It wants TLS, for which this server needs --cert" },
  { "tls/no-authorities",
    { NULL },
    "127.0.0.1",
    "//tls_ca=@/no-certificate",
    EXECNET_ERROR_INVALID_SPEC,
    "/no-certificate” names no certificates",
    NULL },
};

static Server *
start (const Case *self)
{
  g_autofree char *first = self->server[0] != NULL ? expand (self->server[0]) : NULL;
  g_autofree char *second = self->server[1] != NULL ? expand (self->server[1]) : NULL;

  if (first == NULL)
    return server_new ("127.0.0.1:0", NULL);
  return server_new ("127.0.0.1:0", first, second, NULL);
}

static void
test_case (gconstpointer data)
{
  const Case *self = data;
  const Belongings before = count_belongings ();
  Server *server = start (self);
  ExecnetGroup *group = execnet_group_new ();
  g_autofree char *more = expand (self->more);
  g_autofree char *spec = g_strdup_printf ("socket=%s:%u%s", self->host, server->port, more);
  ExecnetGateway *gateway;
  GError *error = NULL;

  gateway = execnet_group_make_gateway (group, spec, NULL, &error);
  if (self->error < 0)
    {
      g_assert_no_error (error);
      assert_still_works (gateway);
      execnet_group_terminate (group, PATIENCE_MS, NULL, &error);
      g_assert_no_error (error);
      g_object_unref (gateway);
    }
  else
    {
      g_assert_null (gateway);
      g_test_message ("%s", error->message);
      assert_error_says (error, EXECNET_ERROR, self->error, self->part);
      if (self->message != NULL)
        server_expect (server, self->message);
    }
  iterate_ready ();
  g_assert_finalize_object (group);
  YIELD_UNTIL (server_count_children (server) == 0);
  server_free (server);
  assert_nothing_left (&before);
}

/* Much data, both ways at once, and all of it as it was. */
static void
test_tls_bulk (void)
{
  const gsize size = 8 << 20;
  g_autofree char *option = expand ("--cert=@/server.pem");
  g_autofree char *more = expand ("//tls_ca=@/authority.crt");
  g_autoptr (Server) server = server_new ("127.0.0.1:0", option, NULL);
  g_autofree char *spec = server_spec (server, more);
  g_autoptr (ExecnetGroup) group = execnet_group_new ();
  g_autoptr (ExecnetGateway) gateway = make_gateway (group, spec);
  g_autoptr (ExecnetChannel) channel
      = run_code (gateway, "for item in channel: channel.send(item)");
  g_autofree guint8 *bytes = g_malloc (size);
  const guint n = 5;

  for (gsize i = 0; i < size; i++)
    bytes[i] = i * 2654435761u >> 13;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;

      execnet_channel_send (
          channel,
          g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, size, 1),
          NULL,
          &error);
      g_assert_no_error (error);
    }
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) back = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpmem (g_variant_get_data (back), g_variant_get_size (back), bytes, size);
    }
  execnet_group_terminate (group, PATIENCE_MS, NULL, NULL);
}

/* Either side's death is noticed by the other. */
static void
test_tls_death (void)
{
  g_autofree char *option = expand ("--cert=@/server.pem");
  g_autofree char *more = expand ("//tls_ca=@/authority.crt");
  g_autoptr (Server) server = server_new ("127.0.0.1:0", option, NULL);
  g_autofree char *spec = server_spec (server, more);
  g_autoptr (ExecnetGroup) group = execnet_group_new ();
  g_autoptr (ExecnetGateway) dying = make_gateway (group, spec);
  g_autoptr (ExecnetGateway) busy = make_gateway (group, spec);
  pid_t pid = remote_pid (busy);
  g_autoptr (ExecnetChannel) channel
      = run_until_ready (dying, "import os; channel.receive(); os._exit(3)");
  g_autoptr (ExecnetChannel) endless = run_until_ready (busy, "while True: pass");

  send_int (channel, 1);
  assert_error_says (
      receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "closed the connection");
  execnet_group_terminate (group, 100, NULL, NULL);
  wait_until_gone (pid);
  YIELD_UNTIL (server_count_children (server) == 0);
}

/* The server's process that speaks TLS has no time for a farewell. */
static void
test_tls_cut (void)
{
  g_autofree char *option = expand ("--cert=@/server.pem");
  g_autofree char *more = expand ("//tls_ca=@/authority.crt");
  g_autoptr (Server) server = server_new ("127.0.0.1:0", option, NULL);
  g_autofree char *spec = server_spec (server, more);
  g_autoptr (ExecnetGroup) group = execnet_group_new ();
  g_autoptr (ExecnetGateway) gateway = make_gateway (group, spec);
  g_autoptr (ExecnetChannel) channel
      = run_until_ready (gateway, "import os; channel.receive(); os.kill(os.getppid(), 9)");

  send_int (channel, 1);
  assert_error_says (
      receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "closed the connection");
  execnet_group_terminate (group, PATIENCE_MS, NULL, NULL);
  YIELD_UNTIL (server_count_children (server) == 0);
}

int
main (int argc, char **argv)
{
  int status;

  testing_init (&argc, &argv);
  make_files ();
  g_setenv ("TOKEN", SECRET, TRUE);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/socket-security/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/socket-security/tls/bulk", test_tls_bulk);
  g_test_add_func ("/socket-security/tls/death", test_tls_death);
  g_test_add_func ("/socket-security/tls/cut", test_tls_cut);
  status = g_test_run ();
  remove_files ();
  return status;
}
