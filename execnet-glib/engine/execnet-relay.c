/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-relay-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "engine/execnet-bootstrap-private.h"
#include "engine/execnet-channel-core-private.h"
#include "transport/execnet-last-output-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* How many bytes may wait here, and how many travel in one item. */
#define RECEIVE_LIMIT (1024 * 1024)
#define PIECE_SIZE (256 * 1024)

#define RELAY_FILE_NAME "<execnet relay>"

/* Also when what it is for is only being started. */
#define KILL_SOURCE                                                                                \
  "import sys\n"                                                                                   \
  "relays = vars(sys.modules['_execnet_worker']).setdefault('relays', {})\n"                       \
  "if relays.setdefault(%d): relays[%d].kill()\n"

/* One direction's call of the stream that waits. */
typedef struct
{
  GTask *task; /* or NULL */
  guint8 *buffer;
  gsize count;
} Call;

struct _ExecnetRelay
{
  gatomicrefcount refs;
  ExecnetGatewayCore *gateway;
  ExecnetChannelCore *channel;
  ExecnetChannelPoll poll;
  gboolean is_connection;

  /* Worker thread. */
  const ExecnetRelayFuncs *funcs; /* NULL when nobody is to be told any more */
  gpointer user_data;
  ExecnetLastOutput *last_output;
  Call reading;
  Call writing;
  GCancellable *cancellable; /* the last one that came with a call */
  gulong cancel_handler;
  GBytes *rest; /* of an item that is being read; NULL, or not empty */
  gboolean input_ended;    /* nothing more will be read */
  gboolean end_was_read;   /* and whoever reads knows */
  gboolean is_closed;      /* nobody will read */
  gboolean write_closed;
  gboolean is_over;        /* nothing more comes over the channel */
  gboolean has_told_end;
  gboolean awaits_connection;
  gboolean is_connected;
  gboolean has_exited;
  int exit_status;
  int term_signal;
  GError *error;
};

/* The post: something may have become ready. */

static ExecnetRelay *
from_post (ExecnetPost *post)
{
  return (ExecnetRelay *) ((char *) post - G_STRUCT_OFFSET (ExecnetRelay, poll.post));
}

static void
hold_post (ExecnetPost *post)
{
  execnet_relay_ref (from_post (post));
}

static void
drop_post (ExecnetPost *post)
{
  execnet_relay_unref (from_post (post));
}

/* What comes. */

/* What the relay could not do, in the words of its system. */
static GError *
make_failure (ExecnetRelay *self, const char *kind, const char *reason, const char *what)
{
  int code = EXECNET_ERROR_FAILED;

  if (g_str_equal (kind, "gaierror") || g_str_equal (kind, "herror"))
    code = EXECNET_ERROR_HOST_NOT_FOUND;
  else if (g_str_equal (kind, "ECONNREFUSED"))
    code = EXECNET_ERROR_CONNECTION_REFUSED;
  else if (g_str_equal (kind, "ETIMEDOUT") || g_str_equal (kind, "timeout"))
    code = EXECNET_ERROR_TIMED_OUT;
  else if (!self->is_connection && !g_str_equal (kind, "EAGAIN") && !g_str_equal (kind, "ENOMEM"))
    code = EXECNET_ERROR_NO_INTERPRETER;

  return g_error_new (EXECNET_ERROR,
                      code,
                      self->is_connection ? _ ("The gateway “%s” can't connect to “%s”: %s.")
                                          : _ ("The gateway “%s” can't start “%s”: %s."),
                      self->gateway->id,
                      what,
                      reason);
}

/* Takes the error over. */
static void
set_error (ExecnetRelay *self, GError *error)
{
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
}

static void
set_malformed_error (ExecnetRelay *self)
{
  set_error (self,
             g_error_new (EXECNET_ERROR,
                          EXECNET_ERROR_DATA_FORMAT,
                          _ ("The gateway “%s” relayed something that can't be understood."),
                          self->gateway->id));
  self->input_ended = TRUE;
}

static void
take_errors (ExecnetRelay *self, GVariant *bytes)
{
  gsize length;
  const char *text = g_variant_get_fixed_array (bytes, &length, 1);

  execnet_last_output_add (self->last_output, text, length);
}

