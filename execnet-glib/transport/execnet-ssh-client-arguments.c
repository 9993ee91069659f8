/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-client-arguments-private.h"

#include "data/execnet-xspec-private.h"
#include "transport/execnet-keepalive-private.h"

/* The host is given up when so many questions in a row have had no answer. */
#define KEEPALIVES "2"

static void
append_option (GStrvBuilder *arguments, const char *option)
{
  g_strv_builder_add (arguments, "-o");
  g_strv_builder_add (arguments, option);
}

/* A host that vanished without a word must be noticed; what the configuration says counts where the
 * specification says nothing. */
static void
append_keepalive (GStrvBuilder *arguments, ExecnetXSpec *spec, guint server_alive_interval)
{
  g_autofree char *interval = NULL;

  if (!execnet_xspec_has (spec, "keepalive") && server_alive_interval > 0)
    return;
  interval = g_strdup_printf ("ServerAliveInterval=%u", execnet_keepalive_get_seconds (spec));
  append_option (arguments, interval);
  append_option (arguments, "ServerAliveCountMax=" KEEPALIVES);
}

/* The first value of an option counts: what a gateway needs comes before what the user says. */
char **
execnet_ssh_client_make_arguments (ExecnetXSpec *spec,
                                   const ExecnetSshTarget *target,
                                   guint server_alive_interval,
                                   const char *command)
{
  g_autoptr (GStrvBuilder) arguments = g_strv_builder_new ();

  g_strv_builder_add (arguments, "ssh");
  g_strv_builder_add (arguments, "-T");
  append_option (arguments, "RemoteCommand=none");
  append_option (arguments, "ControlMaster=no");
  append_keepalive (arguments, spec, server_alive_interval);
  if (target->config_file != NULL)
    {
      g_strv_builder_add (arguments, "-F");
      g_strv_builder_add (arguments, target->config_file);
    }
  g_strv_builder_addv (arguments, (const char **) target->arguments);
  g_strv_builder_add (arguments, target->destination);
  g_strv_builder_add (arguments, command);
  return g_strv_builder_end (arguments);
}
