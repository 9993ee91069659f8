/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What can go wrong on the way to an ssh host, and after it: each ends in its own error. */

#include "host.h"

#include <gio/gio.h>
#include <string.h>

static const char *const one_session[] = { "--config", "MaxSessions 1", NULL };
static const char *const no_session[] = { "--config", "MaxSessions 0", NULL };
static const char *const no_python[] = { "--config", "SetEnv PATH=/nowhere", NULL };
static const char *const without_common_cipher[]
    = { "--config", "Ciphers chacha20-poly1305@openssh.com", NULL };

/* On the way */

static GError *
fail_to_make (ExecnetGroup *group, const char *spec)
{
  GError *error = NULL;

  g_assert_null (execnet_group_make_gateway (group, spec, NULL, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  return error;
}

static void
test_unknown_host (Host *self, gconstpointer unused)
{
  g_autofree char *spec = g_strconcat ("ssh=-F none nowhere.invalid", with_client, NULL);

  assert_error_says (fail_to_make (self->group, spec),
                     EXECNET_ERROR,
                     EXECNET_ERROR_HOST_NOT_FOUND,
                     "nowhere.invalid");
}

/* A listener that accepts, says `text`, and then waits, or closes. */
typedef struct
{
  GSocketService *service;
  guint16 port;
  const char *text;
  gboolean closes;
  GPtrArray *connections;
} Listener;

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  Listener *self = data;
  GOutputStream *output = g_io_stream_get_output_stream (G_IO_STREAM (connection));

  g_output_stream_write_all (output, self->text, strlen (self->text), NULL, NULL, NULL);
  if (!self->closes)
    g_ptr_array_add (self->connections, g_object_ref (connection));
  return TRUE;
}

static void
listener_start (Listener *self, const char *text, gboolean closes)
{
  g_autoptr (GError) error = NULL;

  self->text = text;
  self->closes = closes;
  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
  self->service = g_socket_service_new ();
  self->port = g_socket_listener_add_any_inet_port (
      G_SOCKET_LISTENER (self->service), NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
}

static void
listener_stop (Listener *self)
{
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_object_unref (self->service);
  g_ptr_array_unref (self->connections);
}

static GError *
fail_at_listener (Host *self, Listener *listener)
{
  g_autofree char *spec = g_strdup_printf (
      "ssh=-F none -p %u 127.0.0.1//timeout=3%s", listener->port, with_client);
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  execnet_group_make_gateway_async (self->group, spec, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_null (execnet_group_make_gateway_finish (self->group, result, &error));
  g_test_message ("%s", error->message);
  return error;
}

static void
test_silent (Host *self, gconstpointer unused)
{
  Listener listener = { 0 };

  listener_start (&listener, "", FALSE);
  assert_error_says (fail_at_listener (self, &listener),
                     EXECNET_ERROR,
                     EXECNET_ERROR_TIMED_OUT,
                     is_library ? "has said nothing" : "has not reached");
  listener_stop (&listener);
}

static void
test_closes (Host *self, gconstpointer unused)
{
  Listener listener = { 0 };

  listener_start (&listener, "", TRUE);
  assert_error_says (fail_at_listener (self, &listener),
                     EXECNET_ERROR,
                     EXECNET_ERROR_DIED,
                     is_library ? "before it said" : "kex_exchange_identification");
  listener_stop (&listener);
}

static void
test_garbage (Host *self, gconstpointer unused)
{
  Listener listener = { 0 };

  listener_start (&listener, "HTTP/1.1 400 Bad Request\r\n\r\n", TRUE);
  /* The client does not say what it got instead. */
  assert_error_says (fail_at_listener (self, &listener),
                     EXECNET_ERROR,
                     is_library ? EXECNET_ERROR_UNEXPECTED_OUTPUT : EXECNET_ERROR_DIED,
                     is_library ? "HTTP/1.1 400 Bad Request" : "127.0.0.1");
  listener_stop (&listener);
}

/* It says that it speaks ssh, and then something else. */
static void
test_garbage_after_banner (Host *self, gconstpointer unused)
{
  Listener listener = { 0 };
  g_autoptr (GError) error = NULL;

  listener_start (&listener, "SSH-2.0-Nothing\r\nno packet at all, and more than enough bytes", TRUE);
  error = fail_at_listener (self, &listener);
  g_assert_nonnull (strstr (error->message, "127.0.0.1"));
  listener_stop (&listener);
}

/* Endless lines of a server that is none. */
static void
test_flood (Host *self, gconstpointer unused)
{
  Listener listener = { 0 };
  g_autofree char *text = g_strnfill (200000, 'x');

  for (gsize i = 80; i < 200000; i += 80)
    text[i] = '\n';
  listener_start (&listener, text, FALSE);
  assert_error_says (fail_at_listener (self, &listener),
                     EXECNET_ERROR,
                     EXECNET_ERROR_UNEXPECTED_OUTPUT,
                     is_library ? "xxx" : "No SSH version");
  listener_stop (&listener);
}

static void
test_refused (Host *self, gconstpointer unused)
{
  Listener listener = { 0 };
  g_autofree char *spec = NULL;

  listener_start (&listener, "", TRUE);
  spec = g_strdup_printf ("ssh=-F none -p %u 127.0.0.1%s", listener.port, with_client);
  listener_stop (&listener);
  assert_error_says (fail_to_make (self->group, spec),
                     EXECNET_ERROR,
                     EXECNET_ERROR_CONNECTION_REFUSED,
                     "127.0.0.1");
}

/* The host's key */

static void
write_known_hosts (Host *self, const char *marker, const char *key_file)
{
  g_autofree char *path = g_strconcat (key_file, ".pub", NULL);
  g_autofree char *key = NULL;
  g_autofree char *line = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &key, NULL, &error);
  g_assert_no_error (error);
  line = g_strdup_printf ("%s[127.0.0.1]:%s %s", marker, ssh_server_get (self->server, "port"), key);
  g_file_set_contents (ssh_server_get (self->server, "known_hosts"), line, -1, &error);
  g_assert_no_error (error);
}

static void
test_key_changed (Host *self, gconstpointer unused)
{
  write_known_hosts (self, "", ssh_server_get (self->server, "identity_ed25519"));
  assert_error_says (host_fail (self, "-4", with_client),
                     EXECNET_ERROR,
                     EXECNET_ERROR_HOST_KEY_CHANGED,
                     "SHA256:");
}

static void
test_key_revoked (Host *self, gconstpointer unused)
{
  write_known_hosts (self, "@revoked ", ssh_server_get (self->server, "host_key_ed25519"));
  assert_error_says (host_fail (self, "-4", with_client),
                     EXECNET_ERROR,
                     EXECNET_ERROR_HOST_KEY_CHANGED,
                     "revoked");
}

static void
forget_known_hosts (Host *self)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (ssh_server_get (self->server, "known_hosts"), "", 0, &error);
  g_assert_no_error (error);
}

static void
test_key_unknown (Host *self, gconstpointer unused)
{
  forget_known_hosts (self);
  assert_error_says (host_fail (self, "-o StrictHostKeyChecking=yes", with_client),
                     EXECNET_ERROR,
                     EXECNET_ERROR_HOST_KEY_UNKNOWN,
                     "127.0.0.1");
  assert_asked (self->answers, 0, NULL);
}

/* Yes is the first choice; from then on the key is known. */
static void
test_key_accepted (Host *self, gconstpointer unused)
{
  forget_known_hosts (self);
  answers_add (self->answers, "0");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (ExecnetGateway) gateway
          = host_make (self, "-o StrictHostKeyChecking=ask", with_client);

      assert_still_works (gateway);
      execnet_group_terminate (self->group, PATIENCE_MS, NULL, NULL);
    }
  assert_asked (self->answers, 1, "SHA256:");
  g_assert_cmpuint (ssh_server_count_connections (self->server), ==, 2);
}

