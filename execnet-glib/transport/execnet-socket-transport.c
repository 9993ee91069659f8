/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-socket-transport-private.h"

#include "base/execnet-descriptors-private.h"
#include "base/execnet-error.h"
#include "data/execnet-socket-address-private.h"
#include "data/execnet-xspec-private.h"
#include "transport/execnet-keepalive-private.h"
#include "transport/execnet-socket-error-private.h"
#include "transport/execnet-tls-stream-private.h"
#include "transport/execnet-token-private.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gi18n-lib.h>
#include <string.h>

/* What is being waited for. */
typedef enum
{
  STAGE_RESOLVING,
  STAGE_CONNECTING,
  STAGE_TLS,
  STAGE_TOKEN,
  STAGE_WORKER,
} Stage;

struct _ExecnetSocketTransport
{
  ExecnetTransport parent_instance;

  /* Set before it is opened. */
  ExecnetSocketAddress address;
  char *name; /* as the spec says it */
  guint keepalive_seconds;
  GBytes *token; /* or NULL */
  gboolean has_tls;
  GTlsDatabase *authorities; /* NULL: those that the system knows */
  ExecnetConnector *connector; /* NULL: this process */

  Stage stage;
  GTlsCertificateFlags certificate_faults;
  ExecnetKeepalive *keepalive; /* NULL where there is none */

  GMutex lock;
  GSocket *socket; /* the lock: set once by the worker thread, read in any */
};

G_DEFINE_FINAL_TYPE (ExecnetSocketTransport, execnet_socket_transport, EXECNET_TYPE_TRANSPORT)

/* Opening. The task holds the transport; each step takes the task over. */

static void
return_error (GTask *task, GError *error)
{
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
return_stream (GTask *task, GIOStream *stream)
{
  ExecnetSocketTransport *self = g_task_get_source_object (task);

  self->stage = STAGE_WORKER;
  g_task_return_pointer (task, g_object_ref (stream), g_object_unref);
  g_object_unref (task);
}

static void
on_token_proved (GObject *object, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  GError *error = NULL;

  if (execnet_token_prove_finish (result, &error))
    return_stream (task, g_task_get_task_data (task));
  else
    return_error (task, error);
}

static void
prove_token (GTask *task, GIOStream *stream)
{
  ExecnetSocketTransport *self = g_task_get_source_object (task);

  if (self->token == NULL)
    {
      return_stream (task, stream);
      return;
    }
  self->stage = STAGE_TOKEN;
  g_task_set_task_data (task, g_object_ref (stream), g_object_unref);
  execnet_token_prove_async (
      self->token, stream, self->name, g_task_get_cancellable (task), on_token_proved, task);
}

static void
on_hands_shaken (GObject *object, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  ExecnetSocketTransport *self = g_task_get_source_object (task);
  GTlsConnection *connection = G_TLS_CONNECTION (object);
  g_autoptr (GIOStream) stream = execnet_tls_stream_new (connection, self->socket);
  GError *error = NULL;

  if (g_tls_connection_handshake_finish (connection, result, &error))
    prove_token (task, stream);
  else
    return_error (task,
                  execnet_socket_error_of_tls (
                      error, self->certificate_faults, self->name, self->address.host));
}

static gboolean
on_certificate (GTlsConnection *connection,
                GTlsCertificate *certificate,
                GTlsCertificateFlags faults,
                gpointer data)
{
  ExecnetSocketTransport *self = data;

  self->certificate_faults = faults;
  return FALSE;
}

static void
begin_tls (GTask *task, GIOStream *stream)
{
  ExecnetSocketTransport *self = g_task_get_source_object (task);
  g_autoptr (GSocketConnectable) identity
      = g_network_address_new (self->address.host, self->address.port);
  g_autoptr (GIOStream) connection = NULL;
  GError *error = NULL;

  self->stage = STAGE_TLS;
  connection = g_tls_client_connection_new (stream, identity, &error);
  if (connection == NULL)
    {
      return_error (task, execnet_socket_error_of_tls (error, 0, self->name, self->address.host));
      return;
    }
  if (self->authorities != NULL)
    g_tls_connection_set_database (G_TLS_CONNECTION (connection), self->authorities);
  g_signal_connect_object (
      connection, "accept-certificate", G_CALLBACK (on_certificate), self, 0);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (connection),
                                    G_PRIORITY_DEFAULT,
                                    g_task_get_cancellable (task),
                                    on_hands_shaken,
                                    task);
}

static void
take_socket (ExecnetSocketTransport *self, GSocket *socket)
{
  g_mutex_lock (&self->lock);
  self->socket = g_object_ref (socket);
  g_mutex_unlock (&self->lock);
  execnet_descriptors_add (g_socket_get_fd (socket));
  self->keepalive = execnet_keepalive_new (socket, self->keepalive_seconds);
}

