/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-opcodes-private.h"

#include "base/execnet-error.h"
#include "data/execnet-byte-reader-private.h"
#include "data/execnet-decimal-private.h"
#include "data/execnet-item-measure-private.h"
#include "data/execnet-text-private.h"

#include <glib/gi18n-lib.h>

/* A member of a list takes seven bytes: its index (5), a value (1 at least) and the opcode that
 * sets it (1). Writers leave no member out, but readers may be given a list that does: the lists of
 * an item may have a few members more than its bytes can set. */
#define LIST_MEMBER_SIZE_MIN 7
#define LIST_MEMBERS_SPARE 4096

/* Indexes are of 32 bits, and each value takes one byte at least. */
#define SIZE_MAX_READ G_MAXUINT32

#define STACK_INLINE 32

typedef struct
{
  ExecnetByteReader in;
  const guint8 *opcode; /* the one at hand */
  ExecnetItemTree *tree;
  ExecnetLoadFlags flags;
  gboolean allow_channels;
  gsize list_members_left;
  ExecnetNode *stack;
  gsize used;
  gsize allocated;
  GError **error;
  ExecnetNode space[STACK_INLINE];
} Reader;

static gboolean G_GNUC_PRINTF (3, 4) fail (Reader *self, ExecnetError code, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (self->error,
               EXECNET_ERROR,
               (int) code,
               _ ("Malformed item at byte %zu: %s"),
               (gsize) (self->opcode - self->in.start),
               reason);
  return FALSE;
}

static gboolean
fail_truncated (Reader *self)
{
  return fail (self, EXECNET_ERROR_DATA_FORMAT, _ ("the bytes end too early."));
}

static const char *
describe_kind (const ExecnetNode *node)
{
  switch ((ExecnetNodeKind) node->kind)
    {
    case EXECNET_NODE_NONE:
      return "None";
    case EXECNET_NODE_BOOL:
      return "bool";
    case EXECNET_NODE_INT:
    case EXECNET_NODE_LONG:
      return "int";
    case EXECNET_NODE_FLOAT:
      return "float";
    case EXECNET_NODE_COMPLEX:
      return "complex";
    case EXECNET_NODE_CHANNEL:
      return "Channel";
    case EXECNET_NODE_TEXT:
    case EXECNET_NODE_TEXT_WITH_NUL:
      return "str";
    case EXECNET_NODE_BYTES:
      return "bytes";
    case EXECNET_NODE_LIST:
      return "list";
    case EXECNET_NODE_TUPLE:
    case EXECNET_NODE_BIG_TUPLE:
      return "tuple";
    case EXECNET_NODE_SET:
      return "set";
    case EXECNET_NODE_FROZENSET:
      return "frozenset";
    default:
      return "dict";
    }
}

static void
grow_stack (Reader *self)
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

static inline ExecnetNode *
push (Reader *self)
{
  if (G_UNLIKELY (self->used == self->allocated))
    grow_stack (self);
  return &self->stack[self->used++];
}

static gboolean
push_number (Reader *self, ExecnetNodeKind kind, gint64 number)
{
  execnet_node_set_number (push (self), kind, number);
  return TRUE;
}

static gboolean
push_bytes (Reader *self, ExecnetNodeKind kind, const guint8 *bytes, gsize size)
{
  execnet_node_set_bytes (push (self), kind, bytes, size);
  return TRUE;
}

/* A length or count, and what it counts. */
static gboolean
take_count (Reader *self, guint32 *count)
{
  gint32 raw;

  if (!execnet_byte_reader_take_int32 (&self->in, &raw))
    return fail_truncated (self);
  if (raw < 0)
    return fail (self, EXECNET_ERROR_DATA_FORMAT, _ ("the length %d is negative."), raw);
  *count = (guint32) raw;
  return TRUE;
}

