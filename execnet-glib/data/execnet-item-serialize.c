/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes a measured tree as a GVariant in serialized form: every byte's place is known from the
 * sizes, so that everything is written once, into zeroed memory. */

#include "config.h"

#include "data/execnet-item-tree-private.h"

#include "base/execnet-error.h"
#include "data/execnet-byte-reader-private.h"
#include "data/execnet-item-measure-private.h"

#include <glib/gi18n-lib.h>
#include <stdint.h>

/* A container whose members are being written. */
typedef struct
{
  const ExecnetNode *next;
  gsize left;
  guint8 kind;
  guint8 offset_size;
  gsize start;    /* where the container is in the bytes */
  gsize position; /* behind the member written last */
  gsize offset;   /* the place of the next framing offset; a tuple's go backwards */
  gsize pair;     /* where the pair at hand starts */
} Frame;

typedef struct
{
  const ExecnetItemTree *tree;
  guint8 *bytes;
  Frame frames[EXECNET_VARIANT_DEPTH_MAX];
  guint n_frames;
} Serializer;

static inline void
put_offset (Serializer *self, gsize place, guint64 offset, guint size)
{
  guint8 *bytes = &self->bytes[place];
  guint16 small = GUINT16_TO_LE ((guint16) offset);
  guint32 medium = GUINT32_TO_LE ((guint32) offset);
  guint64 large = GUINT64_TO_LE (offset);

  switch (size)
    {
    case 1:
      *bytes = (guint8) offset;
      break;
    case 2:
      memcpy (bytes, &small, sizeof small);
      break;
    case 4:
      memcpy (bytes, &medium, sizeof medium);
      break;
    default:
      memcpy (bytes, &large, sizeof large);
    }
}

static void
put_container (Serializer *self, const ExecnetNode *node, gsize at)
{
  const ExecnetBlock *block = execnet_node_block (self->tree, node);
  gboolean is_dict = execnet_node_is_dict (node);
  gsize end = at + block->size;
  Frame *frame;

  /* All that there is to an empty container is its size. */
  if (node->count == 0)
    return;
  g_assert (self->n_frames < G_N_ELEMENTS (self->frames));
  frame = &self->frames[self->n_frames++];
  frame->next = execnet_node_members (self->tree, node);
  frame->left = is_dict ? 2 * (gsize) node->count : node->count;
  frame->kind = node->kind;
  frame->start = frame->position = at;
  frame->offset_size = execnet_offset_size (block->size, 0);
  frame->offset = end;
  if (node->kind != EXECNET_NODE_TUPLE)
    frame->offset -= (gsize) node->count * frame->offset_size;
}

/* Of a tagged kind, without the tag. */
static void
put_content (Serializer *self, const ExecnetNode *node, gsize at)
{
  guint8 *place = &self->bytes[at];

  switch ((ExecnetNodeKind) node->kind)
    {
    case EXECNET_NODE_NONE:
      break;
    case EXECNET_NODE_BOOL:
      *place = (guint8) node->value.integer;
      break;
    case EXECNET_NODE_INT:
      memcpy (place, &node->value.integer, sizeof node->value.integer);
      break;
    case EXECNET_NODE_FLOAT:
      memcpy (place, &node->value.real, sizeof node->value.real);
      break;
    case EXECNET_NODE_CHANNEL:
      {
        gint32 id = (gint32) node->value.integer;

        memcpy (place, &id, sizeof id);
        break;
      }
    case EXECNET_NODE_TEXT:
    case EXECNET_NODE_BYTES:
    case EXECNET_NODE_TEXT_WITH_NUL:
    case EXECNET_NODE_LONG:
      if (node->count > 0)
        memcpy (place, node->value.bytes, node->count);
      break;
    case EXECNET_NODE_COMPLEX:
      for (guint i = 0; i < 2; i++)
        {
          double part = execnet_double_from_big_endian (node->value.bytes + i * sizeof part);

          memcpy (place + i * sizeof part, &part, sizeof part);
        }
      break;
    default:
      put_container (self, node, at);
    }
}

/* The value in its own type. */
static void
put_value (Serializer *self, const ExecnetNode *node, gsize at)
{
  const ExecnetNodeShape *shape = &execnet_node_shapes[node->kind];
  gsize content, end;

  if (shape->tag_size == 0)
    {
      put_content (self, node, at);
      return;
    }
  content = at + execnet_align (shape->tag_size, EXECNET_VARIANT_ALIGNMENT);
  end = content + execnet_node_content_size (self->tree, node) + 1;
  memcpy (&self->bytes[at], shape->tag, shape->tag_size);
  memcpy (&self->bytes[end], shape->content, shape->content_length);
  end += shape->content_length;
  put_offset (self, end, shape->tag_size, execnet_offset_size (end - at, 1));
  put_content (self, node, content);
}

