/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How interpreters end, and what is left then: nothing. With --without-pidfd the same on a system
 * that has none. */

#include "config.h"

#include "worker-fixture.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
test_exit_status (void)
{
  g_autoptr (Worker) worker = worker_new ("popen");
  g_autofree char *heard = NULL;

  worker_run (worker, "os.write(1, b'last words')\nos._exit(17)");
  worker_wait_exit (worker, 17, 0);
  /* What it wrote is still there. */
  heard = worker_hear_all (worker);
  g_assert_cmpstr (heard, ==, "last words");
  /* And it ends for whoever asks later, too. */
  worker_wait_exit (worker, 17, 0);
}

static void
test_signal (void)
{
  g_autoptr (Worker) worker = worker_new ("popen");

  worker_run (worker, "import signal\nos.kill(os.getpid(), signal.SIGTERM)");
  worker_wait_exit (worker, -1, SIGTERM);
}

static void
test_ends_at_once (void)
{
  g_autoptr (Worker) worker = worker_new ("popen//python=false");
  g_autofree char *heard = worker_hear_all (worker);

  g_assert_cmpstr (heard, ==, "");
  worker_wait_exit (worker, 1, 0);
}

static void
test_no_python (void)
{
  g_autoptr (Worker) worker = worker_new ("popen//python=cat");
  g_autofree char *last_output = NULL;

  worker_wait_exit (worker, 1, 0);
  last_output = worker_dup_last_output (worker);
  g_assert_nonnull (strstr (last_output, "cat: invalid option"));
}

static void
test_missing_behind_wrapper (void)
{
  g_autoptr (Worker) worker = worker_new ("popen//python=env no-such-python");
  g_autofree char *last_output = NULL;

  worker_wait_exit (worker, 127, 0);
  last_output = worker_dup_last_output (worker);
  g_assert_nonnull (strstr (last_output, "no-such-python"));
}

static void
test_kill (void)
{
  g_autoptr (Worker) worker = worker_new ("popen");

  g_assert_true (execnet_transport_kill_from_any_thread (worker->transport));
  worker_wait_exit (worker, -1, SIGKILL);
  /* From now on the number may be anybody's. */
  g_assert_false (execnet_transport_kill_from_any_thread (worker->transport));
}

static gpointer
kill_now (gpointer transport)
{
  return GINT_TO_POINTER (execnet_transport_kill_from_any_thread (transport));
}

static void
test_kill_from_other_thread (void)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (Worker) worker = worker_new ("popen");
      GThread *one = g_thread_new ("one", kill_now, worker->transport);
      GThread *other = g_thread_new ("other", kill_now, worker->transport);

      /* The end may come between the two. */
      worker_wait_exit (worker, -1, SIGKILL);
      g_assert_true (GPOINTER_TO_INT (g_thread_join (one))
                     | GPOINTER_TO_INT (g_thread_join (other)));
    }
}

/* The grandchild holds the connection: its end of input is the grandchild's end. */
static void
test_kill_group (void)
{
  g_autoptr (Worker) worker = worker_new ("popen");
  g_autofree char *ready = NULL;
  g_autofree char *rest = NULL;

  worker_run (worker,
              "if os.fork() == 0:\n"
              "    os.write(1, b'ready')\n"
              "import signal\n"
              "signal.pause()");
  ready = worker_hear (worker, 5);
  execnet_transport_kill (worker->transport);
  worker_wait_exit (worker, -1, SIGKILL);
  rest = worker_hear_all (worker);
  g_assert_cmpstr (rest, ==, "");
}

static void
test_grandchild_lives_on (void)
{
  g_autoptr (Worker) worker = worker_new ("popen");
  g_autofree char *heard = NULL;
  g_autofree char *last_output = NULL;

  /* It holds the connection and stderr open until it hears something. */
  worker_run (worker,
              "sys.stderr.write('parent\\n')\n"
              "if os.fork() == 0:\n"
              "    os.read(0, 1)\n"
              "    os.write(1, b'child')\n"
              "os._exit(3)");
  worker_wait_exit (worker, 3, 0);
  last_output = worker_dup_last_output (worker);
  g_assert_cmpstr (last_output, ==, "parent");
  worker_send (worker, "x");
  heard = worker_hear_all (worker);
  g_assert_cmpstr (heard, ==, "child");
}

