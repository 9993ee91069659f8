/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-process-transport-private.h"

G_BEGIN_DECLS

/* An interpreter as a child process. Its stream is a GSocketConnection for a bare interpreter, and
 * one of pipes when `python=` has more than one word. */

#define EXECNET_TYPE_POPEN_TRANSPORT (execnet_popen_transport_get_type ())
G_DECLARE_FINAL_TYPE (ExecnetPopenTransport,
                      execnet_popen_transport,
                      EXECNET,
                      POPEN_TRANSPORT,
                      ExecnetProcessTransport)

/* Any thread. Takes `python` and `dont_write_bytecode` of the spec, which must be valid. */
ExecnetTransport *execnet_popen_transport_new (ExecnetXSpec *spec,
                                               const ExecnetTransportSettings *settings,
                                               GError **error);

G_END_DECLS
