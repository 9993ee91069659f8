/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-via-connector-private.h"

#include "base/execnet-error.h"
#include "engine/execnet-bridge-private.h"
#include "engine/execnet-relay-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <sys/socket.h>

/* Seconds for which the system there tries; whoever waits here may give up before. */
#define CONNECT_SECONDS 120

struct _ExecnetViaConnector
{
  ExecnetConnector parent_instance;

  ExecnetGatewayCore *via;
  ExecnetRelay *relay;
  GIOStream *far;
  ExecnetBridge *bridge;
  GTask *task;         /* connecting */
  GSource *cancelling; /* that */
};

G_DEFINE_FINAL_TYPE (ExecnetViaConnector, execnet_via_connector, EXECNET_TYPE_CONNECTOR)

static GTask *
steal_task (ExecnetViaConnector *self)
{
  if (self->cancelling != NULL)
    g_source_destroy (self->cancelling);
  g_clear_pointer (&self->cancelling, g_source_unref);
  return g_steal_pointer (&self->task);
}

/* A connection inside this process; the other end is `*near`. */
static GSocketConnection *
make_pair (GSocketConnection **near, GError **error)
{
  int fds[2];
  GSocketConnection *ends[2] = { NULL, NULL };

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_FAILED,
                   _ ("No descriptors can be had for one more connection: %s."),
                   g_strerror (errno));
      return NULL;
    }
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    {
      g_autoptr (GSocket) socket = g_socket_new_from_fd (fds[i], NULL);

      g_socket_set_blocking (socket, FALSE);
      ends[i] = g_socket_connection_factory_create_connection (socket);
    }
  *near = ends[1];
  return ends[0];
}

static void
on_connected (gpointer data)
{
  ExecnetViaConnector *self = data;
  g_autoptr (GTask) task = steal_task (self);
  g_autoptr (GSocketConnection) near = NULL;
  GSocketConnection *connection;
  GError *error = NULL;

  if (task == NULL)
    return;
  connection = make_pair (&near, &error);
  if (connection == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  self->bridge = execnet_bridge_new (near, self->far);
  g_task_return_pointer (task, connection, g_object_unref);
}

static void
on_ended (gpointer data)
{
  ExecnetViaConnector *self = data;
  g_autoptr (GTask) task = steal_task (self);
  const GError *error = execnet_relay_get_error (self->relay);

  if (task == NULL)
    return;
  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_new_error (task,
                             EXECNET_ERROR,
                             EXECNET_ERROR_DIED,
                             _ ("The gateway “%s” has lost the connection."),
                             self->via->id);
}

static const ExecnetRelayFuncs funcs = { on_ended, NULL, on_connected };

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  ExecnetViaConnector *self = data;
  g_autoptr (GTask) task = steal_task (self);

  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

/* Takes the error over. */
static void
begin_connecting (GTask *task, gpointer unused, GError *error)
{
  ExecnetViaConnector *self = g_task_get_source_object (task);

  if (error == NULL)
    error = execnet_relay_check_gateway (self->via);
  if (error == NULL)
    self->relay = execnet_relay_new (
        self->via, "relay_connection", g_task_get_task_data (task), &funcs, self, &error);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  self->far = execnet_relay_make_stream (self->relay);
  execnet_relay_await_connection (self->relay);
  self->task = g_object_ref (task);
  if (g_task_get_cancellable (task) == NULL)
    return;
  self->cancelling = g_cancellable_source_new (g_task_get_cancellable (task));
  g_source_set_callback (self->cancelling, G_SOURCE_FUNC (on_cancelled), self, NULL);
  g_source_attach (self->cancelling, g_task_get_context (task));
}

static void
execnet_via_connector_connect_async (ExecnetConnector *connector,
                                     const ExecnetSocketAddress *address,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  ExecnetViaConnector *self = EXECNET_VIA_CONNECTOR (connector);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  GVariantBuilder words;
  GVariantDict arguments;

  g_return_if_fail (self->relay == NULL);

  g_task_set_source_tag (task, execnet_via_connector_connect_async);
  g_variant_builder_init (&words, G_VARIANT_TYPE ("av"));
  g_variant_builder_add (
      &words, "v", g_variant_new_string (address->path != NULL ? address->path : address->host));
  if (address->path == NULL)
    g_variant_builder_add (&words, "v", g_variant_new_int64 (address->port));
  g_variant_dict_init (&arguments, NULL);
  g_variant_dict_insert_value (&arguments, "address", g_variant_builder_end (&words));
  g_variant_dict_insert (&arguments, "timeout", "x", (gint64) CONNECT_SECONDS);
  g_task_set_task_data (task,
                        g_variant_ref_sink (g_variant_dict_end (&arguments)),
                        (GDestroyNotify) g_variant_unref);
  execnet_relay_wait_for_gateway (self->via, task, begin_connecting);
}

static GSocketConnection *
execnet_via_connector_connect_finish (ExecnetConnector *connector,
                                      GAsyncResult *result,
                                      GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, connector), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static GError *
execnet_via_connector_dup_error (ExecnetConnector *connector)
{
  ExecnetViaConnector *self = EXECNET_VIA_CONNECTOR (connector);
  const GError *error = self->relay != NULL ? execnet_relay_get_error (self->relay) : NULL;

  return error != NULL ? g_error_copy (error) : NULL;
}

static void
execnet_via_connector_finalize (GObject *object)
{
  ExecnetViaConnector *self = EXECNET_VIA_CONNECTOR (object);

  if (self->relay != NULL)
    execnet_relay_forget (self->relay);
  g_clear_pointer (&self->bridge, execnet_bridge_free);
  g_clear_object (&self->far);
  g_clear_pointer (&self->relay, execnet_relay_unref);
  execnet_gateway_core_unref (self->via);

  G_OBJECT_CLASS (execnet_via_connector_parent_class)->finalize (object);
}

static void
execnet_via_connector_class_init (ExecnetViaConnectorClass *klass)
{
  ExecnetConnectorClass *connector_class = EXECNET_CONNECTOR_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_via_connector_finalize;
  connector_class->connect_async = execnet_via_connector_connect_async;
  connector_class->connect_finish = execnet_via_connector_connect_finish;
  connector_class->dup_error = execnet_via_connector_dup_error;
}

static void
execnet_via_connector_init (ExecnetViaConnector *self)
{
}

ExecnetConnector *
execnet_via_connector_new (ExecnetGatewayCore *via)
{
  ExecnetViaConnector *self = g_object_new (EXECNET_TYPE_VIA_CONNECTOR, NULL);

  self->via = execnet_gateway_core_ref (via);
  return EXECNET_CONNECTOR (self);
}
