/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The limit of what a gateway can be: C and a bare loop in Python (bare.py), with nothing but
 * system calls between them, over the kind of descriptor that a gateway has.
 *
 *   raw-gateway SUBJECT socket|pipes PYTHON BARE */

#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_SIZE 14
#define BULK_SIZE (1024 * 1024)
#define PIPE_SIZE (1024 * 1024)

typedef struct
{
  gboolean with_pipes;
  const char **command;
  pid_t pid;
  int reading;
  int writing;
  guint8 *bulk; /* a message with its header */
} Program;

extern char **environ;

static void
check (gboolean is_well, const char *what)
{
  if (!is_well)
    give_up (what, strerror (errno));
}

static void
make_pipe (int fds[2])
{
  check (pipe2 (fds, O_CLOEXEC) == 0, "pipe2");
  fcntl (fds[1], F_SETPIPE_SZ, PIPE_SIZE);
}

static void
start (Program *self)
{
  posix_spawn_file_actions_t actions;
  int in[2], out[2];

  if (self->with_pipes)
    {
      make_pipe (in);
      make_pipe (out);
    }
  else
    {
      check (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) == 0, "socketpair");
      out[0] = in[1];
      out[1] = in[0];
    }
  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_adddup2 (&actions, in[0], 0);
  posix_spawn_file_actions_adddup2 (&actions, out[1], 1);
  errno = posix_spawnp (&self->pid, self->command[0], &actions, NULL,
                        (char *const *) self->command, environ);
  check (errno == 0, self->command[0]);
  posix_spawn_file_actions_destroy (&actions);
  close (in[0]);
  if (self->with_pipes)
    close (out[1]);
  self->writing = in[1];
  self->reading = out[0];
}

static void
stop (Program *self)
{
  int status;

  close (self->writing);
  if (self->with_pipes)
    close (self->reading);
  check (waitpid (self->pid, &status, 0) == self->pid, "waitpid");
  if (status != 0)
    give_up (self->command[0], "did not end well");
}

static void
write_all (Program *self, const void *data, gsize size)
{
  const guint8 *bytes = data;

  while (size > 0)
    {
      gssize n = write (self->writing, bytes, size);

      check (n > 0, "write");
      bytes += n;
      size -= n;
    }
}

static void
read_all (Program *self, void *data, gsize size)
{
  guint8 *bytes = data;

  while (size > 0)
    {
      gssize n = read (self->reading, bytes, size);

      check (n > 0, "read");
      bytes += n;
      size -= n;
    }
}

static void
write_message (Program *self, gint32 value)
{
  guint8 message[MESSAGE_SIZE] = { 0 };
  guint32 big_endian = GUINT32_TO_BE ((guint32) value);

  message[9] = 'F';
  memcpy (message + 10, &big_endian, 4);
  write_all (self, message, sizeof message);
}

static gint32
value_of (const guint8 *message)
{
  guint32 big_endian;

  memcpy (&big_endian, message + 10, 4);
  return GUINT32_FROM_BE (big_endian);
}

static void
finish (Measurement *measurement, gint64 total)
{
  measurement_end (measurement);
  g_snprintf (measurement->check, sizeof measurement->check, "%" G_GINT64_FORMAT, total);
}

static void
measure_start (gpointer data, gint64 count, Measurement *measurement)
{
  Program *self = data;
  double seconds = 0;
  gint64 total = 0;

  for (gint64 i = 0; i < count; i++)
    {
      char answer;

      measurement_begin (measurement);
      start (self);
      read_all (self, &answer, 1);
      finish (measurement, total += answer - '0');
      seconds += measurement->seconds;
      stop (self);
    }
  measurement->seconds = seconds;
}

/* All together: each has its interpreter before the first is listened to. */
static void
measure_start_many (gpointer data, gint64 count, Measurement *measurement)
{
  g_autofree Program *programs = g_new (Program, count);
  gint64 total = 0;
  char byte;

  for (gint64 i = 0; i < count; i++)
    programs[i] = *(Program *) data;
  measurement_begin (measurement);
  for (gint64 i = 0; i < count; i++)
    start (&programs[i]);
  for (gint64 i = 0; i < count; i++)
    {
      read_all (&programs[i], &byte, 1);
      total += byte - '0';
    }
  measurement_end (measurement);
  for (gint64 i = 0; i < count; i++)
    stop (&programs[i]);
  g_snprintf (measurement->check, sizeof measurement->check, "%" G_GINT64_FORMAT, total);
}

