/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which keys are one and the same in Python: 1, 1.0 and True; (1, 2) and (1.0, 2.0); frozensets
 * with equal members in any order; but no NaN with another.
 *
 * Every key gets a canonical node: equal keys have canonical nodes with the same kind and content.
 * A tuple's or frozenset's content are the classes of its members, numbers that equal keys share
 * ("hash consing"); they are found from the innermost outwards, without recursion. */

#include "config.h"

#include "data/execnet-item-keys-private.h"

#include "data/execnet-byte-reader-private.h"
#include "data/execnet-item-measure-private.h"
#include "data/execnet-keyed-hash-private.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/* Up to so many keys of one simple kind are compared one by one. */
#define FEW_KEYS 8

typedef struct
{
  ExecnetNode *keys;
  guint32 *hashes;
  guint32 *slots; /* index of a key + 1, or 0 */
  guint32 used;
  guint32 capacity;  /* keys that fit; twice as many slots are in use */
  guint32 allocated; /* keys that there is memory for */
} KeyTable;

struct _ExecnetItemKeys
{
  KeyTable classes; /* of the members of composite keys */
  KeyTable members; /* of the container at hand */
  GArray *numbers;  /* guint32: scratch */
  gint64 n_nans;
};

static void
key_table_clear (KeyTable *table)
{
  g_free (table->keys);
  g_free (table->hashes);
  g_free (table->slots);
}

static void
put_in_slot (KeyTable *table, guint32 index)
{
  guint32 mask = 2 * table->capacity - 1;
  guint32 slot = table->hashes[index] & mask;

  while (table->slots[slot] != 0)
    slot = (slot + 1) & mask;
  table->slots[slot] = index + 1;
}

static void
key_table_reserve (KeyTable *table, guint32 n_keys)
{
  if (n_keys <= table->capacity)
    return;
  table->capacity = MAX (table->capacity, FEW_KEYS);
  while (table->capacity < n_keys)
    table->capacity *= 2;
  if (table->capacity > table->allocated)
    {
      table->allocated = table->capacity;
      table->keys = g_renew (ExecnetNode, table->keys, table->allocated);
      table->hashes = g_renew (guint32, table->hashes, table->allocated);
      table->slots = g_renew (guint32, table->slots, 2 * (gsize) table->allocated);
    }
  memset (table->slots, 0, 2 * (gsize) table->capacity * sizeof *table->slots);
  for (guint32 i = 0; i < table->used; i++)
    put_in_slot (table, i);
}

/* Costs as much as the new keys will, however many there were before. */
static void
key_table_restart (KeyTable *table, guint32 n_keys)
{
  table->used = 0;
  table->capacity = 0;
  key_table_reserve (table, n_keys);
}

static gboolean
has_bytes (const ExecnetNode *key)
{
  return key->kind == EXECNET_NODE_TEXT || key->kind == EXECNET_NODE_BYTES
         || key->kind == EXECNET_NODE_LONG || key->kind == EXECNET_NODE_COMPLEX
         || key->kind == EXECNET_NODE_TUPLE || key->kind == EXECNET_NODE_FROZENSET;
}

static gboolean
is_same_key (const ExecnetNode *a, const ExecnetNode *b)
{
  if (a->kind != b->kind)
    return FALSE;
  if (!has_bytes (a))
    return a->value.integer == b->value.integer;
  return a->count == b->count
         && (a->count == 0 || memcmp (a->value.bytes, b->value.bytes, a->count) == 0);
}

static guint32
hash_key (const ExecnetNode *key)
{
  if (has_bytes (key))
    return (guint32) execnet_keyed_hash (key->kind, key->value.bytes, key->count);
  return (guint32) execnet_keyed_hash (
      key->kind, (const guint8 *) &key->value.integer, sizeof key->value.integer);
}

/* Gives the number of the key, a new one (the number of keys so far) if there is no equal one. */
static guint32
key_table_intern (KeyTable *table, const ExecnetNode *key)
{
  guint32 hash = hash_key (key);
  guint32 mask, slot;

  key_table_reserve (table, table->used + 1);
  mask = 2 * table->capacity - 1;
  for (slot = hash & mask; table->slots[slot] != 0; slot = (slot + 1) & mask)
    {
      guint32 index = table->slots[slot] - 1;

      if (table->hashes[index] == hash && is_same_key (&table->keys[index], key))
        return index;
    }
  table->keys[table->used] = *key;
  table->hashes[table->used] = hash;
  table->slots[slot] = ++table->used;
  return table->used - 1;
}

