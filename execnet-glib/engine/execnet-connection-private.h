/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "data/execnet-message-private.h"
#include "engine/execnet-pending-private.h"
#include "engine/execnet-wait-private.h"

G_BEGIN_DECLS

/* One stream with messages both ways. Whoever sends writes at once when nothing waits before it, and
 * leaves the rest to the worker thread. The worker thread reads, but a thread that waits for an item
 * may take the role over and read for itself: that saves it a hand-over. Reference-counted, any
 * thread. */
typedef struct _ExecnetConnection ExecnetConnection;

/* Called without a lock by whoever has the role of the reader: the worker thread, or, once messages
 * come, a thread in execnet_connection_read. */
typedef struct
{
  /* The bytes before the first message: how many were taken (the messages begin behind them), 0 to
   * be called again with more, -1 on an error, which ends the connection. */
  gssize (*greeting) (const guint8 *bytes, gsize length, gpointer user_data, GError **error);
  /* FALSE with an error ends the connection. */
  gboolean (*message) (const ExecnetMessageHeader *header,
                       GBytes *payload,
                       gpointer user_data,
                       GError **error);
  /* Worker thread, once: nothing more will be read. `error` is NULL at a plain end of input. */
  void (*ended) (const GError *error, gpointer user_data);
  /* Worker thread, once, after execnet_connection_close had to leave something for later. */
  void (*closed) (gpointer user_data);
} ExecnetConnectionFuncs;

/* Worker thread. Reading begins at once. A stream of plain descriptors is read and written by
 * whoever needs it, any other one by the worker thread alone. */
ExecnetConnection *execnet_connection_new (GIOStream *stream,
                                           const ExecnetConnectionFuncs *funcs,
                                           gpointer user_data,
                                           GError **error);
ExecnetConnection *execnet_connection_ref (ExecnetConnection *self);
void execnet_connection_unref (ExecnetConnection *self);

/* Worker thread. Nothing is read or written any more, and nothing but `closed` is called back: that
 * only where FALSE is returned, as a stream has to be closed first. */
gboolean execnet_connection_close (ExecnetConnection *self);

/* Worker thread: reads what is there now, for 100 ms at most. FALSE where that can't be done at once:
 * then it goes on by itself. */
gboolean execnet_connection_read_rest (ExecnetConnection *self);

/* Any thread. TRUE when it is the reader now: it must end that soon, and run no code of the
 * application meanwhile. FALSE when somebody else is, or nothing more will be read. Never waits. */
gboolean execnet_connection_begin_reading (ExecnetConnection *self);

/* The reader. Waits until something has arrived and handles it: TRUE; FALSE when the monotonic time
 * `deadline` (-1: never) has come, or it was interrupted, or nothing more can be read. */
gboolean execnet_connection_read (ExecnetConnection *self, gint64 deadline);

/* The reader. The worker thread reads again: at once; or, with `for_now`, when nobody has come back
 * to read for some milliseconds. That spares a thread that soon waits again two system calls, and is
 * right only while nobody else waits for anything from the connection. */
void execnet_connection_end_reading (ExecnetConnection *self, gboolean for_now);

/* Any thread: somebody begins to wait for something from the connection, and will not read. */
void execnet_connection_serve (ExecnetConnection *self);

/* Any thread. The reader's wait, now or next, ends. */
void execnet_connection_interrupt (ExecnetConnection *self);

/* Any thread. Queues, and never waits. FALSE when nothing can be sent any more. */
gboolean execnet_connection_send (ExecnetConnection *self,
                                  ExecnetMessageCode code,
                                  gint32 channel,
                                  GBytes *payload);

/* Any thread: as above, an item of which only the content is given (execnet_item_get_content). */
gboolean
execnet_connection_send_content (ExecnetConnection *self, gint32 channel, GBytes *content);

/* Any thread: as above, for the bytes before the first message. */
gboolean execnet_connection_send_raw (ExecnetConnection *self, GBytes *bytes);

/* Any thread: ends the direction to the other side once all that is queued is written. */
void execnet_connection_close_write (ExecnetConnection *self);

/* Any thread. Waits until less than the high-water mark is queued: TRUE; FALSE when the wait ended
 * without it. A connection that can send no more has room. */
gboolean execnet_connection_wait_room (ExecnetConnection *self,
                                       gint timeout_ms,
                                       GCancellable *cancellable,
                                       GError **error);
gboolean execnet_connection_has_room (ExecnetConnection *self);

/* The caller's thread: `pending` was made with the connection's lock, and completes (without a
 * result) when there is room; with an error when nothing can be sent any more. */
GMutex *execnet_connection_get_lock (ExecnetConnection *self);
void execnet_connection_wait_room_async (ExecnetConnection *self, ExecnetPending *pending);

/* Any thread. Waits until the operating system has taken all that was queued before: TRUE; FALSE
 * when the time was up, the wait was cancelled, or the connection can send no more: then
 * `*is_broken`. */
gboolean execnet_connection_wait_sent (ExecnetConnection *self,
                                       gint timeout_ms,
                                       GCancellable *cancellable,
                                       gboolean *is_broken);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetConnection, execnet_connection_unref)

G_END_DECLS
