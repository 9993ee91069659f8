/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-worker-thread-private.h"

#include <pthread.h>
#include <signal.h>

typedef struct
{
  GMainContext *context;
  GThread *thread;
  int has_ended; /* atomic: nobody uses it any more */
} WorkerThread;

/* All under the lock. */
static GMutex lock;
static WorkerThread *current; /* NULL while nobody uses it */
static WorkerThread *ended;   /* told to end, and not joined yet */
static guint n_users;
static guint n_lingering; /* of them */
static GCond lingering_ended;

/* Longer than it takes a machine that is busy to withdraw a question. */
#define LINGERING_MS 500

static gpointer
run (gpointer data)
{
  WorkerThread *self = data;

  g_main_context_push_thread_default (self->context);
  /* Not a GMainLoop: one that was not entered yet would forget that it was told to quit. */
  while (!g_atomic_int_get (&self->has_ended))
    g_main_context_iteration (self->context, TRUE);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

/* A new thread inherits its starter's signal mask: so it never has an instant with signals on. */
static GThread *
start_without_signals (WorkerThread *self)
{
  sigset_t all, before;
  GThread *thread;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  thread = g_thread_new ("execnet-worker", run, self);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  return thread;
}

static void
join_and_free (WorkerThread *self)
{
  g_thread_join (self->thread);
  g_main_context_unref (self->context);
  g_free (self);
}

void
execnet_worker_thread_acquire (void)
{
  WorkerThread *before = NULL;

  g_mutex_lock (&lock);
  if (n_users++ == 0)
    {
      current = g_new0 (WorkerThread, 1);
      current->context = g_main_context_new ();
      current->thread = start_without_signals (current);
      before = g_steal_pointer (&ended);
    }
  g_mutex_unlock (&lock);

  if (before != NULL)
    join_and_free (before);
}

/* With the lock. The one that has to be joined before, if there is one. */
static WorkerThread *
drop_user (void)
{
  WorkerThread *before;

  g_assert (n_users > 0);
  if (--n_users > 0)
    return NULL;
  before = g_steal_pointer (&ended);
  ended = g_steal_pointer (&current);
  g_atomic_int_set (&ended->has_ended, TRUE);
  g_main_context_wakeup (ended->context);
  return before;
}

void
execnet_worker_thread_release (void)
{
  WorkerThread *before;

  g_mutex_lock (&lock);
  before = drop_user ();
  g_mutex_unlock (&lock);

  if (before != NULL)
    join_and_free (before);
}

void
execnet_worker_thread_linger (void)
{
  execnet_worker_thread_acquire ();
  g_mutex_lock (&lock);
  n_lingering++;
  g_mutex_unlock (&lock);
}

void
execnet_worker_thread_end_lingering (void)
{
  WorkerThread *before;

  g_mutex_lock (&lock);
  n_lingering--;
  before = drop_user ();
  g_cond_broadcast (&lingering_ended);
  g_mutex_unlock (&lock);

  if (before != NULL)
    join_and_free (before);
}

void
execnet_worker_thread_invoke (GSourceFunc func, gpointer data)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, data, NULL);
  g_mutex_lock (&lock);
  g_assert (current != NULL);
  g_source_attach (source, current->context);
  g_mutex_unlock (&lock);
}

GMainContext *
execnet_worker_thread_get_context (void)
{
  return g_main_context_get_thread_default ();
}

void
execnet_worker_thread_settle (void)
{
  gint64 end = g_get_monotonic_time () + LINGERING_MS * G_TIME_SPAN_MILLISECOND;
  WorkerThread *before;

  g_mutex_lock (&lock);
  while (n_lingering > 0 && n_users == n_lingering
         && g_cond_wait_until (&lingering_ended, &lock, end))
    ;
  before = g_steal_pointer (&ended);
  g_mutex_unlock (&lock);

  if (before != NULL)
    join_and_free (before);
}

void
execnet_worker_thread_lock (void)
{
  g_mutex_lock (&lock);
}

void
execnet_worker_thread_unlock (void)
{
  g_mutex_unlock (&lock);
}

void
execnet_worker_thread_forget (void)
{
  current = NULL;
  ended = NULL;
  n_users = 0;
  n_lingering = 0;
}
