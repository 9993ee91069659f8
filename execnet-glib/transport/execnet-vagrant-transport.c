/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-vagrant-transport-private.h"

#include "base/execnet-error.h"
#include "transport/execnet-remote-command-private.h"
#include "transport/execnet-ssh-client-errors-private.h"

#include <glib/gi18n-lib.h>

struct _ExecnetVagrantTransport
{
  ExecnetProcessTransport parent_instance;

  ExecnetXSpec *spec;
  char *command; /* for the other side */
};

G_DEFINE_FINAL_TYPE (ExecnetVagrantTransport,
                     execnet_vagrant_transport,
                     EXECNET_TYPE_PROCESS_TRANSPORT)

static const char *
get_name (ExecnetVagrantTransport *self)
{
  return execnet_xspec_get (self->spec, "vagrant_ssh");
}

static gboolean
execnet_vagrant_transport_prepare (ExecnetProcessTransport *transport,
                                   ExecnetProcessStart *start,
                                   GError **error)
{
  ExecnetVagrantTransport *self = EXECNET_VAGRANT_TRANSPORT (transport);
  const char *ssh_config = execnet_xspec_get (self->spec, "ssh_config");
  g_autoptr (GStrvBuilder) arguments = g_strv_builder_new ();

  g_strv_builder_add_many (arguments, "vagrant", "ssh", get_name (self), "--", "-T", NULL);
  if (ssh_config != NULL)
    g_strv_builder_add_many (arguments, "-F", ssh_config, NULL);
  g_strv_builder_add (arguments, self->command);
  start->argv = g_strv_builder_end (arguments);
  start->stdio = EXECNET_STDIO_PIPES;
  return TRUE;
}

static GError *
execnet_vagrant_transport_explain_end (ExecnetTransport *transport,
                                       const ExecnetTransportEnd *end,
                                       gboolean was_up)
{
  ExecnetVagrantTransport *self = EXECNET_VAGRANT_TRANSPORT (transport);
  GError *error = NULL;

  if (!was_up)
    error = execnet_remote_command_explain_end (self->spec, get_name (self), end);
  if (error == NULL)
    error = execnet_ssh_client_explain_end (get_name (self), end, was_up);
  if (error == NULL && !was_up && end->exited && end->exit_status > 0)
    error = g_error_new (EXECNET_ERROR,
                         EXECNET_ERROR_HOST_NOT_FOUND,
                         _ ("The machine “%s” can't be reached. Vagrant says: %s"),
                         get_name (self),
                         *end->last_output != '\0' ? end->last_output : _ ("nothing"));
  return error;
}

static char *
execnet_vagrant_transport_describe_progress (ExecnetTransport *transport)
{
  return g_strdup_printf (_ ("“vagrant ssh” has not reached an interpreter on “%s”."),
                          get_name (EXECNET_VAGRANT_TRANSPORT (transport)));
}

static void
execnet_vagrant_transport_finalize (GObject *object)
{
  ExecnetVagrantTransport *self = EXECNET_VAGRANT_TRANSPORT (object);

  g_clear_object (&self->spec);
  g_free (self->command);

  G_OBJECT_CLASS (execnet_vagrant_transport_parent_class)->finalize (object);
}

static void
execnet_vagrant_transport_class_init (ExecnetVagrantTransportClass *klass)
{
  ExecnetTransportClass *transport_class = EXECNET_TRANSPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_vagrant_transport_finalize;
  transport_class->explain_end = execnet_vagrant_transport_explain_end;
  transport_class->describe_progress = execnet_vagrant_transport_describe_progress;
  EXECNET_PROCESS_TRANSPORT_CLASS (klass)->prepare = execnet_vagrant_transport_prepare;
}

static void
execnet_vagrant_transport_init (ExecnetVagrantTransport *self)
{
}

ExecnetTransport *
execnet_vagrant_transport_new (ExecnetXSpec *spec, GError **error)
{
  g_autoptr (ExecnetVagrantTransport) self = g_object_new (EXECNET_TYPE_VAGRANT_TRANSPORT, NULL);

  self->spec = g_object_ref (spec);
  self->command = execnet_remote_command_new (spec, error);
  if (self->command == NULL)
    return NULL;
  return EXECNET_TRANSPORT (g_steal_pointer (&self));
}
