/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-transport-private.h"

G_BEGIN_DECLS

/* A stream that the application brings along: at its other end an interpreter waits for its
 * source. */

#define EXECNET_TYPE_STREAM_TRANSPORT (execnet_stream_transport_get_type ())
G_DECLARE_FINAL_TYPE (
    ExecnetStreamTransport, execnet_stream_transport, EXECNET, STREAM_TRANSPORT, ExecnetTransport)

/* Any thread. */
ExecnetTransport *execnet_stream_transport_new (GIOStream *stream);

G_END_DECLS
