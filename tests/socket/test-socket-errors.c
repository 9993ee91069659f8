/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Addresses where no worker answers: each says so in its own words. */

#include "config.h"

#include "server-fixture.h"

#include <glib/gstdio.h>

/* Accepts one connection after another, and does with each what follows. */
#define PEER                                                                                       \
  "import socket, sys\n"                                                                           \
  "listener = socket.socket()\n"                                                                   \
  "listener.bind(('127.0.0.1', 0))\n"                                                              \
  "listener.listen(5)\n"                                                                           \
  "print(listener.getsockname()[1])\n"                                                             \
  "kept = []\n"                                                                                    \
  "while True:\n"                                                                                  \
  "    s = listener.accept()[0]\n"                                                                 \
  "    "

static guint n_threads_at_rest;

/* The library's thread ends a moment after the last that it did. */
static Belongings
count_at_rest (void)
{
  YIELD_UNTIL (count_belongings ().n_threads <= n_threads_at_rest);
  return count_belongings ();
}

static void
assert_fails (const char *spec, int code, const char *part)
{
  const Belongings before = count_at_rest ();
  ExecnetGroup *group = execnet_group_new ();
  GError *error = NULL;

  g_assert_null (execnet_group_make_gateway (group, spec, NULL, &error));
  g_test_message ("%s", error->message);
  assert_error_says (error, EXECNET_ERROR, code, part);
  g_assert_finalize_object (group);
  /* A look-up that is wanted no more ends in a thread of GLib's. */
  YIELD_UNTIL (count_at_rest ().n_descriptors <= before.n_descriptors);
}

static void
test_nobody_there (void)
{
  assert_fails ("socket=no-such-host.invalid:8888",
                EXECNET_ERROR_HOST_NOT_FOUND,
                "“no-such-host.invalid” of “socket=no-such-host.invalid:8888”");
  /* The port of the discard service, which nobody offers to this machine alone. */
  assert_fails ("socket=127.0.0.1:9", EXECNET_ERROR_CONNECTION_REFUSED, "“127.0.0.1:9”");
  assert_fails ("socket=[::1]:9", EXECNET_ERROR_CONNECTION_REFUSED, "“[::1]:9”");
  assert_fails ("socket=localhost:9", EXECNET_ERROR_CONNECTION_REFUSED, "socketserver.py :9");
}

static void
test_files (void)
{
  g_autofree char *folder = g_dir_make_tmp ("execnet-XXXXXX", NULL);
  g_autofree char *missing = g_strdup_printf ("socket=unix:%s/none", folder);
  g_autofree char *path = g_build_filename (folder, "file", NULL);
  g_autofree char *no_socket = g_strconcat ("socket=unix:", path, NULL);
  g_autofree char *expected = g_strdup_printf ("no socket “%s/none”", folder);

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  assert_fails (missing, EXECNET_ERROR_CONNECTION_REFUSED, expected);
  assert_fails (no_socket, EXECNET_ERROR_CONNECTION_REFUSED, path);
  g_remove (path);
  g_rmdir (folder);
}

