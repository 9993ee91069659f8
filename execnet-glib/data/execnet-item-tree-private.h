/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* An arriving item between its wire form and its GVariant. The type of a Python tuple or dict is
 * known only when its last member is, and a GVariant's framing only when its size is: so a reader
 * checks the wire once, collects 16 bytes per value here, and the GVariant is then written from
 * its beginning to its end into one allocation of the right size.
 *
 * Values are kept in one growing array. A container's node says where its block begins: one
 * ExecnetBlock, then the members (a dict's are key, value, key, value, …). */

/* What the wire form carries, and how deep execnet itself nests at most. */
#define EXECNET_ITEM_LEVELS_MAX 250

/* A value inside a GVariant has fewer than so many others around it: GLib reads what is deeper as
 * an empty tuple, without a word. */
#define EXECNET_VARIANT_DEPTH_MAX 128

/* Longer tuples, and tuples of a type with more characters, arrive as {sv} 'tuple'. GLib keeps the
 * type of each nested tuple in full, so that long types would cost more than the item. */
#define EXECNET_TUPLE_MEMBERS_MAX 255
#define EXECNET_TUPLE_TYPE_MAX G_MAXUINT16

typedef enum
{
  EXECNET_NODE_NONE,
  EXECNET_NODE_BOOL,
  EXECNET_NODE_INT,
  EXECNET_NODE_FLOAT,
  EXECNET_NODE_CHANNEL,
  EXECNET_NODE_TEXT,          /* UTF-8 without NUL */
  EXECNET_NODE_BYTES,         /* anything */
  EXECNET_NODE_TEXT_WITH_NUL, /* UTF-8 */
  EXECNET_NODE_LONG,          /* more than 64 bits: normalized decimal */
  EXECNET_NODE_COMPLEX,       /* two big-endian doubles */
  EXECNET_NODE_LIST,
  EXECNET_NODE_TUPLE,
  EXECNET_NODE_BIG_TUPLE, /* one that GVariant's own tuples don't suit */
  EXECNET_NODE_SET,
  EXECNET_NODE_FROZENSET,
  EXECNET_NODE_DICT,       /* not closed yet */
  EXECNET_NODE_DICT_TEXT,  /* all keys are text without NUL; or empty */
  EXECNET_NODE_DICT_INT,   /* all keys are ints of 64 bits */
  EXECNET_NODE_DICT_FLOAT, /* all keys are floats */
  EXECNET_NODE_DICT_BOOL,  /* all keys are bools */
  EXECNET_NODE_DICT_ANY,   /* other keys */
  EXECNET_NODE_N_KINDS,
} ExecnetNodeKind;

typedef struct
{
  union
  {
    struct
    {
      guint8 kind;
      guint8 hashable; /* may be a dict's key or a set's member */
      guint8 level;    /* containers inside of each other, as the wire counts */
      guint8 reach;    /* how deep the GVariant nests below this value; saturates */
    };
    guint32 traits; /* all four at once */
  };
  guint32 count; /* bytes, members, or pairs of a dict */
  union
  {
    gint64 integer; /* also bool and channel */
    double real;
    const guint8 *bytes;
    gsize block;
  } value;
} ExecnetNode;

/* A processor that is asked for what it has just written in smaller pieces waits for longer than
 * all else takes that is done with a small value. So a node is read as it is written, and here the
 * compiler must not join the pieces, as it likes to. */
static inline void
execnet_node_copy (ExecnetNode *to, const ExecnetNode *from)
{
  to->traits = __atomic_load_n (&from->traits, __ATOMIC_RELAXED);
  to->count = __atomic_load_n (&from->count, __ATOMIC_RELAXED);
  to->value.integer = __atomic_load_n (&from->value.integer, __ATOMIC_RELAXED);
}

/* The head of a container's block; takes the place of one node. */
typedef struct
{
  guint64 size;        /* of the members in serialized form, with their framing */
  guint32 extra;       /* an open dict: pairs there is room for; a key: its class + 1 (item-keys) */
  guint16 type_length; /* a tuple's: characters */
  guint8 alignment;    /* a tuple's: bytes */
  guint8 fixed_size;   /* a tuple's: whether all values of its type have the same size */
} ExecnetBlock;

G_STATIC_ASSERT (sizeof (ExecnetNode) == 16);
G_STATIC_ASSERT (sizeof (ExecnetBlock) == sizeof (ExecnetNode));

/* Small items never leave the space inside. */
#define EXECNET_ITEM_TREE_INLINE 48

typedef struct
{
  ExecnetNode *nodes;
  gsize used;
  gsize allocated;
  gsize expected;
  GStringChunk *texts; /* what could not be taken from the wire as it is */
  struct _ExecnetItemKeys *keys;
  ExecnetNode space[EXECNET_ITEM_TREE_INLINE];
} ExecnetItemTree;

void execnet_item_tree_init (ExecnetItemTree *tree, gsize size);
void execnet_item_tree_clear (ExecnetItemTree *tree);

const guint8 *execnet_item_tree_keep (ExecnetItemTree *tree, const guint8 *bytes, gsize size);

/* A list starts as so many None; its members may then be set in any order. */
void execnet_item_tree_new_list (ExecnetItemTree *tree, guint32 count, ExecnetNode *list);
void execnet_item_tree_new_dict (ExecnetItemTree *tree, ExecnetNode *dict);
void execnet_item_tree_append (ExecnetItemTree *tree,
                               ExecnetNode *dict,
                               const ExecnetNode *key,
                               const ExecnetNode *value);

/* TUPLE, SET or FROZENSET, from closed members; a set's must be hashable. */
void execnet_item_tree_new_collection (ExecnetItemTree *tree,
                                       ExecnetNodeKind kind,
                                       const ExecnetNode *members,
                                       guint32 count,
                                       ExecnetNode *collection);

/* A list or dict is closed once, when it is complete: that removes double keys and measures. Does
 * nothing for other nodes. */
void execnet_item_tree_close (ExecnetItemTree *tree, ExecnetNode *node);

/* The closed root as a GVariant: a full, not floating, reference. */
GVariant *
execnet_item_tree_to_variant (const ExecnetItemTree *tree, const ExecnetNode *root, GError **error);

static inline ExecnetBlock *
execnet_node_block (const ExecnetItemTree *tree, const ExecnetNode *node)
{
  return (ExecnetBlock *) &tree->nodes[node->value.block];
}

/* Valid until the tree grows. */
static inline ExecnetNode *
execnet_node_members (const ExecnetItemTree *tree, const ExecnetNode *node)
{
  return &tree->nodes[node->value.block + 1];
}

static inline gboolean
execnet_node_is_dict (const ExecnetNode *node)
{
  return node->kind >= EXECNET_NODE_DICT;
}

G_END_DECLS
