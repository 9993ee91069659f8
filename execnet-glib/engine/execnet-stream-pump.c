/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-stream-pump-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "engine/execnet-worker-thread-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Small messages are collected, so that each write is worth its cost; longer ones than this go from
 * where they are. */
#define ROOM_SIZE (16 * 1024)

/* How long a stream may take to be closed: nobody waits longer for a peer that has vanished. */
#define CLOSE_MS 1000

struct _ExecnetStreamPump
{
  gatomicrefcount refs;
  int is_woken; /* atomic: the worker thread will look at the queue */

  /* Worker thread alone. */
  GIOStream *stream;
  ExecnetMessageReader *reader;
  ExecnetWriteQueue *queue;
  const ExecnetStreamPumpFuncs *funcs;
  gpointer user_data;
  GCancellable *cancellable;       /* of reading and writing */
  GCancellable *close_cancellable;
  GSource *close_timer;
  gboolean is_reading;
  gboolean is_writing;      /* or flushing, or closing the direction */
  gboolean wants_flush;     /* something was written since the last one */
  gboolean has_closed_output;
  gboolean is_closing;
  gboolean has_begun_close;
  gboolean has_told_closed;
  GBytes *owner; /* of what is being written, when it is not the room */
  guint8 room[ROOM_SIZE];
};

static void read_more (ExecnetStreamPump *self);
static void write_more (ExecnetStreamPump *self);

/* The end. */

static void
tell_closed (ExecnetStreamPump *self)
{
  if (self->has_told_closed)
    return;
  self->has_told_closed = TRUE;
  self->funcs->closed (self->user_data);
}

static void
on_stream_closed (GObject *stream, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetStreamPump) self = data;
  g_autoptr (GError) error = NULL;

  if (!g_io_stream_close_finish (G_IO_STREAM (stream), result, &error))
    execnet_trace ("closing a %s: %s", G_OBJECT_TYPE_NAME (stream), error->message);
  if (self->close_timer != NULL)
    g_source_destroy (self->close_timer);
  /* In this order: who is told that nothing is left may want to see the thread end. */
  execnet_worker_thread_release ();
  tell_closed (self);
}

/* A stream can't be closed while it is read or written. */
static void
close_when_idle (ExecnetStreamPump *self)
{
  if (!self->is_closing || self->is_reading || self->is_writing || self->has_begun_close)
    return;
  self->has_begun_close = TRUE;
  g_io_stream_close_async (self->stream,
                           G_PRIORITY_DEFAULT,
                           self->close_cancellable,
                           on_stream_closed,
                           execnet_stream_pump_ref (self));
}

static gboolean
on_close_overdue (gpointer data)
{
  ExecnetStreamPump *self = data;

  execnet_trace ("closing a %s takes too long", G_OBJECT_TYPE_NAME (self->stream));
  g_cancellable_cancel (self->close_cancellable);
  tell_closed (self);
  return G_SOURCE_REMOVE;
}

void
execnet_stream_pump_close (ExecnetStreamPump *self)
{
  if (self->is_closing)
    return;
  self->is_closing = TRUE;
  /* Also when the gateway is gone by then. */
  execnet_worker_thread_acquire ();
  self->close_timer = g_timeout_source_new (CLOSE_MS);
  g_source_set_callback (self->close_timer, on_close_overdue, self, NULL);
  g_source_attach (self->close_timer, execnet_worker_thread_get_context ());
  g_cancellable_cancel (self->cancellable);
  close_when_idle (self);
}

/* Reading. */

/* What a stream says when its other end is gone is an end of input. A process that was killed has no
 * time for TLS's farewell, and messages have their lengths, so that nobody can pass a part off as the
 * whole. */
static gboolean
is_end (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED)
         || g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_EOF);
}

/* Takes the stream's error over. */
static GError *
explain (GError *reason)
{
  GError *error;

  if (reason->domain == EXECNET_ERROR)
    return reason;
  error = g_error_new (EXECNET_ERROR,
                       EXECNET_ERROR_FAILED,
                       _ ("Reading from the other side failed: %s."),
                       reason->message);
  g_error_free (reason);
  return error;
}

static void
take_input (ExecnetStreamPump *self, gsize n_read)
{
  GError *error = NULL;

  switch (execnet_message_reader_take (self->reader, n_read, &error))
    {
    case EXECNET_READ_MORE:
    case EXECNET_READ_BLOCKED:
    case EXECNET_READ_NOTHING:
      read_more (self);
      return;
    case EXECNET_READ_END:
    case EXECNET_READ_ERROR:
      self->funcs->ended (error, self->user_data);
      return;
    }
  g_assert_not_reached ();
}

static void
on_read (GObject *input, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetStreamPump) self = data;
  GError *error = NULL;
  gssize n_read = g_input_stream_read_finish (G_INPUT_STREAM (input), result, &error);

  self->is_reading = FALSE;
  if (self->is_closing)
    {
      g_clear_error (&error);
      close_when_idle (self);
      return;
    }
  if (n_read < 0 && is_end (error))
    {
      g_clear_error (&error);
      n_read = 0;
    }
  if (n_read < 0)
    self->funcs->ended (explain (error), self->user_data);
  else
    take_input (self, n_read);
}

