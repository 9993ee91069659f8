/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What EXECNET_DEBUG asks for: with 2, lines on stderr; with anything else, lines in the file
 * execnet-debug-PID in the temporary folder. G_MESSAGES_DEBUG=Execnet shows the same lines. */

#include "config.h"

#include "base/execnet-trace-private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef enum
{
  SINK_NONE,
  SINK_MESSAGES,
  SINK_STDERR,
  SINK_FILE,
} TraceSink;

typedef struct
{
  TraceSink kind;
  FILE *file;
} TraceTarget;

static gboolean
debug_messages_wanted (void)
{
  const char *domains = g_getenv ("G_MESSAGES_DEBUG");

  return domains != NULL && (strstr (domains, G_LOG_DOMAIN) != NULL || strcmp (domains, "all") == 0);
}

static gpointer
open_target (gpointer unused)
{
  static TraceTarget target;
  const char *wanted = g_getenv ("EXECNET_DEBUG");

  if (wanted == NULL || *wanted == '\0')
    {
      target.kind = debug_messages_wanted () ? SINK_MESSAGES : SINK_NONE;
    }
  else if (strcmp (wanted, "2") == 0)
    {
      target.kind = SINK_STDERR;
      target.file = stderr;
    }
  else
    {
      g_autofree char *name = g_strdup_printf ("execnet-debug-%d", (int) getpid ());
      g_autofree char *path = g_build_filename (g_get_tmp_dir (), name, NULL);

      target.file = fopen (path, "ae");
      target.kind = target.file != NULL ? SINK_FILE : SINK_NONE;
    }
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
  return get_target ()->kind != SINK_NONE;
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

  if (target->kind == SINK_MESSAGES)
    g_debug ("%s", text);
  else if (target->file != NULL)
    {
      fprintf (target->file, "[%d] %s\n", (int) getpid (), text);
      fflush (target->file);
    }
}
