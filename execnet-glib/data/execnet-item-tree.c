/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-item-tree-private.h"

#include "data/execnet-item-keys-private.h"
#include "data/execnet-item-measure-private.h"

#define TEXT_CHUNK_SIZE 4096
#define FIRST_PAIRS 4

/* What a value takes on the wire, more or less. */
#define USUAL_VALUE_SIZE 8

/* `size` is that of the wire form: one that doesn't fit inside gets its memory in one piece. */
void
execnet_item_tree_init (ExecnetItemTree *tree, gsize size)
{
  tree->expected = size / USUAL_VALUE_SIZE;
  tree->nodes = tree->space;
  tree->used = 0;
  tree->allocated = G_N_ELEMENTS (tree->space);
  tree->texts = NULL;
  tree->keys = NULL;
}

void
execnet_item_tree_clear (ExecnetItemTree *tree)
{
  if (tree->nodes != tree->space)
    g_free (tree->nodes);
  if (tree->texts != NULL)
    g_string_chunk_free (tree->texts);
  execnet_item_keys_free (tree->keys);
}

/* Keeps a copy for as long as the tree is there. */
const guint8 *
execnet_item_tree_keep (ExecnetItemTree *tree, const guint8 *bytes, gsize size)
{
  if (tree->texts == NULL)
    tree->texts = g_string_chunk_new (TEXT_CHUNK_SIZE);
  return (const guint8 *) g_string_chunk_insert_len (
      tree->texts, (const char *) bytes, (gssize) size);
}

static gsize
add_nodes (ExecnetItemTree *tree, gsize count)
{
  gsize first = tree->used;

  if (count > tree->allocated - tree->used)
    {
      tree->allocated = MAX (MAX (tree->allocated * 2, tree->expected), tree->used + count);
      if (tree->nodes == tree->space)
        {
          tree->nodes = g_new (ExecnetNode, tree->allocated);
          memcpy (tree->nodes, tree->space, tree->used * sizeof *tree->nodes);
        }
      else
        tree->nodes = g_renew (ExecnetNode, tree->nodes, tree->allocated);
    }
  tree->used += count;
  return first;
}

static gsize
add_block (ExecnetItemTree *tree, gsize n_members)
{
  gsize block = add_nodes (tree, 1 + n_members);

  memset (&tree->nodes[block], 0, sizeof *tree->nodes);
  return block;
}

void
execnet_item_tree_new_list (ExecnetItemTree *tree, guint32 count, ExecnetNode *list)
{
  ExecnetNode *members;

  *list = (ExecnetNode){ .kind = EXECNET_NODE_LIST, .level = 1, .count = count };
  list->value.block = add_block (tree, count);
  members = execnet_node_members (tree, list);
  for (guint32 i = 0; i < count; i++)
    execnet_node_set_number (&members[i], EXECNET_NODE_NONE, 0);
}

void
execnet_item_tree_new_dict (ExecnetItemTree *tree, ExecnetNode *dict)
{
  *dict = (ExecnetNode){ .kind = EXECNET_NODE_DICT, .level = 1 };
  dict->value.block = add_block (tree, 0);
}

/* Makes room for more pairs: in place at the end of the tree, else in a new block. */
static void
grow_dict (ExecnetItemTree *tree, ExecnetNode *dict)
{
  gsize old = dict->value.block;
  gsize n_old = 2 * (gsize) execnet_node_block (tree, dict)->extra;
  guint32 room = MAX (2 * execnet_node_block (tree, dict)->extra, FIRST_PAIRS);

  if (old + 1 + n_old == tree->used)
    add_nodes (tree, 2 * (gsize) room - n_old);
  else
    {
      dict->value.block = add_block (tree, 2 * (gsize) room);
      memcpy (
          &tree->nodes[dict->value.block + 1], &tree->nodes[old + 1], n_old * sizeof *tree->nodes);
    }
  execnet_node_block (tree, dict)->extra = room;
}

void
execnet_item_tree_append (ExecnetItemTree *tree,
                          ExecnetNode *dict,
                          const ExecnetNode *key,
                          const ExecnetNode *value)
{
  ExecnetNode *pair;

  if (dict->count == execnet_node_block (tree, dict)->extra)
    grow_dict (tree, dict);
  pair = execnet_node_members (tree, dict) + 2 * (gsize) dict->count++;
  execnet_node_copy (&pair[0], key);
  execnet_node_copy (&pair[1], value);
}

static ExecnetNodeKind
choose_dict_kind (const ExecnetNode *pairs, guint32 count)
{
  guint8 kind = count > 0 ? pairs[0].kind : EXECNET_NODE_TEXT;

  for (guint32 i = 1; i < count; i++)
    if (pairs[2 * (gsize) i].kind != kind)
      return EXECNET_NODE_DICT_ANY;
  switch ((ExecnetNodeKind) kind)
    {
    case EXECNET_NODE_TEXT:
      return EXECNET_NODE_DICT_TEXT;
    case EXECNET_NODE_INT:
      return EXECNET_NODE_DICT_INT;
    case EXECNET_NODE_FLOAT:
      return EXECNET_NODE_DICT_FLOAT;
    case EXECNET_NODE_BOOL:
      return EXECNET_NODE_DICT_BOOL;
    default:
      return EXECNET_NODE_DICT_ANY;
    }
}

static void
close_dict (ExecnetItemTree *tree, ExecnetNode *dict)
{
  ExecnetNode *pairs = execnet_node_members (tree, dict);
  ExecnetBlock *block = execnet_node_block (tree, dict);

  /* What is unused at the end goes to the next container. */
  if (dict->value.block + 1 + 2 * (gsize) block->extra == tree->used)
    tree->used = dict->value.block + 1 + 2 * (gsize) dict->count;
  block->extra = 0;
  dict->count = execnet_item_keys_remove_doubles (tree, pairs, dict->count, 2);
  dict->kind = choose_dict_kind (pairs, dict->count);
}

void
execnet_item_tree_close (ExecnetItemTree *tree, ExecnetNode *node)
{
  if (node->kind == EXECNET_NODE_DICT)
    close_dict (tree, node);
  else if (node->kind != EXECNET_NODE_LIST)
    return;
  execnet_node_measure (tree, node);
}

void
execnet_item_tree_new_collection (ExecnetItemTree *tree,
                                  ExecnetNodeKind kind,
                                  const ExecnetNode *members,
                                  guint32 count,
                                  ExecnetNode *collection)
{
  ExecnetNode node = { .kind = kind, .hashable = kind != EXECNET_NODE_SET, .count = count };

  node.value.block = add_block (tree, count);
  if (count > 0)
    memcpy (execnet_node_members (tree, &node), members, count * sizeof *members);
  for (guint32 i = 0; i < count; i++)
    {
      node.level = MAX (node.level, members[i].level);
      if (!members[i].hashable)
        node.hashable = FALSE;
    }
  node.level++;
  if (kind != EXECNET_NODE_TUPLE)
    node.count
        = execnet_item_keys_remove_doubles (tree, execnet_node_members (tree, &node), count, 1);
  execnet_node_measure (tree, &node);
  *collection = node;
}
