/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-stdio-private.h"

#include "base/execnet-descriptors-private.h"
#include "base/execnet-error.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <sys/socket.h>
#include <unistd.h>

/* As large as a program without privileges may make it on most systems. */
#define PIPE_SIZE (1024 * 1024)

/* Of what we send. The kernel says that there is room when a quarter is left, which must be enough
 * for the reader to be busy until we have written. For the worker, whose write() waits, its own
 * size is best. */
#define SOCKET_SIZE (512 * 1024)

static void
close_fd (int *fd)
{
  if (*fd < 0)
    return;
  execnet_descriptors_remove (*fd);
  close (*fd);
  *fd = -1;
}

/* A program that runs without stdin, stdout or stderr gets their numbers for what it opens next;
 * what is printed would go into a connection then. */
static gboolean
move_above_stdio (int *fd)
{
  int before = *fd;

  if (before > STDERR_FILENO)
    return TRUE;
  *fd = fcntl (before, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  close (before);
  return *fd >= 0;
}

static gboolean
open_socket_pair (int *our_end, int *child_end)
{
  int ends[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
    return FALSE;
  *our_end = ends[0];
  *child_end = ends[1];
  return move_above_stdio (our_end) && move_above_stdio (child_end);
}

static gboolean
open_pipe (int *reading_end, int *writing_end)
{
  int ends[2];

  if (pipe2 (ends, O_CLOEXEC) < 0)
    return FALSE;
  *reading_end = ends[0];
  *writing_end = ends[1];
  return move_above_stdio (reading_end) && move_above_stdio (writing_end);
}

static gboolean
open_socket (ExecnetStdio *self)
{
  const int size = SOCKET_SIZE;

  if (!open_socket_pair (&self->our_input, &self->child_stdin))
    return FALSE;
  /* Where the system allows less, it is just slower. */
  setsockopt (self->our_input, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  self->our_output = self->our_input;
  return TRUE;
}

static gboolean
open_pipes (ExecnetStdio *self)
{
  if (!open_pipe (&self->our_input, &self->child_stdout)
      || !open_pipe (&self->child_stdin, &self->our_output))
    return FALSE;
  /* Where the system allows less, it is just slower. */
  fcntl (self->our_input, F_SETPIPE_SZ, PIPE_SIZE);
  fcntl (self->our_output, F_SETPIPE_SZ, PIPE_SIZE);
  return TRUE;
}

static gboolean
open_connection (ExecnetStdio *self, ExecnetStdioKind kind)
{
  switch (kind)
    {
    case EXECNET_STDIO_SOCKET:
      if (!open_socket (self))
        return FALSE;
      self->child_stdout = self->child_stdin;
      return TRUE;
    case EXECNET_STDIO_SOCKET_AND_PRINTS:
      return open_socket (self) && open_pipe (&self->our_prints, &self->child_stdout);
    case EXECNET_STDIO_PIPES:
      return open_pipes (self);
    }
  g_assert_not_reached ();
}

gboolean
execnet_stdio_open (ExecnetStdio *self, ExecnetStdioKind kind, GError **error)
{
  if (!open_connection (self, kind)
      || !open_pipe (&self->our_errors, &self->child_stderr))
    {
      int saved_errno = errno;

      execnet_stdio_clear (self);
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_FAILED,
                   _ ("A connection to a new process can't be made: %s."),
                   g_strerror (saved_errno));
      return FALSE;
    }
  execnet_descriptors_add (self->our_input);
  execnet_descriptors_add (self->our_output);
  execnet_descriptors_add (self->our_errors);
  if (self->our_prints >= 0)
    execnet_descriptors_add (self->our_prints);
  g_unix_set_fd_nonblocking (self->our_input, TRUE, NULL);
  g_unix_set_fd_nonblocking (self->our_output, TRUE, NULL);
  return TRUE;
}

static GIOStream *
take_socket_stream (ExecnetStdio *self, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (self->our_input, error);

  if (socket == NULL)
    return NULL;
  self->our_input = self->our_output = -1;
  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static GIOStream *
take_pipes_stream (ExecnetStdio *self)
{
  g_autoptr (GInputStream) input = g_unix_input_stream_new (self->our_input, TRUE);
  g_autoptr (GOutputStream) output = g_unix_output_stream_new (self->our_output, TRUE);

  self->our_input = self->our_output = -1;
  return g_simple_io_stream_new (input, output);
}

GIOStream *
execnet_stdio_take_stream (ExecnetStdio *self, GError **error)
{
  if (self->our_input == self->our_output)
    return take_socket_stream (self, error);
  return take_pipes_stream (self);
}

int
execnet_stdio_take_errors (ExecnetStdio *self)
{
  int fd = self->our_errors;

  self->our_errors = -1;
  return fd;
}

int
execnet_stdio_take_prints (ExecnetStdio *self)
{
  int fd = self->our_prints;

  self->our_prints = -1;
  return fd;
}

void
execnet_stdio_clear (ExecnetStdio *self)
{
  if (self->our_output == self->our_input)
    self->our_output = -1;
  if (self->child_stdout == self->child_stdin)
    self->child_stdout = -1;
  close_fd (&self->our_input);
  close_fd (&self->our_output);
  close_fd (&self->our_errors);
  close_fd (&self->our_prints);
  close_fd (&self->child_stdin);
  close_fd (&self->child_stdout);
  close_fd (&self->child_stderr);
}
