/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-ssh-options-private.h"

G_BEGIN_DECLS

/* Replaces the tokens that ssh_config(5) lists ("%h", "%%") by what is known of the host; the names
 * and the port must be there. NULL, with INVALID_SPEC, for a token that has no meaning here. */
char *execnet_ssh_expand_tokens (ExecnetSshOptions *options, const char *text, GError **error);

/* The same for a file: also a leading `~` and `${VARIABLE}`; the path is absolute then. */
char *execnet_ssh_expand_path (ExecnetSshOptions *options, const char *path, GError **error);

/* The login home of this user, as ssh sees it: of the user database, not of HOME. */
const char *execnet_ssh_get_home (void);

G_END_DECLS
