/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A fast producer against a consumer that sleeps, and then takes all: in both directions the memory of
 * both sides must stay where it was. The argument is how many MiB flow. */

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MIB (1024 * 1024)
#define CHUNK MIB

/* What both limits, buffers, and an allocator's habits may take. A tenth of the least that flows. */
#define MEMORY_MAX (24 * MIB)

static guint64 total = 256 * (guint64) MIB;

static gint64
get_memory (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/statm", pid);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  gint64 n_pages;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (sscanf (text, "%*d %" G_GINT64_FORMAT, &n_pages), ==, 1);
  return n_pages * sysconf (_SC_PAGESIZE);
}

typedef struct
{
  pid_t pid;
  gint64 here;
  gint64 there;
} Memory;

static void
assert_memory_is_flat (const Memory *before, const char *when)
{
  gint64 here = get_memory (getpid ()) - before->here;
  gint64 there = get_memory (before->pid) - before->there;

  g_test_message ("%s: %+d KiB here, %+d KiB there", when, (int) (here / 1024), (int) (there / 1024));
  g_assert_cmpint (here, <, MEMORY_MAX);
  g_assert_cmpint (there, <, MEMORY_MAX);
}

static Memory
measure (ExecnetGateway *gateway)
{
  pid_t pid = remote_pid (gateway);

  return (Memory){ pid, get_memory (getpid ()), get_memory (pid) };
}

/* Waits until the number stays the same over many round trips, each of which takes as long as the
 * producer would need for much more. */
static guint64
wait_until_steady (guint64 (*get) (gpointer data), gpointer data, ExecnetGateway *gateway)
{
  guint64 number = 0;
  guint n_same = 0;

  while (n_same < 50)
    {
      guint64 before = number;

      assert_still_works (gateway);
      number = get (data);
      n_same = number > 0 && number == before ? n_same + 1 : 0;
    }
  return number;
}

static guint64
ask (gpointer data)
{
  ExecnetChannel *counter = data;

  send_int (counter, 0);
  return receive_int (counter);
}

static void
test_from_worker (Fixture *fixture, gconstpointer data)
{
  g_autofree char *code
      = g_strdup_printf ("import sys\n"
                         "sys.soak = n = 0\n"
                         "piece = bytes(range(256)) * 4096\n"
                         "file = channel.makefile('w')\n"
                         "channel.receive()\n"
                         "while n < %" G_GUINT64_FORMAT ":\n"
                         "    n += file.write(piece)\n"
                         "    sys.soak = n\n",
                         total);
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, code);
  g_autoptr (GInputStream) stream
      = G_INPUT_STREAM (execnet_channel_make_input_stream (channel, FALSE));
  g_autoptr (ExecnetChannel) counter
      = run_code (fixture->gateway, "import sys\nfor i in channel: channel.send(sys.soak)");
  g_autofree guint8 *buffer = g_malloc0 (CHUNK);
  g_autoptr (GError) error = NULL;
  guint64 n_read = 0;
  Memory before;

  assert_still_works (fixture->gateway);
  before = measure (fixture->gateway);
  send_int (channel, 0);
  g_assert_cmpuint (wait_until_steady (ask, counter, fixture->gateway), <, MEMORY_MAX);
  assert_memory_is_flat (&before, "while nobody reads");

  while (n_read < total)
    {
      gsize n;

      g_assert_true (g_input_stream_read_all (stream, buffer, CHUNK, &n, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (n, ==, CHUNK);
      g_assert_cmpuint (buffer[0] + buffer[CHUNK - 1], ==, 255);
      n_read += n;
    }
  assert_memory_is_flat (&before, "at the end");
  assert_end (channel);
}

typedef struct
{
  GOutputStream *stream;
  gsize n_written; /* atomic, in chunks */
} Writing;

static guint64
get_written (gpointer data)
{
  return g_atomic_pointer_get (&((Writing *) data)->n_written);
}

static gpointer
write_all (gpointer data)
{
  Writing *writing = data;
  g_autofree guint8 *buffer = g_malloc0 (CHUNK);
  g_autoptr (GError) error = NULL;

  for (guint64 n = 0; n < total; n += CHUNK)
    {
      gsize n_written = 0;

      while (n_written < CHUNK)
        {
          gssize n_now
              = g_output_stream_write (writing->stream, buffer, CHUNK - n_written, NULL, &error);

          g_assert_no_error (error);
          n_written += n_now;
          g_atomic_pointer_add (&writing->n_written, n_now);
        }
    }
  return NULL;
}

static void
test_to_worker (Fixture *fixture, gconstpointer data)
{
  g_autofree char *code = g_strdup_printf ("file = channel.makefile('r')\n"
                                           "channel.send('ready')\n"
                                           "control = channel.receive()\n"
                                           "control.receive()\n"
                                           "n = 0\n"
                                           "while n < %" G_GUINT64_FORMAT ":\n"
                                           "    n += len(file.read(1 << 20))\n"
                                           "channel.send(n)\n",
                                           total);
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, code);
  g_autofree char *ready = receive_text (channel);
  g_autoptr (ExecnetChannel) control = NULL;
  g_autoptr (GOutputStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  Writing writing = { NULL, 0 };
  GThread *thread;
  Memory before;

  control = execnet_gateway_new_channel (fixture->gateway, &error);
  g_assert_no_error (error);
  execnet_channel_send (channel,
                        g_variant_new_handle (execnet_channel_get_id (control)),
                        NULL,
                        &error);
  g_assert_no_error (error);
  assert_still_works (fixture->gateway);
  before = measure (fixture->gateway);

  writing.stream = stream = G_OUTPUT_STREAM (execnet_channel_make_output_stream (channel, FALSE));
  thread = g_thread_new ("writer", write_all, &writing);
  g_assert_cmpuint (wait_until_steady (get_written, &writing, fixture->gateway), <, MEMORY_MAX);
  assert_memory_is_flat (&before, "while nobody reads");

  send_int (control, 0);
  g_thread_join (thread);
  assert_memory_is_flat (&before, "when all is written");
  g_assert_cmpuint (receive_int (channel), ==, total);
  assert_memory_is_flat (&before, "at the end");
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  if (argc > 1)
    total = strtoull (argv[1], NULL, 10) * MIB;

  ADD_TEST ("/slow-consumer/from-worker", test_from_worker);
  ADD_TEST ("/slow-consumer/to-worker", test_to_worker);
  return g_test_run ();
}