/* An item that is not simply bytes: bootstrap/relay.py says which there are. */
static void
take_news (ExecnetRelay *self, GVariant *item)
{
  const char *kind, *reason, *program, *question;
  gint64 number, exit_status, term_signal;

  if (g_variant_is_of_type (item, G_VARIANT_TYPE ("mv")))
    {
      self->input_ended = TRUE;
      return;
    }
  if (g_variant_is_of_type (item, G_VARIANT_TYPE ("(s)")))
    self->is_connected = TRUE;
  else if (g_variant_is_of_type (item, G_VARIANT_TYPE ("(sxx)")))
    {
      g_variant_get (item, "(&sxx)", NULL, &exit_status, &term_signal);
      self->has_exited = TRUE;
      self->exit_status = exit_status;
      self->term_signal = term_signal;
      self->input_ended = TRUE;
    }
  else if (g_variant_is_of_type (item, G_VARIANT_TYPE ("(sxs)")))
    {
      g_variant_get (item, "(&sx&s)", NULL, &number, &question);
      if (self->funcs != NULL && self->funcs->ask != NULL)
        self->funcs->ask (number, question, self->user_data);
    }
  else if (g_variant_is_of_type (item, G_VARIANT_TYPE ("(say)")))
    {
      g_autoptr (GVariant) bytes = g_variant_get_child_value (item, 1);

      take_errors (self, bytes);
    }
  else if (g_variant_is_of_type (item, G_VARIANT_TYPE ("(ssss)")))
    {
      g_variant_get (item, "(&s&s&s&s)", NULL, &kind, &reason, &program);
      set_error (self, make_failure (self, kind, reason, program));
      self->input_ended = TRUE;
    }
  else
    set_malformed_error (self);
}

/* Takes the arrival over. */
static void
take_arrival (ExecnetRelay *self, ExecnetArrival *arrival)
{
  g_autoptr (GVariant) item = NULL;
  gsize start, size;

  if (execnet_item_find_content (arrival->form, arrival->bytes, &start, &size))
    {
      if (size > 0 && !self->is_closed && !self->input_ended)
        self->rest = g_bytes_new_from_bytes (arrival->bytes, start, size);
    }
  else
    {
      /* Strings of Python 2 are bytes here. */
      item = execnet_item_read (arrival->form, arrival->bytes, EXECNET_LOAD_DEFAULT, FALSE, NULL);
      if (item != NULL)
        take_news (self, item);
      else
        set_malformed_error (self);
    }
  execnet_arrival_free (arrival);
}

/* With what the channel has ended, when it was not with its code. */
static GError *
explain_channel_end (ExecnetRelay *self, const GError *error)
{
  const char *id = self->gateway->id;

  if (g_error_matches (error, EXECNET_ERROR, EXECNET_ERROR_REMOTE))
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_FAILED,
                        _ ("The gateway “%s” can't relay: %s"),
                        id,
                        error->message);
  if (!g_error_matches (error, EXECNET_ERROR, EXECNET_ERROR_END))
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_DIED,
                        _ ("The gateway “%s”, which leads to it, has ended: %s"),
                        id,
                        error->message);
  if (execnet_gateway_core_get_state (self->gateway) != EXECNET_GATEWAY_RUNNING)
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_DIED,
                        _ ("The gateway “%s”, which leads to it, was told to exit."),
                        id);
  return NULL;
}

static void
end_channel (ExecnetRelay *self, const GError *error)
{
  self->is_over = TRUE;
  self->input_ended = TRUE;
  if (!self->has_exited && self->error == NULL)
    self->error = explain_channel_end (self, error);
}

/* FALSE when nothing is there now. */
static gboolean
take_next (ExecnetRelay *self)
{
  g_autoptr (GError) error = NULL;
  ExecnetArrival *arrival;

  if (self->is_over)
    return FALSE;
  arrival = execnet_channel_core_try_receive (self->channel, &error);
  if (arrival != NULL)
    take_arrival (self, arrival);
  else if (error != NULL)
    end_channel (self, error);
  return arrival != NULL;
}

/* Reading and writing. */

static GTask *
call_steal (Call *call)
{
  GTask *task = g_steal_pointer (&call->task);

  call->buffer = NULL;
  return task;
}

static void
copy_rest (ExecnetRelay *self)
{
  g_autoptr (GBytes) rest = g_steal_pointer (&self->rest);
  gsize size = g_bytes_get_size (rest);
  gsize count = MIN (size, self->reading.count);
  guint8 *buffer = self->reading.buffer;
  g_autoptr (GTask) task = call_steal (&self->reading);

  memcpy (buffer, g_bytes_get_data (rest, NULL), count);
  if (count < size)
    self->rest = g_bytes_new_from_bytes (rest, count, size - count);
  g_task_return_int (task, count);
}

