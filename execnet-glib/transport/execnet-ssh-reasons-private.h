/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-ssh-settings-private.h"

G_BEGIN_DECLS

/* Adds, as "Key=Value", each setting that only the OpenSSH client can serve. */
void execnet_ssh_add_reasons (ExecnetSshSettings *settings, GPtrArray *reasons);

G_END_DECLS
