/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-opcodes-reader-private.h"

#include "data/execnet-decimal-private.h"
#include "data/execnet-item-measure-private.h"
#include "data/execnet-text-private.h"

#include <glib/gi18n-lib.h>

/* Indexes are of 32 bits, and each value takes one byte at least. */
#define SIZE_MAX_READ G_MAXUINT32

static void G_GNUC_PRINTF (3, 0)
    set_error (ExecnetOpcodesReader *self, ExecnetError code, const char *format, va_list arguments)
{
  g_autofree char *reason = g_strdup_vprintf (format, arguments);

  g_set_error (self->error,
               EXECNET_ERROR,
               (int) code,
               _ ("Malformed item at byte %zu: %s"),
               (gsize) (self->opcode - self->in.start),
               reason);
}

gboolean
execnet_opcodes_refuse (ExecnetOpcodesReader *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  set_error (self, EXECNET_ERROR_DATA_FORMAT, format, arguments);
  va_end (arguments);
  return FALSE;
}

gboolean
execnet_opcodes_refuse_as (ExecnetOpcodesReader *self, ExecnetError code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  set_error (self, code, format, arguments);
  va_end (arguments);
  return FALSE;
}

gboolean
execnet_opcodes_refuse_truncated (ExecnetOpcodesReader *self)
{
  return execnet_opcodes_refuse (self, _ ("the bytes end too early."));
}

/* A length or count, and what it counts. */
gboolean
execnet_opcodes_take_count (ExecnetOpcodesReader *self, guint32 *count)
{
  gint32 raw;

  if (!execnet_byte_reader_take_int32 (&self->in, &raw))
    return execnet_opcodes_refuse_truncated (self);
  if (raw < 0)
    return execnet_opcodes_refuse (self, _ ("the length %d is negative."), raw);
  *count = (guint32) raw;
  return TRUE;
}

void
execnet_opcodes_grow_stack (ExecnetOpcodesReader *self)
{
  self->allocated *= 2;
  if (self->stack == self->space)
    {
      self->stack = g_new (ExecnetNode, self->allocated);
      memcpy (self->stack, self->space, sizeof self->space);
    }
  else
    self->stack = g_renew (ExecnetNode, self->stack, self->allocated);
}

static gboolean
push_number (ExecnetOpcodesReader *self, ExecnetNodeKind kind, gint64 number)
{
  execnet_node_set_number (execnet_opcodes_push (self), kind, number);
  return TRUE;
}

static gboolean
push_bytes (ExecnetOpcodesReader *self, ExecnetNodeKind kind, const guint8 *bytes, gsize size)
{
  execnet_node_set_bytes (execnet_opcodes_push (self), kind, bytes, size);
  return TRUE;
}

static gboolean
take_string (ExecnetOpcodesReader *self, const guint8 **bytes, guint32 *size)
{
  if (!execnet_opcodes_take_count (self, size))
    return FALSE;
  if (execnet_byte_reader_take (&self->in, *size, bytes))
    return TRUE;
  return execnet_opcodes_refuse (self,
                                 _ ("the length is %u, but only %zu bytes follow."),
                                 *size,
                                 execnet_byte_reader_left (&self->in));
}

static gboolean
read_int (ExecnetOpcodesReader *self)
{
  gint32 number;

  if (!execnet_byte_reader_take_int32 (&self->in, &number))
    return execnet_opcodes_refuse_truncated (self);
  return push_number (self, EXECNET_NODE_INT, number);
}

static gboolean
read_float (ExecnetOpcodesReader *self)
{
  const guint8 *bytes;
  ExecnetNode *node;

  if (!execnet_byte_reader_take (&self->in, sizeof (double), &bytes))
    return execnet_opcodes_refuse_truncated (self);
  node = execnet_opcodes_push (self);
  execnet_node_set_number (node, EXECNET_NODE_FLOAT, 0);
  node->value.real = execnet_double_from_big_endian (bytes);
  return TRUE;
}

static gboolean
read_complex (ExecnetOpcodesReader *self)
{
  const guint8 *bytes;

  if (!execnet_byte_reader_take (&self->in, 2 * sizeof (double), &bytes))
    return execnet_opcodes_refuse_truncated (self);
  return push_bytes (self, EXECNET_NODE_COMPLEX, bytes, 2 * sizeof (double));
}

