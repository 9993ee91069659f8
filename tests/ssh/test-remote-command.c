/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command line for the other machine, run by real shells. */

#include "config.h"

#include "transport/execnet-remote-command-private.h"

#include <glib/gstdio.h>
#include <string.h>

/* What an interpreter does to say what it was started with. */
#define TELL "'import sys\\nprint(repr(sys.argv[1:]))\\nsys.stdout.flush()'\n"

static const char *const shells[] = { "sh", "bash", "dash", "csh", "tcsh", "fish" };

static ExecnetXSpec *
spec_of (const char *python)
{
  ExecnetXSpec *spec = execnet_xspec_new ("ssh=host", NULL);

  g_assert_nonnull (spec);
  if (python != NULL)
    g_assert_true (execnet_xspec_set (spec, "python", python, NULL));
  return spec;
}

/* A folder that has an interpreter which tells its arguments first. */
typedef struct
{
  char *folder;
  char *program; /* with an awkward name */
  char *input;   /* what the initiator would send */
} Place;

/* What the interpreter printed, or NULL with how the command ended. */
static char *
run (Place *place,
     const char *shell,
     ExecnetXSpec *spec,
     char **environment,
     ExecnetTransportEnd *end)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GError) error = NULL;
  g_autofree char *command = execnet_remote_command_new (spec, &error);
  g_autoptr (GSubprocess) process = NULL;
  char *output = NULL;

  g_assert_no_error (error);
  if (environment != NULL)
    g_subprocess_launcher_set_environ (launcher, environment);
  /* Not a pipe: who ends at once does not read it. */
  g_subprocess_launcher_set_stdin_file_path (launcher, place->input);
  process = g_subprocess_launcher_spawn (launcher, &error, shell, "-c", command, NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, NULL, NULL, &output, &end->last_output, &error);
  g_assert_no_error (error);
  end->exited = g_subprocess_get_if_exited (process);
  end->exit_status = end->exited ? g_subprocess_get_exit_status (process) : -1;
  return output;
}

static void
assert_says (
    Place *place, const char *shell, const char *python, char **environment, const char *expected)
{
  g_autoptr (ExecnetXSpec) spec = spec_of (python);
  g_auto (ExecnetTransportEnd) end = { 0 };
  g_autofree char *output = run (place, shell, spec, environment, &end);

  g_assert_cmpstr (end.last_output, ==, "");
  g_assert_cmpstr (output, ==, expected);
  g_assert_cmpint (end.exit_status, ==, 0);
}

static void
write_program (const char *path, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0755, &error);
  g_assert_no_error (error);
}

static void
place_set_up (Place *self, gconstpointer shell)
{
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("execnet-command-XXXXXX", &error);
  g_assert_no_error (error);
  self->program = g_build_filename (self->folder, "my \"py\"'s !$x\\\\y;#", NULL);
  self->input = g_build_filename (self->folder, "input", NULL);
  g_file_set_contents (self->input, TELL, -1, &error);
  g_assert_no_error (error);
  write_program (self->program,
                 "#!/usr/bin/env python3\n"
                 "import os, sys\n"
                 "print(repr(sys.argv[1:]))\n"
                 "print(os.environ.get('A'))\n");
}

/* Some shells leave files in what they take for the home. */
static void
place_tear_down (Place *self, gconstpointer shell)
{
  char *remove[] = { (char *) "rm", (char *) "-rf", self->folder, NULL };

  g_assert_true (
      g_spawn_sync (NULL, remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
  g_assert_false (g_file_test (self->folder, G_FILE_TEST_EXISTS));
  g_free (self->input);
  g_free (self->program);
  g_free (self->folder);
}

/* FALSE where there is no such shell: csh, tcsh and fish may be missing. */
static gboolean
has_shell (const char *shell)
{
  g_autofree char *path = g_find_program_in_path (shell);

  if (path == NULL)
    g_test_skip ("this shell is not installed");
  return path != NULL;
}

static void
test_found_by_itself (Place *self, gconstpointer shell)
{
  if (has_shell (shell))
    assert_says (self, shell, NULL, NULL, "[]\n");
}

static void
test_words (Place *self, gconstpointer shell)
{
  if (!has_shell (shell))
    return;
  assert_says (self, shell, "python3", NULL, "[]\n");
  assert_says (self, shell, "python3 -S -E", NULL, "[]\n");
  assert_says (self, shell, "env A=1 python3", NULL, "[]\n");
  assert_says (self, shell, "exec env A=1 python3", NULL, "[]\n");
}

/* Whatever is in a word arrives as it is; nothing of it is run. */
static void
test_awkward_words (Place *self, gconstpointer shell)
{
  const char *const words[]
      = { "a b", "'",     "\"",        "\\",         "\\\\",    "\\'",     "!",
          "!!",  "$HOME", "`touch x`", "$(touch x)", ";reboot", "&",       "|",
          "*",   "?",     "[a]",       "{a,b}",      "#",       "%s",      "~x y",
          "é",   "",      "-",         "\t",         "a=b",     "!x'\\!'", "^a^b" };
  g_autoptr (GString) python = g_string_new (NULL);
  g_autoptr (GString) expected = g_string_new ("[");
  g_autofree char *quoted = g_shell_quote (self->program);

  if (!has_shell (shell))
    return;
  g_string_append_printf (python, "env 'A=x y!' %s", quoted);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autofree char *word = g_shell_quote (words[i]);
      g_autofree char *escaped = g_strescape (words[i], "é\"\303\251");

      g_string_append_printf (python, " %s", word);
      /* As Python shows it. */
      g_string_append_printf (
          expected, strchr (words[i], '\'') != NULL ? "\"%s\", " : "'%s', ", escaped);
    }
  g_string_append (expected, "'-u', '-c', 'import sys;exec(eval(sys.stdin.readline()))']\nx y!\n");
  assert_says (self, shell, python->str, NULL, expected->str);
}

static void
test_home (Place *self, gconstpointer shell)
{
  g_auto (GStrv) environment = g_environ_setenv (g_get_environ (), "HOME", self->folder, TRUE);
  g_autofree char *name = g_path_get_basename (self->program);
  g_autofree char *quoted = g_shell_quote (name);
  g_autofree char *python = g_strdup_printf ("~/%s ~", quoted);
  g_autofree char *expected = g_strdup_printf (
      "['%s', '-u', '-c', 'import sys;exec(eval(sys.stdin.readline()))']\nNone\n", self->folder);

  if (has_shell (shell))
    assert_says (self, shell, python, environment, expected);
}

static void
test_none_there (Place *self, gconstpointer shell)
{
  g_auto (GStrv) environment = g_environ_setenv (g_get_environ (), "PATH", self->folder, TRUE);
  g_autofree char *sh = g_build_filename (self->folder, "sh", NULL);
  g_autofree char *path = g_find_program_in_path (shell);
  g_autoptr (ExecnetXSpec) spec = spec_of (NULL);
  g_auto (ExecnetTransportEnd) end = { 0 };
  g_autofree char *output = NULL;
  g_autoptr (GError) error = NULL;

  if (!has_shell (shell))
    return;
  write_program (sh, "#!/bin/sh\nexec /bin/sh \"$@\"\n");
  output = run (self, path, spec, environment, &end);
  g_remove (sh);

  g_assert_cmpstr (output, ==, "");
  error = execnet_remote_command_explain_end (spec, "there", &end);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_NO_INTERPRETER);
  g_assert_nonnull (strstr (error->message, "“there”"));
  g_assert_nonnull (strstr (error->message, "“python3” and “python”"));
  g_assert_nonnull (strstr (error->message, self->folder));
}

