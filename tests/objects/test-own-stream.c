/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gateways over streams that the application brings along. */

#include "config.h"

#include "testing.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BOOTSTRAP "import sys;exec(eval(sys.stdin.readline()))"

typedef enum
{
  SOCKET,
  PIPES,
  BUFFERED, /* without descriptors to watch, and wants to be flushed */
} Kind;

static const Kind kinds[] = { SOCKET, PIPES, BUFFERED };

/* An interpreter that the test has started, with the stream to it. */
typedef struct
{
  Belongings before;
  GSubprocess *process;
  GIOStream *stream;
  ExecnetGroup *group;
} Far;

static GIOStream *
start_on_socket (GSubprocess **process)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  g_subprocess_launcher_take_stdin_fd (launcher, dup (fds[1]));
  g_subprocess_launcher_take_stdout_fd (launcher, fds[1]);
  *process = g_subprocess_launcher_spawn (launcher, &error, "python3", "-u", "-c", BOOTSTRAP, NULL);
  g_assert_no_error (error);
  socket = g_socket_new_from_fd (fds[0], &error);
  g_assert_no_error (error);
  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static GIOStream *
start_on_pipes (GSubprocess **process, gboolean buffered)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) input = NULL;
  g_autoptr (GOutputStream) output = NULL;

  *process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                               &error, "python3", "-u", "-c", BOOTSTRAP, NULL);
  g_assert_no_error (error);
  if (!buffered)
    return g_simple_io_stream_new (g_subprocess_get_stdout_pipe (*process),
                                   g_subprocess_get_stdin_pipe (*process));
  input = g_buffered_input_stream_new (g_subprocess_get_stdout_pipe (*process));
  output = g_buffered_output_stream_new (g_subprocess_get_stdin_pipe (*process));
  return g_simple_io_stream_new (input, output);
}

static void
far_set_up (Far *far, gconstpointer data)
{
  const Kind *kind = data;

  far->before = count_belongings ();
  far->group = execnet_group_new ();
  far->stream = *kind == SOCKET ? start_on_socket (&far->process)
                                : start_on_pipes (&far->process, *kind == BUFFERED);
}

static void
far_tear_down (Far *far, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  execnet_group_terminate (far->group, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_io_stream_is_closed (far->stream));
  g_clear_object (&far->stream);
  g_subprocess_wait (far->process, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (&far->process);
  g_assert_finalize_object (far->group);
  assert_nothing_left (&far->before);
}

static ExecnetGateway *
make_far_gateway (Far *far, const char *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ExecnetXSpec) spec = options != NULL ? execnet_xspec_new (options, &error) : NULL;
  ExecnetGateway *gateway;

  g_assert_no_error (error);
  gateway = execnet_gateway_new_for_stream (far->group, far->stream, spec, NULL, &error);
  g_assert_no_error (error);
  return gateway;
}

static void
test_works (Far *far, gconstpointer data)
{
  g_autoptr (ExecnetGateway) gateway = make_far_gateway (far, "id=far//env:COLOUR=green");
  g_autoptr (ExecnetGateway) found = execnet_group_lookup (far->group, "far");
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autofree char *colour = NULL;

  g_assert_true (found == gateway);
  channel = run_code (gateway, "import os\nchannel.send(os.environ['COLOUR'])");
  colour = receive_text (channel);
  g_assert_cmpstr (colour, ==, "green");
  assert_end (channel);
  assert_still_works (gateway);
}

/* Long and short items, both ways at once. */
static void
test_bulk (Far *far, gconstpointer data)
{
  g_autoptr (ExecnetGateway) gateway = make_far_gateway (far, NULL);
  g_autoptr (ExecnetChannel) channel = run_code (gateway, "for item in channel: channel.send(item)");
  g_autofree guint8 *bytes = g_malloc (3 * 1024 * 1024);
  const gsize sizes[] = { 0, 1, 100, 16 * 1024 - 1, 16 * 1024, 70 * 1024, 3 * 1024 * 1024 };
  const guint n_rounds = 4;

  for (gsize i = 0; i < 3 * 1024 * 1024; i++)
    bytes[i] = (guint8) (i * 31 + (i >> 9));
  for (guint round = 0; round < n_rounds; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        {
          g_autoptr (GError) error = NULL;

          execnet_channel_send (channel,
                                g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, sizes[i], 1),
                                NULL,
                                &error);
          g_assert_no_error (error);
        }
    }
  for (guint i = 0; i < n_rounds * G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) item
          = execnet_channel_receive_as (channel, G_VARIANT_TYPE_BYTESTRING, PATIENCE_MS, NULL, &error);
      const guint8 *content;
      gsize size;

      g_assert_no_error (error);
      content = g_variant_get_fixed_array (item, &size, 1);
      g_assert_cmpmem (content, size, bytes, sizes[i % G_N_ELEMENTS (sizes)]);
    }
}

static void
test_death (Far *far, gconstpointer data)
{
  g_autoptr (ExecnetGateway) gateway = make_far_gateway (far, NULL);
  g_autoptr (ExecnetChannel) channel = run_until_ready (gateway, "channel.receive()");

  g_subprocess_force_exit (far->process);
  assert_error_says (receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "closed the connection");
}

