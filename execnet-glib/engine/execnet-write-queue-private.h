/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "data/execnet-item-private.h"
#include "data/execnet-message-private.h"
#include "engine/execnet-pending-private.h"
#include "engine/execnet-wait-private.h"

G_BEGIN_DECLS

/* What is to be written to one non-blocking descriptor, or to a stream without one. Any thread may
 * push: it writes at once when nothing waits before it and the descriptor takes it; the rest is for
 * the worker thread, and for a stream all is. Above the high-water mark well-behaved senders wait. */
typedef struct _ExecnetWriteQueue ExecnetWriteQueue;

/* Bytes of wire form that may be queued before senders wait. */
#define EXECNET_HIGH_WATER (1024 * 1024)

/* The largest header that a chunk can have. */
#define EXECNET_CHUNK_HEADER_MAX (EXECNET_MESSAGE_HEADER_SIZE + EXECNET_CONTENT_HEAD_SIZE)

ExecnetWriteQueue *execnet_write_queue_new (int fd, gboolean is_socket);
ExecnetWriteQueue *execnet_write_queue_new_for_stream (void);

/* Nobody else may use it any more. */
void execnet_write_queue_free (ExecnetWriteQueue *self);

typedef enum
{
  EXECNET_WRITE_DONE,    /* nothing is queued */
  EXECNET_WRITE_BLOCKED, /* nothing can be written now: the worker thread goes on */
  EXECNET_WRITE_BROKEN,  /* it will never take more */
} ExecnetWriteState;

/* Any thread. Pushes a header, a payload (nullable) and what comes behind it, and writes what goes. */
ExecnetWriteState execnet_write_queue_push (ExecnetWriteQueue *self,
                                            const guint8 *header,
                                            gsize header_size,
                                            GBytes *payload,
                                            const guint8 *tail,
                                            gsize tail_size);

/* Worker thread: writes what goes. */
ExecnetWriteState execnet_write_queue_flush (ExecnetWriteQueue *self);

/* Worker thread, for a stream: what is to be written next, up to `size` bytes copied to `room`, or a
 * long piece where it is: then `*owner` holds it. NULL when nothing is queued. */
const guint8 *execnet_write_queue_peek (ExecnetWriteQueue *self,
                                        guint8 *room,
                                        gsize size,
                                        GBytes **owner,
                                        gsize *length);

/* Worker thread, for a stream: so much of that was written. */
void execnet_write_queue_take (ExecnetWriteQueue *self, gsize n_written);

/* Any thread. Takes no more; what is queued is still written, and `is_empty` tells when. */
void execnet_write_queue_finish (ExecnetWriteQueue *self);

/* Any thread. Drops what is queued and never writes again; everybody who waits is woken. */
void execnet_write_queue_break (ExecnetWriteQueue *self);

gboolean execnet_write_queue_is_finished (ExecnetWriteQueue *self); /* and all is written */
gboolean execnet_write_queue_has_room (ExecnetWriteQueue *self);

/* Any thread, see execnet-connection-private.h. */
gboolean execnet_write_queue_wait_room (ExecnetWriteQueue *self,
                                        gint timeout_ms,
                                        GCancellable *cancellable,
                                        GError **error);
gboolean execnet_write_queue_wait_sent (ExecnetWriteQueue *self,
                                        gint timeout_ms,
                                        GCancellable *cancellable,
                                        gboolean *is_broken);
GMutex *execnet_write_queue_get_lock (ExecnetWriteQueue *self);
void execnet_write_queue_wait_room_async (ExecnetWriteQueue *self, ExecnetPending *pending);

G_END_DECLS
