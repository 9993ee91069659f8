/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-stdio-private.h"
#include "transport/execnet-transport-private.h"

G_BEGIN_DECLS

/* A transport whose other end is, or is behind, a child process that speaks over its stdin and
 * stdout: what popen and the clients of ssh and vagrant have in common. Its stream is a
 * GSocketConnection or a GSimpleIOStream of a GUnixInputStream and a GUnixOutputStream, as the kind
 * of its stdio says.
 *
 * Whoever closes the stream says execnet_descriptors_remove for its descriptors before. When the
 * last reference is dropped while the process runs, it is killed, and reaped as long as the main
 * context is iterated. */

#define EXECNET_TYPE_PROCESS_TRANSPORT (execnet_process_transport_get_type ())
G_DECLARE_DERIVABLE_TYPE (ExecnetProcessTransport,
                          execnet_process_transport,
                          EXECNET,
                          PROCESS_TRANSPORT,
                          ExecnetTransport)

/* What to start. Fill it in before use with { 0 }. */
typedef struct
{
  char **argv;
  char **environment; /* NULL for that of this process */
  ExecnetStdioKind stdio;
} ExecnetProcessStart;

void execnet_process_start_clear (ExecnetProcessStart *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ExecnetProcessStart, execnet_process_start_clear)

struct _ExecnetProcessTransportClass
{
  ExecnetTransportClass parent_class;

  /* Says what to start. */
  gboolean (*prepare) (ExecnetProcessTransport *self, ExecnetProcessStart *start, GError **error);

  /* The error for a program that can't be started; `why` is a part of a sentence. */
  GError *(*new_spawn_error) (ExecnetProcessTransport *self, const char *program, const char *why);
};

/* Whether somebody wants what is printed on the other side. */
gboolean execnet_process_transport_is_captured (ExecnetProcessTransport *self);

/* The last of what the process wrote to its stderr; read it, too. */
char *execnet_process_transport_dup_last_output (ExecnetProcessTransport *self);

G_END_DECLS
