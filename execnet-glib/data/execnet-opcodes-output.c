/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-opcodes-output-private.h"

#include "data/execnet-byte-reader-private.h"

#define INT64_DIGITS_MAX 20

/* Most items are small. */
#define FIRST_SIZE 64

void
execnet_opcodes_output_begin (ExecnetOpcodesOutput *output, GByteArray *bytes)
{
  output->bytes = bytes;
  output->start = bytes->len;
  g_byte_array_set_size (bytes, bytes->len + FIRST_SIZE);
  output->position = bytes->data + output->start;
  output->limit = bytes->data + bytes->len;
}

void
execnet_opcodes_output_end (ExecnetOpcodesOutput *output)
{
  g_byte_array_set_size (output->bytes, (guint) (output->position - output->bytes->data));
}

/* Leaves the array as it was. */
void
execnet_opcodes_output_undo (ExecnetOpcodesOutput *output)
{
  g_byte_array_set_size (output->bytes, (guint) output->start);
}

/* Makes room for so many bytes more. */
gboolean
execnet_opcodes_output_grow (ExecnetOpcodesOutput *output, gsize size)
{
  gsize used = (gsize) (output->position - output->bytes->data);
  gsize most = MIN (output->start + EXECNET_OPCODES_SIZE_MAX, G_MAXUINT);

  if (size > most - used)
    return FALSE;
  g_byte_array_set_size (output->bytes, (guint) MIN (MAX (2 * used, used + size), most));
  output->position = output->bytes->data + used;
  output->limit = output->bytes->data + output->bytes->len;
  return TRUE;
}

gboolean
execnet_opcodes_put_string (ExecnetOpcodesOutput *output,
                            ExecnetOpcode opcode,
                            gconstpointer bytes,
                            gsize size)
{
  if (size > EXECNET_OPCODES_SIZE_MAX
      || !execnet_opcodes_output_reserve (output, EXECNET_OPCODES_HEAD_SIZE + size))
    return FALSE;
  execnet_opcodes_add_number (output, opcode, (gint32) size);
  if (size > 0)
    memcpy (output->position, bytes, size);
  output->position += size;
  return TRUE;
}

/* One that takes more than 32 bits; also a negative one, which execnet itself fails to write. */
gboolean
execnet_opcodes_put_large_int (ExecnetOpcodesOutput *output, gboolean negative, guint64 magnitude)
{
  char digits[INT64_DIGITS_MAX + 1];
  char *p = digits + sizeof digits;

  do
    *--p = (char) ('0' + magnitude % 10);
  while ((magnitude /= 10) > 0);
  if (negative)
    *--p = '-';
  return execnet_opcodes_put_string (
      output, EXECNET_OPCODE_LONG_INT, p, (gsize) (digits + sizeof digits - p));
}

gboolean
execnet_opcodes_put_long (ExecnetOpcodesOutput *output, const ExecnetDecimal *decimal)
{
  gsize size = decimal->length + (decimal->negative ? 1 : 0);

  if (!execnet_opcodes_output_reserve (output, EXECNET_OPCODES_HEAD_SIZE + size))
    return FALSE;
  execnet_opcodes_add_number (output, EXECNET_OPCODE_LONG_INT, (gint32) size);
  if (decimal->negative)
    *output->position++ = '-';
  memcpy (output->position, decimal->digits, decimal->length);
  output->position += decimal->length;
  return TRUE;
}

static void
add_double (ExecnetOpcodesOutput *output, double value)
{
  execnet_double_to_big_endian (value, output->position);
  output->position += sizeof value;
}

gboolean
execnet_opcodes_put_float (ExecnetOpcodesOutput *output, double value)
{
  if (!execnet_opcodes_output_reserve (output, 1 + sizeof value))
    return FALSE;
  execnet_opcodes_add (output, EXECNET_OPCODE_FLOAT);
  add_double (output, value);
  return TRUE;
}

gboolean
execnet_opcodes_put_complex (ExecnetOpcodesOutput *output, const double parts[2])
{
  if (!execnet_opcodes_output_reserve (output, 1 + 2 * sizeof *parts))
    return FALSE;
  execnet_opcodes_add (output, EXECNET_OPCODE_COMPLEX);
  add_double (output, parts[0]);
  add_double (output, parts[1]);
  return TRUE;
}
