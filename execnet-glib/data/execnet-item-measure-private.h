/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-item-tree-private.h"

#include <string.h>

G_BEGIN_DECLS

/* How the values of a tree look as GVariants: type, size, alignment (GVariant's own rules, see
 * the specification of its serialized form). */

/* A kind that arrives as {sv} has a tag, which is the key, and a content, which is in the v. */
typedef struct
{
  char type[6];
  guint8 type_length;
  guint8 alignment;
  guint8 fixed_size; /* 0: depends on the value */
  char tag[10];
  guint8 tag_size; /* with its NUL; 0: no tag */
  char content[6];
  guint8 content_length;
  ExecnetNode start; /* what a value without members starts as */
} ExecnetNodeShape;

extern const ExecnetNodeShape execnet_node_shapes[EXECNET_NODE_N_KINDS];

#define EXECNET_VARIANT_ALIGNMENT 8

/* A value without members. */
static inline void
execnet_node_set_number (ExecnetNode *node, ExecnetNodeKind kind, gint64 number)
{
  node->traits = execnet_node_shapes[kind].start.traits;
  node->count = 0;
  node->value.integer = number;
}

static inline void
execnet_node_set_bytes (ExecnetNode *node, ExecnetNodeKind kind, const guint8 *bytes, gsize size)
{
  node->traits = execnet_node_shapes[kind].start.traits;
  node->count = (guint32) size;
  node->value.bytes = bytes;
}

static inline guint64
execnet_align (guint64 position, guint alignment)
{
  return (position + alignment - 1) & ~((guint64) alignment - 1);
}

/* The bytes that each framing offset of a container takes. */
static inline guint
execnet_offset_size (guint64 body, guint64 n_offsets)
{
  if (body + n_offsets <= G_MAXUINT8)
    return 1;
  if (body + 2 * n_offsets <= G_MAXUINT16)
    return 2;
  return body + 4 * n_offsets <= G_MAXUINT32 ? 4 : 8;
}

/* What a tagged value takes whose content takes so much. */
static inline guint64
execnet_tagged_size (const ExecnetNodeShape *shape, guint64 content)
{
  guint64 body = execnet_align (shape->tag_size, EXECNET_VARIANT_ALIGNMENT) + content + 1
                 + shape->content_length;

  return body + execnet_offset_size (body, 1);
}

/* Without the tag. */
static inline guint64
execnet_node_content_size (const ExecnetItemTree *tree, const ExecnetNode *node)
{
  switch ((ExecnetNodeKind) node->kind)
    {
    case EXECNET_NODE_NONE:
      return 0;
    case EXECNET_NODE_BOOL:
      return 1;
    case EXECNET_NODE_CHANNEL:
      return 4;
    case EXECNET_NODE_INT:
    case EXECNET_NODE_FLOAT:
      return 8;
    case EXECNET_NODE_COMPLEX:
      return 16;
    case EXECNET_NODE_TEXT:
    case EXECNET_NODE_LONG:
      return (guint64) node->count + 1;
    case EXECNET_NODE_BYTES:
    case EXECNET_NODE_TEXT_WITH_NUL:
      return node->count;
    default:
      return execnet_node_block (tree, node)->size;
    }
}

static inline guint64
execnet_node_size (const ExecnetItemTree *tree, const ExecnetNode *node)
{
  const ExecnetNodeShape *shape = &execnet_node_shapes[node->kind];
  guint64 content = execnet_node_content_size (tree, node);

  return shape->tag_size == 0 ? content : execnet_tagged_size (shape, content);
}

static inline gsize
execnet_node_type_length (const ExecnetItemTree *tree, const ExecnetNode *node)
{
  return node->kind == EXECNET_NODE_TUPLE ? execnet_node_block (tree, node)->type_length
                                          : execnet_node_shapes[node->kind].type_length;
}

/* As the content of a variant. */
static inline guint64
execnet_node_boxed_size (const ExecnetItemTree *tree, const ExecnetNode *node)
{
  const ExecnetNodeShape *shape = &execnet_node_shapes[node->kind];

  if (shape->fixed_size > 0)
    return shape->fixed_size + 1 + shape->type_length;
  return execnet_node_size (tree, node) + 1 + execnet_node_type_length (tree, node);
}

static inline guint
execnet_node_alignment (const ExecnetItemTree *tree, const ExecnetNode *node)
{
  return node->kind == EXECNET_NODE_TUPLE ? execnet_node_block (tree, node)->alignment
                                          : execnet_node_shapes[node->kind].alignment;
}

static inline gboolean
execnet_node_has_fixed_size (const ExecnetItemTree *tree, const ExecnetNode *node)
{
  return node->kind == EXECNET_NODE_TUPLE ? execnet_node_block (tree, node)->fixed_size
                                          : execnet_node_shapes[node->kind].fixed_size != 0;
}

/* What a pair of a dict takes: the key first, then the value in a variant. `key_end` is where
 * the framing offset points, or 0 where the key's size is fixed. */
static inline guint64
execnet_pair_size (const ExecnetItemTree *tree,
                   ExecnetNodeKind dict,
                   const ExecnetNode *pair,
                   guint64 *key_end)
{
  gboolean boxed = dict == EXECNET_NODE_DICT_ANY;
  guint64 key = boxed ? execnet_node_boxed_size (tree, pair) : execnet_node_size (tree, pair);
  guint64 body
      = execnet_align (key, EXECNET_VARIANT_ALIGNMENT) + execnet_node_boxed_size (tree, pair + 1);

  *key_end = boxed || dict == EXECNET_NODE_DICT_TEXT ? key : 0;
  return *key_end > 0 ? body + execnet_offset_size (body, 1) : body;
}

/* Sets the size and the reach of a container whose members are complete. May change a tuple's
 * kind to that of a big one. */
void execnet_node_measure (ExecnetItemTree *tree, ExecnetNode *node);

G_END_DECLS
