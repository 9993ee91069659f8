/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-ssh-target-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* Where Vagrant says that a machine is. */
typedef struct
{
  ExecnetSshTarget *target;
  char *config_file; /* made for the target, and removed with this */
} ExecnetVagrantPlace;

/* Asks `vagrant ssh-config`. `ssh_config` is one more configuration file, or NULL. Fails with
 * G_IO_ERROR_NOT_SUPPORTED, quoting Vagrant, where it has no answer that ssh can use.
 *
 * For one thread, which iterates its thread-default main context. */
void execnet_vagrant_find_async (const char *name,
                                 const char *ssh_config,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
ExecnetVagrantPlace *execnet_vagrant_find_finish (GAsyncResult *result, GError **error);

void execnet_vagrant_place_free (ExecnetVagrantPlace *self);

/* Any thread. Whether the text can be the name of a machine. */
gboolean execnet_vagrant_check_name (const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetVagrantPlace, execnet_vagrant_place_free)

G_END_DECLS
