/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How interpreters are started, and how it is told why not. */

#include "config.h"

#include "base/execnet-error.h"
#include "worker-fixture.h"

#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRAPPED "popen//python=env A=b python3"

static const char *const both_kinds[] = { "popen//python=python3", WRAPPED };

static void
test_default (void)
{
  g_autoptr (Worker) worker = worker_new ("popen");
  g_autofree char *heard = NULL;

  worker_run (worker, "os.write(1, b'hi')");
  heard = worker_hear (worker, 2);
  g_assert_cmpstr (heard, ==, "hi");
  worker_wait_exit (worker, 0, 0);
}

/* A version manager may have a program of that name that only says that there is none. */
static gboolean
is_installed (const char *name)
{
  const char *argv[] = { name, "-c", "pass", NULL };
  int status;

  return g_spawn_sync (NULL,
                       (char **) argv,
                       NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL
                           | G_SPAWN_STDERR_TO_DEV_NULL,
                       NULL,
                       NULL,
                       NULL,
                       NULL,
                       &status,
                       NULL)
         && status == 0;
}

static void
test_interpreter (gconstpointer name)
{
  g_autofree char *spec = g_strconcat ("popen//python=", name, NULL);
  g_autofree char *heard = NULL;
  g_autoptr (Worker) worker = NULL;

  if (!is_installed (name))
    {
      g_test_skip ("it is not installed");
      return;
    }
  worker = worker_new (spec);
  worker_run (worker, "sys.stdout.write('%d.%d' % sys.version_info[:2])");
  heard = worker_hear_all (worker);
  g_test_message ("%s is Python %s", (const char *) name, heard);
  g_assert_true (g_str_has_prefix (heard, "2.") || g_str_has_prefix (heard, "3."));
  worker_wait_exit (worker, 0, 0);
}

static void
test_default_python (void)
{
  g_autoptr (GError) error = worker_fail ("popen", "/no such/python");

  /* As one path, not as words. */
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_NO_INTERPRETER);
  g_assert_nonnull (strstr (error->message, "“/no such/python”"));
}

static void
test_wrapper (void)
{
  g_autoptr (Worker) worker = worker_new (WRAPPED);
  g_autofree char *heard = NULL;

  g_assert_true (G_IS_UNIX_INPUT_STREAM (g_io_stream_get_input_stream (worker->stream)));
  worker_run (worker, "os.write(1, os.environ['A'].encode())");
  heard = worker_hear (worker, 1);
  g_assert_cmpstr (heard, ==, "b");
  worker_wait_exit (worker, 0, 0);
}

static void
test_flags (void)
{
  g_autoptr (Worker) plain = worker_new ("popen");
  g_autoptr (Worker) without = worker_new ("popen//dont_write_bytecode");
  const char *code = "os.write(1, str(int(sys.dont_write_bytecode)).encode())";
  g_autofree char *plain_heard = NULL;
  g_autofree char *without_heard = NULL;

  worker_run (plain, code);
  worker_run (without, code);
  plain_heard = worker_hear (plain, 1);
  without_heard = worker_hear (without, 1);
  g_assert_cmpstr (plain_heard, ==, "0");
  g_assert_cmpstr (without_heard, ==, "1");
}

/* What a program must find: its three descriptors and no other, blocking; no signal blocked or
 * ignored, although all are in the thread that starts it; a session of its own. */
static void
test_surroundings (gconstpointer spec)
{
  g_autofree char *heard = NULL;
  g_autoptr (Worker) worker = NULL;
  int leaking = open ("/dev/null", O_RDONLY);
  sigset_t all, before;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  worker = worker_new (spec);
  pthread_sigmask (SIG_SETMASK, &before, NULL);

  worker_run (worker,
              "import signal, fcntl\n"
              "fds = os.listdir('/proc/self/fd')\n"
              "flags = [fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK for fd in (0, 1, 2)]\n"
              "facts = (sorted(fds)[:3], len(fds), flags,\n"
              "         sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),\n"
              "         signal.getsignal(signal.SIGINT) is signal.default_int_handler,\n"
              "         os.getsid(0) == os.getpgrp() == os.getpid())\n"
              "os.write(1, repr(facts).encode())");
  heard = worker_hear_all (worker);
  /* The fourth is what listdir itself reads. */
  g_assert_cmpstr (heard, ==, "(['0', '1', '2'], 4, [0, 0, 0], [], True, True)");
  worker_wait_exit (worker, 0, 0);
  close (leaking);
}

