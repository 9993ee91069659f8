/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asking the OpenSSH client what the configuration says about a host. */

#include "config.h"

#include "transport/execnet-ssh-options-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "transport/execnet-run-private.h"

#include <glib/gi18n-lib.h>

/* A configuration may ask programs (Match exec), which may ask the network. */
#define TIMEOUT_MS 10000

/* A hundred times what it prints. */
#define MAX_OUTPUT (1024 * 1024)

/* A configuration may have a command of its own, which leaves no place for ours. */
static const char *const beginning[] = { "ssh", "-G", "-T", "-o", "RemoteCommand=none", NULL };

static GPtrArray *
make_arguments (ExecnetSshTarget *target)
{
  GPtrArray *arguments = g_ptr_array_new ();

  for (guint i = 0; beginning[i] != NULL; i++)
    g_ptr_array_add (arguments, (gpointer) beginning[i]);
  if (target->config_file != NULL)
    {
      g_ptr_array_add (arguments, (gpointer) "-F");
      g_ptr_array_add (arguments, target->config_file);
    }
  for (guint i = 0; target->arguments[i] != NULL; i++)
    g_ptr_array_add (arguments, target->arguments[i]);
  g_ptr_array_add (arguments, target->destination);
  /* Not run; without one, some configurations make no sense to it. */
  g_ptr_array_add (arguments, (gpointer) "exit");
  g_ptr_array_add (arguments, NULL);
  return arguments;
}

static void
return_options (GTask *task, ExecnetSshOptions *options, GError *error)
{
  if (options != NULL)
    g_task_return_pointer (task, options, (GDestroyNotify) execnet_ssh_options_unref);
  else
    g_task_return_error (task, error);
}

static void
on_printed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  ExecnetSshTarget *target = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (ExecnetRunResult) printed = execnet_run_finish (result, &error);

  if (printed == NULL)
    g_task_return_error (task, error);
  else if (printed->exit_status != 0)
    g_task_return_new_error (task,
                             EXECNET_ERROR,
                             EXECNET_ERROR_INVALID_SPEC,
                             _ ("The ssh configuration for “%s” can't be read: %s"),
                             target->text,
                             printed->errors);
  else
    return_options (
        task, execnet_ssh_options_new_for_output (target, printed->output, &error), error);
}

static void
resolve_alone (GTask *task)
{
  ExecnetSshTarget *target = g_task_get_task_data (task);
  GError *error = NULL;

  if (target->config_file != NULL && g_strcmp0 (target->config_file, "none") != 0)
    {
      g_task_return_new_error (
          task,
          EXECNET_ERROR,
          EXECNET_ERROR_INVALID_SPEC,
          _ ("The ssh configuration file “%s” can only be read where an OpenSSH "
             "client is installed; install one, or give the options in ssh=."),
          target->config_file);
      return;
    }
  execnet_trace ("ssh %s: there is no OpenSSH client to read a configuration", target->text);
  return_options (task, execnet_ssh_options_new_for_target (target, &error), error);
}

void
execnet_ssh_options_resolve_async (ExecnetSshTarget *target,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  g_autofree char *program = g_find_program_in_path ("ssh");
  g_autoptr (GPtrArray) arguments = NULL;

  g_task_set_source_tag (task, execnet_ssh_options_resolve_async);
  g_task_set_task_data (
      task, execnet_ssh_target_ref (target), (GDestroyNotify) execnet_ssh_target_unref);
  if (program == NULL)
    {
      resolve_alone (task);
      return;
    }
  arguments = make_arguments (target);
  execnet_run_async ((const char *const *) arguments->pdata,
                     TIMEOUT_MS,
                     MAX_OUTPUT,
                     cancellable,
                     on_printed,
                     g_steal_pointer (&task));
}

ExecnetSshOptions *
execnet_ssh_options_resolve_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_ssh_options_resolve_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
