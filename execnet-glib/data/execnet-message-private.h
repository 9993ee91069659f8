/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The header of every message: code (int8), channel (int32), length of the payload (int32), all
 * big-endian. The codes 0 to 7 are execnet's own. See docs/protocol.md. */
typedef enum
{
  EXECNET_MESSAGE_STATUS = 0,
  EXECNET_MESSAGE_RECONFIGURE = 1,
  EXECNET_MESSAGE_GATEWAY_TERMINATE = 2,
  EXECNET_MESSAGE_CHANNEL_EXEC = 3,
  EXECNET_MESSAGE_CHANNEL_DATA = 4,
  EXECNET_MESSAGE_CHANNEL_CLOSE = 5,
  EXECNET_MESSAGE_CHANNEL_CLOSE_ERROR = 6,
  EXECNET_MESSAGE_CHANNEL_LAST_MESSAGE = 7,
  EXECNET_MESSAGE_HELLO = 8,
  EXECNET_MESSAGE_INFORMATION = 9,
  EXECNET_MESSAGE_OUTPUT = 10,
  EXECNET_MESSAGE_CHANNEL_FLOW = 11,
  EXECNET_MESSAGE_CHANNEL_FLOW_BEGUN = 12,
} ExecnetMessageCode;

#define EXECNET_MESSAGE_LAST_CODE EXECNET_MESSAGE_CHANNEL_FLOW_BEGUN
#define EXECNET_MESSAGE_HEADER_SIZE 9
#define EXECNET_MESSAGE_MAX_PAYLOAD G_MAXINT32

typedef struct
{
  ExecnetMessageCode code;
  gint32 channel;
  guint32 length;
} ExecnetMessageHeader;

void execnet_message_header_write (const ExecnetMessageHeader *header,
                                   guint8 bytes[EXECNET_MESSAGE_HEADER_SIZE]);

/* Fails with a data-format error that shows the bytes. */
gboolean execnet_message_header_read (const guint8 bytes[EXECNET_MESSAGE_HEADER_SIZE],
                                      ExecnetMessageHeader *header,
                                      GError **error);

const char *execnet_message_code_name (ExecnetMessageCode code);

G_END_DECLS
