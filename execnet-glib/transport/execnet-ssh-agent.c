/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-agent-private.h"

#include "base/execnet-error.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gi18n-lib.h>

#include <sys/un.h>

/* One request and its answer. */
typedef struct
{
  char *path;
  GBytes *request;
  GSocketConnection *connection;
  guint8 header[EXECNET_AGENT_HEADER_SIZE];
  guint8 *message;
  gsize length;
} Exchange;

static void
exchange_free (gpointer data)
{
  Exchange *exchange = data;

  g_free (exchange->path);
  g_bytes_unref (exchange->request);
  /* A unix socket closes without waiting. */
  g_clear_object (&exchange->connection);
  g_free (exchange->message);
  g_free (exchange);
}

/* Takes the task and the error over. */
static void
fail (GTask *task, GError *error)
{
  Exchange *exchange = g_task_get_task_data (task);

  if (error->domain == EXECNET_ERROR || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, error);
  else
    {
      g_task_return_new_error (task,
                               EXECNET_ERROR,
                               EXECNET_ERROR_NOT_CONNECTED,
                               _ ("The ssh agent at “%s” can't be reached: %s."),
                               exchange->path,
                               error->message);
      g_error_free (error);
    }
  g_object_unref (task);
}

static GInputStream *
get_input (GTask *task)
{
  Exchange *exchange = g_task_get_task_data (task);

  return g_io_stream_get_input_stream (G_IO_STREAM (exchange->connection));
}

/* An answer that is cut off is none. */
static gboolean
finish_read (GTask *task, GObject *input, GAsyncResult *result, gsize wanted)
{
  gsize length;
  GError *error = NULL;

  if (!g_input_stream_read_all_finish (G_INPUT_STREAM (input), result, &length, &error))
    {
      fail (task, error);
      return FALSE;
    }
  if (length == wanted)
    return TRUE;
  fail (task,
        g_error_new_literal (
            G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, _ ("it closed the connection")));
  return FALSE;
}

static void
on_message (GObject *input, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Exchange *exchange = g_task_get_task_data (task);

  if (!finish_read (task, input, result, exchange->length))
    return;
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
on_header (GObject *input, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Exchange *exchange = g_task_get_task_data (task);
  GError *error = NULL;

  if (!finish_read (task, input, result, sizeof exchange->header))
    return;
  if (!execnet_agent_read_header (exchange->header, &exchange->length, &error))
    {
      fail (task, error);
      return;
    }
  exchange->message = g_malloc (exchange->length);
  g_input_stream_read_all_async (G_INPUT_STREAM (input),
                                 exchange->message,
                                 exchange->length,
                                 G_PRIORITY_DEFAULT,
                                 g_task_get_cancellable (task),
                                 on_message,
                                 task);
}

static void
on_sent (GObject *output, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Exchange *exchange = g_task_get_task_data (task);
  GError *error = NULL;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (output), result, NULL, &error))
    {
      fail (task, error);
      return;
    }
  g_input_stream_read_all_async (get_input (task),
                                 exchange->header,
                                 sizeof exchange->header,
                                 G_PRIORITY_DEFAULT,
                                 g_task_get_cancellable (task),
                                 on_header,
                                 task);
}

static void
on_connected (GObject *client, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Exchange *exchange = g_task_get_task_data (task);
  GError *error = NULL;
  gsize length;
  const void *bytes = g_bytes_get_data (exchange->request, &length);

  exchange->connection
      = g_socket_client_connect_finish (G_SOCKET_CLIENT (client), result, &error);
  if (exchange->connection == NULL)
    {
      fail (task, error);
      return;
    }
  g_output_stream_write_all_async (
      g_io_stream_get_output_stream (G_IO_STREAM (exchange->connection)),
      bytes,
      length,
      G_PRIORITY_DEFAULT,
      g_task_get_cancellable (task),
      on_sent,
      task);
}

/* Takes the task and the request over. The task returns TRUE when the exchange has its message. */
static void
talk (GTask *task, const char *path, GBytes *request)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = NULL;
  Exchange *exchange = g_new0 (Exchange, 1);

  exchange->path = g_strdup (path);
  exchange->request = request;
  g_task_set_task_data (task, exchange, exchange_free);
  if (strlen (path) >= sizeof ((struct sockaddr_un *) NULL)->sun_path)
    {
      fail (task, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG, _ ("the path is too long")));
      return;
    }
  address = g_unix_socket_address_new (path);
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_async (client,
                                 G_SOCKET_CONNECTABLE (address),
                                 g_task_get_cancellable (task),
                                 on_connected,
                                 task);
}

/* The message of a task that has ended; NULL with its error. */
static Exchange *
finish (GAsyncResult *result, gpointer tag, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, tag), NULL);

  return g_task_propagate_boolean (G_TASK (result), error)
             ? g_task_get_task_data (G_TASK (result))
             : NULL;
}

void
execnet_ssh_agent_list_async (const char *path,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, execnet_ssh_agent_list_async);
  talk (task, path, execnet_agent_make_list_request ());
}

GPtrArray *
execnet_ssh_agent_list_finish (GAsyncResult *result, GError **error)
{
  Exchange *exchange = finish (result, execnet_ssh_agent_list_async, error);

  if (exchange == NULL)
    return NULL;
  return execnet_agent_read_identities (exchange->message, exchange->length, error);
}

void
execnet_ssh_agent_sign_async (const char *path,
                              GBytes *key,
                              GBytes *data,
                              guint32 flags,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, execnet_ssh_agent_sign_async);
  talk (task, path, execnet_agent_make_sign_request (key, data, flags));
}

GBytes *
execnet_ssh_agent_sign_finish (GAsyncResult *result, GError **error)
{
  Exchange *exchange = finish (result, execnet_ssh_agent_sign_async, error);

  if (exchange == NULL)
    return NULL;
  return execnet_agent_read_signature (exchange->message, exchange->length, error);
}

static void
keep_result (GObject *object, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

GBytes *
execnet_ssh_agent_sign (const char *path,
                        GBytes *key,
                        GBytes *data,
                        guint32 flags,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GAsyncResult) result = NULL;
  GBytes *signature;

  g_main_context_push_thread_default (context);
  execnet_ssh_agent_sign_async (path, key, data, flags, cancellable, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);
  signature = execnet_ssh_agent_sign_finish (result, error);
  g_main_context_pop_thread_default (context);
  return signature;
}
