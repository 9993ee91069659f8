/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-item-measure-private.h"

/* Values without members are hashable; the last number is their reach. */
#define START(kind, reach)                                                                         \
  {                                                                                                \
    {                                                                                              \
      {                                                                                            \
        kind, TRUE, 0, reach                                                                       \
      }                                                                                            \
    }                                                                                              \
  }
#define SHAPE(kind, type, alignment, fixed_size, reach)                                            \
  {                                                                                                \
    type, sizeof (type) - 1, alignment, fixed_size, "", 0, "", 0, START (kind, reach)              \
  }
#define TAGGED(kind, tag, content, reach)                                                          \
  {                                                                                                \
    "{sv}", 4, EXECNET_VARIANT_ALIGNMENT, 0, tag, sizeof (tag), content, sizeof (content) - 1,     \
        START (kind, reach)                                                                        \
  }

const ExecnetNodeShape execnet_node_shapes[EXECNET_NODE_N_KINDS] = {
  [EXECNET_NODE_NONE] = SHAPE (EXECNET_NODE_NONE, "mv", 8, 0, 1),
  [EXECNET_NODE_BOOL] = SHAPE (EXECNET_NODE_BOOL, "b", 1, 1, 0),
  [EXECNET_NODE_INT] = SHAPE (EXECNET_NODE_INT, "x", 8, 8, 0),
  [EXECNET_NODE_FLOAT] = SHAPE (EXECNET_NODE_FLOAT, "d", 8, 8, 0),
  [EXECNET_NODE_CHANNEL] = SHAPE (EXECNET_NODE_CHANNEL, "h", 4, 4, 0),
  [EXECNET_NODE_TEXT] = SHAPE (EXECNET_NODE_TEXT, "s", 1, 0, 0),
  [EXECNET_NODE_BYTES] = SHAPE (EXECNET_NODE_BYTES, "ay", 1, 0, 1),
  [EXECNET_NODE_TEXT_WITH_NUL] = TAGGED (EXECNET_NODE_TEXT_WITH_NUL, "str", "ay", 3),
  [EXECNET_NODE_LONG] = TAGGED (EXECNET_NODE_LONG, "long", "s", 2),
  [EXECNET_NODE_COMPLEX] = TAGGED (EXECNET_NODE_COMPLEX, "complex", "(dd)", 3),
  [EXECNET_NODE_LIST] = SHAPE (EXECNET_NODE_LIST, "av", 8, 0, 0),
  [EXECNET_NODE_BIG_TUPLE] = TAGGED (EXECNET_NODE_BIG_TUPLE, "tuple", "av", 0),
  [EXECNET_NODE_SET] = TAGGED (EXECNET_NODE_SET, "set", "av", 0),
  [EXECNET_NODE_FROZENSET] = TAGGED (EXECNET_NODE_FROZENSET, "frozenset", "av", 0),
  [EXECNET_NODE_DICT_TEXT] = SHAPE (EXECNET_NODE_DICT_TEXT, "a{sv}", 8, 0, 0),
  [EXECNET_NODE_DICT_INT] = SHAPE (EXECNET_NODE_DICT_INT, "a{xv}", 8, 0, 0),
  [EXECNET_NODE_DICT_FLOAT] = SHAPE (EXECNET_NODE_DICT_FLOAT, "a{dv}", 8, 0, 0),
  [EXECNET_NODE_DICT_BOOL] = SHAPE (EXECNET_NODE_DICT_BOOL, "a{bv}", 8, 0, 0),
  [EXECNET_NODE_DICT_ANY] = TAGGED (EXECNET_NODE_DICT_ANY, "dict", "a(vv)", 0),
};

/* How many levels of GVariant lie between a container and what its members hold, and how many
 * there are at least: the empty one nests as deep as its type says. */
#define LIST_REACH 2   /* array, variant */
#define TAGGED_REACH 2 /* entry, variant */
#define DICT_REACH 3   /* array, entry, variant */
#define EMPTY_ARRAY_REACH 1
#define EMPTY_DICT_REACH 2

