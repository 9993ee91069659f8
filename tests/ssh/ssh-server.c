/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ssh-server.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define SKIPPED 77

/* The leak checker asks for this. The library loses the host's key each time that new keys are agreed
 * on, and a few bytes for each ECDSA key and each wrong passphrase; none of it is ours to free. */
const char *__lsan_default_suppressions (void);

const char *
__lsan_default_suppressions (void)
{
  return "leak:libssh2.so\nleak:CRYPTO_zalloc\n";
}

struct _SshServer
{
  GPid pid;
  FILE *commands;
  FILE *answers;
  GHashTable *facts;
};

static char *
read_line (FILE *file)
{
  char line[1024];

  return fgets (line, sizeof line, file) != NULL ? g_strdup (g_strchomp (line)) : NULL;
}

/* TRUE when they are all there. */
static gboolean
read_facts (SshServer *self)
{
  for (;;)
    {
      g_autofree char *line = read_line (self->answers);
      char *separator;

      if (line == NULL)
        return FALSE;
      if (*line == '\0')
        return TRUE;
      separator = strchr (line, '=');
      g_assert_nonnull (separator);
      g_hash_table_insert (
          self->facts, g_strndup (line, separator - line), g_strdup (separator + 1));
    }
}

static GPtrArray *
make_arguments (const char *const *more)
{
  GPtrArray *arguments = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (arguments, g_strdup (g_getenv ("EXECNET_TEST_PYTHON")));
  g_ptr_array_add (arguments,
                   g_build_filename (g_getenv ("G_TEST_SRCDIR"), "ssh", "server.py", NULL));
  for (guint i = 0; more != NULL && more[i] != NULL; i++)
    g_ptr_array_add (arguments, g_strdup (more[i]));
  g_ptr_array_add (arguments, NULL);
  return arguments;
}

SshServer *
ssh_server_start (const char *const *more)
{
  SshServer *self = g_new0 (SshServer, 1);
  g_autoptr (GPtrArray) arguments = make_arguments (more);
  g_autoptr (GError) error = NULL;
  int commands, answers;

  g_spawn_async_with_pipes (NULL,
                            (char **) arguments->pdata,
                            NULL,
                            G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES,
                            NULL,
                            NULL,
                            &self->pid,
                            &commands,
                            &answers,
                            NULL,
                            &error);
  g_assert_no_error (error);
  self->commands = fdopen (commands, "w");
  self->answers = fdopen (answers, "r");
  self->facts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (!read_facts (self))
    {
      ssh_server_stop (self);
      g_test_skip ("this machine can't start such an ssh server");
      return NULL;
    }
  return self;
}

void
ssh_server_stop (SshServer *self)
{
  int status;

  fclose (self->commands);
  g_assert_cmpint (waitpid (self->pid, &status, 0), ==, self->pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, g_hash_table_size (self->facts) > 0 ? 0 : SKIPPED);
  fclose (self->answers);
  g_hash_table_unref (self->facts);
  g_free (self);
}

const char *
ssh_server_get (SshServer *self, const char *name)
{
  const char *value = g_hash_table_lookup (self->facts, name);

  g_assert_nonnull (value);
  return value;
}

void
ssh_server_do (SshServer *self, const char *command)
{
  g_autofree char *answer = NULL;

  fprintf (self->commands, "%s\n", command);
  fflush (self->commands);
  answer = read_line (self->answers);
  g_assert_cmpstr (answer, ==, "done");
}

char *
ssh_server_dup_spec (SshServer *self, const char *more)
{
  return g_strdup_printf ("ssh=-F %s test%s", ssh_server_get (self, "ssh_config"), more);
}

guint
ssh_server_count_connections (SshServer *self)
{
  g_autofree char *log = NULL;
  guint n = 0;

  g_assert_true (g_file_get_contents (ssh_server_get (self, "log"), &log, NULL, NULL));
  for (const char *p = log; (p = strstr (p, "Connection from ")) != NULL; p++)
    n++;
  return n;
}

void
ssh_server_wait_connections (SshServer *self, guint n)
{
  while (ssh_server_count_connections (self) < n)
    g_thread_yield ();
}