static gpointer
send_much (gpointer data)
{
  Worker *worker = data;
  g_autofree char *text = g_strnfill (3 * 1024 * 1024, 'x');

  worker_send (worker, text);
  return NULL;
}

static void
test_much (gconstpointer spec)
{
  const gsize length = 3 * 1024 * 1024;
  g_autoptr (Worker) worker = worker_new (spec);
  g_autofree char *heard = NULL;
  g_autofree char *ready = NULL;
  GThread *sender;

  worker_run (worker,
              "os.write(1, b'!')\n"
              "left = 3 * 1024 * 1024\n"
              "while left:\n"
              "    got = os.read(0, 100000)\n"
              "    left -= len(got)\n"
              "    while got:\n"
              "        got = got[os.write(1, got):]");
  ready = worker_hear (worker, 1);
  sender = g_thread_new ("sender", send_much, worker);
  heard = worker_hear (worker, length);
  g_thread_join (sender);
  g_assert_cmpuint (strspn (heard, "x"), ==, length);
}

static void
test_close_write (gconstpointer spec)
{
  g_autoptr (Worker) worker = worker_new (spec);
  g_autofree char *heard = NULL;

  worker_run (worker, "os.write(1, b'a' if sys.stdin.read() == '' else b'b')");
  execnet_transport_close_write (worker->transport);
  execnet_transport_close_write (worker->transport);
  heard = worker_hear_all (worker);
  g_assert_cmpstr (heard, ==, "a");
  worker_wait_exit (worker, 0, 0);
}

/* An end that another child inherited would never be noticed. */
static void
test_no_shared_ends (gconstpointer spec)
{
  g_autoptr (Worker) first = worker_new (spec);
  g_autoptr (Worker) second = worker_new (spec);
  g_autofree char *heard = NULL;

  worker_run (first, "sys.stdin.read()\nos.write(1, b'end')");
  execnet_transport_close_write (first->transport);
  heard = worker_hear_all (first);
  g_assert_cmpstr (heard, ==, "end");
  worker_wait_exit (first, 0, 0);
  worker_run (second, "os.write(1, b'alive')");
  g_free (heard);
  heard = worker_hear_all (second);
  g_assert_cmpstr (heard, ==, "alive");
}

