/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-xspec.h"
#include "transport/execnet-ssh-target-private.h"

G_BEGIN_DECLS

/* The words of an OpenSSH client's command line that runs the command on the target's host.
 * `server_alive_interval` is what the configuration says, in seconds; 0 where it says nothing, or is
 * not known. Any thread. */
char **execnet_ssh_client_make_arguments (ExecnetXSpec *spec,
                                          const ExecnetSshTarget *target,
                                          guint server_alive_interval,
                                          const char *command);

G_END_DECLS