static void
take_connection (GTask *task, GSocketConnection *connection)
{
  ExecnetSocketTransport *self = g_task_get_source_object (task);

  take_socket (self, g_socket_connection_get_socket (connection));
  if (self->has_tls)
    begin_tls (task, G_IO_STREAM (connection));
  else
    prove_token (task, G_IO_STREAM (connection));
}

static void
on_connected (GObject *client, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  ExecnetSocketTransport *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (GSocketConnection) connection
      = g_socket_client_connect_finish (G_SOCKET_CLIENT (client), result, &error);

  if (connection == NULL)
    {
      return_error (task, execnet_socket_error_of_connecting (error, &self->address, self->name));
      return;
    }
  take_connection (task, connection);
}

static void
on_connected_there (GObject *connector, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  GError *error = NULL;
  g_autoptr (GSocketConnection) connection
      = execnet_connector_connect_finish (EXECNET_CONNECTOR (connector), result, &error);

  if (connection != NULL)
    take_connection (task, connection);
  else
    return_error (task, error);
}

static void
on_client_event (GSocketClient *client,
                 GSocketClientEvent event,
                 GSocketConnectable *connectable,
                 GIOStream *connection,
                 gpointer data)
{
  ExecnetSocketTransport *self = data;

  if (event == G_SOCKET_CLIENT_RESOLVED || event == G_SOCKET_CLIENT_CONNECTING)
    self->stage = STAGE_CONNECTING;
}

static GSocketConnectable *
make_connectable (ExecnetSocketTransport *self)
{
  if (self->address.path != NULL)
    return G_SOCKET_CONNECTABLE (g_unix_socket_address_new (self->address.path));
  return g_network_address_new (self->address.host, self->address.port);
}

static void
execnet_socket_transport_open_async (ExecnetTransport *transport,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  ExecnetSocketTransport *self = EXECNET_SOCKET_TRANSPORT (transport);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnectable) connectable = make_connectable (self);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (self->socket == NULL);

  g_task_set_source_tag (task, execnet_socket_transport_open_async);
  if (self->connector != NULL)
    {
      self->stage = STAGE_CONNECTING;
      execnet_connector_connect_async (
          self->connector, &self->address, cancellable, on_connected_there, task);
      return;
    }
  g_socket_client_set_enable_proxy (client, FALSE);
  g_signal_connect_object (client, "event", G_CALLBACK (on_client_event), self, 0);
  g_socket_client_connect_async (client, connectable, cancellable, on_connected, task);
}

static GIOStream *
execnet_socket_transport_open_finish (ExecnetTransport *transport,
                                      GAsyncResult *result,
                                      GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Ending */

static gboolean
execnet_socket_transport_kill_from_any_thread (ExecnetTransport *transport)
{
  ExecnetSocketTransport *self = EXECNET_SOCKET_TRANSPORT (transport);
  g_autoptr (GSocket) socket = NULL;

  g_mutex_lock (&self->lock);
  g_set_object (&socket, self->socket);
  g_mutex_unlock (&self->lock);
  return socket != NULL && g_socket_shutdown (socket, TRUE, TRUE, NULL);
}

static void
execnet_socket_transport_kill (ExecnetTransport *transport)
{
  execnet_socket_transport_kill_from_any_thread (transport);
}

static void
execnet_socket_transport_close_write (ExecnetTransport *transport)
{
  ExecnetSocketTransport *self = EXECNET_SOCKET_TRANSPORT (transport);

  if (self->socket != NULL && !g_socket_is_closed (self->socket))
    g_socket_shutdown (self->socket, FALSE, TRUE, NULL);
}

static GError *
execnet_socket_transport_explain_end (ExecnetTransport *transport,
                                      const ExecnetTransportEnd *end,
                                      gboolean was_up)
{
  ExecnetSocketTransport *self = EXECNET_SOCKET_TRANSPORT (transport);
  GError *lost = NULL;

  if (execnet_keepalive_has_expired (self->keepalive))
    return execnet_keepalive_new_error (self->keepalive, self->name);
  if (self->connector != NULL)
    lost = execnet_connector_dup_error (self->connector);
  if (lost != NULL)
    return lost;
  if (was_up)
    return NULL;
  if (end->stray_output != NULL)
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_UNEXPECTED_OUTPUT,
                        _ ("What is at “%s” is no socket server: it says “%s”. Check the address."),
                        self->name,
                        end->stray_output);
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_DIED,
                      _ ("The server at “%s” closed the connection before a worker answered; look "
                         "at what it says, and check that it is a socket server of execnet-glib or "
                         "of execnet."),
                      self->name);
}

