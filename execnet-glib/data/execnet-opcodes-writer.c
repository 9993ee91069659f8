/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes a GVariant as opcodes, reading its serialized form from the beginning to the end. */

#include "config.h"

#include "data/execnet-opcodes-private.h"

#include "base/execnet-error.h"
#include "data/execnet-byte-reader-private.h"
#include "data/execnet-decimal-private.h"
#include "data/execnet-item-path-private.h"
#include "data/execnet-item-tag-private.h"
#include "data/execnet-text-private.h"

#include <glib/gi18n-lib.h>

/* Lengths on the wire are signed 32 bit numbers: an item's, and all in it. */
#define SIZE_MAX_WRITTEN G_MAXINT32

/* An opcode with a length or number behind it. */
#define HEAD_SIZE 5

#define INT64_DIGITS_MAX 20

typedef enum
{
  CONTAINER_LIST,
  CONTAINER_TUPLE,
  CONTAINER_SET,
  CONTAINER_FROZENSET,
  CONTAINER_DICT,
} ContainerKind;

/* A container whose members are being written. */
typedef struct
{
  ContainerKind kind;
  gboolean hashable; /* it is in a key or a set: what is in it must be hashable */
  guint depth;       /* how deep it is in the GVariant */
  ExecnetVariantMembers members;
  ExecnetVariantView key; /* of a dict: those at hand */
  ExecnetVariantView value;
  gboolean on_value; /* the key is written, the value is not, or not completely */
} Frame;

typedef struct
{
  ExecnetChannelCheck check;
  gpointer user_data;
  GByteArray *out;
  gsize start; /* what was in `out` before */
  guint8 *position;
  guint8 *limit;
  GError **error;
  Frame frames[EXECNET_VARIANT_DEPTH_MAX];
  guint n_frames;
} Writer;

static char *
get_path (Writer *self)
{
  GString *path = g_string_new ("item");

  for (guint i = 0; i < self->n_frames; i++)
    {
      const Frame *frame = &self->frames[i];
      gsize index = frame->members.n_taken - 1;

      if (frame->members.n_taken == 0)
        break;
      if (frame->kind != CONTAINER_DICT)
        execnet_item_path_append_member (path, index);
      else if (!frame->on_value)
        execnet_item_path_append_key (path, index);
      else
        execnet_item_path_append_value (path, &frame->key, index);
    }
  return g_string_free (path, FALSE);
}

static gboolean G_GNUC_PRINTF (3, 4) fail (Writer *self, ExecnetError code, const char *format, ...)
{
  g_autofree char *path = get_path (self);
  g_autofree char *reason = NULL;
  va_list arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (self->error, EXECNET_ERROR, (int) code, "%s: %s", path, reason);
  return FALSE;
}

static gboolean
fail_not_normal (Writer *self)
{
  return fail (self,
               EXECNET_ERROR_DATA_FORMAT,
               _ ("the GVariant was made from bytes that were called trusted, but are not in "
                  "normal form."));
}

static gboolean
fail_unsupported (Writer *self, const ExecnetVariantView *view)
{
  g_autofree char *type = execnet_item_describe (view);

  return fail (self,
               EXECNET_ERROR_UNSUPPORTED_TYPE,
               _ ("there is no Python value for a GVariant of the type %s; an entry outside of a "
                  "dictionary must be {sv} and name a kind, such as {'set', <[…]>}."),
               type);
}

static gboolean
fail_unhashable (Writer *self, const char *python_type)
{
  return fail (self,
               EXECNET_ERROR_UNSUPPORTED_TYPE,
               _ ("a %s can't be in the key of a dictionary or in a set; use a tuple or a "
                  "frozenset."),
               python_type);
}

static gboolean
fail_too_large (Writer *self)
{
  return fail (self,
               EXECNET_ERROR_TOO_LARGE,
               _ ("the item takes more than %d bytes; send it in parts."),
               SIZE_MAX_WRITTEN);
}

