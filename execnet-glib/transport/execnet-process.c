/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-process-private.h"

#include "base/execnet-trace-private.h"
#include "transport/execnet-spawn-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_UNKNOWN -1

struct _ExecnetProcess
{
  gatomicrefcount refs; /* the owner's, and the watch's until the process is reaped */
  GPid pid;
  pid_t parent; /* this process; a fork child finds another number */
  int pidfd;    /* -1 where the system has none */

  /* The owner's thread. */
  ExecnetProcessEnded ended;
  gpointer user_data;
  int status; /* as waitpid gives it, or STATUS_UNKNOWN */

  GMutex lock;
  gboolean is_reaped; /* with the lock */
};

static void
execnet_process_unref (gpointer data)
{
  ExecnetProcess *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  if (self->pidfd >= 0)
    close (self->pidfd);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
tell_end (ExecnetProcess *self, int status)
{
  self->status = status;
  execnet_trace ("process %d ended with status %#x", (int) self->pid, (guint) status);
  if (self->ended != NULL)
    self->ended (self->user_data);
}

static gboolean
on_pidfd_ready (int fd, GIOCondition condition, gpointer data)
{
  ExecnetProcess *self = data;
  int status = STATUS_UNKNOWN;
  pid_t answer;

  g_mutex_lock (&self->lock);
  do
    answer = waitpid (self->pid, &status, WNOHANG);
  while (answer < 0 && errno == EINTR);
  /* Without a child to wait for, somebody else has reaped it. */
  self->is_reaped = answer != 0;
  g_mutex_unlock (&self->lock);

  if (answer == 0)
    return G_SOURCE_CONTINUE;
  tell_end (self, answer > 0 ? status : STATUS_UNKNOWN);
  return G_SOURCE_REMOVE;
}

/* The process was reaped a moment ago, without our lock: the best that can be had without pidfd. */
static void
on_child_reaped (GPid pid, int status, gpointer data)
{
  ExecnetProcess *self = data;

  g_mutex_lock (&self->lock);
  self->is_reaped = TRUE;
  g_mutex_unlock (&self->lock);
  tell_end (self, status);
}

static int
open_pidfd (GPid pid)
{
#ifdef SYS_pidfd_open
  return syscall (SYS_pidfd_open, pid, 0);
#else
  return -1;
#endif
}

static void
watch (ExecnetProcess *self)
{
  g_autoptr (GSource) source = NULL;

  self->pidfd = open_pidfd (self->pid);
  if (self->pidfd >= 0)
    {
      source = g_unix_fd_source_new (self->pidfd, G_IO_IN);
      g_source_set_callback (source, G_SOURCE_FUNC (on_pidfd_ready), self, execnet_process_unref);
    }
  else
    {
      source = g_child_watch_source_new (self->pid);
      g_source_set_callback (source, G_SOURCE_FUNC (on_child_reaped), self, execnet_process_unref);
    }
  g_atomic_ref_count_inc (&self->refs);
  g_source_attach (source, g_main_context_get_thread_default ());
}

ExecnetProcess *
execnet_process_spawn (const char *const *argv,
                       const char *const *environment,
                       int stdin_fd,
                       int stdout_fd,
                       int stderr_fd,
                       ExecnetProcessEnded ended,
                       gpointer user_data,
                       GError **error)
{
  ExecnetProcess *self;
  GPid pid;

  if (!execnet_spawn (argv, environment, stdin_fd, stdout_fd, stderr_fd, &pid, error))
    return NULL;

  self = g_new0 (ExecnetProcess, 1);
  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->pid = pid;
  self->parent = getpid ();
  self->ended = ended;
  self->user_data = user_data;
  watch (self);
  execnet_trace ("process %d is %s", (int) pid, argv[0]);
  return self;
}

void
execnet_process_watch (ExecnetProcess *self, ExecnetProcessEnded ended, gpointer user_data)
{
  self->ended = ended;
  self->user_data = user_data;
}

void
execnet_process_release (ExecnetProcess *self)
{
  self->ended = NULL;
  execnet_process_kill (self);
  execnet_process_unref (self);
}

gboolean
execnet_process_kill (ExecnetProcess *self)
{
  gboolean is_ours;

  if (self->parent != getpid ())
    return FALSE;

  g_mutex_lock (&self->lock);
  is_ours = !self->is_reaped;
  if (is_ours)
    {
      kill (-self->pid, SIGKILL);
      kill (self->pid, SIGKILL);
    }
  g_mutex_unlock (&self->lock);
  return is_ours;
}

gboolean
execnet_process_get_end (ExecnetProcess *self, int *exit_status, int *term_signal)
{
  gboolean is_reaped;

  g_mutex_lock (&self->lock);
  is_reaped = self->is_reaped;
  g_mutex_unlock (&self->lock);

  *exit_status = -1;
  *term_signal = 0;
  if (!is_reaped || self->status == STATUS_UNKNOWN)
    return is_reaped;
  if (WIFEXITED (self->status))
    *exit_status = WEXITSTATUS (self->status);
  else if (WIFSIGNALED (self->status))
    *term_signal = WTERMSIG (self->status);
  return TRUE;
}
