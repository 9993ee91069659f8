/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A program with connections that forks, without executing another program. */

#include "config.h"

#include "base/execnet-descriptors-private.h"
#include "worker-fixture.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static gboolean
is_null_device (int fd)
{
  struct stat here, null_device;

  return fstat (fd, &here) == 0 && stat ("/dev/null", &null_device) == 0
         && here.st_rdev == null_device.st_rdev && (fcntl (fd, F_GETFD) & FD_CLOEXEC) != 0;
}

static gboolean
is_pipe (int fd)
{
  struct stat here;

  return fstat (fd, &here) == 0 && S_ISFIFO (here.st_mode);
}

static void
assert_good_exit (pid_t pid)
{
  int status;

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
}

static void
open_pipe (int ends[2])
{
  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
}

static void
test_listed (void)
{
  int listed[2], removed[2];
  pid_t pid;

  open_pipe (listed);
  open_pipe (removed);
  for (guint i = 0; i < 2; i++)
    {
      execnet_descriptors_add (listed[i]);
      execnet_descriptors_add (listed[i]);
      execnet_descriptors_add (removed[i]);
      execnet_descriptors_remove (removed[i]);
    }

  pid = fork ();
  if (pid == 0)
    _exit (is_null_device (listed[0]) && is_null_device (listed[1]) && is_pipe (removed[0])
                   && is_pipe (removed[1])
               ? 0
               : 1);
  assert_good_exit (pid);
  g_assert_true (is_pipe (listed[0]));
  g_assert_true (is_pipe (listed[1]));

  for (guint i = 0; i < 2; i++)
    {
      execnet_descriptors_remove (listed[i]);
      close (listed[i]);
      close (removed[i]);
    }
}

/* Closed by somebody else, and the number used for something else. */
static void
test_reused_number (void)
{
  int before[2], after[2];
  pid_t pid;

  open_pipe (before);
  open_pipe (after);
  execnet_descriptors_add (before[0]);
  g_assert_cmpint (dup3 (after[0], before[0], O_CLOEXEC), ==, before[0]);

  pid = fork ();
  if (pid == 0)
    _exit (is_pipe (before[0]) ? 0 : 1);
  assert_good_exit (pid);

  execnet_descriptors_remove (before[0]);
  close (before[0]);
  close (before[1]);
  close (after[0]);
  close (after[1]);
}

/* A fork's child has a list of its own: what it adds, its own child loses. */
static void
test_fork_of_fork (void)
{
  int parents[2];
  pid_t pid;

  open_pipe (parents);
  execnet_descriptors_add (parents[0]);
  pid = fork ();
  if (pid == 0)
    {
      int own[2];
      pid_t grandchild;
      int status = -1;

      open_pipe (own);
      execnet_descriptors_add (own[0]);
      grandchild = fork ();
      if (grandchild == 0)
        _exit (is_null_device (own[0]) && is_null_device (parents[0]) ? 0 : 1);
      waitpid (grandchild, &status, 0);
      _exit (status == 0 && is_pipe (own[0]) ? 0 : 1);
    }
  assert_good_exit (pid);
  execnet_descriptors_remove (parents[0]);
  close (parents[0]);
  close (parents[1]);
}

/* The child exits, with all the exit handlers that it inherited: the worker lives on. */
static void
test_worker_survives (gconstpointer spec)
{
  g_autoptr (Worker) worker = worker_new (spec);
  g_autofree char *heard = NULL;
  pid_t pid = fork ();

  if (pid == 0)
    {
      gboolean good = is_null_device (worker_get_fd (worker))
                      && !execnet_transport_kill_from_any_thread (worker->transport);

      execnet_transport_close_write (worker->transport);
      exit (good ? 0 : 1);
    }
  assert_good_exit (pid);
  worker_run (worker, "os.write(1, b'alive')");
  heard = worker_hear (worker, 5);
  g_assert_cmpstr (heard, ==, "alive");
  worker_wait_exit (worker, 0, 0);
}

/* Writes into the FIFO as soon as its input ended. */
static void
start_watcher (const char *spec, const char *fifo)
{
  Worker *worker = worker_new (spec);
  g_autofree char *code = g_strdup_printf ("os.write(1, b'!')\n"
                                           "sys.stdin.read()\n"
                                           "os.write(os.open('%s', os.O_WRONLY), b'gone')",
                                           fifo);

  worker_run (worker, code);
  g_free (worker_hear (worker, 1));
}

/* A parent dies while its fork child, which has seen the connection, lives on: the worker notices
 * at once. */
static void
test_parent_dies (gconstpointer spec)
{
  g_autofree char *folder = g_dir_make_tmp ("execnet-XXXXXX", NULL);
  g_autofree char *fifo = g_build_filename (folder, "fifo", NULL);
  int alive[2];
  char heard[5] = "";
  pid_t parent;
  int fd;

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  open_pipe (alive);
  parent = fork ();
  if (parent == 0)
    {
      char end;

      close (alive[1]);
      start_watcher (spec, fifo);
      /* The child stays until the test is over. */
      if (fork () == 0)
        _exit (read (alive[0], &end, 1) == 0 ? 0 : 1);
      _exit (0);
    }
  assert_good_exit (parent);

  fd = open (fifo, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (read (fd, heard, 4), ==, 4);
  g_assert_cmpstr (heard, ==, "gone");
  close (fd);
  close (alive[0]);
  close (alive[1]);
  g_unlink (fifo);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/fork/listed", test_listed);
  g_test_add_func ("/fork/reused-number", test_reused_number);
  g_test_add_func ("/fork/fork-of-fork", test_fork_of_fork);
  g_test_add_data_func ("/fork/worker-survives/bare", "popen", test_worker_survives);
  g_test_add_data_func (
      "/fork/worker-survives/wrapped", "popen//python=env python3", test_worker_survives);
  g_test_add_data_func ("/fork/parent-dies/bare", "popen", test_parent_dies);
  g_test_add_data_func ("/fork/parent-dies/wrapped", "popen//python=env python3", test_parent_dies);
  return g_test_run ();
}
