/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "server-fixture.h"

#include <signal.h>
#include <string.h>


/* The interpreter that has what the system installs. */
#define SYSTEM_PYTHON g_getenv ("EXECNET_TEST_PYTHON")

static Server *
start (const char *const *argv, GSubprocessFlags flags)
{
  g_autoptr (GError) error = NULL;
  Server *self = g_new0 (Server, 1);

  self->process = g_subprocess_newv (argv, flags, &error);
  g_assert_no_error (error);
  if ((flags & G_SUBPROCESS_FLAGS_STDOUT_PIPE) != 0)
    self->prints = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  return self;
}

char *
server_read_line (Server *self)
{
  g_autoptr (GError) error = NULL;
  char *line = g_data_input_stream_read_line (self->prints, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (line);
  return line;
}

/* The number behind the last colon of what it printed. */
static void
take_address (Server *self)
{
  g_autofree char *line = server_read_line (self);
  const char *address = strrchr (line, ' ') != NULL ? strrchr (line, ' ') + 1 : line;

  self->address = g_strdup (address);
  if (!g_str_has_prefix (address, "unix:"))
    self->port = g_ascii_strtoull (strrchr (address, ':') + 1, NULL, 10);
}

static void
add_words (GPtrArray *argv, const char *first, va_list more)
{
  for (const char *word = first; word != NULL; word = va_arg (more, const char *))
    g_ptr_array_add (argv, (gpointer) word);
}

static Server *
start_ours (const char *const *prefix, const char *first, va_list more)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  Server *self;

  for (guint i = 0; prefix[i] != NULL; i++)
    g_ptr_array_add (argv, (gpointer) prefix[i]);
  g_ptr_array_add (argv, (gpointer) SYSTEM_PYTHON);
  g_ptr_array_add (argv, (gpointer) g_getenv ("EXECNET_SOCKET_SERVER"));
  add_words (argv, first, more);
  g_ptr_array_add (argv, NULL);

  self = start ((const char *const *) argv->pdata,
                G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  self->messages = g_data_input_stream_new (g_subprocess_get_stderr_pipe (self->process));
  take_address (self);
  return self;
}

Server *
server_new (const char *first_argument, ...)
{
  const char *prefix[] = { NULL };
  Server *self;
  va_list arguments;

  va_start (arguments, first_argument);
  self = start_ours (prefix, first_argument, arguments);
  va_end (arguments);
  return self;
}

Server *
server_new_in (const char *network_namespace, const char *first_argument, ...)
{
  const char *prefix[] = { "ip", "netns", "exec", network_namespace, NULL };
  Server *self;
  va_list arguments;

  va_start (arguments, first_argument);
  self = start_ours (prefix, first_argument, arguments);
  va_end (arguments);
  return self;
}

Server *
server_new_code (const char *code)
{
  const char *argv[] = { SYSTEM_PYTHON, "-uc", code, NULL };
  Server *self = start (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autofree char *line = server_read_line (self);

  self->address = g_strconcat ("127.0.0.1:", line, NULL);
  self->port = g_ascii_strtoull (line, NULL, 10);
  return self;
}

/* A port that was free a moment ago. */
static guint16
find_port (void)
{
  g_autoptr (GSocket) socket = g_socket_new (
      G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) bound = NULL;

  g_assert_true (g_socket_bind (socket, any, FALSE, NULL));
  bound = g_socket_get_local_address (socket, NULL);
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
}

static gboolean
accepts (const char *address)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;

  /* What is looked up for one has threads of its own. */
  g_socket_client_set_enable_proxy (client, FALSE);
  connection = g_socket_client_connect_to_host (client, address, 0, NULL, NULL);
  return connection != NULL;
}

Server *
server_new_stock (void)
{
  guint16 port = find_port ();
  g_autofree char *address = g_strdup_printf ("127.0.0.1:%u", port);
  const char *argv[]
      = { SYSTEM_PYTHON, "-m", "execnet.script.socketserver", address, NULL };
  Server *self = start (argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);

  self->port = port;
  self->address = g_steal_pointer (&address);
  YIELD_UNTIL (accepts (self->address));
  return self;
}

void
server_free (Server *self)
{
  g_subprocess_send_signal (self->process, SIGTERM);
  g_assert_true (g_subprocess_wait (self->process, NULL, NULL));
  if (self->messages != NULL)
    {
      g_assert_true (g_subprocess_get_if_exited (self->process));
      g_assert_cmpint (g_subprocess_get_exit_status (self->process), ==, 0);
    }
  g_clear_object (&self->messages);
  g_clear_object (&self->prints);
  g_object_unref (self->process);
  g_free (self->address);
  g_free (self);
}

char *
server_spec (Server *self, const char *more)
{
  return g_strconcat ("socket=", self->address, more, NULL);
}

void
server_expect (Server *self, const char *text)
{
  gboolean found = FALSE;

  while (!found)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *line
          = g_data_input_stream_read_line (self->messages, NULL, NULL, &error);

      g_assert_no_error (error);
      if (line == NULL)
        g_error ("the server never said “%s”", text);
      g_test_message ("%s", line);
      found = strstr (line, text) != NULL;
    }
}

static guint
count_entries (Server *self, const char *folder)
{
  g_autofree char *path = g_build_filename (
      "/proc", g_subprocess_get_identifier (self->process), folder, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

guint
server_count_descriptors (Server *self)
{
  return count_entries (self, "fd");
}

guint
server_count_children (Server *self)
{
  const char *pid = g_subprocess_get_identifier (self->process);
  g_autofree char *path = g_build_filename ("/proc", pid, "task", pid, "children", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_strstrip (text);
  words = g_strsplit (text, " ", -1);
  return *text != '\0' ? g_strv_length (words) : 0;
}
