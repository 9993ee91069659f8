/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-ssh-channel-private.h"

G_BEGIN_DECLS

/* A channel as a GIOStream, which is read and written asynchronously, in the session's thread,
 * without threads. Closing the output ends the direction to the host; closing the whole closes the
 * channel, at any time: what is under way fails then. */
#define EXECNET_TYPE_SSH_STREAM (execnet_ssh_stream_get_type ())
G_DECLARE_FINAL_TYPE (ExecnetSshStream, execnet_ssh_stream, EXECNET, SSH_STREAM, GIOStream)

GIOStream *execnet_ssh_stream_new (ExecnetSshChannel *channel);

G_END_DECLS
