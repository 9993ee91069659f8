/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What EXECNET_DEBUG asks for: with 2, lines on stderr; with anything else, lines in the file
 * execnet-debug-PID in the temporary folder. G_MESSAGES_DEBUG=Execnet gives the same lines to
 * GLib's log. It is read once, at the first line. */

#include "config.h"

#include "base/execnet-trace-private.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  gboolean is_enabled;
  gboolean to_log;
  FILE *file; /* stderr or one of our own; nullable */
} TraceTarget;

static gboolean
log_wants_it (void)
{
  const char *domains = g_getenv ("G_MESSAGES_DEBUG");

  return domains != NULL && (strstr (domains, G_LOG_DOMAIN) != NULL || strcmp (domains, "all") == 0);
}

/* Everybody may write to the temporary folder, so a link is not followed. */
static FILE *
open_file (void)
{
  g_autofree char *name = g_strdup_printf ("execnet-debug-%d", (int) getpid ());
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), name, NULL);
  int fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);

  return fd >= 0 ? fdopen (fd, "a") : NULL;
}

static gpointer
open_target (gpointer unused)
{
  static TraceTarget target;
  const char *wanted = g_getenv ("EXECNET_DEBUG");

  target.to_log = log_wants_it ();
  if (wanted != NULL && *wanted != '\0')
    target.file = strcmp (wanted, "2") == 0 ? stderr : open_file ();
  target.is_enabled = target.to_log || target.file != NULL;
  return &target;
}

static TraceTarget *
get_target (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, open_target, NULL);
}

/* Any thread. */
gboolean
execnet_trace_is_enabled (void)
{
  return get_target ()->is_enabled;
}

/* Any thread. */
void
execnet_trace_write (const char *format, ...)
{
  TraceTarget *target = get_target ();
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  if (target->to_log)
    g_debug ("%s", text);
  if (target->file != NULL)
    {
      fprintf (target->file, "[%d] %s\n", (int) getpid (), text);
      fflush (target->file);
    }
}