/* Makes room for so many bytes more; the caller writes them and moves on. */
static gboolean
grow (Writer *self, gsize size)
{
  gsize used = (gsize) (self->position - self->out->data);
  gsize most = self->start + SIZE_MAX_WRITTEN;

  if (size > most - used)
    return fail_too_large (self);
  g_byte_array_set_size (self->out, (guint) MIN (MAX (2 * used, used + size), most));
  self->position = self->out->data + used;
  self->limit = self->out->data + self->out->len;
  return TRUE;
}

static inline gboolean
reserve (Writer *self, gsize size)
{
  return G_LIKELY (size <= (gsize) (self->limit - self->position)) || grow (self, size);
}

static inline void
put_opcode (Writer *self, ExecnetOpcode opcode)
{
  *self->position++ = (guint8) opcode;
}

static inline void
put_head (Writer *self, ExecnetOpcode opcode, gint32 number)
{
  gint32 raw = GINT32_TO_BE (number);

  put_opcode (self, opcode);
  memcpy (self->position, &raw, sizeof raw);
  self->position += sizeof raw;
}

static gboolean
write_opcode (Writer *self, ExecnetOpcode opcode)
{
  if (!reserve (self, 1))
    return FALSE;
  put_opcode (self, opcode);
  return TRUE;
}

static gboolean
write_head (Writer *self, ExecnetOpcode opcode, gsize number)
{
  if (number > G_MAXINT32)
    return fail_too_large (self);
  if (!reserve (self, HEAD_SIZE))
    return FALSE;
  put_head (self, opcode, (gint32) number);
  return TRUE;
}

static gboolean
write_string (Writer *self, ExecnetOpcode opcode, gconstpointer bytes, gsize size)
{
  if (size > G_MAXINT32)
    return fail_too_large (self);
  if (!reserve (self, HEAD_SIZE + size))
    return FALSE;
  put_head (self, opcode, (gint32) size);
  if (size > 0)
    memcpy (self->position, bytes, size);
  self->position += size;
  return TRUE;
}

static gboolean
write_decimal (Writer *self, gboolean negative, guint64 magnitude)
{
  char digits[INT64_DIGITS_MAX + 1];
  char *p = digits + sizeof digits;

  do
    *--p = (char) ('0' + magnitude % 10);
  while ((magnitude /= 10) > 0);
  if (negative)
    *--p = '-';
  return write_string (self, EXECNET_OPCODE_LONG_INT, p, (gsize) (digits + sizeof digits - p));
}

static gboolean
write_int (Writer *self, gint64 value)
{
  if (value < G_MININT32 || value > G_MAXINT32)
    return write_decimal (self, value < 0, value < 0 ? 0 - (guint64) value : (guint64) value);
  if (!reserve (self, HEAD_SIZE))
    return FALSE;
  put_head (self, EXECNET_OPCODE_INT, (gint32) value);
  return TRUE;
}

static gboolean
write_integer (Writer *self, const ExecnetVariantView *view)
{
  gint64 value;

  if (execnet_variant_view_get_int (view, &value))
    return write_int (self, value);
  return write_decimal (self, FALSE, execnet_variant_view_get_uint64 (view));
}

static gboolean
write_float (Writer *self, double value)
{
  if (!reserve (self, 1 + sizeof value))
    return FALSE;
  put_opcode (self, EXECNET_OPCODE_FLOAT);
  execnet_double_to_big_endian (value, self->position);
  self->position += sizeof value;
  return TRUE;
}

static gboolean
write_text (Writer *self, const ExecnetVariantView *view)
{
  gsize size;

  if (!execnet_variant_view_get_text (view, &size))
    return fail_not_normal (self);
  return write_string (self, EXECNET_OPCODE_PY3_STRING, view->bytes, size);
}

