/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-process-transport-private.h"

G_BEGIN_DECLS

/* A machine of Vagrant, reached with `vagrant ssh`: where Vagrant does not say how ssh gets there
 * by itself. Nothing can be asked. */

#define EXECNET_TYPE_VAGRANT_TRANSPORT (execnet_vagrant_transport_get_type ())
G_DECLARE_FINAL_TYPE (ExecnetVagrantTransport,
                      execnet_vagrant_transport,
                      EXECNET,
                      VAGRANT_TRANSPORT,
                      ExecnetProcessTransport)

/* Worker thread. Takes `vagrant_ssh`, `ssh_config` and what concerns the interpreter of the spec.
 */
ExecnetTransport *execnet_vagrant_transport_new (ExecnetXSpec *spec, GError **error);

G_END_DECLS
