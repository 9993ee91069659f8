/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-connect-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "transport/execnet-stdio-private.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

typedef struct
{
  ExecnetSshOptions *options;
  GSocketClient *client;
  guint n_attempts;
  ExecnetProcess *process;
} Connecting;

static void
connecting_free (Connecting *self)
{
  execnet_ssh_options_unref (self->options);
  g_clear_object (&self->client);
  g_clear_pointer (&self->process, execnet_process_release);
  g_free (self);
}

/* Over TCP */

static GError *
explain (ExecnetSshOptions *options, const GError *reason)
{
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_error_copy (reason);
  if (reason->domain == G_RESOLVER_ERROR)
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_HOST_NOT_FOUND,
                        _ ("The host “%s” is not known: %s."),
                        options->host_name,
                        reason->message);
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_CONNECTION_REFUSED,
                        _ ("The host “%s” accepts no connections at port %u; does an ssh server run "
                           "there?"),
                        options->host_name,
                        options->port);
  if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_TIMED_OUT,
                        _ ("The host “%s” did not answer at port %u in time."),
                        options->host_name,
                        options->port);
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_FAILED,
                      _ ("The host “%s” can't be reached at port %u: %s."),
                      options->host_name,
                      options->port,
                      reason->message);
}

static void try_to_connect (GTask *task);

static void
on_connected (GObject *client, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Connecting *self = g_task_get_task_data (task);
  g_autoptr (GError) reason = NULL;
  GSocketConnection *connection
      = g_socket_client_connect_finish (G_SOCKET_CLIENT (client), result, &reason);

  if (connection == NULL && ++self->n_attempts < self->options->connection_attempts
      && reason->domain != G_RESOLVER_ERROR && !g_cancellable_is_cancelled (g_task_get_cancellable (task)))
    {
      try_to_connect (task);
      return;
    }
  if (connection == NULL)
    {
      g_task_return_error (task, explain (self->options, reason));
      return;
    }
  g_socket_set_timeout (g_socket_connection_get_socket (connection), 0);
  g_socket_set_keepalive (g_socket_connection_get_socket (connection),
                          self->options->tcp_keepalive);
  g_task_return_pointer (task, connection, g_object_unref);
}

static void
try_to_connect (GTask *task)
{
  Connecting *self = g_task_get_task_data (task);
  g_autoptr (GSocketConnectable) address
      = g_network_address_new (self->options->host_name, self->options->port);

  g_socket_client_connect_async (
      self->client, address, g_task_get_cancellable (task), on_connected, g_object_ref (task));
}

static void
connect_over_tcp (GTask *task)
{
  Connecting *self = g_task_get_task_data (task);

  self->client = g_socket_client_new ();
  /* ssh has ways of its own to go through others. */
  g_socket_client_set_enable_proxy (self->client, FALSE);
  if (self->options->family != G_SOCKET_FAMILY_INVALID)
    g_socket_client_set_family (self->client, self->options->family);
  g_socket_client_set_timeout (self->client, self->options->connect_timeout);
  try_to_connect (task);
}

/* Through a command, which a shell runs. What it says on stderr is for the user. */

static GIOStream *
start_proxy (Connecting *self, GError **error)
{
  g_auto (ExecnetStdio) stdio = EXECNET_STDIO_INIT;
  g_autofree char *command = g_strconcat ("exec ", self->options->proxy_command, NULL);
  const char *const arguments[] = { "/bin/sh", "-c", command, NULL };
  g_autoptr (GError) reason = NULL;

  if (!execnet_stdio_open (&stdio, EXECNET_STDIO_SOCKET, error))
    return NULL;
  self->process = execnet_process_spawn (arguments,
                                         NULL,
                                         stdio.child_stdin,
                                         stdio.child_stdout,
                                         STDERR_FILENO,
                                         NULL,
                                         NULL,
                                         &reason);
  if (self->process == NULL)
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_FAILED,
                   _ ("The command that leads to “%s” (%s) can't be started: %s."),
                   self->options->host,
                   self->options->proxy_command,
                   reason->message);
      return NULL;
    }
  execnet_trace ("ssh %s: through %s", self->options->host, self->options->proxy_command);
  return execnet_stdio_take_stream (&stdio, error);
}

static void
connect_through_command (GTask *task)
{
  GError *error = NULL;
  GIOStream *stream = start_proxy (g_task_get_task_data (task), &error);

  if (stream != NULL)
    g_task_return_pointer (task, stream, g_object_unref);
  else
    g_task_return_error (task, error);
}

void
execnet_ssh_connect_async (ExecnetSshOptions *options,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Connecting *self = g_new0 (Connecting, 1);

  self->options = execnet_ssh_options_ref (options);
  g_task_set_source_tag (task, execnet_ssh_connect_async);
  g_task_set_task_data (task, self, (GDestroyNotify) connecting_free);
  if (options->proxy_command != NULL)
    connect_through_command (task);
  else
    connect_over_tcp (task);
}

GIOStream *
execnet_ssh_connect_finish (GAsyncResult *result, ExecnetProcess **process, GError **error)
{
  Connecting *self;
  GIOStream *stream;

  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_ssh_connect_async), NULL);

  self = g_task_get_task_data (G_TASK (result));
  stream = g_task_propagate_pointer (G_TASK (result), error);
  if (stream != NULL)
    *process = g_steal_pointer (&self->process);
  return stream;
}