static void
test_kill (Far *far, gconstpointer data)
{
  g_autoptr (ExecnetGateway) gateway = make_far_gateway (far, NULL);
  g_autoptr (ExecnetChannel) channel
      = run_until_ready (gateway,
                         "import signal, threading\n"
                         "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\n"
                         "threading.Event().wait(60)");

  execnet_gateway_kill (gateway);
  assert_error_says (receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, "ended by force");
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  g_assert_cmpint (execnet_gateway_get_ending (gateway), ==, EXECNET_ENDING_KILLED);
  /* Nobody can do more here: its owner ends it. */
  g_subprocess_force_exit (far->process);
}

static void
test_async (Far *far, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ExecnetGateway) gateway = NULL;
  g_autoptr (GError) error = NULL;

  execnet_gateway_new_for_stream_async (far->group, far->stream, NULL, NULL, keep_result, &result);
  wait_for_result (&result);
  gateway = execnet_gateway_new_for_stream_finish (result, &error);
  g_assert_no_error (error);
  assert_still_works (gateway);
}

/* Streams at whose other end no worker is. */

static void
fail (GIOStream *stream,
      const char *options,
      GCancellable *cancellable,
      GQuark domain,
      int code,
      const char *part)
{
  g_autoptr (ExecnetGroup) group = execnet_group_new ();
  g_autoptr (ExecnetXSpec) spec = options != NULL ? execnet_xspec_new (options, NULL) : NULL;
  GError *error = NULL;

  g_assert_null (execnet_gateway_new_for_stream (group, stream, spec, cancellable, &error));
  assert_error_says (error, domain, code, part);
  /* One that was cancelled still ends. */
  g_assert_true (execnet_group_terminate (group, PATIENCE_MS, NULL, NULL));
}

static void
test_ended_stream (void)
{
  g_autoptr (GInputStream) input = g_memory_input_stream_new ();
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GIOStream) stream = g_simple_io_stream_new (input, output);
  const Belongings before = count_belongings ();

  fail (stream, NULL, NULL, EXECNET_ERROR, EXECNET_ERROR_DIED, "closed the connection before it answered");
  g_assert_true (g_io_stream_is_closed (stream));
  assert_nothing_left (&before);
}

static void
test_chatter (void)
{
  static const char text[] = "Welcome! Password:";
  g_autoptr (GInputStream) input = g_memory_input_stream_new_from_data (text, strlen (text), NULL);
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GIOStream) stream = g_simple_io_stream_new (input, output);
  const Belongings before = count_belongings ();

  fail (stream, NULL, NULL, EXECNET_ERROR, EXECNET_ERROR_UNEXPECTED_OUTPUT, "“Welcome! Password:”");
  assert_nothing_left (&before);
}

static GIOStream *
open_silent_socket (int *other)
{
  g_autoptr (GSocket) socket = NULL;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  socket = g_socket_new_from_fd (fds[0], NULL);
  *other = fds[1];
  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static void
test_silence (void)
{
  const Belongings before = count_belongings ();
  g_autoptr (GIOStream) stream = NULL;
  int other;

  stream = open_silent_socket (&other);
  fail (stream, "timeout=1", NULL, EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT,
        "was not up within 1 second: The interpreter has not answered. Give it more time");
  g_assert_true (g_io_stream_is_closed (stream));
  g_clear_object (&stream);
  close (other);
  assert_nothing_left (&before);
}

static gpointer
cancel_when_written_to (gpointer data)
{
  GCancellable *cancellable = g_object_get_data (data, "cancellable");
  char byte;

  g_assert_cmpint (read (GPOINTER_TO_INT (g_object_get_data (data, "other")), &byte, 1), ==, 1);
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_cancelled (void)
{
  const Belongings before = count_belongings ();
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GThread *thread;
  int other;

  stream = open_silent_socket (&other);
  g_object_set_data (G_OBJECT (stream), "cancellable", cancellable);
  g_object_set_data (G_OBJECT (stream), "other", GINT_TO_POINTER (other));
  thread = g_thread_new ("cancels", cancel_when_written_to, stream);
  fail (stream, "timeout=0", cancellable, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  g_thread_join (thread);
  g_assert_true (g_io_stream_is_closed (stream));
  g_clear_object (&stream);
  close (other);
  assert_nothing_left (&before);
}

static void
test_ways (void)
{
  static const char *const specs[] = { "popen", "socket=localhost:1", "via=gw0//id=x" };
  const Belongings before = count_belongings ();

  for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
    {
      g_autoptr (GIOStream) stream = NULL;
      int other;

      stream = open_silent_socket (&other);
      fail (stream, specs[i], NULL, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC, "leave that out");
      g_clear_object (&stream);
      close (other);
    }
  assert_nothing_left (&before);
}

static void
add_for_each_kind (const char *name, void (*test) (Far *far, gconstpointer data))
{
  static const char *const names[] = { "socket", "pipes", "buffered" };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = g_strdup_printf ("/own-stream/%s/%s", name, names[i]);

      g_test_add (path, Far, &kinds[i], far_set_up, test, far_tear_down);
    }
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  add_for_each_kind ("works", test_works);
  add_for_each_kind ("bulk", test_bulk);
  add_for_each_kind ("death", test_death);
  add_for_each_kind ("kill", test_kill);
  add_for_each_kind ("async", test_async);
  g_test_add_func ("/own-stream/ended", test_ended_stream);
  g_test_add_func ("/own-stream/chatter", test_chatter);
  g_test_add_func ("/own-stream/silence", test_silence);
  g_test_add_func ("/own-stream/cancelled", test_cancelled);
  g_test_add_func ("/own-stream/ways", test_ways);

  return g_test_run ();
}
