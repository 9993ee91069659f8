/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-opcodes-reader-private.h"

#include "data/execnet-item-measure-private.h"

#include <glib/gi18n-lib.h>

/* A member of a list takes seven bytes: its index (5), a value (1 at least) and the opcode that
 * sets it (1). Writers leave no member out, but readers may be given a list that does: the lists of
 * an item may have a few members more than its bytes can set. */
#define LIST_MEMBER_SIZE_MIN 7
#define LIST_MEMBERS_SPARE 4096

gsize
execnet_opcodes_count_list_members (gsize size)
{
  return size / LIST_MEMBER_SIZE_MIN + LIST_MEMBERS_SPARE;
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

/* Takes the numbers that come next in a list, in the order in which all writers put them, straight
 * to their places. Leaves everything else, errors too, to those who come after. */
static void
read_numbers (ExecnetOpcodesReader *self, const ExecnetNode *list, gint64 first)
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

gboolean
execnet_opcodes_read_list (ExecnetOpcodesReader *self)
{
  ExecnetNode *list;
  guint32 count;

  if (!execnet_opcodes_take_count (self, &count))
    return FALSE;
  if (count > self->list_members_left)
    return execnet_opcodes_refuse (
        self, _ ("a list is to have %u members, more than the bytes can hold."), count);
  self->list_members_left -= count;
  list = execnet_opcodes_push (self);
  execnet_item_tree_new_list (self->tree, count, list);
  read_numbers (self, list, 0);
  return TRUE;
}

static gboolean
check_level (ExecnetOpcodesReader *self, guint members)
{
  if (members < EXECNET_ITEM_LEVELS_MAX)
    return TRUE;
  return execnet_opcodes_refuse_as (self,
                                    EXECNET_ERROR_TOO_DEEP,
                                    _ ("it is nested more than %d levels deep."),
                                    EXECNET_ITEM_LEVELS_MAX);
}

gboolean
execnet_opcodes_read_collection (ExecnetOpcodesReader *self, ExecnetNodeKind kind)
{
  ExecnetNode *members;
  ExecnetNode collection;
  guint32 count;

  if (!execnet_opcodes_take_count (self, &count))
    return FALSE;
  if (count > self->used)
    return execnet_opcodes_refuse (
        self, _ ("%u members are wanted, but there are only %zu values."), count, self->used);

  members = self->stack + (self->used - count);
  for (guint32 i = 0; i < count; i++)
    {
      if (!check_level (self, members[i].level))
        return FALSE;
      if (kind != EXECNET_NODE_TUPLE && !members[i].hashable)
        return execnet_opcodes_refuse (self,
                                       _ ("a member of a set is not hashable; it is a %s."),
                                       describe_kind (&members[i]));
      execnet_item_tree_close (self->tree, &members[i]);
    }
  execnet_item_tree_new_collection (self->tree, kind, members, count, &collection);
  self->used -= count;
  *execnet_opcodes_push (self) = collection;
  return TRUE;
}

static gboolean
set_list_member (ExecnetOpcodesReader *self,
                 ExecnetNode *list,
                 const ExecnetNode *key,
                 const ExecnetNode *value)
{
  gint64 index = key->value.integer;

  if (key->kind != EXECNET_NODE_INT && key->kind != EXECNET_NODE_BOOL)
    return execnet_opcodes_refuse (
        self,
        _ ("the index of a list must be an int of 64 bits; it is of the type %s."),
        describe_kind (key));
  if (index < 0)
    index += list->count;
  if (index < 0 || index >= list->count)
    return execnet_opcodes_refuse (self,
                                   _ ("a list of %u members has no index %" G_GINT64_FORMAT "."),
                                   list->count,
                                   key->value.integer);
  execnet_node_copy (execnet_node_members (self->tree, list) + index, value);
  return TRUE;
}

gboolean
execnet_opcodes_read_set_item (ExecnetOpcodesReader *self)
{
  ExecnetNode *container, *key, *value;

  if (self->used < 3)
    return execnet_opcodes_refuse (
        self, _ ("setting a member takes three values, but there are only %zu."), self->used);
  container = &self->stack[self->used - 3];
  key = container + 1;
  value = container + 2;
  if (container->kind != EXECNET_NODE_LIST && container->kind != EXECNET_NODE_DICT)
    return execnet_opcodes_refuse (
        self,
        _ ("only lists and dictionaries have members to set; this is a %s."),
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
    return execnet_opcodes_refuse (
        self, _ ("the key of a dictionary is not hashable; it is a %s."), describe_kind (key));
  self->used -= 2;
  return TRUE;
}
