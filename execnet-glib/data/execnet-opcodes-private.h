/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-item-private.h"
#include "data/execnet-item-tree-private.h"

G_BEGIN_DECLS

/* execnet's own form of an item: a program for a stack machine. Values push themselves, containers
 * take their members from the stack. All integers are signed, 32 bit and big-endian. */
typedef enum
{
  EXECNET_OPCODE_BUILD_TUPLE = '@', /* int32 n; takes n values */
  EXECNET_OPCODE_BYTES = 'A',       /* int32 n, n bytes */
  EXECNET_OPCODE_CHANNEL = 'B',     /* int32 id */
  EXECNET_OPCODE_FALSE = 'C',
  EXECNET_OPCODE_FLOAT = 'D',     /* 8 bytes IEEE 754 */
  EXECNET_OPCODE_FROZENSET = 'E', /* int32 n; takes n values */
  EXECNET_OPCODE_INT = 'F',       /* int32 */
  EXECNET_OPCODE_LONG = 'G',      /* int32: a Python 2 long that fits */
  EXECNET_OPCODE_LONG_INT = 'H',  /* int32 n, n decimal digits */
  EXECNET_OPCODE_LONG_LONG = 'I', /* the same: a Python 2 long */
  EXECNET_OPCODE_NEW_DICT = 'J',
  EXECNET_OPCODE_NEW_LIST = 'K', /* int32 n: n times None */
  EXECNET_OPCODE_NONE = 'L',
  EXECNET_OPCODE_PY2_STRING = 'M', /* int32 n, n bytes */
  EXECNET_OPCODE_PY3_STRING = 'N', /* int32 n, n bytes of UTF-8 */
  EXECNET_OPCODE_SET = 'O',        /* int32 n; takes n values */
  EXECNET_OPCODE_SET_ITEM = 'P',   /* takes a value and a key: container[key] = value */
  EXECNET_OPCODE_STOP = 'Q',
  EXECNET_OPCODE_TRUE = 'R',
  EXECNET_OPCODE_UNICODE = 'S', /* int32 n, n bytes of UTF-8 */
  EXECNET_OPCODE_COMPLEX = 'T', /* 2 times 8 bytes IEEE 754 */
} ExecnetOpcode;

/* Reads one item from bytes[start] on into the tree; offsets in errors count from bytes[0]. The
 * tree points into the bytes. What is behind the STOP is ignored, as execnet does. */
gboolean execnet_opcodes_read (const guint8 *bytes,
                               gsize size,
                               gsize start,
                               ExecnetLoadFlags flags,
                               gboolean allow_channels,
                               ExecnetItemTree *tree,
                               ExecnetNode *root,
                               GError **error);

/* Writes a GVariant; otherwise like execnet_item_write (). */
gboolean execnet_opcodes_write (
    GVariant *item, ExecnetChannelCheck check, gpointer user_data, GByteArray *out, GError **error);

/* Reports the channels in the bytes: execnet_item_find_channels (). */
void execnet_opcodes_find_channels (const guint8 *bytes,
                                    gsize size,
                                    ExecnetChannelFound found,
                                    gpointer user_data);

G_END_DECLS
