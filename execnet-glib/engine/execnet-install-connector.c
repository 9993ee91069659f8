/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-install-connector-private.h"

#include "base/execnet-error.h"
#include "engine/execnet-bootstrap-private.h"
#include "engine/execnet-relay-private.h"
#include "transport/execnet-interpreter-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What the server's interpreter reads: a literal in one line, of which the parts that are put in are
 * base64. The server says nothing while all is well; it ends when nobody holds its input any more. */
#define STARTER                                                                                    \
  "\"import base64,os,sys,threading,signal\\n"                                                     \
  "def text(part): return base64.b64decode(part).decode('utf-8')\\n"                               \
  "names={'__name__':'socketserver'}\\n"                                                           \
  "exec(compile(base64.b64decode('%s'),'socketserver','exec'),names)\\n"                           \
  "said=[]\\n"                                                                                     \
  "names['say']=said.append\\n"                                                                    \
  "os.environ['EXECNET_TOKEN']=str(text('%s'))\\n"                                                 \
  "def watch():\\n"                                                                                \
  " while os.read(0,4096): pass\\n"                                                                \
  " os.kill(os.getpid(),signal.SIGTERM)\\n"                                                        \
  "thread=threading.Thread(target=watch)\\n"                                                       \
  "thread.daemon=True\\n"                                                                          \
  "thread.start()\\n"                                                                              \
  "status=names['main']([str(text('%s')),'--once','--token-env','EXECNET_TOKEN'])\\n"              \
  "sys.stderr.write(str(said[-1])+chr(10) if status and said else '')\\n"                                      \
  "sys.stderr.flush()\\n"                                                                          \
  "os._exit(status)\"\n"

/* What it prints when it listens, with the address behind it. */
#define LISTENING "Listening on "

#define MAX_LINE 1024

struct _ExecnetInstallConnector
{
  ExecnetConnector parent_instance;

  ExecnetGatewayCore *gateway;
  char *address;
  char *token;
  char *host;
  ExecnetConnector *way; /* or NULL */

  ExecnetRelay *relay;
  GIOStream *stream;
  char *line; /* to the server */
  char answer[MAX_LINE];
  gsize n_read;
};

G_DEFINE_FINAL_TYPE (ExecnetInstallConnector, execnet_install_connector, EXECNET_TYPE_CONNECTOR)

/* Each step takes the task over. */

static void
return_error (GTask *task, GError *error)
{
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
on_connected_there (GObject *way, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  GSocketConnection *connection
      = execnet_connector_connect_finish (EXECNET_CONNECTOR (way), result, &error);

  if (connection != NULL)
    g_task_return_pointer (task, connection, g_object_unref);
  else
    g_task_return_error (task, error);
}

static void
on_connected (GObject *client, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  ExecnetInstallConnector *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection
      = g_socket_client_connect_finish (G_SOCKET_CLIENT (client), result, &error);

  if (connection != NULL)
    g_task_return_pointer (task, connection, g_object_unref);
  else
    g_task_return_new_error (
        task,
        EXECNET_ERROR,
        EXECNET_ERROR_CONNECTION_REFUSED,
        _ ("The socket server that “%s” has started can't be reached at “%s”: %s. Name an address of "
           "that machine with socket=HOST:0, or none."),
        self->gateway->id,
        self->host,
        error->message);
}

static void
connect_to (GTask *task, guint16 port)
{
  ExecnetInstallConnector *self = g_task_get_source_object (task);
  const ExecnetSocketAddress address = { .host = self->host, .port = port };
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr (GSocketClient) client = NULL;

  if (self->way != NULL)
    {
      execnet_connector_connect_async (self->way, &address, cancellable, on_connected_there, task);
      return;
    }
  client = g_socket_client_new ();
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_to_host_async (
      client, self->host, port, cancellable, on_connected, task);
}

/* The port of the first address in the server's line; 0 for no such line. */
static guint16
read_port (const char *line)
{
  const char *end, *colon;

  if (!g_str_has_prefix (line, LISTENING))
    return 0;
  end = strpbrk (line, ",\n");
  colon = end != NULL ? g_strrstr_len (line, end - line, ":") : NULL;
  return colon != NULL ? g_ascii_strtoull (colon + 1, NULL, 10) : 0;
}

static void
return_not_started (GTask *task)
{
  ExecnetInstallConnector *self = g_task_get_source_object (task);
  const GError *known = execnet_relay_get_error (self->relay);
  g_auto (ExecnetTransportEnd) end = { 0 };

  execnet_relay_get_end (self->relay, &end);
  return_error (task,
                g_error_new (EXECNET_ERROR,
                             known != NULL ? known->code : EXECNET_ERROR_FAILED,
                             _ ("The gateway “%s” can't start a socket server at “%s”: %s"),
                             self->gateway->id,
                             self->address,
                             known != NULL ? known->message : end.last_output));
}

static void read_answer (GTask *task);

static void
on_read (GObject *input, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  ExecnetInstallConnector *self = g_task_get_source_object (task);
  GError *error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (input), result, &error);
  guint16 port;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      return_error (task, error);
      return;
    }
  g_clear_error (&error);
  self->n_read += MAX (n, 0);
  self->answer[self->n_read] = '\0';
  port = read_port (self->answer);
  if (port != 0)
    connect_to (task, port);
  else if (n > 0 && self->n_read < MAX_LINE - 1)
    read_answer (task);
  else
    return_not_started (task);
}