static void
test_no_such (Place *self, gconstpointer shell)
{
  g_autoptr (ExecnetXSpec) spec = spec_of ("/no/such/python -x");
  g_auto (ExecnetTransportEnd) end = { 0 };
  g_autofree char *output = NULL;
  g_autoptr (GError) error = NULL;

  if (!has_shell (shell))
    return;
  output = run (self, shell, spec, NULL, &end);
  g_assert_cmpstr (output, ==, "");
  error = execnet_remote_command_explain_end (spec, "there", &end);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_NO_INTERPRETER);
  g_assert_nonnull (strstr (error->message, "“/no/such/python -x”"));
}

/* Other ends have other reasons. */
static void
test_other_ends (void)
{
  g_autoptr (ExecnetXSpec) spec = spec_of (NULL);
  const ExecnetTransportEnd ends[] = {
    { TRUE, 0, 0, (char *) "" },  { TRUE, 1, 0, (char *) "" },   { TRUE, 255, 0, (char *) "" },
    { TRUE, -1, 9, (char *) "" }, { FALSE, -1, 0, (char *) "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    g_assert_null (execnet_remote_command_explain_end (spec, "there", &ends[i]));
}

static void
test_other_keys (void)
{
  g_autoptr (ExecnetXSpec) plain = spec_of ("python3");
  g_autoptr (ExecnetXSpec) full = spec_of ("python3");
  const char *const keys[] = { "chdir", "id", "env:A", "nice", "execmodel", "ssh", "ssh_config" };
  g_autofree char *command = execnet_remote_command_new (plain, NULL);
  g_autofree char *full_command = NULL;
  g_autofree char *without_bytecode = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    g_assert_true (execnet_xspec_set (full, keys[i], "';reboot;'", NULL));
  full_command = execnet_remote_command_new (full, NULL);
  g_assert_cmpstr (full_command, ==, command);

  g_assert_true (execnet_xspec_set (full, "dont_write_bytecode", "';reboot;'", NULL));
  without_bytecode = execnet_remote_command_new (full, NULL);
  g_assert_nonnull (strstr (without_bytecode, " -u -B -c "));
  g_assert_null (strstr (without_bytecode, "reboot"));
}

static void
test_line_end (void)
{
  const char *const pythons[] = { "python3 'a\nb'", "python3 'a\rb'" };

  for (guint i = 0; i < G_N_ELEMENTS (pythons); i++)
    {
      g_autoptr (ExecnetXSpec) spec = spec_of (pythons[i]);
      g_autoptr (GError) error = NULL;

      g_assert_null (execnet_remote_command_new (spec, &error));
      g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
    }
}

static void
add_for_shells (const char *name, void (*func) (Place *self, gconstpointer shell))
{
  for (guint i = 0; i < G_N_ELEMENTS (shells); i++)
    {
      g_autofree char *path = g_strdup_printf ("/remote-command/%s/%s", shells[i], name);

      g_test_add (path, Place, shells[i], place_set_up, func, place_tear_down);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  add_for_shells ("found-by-itself", test_found_by_itself);
  add_for_shells ("words", test_words);
  add_for_shells ("awkward-words", test_awkward_words);
  add_for_shells ("home", test_home);
  add_for_shells ("none-there", test_none_there);
  add_for_shells ("no-such", test_no_such);
  g_test_add_func ("/remote-command/other-ends", test_other_ends);
  g_test_add_func ("/remote-command/other-keys", test_other_keys);
  g_test_add_func ("/remote-command/line-end", test_line_end);

  return g_test_run ();
}