static gboolean
take_string (Reader *self, const guint8 **bytes, guint32 *size)
{
  if (!take_count (self, size))
    return FALSE;
  if (execnet_byte_reader_take (&self->in, *size, bytes))
    return TRUE;
  return fail (self,
               EXECNET_ERROR_DATA_FORMAT,
               _ ("the length is %u, but only %zu bytes follow."),
               *size,
               execnet_byte_reader_left (&self->in));
}

static gboolean
read_int (Reader *self)
{
  gint32 number;

  if (!execnet_byte_reader_take_int32 (&self->in, &number))
    return fail_truncated (self);
  return push_number (self, EXECNET_NODE_INT, number);
}

static gboolean
read_float (Reader *self)
{
  const guint8 *bytes;
  ExecnetNode *node;

  if (!execnet_byte_reader_take (&self->in, sizeof (double), &bytes))
    return fail_truncated (self);
  node = push (self);
  execnet_node_set_number (node, EXECNET_NODE_FLOAT, 0);
  node->value.real = execnet_double_from_big_endian (bytes);
  return TRUE;
}

static gboolean
read_complex (Reader *self)
{
  const guint8 *bytes;

  if (!execnet_byte_reader_take (&self->in, 2 * sizeof (double), &bytes))
    return fail_truncated (self);
  return push_bytes (self, EXECNET_NODE_COMPLEX, bytes, 2 * sizeof (double));
}

static gboolean
read_channel (Reader *self)
{
  gint32 id;

  if (!execnet_byte_reader_take_int32 (&self->in, &id))
    return fail_truncated (self);
  if (!self->allow_channels)
    return fail (self,
                 EXECNET_ERROR_DATA_FORMAT,
                 _ ("it holds channel %d; channels arrive only over a gateway."),
                 id);
  return push_number (self, EXECNET_NODE_CHANNEL, id);
}

static gboolean
push_large (Reader *self, const ExecnetDecimal *decimal)
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
read_long (Reader *self)
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
      return fail (self,
                   EXECNET_ERROR_DATA_FORMAT,
                   _ ("an int has more than %d digits, the most that Python converts."),
                   EXECNET_DECIMAL_DIGITS_MAX);
    default:
      return fail (self, EXECNET_ERROR_DATA_FORMAT, _ ("an int has no decimal digits."));
    }
}

static gboolean
push_text (Reader *self, const guint8 *bytes, gsize size)
{
  gsize bad;

  switch (execnet_text_check (bytes, size, &bad))
    {
    case EXECNET_TEXT_PLAIN:
      return push_bytes (self, EXECNET_NODE_TEXT, bytes, size);
    case EXECNET_TEXT_WITH_NUL:
      return push_bytes (self, EXECNET_NODE_TEXT_WITH_NUL, bytes, size);
    default:
      return fail (self,
                   EXECNET_ERROR_DATA_FORMAT,
                   _ ("a text is not UTF-8 from its byte %zu (0x%02x) on."),
                   bad,
                   bytes[bad]);
    }
}

static gboolean
read_text (Reader *self)
{
  const guint8 *bytes = NULL;
  guint32 size;

  return take_string (self, &bytes, &size) && push_text (self, bytes, size);
}

static gboolean
read_bytes (Reader *self)
{
  const guint8 *bytes = NULL;
  guint32 size;

  return take_string (self, &bytes, &size) && push_bytes (self, EXECNET_NODE_BYTES, bytes, size);
}

/* A Python 2 string as text: Latin-1. */
static gboolean
read_latin1 (Reader *self)
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
    return fail (self, EXECNET_ERROR_DATA_FORMAT, _ ("a text is too long."));

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

/* Takes the numbers that come next in a list, in the order in which all writers put them, straight
 * to their places. Leaves everything else, errors too, to those who come after. */
