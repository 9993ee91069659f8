/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-reactor-private.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_PER_TURN 32

typedef struct
{
  GSource source;
  int epoll_fd;
  guint n_watches;
  struct epoll_event events[EVENTS_PER_TURN]; /* of the turn that is being dispatched */
  int n_events;
} Reactor;

struct _ExecnetWatch
{
  Reactor *reactor;
  int fd;
  guint32 wanted;
  int is_armed; /* atomic */
  ExecnetWatchFunc func;
  gpointer user_data;
};

/* The worker thread's own; it lives while there are watches. */
static __thread Reactor *reactor_of_thread;

/* A watch that is freed while its turn is being dispatched must not be called any more. */
static void
forget_events (Reactor *reactor, ExecnetWatch *watch)
{
  for (int i = 0; i < reactor->n_events; i++)
    {
      if (reactor->events[i].data.ptr == watch)
        reactor->events[i].data.ptr = NULL;
    }
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  Reactor *self = (Reactor *) source;

  self->n_events = epoll_wait (self->epoll_fd, self->events, EVENTS_PER_TURN, 0);
  for (int i = 0; i < self->n_events; i++)
    {
      ExecnetWatch *watch = self->events[i].data.ptr;

      /* A hang-up is a new edge, and told once also to who wants nothing. */
      if (watch != NULL && g_atomic_int_get (&watch->is_armed))
        watch->func (watch->user_data);
    }
  self->n_events = 0;
  return G_SOURCE_CONTINUE;
}

static void
finalize (GSource *source)
{
  close (((Reactor *) source)->epoll_fd);
}

static GSourceFuncs source_funcs = { NULL, NULL, dispatch, finalize, NULL, NULL };

static Reactor *
get_reactor (void)
{
  Reactor *self = reactor_of_thread;
  int epoll_fd;

  if (self != NULL)
    return self;

  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (epoll_fd < 0)
    return NULL;
  self = (Reactor *) g_source_new (&source_funcs, sizeof (Reactor));
  self->epoll_fd = epoll_fd;
  g_source_set_static_name (&self->source, "execnet reactor");
  /* Else GLib takes the descriptor out of the set for each dispatch, and wakes its own poll. */
  g_source_set_can_recurse (&self->source, TRUE);
  g_source_add_unix_fd (&self->source, epoll_fd, G_IO_IN);
  g_source_attach (&self->source, g_main_context_get_thread_default ());
  reactor_of_thread = self;
  return self;
}

static void
release_reactor (Reactor *self)
{
  if (--self->n_watches > 0)
    return;
  reactor_of_thread = NULL;
  g_source_destroy (&self->source);
  g_source_unref (&self->source);
}

ExecnetWatch *
execnet_watch_new (int fd, gboolean for_writing, ExecnetWatchFunc func, gpointer user_data)
{
  Reactor *reactor = get_reactor ();
  ExecnetWatch *self;
  struct epoll_event event = { 0 };

  if (reactor == NULL)
    return NULL;

  self = g_new0 (ExecnetWatch, 1);
  self->reactor = reactor;
  self->fd = fd;
  self->wanted = for_writing ? EPOLLOUT : EPOLLIN;
  self->func = func;
  self->user_data = user_data;
  reactor->n_watches++;

  /* Disarmed is an edge that was already seen: with events = 0 the kernel would still report a
   * hang-up for ever. */
  event.events = EPOLLET;
  event.data.ptr = self;
  if (epoll_ctl (reactor->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
    {
      int saved_errno = errno;

      release_reactor (reactor);
      g_free (self);
      errno = saved_errno;
      return NULL;
    }
  return self;
}

void
execnet_watch_arm (ExecnetWatch *self, gboolean armed)
{
  struct epoll_event event = { 0 };

  g_atomic_int_set (&self->is_armed, armed);
  event.events = armed ? self->wanted : EPOLLET;
  event.data.ptr = self;
  epoll_ctl (self->reactor->epoll_fd, EPOLL_CTL_MOD, self->fd, &event);
}

void
execnet_watch_free (ExecnetWatch *self)
{
  epoll_ctl (self->reactor->epoll_fd, EPOLL_CTL_DEL, self->fd, NULL);
  forget_events (self->reactor, self);
  release_reactor (self->reactor);
  g_free (self);
}
