/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "engine/execnet-message-reader-private.h"
#include "engine/execnet-write-queue-private.h"

G_BEGIN_DECLS

/* Reads and writes a stream that has no descriptors to do that with directly: TLS, ssh, a stream of
 * another gateway or of the application. The worker thread does it all, with asynchronous calls, one
 * of each kind at a time. */
typedef struct _ExecnetStreamPump ExecnetStreamPump;

/* Worker thread. */
typedef struct
{
  /* Once: nothing more will be read. Takes `error` over, which is NULL at a plain end of input. */
  void (*ended) (GError *error, gpointer user_data);
  /* Once, after execnet_stream_pump_close: the stream is closed, or does not want to be. */
  void (*closed) (gpointer user_data);
  /* At last: the reader and the queue are not used any more. */
  GDestroyNotify notify;
} ExecnetStreamPumpFuncs;

/* Worker thread. Reading begins at once. The reader and the queue (one for a stream) stay the
 * caller's. */
ExecnetStreamPump *execnet_stream_pump_new (GIOStream *stream,
                                            ExecnetMessageReader *reader,
                                            ExecnetWriteQueue *queue,
                                            const ExecnetStreamPumpFuncs *funcs,
                                            gpointer user_data);
ExecnetStreamPump *execnet_stream_pump_ref (ExecnetStreamPump *self);
void execnet_stream_pump_unref (ExecnetStreamPump *self);

/* Any thread, until it is closed: there is something to write, or the queue was finished. */
void execnet_stream_pump_wake (ExecnetStreamPump *self);

/* Worker thread. What is under way is cancelled, and the stream is closed. */
void execnet_stream_pump_close (ExecnetStreamPump *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetStreamPump, execnet_stream_pump_unref)

G_END_DECLS
