/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-vagrant-private.h"

#include "base/execnet-error.h"
#include "transport/execnet-run-private.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

/* It may ask a provider that is on another machine. */
#define TIMEOUT_MS 60000

/* A hundred times what it prints. */
#define MAX_OUTPUT (256 * 1024)

gboolean
execnet_vagrant_check_name (const char *name, GError **error)
{
  if (*name != '-')
    return TRUE;
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_INVALID_SPEC,
               _ ("“vagrant_ssh=%s” can't be used: the name of a machine never begins with “-”."),
               name);
  return FALSE;
}

/* The name that the configuration gives the machine. */
static char *
find_host (const char *config)
{
  g_auto (GStrv) lines = g_strsplit (config, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (g_str_has_prefix (lines[i], "Host "))
        return g_strdup (g_strstrip (lines[i] + strlen ("Host ")));
    }
  return NULL;
}

/* A name between quotes: no more than a name, and of one file. */
static gboolean
check_config_name (const char *path, GError **error)
{
  if (strpbrk (path, "\"\\*?[\n\r") == NULL)
    return TRUE;
  g_set_error (
      error,
      EXECNET_ERROR,
      EXECNET_ERROR_INVALID_SPEC,
      _ ("The file “%s” of ssh_config= can't be used for a machine of Vagrant: its path has a "
         "quote, a backslash, a line end or one of * ? [ in it. Give it another name."),
      path);
  return FALSE;
}

/* What Vagrant says counts first, then the file that the user named. */
static char *
write_config (const char *config, const char *ssh_config, GError **error)
{
  g_autoptr (GString) text = g_string_new (config);
  char *path = NULL;
  int fd;

  if (ssh_config != NULL)
    {
      g_autofree char *whole = g_canonicalize_filename (ssh_config, NULL);

      if (!check_config_name (whole, error))
        return NULL;
      g_string_append_printf (text, "\nMatch all\n  Include \"%s\"\n", whole);
    }
  fd = g_file_open_tmp ("execnet-vagrant-XXXXXX", &path, error);
  if (fd < 0)
    return NULL;
  g_close (fd, NULL);
  if (!g_file_set_contents_full (path, text->str, text->len, G_FILE_SET_CONTENTS_NONE, 0600, error))
    {
      g_unlink (path);
      g_clear_pointer (&path, g_free);
    }
  return path;
}

static ExecnetVagrantPlace *
make_place (const char *config, const char *ssh_config, GError **error)
{
  g_autoptr (ExecnetVagrantPlace) place = g_new0 (ExecnetVagrantPlace, 1);
  g_autofree char *host = find_host (config);
  g_autofree char *quoted = NULL;

  if (host == NULL)
    {
      g_set_error (error,
                   G_IO_ERROR,
                   G_IO_ERROR_NOT_SUPPORTED,
                   _ ("“vagrant ssh-config” names no host: %s"),
                   config);
      return NULL;
    }
  place->config_file = write_config (config, ssh_config, error);
  if (place->config_file == NULL)
    return NULL;
  quoted = g_shell_quote (host);
  place->target = execnet_ssh_target_new_for_text (quoted, place->config_file, error);
  return place->target != NULL ? g_steal_pointer (&place) : NULL;
}

static void
on_printed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  g_autoptr (ExecnetRunResult) printed = execnet_run_finish (result, &error);
  ExecnetVagrantPlace *place = NULL;

  if (printed != NULL && printed->exit_status == 0)
    place = make_place (printed->output, g_task_get_task_data (task), &error);
  else if (printed != NULL)
    g_set_error (&error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "%s", printed->errors);

  if (place != NULL)
    g_task_return_pointer (task, place, (GDestroyNotify) execnet_vagrant_place_free);
  else
    g_task_return_error (task, error);
}

void
execnet_vagrant_find_async (const char *name,
                            const char *ssh_config,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  const char *const argv[] = { "vagrant", "ssh-config", name, NULL };
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autofree char *program = g_find_program_in_path (argv[0]);

  g_task_set_source_tag (task, execnet_vagrant_find_async);
  g_task_set_task_data (task, g_strdup (ssh_config), g_free);
  if (program == NULL)
    {
      g_task_return_new_error (
          task,
          EXECNET_ERROR,
          EXECNET_ERROR_FAILED,
          _ ("The machine “%s” can't be reached: there is no program “vagrant” "
             "in PATH. Install Vagrant."),
          name);
      return;
    }
  execnet_run_async (
      argv, TIMEOUT_MS, MAX_OUTPUT, cancellable, on_printed, g_steal_pointer (&task));
}

ExecnetVagrantPlace *
execnet_vagrant_find_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_vagrant_find_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
execnet_vagrant_place_free (ExecnetVagrantPlace *self)
{
  g_clear_pointer (&self->target, execnet_ssh_target_unref);
  if (self->config_file != NULL)
    g_unlink (self->config_file);
  g_free (self->config_file);
  g_free (self);
}
