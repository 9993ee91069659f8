/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-bridge-private.h"

#include "base/execnet-descriptors-private.h"
#include "engine/execnet-worker-thread-private.h"

#define PIECE_SIZE (64 * 1024)

/* One direction. */
typedef struct
{
  ExecnetBridge *bridge;
  GInputStream *input;
  GOutputStream *output; /* not owned, as the input: the streams are there as long as the bridge */
  gboolean is_over;
  guint8 buffer[PIECE_SIZE];
} Lane;

struct _ExecnetBridge
{
  guint n_refs; /* the owner's, and one for each call that is under way */
  GSocketConnection *near;
  GIOStream *far;
  GCancellable *cancellable;
  gboolean is_closed;
  Lane to_far;
  Lane to_near;
};

static void carry_more (Lane *lane);

static void
bridge_unref (ExecnetBridge *self)
{
  if (--self->n_refs > 0)
    return;
  g_object_unref (self->near);
  g_object_unref (self->far);
  g_object_unref (self->cancellable);
  g_free (self);
  execnet_worker_thread_release ();
}

static void
bridge_close (ExecnetBridge *self)
{
  GSocket *socket = g_socket_connection_get_socket (self->near);

  if (self->is_closed)
    return;
  self->is_closed = TRUE;
  g_cancellable_cancel (self->cancellable);
  execnet_descriptors_remove (g_socket_get_fd (socket));
  g_socket_close (socket, NULL);
}

static void
end_lane (Lane *lane)
{
  ExecnetBridge *self = lane->bridge;

  lane->is_over = TRUE;
  if (lane == &self->to_near)
    g_socket_shutdown (g_socket_connection_get_socket (self->near), FALSE, TRUE, NULL);
  else
    /* The far stream's takes no time. */
    g_output_stream_close (lane->output, NULL, NULL);
  if (self->to_far.is_over && self->to_near.is_over)
    bridge_close (self);
}

static void
on_written (GObject *output, GAsyncResult *result, gpointer data)
{
  Lane *lane = data;
  ExecnetBridge *self = lane->bridge;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (output), result, NULL, NULL))
    bridge_close (self);
  else if (!self->is_closed)
    carry_more (lane);
  bridge_unref (self);
}

static void
on_read (GObject *input, GAsyncResult *result, gpointer data)
{
  Lane *lane = data;
  ExecnetBridge *self = lane->bridge;
  gssize n_read = g_input_stream_read_finish (G_INPUT_STREAM (input), result, NULL);

  if (n_read < 0)
    bridge_close (self);
  else if (n_read == 0 && !self->is_closed)
    end_lane (lane);
  else if (!self->is_closed)
    {
      self->n_refs++;
      g_output_stream_write_all_async (lane->output,
                                       lane->buffer,
                                       n_read,
                                       G_PRIORITY_DEFAULT,
                                       self->cancellable,
                                       on_written,
                                       lane);
    }
  bridge_unref (self);
}

static void
carry_more (Lane *lane)
{
  lane->bridge->n_refs++;
  g_input_stream_read_async (lane->input,
                             lane->buffer,
                             sizeof lane->buffer,
                             G_PRIORITY_DEFAULT,
                             lane->bridge->cancellable,
                             on_read,
                             lane);
}

static void
lane_init (Lane *lane, ExecnetBridge *bridge, GIOStream *from, GIOStream *to)
{
  lane->bridge = bridge;
  lane->input = g_io_stream_get_input_stream (from);
  lane->output = g_io_stream_get_output_stream (to);
  lane->is_over = FALSE;
}

ExecnetBridge *
execnet_bridge_new (GSocketConnection *near, GIOStream *far)
{
  ExecnetBridge *self = g_new (ExecnetBridge, 1);

  execnet_worker_thread_acquire ();
  self->n_refs = 1;
  self->near = g_object_ref (near);
  self->far = g_object_ref (far);
  self->cancellable = g_cancellable_new ();
  self->is_closed = FALSE;
  lane_init (&self->to_far, self, G_IO_STREAM (near), far);
  lane_init (&self->to_near, self, far, G_IO_STREAM (near));
  execnet_descriptors_add (g_socket_get_fd (g_socket_connection_get_socket (near)));
  carry_more (&self->to_far);
  carry_more (&self->to_near);
  return self;
}

void
execnet_bridge_free (ExecnetBridge *self)
{
  bridge_close (self);
  bridge_unref (self);
}