static ExecnetNode
number_key (ExecnetNodeKind kind, gint64 number)
{
  return (ExecnetNode){ .kind = kind, .value.integer = number };
}

static ExecnetNode
bytes_key (ExecnetItemTree *tree, ExecnetNodeKind kind, gconstpointer bytes, gsize size)
{
  return (ExecnetNode){ .kind = kind,
                        .count = (guint32) size,
                        .value.bytes = execnet_item_tree_keep (tree, bytes, size) };
}

/* NaN equals nothing: each gets a number of its own. */
static ExecnetNode
nan_key (ExecnetItemTree *tree)
{
  return number_key (EXECNET_NODE_NONE, ++tree->keys->n_nans);
}

/* A float without fraction equals the int of its value, however large. */
static ExecnetNode
float_key (ExecnetItemTree *tree, double value)
{
  char digits[DBL_MAX_10_EXP + 8];
  int length;

  if (isnan (value))
    return nan_key (tree);
  if (isinf (value) || value != floor (value))
    return (ExecnetNode){ .kind = EXECNET_NODE_FLOAT, .value.real = value };
  if (value >= -0x1p63 && value < 0x1p63)
    return number_key (EXECNET_NODE_INT, (gint64) value);
  length = snprintf (digits, sizeof digits, "%.0f", value);
  return bytes_key (tree, EXECNET_NODE_LONG, digits, (gsize) length);
}

static ExecnetNode
complex_key (ExecnetItemTree *tree, const guint8 *bytes)
{
  double parts[2];

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    parts[i] = execnet_double_from_big_endian (bytes + 8 * i) + 0.0; /* makes 0.0 of -0.0 */
  if (isnan (parts[0]) || isnan (parts[1]))
    return nan_key (tree);
  if (parts[1] == 0.0)
    return float_key (tree, parts[0]);
  return bytes_key (tree, EXECNET_NODE_COMPLEX, parts, sizeof parts);
}

static gboolean
is_composite (const ExecnetNode *node)
{
  return node->kind == EXECNET_NODE_TUPLE || node->kind == EXECNET_NODE_BIG_TUPLE
         || node->kind == EXECNET_NODE_FROZENSET;
}

/* `node` is hashable; a composite one has its class already. */
static ExecnetNode
canonical_key (ExecnetItemTree *tree, const ExecnetNode *node)
{
  switch ((ExecnetNodeKind) node->kind)
    {
    case EXECNET_NODE_NONE:
      return number_key (EXECNET_NODE_NONE, 0);
    case EXECNET_NODE_BOOL:
      return number_key (EXECNET_NODE_INT, node->value.integer);
    case EXECNET_NODE_INT:
    case EXECNET_NODE_CHANNEL:
      return number_key (node->kind, node->value.integer);
    case EXECNET_NODE_FLOAT:
      return float_key (tree, node->value.real);
    case EXECNET_NODE_COMPLEX:
      return complex_key (tree, node->value.bytes);
    case EXECNET_NODE_TEXT_WITH_NUL:
      return (ExecnetNode){ .kind = EXECNET_NODE_TEXT,
                            .count = node->count,
                            .value.bytes = node->value.bytes };
    case EXECNET_NODE_TUPLE:
    case EXECNET_NODE_BIG_TUPLE:
    case EXECNET_NODE_FROZENSET:
      return number_key (EXECNET_NODE_LIST, execnet_node_block (tree, node)->extra);
    default:
      return *node;
    }
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  guint32 left = *(const guint32 *) a;
  guint32 right = *(const guint32 *) b;

  return left < right ? -1 : left > right;
}