/* On the host */

static void
test_no_python (Host *self, gconstpointer unused)
{
  assert_error_says (host_fail (self, "-4", with_client),
                     EXECNET_ERROR,
                     EXECNET_ERROR_NO_INTERPRETER,
                     "python");
}

static void
test_no_session (Host *self, gconstpointer unused)
{
  assert_error_says (host_fail (self, "-4", with_client),
                     EXECNET_ERROR,
                     EXECNET_ERROR_PERMISSION_DENIED,
                     "test");
}

/* What doesn't fit on one session goes to another one. */
static void
test_quota (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) first = host_make (self, "-4", with_client);
  g_autoptr (ExecnetGateway) second = host_make (self, "-4", with_client);

  assert_still_works (first);
  assert_still_works (second);
  g_assert_cmpuint (ssh_server_count_connections (self->server), ==, 2);
}

/* The library can't, and the client can. */
static void
test_other_client (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) gateway = host_make (self, "-4", "");

  assert_still_works (gateway);
  assert_error_says (host_fail (self, "-4", "//ssh_client=libssh2"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_FAILED,
                     "libssh2");
}

static void
assert_dies (ExecnetChannel *channel)
{
  g_autoptr (GError) error = receive_error (channel);

  g_test_message ("%s", error->message);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DIED);
  g_assert_nonnull (strstr (error->message, "test"));
}

