/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-last-output-private.h"

#include "base/execnet-descriptors-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

/* What is remembered. */
#define MAX_BYTES 4096
#define MAX_LINES 20

/* A pipe that can be written takes so many bytes without blocking. */
#define PIECE PIPE_BUF

/* So much of what is added waits for our stderr at most. */
#define MAX_UNSENT (1024 * 1024)

/* What a pipe holds at most, unless somebody enlarged it. */
#define MAX_REST (64 * 1024)

struct _ExecnetLastOutput
{
  int fd;          /* -1 after its end */
  GSource *source; /* waits for input on fd, or, while something is unsent, for our stderr */
  GString *tail;   /* the last of it, trimmed now and then */
  GString *unsent;
  ExecnetLastOutputFunc func; /* who gets it instead of our stderr, or NULL */
  gpointer data;
};

static void wait_for_next (ExecnetLastOutput *self);

static void
close_input (ExecnetLastOutput *self)
{
  if (self->fd < 0)
    return;
  execnet_descriptors_remove (self->fd);
  close (self->fd);
  self->fd = -1;
}

static void
keep (ExecnetLastOutput *self, const char *bytes, gsize length)
{
  if (self->func != NULL)
    self->func (bytes, length, self->data);
  else
    g_string_append_len (self->unsent, bytes, length);
  g_string_append_len (self->tail, bytes, length);
  if (self->tail->len > 2 * MAX_BYTES)
    g_string_erase (self->tail, 0, self->tail->len - MAX_BYTES);
}

/* FALSE when there is nothing to read now, or will never be. */
static gboolean
read_piece (ExecnetLastOutput *self)
{
  char buffer[PIECE];
  gssize length;

  if (self->fd < 0)
    return FALSE;
  do
    length = read (self->fd, buffer, sizeof buffer);
  while (length < 0 && errno == EINTR);

  if (length > 0)
    keep (self, buffer, length);
  else if (length == 0 || errno != EAGAIN)
    close_input (self);
  return length > 0;
}

static gboolean
stderr_takes_more (void)
{
  struct pollfd stderr_poll = { .fd = STDERR_FILENO, .events = POLLOUT };

  /* An error counts as ready: writing shows it. */
  return poll (&stderr_poll, 1, 0) != 0;
}

/* Writes what our stderr takes without blocking. What it can't take at all is dropped. */
static void
forward (ExecnetLastOutput *self)
{
  while (self->unsent->len > 0 && stderr_takes_more ())
    {
      gssize length = write (STDERR_FILENO, self->unsent->str, MIN (self->unsent->len, PIECE));

      if (length > 0)
        g_string_erase (self->unsent, 0, length);
      else if (length < 0 && errno == EAGAIN)
        return;
      else if (length == 0 || errno != EINTR)
        g_string_truncate (self->unsent, 0);
    }
}

static gboolean
on_ready (int fd, GIOCondition condition, gpointer data)
{
  ExecnetLastOutput *self = data;

  if (self->unsent->len == 0)
    read_piece (self);
  forward (self);
  if (self->fd >= 0 && self->unsent->len == 0 && fd == self->fd)
    return G_SOURCE_CONTINUE;
  wait_for_next (self);
  return G_SOURCE_REMOVE;
}

static void
stop_waiting (ExecnetLastOutput *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

static void
wait_for_next (ExecnetLastOutput *self)
{
  stop_waiting (self);
  if (self->unsent->len > 0)
    self->source = g_unix_fd_source_new (STDERR_FILENO, G_IO_OUT);
  else if (self->fd >= 0)
    self->source = g_unix_fd_source_new (self->fd, G_IO_IN);
  else
    return;
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_ready), self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
}

ExecnetLastOutput *
execnet_last_output_new (int fd, ExecnetLastOutputFunc func, gpointer data)
{
  ExecnetLastOutput *self = g_new0 (ExecnetLastOutput, 1);

  self->fd = fd;
  self->func = func;
  self->data = data;
  self->tail = g_string_new (NULL);
  self->unsent = g_string_new (NULL);
  if (fd >= 0)
    {
      g_unix_set_fd_nonblocking (fd, TRUE, NULL);
      execnet_descriptors_add (fd);
    }
  wait_for_next (self);
  return self;
}

void
execnet_last_output_add (ExecnetLastOutput *self, const char *bytes, gsize length)
{
  if (self->unsent->len > MAX_UNSENT)
    return;
  keep (self, bytes, length);
  forward (self);
  wait_for_next (self);
}

void
execnet_last_output_read_rest (ExecnetLastOutput *self)
{
  for (gsize n = 0; n < MAX_REST / PIECE && read_piece (self); n++)
    ;
  forward (self);
  wait_for_next (self);
}

void
execnet_last_output_free (ExecnetLastOutput *self)
{
  execnet_last_output_read_rest (self);
  stop_waiting (self);
  close_input (self);
  g_string_free (self->tail, TRUE);
  g_string_free (self->unsent, TRUE);
  g_free (self);
}

char *
execnet_last_output_dup_text (ExecnetLastOutput *self)
{
  const char *end = self->tail->str + self->tail->len;
  const char *start = end;
  guint n_lines = 0;

  while (end > self->tail->str && end[-1] == '\n')
    end--;
  start = end;
  while (start > self->tail->str && end - start < MAX_BYTES)
    {
      if (start[-1] == '\n' && ++n_lines == MAX_LINES)
        break;
      start--;
    }
  /* Not in the middle of a character. */
  while (start < end && (*start & 0xc0) == 0x80)
    start++;
  return g_utf8_make_valid (start, end - start);
}