static void
go_on_reading (ExecnetRelay *self)
{
  g_autoptr (GTask) task = NULL;

  while (self->reading.task != NULL && self->rest == NULL && !self->input_ended && take_next (self))
    ;
  if (self->reading.task == NULL || (self->rest == NULL && !self->input_ended))
    return;
  if (self->rest != NULL)
    {
      copy_rest (self);
      return;
    }
  self->end_was_read = TRUE;
  task = call_steal (&self->reading);
  if (self->error != NULL)
    g_task_return_error (task, g_error_copy (self->error));
  else
    g_task_return_int (task, 0);
}

/* Behind the end of input only the end comes, which is awaited. */
static void
go_on_ending (ExecnetRelay *self)
{
  if (!self->is_closed && !self->end_was_read)
    return;
  while (!self->has_exited && take_next (self))
    g_clear_pointer (&self->rest, g_bytes_unref);
  if ((!self->has_exited && !self->is_over) || self->has_told_end || self->funcs == NULL)
    return;
  self->has_told_end = TRUE;
  self->funcs->ended (self->user_data);
}

/* With the gateway's lock. FALSE: not now. */
static gboolean
can_write (ExecnetRelay *self)
{
  return self->channel->state == EXECNET_CHANNEL_CLOSED
         || !execnet_channel_core_is_full (self->channel);
}

static gboolean
send_piece (ExecnetRelay *self, GBytes *piece)
{
  g_autoptr (ExecnetConnection) connection
      = execnet_gateway_core_get_connection (self->gateway, NULL);

  return connection != NULL && !self->write_closed
         && execnet_connection_send_content (connection, self->channel->id, piece);
}

static void
go_on_writing (ExecnetRelay *self)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GBytes) piece = NULL;
  gsize size;
  gboolean is_ready, is_closed;

  if (self->writing.task == NULL)
    return;
  size = MIN (self->writing.count, PIECE_SIZE);
  g_mutex_lock (&self->gateway->lock);
  is_ready = can_write (self);
  is_closed = self->channel->state == EXECNET_CHANNEL_CLOSED;
  if (is_ready)
    execnet_channel_core_charge (
        self->channel, size + EXECNET_CONTENT_HEAD_SIZE + EXECNET_CONTENT_TAIL_SIZE);
  g_mutex_unlock (&self->gateway->lock);
  if (!is_ready)
    return;

  piece = g_bytes_new (self->writing.buffer, size);
  task = call_steal (&self->writing);
  if (!is_closed && send_piece (self, piece))
    g_task_return_int (task, size);
  else
    g_task_return_new_error (task,
                             G_IO_ERROR,
                             G_IO_ERROR_BROKEN_PIPE,
                             _ ("The gateway “%s” takes no more for the one behind it."),
                             self->gateway->id);
}

static void
return_cancelled (Call *call)
{
  g_autoptr (GTask) task = NULL;

  if (call->task == NULL || !g_cancellable_is_cancelled (g_task_get_cancellable (call->task)))
    return;
  task = call_steal (call);
  g_task_return_error_if_cancelled (task);
}

static void
go_on_connecting (ExecnetRelay *self)
{
  while (self->awaits_connection && !self->is_connected && !self->input_ended && take_next (self))
    ;
  if (!self->awaits_connection || (!self->is_connected && !self->input_ended))
    return;
  self->awaits_connection = FALSE;
  if (!self->is_connected)
    self->is_closed = TRUE;
  else if (self->funcs != NULL)
    self->funcs->connected (self->user_data);
}

static void
run_post (ExecnetPost *post)
{
  ExecnetRelay *self = from_post (post);

  go_on_connecting (self);
  return_cancelled (&self->reading);
  return_cancelled (&self->writing);
  go_on_writing (self);
  go_on_reading (self);
  go_on_ending (self);
}

static const ExecnetPostFuncs post_funcs = { hold_post, drop_post, run_post, NULL };

/* In a moment, and not while somebody is in the midst of a call. */
static void
look_later (ExecnetRelay *self)
{
  if (self->poll.mailbox != NULL)
    execnet_mailbox_post (self->poll.mailbox, &self->poll.post);
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  look_later (data);
}

static void
stop_watching_cancellable (ExecnetRelay *self)
{
  if (self->cancellable != NULL)
    g_signal_handler_disconnect (self->cancellable, self->cancel_handler);
  g_clear_object (&self->cancellable);
}