/* In the middle of a long item. */
static void
test_cut (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) gateway = host_make (self, "-4", with_client);
  g_autoptr (ExecnetGateway) other = host_make (self, "-4", with_client);
  g_autoptr (ExecnetChannel) channel = run_until_ready (
      gateway, "while True: channel.send (b'x' * 10000000)");
  g_autoptr (ExecnetChannel) idle = run_until_ready (other, "channel.receive ()");

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GVariant) item = execnet_channel_receive (channel, PATIENCE_MS, NULL, NULL);

      g_assert_nonnull (item);
    }
  ssh_server_do (self->server, "cut");
  for (;;)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) item = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);

      if (item != NULL)
        continue;
      g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DIED);
      break;
    }
  assert_dies (idle);
}

/* Nothing says that the host is gone: only that it says nothing. */
static void
test_vanished (Host *self, gconstpointer unused)
{
  g_autofree char *keepalive = g_strconcat ("//keepalive=1", with_client, NULL);
  g_autoptr (ExecnetGateway) gateway = host_make (self, "-4", keepalive);
  g_autoptr (ExecnetChannel) channel = run_until_ready (gateway, "channel.receive ()");
  gint64 start;

  ssh_server_do (self->server, "freeze");
  start = g_get_monotonic_time ();
  assert_dies (channel);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 4 * G_TIME_SPAN_SECOND + QUICK_MS * 1000);
  ssh_server_do (self->server, "thaw");
}

/* One who is slow, and alive, is not given up. */
static void
test_idle (Host *self, gconstpointer unused)
{
  g_autofree char *keepalive = g_strconcat ("//keepalive=1", with_client, NULL);
  g_autoptr (ExecnetGateway) gateway = host_make (self, "-4", keepalive);
  g_autoptr (ExecnetChannel) channel
      = run_code (gateway, "import time; time.sleep (5); channel.send (1)");

  g_assert_cmpint (receive_int (channel), ==, 1);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  take_client (argc, argv);
  ADD_HOST_TEST ("/ssh/faults/unknown-host", NULL, test_unknown_host);
  ADD_HOST_TEST ("/ssh/faults/refused", NULL, test_refused);
  ADD_HOST_TEST ("/ssh/faults/silent", NULL, test_silent);
  ADD_HOST_TEST ("/ssh/faults/closes", NULL, test_closes);
  ADD_HOST_TEST ("/ssh/faults/garbage", NULL, test_garbage);
  ADD_HOST_TEST ("/ssh/faults/garbage-after-banner", NULL, test_garbage_after_banner);
  ADD_HOST_TEST ("/ssh/faults/flood", NULL, test_flood);
  ADD_HOST_TEST ("/ssh/faults/key-changed", NULL, test_key_changed);
  ADD_HOST_TEST ("/ssh/faults/key-revoked", NULL, test_key_revoked);
  ADD_HOST_TEST ("/ssh/faults/key-unknown", NULL, test_key_unknown);
  ADD_HOST_TEST ("/ssh/faults/key-accepted", NULL, test_key_accepted);
  ADD_HOST_TEST ("/ssh/faults/no-python", no_python, test_no_python);
  ADD_HOST_TEST ("/ssh/faults/no-session", no_session, test_no_session);
  ADD_HOST_TEST ("/ssh/faults/quota", one_session, test_quota);
  ADD_HOST_TEST ("/ssh/faults/no-common-cipher", without_common_cipher, test_other_client);
  ADD_HOST_TEST ("/ssh/faults/cut", NULL, test_cut);
  ADD_HOST_TEST ("/ssh/faults/vanished", NULL, test_vanished);
  ADD_HOST_TEST ("/ssh/faults/idle", NULL, test_idle);
  return g_test_run ();
}
