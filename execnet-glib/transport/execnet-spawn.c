/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-spawn-private.h"

#include <signal.h>
#include <spawn.h>
#include <unistd.h>

extern char **environ;

#ifdef HAVE_SPAWN_CLOSEFROM

/* What g_spawn_async sets back, too. */
static const int default_signals[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGPIPE };

static gboolean
spawn_without_fork (const char *const *argv,
                    const char *const *environment,
                    int stdin_fd,
                    int stdout_fd,
                    int stderr_fd,
                    GPid *pid)
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, defaults;
  gboolean is_started;

  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_adddup2 (&actions, stdin_fd, STDIN_FILENO);
  posix_spawn_file_actions_adddup2 (&actions, stdout_fd, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2 (&actions, stderr_fd, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np (&actions, STDERR_FILENO + 1);

  sigemptyset (&none);
  sigemptyset (&defaults);
  for (gsize i = 0; i < G_N_ELEMENTS (default_signals); i++)
    sigaddset (&defaults, default_signals[i]);
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setflags (&attributes,
                            POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setsigmask (&attributes, &none);
  posix_spawnattr_setsigdefault (&attributes, &defaults);

  is_started = posix_spawnp (pid,
                             argv[0],
                             &actions,
                             &attributes,
                             (char *const *) argv,
                             environment != NULL ? (char *const *) environment : environ)
               == 0;

  posix_spawnattr_destroy (&attributes);
  posix_spawn_file_actions_destroy (&actions);
  return is_started;
}

#endif

/* In the child, before it becomes the program. The thread that started it may block all signals,
 * which a program would inherit, and could then not be interrupted. */
static void
lead_session (gpointer unused)
{
  sigset_t none;

  setsid ();
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
}

gboolean
execnet_spawn (const char *const *argv,
               const char *const *environment,
               int stdin_fd,
               int stdout_fd,
               int stderr_fd,
               GPid *pid,
               GError **error)
{
#ifdef HAVE_SPAWN_CLOSEFROM
  /* GLib forks for a new session, which takes a millisecond, and many more in a large program. If
   * this fails, GLib finds a way or says why there is none. */
  if (spawn_without_fork (argv, environment, stdin_fd, stdout_fd, stderr_fd, pid))
    return TRUE;
#endif
  return g_spawn_async_with_pipes_and_fds (NULL,
                                           argv,
                                           environment,
                                           G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH,
                                           lead_session,
                                           NULL,
                                           stdin_fd,
                                           stdout_fd,
                                           stderr_fd,
                                           NULL,
                                           NULL,
                                           0,
                                           pid,
                                           NULL,
                                           NULL,
                                           NULL,
                                           error);
}
