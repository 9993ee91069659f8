/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the worker's messages do. Worker thread. */

#include "config.h"

#include "engine/execnet-gateway-core-private.h"

#include "base/execnet-trace-private.h"
#include "data/execnet-remote-error-private.h"
#include "engine/execnet-channel-core-private.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

static void
mention_channel (gint32 id, gpointer user_data)
{
  execnet_channel_core_mention (user_data, id);
}

/* With the lock. */
static void
take_item (ExecnetGatewayCore *self, ExecnetChannelCore *channel, GBytes *payload)
{
  execnet_item_find_channels (EXECNET_ITEM_FORM_OPCODES, payload, mention_channel, self);
  execnet_channel_core_file (channel, payload);
}

static ExecnetRemoteError *
read_remote_error (GBytes *payload)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = execnet_item_read (EXECNET_ITEM_FORM_OPCODES,
                                                 payload,
                                                 EXECNET_LOAD_PY2STR_AS_PY3STR,
                                                 FALSE,
                                                 &error);
  ExecnetRemoteError *remote_error
      = item != NULL ? execnet_remote_error_new_from_item (item) : NULL;

  if (remote_error == NULL)
    remote_error = execnet_remote_error_new (
        _ ("The other side closed the channel with an error that can't be read."));
  return remote_error;
}

/* TRUE when the payload is a pair of booleans. */
static gboolean
read_load_flags (GBytes *payload, ExecnetLoadFlags *flags, GError **error)
{
  g_autoptr (GVariant) item = execnet_item_read (EXECNET_ITEM_FORM_OPCODES,
                                                 payload,
                                                 EXECNET_LOAD_DEFAULT,
                                                 FALSE,
                                                 error);
  gboolean py2str_as_py3str, py3str_as_py2str;

  if (item == NULL)
    return FALSE;
  if (!g_variant_is_of_type (item, G_VARIANT_TYPE ("(bb)")))
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_DATA_FORMAT,
                   _ ("The other side sent a RECONFIGURE message with %s instead of two booleans."),
                   g_variant_get_type_string (item));
      return FALSE;
    }
  g_variant_get (item, "(bb)", &py2str_as_py3str, &py3str_as_py2str);
  *flags = (py2str_as_py3str ? EXECNET_LOAD_PY2STR_AS_PY3STR : 0)
           | (py3str_as_py2str ? EXECNET_LOAD_PY3STR_AS_PY2STR : 0);
  return TRUE;
}

static gboolean
reconfigure (ExecnetGatewayCore *self, gint32 id, GBytes *payload, GError **error)
{
  ExecnetLoadFlags flags;
  ExecnetChannelCore *channel;

  if (!read_load_flags (payload, &flags, error))
    return FALSE;
  g_mutex_lock (&self->lock);
  channel = execnet_channel_core_lookup (self, id);
  if (id == 0)
    self->load_flags = flags;
  else if (channel != NULL)
    channel->load_flags = flags;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* What concerns the flow control of a channel. */
static gboolean
tell_flow (ExecnetGatewayCore *self,
           const ExecnetMessageHeader *header,
           GBytes *payload,
           GError **error)
{
  ExecnetChannelCore *channel;
  gboolean is_valid = TRUE;

  g_mutex_lock (&self->lock);
  channel = execnet_channel_core_lookup (self, header->channel);
  if (channel != NULL && header->code == EXECNET_MESSAGE_CHANNEL_FLOW_BEGUN)
    execnet_channel_core_flow_begun (channel);
  else if (channel != NULL)
    is_valid = execnet_channel_core_take_flow (channel, payload);
  g_mutex_unlock (&self->lock);
  if (!is_valid)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_DATA_FORMAT,
                 _ ("The other side sent a %s message of %u bytes instead of 8."),
                 execnet_message_code_name (header->code),
                 header->length);
  return is_valid;
}