static gboolean
read_channel (ExecnetOpcodesReader *self)
{
  gint32 id;

  if (!execnet_byte_reader_take_int32 (&self->in, &id))
    return execnet_opcodes_refuse_truncated (self);
  if (!self->allow_channels)
    return execnet_opcodes_refuse (
        self, _ ("it holds channel %d; channels arrive only over a gateway."), id);
  return push_number (self, EXECNET_NODE_CHANNEL, id);
}

static gboolean
push_large (ExecnetOpcodesReader *self, const ExecnetDecimal *decimal)
{
  const char *digits = decimal->digits;
  gsize size = decimal->length;

  if (decimal->negative)
    {
      g_autofree char *text = g_strdup_printf ("-%.*s", (int) size, digits);

      return push_bytes (self,
                         EXECNET_NODE_LONG,
                         execnet_item_tree_keep (self->tree, (const guint8 *) text, size + 1),
                         size + 1);
    }
  return push_bytes (self, EXECNET_NODE_LONG, (const guint8 *) digits, size);
}

static gboolean
read_long (ExecnetOpcodesReader *self)
{
  const guint8 *bytes;
  guint32 size;
  ExecnetDecimal decimal;

  if (!take_string (self, &bytes, &size))
    return FALSE;
  switch (execnet_decimal_parse ((const char *) bytes, size, &decimal))
    {
    case EXECNET_DECIMAL_SMALL:
      return push_number (self, EXECNET_NODE_INT, decimal.value);
    case EXECNET_DECIMAL_LARGE:
      return push_large (self, &decimal);
    case EXECNET_DECIMAL_TOO_LONG:
      return execnet_opcodes_refuse (
          self,
          _ ("an int has more than %d digits, the most that Python converts."),
          EXECNET_DECIMAL_DIGITS_MAX);
    default:
      return execnet_opcodes_refuse (self, _ ("an int has no decimal digits."));
    }
}

static gboolean
push_text (ExecnetOpcodesReader *self, const guint8 *bytes, gsize size)
{
  gsize bad;

  switch (execnet_text_check (bytes, size, &bad))
    {
    case EXECNET_TEXT_PLAIN:
      return push_bytes (self, EXECNET_NODE_TEXT, bytes, size);
    case EXECNET_TEXT_WITH_NUL:
      return push_bytes (self, EXECNET_NODE_TEXT_WITH_NUL, bytes, size);
    default:
      return execnet_opcodes_refuse (
          self, _ ("a text is not UTF-8 from its byte %zu (0x%02x) on."), bad, bytes[bad]);
    }
}

static gboolean
read_text (ExecnetOpcodesReader *self)
{
  const guint8 *bytes = NULL;
  guint32 size;

  return take_string (self, &bytes, &size) && push_text (self, bytes, size);
}

static gboolean
read_bytes (ExecnetOpcodesReader *self)
{
  const guint8 *bytes = NULL;
  guint32 size;

  return take_string (self, &bytes, &size) && push_bytes (self, EXECNET_NODE_BYTES, bytes, size);
}

/* A Python 2 string as text: Latin-1. */
static gboolean
read_latin1 (ExecnetOpcodesReader *self)
{
  g_autofree guint8 *text = NULL;
  const guint8 *bytes;
  guint32 size;
  gsize used = 0, n_high = 0;

  if (!take_string (self, &bytes, &size))
    return FALSE;
  for (guint32 i = 0; i < size; i++)
    n_high += bytes[i] >> 7;
  if (n_high == 0)
    return push_text (self, bytes, size);
  if (size + n_high > G_MAXUINT32)
    return execnet_opcodes_refuse (self, _ ("a text is too long."));

  text = g_malloc (size + n_high);
  for (guint32 i = 0; i < size; i++)
    {
      if (bytes[i] < 0x80)
        text[used++] = bytes[i];
      else
        {
          text[used++] = (guint8) (0xc0 | bytes[i] >> 6);
          text[used++] = (guint8) (0x80 | (bytes[i] & 0x3f));
        }
    }
  return push_text (self, execnet_item_tree_keep (self->tree, text, used), used);
}

static gboolean
read_py2_string (ExecnetOpcodesReader *self)
{
  return (self->flags & EXECNET_LOAD_PY2STR_AS_PY3STR) != 0 ? read_latin1 (self)
                                                            : read_bytes (self);
}

