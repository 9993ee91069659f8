/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a gateway's connection comes up and ends. Everything but the entry points at the end runs on
 * the worker thread. */

#include "config.h"

#include "engine/execnet-gateway-life-private.h"

#include "base/execnet-trace-private.h"
#include "engine/execnet-bootstrap-private.h"
#include "engine/execnet-channel-core-private.h"
#include "engine/execnet-fork-private.h"
#include "engine/execnet-live-gateways-private.h"
#include "engine/execnet-worker-thread-private.h"

/* After the end of input, how long the exit status is awaited before the other side is killed. */
#define STATUS_GRACE_MS 500

/* After the exit, how long the end of input is awaited where it comes in its own time. */
#define REST_MS 100

/* How long more of a wrong answer is awaited, so that the error can quote it. */
#define STRAY_OUTPUT_MS 100

/* Of a transport's data: the gateway that leads to its other end. */
#define VIA_KEY "execnet-via"

/* What is kept of a wrong answer. */
#define MAX_STRAY_OUTPUT 512

static void finish (ExecnetGatewayCore *self, GError *error);

static void
set_timer (ExecnetGatewayCore *self, guint interval_ms, GSourceFunc func)
{
  ExecnetGatewayLife *life = self->life;

  if (life->timer != NULL)
    return;
  life->timer = g_timeout_source_new (interval_ms);
  g_source_set_callback (life->timer, func, self, NULL);
  g_source_attach (life->timer, execnet_worker_thread_get_context ());
}

static void
clear_timer (ExecnetGatewayLife *life)
{
  if (life->timer != NULL)
    g_source_destroy (life->timer);
  g_clear_pointer (&life->timer, g_source_unref);
}

/* The end. */

/* Nothing is left: whoever joins may go on. */
static void
leave (ExecnetGatewayCore *self)
{
  ExecnetGatewayLife *life;

  g_mutex_lock (&self->lock);
  self->is_live = FALSE;
  life = g_steal_pointer (&self->life);
  g_mutex_unlock (&self->lock);

  clear_timer (life);
  g_clear_object (&life->transport);
  g_clear_object (&life->cancellable);
  g_clear_pointer (&life->options, g_variant_unref);
  g_clear_pointer (&life->stray_output, g_byte_array_unref);
  g_clear_error (&life->input_error);
  g_clear_error (&life->overdue);
  g_clear_error (&life->refusal);
  g_clear_error (&life->explanation);
  g_free (life);

  execnet_live_gateways_remove (self);
  execnet_worker_thread_release ();

  g_mutex_lock (&self->lock);
  self->is_gone = TRUE;
  execnet_condition_announce (&self->changed);
  execnet_pending_complete_all (&self->end_waiters, NULL);
  execnet_gateway_core_tell_watcher (self);
  g_mutex_unlock (&self->lock);
  execnet_gateway_core_unref (self);
}

static void
leave_when_done (ExecnetGatewayCore *self)
{
  ExecnetGatewayLife *life = self->life;

  if (life->is_over && !life->is_closing && !life->is_waiting_for_exit)
    leave (self);
}

static void
end_channels (ExecnetGatewayCore *self)
{
  g_autoptr (GHashTable) channels = execnet_gateway_core_steal_channels (self);
  GHashTableIter iter;
  gpointer id;
  ExecnetChannelCore *channel;

  g_hash_table_iter_init (&iter, channels);
  while (g_hash_table_iter_next (&iter, &id, (gpointer *) &channel))
    {
      execnet_channel_core_end (channel, EXECNET_CHANNEL_CLOSED, NULL, self->error);
      /* The item that names it may still be waiting. */
      if ((channel->is_unclaimed || channel->is_named) && !self->is_detached)
        g_hash_table_insert (self->channels, id, execnet_channel_core_ref (channel));
    }
}

/* Everything pending fails at once with one error. `error` is taken over, and NULL when only the
 * transport's end tells the reason. */