static void
read_more (ExecnetStreamPump *self)
{
  GError *error = NULL;
  guint8 *space;
  gsize size;

  if (self->is_closing)
    return;
  size = execnet_message_reader_get_space (self->reader, &space, &error);
  if (size == 0)
    {
      self->funcs->ended (error, self->user_data);
      return;
    }
  self->is_reading = TRUE;
  g_input_stream_read_async (g_io_stream_get_input_stream (self->stream),
                             space,
                             size,
                             G_PRIORITY_DEFAULT,
                             self->cancellable,
                             on_read,
                             execnet_stream_pump_ref (self));
}

/* Writing. */

/* After each asynchronous call. Nothing will be read by the other side when one failed: the end of
 * input will say why. */
static void
go_on_writing (ExecnetStreamPump *self, GError *error)
{
  self->is_writing = FALSE;
  g_clear_pointer (&self->owner, g_bytes_unref);
  if (error != NULL && !self->is_closing)
    {
      execnet_trace ("writing to a %s: %s", G_OBJECT_TYPE_NAME (self->stream), error->message);
      execnet_write_queue_break (self->queue);
    }
  else if (!self->is_closing)
    write_more (self);
  close_when_idle (self);
}

static void
on_written (GObject *output, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetStreamPump) self = data;
  g_autoptr (GError) error = NULL;
  gssize n_written = g_output_stream_write_finish (G_OUTPUT_STREAM (output), result, &error);

  if (n_written > 0 && !self->is_closing)
    execnet_write_queue_take (self->queue, n_written);
  go_on_writing (self, error);
}

static void
on_flushed (GObject *output, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetStreamPump) self = data;
  g_autoptr (GError) error = NULL;

  g_output_stream_flush_finish (G_OUTPUT_STREAM (output), result, &error);
  go_on_writing (self, error);
}

static void
on_output_closed (GObject *output, GAsyncResult *result, gpointer data)
{
  g_autoptr (ExecnetStreamPump) self = data;
  g_autoptr (GError) error = NULL;

  g_output_stream_close_finish (G_OUTPUT_STREAM (output), result, &error);
  go_on_writing (self, error);
}

/* Nothing is queued: what a stream keeps to itself goes out, and at last the direction is ended. */
static void
settle_output (ExecnetStreamPump *self, GOutputStream *output)
{
  gboolean wants_flush = self->wants_flush && G_OUTPUT_STREAM_GET_CLASS (output)->flush != NULL;

  self->wants_flush = FALSE;
  if (wants_flush)
    {
      self->is_writing = TRUE;
      g_output_stream_flush_async (output,
                                   G_PRIORITY_DEFAULT,
                                   self->cancellable,
                                   on_flushed,
                                   execnet_stream_pump_ref (self));
    }
  else if (execnet_write_queue_is_finished (self->queue) && !self->has_closed_output)
    {
      self->is_writing = TRUE;
      self->has_closed_output = TRUE;
      g_output_stream_close_async (output,
                                   G_PRIORITY_DEFAULT,
                                   self->cancellable,
                                   on_output_closed,
                                   execnet_stream_pump_ref (self));
    }
}

static void
write_more (ExecnetStreamPump *self)
{
  GOutputStream *output = g_io_stream_get_output_stream (self->stream);
  const guint8 *bytes;
  gsize length;

  if (self->is_writing || self->is_closing || self->has_closed_output)
    return;
  bytes = execnet_write_queue_peek (self->queue, self->room, sizeof self->room, &self->owner, &length);
  if (bytes == NULL)
    {
      settle_output (self, output);
      return;
    }
  self->is_writing = TRUE;
  self->wants_flush = TRUE;
  g_output_stream_write_async (output,
                               bytes,
                               length,
                               G_PRIORITY_DEFAULT,
                               self->cancellable,
                               on_written,
                               execnet_stream_pump_ref (self));
}

static gboolean
on_woken (gpointer data)
{
  g_autoptr (ExecnetStreamPump) self = data;

  g_atomic_int_set (&self->is_woken, FALSE);
  write_more (self);
  return G_SOURCE_REMOVE;
}

void
execnet_stream_pump_wake (ExecnetStreamPump *self)
{
  if (g_atomic_int_compare_and_exchange (&self->is_woken, FALSE, TRUE))
    execnet_worker_thread_invoke (on_woken, execnet_stream_pump_ref (self));
}

/* The object. */

ExecnetStreamPump *
execnet_stream_pump_new (GIOStream *stream,
                         ExecnetMessageReader *reader,
                         ExecnetWriteQueue *queue,
                         const ExecnetStreamPumpFuncs *funcs,
                         gpointer user_data)
{
  /* Not zeroed: the room is large, and its pages are touched when they are used. */
  ExecnetStreamPump *self = g_new (ExecnetStreamPump, 1);

  memset (self, 0, G_STRUCT_OFFSET (ExecnetStreamPump, room));
  g_atomic_ref_count_init (&self->refs);
  self->stream = g_object_ref (stream);
  self->reader = reader;
  self->queue = queue;
  self->funcs = funcs;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  self->close_cancellable = g_cancellable_new ();
  read_more (self);
  return self;
}

ExecnetStreamPump *
execnet_stream_pump_ref (ExecnetStreamPump *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
execnet_stream_pump_unref (ExecnetStreamPump *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->close_timer, g_source_unref);
  g_clear_pointer (&self->owner, g_bytes_unref);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->close_cancellable);
  g_clear_object (&self->stream);
  self->funcs->notify (self->user_data);
  g_free (self);
}
