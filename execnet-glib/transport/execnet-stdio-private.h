/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What becomes a child's stdin, stdout and stderr, and our ends of it. All descriptors are closed
 * on exec, and none is 0, 1 or 2, even where the program runs without those. */
typedef struct
{
  int our_input;
  int our_output; /* the same as our_input for a socket */
  int our_errors;
  int our_prints; /* only where stdout is not a part of the connection */
  int child_stdin;
  int child_stdout;
  int child_stderr;
} ExecnetStdio;

typedef enum
{
  EXECNET_STDIO_SOCKET, /* one socket pair: the quickest */
  EXECNET_STDIO_PIPES,  /* two pipes: shells and other wrappers treat sockets in odd ways */
  EXECNET_STDIO_SOCKET_AND_PRINTS, /* a socket pair that is stdin alone, and a pipe from stdout */
} ExecnetStdioKind;

/* Our ends don't block, and the child's do. Fill `self` in before use with EXECNET_STDIO_INIT. */
#define EXECNET_STDIO_INIT                                                                         \
  {                                                                                                \
    -1, -1, -1, -1, -1, -1, -1                                                                     \
  }
gboolean execnet_stdio_open (ExecnetStdio *self, ExecnetStdioKind kind, GError **error);

/* Gives our ends but the errors away: a GSocketConnection, or a GSimpleIOStream of a
 * GUnixInputStream and a GUnixOutputStream. */
GIOStream *execnet_stdio_take_stream (ExecnetStdio *self, GError **error);

/* Gives our end of stderr away. */
int execnet_stdio_take_errors (ExecnetStdio *self);

/* Gives our end of stdout away, where there is one. */
int execnet_stdio_take_prints (ExecnetStdio *self);

/* Closes what is left. */
void execnet_stdio_clear (ExecnetStdio *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ExecnetStdio, execnet_stdio_clear)

G_END_DECLS
