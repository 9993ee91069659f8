/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-client-transport-private.h"

#include "base/execnet-error.h"
#include "transport/execnet-askpass-private.h"
#include "transport/execnet-remote-command-private.h"
#include "transport/execnet-ssh-client-arguments-private.h"
#include "transport/execnet-ssh-client-errors-private.h"

#include <glib/gi18n-lib.h>

struct _ExecnetSshClientTransport
{
  ExecnetProcessTransport parent_instance;

  ExecnetXSpec *spec;
  ExecnetSshOptions *options;
  ExecnetTransport *front; /* outlives this */
  char *command;           /* for the other side */
  ExecnetAskpass *askpass; /* from the start; NULL where nothing can be asked */
};

G_DEFINE_FINAL_TYPE (ExecnetSshClientTransport,
                     execnet_ssh_client_transport,
                     EXECNET_TYPE_PROCESS_TRANSPORT)

static void
on_no_answer (gpointer data)
{
  execnet_transport_kill (data);
}

static gboolean
execnet_ssh_client_transport_prepare (ExecnetProcessTransport *transport,
                                      ExecnetProcessStart *start,
                                      GError **error)
{
  ExecnetSshClientTransport *self = EXECNET_SSH_CLIENT_TRANSPORT (transport);

  if (!self->options->batch_mode)
    self->askpass = execnet_askpass_new (self->front, self->options, on_no_answer, self);
  if (self->askpass != NULL)
    start->environment = execnet_askpass_extend_environment (self->askpass, g_get_environ ());
  start->argv = execnet_ssh_client_make_arguments (
      self->spec, self->options->target, self->options->server_alive_interval, self->command);
  start->stdio = EXECNET_STDIO_PIPES;
  return TRUE;
}

static GError *
execnet_ssh_client_transport_new_spawn_error (ExecnetProcessTransport *transport,
                                              const char *program,
                                              const char *why)
{
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_FAILED,
                      _ ("The OpenSSH client “%s” can't be started: %s. Install one."),
                      program,
                      why);
}

static void
execnet_ssh_client_transport_kill (ExecnetTransport *transport)
{
  ExecnetSshClientTransport *self = EXECNET_SSH_CLIENT_TRANSPORT (transport);

  if (self->askpass != NULL)
    execnet_askpass_withdraw (self->askpass);
  EXECNET_TRANSPORT_CLASS (execnet_ssh_client_transport_parent_class)->kill (transport);
}

static void
execnet_ssh_client_transport_get_end (ExecnetTransport *transport, ExecnetTransportEnd *end)
{
  ExecnetSshClientTransport *self = EXECNET_SSH_CLIENT_TRANSPORT (transport);

  EXECNET_TRANSPORT_CLASS (execnet_ssh_client_transport_parent_class)->get_end (transport, end);
  if (end->exited && self->askpass != NULL)
    execnet_askpass_withdraw (self->askpass);
}

static GError *
execnet_ssh_client_transport_explain_end (ExecnetTransport *transport,
                                          const ExecnetTransportEnd *end,
                                          gboolean was_up)
{
  ExecnetSshClientTransport *self = EXECNET_SSH_CLIENT_TRANSPORT (transport);
  const GError *unanswered
      = self->askpass != NULL ? execnet_askpass_get_error (self->askpass) : NULL;
  GError *error = NULL;

  if (!was_up && unanswered != NULL)
    return g_error_copy (unanswered);
  if (!was_up)
    error = execnet_remote_command_explain_end (self->spec, self->options->host, end);
  if (error == NULL)
    error = execnet_ssh_client_explain_end (self->options->host, end, was_up);
  return error;
}

static char *
execnet_ssh_client_transport_describe_progress (ExecnetTransport *transport)
{
  ExecnetSshClientTransport *self = EXECNET_SSH_CLIENT_TRANSPORT (transport);
  g_autofree char *last_output
      = execnet_process_transport_dup_last_output (EXECNET_PROCESS_TRANSPORT (self));

  if (*last_output != '\0')
    return g_strdup_printf (_ ("The OpenSSH client has not reached an interpreter on “%s”; it last "
                               "printed: %s"),
                            self->options->host,
                            last_output);
  return g_strdup_printf (_ ("The OpenSSH client has not reached an interpreter on “%s”."),
                          self->options->host);
}

static void
execnet_ssh_client_transport_finalize (GObject *object)
{
  ExecnetSshClientTransport *self = EXECNET_SSH_CLIENT_TRANSPORT (object);

  g_clear_pointer (&self->askpass, execnet_askpass_free);
  g_clear_object (&self->spec);
  g_clear_pointer (&self->options, execnet_ssh_options_unref);
  g_free (self->command);

  G_OBJECT_CLASS (execnet_ssh_client_transport_parent_class)->finalize (object);
}

static void
execnet_ssh_client_transport_class_init (ExecnetSshClientTransportClass *klass)
{
  ExecnetTransportClass *transport_class = EXECNET_TRANSPORT_CLASS (klass);
  ExecnetProcessTransportClass *process_class = EXECNET_PROCESS_TRANSPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_ssh_client_transport_finalize;
  transport_class->kill = execnet_ssh_client_transport_kill;
  transport_class->get_end = execnet_ssh_client_transport_get_end;
  transport_class->explain_end = execnet_ssh_client_transport_explain_end;
  transport_class->describe_progress = execnet_ssh_client_transport_describe_progress;
  process_class->prepare = execnet_ssh_client_transport_prepare;
  process_class->new_spawn_error = execnet_ssh_client_transport_new_spawn_error;
}

static void
execnet_ssh_client_transport_init (ExecnetSshClientTransport *self)
{
}

ExecnetTransport *
execnet_ssh_client_transport_new (ExecnetXSpec *spec,
                                  ExecnetSshOptions *options,
                                  ExecnetTransport *front,
                                  GError **error)
{
  g_autoptr (ExecnetSshClientTransport) self
      = g_object_new (EXECNET_TYPE_SSH_CLIENT_TRANSPORT, NULL);

  self->spec = g_object_ref (spec);
  self->options = execnet_ssh_options_ref (options);
  self->front = front;
  self->command = execnet_remote_command_new (spec, error);
  if (self->command == NULL)
    return NULL;
  return EXECNET_TRANSPORT (g_steal_pointer (&self));
}