static void
finish (ExecnetGatewayCore *self, GError *error)
{
  ExecnetGatewayLife *life = self->life;

  if (life->is_over)
    {
      g_clear_error (&error);
      return;
    }
  life->is_over = TRUE;
  clear_timer (life);
  g_clear_pointer (&life->timeout, execnet_start_timeout_free);

  g_mutex_lock (&self->lock);
  execnet_gateway_life_take_end (self);
  execnet_gateway_core_end_output (self);
  self->error = execnet_gateway_life_choose_error (self, error);
  self->state = EXECNET_GATEWAY_CLOSED;
  execnet_trace ("%s: closed: %s", self->id, self->error != NULL ? self->error->message : "as asked");
  end_channels (self);
  execnet_condition_announce (&self->changed);
  execnet_pending_complete_all (&self->ready_waiters, NULL);
  execnet_gateway_core_tell (self);
  g_mutex_unlock (&self->lock);

  g_cancellable_cancel (life->cancellable);
  /* The other side's end may be known before the call to kill it returns: what is here stays until
   * then. */
  life->is_closing = TRUE;
  if (life->is_waiting_for_exit)
    execnet_transport_kill (life->transport);
  life->is_closing = self->connection != NULL && !execnet_connection_close (self->connection);
  leave_when_done (self);
}

static gboolean
on_overdue (gpointer data)
{
  ExecnetGatewayCore *self = data;

  finish (self, NULL);
  return G_SOURCE_REMOVE;
}

static void
on_exited (GObject *transport, GAsyncResult *result, gpointer data)
{
  ExecnetGatewayCore *self = data;
  ExecnetGatewayLife *life = self->life;

  execnet_transport_wait_end_finish (EXECNET_TRANSPORT (transport), result, NULL);
  life->has_exited = TRUE;
  life->is_waiting_for_exit = FALSE;
  if (life->is_over)
    {
      leave_when_done (self);
      return;
    }
  /* All that it wrote is there; a grandchild may hold the connection open for ever. */
  if (!life->input_ended && self->connection != NULL
      && !execnet_connection_read_rest (self->connection))
    {
      life->is_waiting_for_rest = TRUE;
      clear_timer (life);
      set_timer (self, REST_MS, on_overdue);
    }
  else if (!life->is_over)
    finish (self, NULL);
}

/* Input. */

static void
on_input_ended (const GError *error, gpointer data)
{
  ExecnetGatewayCore *self = data;
  ExecnetGatewayLife *life = self->life;

  life->input_ended = TRUE;
  if (error != NULL)
    life->input_error = g_error_copy (error);
  /* Who reads the rest of a process that has exited goes on by himself. */
  if (life->has_exited && !life->is_waiting_for_rest)
    return;
  if (!life->is_waiting_for_exit || life->refusal != NULL
      || execnet_gateway_life_has_broken_rules (life))
    {
      finish (self, NULL);
      return;
    }
  clear_timer (life);
  set_timer (self, STATUS_GRACE_MS, on_overdue);
}

static gboolean
on_stray_output_complete (gpointer data)
{
  finish (data, NULL);
  return G_SOURCE_REMOVE;
}

static void
keep_stray_output (ExecnetGatewayCore *self, const guint8 *bytes, gsize length)
{
  GByteArray *kept = self->life->stray_output;

  g_byte_array_set_size (kept, 0);
  g_byte_array_append (kept, bytes, MIN (length, MAX_STRAY_OUTPUT));
}

static gssize
on_greeting (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
  ExecnetGatewayCore *self = data;

  switch (execnet_bootstrap_read_greeting (bytes, length, &self->life->refusal))
    {
    case EXECNET_GREETING_UP:
      g_byte_array_set_size (self->life->stray_output, 0);
      return 1;
    case EXECNET_GREETING_FAILED:
      g_byte_array_set_size (self->life->stray_output, 0);
      g_propagate_error (error, g_error_copy (self->life->refusal));
      return -1;
    case EXECNET_GREETING_UNKNOWN:
      set_timer (self, STRAY_OUTPUT_MS, on_stray_output_complete);
      keep_stray_output (self, bytes, length);
      return 0;
    case EXECNET_GREETING_MORE:
      keep_stray_output (self, bytes, length);
      return 0;
    }
  g_assert_not_reached ();
}