/* What answers is no worker. */
static void
test_strangers (void)
{
  const struct
  {
    const char *code;
    const char *more;
    int error;
    const char *part;
  } cases[] = {
    { "s.close()", "", EXECNET_ERROR_DIED, "closed the connection before a worker answered" },
    { "s.sendall(b'HTTP/1.1 400 Bad Request\\r\\n\\r\\n'); s.close()",
      "",
      EXECNET_ERROR_UNEXPECTED_OUTPUT,
      "“HTTP/1.1 400 Bad Request" },
    { "s.sendall(b'SSH-2.0-OpenSSH_9.2\\r\\n'); kept.append(s)",
      "",
      EXECNET_ERROR_UNEXPECTED_OUTPUT,
      "“SSH-2.0-OpenSSH_9.2”" },
    { "s.sendall(b'1\\xff' + bytes(100)); kept.append(s)",
      "",
      EXECNET_ERROR_UNEXPECTED_OUTPUT,
      "is no socket server" },
    { "s.close()", "//token_env=TOKEN", EXECNET_ERROR_AUTHENTICATION_FAILED, "knows none" },
    { "s.sendall(b'220 mail.example ESMTP\\r\\n'); kept.append(s)",
      "//token_env=TOKEN",
      EXECNET_ERROR_UNEXPECTED_OUTPUT,
      "“220 mail.example ESMTP”" },
    { "s.sendall(b'x' * 5000); kept.append(s)",
      "//token_env=TOKEN",
      EXECNET_ERROR_UNEXPECTED_OUTPUT,
      "“xxxxx" },
    { "f = s.makefile('rb'); s.sendall(b'a' * 64 + b'\\n'); f.readline(); f.readline(); "
      "s.sendall(b'b' * 64 + b'\\n')",
      "//token_env=TOKEN",
      EXECNET_ERROR_AUTHENTICATION_FAILED,
      "does not know the token" },
    /* What this side said is no proof for the other. */
    { "f = s.makefile('rb'); s.sendall(f.readline()[16:]); s.sendall(f.readline())",
      "//token_env=TOKEN",
      EXECNET_ERROR_AUTHENTICATION_FAILED,
      "does not know the token" },
    { "s.close()", "//tls", EXECNET_ERROR_FAILED, "No TLS can be spoken" },
    { "s.sendall(b'220 mail.example ESMTP\\r\\n'); kept.append(s)",
      "//tls",
      EXECNET_ERROR_FAILED,
      "No TLS can be spoken" },
  };

  g_setenv ("TOKEN", "a secret of some length", TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *code = g_strconcat (PEER, cases[i].code, NULL);
      g_autoptr (Server) server = server_new_code (code);
      g_autofree char *spec = server_spec (server, cases[i].more);

      assert_fails (spec, cases[i].error, cases[i].part);
    }
}

/* What accepts and says nothing is given up, and the error says how far it came. */
static void
test_silent (void)
{
  g_autoptr (Server) server = server_new_code (PEER "kept.append(s)");
  g_autofree char *plain = server_spec (server, "//timeout=1");
  g_autofree char *token = server_spec (server, "//timeout=1//token_env=TOKEN");
  g_autofree char *tls = server_spec (server, "//timeout=1//tls");

  g_setenv ("TOKEN", "a secret of some length", TRUE);
  assert_fails (plain, EXECNET_ERROR_TIMED_OUT, "but no worker has answered");
  assert_fails (token, EXECNET_ERROR_TIMED_OUT, "but said nothing about the token");
  assert_fails (tls, EXECNET_ERROR_TIMED_OUT, "but said nothing about TLS");
}

static void
test_cancel (gconstpointer more)
{
  const Belongings before = count_at_rest ();
  Server *server = server_new_code (PEER "kept.append(s); print('accepted')");
  ExecnetGroup *group = execnet_group_new ();
  g_autofree char *spec = server_spec (server, more);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *line = NULL;
  GError *error = NULL;

  execnet_group_make_gateway_async (group, spec, cancellable, keep_result, &result);
  line = server_read_line (server);
  g_assert_cmpstr (line, ==, "accepted");
  g_cancellable_cancel (cancellable);
  wait_for_result (&result);
  g_assert_null (execnet_group_make_gateway_finish (group, result, &error));
  assert_error_says (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  g_clear_object (&result);
  execnet_group_terminate (group, PATIENCE_MS, NULL, NULL);
  g_assert_finalize_object (group);
  server_free (server);
  /* What a test before this one was still closing then may be gone by now. */
  YIELD_UNTIL (count_at_rest ().n_descriptors <= before.n_descriptors);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  n_threads_at_rest = count_belongings ().n_threads;

  g_test_add_func ("/socket-errors/nobody-there", test_nobody_there);
  g_test_add_func ("/socket-errors/files", test_files);
  g_test_add_func ("/socket-errors/strangers", test_strangers);
  g_test_add_func ("/socket-errors/silent", test_silent);
  g_test_add_data_func ("/socket-errors/cancel/worker", "", test_cancel);
  g_test_add_data_func ("/socket-errors/cancel/token", "//token_env=TOKEN", test_cancel);
  g_test_add_data_func ("/socket-errors/cancel/tls", "//tls", test_cancel);
  return g_test_run ();
}
