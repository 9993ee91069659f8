/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Writes a GVariant as opcodes, reading its serialized form from the beginning to the end. */

#include "config.h"

#include "data/execnet-opcodes-private.h"

#include "base/execnet-error.h"
#include "data/execnet-item-path-private.h"
#include "data/execnet-item-tag-private.h"
#include "data/execnet-opcodes-output-private.h"
#include "data/execnet-text-private.h"

#include <glib/gi18n-lib.h>

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
  ExecnetOpcodesOutput output;
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
               EXECNET_OPCODES_SIZE_MAX);
}

/* What putting into the output says, with its error. */
static inline gboolean
fits (Writer *self, gboolean fits)
{
  return G_LIKELY (fits) || fail_too_large (self);
}

static gboolean
write_integer (Writer *self, const ExecnetVariantView *view)
{
  gint64 value;

  if (execnet_variant_view_get_int (view, &value))
    return fits (self, execnet_opcodes_put_int (&self->output, value));
  return fits (
      self,
      execnet_opcodes_put_large_int (&self->output, FALSE, execnet_variant_view_get_uint64 (view)));
}

static gboolean
write_text (Writer *self, const ExecnetVariantView *view)
{
  gsize size;

  if (!execnet_variant_view_get_text (view, &size))
    return fail_not_normal (self);
  return fits (
      self,
      execnet_opcodes_put_string (&self->output, EXECNET_OPCODE_PY3_STRING, view->bytes, size));
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
  return fits (self,
               execnet_opcodes_put_number (&self->output, EXECNET_OPCODE_CHANNEL, (gint32) id));
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
      return fits (self, execnet_opcodes_put_int (&self->output, decimal.value));
    case EXECNET_DECIMAL_LARGE:
      return fits (self, execnet_opcodes_put_long (&self->output, &decimal));
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

  memcpy (parts, content->bytes, sizeof parts);
  return fits (self, execnet_opcodes_put_complex (&self->output, parts));
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
  return fits (self,
               execnet_opcodes_put_string (
                   &self->output, EXECNET_OPCODE_PY3_STRING, content->bytes, content->size));
}

static gboolean
write_opcode (Writer *self, ExecnetOpcode opcode)
{
  return fits (self, execnet_opcodes_put (&self->output, opcode));
}

/* There are no more members than a list can count. */
static gboolean
write_count (Writer *self, ExecnetOpcode opcode, const Frame *frame)
{
  return fits (
      self, execnet_opcodes_put_number (&self->output, opcode, (gint32) frame->members.n_members));
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
  if (kind == CONTAINER_LIST && !write_count (self, EXECNET_OPCODE_NEW_LIST, frame))
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
      return write_count (self, EXECNET_OPCODE_BUILD_TUPLE, frame);
    case CONTAINER_SET:
      return write_count (self, EXECNET_OPCODE_SET, frame);
    case CONTAINER_FROZENSET:
      return write_count (self, EXECNET_OPCODE_FROZENSET, frame);
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
    return fits (
        self,
        execnet_opcodes_put_string (&self->output, EXECNET_OPCODE_BYTES, view->bytes, view->size));
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
      return fits (
          self, execnet_opcodes_put_float (&self->output, execnet_variant_view_get_double (view)));
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
          if (!fits (self,
                     execnet_opcodes_output_reserve (&self->output, 1 + EXECNET_OPCODES_HEAD_SIZE)))
            return FALSE;
          if (members->n_taken > 0)
            execnet_opcodes_add (&self->output, EXECNET_OPCODE_SET_ITEM);
        }
      if (members->n_taken == members->n_members)
        return end_container (self);
      if (is_list)
        execnet_opcodes_add_number (&self->output, EXECNET_OPCODE_INT, (gint32) members->n_taken);
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
  self.error = error;
  self.n_frames = 0;
  execnet_opcodes_output_begin (&self.output, out);
  ok = write_all (&self, item);
  if (ok)
    execnet_opcodes_output_end (&self.output);
  else
    execnet_opcodes_output_undo (&self.output);
  return ok;
}
