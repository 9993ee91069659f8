/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads one specification per line, and answers each with one line of tab-separated fields:
 * "ok" with keys and values in turn, or "error" with the message. */

#include "config.h"

#include "data/execnet-xspec.h"

#include <stdio.h>
#include <string.h>

static void
answer (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ExecnetXSpec) spec = execnet_xspec_new (text, &error);
  g_auto (GStrv) keys = spec != NULL ? execnet_xspec_list_keys (spec) : NULL;

  if (spec == NULL)
    printf ("error\t%s", error->message);
  else
    printf ("ok");
  for (guint i = 0; keys != NULL && keys[i] != NULL; i++)
    printf ("\t%s\t%s", keys[i], execnet_xspec_get (spec, keys[i]));
  printf ("\n");
}

int
main (void)
{
  char line[4096];

  while (fgets (line, sizeof line, stdin) != NULL)
    {
      line[strcspn (line, "\n")] = '\0';
      answer (line);
    }
  return 0;
}
