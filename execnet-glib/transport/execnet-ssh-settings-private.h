/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-ssh-options-private.h"

G_BEGIN_DECLS

/* What is set for a target, as texts under keys in lower case: what `ssh -G` prints, or what the
 * target itself says. Only the names are looked at here, not what the values mean. */
typedef struct
{
  GHashTable *values; /* of GPtrArray of char *, by char * */
} ExecnetSshSettings;

ExecnetSshSettings *execnet_ssh_settings_new_for_output (const char *output);
ExecnetSshSettings *execnet_ssh_settings_new_for_target (ExecnetSshTarget *target);
void execnet_ssh_settings_free (ExecnetSshSettings *self);

/* The first value, or NULL when it is not set or `none`. */
const char *execnet_ssh_settings_get (ExecnetSshSettings *self, const char *key);

/* All values of a key that may be given several times; NULL for none. */
GPtrArray *execnet_ssh_settings_get_all (ExecnetSshSettings *self, const char *key);

/* These fail with INVALID_SPEC where a value is none, and leave `value` as it is where the key is
 * not set. */
gboolean execnet_ssh_settings_get_bool (ExecnetSshSettings *self,
                                        const char *key,
                                        gboolean *value,
                                        GError **error);
gboolean execnet_ssh_settings_get_number (ExecnetSshSettings *self,
                                          const char *key,
                                          guint minimum,
                                          guint maximum,
                                          guint *value,
                                          GError **error);
/* In seconds; "2m" is 120. */
gboolean execnet_ssh_settings_get_time (ExecnetSshSettings *self,
                                        const char *key,
                                        guint *value,
                                        GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetSshSettings, execnet_ssh_settings_free)

G_END_DECLS
