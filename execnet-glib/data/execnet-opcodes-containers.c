/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-opcodes-reader-private.h"

#include "data/execnet-item-measure-private.h"
#include "data/execnet-text-private.h"

#include <glib/gi18n-lib.h>
#include <stdint.h>

/* A member of a list takes seven bytes: its index (5), a value (1 at least) and the opcode that
 * sets it (1). Writers leave no member out, but readers may be given a list that does: the lists of
 * an item may have a few members more than its bytes can set. */
#define LIST_MEMBER_SIZE_MIN 7
#define LIST_MEMBERS_SPARE 4096

/* An opcode with a length or number behind it. */
#define HEAD_SIZE 5

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

/* Takes a value that a single opcode makes. Leaves everything else, errors too, to those who come
 * after: FALSE without a trace. */
static inline gboolean
take_simple (const ExecnetOpcodesReader *self, const guint8 **position, ExecnetNode *node)
{
  const guint8 *p = *position;
  gsize left = (gsize) (self->in.end - p);
  gsize size, bad;

  if (left < HEAD_SIZE)
    return FALSE;
  switch (*p)
    {
    case EXECNET_OPCODE_INT:
      execnet_node_set_number (node, EXECNET_NODE_INT, execnet_int32_from_big_endian (p + 1));
      *position = p + HEAD_SIZE;
      return TRUE;
    case EXECNET_OPCODE_FLOAT:
      if (left < 1 + sizeof (double))
        return FALSE;
      execnet_node_set_number (node, EXECNET_NODE_FLOAT, 0);
      node->value.real = execnet_double_from_big_endian (p + 1);
      *position = p + 1 + sizeof (double);
      return TRUE;
    case EXECNET_OPCODE_PY3_STRING:
      /* A negative size is one that is too large. */
      size = (guint32) execnet_int32_from_big_endian (p + 1);
      if ((self->flags & EXECNET_LOAD_PY3STR_AS_PY2STR) != 0
          || size > MIN (left - HEAD_SIZE, G_MAXINT32)
          || execnet_text_check (p + HEAD_SIZE, size, &bad) != EXECNET_TEXT_PLAIN)
        return FALSE;
      execnet_node_set_bytes (node, EXECNET_NODE_TEXT, p + HEAD_SIZE, size);
      *position = p + HEAD_SIZE + size;
      return TRUE;
    case EXECNET_OPCODE_TRUE:
    case EXECNET_OPCODE_FALSE:
      execnet_node_set_number (node, EXECNET_NODE_BOOL, *p == EXECNET_OPCODE_TRUE);
      *position = p + 1;
      return TRUE;
    default:
      return FALSE;
    }
}

static inline gboolean
take_set_item (const ExecnetOpcodesReader *self, const guint8 **position)
{
  return *position < self->in.end && *(*position)++ == EXECNET_OPCODE_SET_ITEM;
}

/* What follows a new list or dictionary is mostly what all writers put there: members in order.
 * Simple ones go straight to their places, not over the stack, which costs half as much. */
static void
read_simple_members (ExecnetOpcodesReader *self, const ExecnetNode *list)
{
  ExecnetNode *members = execnet_node_members (self->tree, list);
  ExecnetNode index, value;

  for (gint64 i = 0; i < list->count; i++)
    {
      const guint8 *p = self->in.position;

      if (!take_simple (self, &p, &index) || index.kind != EXECNET_NODE_INT
          || index.value.integer != i || !take_simple (self, &p, &value)
          || !take_set_item (self, &p))
        return;
      execnet_node_copy (&members[i], &value);
      self->in.position = p;
    }
}

static void
read_simple_pairs (ExecnetOpcodesReader *self, ExecnetNode *dict)
{
  ExecnetNode key, value;

  for (;;)
    {
      const guint8 *p = self->in.position;

      if (!take_simple (self, &p, &key) || !take_simple (self, &p, &value)
          || !take_set_item (self, &p))
        return;
      execnet_item_tree_append (self->tree, dict, &key, &value);
      self->in.position = p;
    }
}

gboolean
execnet_opcodes_read_dict (ExecnetOpcodesReader *self)
{
  ExecnetNode *dict = execnet_opcodes_push (self);

  execnet_item_tree_new_dict (self->tree, dict);
  read_simple_pairs (self, dict);
  return TRUE;
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
  read_simple_members (self, list);
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
                                   _ ("a list of %u members has no index %jd."),
                                   list->count,
                                   (intmax_t) key->value.integer);
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
  if (container->kind == EXECNET_NODE_DICT)
    read_simple_pairs (self, container);
  return TRUE;
}
