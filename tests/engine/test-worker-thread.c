/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The worker thread: when it is there, in which order it works, and what it watches. */

#include "config.h"

#include "engine/execnet-reactor-private.h"
#include "engine/execnet-worker-thread-private.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  GMutex lock;
  GCond changed;
  GString *log;
  GThread *thread;
  gboolean has_all_signals_blocked;
} Log;

static Log the_log;

static gboolean
note (gpointer letter)
{
  sigset_t mask;

  pthread_sigmask (SIG_SETMASK, NULL, &mask);
  g_mutex_lock (&the_log.lock);
  g_string_append_c (the_log.log, GPOINTER_TO_INT (letter));
  the_log.thread = g_thread_self ();
  the_log.has_all_signals_blocked = sigismember (&mask, SIGINT) == 1
                                    && sigismember (&mask, SIGTERM) == 1
                                    && sigismember (&mask, SIGPIPE) == 1;
  g_cond_broadcast (&the_log.changed);
  g_mutex_unlock (&the_log.lock);
  return G_SOURCE_REMOVE;
}

static void
wait_for_log (const char *expected)
{
  gint64 end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;

  g_mutex_lock (&the_log.lock);
  while (g_strcmp0 (the_log.log->str, expected) != 0)
    {
      if (!g_cond_wait_until (&the_log.changed, &the_log.lock, end))
        g_error ("the log is “%s” instead of “%s”", the_log.log->str, expected);
    }
  g_string_truncate (the_log.log, 0);
  g_mutex_unlock (&the_log.lock);
}

static void
test_lives_for_its_users (void)
{
  execnet_worker_thread_acquire ();
  execnet_worker_thread_acquire ();
  execnet_worker_thread_invoke (note, GINT_TO_POINTER ('a'));
  wait_for_log ("a");
  g_assert_true (the_log.thread != g_thread_self ());
  g_assert_true (the_log.has_all_signals_blocked);
  execnet_worker_thread_release ();
  execnet_worker_thread_invoke (note, GINT_TO_POINTER ('b'));
  wait_for_log ("b");
  execnet_worker_thread_release ();
  execnet_worker_thread_settle ();
}

/* It may be let go before it has begun. */
static void
test_ends_at_once (void)
{
  for (guint i = 0; i < 200; i++)
    {
      execnet_worker_thread_acquire ();
      execnet_worker_thread_release ();
      if (i % 2 == 0)
        execnet_worker_thread_settle ();
    }
  execnet_worker_thread_settle ();
}

/* What it was given before is done. */
static void
test_order (void)
{
  for (guint i = 0; i < 20; i++)
    {
      execnet_worker_thread_acquire ();
      for (int letter = 'a'; letter <= 'j'; letter++)
        execnet_worker_thread_invoke (note, GINT_TO_POINTER (letter));
      execnet_worker_thread_release ();
      execnet_worker_thread_settle ();
      g_assert_cmpstr (the_log.log->str, ==, "abcdefghij");
      g_string_truncate (the_log.log, 0);
    }
}

static gpointer
use_often (gpointer unused)
{
  for (guint i = 0; i < 100; i++)
    {
      execnet_worker_thread_acquire ();
      execnet_worker_thread_release ();
      if (i % 7 == 0)
        execnet_worker_thread_settle ();
    }
  return NULL;
}

static void
test_users_in_threads (void)
{
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("use", use_often, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  execnet_worker_thread_settle ();
}

/* The reactor */

typedef struct
{
  int fds[2];
  ExecnetWatch *watch;
  ExecnetWatch *other;
} Watching;

static void
on_readable (gpointer data)
{
  Watching *watching = data;
  char letter;

  g_assert_cmpint (read (watching->fds[0], &letter, 1), ==, 1);
  note (GINT_TO_POINTER (letter));
}

static void
on_writable (gpointer data)
{
  Watching *watching = data;

  execnet_watch_arm (watching->watch, FALSE);
  note (GINT_TO_POINTER ('w'));
}

static gboolean
begin_watching (gpointer data)
{
  Watching *watching = data;

  watching->watch = execnet_watch_new (watching->fds[0], FALSE, on_readable, watching);
  g_assert_nonnull (watching->watch);
  return note (GINT_TO_POINTER ('+'));
}

static gboolean
end_watching (gpointer data)
{
  Watching *watching = data;

  execnet_watch_free (watching->watch);
  return note (GINT_TO_POINTER ('-'));
}

static void
run_there (GSourceFunc func, gpointer data, const char *expected)
{
  execnet_worker_thread_invoke (func, data);
  wait_for_log (expected);
}

static void
watching_init (Watching *watching)
{
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, watching->fds), ==, 0);
  execnet_worker_thread_acquire ();
}