static gboolean
write_channel (Writer *self, const ExecnetVariantView *view)
{
  gint64 id = 0;

  execnet_variant_view_get_int (view, &id);
  if (self->check == NULL)
    return fail (
        self, EXECNET_ERROR_UNSUPPORTED_TYPE, _ ("a channel (h) can only be sent over a gateway."));
  if (!self->check ((gint32) id, self->user_data))
    return fail (self,
                 EXECNET_ERROR_UNSUPPORTED_TYPE,
                 _ ("there is no open channel %d (h) on this gateway."),
                 (int) id);
  if (!reserve (self, HEAD_SIZE))
    return FALSE;
  put_head (self, EXECNET_OPCODE_CHANNEL, (gint32) id);
  return TRUE;
}

static gboolean
write_long (Writer *self, const ExecnetVariantView *content)
{
  const char *digits = (const char *) content->bytes;
  ExecnetDecimal decimal;
  gsize size;

  if (!execnet_variant_view_get_text (content, &size))
    return fail_not_normal (self);
  switch (execnet_decimal_parse (digits, size, &decimal))
    {
    case EXECNET_DECIMAL_SMALL:
      return write_int (self, decimal.value);
    case EXECNET_DECIMAL_LARGE:
      if (!reserve (self, HEAD_SIZE + 1 + decimal.length))
        return FALSE;
      put_head (
          self, EXECNET_OPCODE_LONG_INT, (gint32) decimal.length + (decimal.negative ? 1 : 0));
      if (decimal.negative)
        *self->position++ = '-';
      memcpy (self->position, decimal.digits, decimal.length);
      self->position += decimal.length;
      return TRUE;
    case EXECNET_DECIMAL_TOO_LONG:
      return fail (self,
                   EXECNET_ERROR_TOO_LARGE,
                   _ ("an int has more than %d digits, the most that Python converts."),
                   EXECNET_DECIMAL_DIGITS_MAX);
    default:
      return fail (self,
                   EXECNET_ERROR_UNSUPPORTED_TYPE,
                   _ ("a {sv} 'long' must hold decimal digits, with a sign or without."));
    }
}

static gboolean
write_complex (Writer *self, const ExecnetVariantView *content)
{
  double parts[2];

  if (!reserve (self, 1 + sizeof parts))
    return FALSE;
  memcpy (parts, content->bytes, sizeof parts);
  put_opcode (self, EXECNET_OPCODE_COMPLEX);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      execnet_double_to_big_endian (parts[i], self->position);
      self->position += sizeof *parts;
    }
  return TRUE;
}

static gboolean
write_tagged_text (Writer *self, const ExecnetVariantView *content)
{
  gsize bad;

  if (execnet_text_check (content->bytes, content->size, &bad) == EXECNET_TEXT_INVALID)
    return fail (self,
                 EXECNET_ERROR_UNSUPPORTED_TYPE,
                 _ ("a {sv} 'str' must hold UTF-8, but is not from its byte %zu (0x%02x) on."),
                 bad,
                 content->bytes[bad]);
  return write_string (self, EXECNET_OPCODE_PY3_STRING, content->bytes, content->size);
}

static gboolean
begin_container (Writer *self,
                 ContainerKind kind,
                 const ExecnetVariantView *view,
                 guint depth,
                 gboolean hashable)
{
  Frame *frame = &self->frames[self->n_frames];

  if (hashable && kind != CONTAINER_TUPLE && kind != CONTAINER_FROZENSET)
    return fail_unhashable (self,
                            kind == CONTAINER_LIST  ? "list"
                            : kind == CONTAINER_SET ? "set"
                                                    : "dict");
  if (!execnet_variant_members_init (&frame->members, view))
    return fail_not_normal (self);
  if (frame->members.n_members > G_MAXINT32)
    return fail_too_large (self);
  if (kind == CONTAINER_LIST
      && !write_head (self, EXECNET_OPCODE_NEW_LIST, frame->members.n_members))
    return FALSE;
  if (kind == CONTAINER_DICT && !write_opcode (self, EXECNET_OPCODE_NEW_DICT))
    return FALSE;
  frame->kind = kind;
  frame->depth = depth;
  frame->hashable = hashable || kind == CONTAINER_SET || kind == CONTAINER_FROZENSET;
  self->n_frames++;
  return TRUE;
}

