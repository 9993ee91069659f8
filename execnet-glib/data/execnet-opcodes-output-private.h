/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-decimal-private.h"
#include "data/execnet-opcodes-private.h"

#include <string.h>

G_BEGIN_DECLS

/* Lengths on the wire are signed numbers of 32 bits: an item's, and all in it. */
#define EXECNET_OPCODES_SIZE_MAX G_MAXINT32

/* An opcode with a length or number behind it. */
#define EXECNET_OPCODES_HEAD_SIZE 5

/* Appends opcodes to a byte array, which is longer than what is in it until the end. What can
 * fail does so for one reason: the item would be larger than the most. */
typedef struct
{
  GByteArray *bytes;
  gsize start; /* what was there before */
  guint8 *position;
  guint8 *limit;
} ExecnetOpcodesOutput;

void execnet_opcodes_output_begin (ExecnetOpcodesOutput *output, GByteArray *bytes);
void execnet_opcodes_output_end (ExecnetOpcodesOutput *output);
void execnet_opcodes_output_undo (ExecnetOpcodesOutput *output);

gboolean execnet_opcodes_output_grow (ExecnetOpcodesOutput *output, gsize size);
gboolean execnet_opcodes_put_string (ExecnetOpcodesOutput *output,
                                     ExecnetOpcode opcode,
                                     gconstpointer bytes,
                                     gsize size);
gboolean
execnet_opcodes_put_large_int (ExecnetOpcodesOutput *output, gboolean negative, guint64 magnitude);
gboolean execnet_opcodes_put_long (ExecnetOpcodesOutput *output, const ExecnetDecimal *decimal);
gboolean execnet_opcodes_put_complex (ExecnetOpcodesOutput *output, const double parts[2]);

static inline gboolean
execnet_opcodes_output_reserve (ExecnetOpcodesOutput *output, gsize size)
{
  return G_LIKELY (size <= (gsize) (output->limit - output->position))
         || execnet_opcodes_output_grow (output, size);
}

/* Into what is reserved. */
static inline void
execnet_opcodes_add (ExecnetOpcodesOutput *output, ExecnetOpcode opcode)
{
  *output->position++ = (guint8) opcode;
}

static inline void
execnet_opcodes_add_number (ExecnetOpcodesOutput *output, ExecnetOpcode opcode, gint32 number)
{
  gint32 raw = GINT32_TO_BE (number);

  execnet_opcodes_add (output, opcode);
  memcpy (output->position, &raw, sizeof raw);
  output->position += sizeof raw;
}

static inline gboolean
execnet_opcodes_put (ExecnetOpcodesOutput *output, ExecnetOpcode opcode)
{
  if (!execnet_opcodes_output_reserve (output, 1))
    return FALSE;
  execnet_opcodes_add (output, opcode);
  return TRUE;
}

static inline gboolean
execnet_opcodes_put_number (ExecnetOpcodesOutput *output, ExecnetOpcode opcode, gint32 number)
{
  if (!execnet_opcodes_output_reserve (output, EXECNET_OPCODES_HEAD_SIZE))
    return FALSE;
  execnet_opcodes_add_number (output, opcode, number);
  return TRUE;
}

/* An int as writers choose its opcode. */
static inline gboolean
execnet_opcodes_put_int (ExecnetOpcodesOutput *output, gint64 value)
{
  if (G_LIKELY (value >= G_MININT32 && value <= G_MAXINT32))
    return execnet_opcodes_put_number (output, EXECNET_OPCODE_INT, (gint32) value);
  return execnet_opcodes_put_large_int (
      output, value < 0, value < 0 ? 0 - (guint64) value : (guint64) value);
}

gboolean execnet_opcodes_put_float (ExecnetOpcodesOutput *output, double value);

G_END_DECLS