static void
keep_result (GObject *object, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
test_wait_cancelled (void)
{
  g_autoptr (Worker) worker = worker_new ("popen");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GCancellable) unused = g_cancellable_new ();
  g_autoptr (GAsyncResult) cancelled = NULL;
  g_autoptr (GAsyncResult) other = NULL;
  g_autoptr (GError) error = NULL;

  execnet_transport_wait_end_async (worker->transport, cancellable, keep_result, &cancelled);
  execnet_transport_wait_end_async (worker->transport, unused, keep_result, &other);
  g_cancellable_cancel (cancellable);
  while (cancelled == NULL)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  g_assert_false (execnet_transport_wait_end_finish (worker->transport, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (other);

  worker_run (worker, "os._exit(5)");
  worker_wait_exit (worker, 5, 0);
  while (other == NULL)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  g_assert_true (execnet_transport_wait_end_finish (worker->transport, other, NULL));
  /* Too late. */
  g_cancellable_cancel (unused);
  while (g_main_context_iteration (g_main_context_get_thread_default (), FALSE))
    ;
  g_clear_object (&cancelled);
  g_clear_object (&other);
}

static void
test_dropped (void)
{
  Worker *worker = worker_new ("popen");
  g_autofree char *pid_text = NULL;
  pid_t pid;

  worker_run (worker, "os.write(1, ('%9d' % os.getpid()).encode())\nsys.stdin.read()");
  pid_text = worker_hear (worker, 9);
  pid = atoi (pid_text);
  g_assert_cmpint (kill (pid, 0), ==, 0);

  g_assert_finalize_object (g_steal_pointer (&worker->transport));
  while (kill (pid, 0) == 0)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  worker_free (worker);
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
one_cycle (guint i)
{
  const char *const specs[] = { "popen", "popen//python=env python3", "popen//python=false" };
  g_autoptr (Worker) worker = worker_new (specs[i % G_N_ELEMENTS (specs)]);

  /* The third has ended, or will: nothing to say to it. */
  if (i % G_N_ELEMENTS (specs) == 2)
    return;
  worker_run (worker, "os.write(1, b'x')");
  g_free (worker_hear (worker, 1));
}

static void
test_nothing_left (void)
{
  guint before;

  for (guint i = 0; i < 3; i++)
    one_cycle (i);
  before = count_descriptors ();
  for (guint i = 0; i < 100; i++)
    one_cycle (i);
  g_assert_cmpuint (count_descriptors (), ==, before);

  for (guint i = 0; i < 100; i++)
    g_error_free (worker_fail ("popen//python=/no/such/python", NULL));
  g_assert_cmpuint (count_descriptors (), ==, before);
  g_assert_cmpint (waitpid (-1, NULL, WNOHANG), ==, -1);
  g_assert_cmpint (errno, ==, ECHILD);
}

/* Somebody else in the program waits for all children, as some do. */
static void
test_reaped_by_other (void)
{
  g_autoptr (Worker) worker = worker_new ("popen");

  worker_run (worker, "os._exit(1)");
  g_assert_cmpint (waitpid (-1, NULL, 0), >, 0);
  worker_wait_end (worker);
  g_assert_false (execnet_transport_kill_from_any_thread (worker->transport));
}

/* FALSE on a system that can't hide it. */
static gboolean
hide_pidfd (void)
{
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { G_N_ELEMENTS (filter), filter };

  prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
  return syscall (SYS_pidfd_open, getpid (), 0) < 0 && errno == ENOSYS;
}

int
main (int argc, char **argv)
{
  gboolean without_pidfd;

  g_test_init (&argc, &argv, NULL);
  without_pidfd = argc > 1 && strcmp (argv[1], "--without-pidfd") == 0;
  if (without_pidfd && !hide_pidfd ())
    {
      g_print ("1..0 # SKIP the system refuses to hide pidfd_open\n");
      return 0;
    }

  g_test_add_func ("/popen-end/exit-status", test_exit_status);
  g_test_add_func ("/popen-end/signal", test_signal);
  g_test_add_func ("/popen-end/ends-at-once", test_ends_at_once);
  g_test_add_func ("/popen-end/no-python", test_no_python);
  g_test_add_func ("/popen-end/missing-behind-wrapper", test_missing_behind_wrapper);
  g_test_add_func ("/popen-end/kill", test_kill);
  g_test_add_func ("/popen-end/kill-from-other-thread", test_kill_from_other_thread);
  g_test_add_func ("/popen-end/kill-group", test_kill_group);
  g_test_add_func ("/popen-end/grandchild-lives-on", test_grandchild_lives_on);
  g_test_add_func ("/popen-end/wait-cancelled", test_wait_cancelled);
  g_test_add_func ("/popen-end/dropped", test_dropped);
  g_test_add_func ("/popen-end/nothing-left", test_nothing_left);
  if (!without_pidfd)
    g_test_add_func ("/popen-end/reaped-by-other", test_reaped_by_other);
  return g_test_run ();
}
