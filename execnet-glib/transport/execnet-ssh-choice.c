/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-choice-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "transport/execnet-ssh-client-transport-private.h"
#include "transport/execnet-ssh-options-private.h"
#include "transport/execnet-ssh-transport-private.h"
#include "transport/execnet-vagrant-private.h"
#include "transport/execnet-vagrant-transport-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

struct _ExecnetSshChoice
{
  ExecnetTransport parent_instance;

  ExecnetXSpec *spec;
  const char *name;         /* of what is reached, as the spec gives it */
  ExecnetSshTarget *target; /* NULL while Vagrant has not told */
  ExecnetVagrantPlace *place;

  /* Who wants what is printed; set before the start, or NULL. */
  ExecnetOutputFunc output_func;
  gpointer output_data;
  GDestroyNotify output_notify;

  ExecnetSshOptions *options; /* when they are known */
  ExecnetTransport *chosen;   /* atomic: set by the worker thread, read in any; NULL until then */
  ExecnetTransport *given_up; /* the one that was chosen first: somebody may be killing it */
};

G_DEFINE_FINAL_TYPE (ExecnetSshChoice, execnet_ssh_choice, EXECNET_TYPE_TRANSPORT)

/* Opening. Each step gets the task. */

static void use_client (ExecnetSshChoice *self, GTask *task);

static gboolean
has_client (void)
{
  g_autofree char *program = g_find_program_in_path ("ssh");

  return program != NULL;
}

static gboolean
must_be (ExecnetSshChoice *self, const char *client)
{
  return g_strcmp0 (execnet_xspec_get (self->spec, "ssh_client"), client) == 0;
}

/* What libssh2 can't do: the OpenSSH client does it, or nobody. `reason` is a sentence. */
static void
give_up (ExecnetSshChoice *self, GTask *task, const char *reason)
{
  if (must_be (self, "libssh2") || !has_client ())
    {
      g_task_return_new_error (
          task,
          EXECNET_ERROR,
          EXECNET_ERROR_FAILED,
          must_be (self, "libssh2")
              ? _ ("libssh2 can't connect to “%s”: %s Leave ssh_client=libssh2 out.")
              : _ ("Only the OpenSSH client can connect to “%s”: %s Install it."),
          self->name,
          reason);
      return;
    }
  execnet_trace (
      "ssh %s: the OpenSSH client connects, because libssh2 can't: %s", self->name, reason);
  use_client (self, task);
}

static void
on_open (GObject *transport, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  ExecnetSshChoice *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  GIOStream *stream = execnet_transport_open_finish (EXECNET_TRANSPORT (transport), result, &error);

  if (stream != NULL)
    g_task_return_pointer (task, stream, g_object_unref);
  else if (EXECNET_IS_SSH_TRANSPORT (transport)
           && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    give_up (self, task, error->message);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
ignore (gpointer data)
{
}

/* Takes the transport over; with NULL the task ends with the error. */
static void
open_chosen (ExecnetSshChoice *self, GTask *task, ExecnetTransport *chosen, GError *error)
{
  if (chosen == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (self->output_func != NULL)
    execnet_transport_capture_output (chosen, self->output_func, self->output_data, ignore);
  self->given_up = self->chosen;
  g_atomic_pointer_set (&self->chosen, chosen);
  execnet_transport_open_async (
      chosen, g_task_get_cancellable (task), on_open, g_object_ref (task));
}

static void
use_client (ExecnetSshChoice *self, GTask *task)
{
  GError *error = NULL;
  ExecnetTransport *client = execnet_ssh_client_transport_new (
      self->spec, self->options, EXECNET_TRANSPORT (self), &error);

  open_chosen (self, task, client, error);
}

static void
use_library (ExecnetSshChoice *self, GTask *task)
{
  GError *error = NULL;
  ExecnetTransport *library
      = execnet_ssh_transport_new (self->spec, self->options, EXECNET_TRANSPORT (self), &error);

  open_chosen (self, task, library, error);
}

/* The options that only the client serves, as a sentence, or NULL. */
static char *
describe_options (ExecnetSshOptions *options)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < options->only_openssh->len; i++)
    g_string_append_printf (
        names, "%s%s", i > 0 ? ", " : "", (char *) g_ptr_array_index (options->only_openssh, i));
  if (names->len == 0)
    return NULL;
  return g_strdup_printf (_ ("It does not have “%s”."), names->str);
}

static void
choose (ExecnetSshChoice *self, GTask *task)
{
  g_autofree char *reason = describe_options (self->options);

  if (must_be (self, "openssh"))
    use_client (self, task);
  else if (reason != NULL)
    give_up (self, task, reason);
  else
    use_library (self, task);
}

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  ExecnetSshChoice *self = g_task_get_source_object (task);
  GError *error = NULL;

  self->options = execnet_ssh_options_resolve_finish (result, &error);
  if (self->options != NULL)
    choose (self, task);
  else
    g_task_return_error (task, error);
}