static gboolean
end_container (Writer *self)
{
  const Frame *frame = &self->frames[--self->n_frames];

  switch (frame->kind)
    {
    case CONTAINER_TUPLE:
      return write_head (self, EXECNET_OPCODE_BUILD_TUPLE, frame->members.n_members);
    case CONTAINER_SET:
      return write_head (self, EXECNET_OPCODE_SET, frame->members.n_members);
    case CONTAINER_FROZENSET:
      return write_head (self, EXECNET_OPCODE_FROZENSET, frame->members.n_members);
    default:
      return TRUE;
    }
}

/* Whether a value at this depth can be read: GLib takes a deeper one for an empty tuple. */
static inline gboolean
check_depth (Writer *self, const ExecnetVariantView *view, guint depth)
{
  gsize length = (gsize) (view->type_end - view->type);

  /* No type nests deeper than it is long. */
  if (G_LIKELY (depth + length <= EXECNET_VARIANT_DEPTH_MAX)
      || depth + execnet_variant_type_depth (view->type, view->type_end)
             <= EXECNET_VARIANT_DEPTH_MAX)
    return TRUE;
  return fail (self,
               EXECNET_ERROR_TOO_DEEP,
               _ ("the item nests more than %d levels deep, and GVariant does not."),
               EXECNET_VARIANT_DEPTH_MAX);
}

static gboolean
write_tagged (Writer *self, const ExecnetVariantView *view, guint depth, gboolean hashable)
{
  ExecnetVariantView content;
  ExecnetItemTag tag = execnet_item_tag_read (view, &content);

  if (tag == EXECNET_ITEM_TAG_NONE)
    return fail_unsupported (self, view);
  depth += 2;
  if (!check_depth (self, &content, depth))
    return FALSE;
  switch (tag)
    {
    case EXECNET_ITEM_TAG_LONG:
      return write_long (self, &content);
    case EXECNET_ITEM_TAG_COMPLEX:
      return write_complex (self, &content);
    case EXECNET_ITEM_TAG_STR:
      return write_tagged_text (self, &content);
    case EXECNET_ITEM_TAG_TUPLE:
      return begin_container (self, CONTAINER_TUPLE, &content, depth, hashable);
    case EXECNET_ITEM_TAG_SET:
      return begin_container (self, CONTAINER_SET, &content, depth, hashable);
    case EXECNET_ITEM_TAG_FROZENSET:
      return begin_container (self, CONTAINER_FROZENSET, &content, depth, hashable);
    default:
      return begin_container (self, CONTAINER_DICT, &content, depth, hashable);
    }
}

static gboolean
write_array (Writer *self, const ExecnetVariantView *view, guint depth, gboolean hashable)
{
  if (view->type[1] == 'y')
    return write_string (self, EXECNET_OPCODE_BYTES, view->bytes, view->size);
  return begin_container (
      self, view->type[1] == '{' ? CONTAINER_DICT : CONTAINER_LIST, view, depth, hashable);
}

/* Writes a value, or begins to if it is a container. */
static gboolean
write_unboxed (Writer *self, const ExecnetVariantView *view, guint depth, gboolean hashable)
{
  switch (*view->type)
    {
    case 'm':
      return write_opcode (self, EXECNET_OPCODE_NONE);
    case 'b':
      return write_opcode (self, *view->bytes != 0 ? EXECNET_OPCODE_TRUE : EXECNET_OPCODE_FALSE);
    case 'd':
      return write_float (self, execnet_variant_view_get_double (view));
    case 's':
    case 'o':
    case 'g':
      return write_text (self, view);
    case 'h':
      return write_channel (self, view);
    case 'a':
      return write_array (self, view, depth, hashable);
    case '(':
      return begin_container (self, CONTAINER_TUPLE, view, depth, hashable);
    case '{':
      return write_tagged (self, view, depth, hashable);
    default:
      return write_integer (self, view);
    }
}

