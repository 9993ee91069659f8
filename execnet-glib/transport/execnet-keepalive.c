/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-keepalive-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Seconds of silence before the system asks whether the other end is still there. */
#define DEFAULT_SECONDS 15

/* So many intervals without any answer are the end. */
#define SILENT_INTERVALS 2

/* How often an interval we look. */
#define LOOKS_PER_INTERVAL 4

/* From Linux 6.15: the longest time between two tries, in milliseconds. */
#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44
#endif

struct _ExecnetKeepalive
{
  GSocket *socket;
  GSource *timer;
  guint seconds;
  gboolean has_expired;
};

static gboolean
is_tcp (GSocket *socket)
{
  GSocketFamily family = g_socket_get_family (socket);

  return (family == G_SOCKET_FAMILY_IPV4 || family == G_SOCKET_FAMILY_IPV6)
         && g_socket_get_socket_type (socket) == G_SOCKET_TYPE_STREAM;
}

/* TCP_USER_TIMEOUT is no help: it also ends a connection whose other end is alive but does not read,
 * as a worker does that computes, or was stopped. So we look ourselves for how long nothing was
 * answered. What was sent is answered by whatever is alive, read or not; and where nothing may be
 * sent, the system sends probes, and counts those that are unanswered (one may be, because answers
 * to them are limited to two a second). */
static gboolean
is_silent (ExecnetKeepalive *self)
{
  struct tcp_info info = { 0 };
  socklen_t size = sizeof info;

  if (getsockopt (g_socket_get_fd (self->socket), IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
    return FALSE;
  return (info.tcpi_unacked > 0 || info.tcpi_probes > 1)
         && info.tcpi_last_ack_recv >= SILENT_INTERVALS * self->seconds * 1000;
}

static gboolean
on_look (gpointer data)
{
  ExecnetKeepalive *self = data;

  if (g_socket_is_closed (self->socket))
    return G_SOURCE_REMOVE;
  if (!is_silent (self))
    return G_SOURCE_CONTINUE;
  self->has_expired = TRUE;
  g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  return G_SOURCE_REMOVE;
}

static void
set_options (GSocket *socket, guint seconds)
{
  const struct
  {
    int name;
    int value;
  } options[] = {
    { TCP_KEEPIDLE, seconds },
    { TCP_KEEPINTVL, MAX (seconds / 3, 1) },
    /* Ours comes first; this is for a process that has no time to look. */
    { TCP_KEEPCNT, 6 },
    { TCP_RTO_MAX_MS, CLAMP (seconds, 1, 120) * 1000 },
  };

  g_socket_set_keepalive (socket, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    g_socket_set_option (socket, IPPROTO_TCP, options[i].name, options[i].value, NULL);
}

ExecnetKeepalive *
execnet_keepalive_new (GSocket *socket, guint seconds)
{
  ExecnetKeepalive *self;

  if (!is_tcp (socket))
    return NULL;
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
  if (seconds == 0)
    return NULL;

  set_options (socket, seconds);
  self = g_new0 (ExecnetKeepalive, 1);
  self->socket = g_object_ref (socket);
  self->seconds = seconds;
  self->timer = g_timeout_source_new (seconds * 1000 / LOOKS_PER_INTERVAL);
  g_source_set_callback (self->timer, on_look, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
  return self;
}

void
execnet_keepalive_free (ExecnetKeepalive *self)
{
  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  g_object_unref (self->socket);
  g_free (self);
}

gboolean
execnet_keepalive_has_expired (ExecnetKeepalive *self)
{
  return self != NULL && self->has_expired;
}

GError *
execnet_keepalive_new_error (ExecnetKeepalive *self, const char *host)
{
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_DIED,
                      _ ("“%s” has answered nothing for %u seconds: it has vanished, or the network "
                         "between. Where longer silence is normal, allow it with keepalive=SECONDS."),
                      host,
                      SILENT_INTERVALS * self->seconds);
}

guint
execnet_keepalive_get_seconds (ExecnetXSpec *spec)
{
  const char *seconds = execnet_xspec_get (spec, "keepalive");

  return seconds != NULL ? g_ascii_strtoull (seconds, NULL, 10) : DEFAULT_SECONDS;
}