static gsize
put_type (const ExecnetItemTree *tree, const ExecnetNode *node, char *place)
{
  struct
  {
    const ExecnetNode *next;
    guint32 left;
  } open[EXECNET_VARIANT_DEPTH_MAX];
  const ExecnetNodeShape *shape = &execnet_node_shapes[node->kind];
  char *start = place;
  guint n_open = 0;

  if (shape->type_length == 1)
    {
      *place = shape->type[0];
      return 1;
    }
  for (;;)
    {
      if (node->kind == EXECNET_NODE_TUPLE)
        {
          *place++ = '(';
          open[n_open].next = execnet_node_members (tree, node);
          open[n_open++].left = node->count;
        }
      else
        {
          memcpy (place,
                  execnet_node_shapes[node->kind].type,
                  execnet_node_shapes[node->kind].type_length);
          place += execnet_node_shapes[node->kind].type_length;
        }
      while (n_open > 0 && open[n_open - 1].left == 0)
        {
          *place++ = ')';
          n_open--;
        }
      if (n_open == 0)
        return (gsize) (place - start);
      node = open[n_open - 1].next++;
      open[n_open - 1].left--;
    }
}

/* The value in a variant. Gives the place behind it. */
static inline gsize
put_boxed (Serializer *self, const ExecnetNode *node, gsize at)
{
  const ExecnetNodeShape *shape = &execnet_node_shapes[node->kind];
  gsize type;

  if (shape->fixed_size == sizeof node->value) /* ints and floats */
    {
      memcpy (&self->bytes[at], &node->value, sizeof node->value);
      self->bytes[at + sizeof node->value + 1] = (guint8) shape->type[0];
      return at + sizeof node->value + 2;
    }
  type = at + execnet_node_size (self->tree, node) + 1;
  put_value (self, node, at);
  return type + put_type (self->tree, node, (char *) &self->bytes[type]);
}

static void
put_element (Serializer *self, Frame *frame, const ExecnetNode *element)
{
  frame->position
      = put_boxed (self, element, execnet_align (frame->position, EXECNET_VARIANT_ALIGNMENT));
  put_offset (self, frame->offset, frame->position - frame->start, frame->offset_size);
  frame->offset += frame->offset_size;
}

static void
put_key (Serializer *self, Frame *frame, const ExecnetNode *key)
{
  frame->pair = execnet_align (frame->position, EXECNET_VARIANT_ALIGNMENT);
  if (frame->kind == EXECNET_NODE_DICT_ANY)
    frame->position = put_boxed (self, key, frame->pair);
  else
    {
      put_value (self, key, frame->pair);
      frame->position = frame->pair + execnet_node_size (self->tree, key);
    }
}

static void
put_pair_value (Serializer *self, Frame *frame, const ExecnetNode *value)
{
  gsize key_end = frame->position - frame->pair;

  frame->position
      = put_boxed (self, value, execnet_align (frame->position, EXECNET_VARIANT_ALIGNMENT));
  if (frame->kind == EXECNET_NODE_DICT_ANY || frame->kind == EXECNET_NODE_DICT_TEXT)
    {
      guint size = execnet_offset_size (frame->position - frame->pair, 1);

      put_offset (self, frame->position, key_end, size);
      frame->position += size;
    }
  put_offset (self, frame->offset, frame->position - frame->start, frame->offset_size);
  frame->offset += frame->offset_size;
}

static void
put_member (Serializer *self, Frame *frame, const ExecnetNode *member)
{
  gsize at = execnet_align (frame->position, execnet_node_alignment (self->tree, member));

  put_value (self, member, at);
  frame->position = at + execnet_node_size (self->tree, member);
  if (frame->left > 0 && !execnet_node_has_fixed_size (self->tree, member))
    {
      frame->offset -= frame->offset_size;
      put_offset (self, frame->offset, frame->position - frame->start, frame->offset_size);
    }
}

/* Goes on with a container until it is complete, or a container in it comes first. */
static void
put_members (Serializer *self)
{
  guint n_frames = self->n_frames;
  Frame *frame = &self->frames[n_frames - 1];

  while (self->n_frames == n_frames)
    {
      const ExecnetNode *member = frame->next++;

      if (frame->left == 0)
        {
          self->n_frames--;
          return;
        }
      frame->left--;
      if (frame->kind == EXECNET_NODE_TUPLE)
        put_member (self, frame, member);
      else if (frame->kind < EXECNET_NODE_DICT)
        put_element (self, frame, member);
      else if (frame->left % 2 == 1)
        put_key (self, frame, member);
      else
        put_pair_value (self, frame, member);
    }
}

GVariant *
execnet_item_tree_to_variant (const ExecnetItemTree *tree, const ExecnetNode *root, GError **error)
{
  guint64 size = execnet_node_size (tree, root);
  g_autofree char *type = g_malloc0 (execnet_node_type_length (tree, root) + 1);
  g_autoptr (GBytes) bytes = NULL;
  Serializer self;

  if (root->reach >= EXECNET_VARIANT_DEPTH_MAX)
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_TOO_DEEP,
                   _ ("The item is nested too deeply for a GVariant, which holds %d levels; a list "
                      "takes 2 of them, a tuple 1, a dictionary 3 to 5, a set 4."),
                   EXECNET_VARIANT_DEPTH_MAX);
      return NULL;
    }
  self.tree = tree;
  self.n_frames = 0;
  self.bytes = size <= G_MAXSIZE ? g_try_malloc0 (MAX (size, 1)) : NULL;
  if (self.bytes == NULL)
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_TOO_LARGE,
                   _ ("There is no memory for an item of %ju bytes."),
                   (uintmax_t) size);
      return NULL;
    }
  put_type (tree, root, type);
  put_value (&self, root, 0);
  while (self.n_frames > 0)
    put_members (&self);

  bytes = g_bytes_new_take (self.bytes, size);
  return g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (type), bytes, TRUE));
}
