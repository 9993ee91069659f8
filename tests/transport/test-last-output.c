/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What workers write to stderr: where it goes, and what is remembered. */

#include "config.h"

#include "transport/execnet-last-output-private.h"
#include "worker-fixture.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Our stderr as a pipe. A failing assertion in between is shown nowhere, but fails. */
typedef struct
{
  int saved;
  int reading_end;
} Capture;

static Capture
capture_stderr (void)
{
  Capture self;
  int ends[2];

  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  self.saved = fcntl (STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  dup2 (ends[1], STDERR_FILENO);
  close (ends[1]);
  self.reading_end = ends[0];
  return self;
}

static void
restore_stderr (Capture *self)
{
  if (self->saved >= 0)
    {
      dup2 (self->saved, STDERR_FILENO);
      close (self->saved);
      self->saved = -1;
    }
}

/* All that was written, after the stderr was restored. */
static GBytes *
captured (Capture *self)
{
  GByteArray *bytes = g_byte_array_new ();
  guint8 buffer[4096];
  gssize length;

  restore_stderr (self);
  while ((length = read (self->reading_end, buffer, sizeof buffer)) > 0)
    g_byte_array_append (bytes, buffer, length);
  close (self->reading_end);
  return g_byte_array_free_to_bytes (bytes);
}

static char *
last_output_of (const char *code, GBytes **forwarded)
{
  Capture capture = capture_stderr ();
  Worker *worker = worker_new ("popen");
  char *last_output;

  worker_run (worker, code);
  worker_wait_exit (worker, 0, 0);
  last_output = worker_dup_last_output (worker);
  worker_free (worker);
  *forwarded = captured (&capture);
  return last_output;
}

static void
test_last_lines (void)
{
  g_autoptr (GBytes) forwarded = NULL;
  g_autofree char *last_output
      = last_output_of ("for i in range(100): sys.stderr.write('line %d\\n' % i)", &forwarded);
  g_auto (GStrv) lines = g_strsplit (last_output, "\n", -1);
  g_autofree char *all
      = g_strndup (g_bytes_get_data (forwarded, NULL), g_bytes_get_size (forwarded));
  g_auto (GStrv) all_lines = g_strsplit (all, "\n", -1);

  g_assert_cmpuint (g_strv_length (lines), ==, 20);
  g_assert_cmpstr (lines[0], ==, "line 80");
  g_assert_cmpstr (lines[19], ==, "line 99");
  g_assert_cmpuint (g_strv_length (all_lines), ==, 101);
  g_assert_cmpstr (all_lines[0], ==, "line 0");
}

static void
test_long_line (void)
{
  g_autoptr (GBytes) forwarded = NULL;
  g_autofree char *last_output
      = last_output_of ("os.write(2, b'a' + b'\\xc3\\xb6' * 20000 + b'z')", &forwarded);

  g_assert_cmpuint (strlen (last_output), >, 4000);
  g_assert_cmpuint (strlen (last_output), <=, 4096);
  g_assert_true (g_str_has_prefix (last_output, "\303\266"));
  g_assert_true (g_str_has_suffix (last_output, "\303\266z"));
  g_assert_cmpuint (g_bytes_get_size (forwarded), ==, 40002);
}

/* Passed on as it is, remembered as text. */
static void
test_raw (void)
{
  g_autoptr (GBytes) forwarded = NULL;
  g_autofree char *last_output
      = last_output_of ("os.write(2, b'a\\xff\\x00b\\xe4\\n\\n')", &forwarded);

  g_assert_cmpstr (last_output, ==, "a\357\277\275\357\277\275b\357\277\275");
  g_assert_cmpmem (
      g_bytes_get_data (forwarded, NULL), g_bytes_get_size (forwarded), "a\xff\0b\xe4\n\n", 7);
}

static void
test_silent (void)
{
  g_autoptr (GBytes) forwarded = NULL;
  g_autofree char *last_output = last_output_of ("pass", &forwarded);

  g_assert_cmpstr (last_output, ==, "");
  g_assert_cmpuint (g_bytes_get_size (forwarded), ==, 0);
}

/* What was written just before the end is passed on, too. */
static void
test_last_moment (void)
{
  Capture capture = capture_stderr ();
  g_autoptr (GBytes) forwarded = NULL;
  ExecnetLastOutput *last_output;
  int ends[2];

  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  last_output = execnet_last_output_new (ends[0], NULL, NULL);
  g_assert_cmpint (write (ends[1], "bye", 3), ==, 3);
  execnet_last_output_free (last_output);
  close (ends[1]);
  forwarded = captured (&capture);
  g_assert_cmpmem (g_bytes_get_data (forwarded, NULL), g_bytes_get_size (forwarded), "bye", 3);
}

static gboolean
is_writable (int fd)
{
  GPollFD poll_fd = { fd, G_IO_OUT, 0 };

  return g_poll (&poll_fd, 1, 0) == 1;
}

/* Nobody reads our stderr: everything else goes on, and nothing is lost. */
static void
test_blocked (void)
{
  const gsize length = 1024 * 1024;
  Capture capture = capture_stderr ();
  Worker *noisy = worker_new ("popen");
  Worker *worker = worker_new ("popen");
  g_autofree char *heard = NULL;
  gsize n_read = 0;
  int flags;

  worker_run (noisy,
              "data = b'x' * 1024 * 1024\n"
              "while data:\n"
              "    data = data[os.write(2, data):]");
  while (is_writable (STDERR_FILENO))
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  while (g_main_context_iteration (g_main_context_get_thread_default (), FALSE))
    ;
  worker_run (worker, "os.write(1, b'well')");
  heard = worker_hear (worker, 4);
  worker_wait_exit (worker, 0, 0);

  flags = fcntl (capture.reading_end, F_GETFL);
  fcntl (capture.reading_end, F_SETFL, flags | O_NONBLOCK);
  while (n_read < length)
    {
      char buffer[4096];
      gssize got = read (capture.reading_end, buffer, sizeof buffer);

      if (got > 0)
        n_read += got;
      else
        g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
    }
  worker_wait_exit (noisy, 0, 0);
  restore_stderr (&capture);
  close (capture.reading_end);
  g_assert_cmpuint (n_read, ==, length);
  worker_free (noisy);
  worker_free (worker);
}

/* Nobody will ever read it: it is dropped. */
static void
test_broken (void)
{
  Capture capture = capture_stderr ();
  Worker *worker = worker_new ("popen");
  g_autofree char *last_output = NULL;

  close (capture.reading_end);
  worker_run (worker, "for i in range(10000): sys.stderr.write('line %d\\n' % i)");
  worker_wait_exit (worker, 0, 0);
  last_output = worker_dup_last_output (worker);
  worker_free (worker);
  restore_stderr (&capture);
  g_assert_true (g_str_has_suffix (last_output, "line 9999"));
}

int
main (int argc, char **argv)
{
  sigset_t pipe_signal;

  g_test_init (&argc, &argv, NULL);

  /* As the thread that does the I/O has it. */
  sigemptyset (&pipe_signal);
  sigaddset (&pipe_signal, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &pipe_signal, NULL);

  g_test_add_func ("/last-output/last-lines", test_last_lines);
  g_test_add_func ("/last-output/long-line", test_long_line);
  g_test_add_func ("/last-output/raw", test_raw);
  g_test_add_func ("/last-output/silent", test_silent);
  g_test_add_func ("/last-output/last-moment", test_last_moment);
  g_test_add_func ("/last-output/blocked", test_blocked);
  g_test_add_func ("/last-output/broken", test_broken);
  return g_test_run ();
}
