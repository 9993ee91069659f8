/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-remote-command-private.h"

#include "data/execnet-xspec-private.h"
#include "transport/execnet-interpreter-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What a shell answers for a program that it can't run, and for one that isn't there. */
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND 127

/* Finds the first interpreter that there is. */
#define SEARCH                                                                                     \
  "for p in python3 python; do "                                                                   \
  "if command -v \"$p\" >/dev/null 2>&1; then exec \"$p\"%s; fi; "                                 \
  "done; "                                                                                         \
  "echo \"there is neither python3 nor python in PATH ($PATH)\" >&2; exit 127"

/* For a POSIX shell: one word, whatever is in it. */
static void
append_quoted (GString *command, const char *text)
{
  g_autofree char *quoted = g_shell_quote (text);

  g_string_append (command, quoted);
}

/* As above, but the home of a user at its beginning keeps its meaning. */
static void
append_word (GString *command, const char *word)
{
  gsize length = 0;

  if (*word == '~')
    length = 1 + strspn (word + 1, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-");
  if (word[length] != '\0' && word[length] != '/')
    length = 0;
  g_string_append_len (command, word, length);
  if (word[length] == '/')
    {
      g_string_append_c (command, '/');
      length++;
    }
  if (word[length] != '\0' || length == 0)
    append_quoted (command, word + length);
}

static char *
make_arguments (ExecnetXSpec *spec)
{
  return g_strconcat (" -u",
                      execnet_xspec_has (spec, "dont_write_bytecode") ? " -B" : "",
                      " -c '" EXECNET_INTERPRETER_CODE "'",
                      NULL);
}

/* For a POSIX shell. */
static char *
make_script (ExecnetXSpec *spec, char **words)
{
  g_autofree char *arguments = make_arguments (spec);
  GString *script;

  if (words == NULL)
    return g_strdup_printf (SEARCH, arguments);
  script = g_string_new ("exec");
  /* Who says it himself means the same. */
  if (strcmp (words[0], "exec") == 0 && words[1] != NULL)
    words++;
  for (guint i = 0; words[i] != NULL; i++)
    {
      g_string_append_c (script, ' ');
      append_word (script, words[i]);
    }
  g_string_append (script, arguments);
  return g_string_free (script, FALSE);
}

/* In one pair of single quotes all shells agree on all characters but three, which they all take
 * after a backslash outside the quotes: the quote itself, the backslash (for fish) and the
 * exclamation mark (for csh). */
static char *
quote_for_any_shell (const char *script)
{
  GString *quoted = g_string_new (NULL);

  while (*script != '\0')
    {
      gsize length = strcspn (script, "'\\!");

      if (length > 0)
        {
          g_string_append_c (quoted, '\'');
          g_string_append_len (quoted, script, length);
          g_string_append_c (quoted, '\'');
          script += length;
          continue;
        }
      g_string_append_c (quoted, '\\');
      g_string_append_c (quoted, *script++);
    }
  return g_string_free (quoted, FALSE);
}

char *
execnet_remote_command_new (ExecnetXSpec *spec, GError **error)
{
  g_auto (GStrv) words = NULL;
  g_autofree char *script = NULL;
  g_autofree char *quoted = NULL;

  if (execnet_xspec_has (spec, "python"))
    {
      words = execnet_xspec_split_python (spec, error);
      if (words == NULL)
        return NULL;
    }
  script = make_script (spec, words);
  if (strpbrk (script, "\n\r") != NULL)
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_INVALID_SPEC,
                   _ ("“python=%s” has a line end in it, which not every shell on other machines "
                      "can take; remove it."),
                   execnet_xspec_get (spec, "python"));
      return NULL;
    }
  quoted = quote_for_any_shell (script);
  return g_strconcat ("sh -c ", quoted, NULL);
}

GError *
execnet_remote_command_explain_end (ExecnetXSpec *spec,
                                    const char *host,
                                    const ExecnetTransportEnd *end)
{
  const char *python = execnet_xspec_get (spec, "python");
  g_autofree char *tried = NULL;

  if (!end->exited
      || (end->exit_status != STATUS_NOT_FOUND && end->exit_status != STATUS_NOT_EXECUTABLE))
    return NULL;
  if (python != NULL)
    tried = g_strdup_printf (_ ("“%s”"), python);
  else
    tried = g_strdup (_ ("“python3” and “python”"));
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_NO_INTERPRETER,
                      _ ("No Python interpreter could be started on “%s”; tried was %s. Name one "
                         "with python=. The last that was printed there: %s"),
                      host,
                      tried,
                      *end->last_output != '\0' ? end->last_output : _ ("nothing"));
}