/* Takes the value out of the variants and maybes around it; an empty maybe stays. */
static gboolean
write_boxed (Writer *self, const ExecnetVariantView *box, guint depth, gboolean hashable)
{
  ExecnetVariantView content;

  if (*box->type == 'm' && box->size == 0)
    return write_opcode (self, EXECNET_OPCODE_NONE);
  do
    {
      gboolean is_variant = *box->type == 'v';

      if (!execnet_variant_view_unbox (box, &content))
        return fail_not_normal (self);
      depth++;
      if (is_variant && !check_depth (self, &content, depth))
        return FALSE;
      box = &content;
    }
  while (*content.type == 'v' || (*content.type == 'm' && content.size > 0));
  return write_unboxed (self, &content, depth, hashable);
}

static inline gboolean
write_value (Writer *self, const ExecnetVariantView *view, guint depth, gboolean hashable)
{
  return *view->type == 'v' || *view->type == 'm' ? write_boxed (self, view, depth, hashable)
                                                  : write_unboxed (self, view, depth, hashable);
}

/* Goes on with a list, tuple or set until it is complete, or a container in it comes first. */
static gboolean
write_members (Writer *self, Frame *frame)
{
  ExecnetVariantMembers *members = &frame->members;
  gboolean is_list = frame->kind == CONTAINER_LIST;
  guint n_frames = self->n_frames;

  while (self->n_frames == n_frames)
    {
      if (is_list)
        {
          if (!reserve (self, 1 + HEAD_SIZE))
            return FALSE;
          if (members->n_taken > 0)
            put_opcode (self, EXECNET_OPCODE_SET_ITEM);
        }
      if (members->n_taken == members->n_members)
        return end_container (self);
      if (is_list)
        put_head (self, EXECNET_OPCODE_INT, (gint32) members->n_taken);
      if (!execnet_variant_members_next (members))
        return fail_not_normal (self);
      if (!write_value (self, &members->member, frame->depth + 1, frame->hashable))
        return FALSE;
    }
  return TRUE;
}

/* The same for a dictionary. */
static gboolean
write_pairs (Writer *self, Frame *frame)
{
  ExecnetVariantMembers *members = &frame->members;
  guint n_frames = self->n_frames;

  while (self->n_frames == n_frames)
    {
      if (members->n_taken > 0 && !frame->on_value)
        {
          frame->on_value = TRUE;
          if (!write_value (self, &frame->value, frame->depth + 2, FALSE))
            return FALSE;
          continue;
        }
      if (members->n_taken > 0 && !write_opcode (self, EXECNET_OPCODE_SET_ITEM))
        return FALSE;
      if (members->n_taken == members->n_members)
        return end_container (self);
      if (!execnet_variant_members_next (members)
          || !execnet_variant_view_split_pair (&members->member, &frame->key, &frame->value))
        return fail_not_normal (self);
      frame->on_value = FALSE;
      if (!write_value (self, &frame->key, frame->depth + 2, TRUE))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_all (Writer *self, GVariant *item)
{
  ExecnetVariantView view;
  g_autoptr (GVariant) normal = execnet_variant_view_item (item, &view);

  if (normal == NULL)
    return fail_not_normal (self);
  if (!check_depth (self, &view, 0) || !write_value (self, &view, 0, FALSE))
    return FALSE;
  while (self->n_frames > 0)
    {
      Frame *frame = &self->frames[self->n_frames - 1];

      if (!(frame->kind == CONTAINER_DICT ? write_pairs (self, frame)
                                          : write_members (self, frame)))
        return FALSE;
    }
  return write_opcode (self, EXECNET_OPCODE_STOP);
}

gboolean
execnet_opcodes_write (
    GVariant *item, ExecnetChannelCheck check, gpointer user_data, GByteArray *out, GError **error)
{
  Writer self;
  gboolean ok;

  self.check = check;
  self.user_data = user_data;
  self.out = out;
  self.start = out->len;
  self.position = self.limit = out->data + out->len;
  self.error = error;
  self.n_frames = 0;
  ok = write_all (&self, item);
  g_byte_array_set_size (out, ok ? (guint) (self.position - out->data) : (guint) self.start);
  return ok;
}
