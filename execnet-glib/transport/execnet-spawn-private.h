/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Any thread. Starts the program of `argv` (searched in PATH) as the leader of a new session, with
 * the environment (NULL for that of this process) and the folder of this process, the three
 * descriptors (all above 2) as its standard ones and no others, no signal blocked, and those that
 * end a program as they are by default. Whoever calls has to reap it. Errors are those of
 * g_spawn_async. */
gboolean execnet_spawn (const char *const *argv,
                        const char *const *environment,
                        int stdin_fd,
                        int stdout_fd,
                        int stderr_fd,
                        GPid *pid,
                        GError **error);

G_END_DECLS