static void
read_numbers (Reader *self, const ExecnetNode *list, gint64 first)
{
  enum
  {
    INDEX_SIZE = 1 + sizeof (gint32),
    INT_SIZE = INDEX_SIZE + 1 + sizeof (gint32),
    FLOAT_SIZE = INDEX_SIZE + 1 + sizeof (double),
  };
  ExecnetNode *members = execnet_node_members (self->tree, list);

  for (gint64 i = first; i < list->count; i++)
    {
      const guint8 *p = self->in.position;
      gsize left = execnet_byte_reader_left (&self->in);

      if (left <= INT_SIZE || p[0] != EXECNET_OPCODE_INT
          || execnet_int32_from_big_endian (p + 1) != i)
        return;
      p += INDEX_SIZE;
      if (p[0] == EXECNET_OPCODE_INT && p[INT_SIZE - INDEX_SIZE] == EXECNET_OPCODE_SET_ITEM)
        {
          execnet_node_set_number (
              &members[i], EXECNET_NODE_INT, execnet_int32_from_big_endian (p + 1));
          self->in.position += INT_SIZE + 1;
        }
      else if (p[0] == EXECNET_OPCODE_FLOAT && left > FLOAT_SIZE
               && p[FLOAT_SIZE - INDEX_SIZE] == EXECNET_OPCODE_SET_ITEM)
        {
          execnet_node_set_number (&members[i], EXECNET_NODE_FLOAT, 0);
          members[i].value.real = execnet_double_from_big_endian (p + 1);
          self->in.position += FLOAT_SIZE + 1;
        }
      else
        return;
    }
}

static gboolean
read_list (Reader *self)
{
  ExecnetNode *list;
  guint32 count;

  if (!take_count (self, &count))
    return FALSE;
  if (count > self->list_members_left)
    return fail (self,
                 EXECNET_ERROR_DATA_FORMAT,
                 _ ("a list is to have %u members, more than the bytes can hold."),
                 count);
  self->list_members_left -= count;
  list = push (self);
  execnet_item_tree_new_list (self->tree, count, list);
  read_numbers (self, list, 0);
  return TRUE;
}

static gboolean
check_level (Reader *self, guint members)
{
  if (members < EXECNET_ITEM_LEVELS_MAX)
    return TRUE;
  return fail (self,
               EXECNET_ERROR_TOO_DEEP,
               _ ("it is nested more than %d levels deep."),
               EXECNET_ITEM_LEVELS_MAX);
}

static gboolean
fail_unhashable (Reader *self, const ExecnetNode *node, const char *role)
{
  return fail (self,
               EXECNET_ERROR_DATA_FORMAT,
               node->kind == EXECNET_NODE_TUPLE || node->kind == EXECNET_NODE_BIG_TUPLE
                   ? _ ("a %s with unhashable members can't be %s.")
                   : _ ("a %s can't be %s."),
               describe_kind (node),
               role);
}

static gboolean
read_collection (Reader *self, ExecnetNodeKind kind)
{
  ExecnetNode *members;
  ExecnetNode collection;
  guint32 count;

  if (!take_count (self, &count))
    return FALSE;
  if (count > self->used)
    return fail (self,
                 EXECNET_ERROR_DATA_FORMAT,
                 _ ("%u members are wanted, but there are only %zu values."),
                 count,
                 self->used);

  members = self->stack + (self->used - count);
  for (guint32 i = 0; i < count; i++)
    {
      if (!check_level (self, members[i].level))
        return FALSE;
      if (kind != EXECNET_NODE_TUPLE && !members[i].hashable)
        return fail_unhashable (self, &members[i], _ ("a member of a set"));
      execnet_item_tree_close (self->tree, &members[i]);
    }
  execnet_item_tree_new_collection (self->tree, kind, members, count, &collection);
  self->used -= count;
  *push (self) = collection;
  return TRUE;
}

