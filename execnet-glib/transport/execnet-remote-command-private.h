/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-transport-private.h"

G_BEGIN_DECLS

/* The command line that starts the spec's interpreter when the login shell of another machine runs
 * it, whichever shell that is. `python=` may have arguments and quotes; each of its words reaches
 * the interpreter as it is, but that a leading `~` is the home there. No other key of the spec is a
 * part of it. Without `python=`, python3 and then python of PATH. Fails with INVALID_SPEC.
 *
 * Any thread. The spec must be valid. */
char *execnet_remote_command_new (ExecnetXSpec *spec, GError **error);

/* NO_INTERPRETER, saying what was tried, if the command that ended so could start none; NULL
 * otherwise. `host` is for the message. */
GError *execnet_remote_command_explain_end (ExecnetXSpec *spec,
                                            const char *host,
                                            const ExecnetTransportEnd *end);

G_END_DECLS