static void
read_answer (GTask *task)
{
  ExecnetInstallConnector *self = g_task_get_source_object (task);

  g_input_stream_read_async (g_io_stream_get_input_stream (self->stream),
                             self->answer + self->n_read,
                             MAX_LINE - 1 - self->n_read,
                             G_PRIORITY_DEFAULT,
                             g_task_get_cancellable (task),
                             on_read,
                             task);
}

static void
on_written (GObject *output, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetInstallConnector) self = data;

  /* Reading says what went wrong. */
  g_output_stream_write_all_finish (G_OUTPUT_STREAM (output), result, NULL, NULL);
  g_clear_pointer (&self->line, g_free);
}

static char *
encode (const char *text)
{
  return g_base64_encode ((const guchar *) text, strlen (text));
}

static char *
make_line (ExecnetInstallConnector *self, GError **error)
{
  g_autoptr (GBytes) source = execnet_bootstrap_get_socket_server (error);
  g_autofree char *encoded = NULL, *token = NULL, *address = NULL;

  if (source == NULL)
    return NULL;
  encoded = encode (g_bytes_get_data (source, NULL));
  token = encode (self->token);
  address = encode (self->address);
  return g_strdup_printf (STARTER, encoded, token, address);
}

static void
on_ended (gpointer data)
{
}

static const ExecnetRelayFuncs funcs = { on_ended, NULL, NULL };

static GVariant *
make_arguments (void)
{
  const char *const words[] = { "-u", "-c", EXECNET_INTERPRETER_CODE };
  GVariantBuilder command;
  GVariantDict arguments;

  g_variant_builder_init (&command, G_VARIANT_TYPE ("av"));
  g_variant_builder_add (&command, "v", g_variant_new ("ms", NULL));
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    g_variant_builder_add (&command, "v", g_variant_new_string (words[i]));
  g_variant_dict_init (&arguments, NULL);
  g_variant_dict_insert_value (&arguments, "command", g_variant_builder_end (&command));
  return g_variant_dict_end (&arguments);
}

/* Takes the error over. */
static void
begin (GTask *task, gpointer unused, GError *error)
{
  ExecnetInstallConnector *self = g_task_get_source_object (task);

  if (error == NULL)
    error = execnet_relay_check_gateway (self->gateway);
  if (error == NULL)
    self->line = make_line (self, &error);
  if (error == NULL)
    self->relay = execnet_relay_new (
        self->gateway, "relay_process", make_arguments (), &funcs, self, &error);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  self->stream = execnet_relay_make_stream (self->relay);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (self->stream),
                                   self->line,
                                   strlen (self->line),
                                   G_PRIORITY_DEFAULT,
                                   NULL,
                                   on_written,
                                   g_object_ref (self));
  read_answer (g_object_ref (task));
}

static void
execnet_install_connector_connect_async (ExecnetConnector *connector,
                                         const ExecnetSocketAddress *address,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data)
{
  ExecnetInstallConnector *self = EXECNET_INSTALL_CONNECTOR (connector);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (self->relay == NULL);

  g_task_set_source_tag (task, execnet_install_connector_connect_async);
  execnet_relay_wait_for_gateway (self->gateway, task, begin);
}

static GSocketConnection *
execnet_install_connector_connect_finish (ExecnetConnector *connector,
                                          GAsyncResult *result,
                                          GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, connector), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static GError *
execnet_install_connector_dup_error (ExecnetConnector *connector)
{
  ExecnetInstallConnector *self = EXECNET_INSTALL_CONNECTOR (connector);
  const GError *error = self->relay != NULL ? execnet_relay_get_error (self->relay) : NULL;

  if (error != NULL)
    return g_error_copy (error);
  return self->way != NULL ? execnet_connector_dup_error (self->way) : NULL;
}

static void
execnet_install_connector_finalize (GObject *object)
{
  ExecnetInstallConnector *self = EXECNET_INSTALL_CONNECTOR (object);

  if (self->relay != NULL)
    execnet_relay_forget (self->relay);
  g_clear_object (&self->stream);
  g_clear_pointer (&self->relay, execnet_relay_unref);
  g_clear_object (&self->way);
  g_free (self->line);
  g_free (self->address);
  g_free (self->token);
  g_free (self->host);
  execnet_gateway_core_unref (self->gateway);

  G_OBJECT_CLASS (execnet_install_connector_parent_class)->finalize (object);
}

static void
execnet_install_connector_class_init (ExecnetInstallConnectorClass *klass)
{
  ExecnetConnectorClass *connector_class = EXECNET_CONNECTOR_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_install_connector_finalize;
  connector_class->connect_async = execnet_install_connector_connect_async;
  connector_class->connect_finish = execnet_install_connector_connect_finish;
  connector_class->dup_error = execnet_install_connector_dup_error;
}

static void
execnet_install_connector_init (ExecnetInstallConnector *self)
{
}

ExecnetConnector *
execnet_install_connector_new (ExecnetGatewayCore *gateway,
                               const char *address,
                               const char *token,
                               const char *host,
                               ExecnetConnector *way)
{
  ExecnetInstallConnector *self = g_object_new (EXECNET_TYPE_INSTALL_CONNECTOR, NULL);

  self->gateway = execnet_gateway_core_ref (gateway);
  self->address = g_strdup (address);
  self->token = g_strdup (token);
  self->host = g_strdup (host);
  g_set_object (&self->way, way);
  return EXECNET_CONNECTOR (self);
}