static gboolean
set_list_member (Reader *self, ExecnetNode *list, const ExecnetNode *key, const ExecnetNode *value)
{
  gint64 index = key->value.integer;

  if (key->kind != EXECNET_NODE_INT && key->kind != EXECNET_NODE_BOOL)
    return fail (self,
                 EXECNET_ERROR_DATA_FORMAT,
                 _ ("a %s can't be the index of a list."),
                 describe_kind (key));
  if (index < 0)
    index += list->count;
  if (index < 0 || index >= list->count)
    return fail (self,
                 EXECNET_ERROR_DATA_FORMAT,
                 _ ("a list of %u members has no index %" G_GINT64_FORMAT "."),
                 list->count,
                 key->value.integer);
  execnet_node_copy (execnet_node_members (self->tree, list) + index, value);
  return TRUE;
}

static gboolean
read_set_item (Reader *self)
{
  ExecnetNode *container, *key, *value;

  if (self->used < 3)
    return fail (self,
                 EXECNET_ERROR_DATA_FORMAT,
                 _ ("setting a member takes three values, but there are only %zu."),
                 self->used);
  container = &self->stack[self->used - 3];
  key = container + 1;
  value = container + 2;
  if (container->kind != EXECNET_NODE_LIST && container->kind != EXECNET_NODE_DICT)
    return fail (self,
                 EXECNET_ERROR_DATA_FORMAT,
                 _ ("a %s has no members to set."),
                 describe_kind (container));
  if (!check_level (self, value->level) || !check_level (self, key->level))
    return FALSE;
  execnet_item_tree_close (self->tree, value);
  container->level = MAX (container->level, 1 + MAX (key->level, value->level));
  if (container->kind == EXECNET_NODE_LIST)
    {
      if (!set_list_member (self, container, key, value))
        return FALSE;
    }
  else if (key->hashable)
    execnet_item_tree_append (self->tree, container, key, value);
  else
    return fail_unhashable (self, key, _ ("a key"));
  self->used -= 2;
  return TRUE;
}

static gboolean
read_py2_string (Reader *self)
{
  return (self->flags & EXECNET_LOAD_PY2STR_AS_PY3STR) != 0 ? read_latin1 (self)
                                                            : read_bytes (self);
}

static gboolean
read_py3_string (Reader *self)
{
  return (self->flags & EXECNET_LOAD_PY3STR_AS_PY2STR) != 0 ? read_bytes (self) : read_text (self);
}

static gboolean
read_value (Reader *self, guint8 opcode)
{
  switch (opcode)
    {
    case EXECNET_OPCODE_INT:
    case EXECNET_OPCODE_LONG:
      return read_int (self);
    case EXECNET_OPCODE_SET_ITEM:
      return read_set_item (self);
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
      return read_list (self);
    case EXECNET_OPCODE_NEW_DICT:
      execnet_item_tree_new_dict (self->tree, push (self));
      return TRUE;
    case EXECNET_OPCODE_BUILD_TUPLE:
      return read_collection (self, EXECNET_NODE_TUPLE);
    case EXECNET_OPCODE_SET:
      return read_collection (self, EXECNET_NODE_SET);
    case EXECNET_OPCODE_FROZENSET:
      return read_collection (self, EXECNET_NODE_FROZENSET);
    default:
      return fail (self, EXECNET_ERROR_DATA_FORMAT, _ ("0x%02x is no opcode."), opcode);
    }
}

static gboolean
read_all (Reader *self)
{
  guint8 opcode;

  for (;;)
    {
      self->opcode = self->in.position;
      if (!execnet_byte_reader_take_uint8 (&self->in, &opcode))
        return fail_truncated (self);
      if (opcode == EXECNET_OPCODE_STOP)
        break;
      if (!read_value (self, opcode))
        return FALSE;
    }
  if (self->used != 1)
    return fail (self,
                 EXECNET_ERROR_DATA_FORMAT,
                 _ ("there must be one value at the end, but there are %zu."),
                 self->used);
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
  Reader self;
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
  self.list_members_left = size / LIST_MEMBER_SIZE_MIN + LIST_MEMBERS_SPARE;
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