/* All calls of a connection come with the same one. */
static void
watch_cancellable (ExecnetRelay *self, GCancellable *cancellable)
{
  if (cancellable == self->cancellable || cancellable == NULL)
    return;
  stop_watching_cancellable (self);
  self->cancellable = g_object_ref (cancellable);
  self->cancel_handler
      = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), self);
}

void
execnet_relay_read (ExecnetRelay *self, GTask *task, void *buffer, gsize count)
{
  self->reading = (Call){ task, buffer, count };
  watch_cancellable (self, g_task_get_cancellable (task));
  return_cancelled (&self->reading);
  go_on_reading (self);
  if (self->end_was_read)
    look_later (self);
}

void
execnet_relay_write (ExecnetRelay *self, GTask *task, const void *buffer, gsize count)
{
  self->writing = (Call){ task, (guint8 *) buffer, count };
  watch_cancellable (self, g_task_get_cancellable (task));
  return_cancelled (&self->writing);
  go_on_writing (self);
}

void
execnet_relay_close (ExecnetRelay *self)
{
  self->is_closed = TRUE;
  g_clear_pointer (&self->rest, g_bytes_unref);
  look_later (self);
}

/* The other end. */

void
execnet_relay_await_connection (ExecnetRelay *self)
{
  self->awaits_connection = TRUE;
  look_later (self);
}

void
execnet_relay_answer (ExecnetRelay *self, gint64 number, const char *answer)
{
  g_autoptr (GVariant) item = g_variant_ref_sink (g_variant_new ("(xms)", number, answer));
  g_autoptr (GBytes) payload
      = execnet_item_write_bytes (EXECNET_ITEM_FORM_OPCODES, item, NULL, NULL, NULL);

  if (payload == NULL || self->is_over)
    return;
  g_mutex_lock (&self->gateway->lock);
  execnet_channel_core_charge (self->channel, g_bytes_get_size (payload));
  g_mutex_unlock (&self->gateway->lock);
  execnet_gateway_core_notify (
      self->gateway, EXECNET_MESSAGE_CHANNEL_DATA, self->channel->id, payload);
}

gboolean
execnet_relay_has_ended (ExecnetRelay *self)
{
  return self->has_told_end;
}

void
execnet_relay_close_write (ExecnetRelay *self)
{
  if (self->write_closed)
    return;
  self->write_closed = TRUE;
  execnet_gateway_core_notify (
      self->gateway, EXECNET_MESSAGE_CHANNEL_LAST_MESSAGE, self->channel->id, NULL);
}

/* Any thread. */
static ExecnetChannelCore *
execute (ExecnetGatewayCore *gateway,
         const char *source,
         const char *function,
         GVariant *arguments,
         GError **error)
{
  /* The last two: not in the main thread, but in one of its own. */
  g_autoptr (GVariant) request = g_variant_ref_sink (
      g_variant_new ("(ssms@a{sv}xbbb)",
                     source,
                     RELAY_FILE_NAME,
                     function,
                     arguments,
                     G_GINT64_CONSTANT (1),
                     FALSE,
                     FALSE,
                     TRUE));
  g_autoptr (ExecnetConnection) connection = execnet_gateway_core_get_connection (gateway, error);
  g_autoptr (GBytes) payload
      = connection != NULL
            ? execnet_item_write_bytes (EXECNET_ITEM_FORM_OPCODES, request, NULL, NULL, error)
            : NULL;
  g_autoptr (ExecnetChannelCore) channel = NULL;

  if (payload == NULL)
    return NULL;
  channel = execnet_channel_core_allocate (gateway, error);
  if (channel == NULL)
    return NULL;
  if (execnet_connection_send (
          connection, EXECNET_MESSAGE_CHANNEL_EXEC, channel->id, payload))
    return g_steal_pointer (&channel);
  /* The reason is being noticed, by this thread if it is the worker thread: no waiting for it. */
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_DIED,
               _ ("The gateway “%s”, which leads to it, takes no more messages."),
               gateway->id);
  execnet_channel_core_close (channel, NULL, NULL);
  return NULL;
}

gboolean
execnet_relay_kill (ExecnetRelay *self)
{
  g_autofree char *source = g_strdup_printf (KILL_SOURCE, self->channel->id, self->channel->id);
  g_autoptr (ExecnetChannelCore) channel
      = execute (self->gateway, source, NULL, g_variant_new ("a{sv}", NULL), NULL);

  if (channel == NULL)
    return FALSE;
  /* Nobody waits for its end. */
  execnet_channel_core_close (channel, NULL, NULL);
  return TRUE;
}

