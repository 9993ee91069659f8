/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-start-timeout-private.h"

#include "base/execnet-error.h"
#include "engine/execnet-worker-thread-private.h"

#include <glib/gi18n-lib.h>

struct _ExecnetStartTimeout
{
  ExecnetTransport *transport;
  guint seconds;
  GSourceOnceFunc func;
  gpointer user_data;
  GSource *timer;   /* NULL while the time doesn't run */
  gint64 left_us;   /* when it began to run */
  gint64 began_us;  /* monotonic */
};

static void
stop (ExecnetStartTimeout *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static gboolean
on_overdue (gpointer data)
{
  ExecnetStartTimeout *self = data;
  GSourceOnceFunc func = self->func;
  gpointer user_data = self->user_data;

  stop (self);
  func (user_data);
  return G_SOURCE_REMOVE;
}

static void
run (ExecnetStartTimeout *self)
{
  self->began_us = g_get_monotonic_time ();
  self->timer = g_timeout_source_new (self->left_us / G_TIME_SPAN_MILLISECOND);
  g_source_set_callback (self->timer, on_overdue, self, NULL);
  g_source_attach (self->timer, execnet_worker_thread_get_context ());
}

static void
on_asking (ExecnetTransport *transport, gboolean is_asking, gpointer data)
{
  ExecnetStartTimeout *self = data;

  if (is_asking && self->timer != NULL)
    {
      self->left_us = MAX (self->left_us - (g_get_monotonic_time () - self->began_us), 0);
      stop (self);
    }
  else if (!is_asking && self->timer == NULL)
    run (self);
}

ExecnetStartTimeout *
execnet_start_timeout_new (ExecnetTransport *transport,
                           guint seconds,
                           GSourceOnceFunc func,
                           gpointer user_data)
{
  ExecnetStartTimeout *self = g_new0 (ExecnetStartTimeout, 1);

  self->transport = transport;
  self->seconds = seconds;
  self->func = func;
  self->user_data = user_data;
  self->left_us = seconds * G_TIME_SPAN_SECOND;
  execnet_transport_watch_asking (transport, on_asking, self);
  run (self);
  return self;
}

void
execnet_start_timeout_free (ExecnetStartTimeout *self)
{
  execnet_transport_watch_asking (self->transport, NULL, NULL);
  stop (self);
  g_free (self);
}

GError *
execnet_start_timeout_new_error (ExecnetStartTimeout *self, const char *id)
{
  g_autofree char *progress = execnet_transport_describe_progress (self->transport);

  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_TIMED_OUT,
                      g_dngettext (GETTEXT_PACKAGE,
                                   "The gateway “%s” was not up within %u second: %s "
                                   "Give it more time with timeout=SECONDS.",
                                   "The gateway “%s” was not up within %u seconds: %s "
                                   "Give it more time with timeout=SECONDS.",
                                   self->seconds),
                      id,
                      self->seconds,
                      progress);
}
