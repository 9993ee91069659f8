/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-opcodes-private.h"

#include "data/execnet-byte-reader-private.h"

/* Opcodes that are looked at before the rest is searched for a channel as a whole: an item of a few
 * large values needs no search. */
#define OPCODES_BEFORE_SEARCH 16

/* How many bytes follow the opcode; FALSE where there is no such opcode or no more bytes. */
static gboolean
get_operand_size (ExecnetByteReader *in, guint8 opcode, gsize *size)
{
  gint32 length;

  switch (opcode)
    {
    case EXECNET_OPCODE_NONE:
    case EXECNET_OPCODE_TRUE:
    case EXECNET_OPCODE_FALSE:
    case EXECNET_OPCODE_NEW_DICT:
    case EXECNET_OPCODE_SET_ITEM:
      *size = 0;
      return TRUE;
    case EXECNET_OPCODE_INT:
    case EXECNET_OPCODE_LONG:
    case EXECNET_OPCODE_NEW_LIST:
    case EXECNET_OPCODE_BUILD_TUPLE:
    case EXECNET_OPCODE_SET:
    case EXECNET_OPCODE_FROZENSET:
      *size = 4;
      return TRUE;
    case EXECNET_OPCODE_FLOAT:
      *size = 8;
      return TRUE;
    case EXECNET_OPCODE_COMPLEX:
      *size = 16;
      return TRUE;
    case EXECNET_OPCODE_BYTES:
    case EXECNET_OPCODE_LONG_INT:
    case EXECNET_OPCODE_LONG_LONG:
    case EXECNET_OPCODE_PY2_STRING:
    case EXECNET_OPCODE_PY3_STRING:
    case EXECNET_OPCODE_UNICODE:
      if (!execnet_byte_reader_take_int32 (in, &length) || length < 0)
        return FALSE;
      *size = (gsize) length;
      return TRUE;
    default:
      return FALSE;
    }
}

void
execnet_opcodes_find_channels (const guint8 *bytes,
                               gsize size,
                               ExecnetChannelFound found,
                               gpointer user_data)
{
  ExecnetByteReader in = execnet_byte_reader_init (bytes, size);
  const guint8 *skipped;
  gsize operand_size;
  guint8 opcode;
  guint n_opcodes = 0;
  gint32 id;

  while (execnet_byte_reader_take_uint8 (&in, &opcode) && opcode != EXECNET_OPCODE_STOP)
    {
      if (opcode == EXECNET_OPCODE_CHANNEL)
        {
          if (!execnet_byte_reader_take_int32 (&in, &id))
            return;
          found (id, user_data);
        }
      else if (!get_operand_size (&in, opcode, &operand_size)
               || !execnet_byte_reader_take (&in, operand_size, &skipped))
        return;
      if (++n_opcodes == OPCODES_BEFORE_SEARCH
          && memchr (in.position, EXECNET_OPCODE_CHANNEL, execnet_byte_reader_left (&in)) == NULL)
        return;
    }
}
