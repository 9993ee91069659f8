/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Moments that hardly ever meet, brought together by holding up the worker thread. */

#include "config.h"

#include "../objects/testing.h"

#include "engine/execnet-worker-thread-private.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The worker thread waits in the middle of its work. */
typedef struct
{
  Flag reached;
  Flag released;
} Stop;

static gboolean
stop_there (gpointer data)
{
  Stop *stop = data;

  flag_add (&stop->reached, 1);
  flag_wait (&stop->released, 1);
  return G_SOURCE_REMOVE;
}

static void
stop_worker_thread (Stop *stop)
{
  flag_init (&stop->reached);
  flag_init (&stop->released);
  execnet_worker_thread_acquire ();
  execnet_worker_thread_invoke (stop_there, stop);
  flag_wait (&stop->reached, 1);
}

static gboolean
release_use (gpointer data)
{
  execnet_worker_thread_release ();
  flag_add (data, 1);
  return G_SOURCE_REMOVE;
}

static void
release_worker_thread (Stop *stop)
{
  flag_add (&stop->released, 1);
}

static void
stop_clear (Stop *stop)
{
  execnet_worker_thread_invoke (release_use, &stop->reached);
  flag_wait (&stop->reached, 2);
  flag_clear (&stop->reached);
  flag_clear (&stop->released);
}

/* A peer that answers when it is told to. */
typedef struct
{
  char *folder;
  char *says_path;
  char *hears_path;
  int says;
  int hears;
  char *spec;
} Patient;

static void
patient_init (Patient *patient)
{
  g_autofree char *path = NULL;
  g_autofree char *what = NULL;

  patient->folder = g_dir_make_tmp ("execnet-test-XXXXXX", NULL);
  path = g_build_filename (patient->folder, "fifo", NULL);
  patient->says_path = g_strconcat (path, "-says", NULL);
  patient->hears_path = g_strconcat (path, "-hears", NULL);
  g_assert_cmpint (mkfifo (patient->says_path, 0600), ==, 0);
  g_assert_cmpint (mkfifo (patient->hears_path, 0600), ==, 0);
  what = g_strconcat ("patient:", path, NULL);
  patient->spec = peer_spec (what);
}

static void
hear (Patient *patient, char expected)
{
  char letter;

  g_assert_cmpint (read (patient->says, &letter, 1), ==, 1);
  g_assert_cmpint (letter, ==, expected);
}

static void
patient_open (Patient *patient)
{
  patient->says = open (patient->says_path, O_RDONLY | O_CLOEXEC);
  patient->hears = open (patient->hears_path, O_WRONLY | O_CLOEXEC);
  hear (patient, '1');
}

/* Afterwards the answer is in our descriptor. */
static void
let_it_answer (Patient *patient)
{
  g_assert_cmpint (write (patient->hears, "x", 1), ==, 1);
  hear (patient, '2');
}

static void
patient_clear (Patient *patient)
{
  close (patient->says);
  close (patient->hears);
  g_assert_cmpint (g_remove (patient->says_path), ==, 0);
  g_assert_cmpint (g_remove (patient->hears_path), ==, 0);
  g_assert_cmpint (g_rmdir (patient->folder), ==, 0);
  g_free (patient->folder);
  g_free (patient->says_path);
  g_free (patient->hears_path);
  g_free (patient->spec);
}

/* Its end is asked for when its answer has come, but was not read yet. */
static void
meet_answer (void (*end) (ExecnetGateway *gateway))
{
  ExecnetGroup *group = execnet_group_new ();
  g_autoptr (ExecnetXSpec) spec = NULL;
  ExecnetGateway *gateway;
  Patient patient;
  Stop stop;

  patient_init (&patient);
  spec = execnet_xspec_new (patient.spec, NULL);
  gateway = execnet_group_start_gateway (group, spec, NULL);
  patient_open (&patient);
  stop_worker_thread (&stop);
  let_it_answer (&patient);
  end (gateway);
  release_worker_thread (&stop);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  stop_clear (&stop);
  g_assert_true (execnet_group_terminate (group, PATIENCE_MS, NULL, NULL));
  iterate_ready ();
  g_assert_finalize_object (gateway);
  g_assert_finalize_object (group);
  patient_clear (&patient);
}

static void
test_exit_meets_answer (void)
{
  meet_answer (execnet_gateway_exit);
}

static void
kill_twice (ExecnetGateway *gateway)
{
  execnet_gateway_kill (gateway);
  execnet_gateway_kill (gateway);
}

static void
test_kill_meets_answer (void)
{
  meet_answer (kill_twice);
}

/* The worker thread is stuck, and everything that needs no I/O goes on; a receiving thread even
 * reads for itself. */
static void
test_without_worker_thread (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel
      = run_code (fixture->gateway, "for i in channel: channel.send(i + 1)");
  GError *error = NULL;
  Stop stop;

  stop_worker_thread (&stop);
  for (guint i = 0; i < 20; i++)
    {
      send_int (channel, i);
      g_assert_cmpint (receive_int (channel), ==, i + 1);
    }
  g_assert_null (execnet_channel_receive (channel, 10, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT, "No item");
  g_assert_true (execnet_channel_close (channel, NULL, NULL));
  release_worker_thread (&stop);
  stop_clear (&stop);
  assert_still_works (fixture->gateway);
}

/* The process has died, a thread has read the end, and nobody knows yet. */
static gpointer
receive_in_thread (gpointer channel)
{
  return receive_error (channel);
}

static void
test_end_read_by_waiter (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, "popen");
      g_autoptr (ExecnetChannel) channel
          = run_code (gateway, "channel.receive()\nimport os\nos._exit(5)");
      GThread *thread;
      Stop stop;

      stop_worker_thread (&stop);
      thread = g_thread_new ("receive", receive_in_thread, channel);
      send_int (channel, 1);
      if (i % 2 == 0)
        execnet_gateway_kill (gateway);
      release_worker_thread (&stop);
      assert_error_says (g_thread_join (thread), EXECNET_ERROR, EXECNET_ERROR_DIED, "gw");
      g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
      stop_clear (&stop);
    }
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  g_test_add_func ("/races/exit-meets-answer", test_exit_meets_answer);
  g_test_add_func ("/races/kill-meets-answer", test_kill_meets_answer);
  ADD_TEST ("/races/without-worker-thread", test_without_worker_thread);
  ADD_TEST_WITH ("/races/end-read-by-waiter", "", test_end_read_by_waiter);
  return g_test_run ();
}
