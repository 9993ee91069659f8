/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The lines that were printed on a gateway's other side, waiting for somebody who wants them. Who
 * prints never waits for that: what is held is bounded, and when it is too much, the oldest lines
 * are lost and counted. Any thread; it has a lock of its own. */
typedef struct _ExecnetOutput ExecnetOutput;

ExecnetOutput *execnet_output_new (void);
void execnet_output_free (ExecnetOutput *self);

/* Takes bytes of a stream as they come, and tells whether lines became ready. */
gboolean execnet_output_add (ExecnetOutput *self,
                             gboolean is_stderr,
                             const char *bytes,
                             gsize length);

/* Nothing more will come: what stands behind the last line ends is ready, too. */
void execnet_output_end (ExecnetOutput *self);

/* The oldest line, valid UTF-8 without its end; NULL when there is none. */
char *execnet_output_pop (ExecnetOutput *self, gboolean *is_stderr);

gboolean execnet_output_is_empty (ExecnetOutput *self);
guint64 execnet_output_get_n_lost (ExecnetOutput *self);

G_END_DECLS