static void
measure_echo (gpointer data, gint64 count, Measurement *measurement)
{
  gint64 total = 0;

  measurement_begin (measurement);
  for (gint64 i = 0; i < count; i++)
    {
      guint8 message[MESSAGE_SIZE];

      write_message (data, i);
      read_all (data, message, sizeof message);
      total += value_of (message);
    }
  finish (measurement, total);
}

static void
measure_sending (gpointer data, gint64 count, Measurement *measurement)
{
  gint64 total;

  measurement_begin (measurement);
  write_all (data, &count, sizeof count);
  for (gint64 i = 0; i < count; i++)
    write_message (data, i);
  read_all (data, &total, sizeof total);
  finish (measurement, total);
}

static void
measure_receiving (gpointer data, gint64 count, Measurement *measurement)
{
  Program *self = data;
  guint8 buffer[64 * 1024];
  gsize filled = 0;
  gint64 total = 0;

  measurement_begin (measurement);
  write_all (self, &count, sizeof count);
  while (count > 0)
    {
      gssize n = read (self->reading, buffer + filled, sizeof buffer - filled);
      gsize pos = 0;

      check (n > 0, "read");
      filled += n;
      for (; filled - pos >= MESSAGE_SIZE; pos += MESSAGE_SIZE, count--)
        total += value_of (buffer + pos);
      filled -= pos;
      memmove (buffer, buffer + pos, filled);
    }
  finish (measurement, total);
}

static void
measure_sending_bulk (gpointer data, gint64 count, Measurement *measurement)
{
  Program *self = data;
  gint64 total;

  measurement_begin (measurement);
  write_all (self, &count, sizeof count);
  for (gint64 i = 0; i < count; i++)
    write_all (self, self->bulk, MESSAGE_SIZE + BULK_SIZE);
  read_all (self, &total, sizeof total);
  finish (measurement, total);
}

static void
measure_receiving_bulk (gpointer data, gint64 count, Measurement *measurement)
{
  Program *self = data;
  gint64 total = 0;

  measurement_begin (measurement);
  write_all (self, &count, sizeof count);
  for (gint64 i = 0; i < count; i++)
    {
      read_all (self, self->bulk, MESSAGE_SIZE + BULK_SIZE);
      total += BULK_SIZE;
    }
  finish (measurement, total);
}

static const Subject subjects[] = {
  { "start", measure_start },
  { "start-many", measure_start_many },
  { "echo", measure_echo },
  { "sending", measure_sending },
  { "receiving", measure_receiving },
  { "sending-bulk", measure_sending_bulk },
  { "sending-objects", measure_sending_bulk },
  { "receiving-bulk", measure_receiving_bulk },
};

int
main (int argc, char **argv)
{
  const char *one_byte[] = { argv[3], "-c", "import os; os.write(1, b'1')", NULL };
  const char *loop[] = { argv[3], argv[4], argv[1], NULL };
  Program self = { 0 };
  MeasureFunc func;
  gboolean is_start;

  if (argc != 5)
    give_up ("usage", "raw-gateway SUBJECT socket|pipes PYTHON BARE");
  func = find_subject (argv[1], subjects, G_N_ELEMENTS (subjects));
  is_start = func == measure_start || func == measure_start_many;
  self.with_pipes = strcmp (argv[2], "pipes") == 0;
  self.command = is_start ? one_byte : loop;
  self.bulk = g_malloc (MESSAGE_SIZE + BULK_SIZE);
  memset (self.bulk, 'b', MESSAGE_SIZE + BULK_SIZE);

  if (!is_start)
    start (&self);
  serve_measurements (func, &self);
  if (!is_start)
    stop (&self);
  g_free (self.bulk);
  return 0;
}