static void
resolve (ExecnetSshChoice *self, GTask *task)
{
  execnet_ssh_options_resolve_async (
      self->target, g_task_get_cancellable (task), on_resolved, g_object_ref (task));
}

static void
use_vagrant (ExecnetSshChoice *self, GTask *task)
{
  GError *error = NULL;
  ExecnetTransport *vagrant = execnet_vagrant_transport_new (self->spec, &error);

  open_chosen (self, task, vagrant, error);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  ExecnetSshChoice *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;

  self->place = execnet_vagrant_find_finish (result, &error);
  if (self->place != NULL)
    {
      self->target = execnet_ssh_target_ref (self->place->target);
      resolve (self, task);
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    {
      execnet_trace ("vagrant %s: “vagrant ssh” connects, because ssh alone can't: %s",
                     self->name,
                     error->message);
      use_vagrant (self, task);
    }
  else
    {
      g_task_return_error (task, g_steal_pointer (&error));
    }
}

static void
execnet_ssh_choice_open_async (ExecnetTransport *transport,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  ExecnetSshChoice *self = EXECNET_SSH_CHOICE (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, execnet_ssh_choice_open_async);
  /* What was started must reach somebody who ends it, cancelled or not. */
  g_task_set_check_cancellable (task, FALSE);
  if (self->target != NULL)
    resolve (self, task);
  else
    execnet_vagrant_find_async (self->name,
                                execnet_xspec_get (self->spec, "ssh_config"),
                                cancellable,
                                on_found,
                                g_steal_pointer (&task));
}

static GIOStream *
execnet_ssh_choice_open_finish (ExecnetTransport *transport, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* What the chosen one does */

static ExecnetOutputRoute
execnet_ssh_choice_capture_output (ExecnetTransport *transport,
                                   ExecnetOutputFunc func,
                                   gpointer data,
                                   GDestroyNotify notify)
{
  ExecnetSshChoice *self = EXECNET_SSH_CHOICE (transport);

  self->output_func = func;
  self->output_data = data;
  self->output_notify = notify;
  return EXECNET_OUTPUT_STDOUT_BY_MESSAGES;
}

static void
execnet_ssh_choice_close_write (ExecnetTransport *transport)
{
  ExecnetSshChoice *self = EXECNET_SSH_CHOICE (transport);

  if (self->chosen != NULL)
    execnet_transport_close_write (self->chosen);
}

static void
execnet_ssh_choice_kill (ExecnetTransport *transport)
{
  ExecnetSshChoice *self = EXECNET_SSH_CHOICE (transport);

  if (self->chosen != NULL)
    execnet_transport_kill (self->chosen);
}

static gboolean
execnet_ssh_choice_kill_from_any_thread (ExecnetTransport *transport)
{
  ExecnetTransport *chosen = g_atomic_pointer_get (&EXECNET_SSH_CHOICE (transport)->chosen);

  return chosen != NULL && execnet_transport_kill_from_any_thread (chosen);
}

static void
on_end (GObject *chosen, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  if (execnet_transport_wait_end_finish (EXECNET_TRANSPORT (chosen), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
execnet_ssh_choice_wait_end_async (ExecnetTransport *transport,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  ExecnetSshChoice *self = EXECNET_SSH_CHOICE (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, execnet_ssh_choice_wait_end_async);
  if (self->chosen != NULL)
    execnet_transport_wait_end_async (self->chosen, cancellable, on_end, g_steal_pointer (&task));
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
execnet_ssh_choice_wait_end_finish (ExecnetTransport *transport,
                                    GAsyncResult *result,
                                    GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
execnet_ssh_choice_get_end (ExecnetTransport *transport, ExecnetTransportEnd *end)
{
  ExecnetSshChoice *self = EXECNET_SSH_CHOICE (transport);

  if (self->chosen != NULL)
    execnet_transport_get_end (self->chosen, end);
}

static GError *
execnet_ssh_choice_explain_end (ExecnetTransport *transport,
                                const ExecnetTransportEnd *end,
                                gboolean was_up)
{
  ExecnetSshChoice *self = EXECNET_SSH_CHOICE (transport);

  if (self->chosen != NULL)
    return execnet_transport_explain_end (self->chosen, end, was_up);
  return NULL;
}

static char *
execnet_ssh_choice_describe_progress (ExecnetTransport *transport)
{
  ExecnetSshChoice *self = EXECNET_SSH_CHOICE (transport);

  if (self->chosen != NULL)
    return execnet_transport_describe_progress (self->chosen);
  if (self->target == NULL)
    return g_strdup_printf (_ ("Vagrant has not told how to reach “%s”."), self->name);
  return g_strdup_printf (_ ("The ssh configuration for “%s” is still being read."), self->name);
}

/* The object */

static void
execnet_ssh_choice_finalize (GObject *object)
{
  ExecnetSshChoice *self = EXECNET_SSH_CHOICE (object);

  g_clear_object (&self->chosen);
  g_clear_object (&self->given_up);
  if (self->output_notify != NULL)
    self->output_notify (self->output_data);
  g_clear_pointer (&self->options, execnet_ssh_options_unref);
  g_clear_pointer (&self->target, execnet_ssh_target_unref);
  g_clear_pointer (&self->place, execnet_vagrant_place_free);
  g_clear_object (&self->spec);

  G_OBJECT_CLASS (execnet_ssh_choice_parent_class)->finalize (object);
}

static void
execnet_ssh_choice_class_init (ExecnetSshChoiceClass *klass)
{
  ExecnetTransportClass *transport_class = EXECNET_TRANSPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_ssh_choice_finalize;
  transport_class->capture_output = execnet_ssh_choice_capture_output;
  transport_class->open_async = execnet_ssh_choice_open_async;
  transport_class->open_finish = execnet_ssh_choice_open_finish;
  transport_class->close_write = execnet_ssh_choice_close_write;
  transport_class->kill = execnet_ssh_choice_kill;
  transport_class->wait_end_async = execnet_ssh_choice_wait_end_async;
  transport_class->wait_end_finish = execnet_ssh_choice_wait_end_finish;
  transport_class->get_end = execnet_ssh_choice_get_end;
  transport_class->explain_end = execnet_ssh_choice_explain_end;
  transport_class->describe_progress = execnet_ssh_choice_describe_progress;
  transport_class->kill_from_any_thread = execnet_ssh_choice_kill_from_any_thread;
}

static void
execnet_ssh_choice_init (ExecnetSshChoice *self)
{
}

ExecnetTransport *
execnet_ssh_choice_new (ExecnetXSpec *spec,
                        const ExecnetTransportSettings *settings,
                        GError **error)
{
  g_autoptr (ExecnetSshChoice) self = g_object_new (EXECNET_TYPE_SSH_CHOICE, NULL);

  self->spec = g_object_ref (spec);
  if (execnet_xspec_has (spec, "vagrant_ssh"))
    {
      self->name = execnet_xspec_get (spec, "vagrant_ssh");
      if (!execnet_vagrant_check_name (self->name, error))
        return NULL;
    }
  else
    {
      self->name = execnet_xspec_get (spec, "ssh");
      self->target = execnet_ssh_target_new (spec, error);
      if (self->target == NULL)
        return NULL;
    }
  return EXECNET_TRANSPORT (g_steal_pointer (&self));
}