static void
watching_clear (Watching *watching)
{
  execnet_worker_thread_release ();
  execnet_worker_thread_settle ();
  close (watching->fds[0]);
  if (watching->fds[1] >= 0)
    close (watching->fds[1]);
}

static void
test_watch (void)
{
  Watching watching;

  watching_init (&watching);
  run_there (begin_watching, &watching, "+");
  /* Disarmed at first. */
  g_assert_cmpint (write (watching.fds[1], "ab", 2), ==, 2);
  run_there (note, GINT_TO_POINTER ('x'), "x");
  execnet_watch_arm (watching.watch, TRUE);
  wait_for_log ("ab");
  execnet_watch_arm (watching.watch, FALSE);
  g_assert_cmpint (write (watching.fds[1], "c", 1), ==, 1);
  run_there (note, GINT_TO_POINTER ('x'), "x");
  execnet_watch_arm (watching.watch, TRUE);
  wait_for_log ("c");
  run_there (end_watching, &watching, "-");
  watching_clear (&watching);
}

static gboolean
begin_writing (gpointer data)
{
  Watching *watching = data;

  watching->watch = execnet_watch_new (watching->fds[0], TRUE, on_writable, watching);
  return note (GINT_TO_POINTER ('+'));
}

static void
test_watch_for_writing (void)
{
  Watching watching;

  watching_init (&watching);
  run_there (begin_writing, &watching, "+");
  execnet_watch_arm (watching.watch, TRUE);
  wait_for_log ("w");
  execnet_watch_arm (watching.watch, TRUE);
  wait_for_log ("w");
  run_there (end_watching, &watching, "-");
  watching_clear (&watching);
}

/* A hang-up is no reason to turn for ever, as long as nobody wants to know. */
static void
test_disarmed_hang_up (void)
{
  Watching watching;

  watching_init (&watching);
  run_there (begin_watching, &watching, "+");
  close (watching.fds[1]);
  watching.fds[1] = -1;
  for (guint i = 0; i < 20; i++)
    run_there (note, GINT_TO_POINTER ('x'), "x");
  run_there (end_watching, &watching, "-");
  watching_clear (&watching);
}

static void
free_the_other (gpointer data)
{
  Watching *watching = data;

  note (GINT_TO_POINTER ('f'));
  /* Whichever comes first frees both: the other one must not be called. */
  execnet_watch_free (watching->watch);
  execnet_watch_free (watching->other);
}

static gboolean
begin_two (gpointer data)
{
  Watching *watching = data;

  watching[0].watch = execnet_watch_new (watching[0].fds[0], FALSE, free_the_other, &watching[0]);
  watching[0].other = execnet_watch_new (watching[1].fds[0], FALSE, free_the_other, &watching[0]);
  execnet_watch_arm (watching[0].watch, TRUE);
  execnet_watch_arm (watching[0].other, TRUE);
  return note (GINT_TO_POINTER ('+'));
}

static void
test_freed_in_its_turn (void)
{
  Watching watchings[2];

  watching_init (&watchings[0]);
  watching_init (&watchings[1]);
  g_assert_cmpint (write (watchings[0].fds[1], "a", 1), ==, 1);
  g_assert_cmpint (write (watchings[1].fds[1], "a", 1), ==, 1);
  execnet_worker_thread_invoke (begin_two, watchings);
  wait_for_log ("+f");
  run_there (note, GINT_TO_POINTER ('x'), "x");
  watching_clear (&watchings[0]);
  watching_clear (&watchings[1]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  the_log.log = g_string_new (NULL);

  g_test_add_func ("/worker-thread/lives-for-its-users", test_lives_for_its_users);
  g_test_add_func ("/worker-thread/ends-at-once", test_ends_at_once);
  g_test_add_func ("/worker-thread/order", test_order);
  g_test_add_func ("/worker-thread/users-in-threads", test_users_in_threads);
  g_test_add_func ("/worker-thread/watch", test_watch);
  g_test_add_func ("/worker-thread/watch-for-writing", test_watch_for_writing);
  g_test_add_func ("/worker-thread/disarmed-hang-up", test_disarmed_hang_up);
  g_test_add_func ("/worker-thread/freed-in-its-turn", test_freed_in_its_turn);
  return g_test_run ();
}