/* Another part of the program may start programs in its own way. */
static void
test_close_on_exec (gconstpointer spec)
{
  g_autoptr (Worker) worker = worker_new (spec);
  guint n_checked = 0;

  for (int fd = STDERR_FILENO + 1; fd < 100; fd++)
    {
      g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
      g_autofree char *target = g_file_read_link (link, NULL);

      if (target == NULL
          || !(g_str_has_prefix (target, "socket:") || g_str_has_prefix (target, "pipe:")))
        continue;
      g_assert_cmpint (fcntl (fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
      n_checked++;
    }
  g_assert_cmpuint (n_checked, >=, 2);
}

/* Errors */

static char *
make_script (const char *contents, int mode)
{
  char *path = NULL;
  int fd = g_file_open_tmp ("execnet-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, contents, strlen (contents)), ==, strlen (contents));
  fchmod (fd, mode);
  close (fd);
  return path;
}

static void
assert_no_interpreter (const char *python, const char *why)
{
  g_autofree char *spec = g_strdup_printf ("popen//python='%s'", python);
  g_autofree char *quoted = g_strdup_printf ("“%s”", python);
  g_autoptr (GError) error = worker_fail (spec, NULL);

  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_NO_INTERPRETER);
  g_assert_nonnull (strstr (error->message, quoted));
  g_assert_nonnull (strstr (error->message, why));
  g_assert_nonnull (strstr (error->message, "python="));
}

static void
test_no_interpreter (void)
{
  g_autofree char *lame = make_script ("#!/no/such/python\n", 0700);
  g_autofree char *unexecutable = make_script ("#!/bin/sh\n", 0600);

  assert_no_interpreter ("/no/such/python", "does not exist");
  assert_no_interpreter ("no-such-python", "PATH");
  assert_no_interpreter (g_get_tmp_dir (), "folder");
  assert_no_interpreter (unexecutable, "executed");
  assert_no_interpreter (lame, "first line");
  assert_no_interpreter ("", "PATH");
  g_unlink (lame);
  g_unlink (unexecutable);
}

static void
test_no_python_in_path (void)
{
  g_autofree char *path = g_strdup (g_getenv ("PATH"));
  g_autoptr (GError) error = NULL;

  g_setenv ("PATH", "/no/such/folder", TRUE);
  error = worker_fail ("popen", NULL);
  g_setenv ("PATH", path, TRUE);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_NO_INTERPRETER);
  g_assert_nonnull (strstr (error->message, "python3"));
  g_assert_nonnull (strstr (error->message, "/no/such/folder"));
}

static void
test_invalid_spec (void)
{
  const struct
  {
    const char *spec, *part;
  } cases[] = {
    { "popen//python=a 'b", "python=a 'b" }, { "ssh=-W a:1 host", "-W" },
    { "popen//via=gw0", "“via”" },           { "id=x", "“id=x”" },
    { "popen//nice=high", "nice=high" },     { "socket//installvia=gw0", "“installvia”" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = worker_fail (cases[i].spec, NULL);

      g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
      g_assert_nonnull (strstr (error->message, cases[i].part));
    }
}

static void
ignore_result (GObject *object, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
test_cancelled_before (void)
{
  g_autoptr (ExecnetXSpec) spec = execnet_xspec_new ("popen", NULL);
  const ExecnetTransportSettings settings = { .default_python = NULL };
  g_autoptr (ExecnetTransport) transport = execnet_transport_new_for_spec (spec, &settings, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  execnet_transport_open_async (transport, cancellable, ignore_result, &result);
  while (result == NULL)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  g_assert_null (execnet_transport_open_finish (transport, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  /* Nothing was started. */
  g_assert_false (execnet_transport_kill_from_any_thread (transport));
}

/* A program whose own stdin, stdout and stderr are closed: their numbers must not become a
 * connection's, or what is printed goes there. */
static void
test_without_stdio (gconstpointer spec)
{
  pid_t pid = fork ();
  int status;

  if (pid == 0)
    {
      g_autofree char *heard = NULL;
      Worker *worker;

      for (int fd = 0; fd <= STDERR_FILENO; fd++)
        close (fd);
      worker = worker_new (spec);
      worker_run (worker, "os.write(2, b'stray')\nos.write(1, b'hi')");
      heard = worker_hear_all (worker);
      worker_wait_end (worker);
      _exit (worker_get_fd (worker) > STDERR_FILENO && strcmp (heard, "hi") == 0 ? 0 : 1);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
}

static void
add_for_both_kinds (const char *name, GTestDataFunc func)
{
  g_autofree char *bare = g_strconcat (name, "/bare", NULL);
  g_autofree char *wrapped = g_strconcat (name, "/wrapped", NULL);

  g_test_add_data_func (bare, both_kinds[0], func);
  g_test_add_data_func (wrapped, both_kinds[1], func);
}

int
main (int argc, char **argv)
{
  const char *const interpreters[]
      = { "python3",    "python",     "python2.7", "python3.6", "python3.8",
          "python3.11", "python3.13", "pypy3",     "pypy",      "jython" };

  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("PYTHONDONTWRITEBYTECODE");

  g_test_add_func ("/popen/default", test_default);
  for (guint i = 0; i < G_N_ELEMENTS (interpreters); i++)
    {
      g_autofree char *name = g_strconcat ("/popen/interpreter/", interpreters[i], NULL);

      g_test_add_data_func (name, interpreters[i], test_interpreter);
    }
  g_test_add_func ("/popen/default-python", test_default_python);
  g_test_add_func ("/popen/wrapper", test_wrapper);
  g_test_add_func ("/popen/flags", test_flags);
  add_for_both_kinds ("/popen/surroundings", test_surroundings);
  add_for_both_kinds ("/popen/much", test_much);
  add_for_both_kinds ("/popen/close-write", test_close_write);
  add_for_both_kinds ("/popen/no-shared-ends", test_no_shared_ends);
  add_for_both_kinds ("/popen/close-on-exec", test_close_on_exec);
  g_test_add_func ("/popen/no-interpreter", test_no_interpreter);
  g_test_add_func ("/popen/no-python-in-path", test_no_python_in_path);
  g_test_add_func ("/popen/invalid-spec", test_invalid_spec);
  g_test_add_func ("/popen/cancelled-before", test_cancelled_before);
  add_for_both_kinds ("/popen/without-stdio", test_without_stdio);
  return g_test_run ();
}