static guint
get_greatest_reach (const ExecnetNode *members, gsize count)
{
  guint reach = 0;

  for (gsize i = 0; i < count; i++)
    reach = MAX (reach, members[i].reach);
  return reach;
}

static void
set_reach (ExecnetNode *node, guint array, guint empty)
{
  guint tag = execnet_node_shapes[node->kind].tag_size > 0 ? TAGGED_REACH : 0;

  node->reach = (guint8) MIN (tag + MAX (array, empty), G_MAXUINT8);
}

static void
measure_array (ExecnetItemTree *tree, ExecnetNode *node)
{
  const ExecnetNode *members = execnet_node_members (tree, node);
  guint64 body = 0;

  for (guint32 i = 0; i < node->count; i++)
    body = execnet_align (body, EXECNET_VARIANT_ALIGNMENT)
           + execnet_node_boxed_size (tree, &members[i]);

  execnet_node_block (tree, node)->size
      = body + (guint64) node->count * execnet_offset_size (body, node->count);
  set_reach (node,
             node->count > 0 ? LIST_REACH + get_greatest_reach (members, node->count) : 0,
             EMPTY_ARRAY_REACH);
}

static void
measure_dict (ExecnetItemTree *tree, ExecnetNode *node)
{
  const ExecnetNode *members = execnet_node_members (tree, node);
  guint64 body = 0;
  guint64 key_end;

  for (guint32 i = 0; i < node->count; i++)
    body = execnet_align (body, EXECNET_VARIANT_ALIGNMENT)
           + execnet_pair_size (tree, node->kind, &members[2 * i], &key_end);

  execnet_node_block (tree, node)->size
      = body + (guint64) node->count * execnet_offset_size (body, node->count);
  set_reach (node,
             node->count > 0 ? DICT_REACH + get_greatest_reach (members, 2 * (gsize) node->count)
                             : 0,
             EMPTY_DICT_REACH);
}

static void
measure_tuple (ExecnetItemTree *tree, ExecnetNode *node)
{
  const ExecnetNode *members = execnet_node_members (tree, node);
  ExecnetBlock *block = execnet_node_block (tree, node);
  guint64 body = 0;
  guint n_offsets = 0;

  block->alignment = 1;
  block->fixed_size = TRUE;
  for (guint32 i = 0; i < node->count; i++)
    {
      guint alignment = execnet_node_alignment (tree, &members[i]);

      body = execnet_align (body, alignment) + execnet_node_size (tree, &members[i]);
      block->alignment = MAX (block->alignment, alignment);
      if (!execnet_node_has_fixed_size (tree, &members[i]))
        {
          block->fixed_size = FALSE;
          if (i + 1 < node->count)
            n_offsets++;
        }
    }

  if (node->count == 0)
    block->size = 1;
  else if (block->fixed_size)
    block->size = execnet_align (body, block->alignment);
  else
    block->size = body + n_offsets * execnet_offset_size (body, n_offsets);
  set_reach (node, node->count > 0 ? 1 + get_greatest_reach (members, node->count) : 0, 0);
}

/* Whether GVariant's tuples suit the members; if so, the type's length is set. */
static gboolean
is_plain_tuple (ExecnetItemTree *tree, const ExecnetNode *node)
{
  const ExecnetNode *members = execnet_node_members (tree, node);
  gsize type_length = strlen ("()");

  if (node->count > EXECNET_TUPLE_MEMBERS_MAX)
    return FALSE;
  for (guint32 i = 0; i < node->count; i++)
    type_length += execnet_node_type_length (tree, &members[i]);
  if (type_length > EXECNET_TUPLE_TYPE_MAX)
    return FALSE;
  execnet_node_block (tree, node)->type_length = (guint16) type_length;
  return TRUE;
}

void
execnet_node_measure (ExecnetItemTree *tree, ExecnetNode *node)
{
  if (node->kind == EXECNET_NODE_TUPLE && !is_plain_tuple (tree, node))
    node->kind = EXECNET_NODE_BIG_TUPLE;

  if (node->kind == EXECNET_NODE_TUPLE)
    measure_tuple (tree, node);
  else if (execnet_node_is_dict (node))
    measure_dict (tree, node);
  else
    measure_array (tree, node);
}
