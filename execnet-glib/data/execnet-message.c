/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-message-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static void
write_int32 (guint8 *bytes, guint32 value)
{
  guint32 big_endian = GUINT32_TO_BE (value);

  memcpy (bytes, &big_endian, sizeof big_endian);
}

static guint32
read_int32 (const guint8 *bytes)
{
  guint32 big_endian;

  memcpy (&big_endian, bytes, sizeof big_endian);
  return GUINT32_FROM_BE (big_endian);
}

/* Any thread. */
void
execnet_message_header_write (const ExecnetMessageHeader *header,
                              guint8 bytes[EXECNET_MESSAGE_HEADER_SIZE])
{
  bytes[0] = header->code;
  write_int32 (bytes + 1, header->channel);
  write_int32 (bytes + 5, header->length);
}

static char *
show_bytes (const guint8 *bytes, gsize length)
{
  GString *shown = g_string_new (NULL);

  for (gsize i = 0; i < length; i++)
    g_string_append_printf (shown, "%s%02x", i > 0 ? " " : "", bytes[i]);
  return g_string_free (shown, FALSE);
}

/* Any thread. */
gboolean
execnet_message_header_read (const guint8 bytes[EXECNET_MESSAGE_HEADER_SIZE],
                             ExecnetMessageHeader *header,
                             GError **error)
{
  g_autofree char *shown = NULL;

  header->code = bytes[0];
  header->channel = read_int32 (bytes + 1);
  header->length = read_int32 (bytes + 5);

  if (bytes[0] <= EXECNET_MESSAGE_LAST_CODE && header->channel >= 0
      && header->length <= EXECNET_MESSAGE_MAX_PAYLOAD)
    return TRUE;

  shown = show_bytes (bytes, EXECNET_MESSAGE_HEADER_SIZE);
  if (bytes[0] > EXECNET_MESSAGE_LAST_CODE)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_DATA_FORMAT,
                 _ ("The other side sent a message with the unknown code %d (header %s)."),
                 bytes[0],
                 shown);
  else
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_DATA_FORMAT,
                 _ ("The other side sent a message with a negative channel or length (header %s)."),
                 shown);
  return FALSE;
}

/* Any thread. For traces. */
const char *
execnet_message_code_name (ExecnetMessageCode code)
{
  static const char *const names[] = {
    "STATUS",        "RECONFIGURE",         "GATEWAY_TERMINATE",    "CHANNEL_EXEC", "CHANNEL_DATA",
    "CHANNEL_CLOSE", "CHANNEL_CLOSE_ERROR", "CHANNEL_LAST_MESSAGE", "HELLO",        "INFORMATION",
    "OUTPUT",        "CHANNEL_FLOW",        "CHANNEL_FLOW_BEGUN",
  };

  return code < G_N_ELEMENTS (names) ? names[code] : "?";
}