static void
tell_channel (ExecnetGatewayCore *self, const ExecnetMessageHeader *header, GBytes *payload)
{
  g_autoptr (ExecnetRemoteError) remote_error = NULL;
  g_autoptr (ExecnetChannelCore) channel = NULL;

  if (header->code == EXECNET_MESSAGE_CHANNEL_CLOSE_ERROR)
    remote_error = read_remote_error (payload);

  g_mutex_lock (&self->lock);
  channel = execnet_channel_core_lookup (self, header->channel);
  /* What comes for a channel that nobody holds any more is dropped. */
  if (channel != NULL)
    {
      execnet_channel_core_ref (channel);
      if (header->code == EXECNET_MESSAGE_CHANNEL_DATA)
        take_item (self, channel, payload);
      else
        execnet_channel_core_end (channel,
                                  header->code == EXECNET_MESSAGE_CHANNEL_LAST_MESSAGE
                                      ? EXECNET_CHANNEL_SEND_ONLY
                                      : EXECNET_CHANNEL_CLOSED,
                                  remote_error,
                                  NULL);
    }
  g_mutex_unlock (&self->lock);
}

/* The channel is the descriptor that was printed to. */
static gboolean
take_output (ExecnetGatewayCore *self, gint32 descriptor, GBytes *payload, GError **error)
{
  gsize length;
  const char *bytes = g_bytes_get_data (payload, &length);

  if (self->output == NULL || (descriptor != STDOUT_FILENO && descriptor != STDERR_FILENO))
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_DATA_FORMAT,
                   _ ("The other side sent an OUTPUT message for descriptor %d, which nobody asked "
                      "for."),
                   descriptor);
      return FALSE;
    }
  execnet_gateway_core_take_output (self, descriptor == STDERR_FILENO, bytes, length);
  return TRUE;
}

gboolean
execnet_gateway_core_take_message (ExecnetGatewayCore *self,
                                   const ExecnetMessageHeader *header,
                                   GBytes *payload,
                                   GError **error)
{
  execnet_trace ("%s: received %s channel=%d length=%u",
                 self->id,
                 execnet_message_code_name (header->code),
                 header->channel,
                 header->length);
  switch (header->code)
    {
    case EXECNET_MESSAGE_CHANNEL_DATA:
    case EXECNET_MESSAGE_CHANNEL_CLOSE:
    case EXECNET_MESSAGE_CHANNEL_CLOSE_ERROR:
    case EXECNET_MESSAGE_CHANNEL_LAST_MESSAGE:
      tell_channel (self, header, payload);
      return TRUE;
    case EXECNET_MESSAGE_CHANNEL_FLOW:
    case EXECNET_MESSAGE_CHANNEL_FLOW_BEGUN:
      return tell_flow (self, header, payload, error);
    case EXECNET_MESSAGE_RECONFIGURE:
      return reconfigure (self, header->channel, payload, error);
    case EXECNET_MESSAGE_OUTPUT:
      return take_output (self, header->channel, payload, error);
    case EXECNET_MESSAGE_STATUS:
    case EXECNET_MESSAGE_GATEWAY_TERMINATE:
    case EXECNET_MESSAGE_CHANNEL_EXEC:
    case EXECNET_MESSAGE_HELLO:
    case EXECNET_MESSAGE_INFORMATION:
      break;
    }
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_DATA_FORMAT,
               _ ("The other side sent a %s message, which only this side may send."),
               execnet_message_code_name (header->code));
  return FALSE;
}

gboolean
execnet_gateway_core_send_load_flags (ExecnetGatewayCore *self,
                                      gint32 channel,
                                      ExecnetLoadFlags flags,
                                      GError **error)
{
  g_autoptr (GVariant) item
      = g_variant_ref_sink (g_variant_new ("(bb)",
                                           (flags & EXECNET_LOAD_PY2STR_AS_PY3STR) != 0,
                                           (flags & EXECNET_LOAD_PY3STR_AS_PY2STR) != 0));
  g_autoptr (GBytes) payload
      = execnet_item_write_bytes (EXECNET_ITEM_FORM_OPCODES, item, NULL, NULL, error);

  return payload != NULL
         && execnet_gateway_core_send (self, EXECNET_MESSAGE_RECONFIGURE, channel, payload, error);
}