/* Every composite member has its class already. */
static void
set_class (ExecnetItemTree *tree, const ExecnetNode *node)
{
  ExecnetItemKeys *keys = tree->keys;
  const ExecnetNode *members = execnet_node_members (tree, node);
  gboolean is_set = node->kind == EXECNET_NODE_FROZENSET;
  ExecnetNode key;

  g_array_set_size (keys->numbers, node->count);
  for (guint32 i = 0; i < node->count; i++)
    {
      key = canonical_key (tree, &members[i]);
      g_array_index (keys->numbers, guint32, i) = key_table_intern (&keys->classes, &key);
    }
  if (is_set)
    g_array_sort (keys->numbers, compare_numbers);

  key = bytes_key (tree,
                   is_set ? EXECNET_NODE_FROZENSET : EXECNET_NODE_TUPLE,
                   keys->numbers->data,
                   node->count * sizeof (guint32));
  execnet_node_block (tree, node)->extra = key_table_intern (&keys->classes, &key) + 1;
}

static void
classify (ExecnetItemTree *tree, const ExecnetNode *key)
{
  struct
  {
    const ExecnetNode *node;
    guint32 next;
  } open[EXECNET_ITEM_LEVELS_MAX];
  guint n_open = 0;

  if (!is_composite (key) || execnet_node_block (tree, key)->extra != 0)
    return;
  open[n_open].node = key;
  open[n_open++].next = 0;
  while (n_open > 0)
    {
      const ExecnetNode *node = open[n_open - 1].node;
      const ExecnetNode *member;

      if (open[n_open - 1].next == node->count)
        {
          set_class (tree, node);
          n_open--;
          continue;
        }
      member = &execnet_node_members (tree, node)[open[n_open - 1].next++];
      if (is_composite (member) && execnet_node_block (tree, member)->extra == 0)
        {
          open[n_open].node = member;
          open[n_open++].next = 0;
        }
    }
}

static ExecnetItemKeys *
ensure_keys (ExecnetItemTree *tree)
{
  if (tree->keys == NULL)
    {
      tree->keys = g_new0 (ExecnetItemKeys, 1);
      tree->keys->numbers = g_array_new (FALSE, FALSE, sizeof (guint32));
    }
  return tree->keys;
}

void
execnet_item_keys_free (ExecnetItemKeys *keys)
{
  if (keys == NULL)
    return;
  key_table_clear (&keys->classes);
  key_table_clear (&keys->members);
  g_array_unref (keys->numbers);
  g_free (keys);
}

/* Whether all keys have one kind whose nodes are canonical as they are. */
static gboolean
are_simple (const ExecnetNode *members, guint32 count, guint stride)
{
  guint8 kind = members[0].kind;

  if (kind != EXECNET_NODE_TEXT && kind != EXECNET_NODE_INT && kind != EXECNET_NODE_BYTES)
    return FALSE;
  for (guint32 i = 1; i < count; i++)
    if (members[(gsize) i * stride].kind != kind)
      return FALSE;
  return TRUE;
}

static gboolean
have_few_doubles (const ExecnetNode *members, guint32 count, guint stride)
{
  for (guint32 i = 1; i < count; i++)
    for (guint32 j = 0; j < i; j++)
      if (is_same_key (&members[i * stride], &members[j * stride]))
        return TRUE;
  return FALSE;
}

guint32
execnet_item_keys_remove_doubles (ExecnetItemTree *tree,
                                  ExecnetNode *members,
                                  guint32 count,
                                  guint stride)
{
  ExecnetItemKeys *keys;

  if (count < 2
      || (count <= FEW_KEYS && are_simple (members, count, stride)
          && !have_few_doubles (members, count, stride)))
    return count;

  keys = ensure_keys (tree);
  key_table_restart (&keys->members, count);
  for (guint32 i = 0; i < count; i++)
    {
      ExecnetNode *member = &members[(gsize) i * stride];
      guint32 n_before = keys->members.used;
      ExecnetNode key;
      guint32 index;

      classify (tree, member);
      key = canonical_key (tree, member);
      index = key_table_intern (&keys->members, &key);
      if (index < n_before)
        {
          if (stride == 2)
            members[(gsize) index * 2 + 1] = member[1];
        }
      else if (index < i)
        memcpy (&members[(gsize) index * stride], member, stride * sizeof *member);
    }
  return keys->members.used;
}