static gboolean
come_up (ExecnetGatewayCore *self, GBytes *payload, GError **error)
{
  g_autoptr (GVariant) information = execnet_bootstrap_read_hello (payload, error);

  if (information == NULL)
    return FALSE;
  g_mutex_lock (&self->lock);
  /* Else it was told to exit just before, and is being abandoned. */
  if (!self->exit_asked)
    {
      execnet_trace ("%s: is up", self->id);
      g_clear_pointer (&self->life->timeout, execnet_start_timeout_free);
      self->information = g_steal_pointer (&information);
      self->state = EXECNET_GATEWAY_RUNNING;
      g_atomic_int_set (&self->has_come_up, TRUE);
      execnet_condition_announce (&self->changed);
      execnet_pending_complete_all (&self->ready_waiters, NULL);
      execnet_gateway_core_tell (self);
    }
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
on_message (const ExecnetMessageHeader *header, GBytes *payload, gpointer data, GError **error)
{
  ExecnetGatewayCore *self = data;

  if (!g_atomic_int_get (&self->has_come_up))
    return come_up (self, payload, error);
  return execnet_gateway_core_take_message (self, header, payload, error);
}

static void
on_connection_closed (gpointer data)
{
  ExecnetGatewayCore *self = data;

  self->life->is_closing = FALSE;
  leave_when_done (self);
}

static const ExecnetConnectionFuncs connection_funcs
    = { on_greeting, on_message, on_input_ended, on_connection_closed };

/* The beginning. */

/* Also for a stream that is not wanted any more: it has to be closed. */
static gboolean
connect_to (ExecnetGatewayCore *self, GIOStream *stream, GError **error)
{
  ExecnetConnection *connection
      = execnet_connection_new (stream, &connection_funcs, self, error);

  g_mutex_lock (&self->lock);
  self->connection = connection;
  g_mutex_unlock (&self->lock);
  return connection != NULL;
}

static gboolean
talk (ExecnetGatewayCore *self, GError **error)
{
  g_autoptr (GBytes) line = execnet_bootstrap_make_line (self->life->options, error);

  if (line != NULL)
    execnet_connection_send_raw (self->connection, line);
  return line != NULL;
}

static void
on_open (GObject *transport, GAsyncResult *result, gpointer data)
{
  ExecnetGatewayCore *self = data;
  GError *error = NULL;
  g_autoptr (GIOStream) stream
      = execnet_transport_open_finish (EXECNET_TRANSPORT (transport), result, &error);
  gboolean exit_asked;

  if (self->life->overdue != NULL)
    {
      g_clear_error (&error);
      error = g_steal_pointer (&self->life->overdue);
    }
  if (stream == NULL)
    {
      finish (self, error);
      return;
    }
  self->life->has_opened = TRUE;
  self->life->is_waiting_for_exit = execnet_transport_has_process (self->life->transport);
  if (self->life->is_waiting_for_exit)
    execnet_transport_wait_end_async (self->life->transport, NULL, on_exited, self);
  g_mutex_lock (&self->lock);
  exit_asked = self->exit_asked;
  g_mutex_unlock (&self->lock);
  if (error != NULL)
    connect_to (self, stream, NULL);
  else if (connect_to (self, stream, &error) && !exit_asked)
    talk (self, &error);
  if (exit_asked || error != NULL)
    finish (self, error);
}

/* It will not come up. Takes the error over. */
static void
give_up (ExecnetGatewayCore *self, GError *error)
{
  ExecnetGatewayLife *life = self->life;

  if (life->has_opened)
    {
      finish (self, error);
      return;
    }
  /* Who gave up first has the reason. */
  if (life->overdue == NULL)
    life->overdue = error;
  else
    g_error_free (error);
  g_cancellable_cancel (life->cancellable);
}

/* It took too long. */
static void
on_start_overdue (gpointer data)
{
  ExecnetGatewayCore *self = data;

  give_up (self, execnet_start_timeout_new_error (self->life->timeout, self->id));
}

static gboolean
begin (gpointer data)
{
  ExecnetGatewayCore *self = data;

  if (self->life->timeout_seconds > 0)
    self->life->timeout = execnet_start_timeout_new (
        self->life->transport, self->life->timeout_seconds, on_start_overdue, self);
  execnet_transport_open_async (self->life->transport, self->life->cancellable, on_open, self);
  return G_SOURCE_REMOVE;
}

/* Any thread. */

void
execnet_gateway_core_lead (ExecnetGatewayCore *via, ExecnetTransport *transport)
{
  g_object_set_data_full (
      G_OBJECT (transport), VIA_KEY, execnet_gateway_core_ref (via), execnet_gateway_core_unref);
}

void
execnet_gateway_core_start (ExecnetGatewayCore *self,
                            ExecnetTransport *transport,
                            GVariant *options,
                            guint timeout_seconds)
{
  ExecnetGatewayLife *life = g_new0 (ExecnetGatewayLife, 1);

  self->via = g_object_steal_data (G_OBJECT (transport), VIA_KEY);
  life->transport = g_object_ref (transport);
  execnet_gateway_core_set_asker (self, transport);
  life->cancellable = g_cancellable_new ();
  life->options = g_variant_ref_sink (options);
  life->timeout_seconds = timeout_seconds;
  life->stray_output = g_byte_array_new ();

  execnet_fork_init ();
  execnet_live_gateways_add (self);
  execnet_worker_thread_acquire ();
  execnet_gateway_core_ref (self);
  g_mutex_lock (&self->lock);
  self->life = life;
  self->is_live = TRUE;
  execnet_worker_thread_invoke (begin, self);
  g_mutex_unlock (&self->lock);
}

/* Worker thread. */
static gboolean
abandon (gpointer data)
{
  ExecnetGatewayCore *self = data;

  /* A transport that is still opening calls back, and finds that it is not wanted. */
  if (self->life != NULL && self->state == EXECNET_GATEWAY_STARTING)
    {
      g_cancellable_cancel (self->life->cancellable);
      if (self->life->has_opened)
        finish (self, NULL);
    }
  execnet_gateway_core_unref (self);
  return G_SOURCE_REMOVE;
}

typedef struct
{
  ExecnetGatewayCore *core;
  GError *error;
} GivenUp;

/* Worker thread. */
static gboolean
give_up_now (gpointer data)
{
  GivenUp *given_up = data;
  ExecnetGatewayCore *self = given_up->core;

  if (self->life != NULL && self->state == EXECNET_GATEWAY_STARTING && self->life->overdue == NULL)
    give_up (self, g_steal_pointer (&given_up->error));
  g_clear_error (&given_up->error);
  execnet_gateway_core_unref (self);
  g_free (given_up);
  return G_SOURCE_REMOVE;
}

void
execnet_gateway_core_give_up (ExecnetGatewayCore *self, GError *error)
{
  g_mutex_lock (&self->lock);
  if (self->state == EXECNET_GATEWAY_STARTING && self->is_live)
    {
      GivenUp *given_up = g_new (GivenUp, 1);

      *given_up = (GivenUp){ execnet_gateway_core_ref (self), g_steal_pointer (&error) };
      execnet_worker_thread_invoke (give_up_now, given_up);
    }
  g_mutex_unlock (&self->lock);
  g_clear_error (&error);
}

void
execnet_gateway_core_exit (ExecnetGatewayCore *self)
{
  g_autoptr (ExecnetConnection) connection = NULL;

  if (execnet_gateway_core_is_foreign (self))
    return;

  g_mutex_lock (&self->lock);
  if (self->state == EXECNET_GATEWAY_RUNNING && !self->exit_asked)
    connection = execnet_connection_ref (self->connection);
  else if (self->state == EXECNET_GATEWAY_STARTING && self->is_live && !self->exit_asked)
    execnet_worker_thread_invoke (abandon, execnet_gateway_core_ref (self));
  self->exit_asked = TRUE;
  g_mutex_unlock (&self->lock);

  execnet_trace ("%s: is asked to exit", self->id);
  if (connection != NULL)
    {
      execnet_connection_send (connection, EXECNET_MESSAGE_GATEWAY_TERMINATE, 0, NULL);
      execnet_connection_close_write (connection);
    }
}

/* Worker thread. Without a process to kill it is the connection that ends. */
static void
end_by_force (ExecnetGatewayCore *self)
{
  ExecnetGatewayLife *life = self->life;

  execnet_transport_kill (life->transport);
  if (!life->has_opened)
    g_cancellable_cancel (life->cancellable);
  else if (!execnet_transport_has_process (life->transport))
    finish (self, NULL);
}

/* Worker thread. */
static gboolean
kill_now (gpointer data)
{
  ExecnetGatewayCore *self = data;

  execnet_trace ("%s: is killed", self->id);
  if (self->life != NULL)
    end_by_force (self);
  execnet_gateway_core_unref (self);
  return G_SOURCE_REMOVE;
}

void
execnet_gateway_core_kill (ExecnetGatewayCore *self)
{
  if (execnet_gateway_core_is_foreign (self))
    return;
  g_mutex_lock (&self->lock);
  if (self->is_live)
    {
      self->was_killed = self->was_killed || self->state != EXECNET_GATEWAY_CLOSED;
      execnet_worker_thread_invoke (kill_now, execnet_gateway_core_ref (self));
    }
  g_mutex_unlock (&self->lock);
}

void
execnet_gateway_core_kill_now (ExecnetGatewayCore *self)
{
  g_mutex_lock (&self->lock);
  if (self->is_live)
    execnet_transport_kill_from_any_thread (self->life->transport);
  g_mutex_unlock (&self->lock);
}
