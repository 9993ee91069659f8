/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "worker-fixture.h"

#include "base/execnet-descriptors-private.h"

#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <string.h>

static void
keep_result (GObject *object, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
wait_for (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
}

static gboolean
worker_open (Worker *self, const char *text, const char *default_python, GError **error)
{
  g_autoptr (ExecnetXSpec) spec = execnet_xspec_new (text, error);
  g_autoptr (GAsyncResult) result = NULL;
  const ExecnetTransportSettings settings = { .default_python = default_python };

  if (spec == NULL)
    return FALSE;
  self->transport = execnet_transport_new_for_spec (spec, &settings, error);
  if (self->transport == NULL)
    return FALSE;
  execnet_transport_open_async (self->transport, NULL, keep_result, &result);
  wait_for (&result);
  self->stream = execnet_transport_open_finish (self->transport, result, error);
  return self->stream != NULL;
}

Worker *
worker_new (const char *spec)
{
  Worker *self = g_new0 (Worker, 1);
  g_autoptr (GError) error = NULL;

  worker_open (self, spec, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (self->stream);
  return self;
}

GError *
worker_fail (const char *spec, const char *default_python)
{
  Worker *self = g_new0 (Worker, 1);
  GError *error = NULL;

  g_assert_false (worker_open (self, spec, default_python, &error));
  g_assert_nonnull (error);
  worker_free (self);
  return error;
}

void
worker_free (Worker *self)
{
  if (self->stream != NULL)
    {
      GInputStream *input = g_io_stream_get_input_stream (self->stream);
      GOutputStream *output = g_io_stream_get_output_stream (self->stream);

      execnet_descriptors_remove (worker_get_fd (self));
      if (G_IS_UNIX_INPUT_STREAM (input) && !g_output_stream_is_closed (output))
        execnet_descriptors_remove (g_unix_output_stream_get_fd (G_UNIX_OUTPUT_STREAM (output)));
      g_io_stream_close (self->stream, NULL, NULL);
      g_clear_object (&self->stream);
    }
  if (self->transport != NULL)
    {
      execnet_transport_kill (self->transport);
      worker_wait_end (self);
      g_assert_finalize_object (self->transport);
    }
  g_free (self);
}

void
worker_send (Worker *self, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_write_all (
      g_io_stream_get_output_stream (self->stream), text, strlen (text), NULL, NULL, &error);
  g_assert_no_error (error);
}

void
worker_run (Worker *self, const char *code)
{
  g_autoptr (GString) line = g_string_new (code);

  g_string_prepend (line, "import os, sys\n");
  g_string_replace (line, "\\", "\\\\", 0);
  g_string_replace (line, "'", "\\'", 0);
  g_string_replace (line, "\n", "\\n", 0);
  g_string_prepend (line, "'");
  g_string_append (line, "'\n");
  worker_send (self, line->str);
}

char *
worker_hear (Worker *self, gsize length)
{
  char *heard = g_malloc0 (length + 1);
  g_autoptr (GError) error = NULL;
  gsize n_read;

  g_input_stream_read_all (
      g_io_stream_get_input_stream (self->stream), heard, length, &n_read, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_read, ==, length);
  return heard;
}

char *
worker_hear_all (Worker *self)
{
  g_autoptr (GString) heard = g_string_new (NULL);
  char buffer[1024];
  gssize length;

  do
    {
      length = g_input_stream_read (
          g_io_stream_get_input_stream (self->stream), buffer, sizeof buffer, NULL, NULL);
      if (length > 0)
        g_string_append_len (heard, buffer, length);
    }
  while (length > 0); /* a connection that was reset is an end, too */
  return g_string_free (g_steal_pointer (&heard), FALSE);
}

void
worker_wait_end (Worker *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  execnet_transport_wait_end_async (self->transport, NULL, keep_result, &result);
  wait_for (&result);
  g_assert_true (execnet_transport_wait_end_finish (self->transport, result, &error));
  g_assert_no_error (error);
}

void
worker_wait_exit (Worker *self, int exit_status, int term_signal)
{
  g_auto (ExecnetTransportEnd) end = { 0 };

  worker_wait_end (self);
  execnet_transport_get_end (self->transport, &end);
  g_assert_true (end.exited);
  g_assert_cmpint (end.term_signal, ==, term_signal);
  g_assert_cmpint (end.exit_status, ==, exit_status);
}

char *
worker_dup_last_output (Worker *self)
{
  g_auto (ExecnetTransportEnd) end = { 0 };

  execnet_transport_get_end (self->transport, &end);
  g_assert_true (g_utf8_validate (end.last_output, -1, NULL));
  return g_steal_pointer (&end.last_output);
}

int
worker_get_fd (Worker *self)
{
  GInputStream *input = g_io_stream_get_input_stream (self->stream);

  if (G_IS_UNIX_INPUT_STREAM (input))
    return g_unix_input_stream_get_fd (G_UNIX_INPUT_STREAM (input));
  return g_socket_get_fd (g_socket_connection_get_socket (G_SOCKET_CONNECTION (self->stream)));
}
