/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-transport-private.h"

G_BEGIN_DECLS

/* A host behind ssh, or a machine of Vagrant: resolves the options, chooses who makes the
 * connection, and is from then on that transport. Those that it chooses from give stderr themselves
 * where output is wanted (EXECNET_OUTPUT_STDOUT_BY_MESSAGES). */

#define EXECNET_TYPE_SSH_CHOICE (execnet_ssh_choice_get_type ())
G_DECLARE_FINAL_TYPE (ExecnetSshChoice, execnet_ssh_choice, EXECNET, SSH_CHOICE, ExecnetTransport)

/* Any thread. Takes `ssh`, `vagrant_ssh`, `ssh_config`, `ssh_client`, `keepalive` and what concerns
 * the interpreter of the spec, which must be valid. */
ExecnetTransport *execnet_ssh_choice_new (ExecnetXSpec *spec,
                                          const ExecnetTransportSettings *settings,
                                          GError **error);

G_END_DECLS