void
execnet_relay_get_end (ExecnetRelay *self, ExecnetTransportEnd *end)
{
  end->exited = self->has_exited;
  if (self->has_exited)
    {
      end->exit_status = self->exit_status;
      end->term_signal = self->term_signal;
    }
  end->last_output = execnet_last_output_dup_text (self->last_output);
}

const GError *
execnet_relay_get_error (ExecnetRelay *self)
{
  return self->error;
}

/* The struct. */

static void
on_errors (const char *bytes, gsize length, gpointer data)
{
  ExecnetRelay *self = data;

  if (self->funcs != NULL)
    self->funcs->errors (bytes, length, self->user_data);
}

void
execnet_relay_wait_for_gateway (ExecnetGatewayCore *gateway, GTask *task, ExecnetPendingFunc func)
{
  ExecnetPending *pending = execnet_pending_new (task,
                                                 func,
                                                 &gateway->lock,
                                                 execnet_gateway_core_ref (gateway),
                                                 execnet_gateway_core_unref);

  execnet_pending_watch (pending, -1, NULL);
  g_mutex_lock (&gateway->lock);
  execnet_pending_enqueue (pending, &gateway->ready_waiters);
  if (gateway->state != EXECNET_GATEWAY_STARTING)
    execnet_pending_complete_all (&gateway->ready_waiters, NULL);
  g_mutex_unlock (&gateway->lock);
}

GError *
execnet_relay_check_gateway (ExecnetGatewayCore *gateway)
{
  g_autoptr (GError) reason = NULL;

  if (execnet_gateway_core_get_state (gateway) == EXECNET_GATEWAY_RUNNING)
    return NULL;
  reason = execnet_gateway_core_dup_error (gateway);
  return g_error_new (EXECNET_ERROR,
                      reason != NULL ? reason->code : EXECNET_ERROR_CLOSED,
                      _ ("The gateway “%s”, which leads to it, is not there: %s"),
                      gateway->id,
                      reason != NULL ? reason->message : _ ("it was told to exit."));
}

ExecnetRelay *
execnet_relay_new (ExecnetGatewayCore *gateway,
                   const char *function,
                   GVariant *arguments,
                   const ExecnetRelayFuncs *funcs,
                   gpointer user_data,
                   GError **error)
{
  g_autoptr (GBytes) source = execnet_bootstrap_get_relay (error);
  ExecnetChannelCore *channel;
  ExecnetRelay *self;

  if (source == NULL)
    return NULL;
  channel = execute (gateway, g_bytes_get_data (source, NULL), function, arguments, error);
  if (channel == NULL)
    return NULL;

  self = g_new0 (ExecnetRelay, 1);
  g_atomic_ref_count_init (&self->refs);
  self->gateway = execnet_gateway_core_ref (gateway);
  self->channel = channel;
  self->is_connection = funcs->connected != NULL;
  self->funcs = funcs;
  self->user_data = user_data;
  self->last_output
      = execnet_last_output_new (-1, funcs->errors != NULL ? on_errors : NULL, self);
  execnet_post_init (&self->poll.post, &post_funcs);
  self->poll.link.data = &self->poll;
  self->poll.mailbox = execnet_mailbox_get (g_main_context_get_thread_default ());
  execnet_channel_core_add_poll (channel, &self->poll);
  execnet_channel_core_set_receive_limit (channel, RECEIVE_LIMIT);
  execnet_trace ("%s: channel %d relays", gateway->id, channel->id);
  return self;
}

ExecnetRelay *
execnet_relay_ref (ExecnetRelay *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
return_closed (Call *call)
{
  g_autoptr (GTask) task = call_steal (call);

  if (task != NULL)
    g_task_return_new_error (
        task, G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("The stream of another gateway was given up."));
}

void
execnet_relay_forget (ExecnetRelay *self)
{
  /* The channel's end is not enough: it is not noticed there while the other side does not read, or
   * an address has not answered. */
  if (!self->input_ended)
    execnet_relay_kill (self);
  self->funcs = NULL;
  self->is_over = TRUE;
  stop_watching_cancellable (self);
  execnet_channel_core_remove_poll (self->channel, &self->poll);
  execnet_channel_core_close (self->channel, NULL, NULL);
  return_closed (&self->reading);
  return_closed (&self->writing);
}

void
execnet_relay_unref (ExecnetRelay *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->rest, g_bytes_unref);
  g_clear_pointer (&self->last_output, execnet_last_output_free);
  g_clear_error (&self->error);
  execnet_channel_core_unref (self->channel);
  execnet_gateway_core_unref (self->gateway);
  g_free (self);
}