static gboolean
read_py3_string (ExecnetOpcodesReader *self)
{
  return (self->flags & EXECNET_LOAD_PY3STR_AS_PY2STR) != 0 ? read_bytes (self) : read_text (self);
}

static gboolean
read_value (ExecnetOpcodesReader *self, guint8 opcode)
{
  switch (opcode)
    {
    case EXECNET_OPCODE_INT:
    case EXECNET_OPCODE_LONG:
      return read_int (self);
    case EXECNET_OPCODE_SET_ITEM:
      return execnet_opcodes_read_set_item (self);
    case EXECNET_OPCODE_PY3_STRING:
      return read_py3_string (self);
    case EXECNET_OPCODE_PY2_STRING:
      return read_py2_string (self);
    case EXECNET_OPCODE_UNICODE:
      return read_text (self);
    case EXECNET_OPCODE_BYTES:
      return read_bytes (self);
    case EXECNET_OPCODE_FLOAT:
      return read_float (self);
    case EXECNET_OPCODE_COMPLEX:
      return read_complex (self);
    case EXECNET_OPCODE_LONG_INT:
    case EXECNET_OPCODE_LONG_LONG:
      return read_long (self);
    case EXECNET_OPCODE_NONE:
      return push_number (self, EXECNET_NODE_NONE, 0);
    case EXECNET_OPCODE_TRUE:
      return push_number (self, EXECNET_NODE_BOOL, TRUE);
    case EXECNET_OPCODE_FALSE:
      return push_number (self, EXECNET_NODE_BOOL, FALSE);
    case EXECNET_OPCODE_CHANNEL:
      return read_channel (self);
    case EXECNET_OPCODE_NEW_LIST:
      return execnet_opcodes_read_list (self);
    case EXECNET_OPCODE_NEW_DICT:
      return execnet_opcodes_read_dict (self);
    case EXECNET_OPCODE_BUILD_TUPLE:
      return execnet_opcodes_read_collection (self, EXECNET_NODE_TUPLE);
    case EXECNET_OPCODE_SET:
      return execnet_opcodes_read_collection (self, EXECNET_NODE_SET);
    case EXECNET_OPCODE_FROZENSET:
      return execnet_opcodes_read_collection (self, EXECNET_NODE_FROZENSET);
    default:
      return execnet_opcodes_refuse (self, _ ("0x%02x is no opcode."), opcode);
    }
}

static gboolean
read_all (ExecnetOpcodesReader *self)
{
  guint8 opcode;

  for (;;)
    {
      self->opcode = self->in.position;
      if (!execnet_byte_reader_take_uint8 (&self->in, &opcode))
        return execnet_opcodes_refuse_truncated (self);
      if (opcode == EXECNET_OPCODE_STOP)
        break;
      if (!read_value (self, opcode))
        return FALSE;
    }
  if (self->used != 1)
    return execnet_opcodes_refuse (
        self, _ ("there must be one value at the end, but there are %zu."), self->used);
  execnet_item_tree_close (self->tree, &self->stack[0]);
  return TRUE;
}

gboolean
execnet_opcodes_read (const guint8 *bytes,
                      gsize size,
                      gsize start,
                      ExecnetLoadFlags flags,
                      gboolean allow_channels,
                      ExecnetItemTree *tree,
                      ExecnetNode *root,
                      GError **error)
{
  ExecnetOpcodesReader self;
  gboolean ok;

  if (size > SIZE_MAX_READ)
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_DATA_FORMAT,
                   _ ("An item of %zu bytes is too large to read; the most are %u."),
                   size,
                   SIZE_MAX_READ);
      return FALSE;
    }
  self.in = execnet_byte_reader_init (bytes, size);
  self.in.position += start;
  self.opcode = self.in.position;
  self.tree = tree;
  self.flags = flags;
  self.allow_channels = allow_channels;
  self.list_members_left = execnet_opcodes_count_list_members (size);
  self.stack = self.space;
  self.used = 0;
  self.allocated = G_N_ELEMENTS (self.space);
  self.error = error;

  ok = read_all (&self);
  if (ok)
    *root = self.stack[0];
  if (self.stack != self.space)
    g_free (self.stack);
  return ok;
}