static char *
execnet_socket_transport_describe_progress (ExecnetTransport *transport)
{
  ExecnetSocketTransport *self = EXECNET_SOCKET_TRANSPORT (transport);

  switch (self->stage)
    {
    case STAGE_RESOLVING:
      return g_strdup_printf (_ ("The address of “%s” is still being looked up."),
                              self->address.host != NULL ? self->address.host : self->name);
    case STAGE_CONNECTING:
      return g_strdup_printf (_ ("“%s” has not accepted the connection; check that the host is up, "
                                 "and that no firewall is between."),
                              self->name);
    case STAGE_TLS:
      return g_strdup_printf (_ ("“%s” has accepted the connection, but said nothing about TLS; "
                                 "check that a socket server listens there."),
                              self->name);
    case STAGE_TOKEN:
      return g_strdup_printf (_ ("“%s” has accepted the connection, but said nothing about the "
                                 "token; check that execnet-glib's socket server listens there."),
                              self->name);
    case STAGE_WORKER:
      return g_strdup_printf (_ ("“%s” has accepted the connection, but no worker has answered; "
                                 "check that a socket server listens there, and that it is not "
                                 "busy with somebody else."),
                              self->name);
    }
  g_assert_not_reached ();
}

/* The object */

static void
execnet_socket_transport_finalize (GObject *object)
{
  ExecnetSocketTransport *self = EXECNET_SOCKET_TRANSPORT (object);

  g_clear_pointer (&self->keepalive, execnet_keepalive_free);
  g_clear_object (&self->socket);
  g_mutex_clear (&self->lock);
  g_clear_object (&self->authorities);
  g_clear_object (&self->connector);
  g_clear_pointer (&self->token, g_bytes_unref);
  g_free (self->name);
  execnet_socket_address_clear (&self->address);

  G_OBJECT_CLASS (execnet_socket_transport_parent_class)->finalize (object);
}

static void
execnet_socket_transport_class_init (ExecnetSocketTransportClass *klass)
{
  ExecnetTransportClass *transport_class = EXECNET_TRANSPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_socket_transport_finalize;
  transport_class->open_async = execnet_socket_transport_open_async;
  transport_class->open_finish = execnet_socket_transport_open_finish;
  transport_class->close_write = execnet_socket_transport_close_write;
  transport_class->kill = execnet_socket_transport_kill;
  transport_class->explain_end = execnet_socket_transport_explain_end;
  transport_class->describe_progress = execnet_socket_transport_describe_progress;
  transport_class->kill_from_any_thread = execnet_socket_transport_kill_from_any_thread;
}

static void
execnet_socket_transport_init (ExecnetSocketTransport *self)
{
  g_mutex_init (&self->lock);
}

static gboolean
read_tls (ExecnetSocketTransport *self, ExecnetXSpec *spec, GError **error)
{
  const char *path = execnet_xspec_get (spec, "tls_ca");
  g_autofree char *absolute = path != NULL ? g_canonicalize_filename (path, NULL) : NULL;
  g_autoptr (GError) reason = NULL;

  self->has_tls = path != NULL || execnet_xspec_has (spec, "tls");
  if (!self->has_tls)
    return TRUE;
  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    {
      g_set_error_literal (error,
                           EXECNET_ERROR,
                           EXECNET_ERROR_FAILED,
                           _ ("This system's GIO can't speak TLS; install glib-networking."));
      return FALSE;
    }
  if (path == NULL)
    return TRUE;
  self->authorities = G_TLS_DATABASE (g_tls_file_database_new (absolute, &reason));
  if (self->authorities == NULL)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_INVALID_SPEC,
                 _ ("“tls_ca=%s” names no certificates in the form PEM: %s."),
                 path,
                 reason->message);
  return self->authorities != NULL;
}

ExecnetTransport *
execnet_socket_transport_new (ExecnetXSpec *spec,
                              const ExecnetTransportSettings *settings,
                              GError **error)
{
  g_autoptr (ExecnetSocketTransport) self = g_object_new (EXECNET_TYPE_SOCKET_TRANSPORT, NULL);
  g_autoptr (GError) reason = NULL;
  /* It is the connector that knows its address. */
  gboolean has_own_server = settings->connector != NULL && execnet_xspec_has (spec, "installvia");

  self->name = g_strdup (execnet_xspec_get (spec, has_own_server ? "installvia" : "socket"));
  g_set_object (&self->connector, settings->connector);
  self->keepalive_seconds = execnet_keepalive_get_seconds (spec);
  if ((!has_own_server && !execnet_socket_address_parse (self->name, &self->address, error))
      || !read_tls (self, spec, error))
    return NULL;
  if (settings->token != NULL)
    self->token = g_bytes_new (settings->token, strlen (settings->token));
  else
    self->token = execnet_token_read (spec, &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  return EXECNET_TRANSPORT (g_steal_pointer (&self));
}
