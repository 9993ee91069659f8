/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Turns an item into the exact type that typed code wants: reads the one's serialized form and
 * writes the other's. Recursion goes as deep as the wanted type, which is the program's. */

#include "config.h"

#include "data/execnet-item.h"

#include "base/execnet-error.h"
#include "data/execnet-decimal-private.h"
#include "data/execnet-item-path-private.h"
#include "data/execnet-item-tag-private.h"
#include "data/execnet-item-tree-private.h"
#include "data/execnet-text-private.h"
#include "data/execnet-variant-sink-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef enum
{
  PLACE_ROOT,
  PLACE_MEMBER,
  PLACE_KEY,
  PLACE_VALUE,
} PlaceKind;

/* Where a value is in the item. */
typedef struct _Place
{
  const struct _Place *parent;
  PlaceKind kind;
  gsize index;
  ExecnetVariantView key; /* of a PLACE_VALUE */
} Place;

/* A complete type. */
typedef struct
{
  const char *start;
  const char *end;
} Type;

typedef struct
{
  ExecnetVariantSink sink;
  GError **error;
} Coercion;

static gboolean coerce (Coercion *self, ExecnetVariantView view, Type type, const Place *place);

static void
append_place (GString *path, const Place *place)
{
  switch (place->kind)
    {
    case PLACE_ROOT:
      g_string_append (path, "item");
      return;
    case PLACE_MEMBER:
      append_place (path, place->parent);
      execnet_item_path_append_member (path, place->index);
      return;
    case PLACE_KEY:
      append_place (path, place->parent);
      execnet_item_path_append_key (path, place->index);
      return;
    case PLACE_VALUE:
      append_place (path, place->parent);
      execnet_item_path_append_value (path, &place->key, place->index);
    }
}

static gboolean G_GNUC_PRINTF (3, 4)
    fail (Coercion *self, const Place *place, const char *format, ...)
{
  g_autoptr (GString) path = g_string_new (NULL);
  g_autofree char *reason = NULL;
  va_list arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  append_place (path, place);
  g_set_error (
      self->error, EXECNET_ERROR, EXECNET_ERROR_UNSUPPORTED_TYPE, "%s: %s", path->str, reason);
  return FALSE;
}

static gboolean
fail_type (Coercion *self, const ExecnetVariantView *view, Type type, const Place *place)
{
  g_autofree char *got = execnet_item_describe (view);

  return fail (
      self, place, _ ("expected %.*s, got %s"), (int) (type.end - type.start), type.start, got);
}

static gboolean
fail_not_normal (Coercion *self, const Place *place)
{
  return fail (self,
               place,
               _ ("the GVariant was made from bytes that were called trusted, but are not in "
                  "normal form."));
}

static gboolean
is_same_type (const ExecnetVariantView *view, Type type)
{
  gsize length = (gsize) (type.end - type.start);

  return (gsize) (view->type_end - view->type) == length
         && memcmp (view->type, type.start, length) == 0;
}

static gboolean
has_fixed_size (Type type)
{
  return execnet_variant_type_fixed_size (type.start, type.end) > 0;
}

static gboolean
is_none (const ExecnetVariantView *view)
{
  return *view->type == 'm' && view->size == 0;
}

/* The place must be aligned for the type. */
static gboolean
copy (Coercion *self, const ExecnetVariantView *view)
{
  execnet_variant_sink_put (&self->sink, view->bytes, view->size);
  return TRUE;
}

static gboolean
box (Coercion *self, const ExecnetVariantView *view)
{
  const char nul = '\0';

  execnet_variant_sink_put (&self->sink, view->bytes, view->size);
  execnet_variant_sink_put (&self->sink, &nul, sizeof nul);
  execnet_variant_sink_put (&self->sink, view->type, (gsize) (view->type_end - view->type));
  return TRUE;
}

/* An int of any size, as text. */
static gboolean
read_long (const ExecnetVariantView *view, const char **text, gsize *length)
{
  ExecnetVariantView content;
  ExecnetDecimal decimal;

  if (execnet_item_tag_read (view, &content) != EXECNET_ITEM_TAG_LONG)
    return FALSE;
  *text = (const char *) content.bytes;
  return execnet_variant_view_get_text (&content, length)
         && execnet_decimal_parse (*text, *length, &decimal) <= EXECNET_DECIMAL_LARGE;
}

static void
get_range (char type, gint64 *least, guint64 *most)
{
  static const struct
  {
    char type;
    gint64 least;
    guint64 most;
  } ranges[] = {
    { 'y', 0, G_MAXUINT8 },  { 'n', G_MININT16, G_MAXINT16 },
    { 'q', 0, G_MAXUINT16 }, { 'i', G_MININT32, G_MAXINT32 },
    { 'u', 0, G_MAXUINT32 }, { 'x', G_MININT64, G_MAXINT64 },
    { 't', 0, G_MAXUINT64 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    if (ranges[i].type == type)
      {
        *least = ranges[i].least;
        *most = ranges[i].most;
      }
}

static gboolean
put_int (Coercion *self, char type, guint64 number)
{
  switch (type)
    {
    case 'y':
      {
        guint8 raw = (guint8) number;

        execnet_variant_sink_put (&self->sink, &raw, sizeof raw);
        return TRUE;
      }
    case 'n':
    case 'q':
      {
        guint16 raw = (guint16) number;

        execnet_variant_sink_put (&self->sink, &raw, sizeof raw);
        return TRUE;
      }
    case 'i':
    case 'u':
      {
        guint32 raw = (guint32) number;

        execnet_variant_sink_put (&self->sink, &raw, sizeof raw);
        return TRUE;
      }
    default:
      execnet_variant_sink_put (&self->sink, &number, sizeof number);
      return TRUE;
    }
}

static gboolean
to_int (Coercion *self, const ExecnetVariantView *view, Type type, const Place *place)
{
  gint64 least = 0, number;
  guint64 most = 0;
  const char *text;
  gsize length;

  get_range (*type.start, &least, &most);
  if (*view->type != 'h' && execnet_variant_view_get_int (view, &number))
    {
      if (number >= least && (number < 0 || (guint64) number <= most))
        return put_int (self, *type.start, (guint64) number);
      return fail (
          self, place, _ ("expected %c, but %jd does not fit it"), *type.start, (intmax_t) number);
    }
  if (*view->type == 't')
    {
      if (most == G_MAXUINT64)
        return put_int (self, 't', execnet_variant_view_get_uint64 (view));
    }
  else if (!read_long (view, &text, &length))
    return fail_type (self, view, type, place);
  else if (most == G_MAXUINT64)
    {
      g_autofree char *digits = g_strndup (text, length);
      guint64 large;

      if (g_ascii_string_to_unsigned (digits, 10, 0, G_MAXUINT64, &large, NULL))
        return put_int (self, 't', large);
    }
  return fail (self, place, _ ("expected %c, but the int does not fit it"), *type.start);
}

static gboolean
to_double (Coercion *self, const ExecnetVariantView *view, Type type, const Place *place)
{
  double number;
  gint64 integer;
  const char *text;
  gsize length;

  if (*view->type != 'h' && execnet_variant_view_get_int (view, &integer))
    number = (double) integer;
  else if (*view->type == 't')
    number = (double) execnet_variant_view_get_uint64 (view);
  else if (read_long (view, &text, &length))
    {
      g_autofree char *digits = g_strndup (text, length);

      number = g_ascii_strtod (digits, NULL);
      if (isinf (number))
        return fail (self, place, _ ("expected d, but the int is too large for it"));
    }
  else
    return fail_type (self, view, type, place);
  execnet_variant_sink_put (&self->sink, &number, sizeof number);
  return TRUE;
}

static gboolean
to_text (Coercion *self, const ExecnetVariantView *view, Type type, const Place *place)
{
  const char nul = '\0';
  ExecnetVariantView content;
  gsize size, bad;

  if (strchr ("sog", *view->type) != NULL)
    {
      if (!execnet_variant_view_get_text (view, &size))
        return fail_not_normal (self, place);
      if ((*type.start == 'o' && !g_variant_is_object_path ((const char *) view->bytes))
          || (*type.start == 'g' && !g_variant_is_signature ((const char *) view->bytes)))
        return fail (self, place, _ ("expected %c, but the text is none"), *type.start);
      return copy (self, view);
    }
  if (execnet_item_tag_read (view, &content) != EXECNET_ITEM_TAG_STR)
    return fail_type (self, view, type, place);
  if (*type.start != 's'
      || execnet_text_check (content.bytes, content.size, &bad) != EXECNET_TEXT_PLAIN)
    return fail (
        self, place, _ ("expected %c, but the text has a NUL character in it"), *type.start);
  copy (self, &content);
  execnet_variant_sink_put (&self->sink, &nul, sizeof nul);
  return TRUE;
}

/* What can be taken for a sequence: a list, a tuple, a set. */
static gboolean
is_sequence (const ExecnetVariantView *view, ExecnetVariantView *sequence)
{
  switch (execnet_item_tag_read (view, sequence))
    {
    case EXECNET_ITEM_TAG_TUPLE:
    case EXECNET_ITEM_TAG_SET:
    case EXECNET_ITEM_TAG_FROZENSET:
      return TRUE;
    case EXECNET_ITEM_TAG_NONE:
      *sequence = *view;
      return *view->type == '(' || execnet_variant_view_is_list (view);
    default:
      return FALSE;
    }
}

static gboolean
to_array (Coercion *self, const ExecnetVariantView *view, Type type, const Place *place)
{
  Place member = { place, PLACE_MEMBER };
  Type element = { type.start + 1, type.end };
  gboolean framed = !has_fixed_size (element);
  ExecnetVariantView sequence;
  ExecnetVariantMembers members;
  ExecnetVariantMark mark;

  if (!is_sequence (view, &sequence))
    return fail_type (self, view, type, place);
  if (!execnet_variant_members_init (&members, &sequence))
    return fail_not_normal (self, place);
  mark = execnet_variant_sink_begin (&self->sink);
  for (; member.index < members.n_members; member.index++)
    {
      if (!execnet_variant_members_next (&members))
        return fail_not_normal (self, place);
      if (!coerce (self, members.member, element, &member))
        return FALSE;
      if (framed)
        execnet_variant_sink_mark_end (&self->sink, &mark);
    }
  execnet_variant_sink_end_array (&self->sink, &mark);
  return TRUE;
}

/* A tuple from any sequence of as many members, and from a complex number. */
static gboolean
to_tuple (Coercion *self, const ExecnetVariantView *view, Type type, const Place *place)
{
  Place member = { place, PLACE_MEMBER };
  const char *last = type.end - 1;
  Type wanted = { type.start + 1, type.start + 1 };
  ExecnetVariantView sequence;
  ExecnetVariantMembers members;
  ExecnetVariantMark mark;

  if (execnet_item_tag_read (view, &sequence) != EXECNET_ITEM_TAG_COMPLEX
      && !is_sequence (view, &sequence))
    return fail_type (self, view, type, place);
  if (!execnet_variant_members_init (&members, &sequence))
    return fail_not_normal (self, place);
  mark = execnet_variant_sink_begin (&self->sink);
  for (; member.index < members.n_members && wanted.start < last; member.index++)
    {
      wanted.end = execnet_variant_type_skip (wanted.start);
      if (!execnet_variant_members_next (&members))
        return fail_not_normal (self, place);
      if (!coerce (self, members.member, wanted, &member))
        return FALSE;
      if (wanted.end < last && !has_fixed_size (wanted))
        execnet_variant_sink_mark_end (&self->sink, &mark);
      wanted.start = wanted.end;
    }
  if (member.index < members.n_members || wanted.start < last)
    return fail (self,
                 place,
                 _ ("expected %.*s, got %zu members"),
                 (int) (type.end - type.start),
                 type.start,
                 members.n_members);
  execnet_variant_sink_end_tuple (&self->sink, &mark, type.start, type.end);
  return TRUE;
}

static gboolean
put_pair (Coercion *self, const ExecnetVariantView *pair, Type entry, const Place *place)
{
  Type key_type = { entry.start + 1, entry.start + 2 };
  Type value_type = { entry.start + 2, entry.end - 1 };
  Place key_place = { place->parent, PLACE_KEY, place->index };
  Place value_place = { place->parent, PLACE_VALUE, place->index };
  ExecnetVariantView key, value;
  ExecnetVariantMark mark = execnet_variant_sink_begin (&self->sink);

  if (!execnet_variant_view_split_pair (pair, &key, &value))
    return fail_not_normal (self, place);
  value_place.key = key;
  if (!coerce (self, key, key_type, &key_place))
    return FALSE;
  if (!has_fixed_size (key_type))
    execnet_variant_sink_mark_end (&self->sink, &mark);
  if (!coerce (self, value, value_type, &value_place))
    return FALSE;
  execnet_variant_sink_end_tuple (&self->sink, &mark, entry.start, entry.end);
  return TRUE;
}

static gboolean
to_dict (Coercion *self, const ExecnetVariantView *view, Type type, const Place *place)
{
  Place pair = { place, PLACE_MEMBER };
  Type entry = { type.start + 1, type.end };
  guint alignment = execnet_variant_type_alignment (entry.start, entry.end);
  gboolean framed = !has_fixed_size (entry);
  ExecnetVariantView dict = *view;
  ExecnetVariantMembers members;
  ExecnetVariantMark mark;

  if (!(*view->type == 'a' && view->type[1] == '{')
      && execnet_item_tag_read (view, &dict) != EXECNET_ITEM_TAG_DICT)
    return fail_type (self, view, type, place);
  if (!execnet_variant_members_init (&members, &dict))
    return fail_not_normal (self, place);
  mark = execnet_variant_sink_begin (&self->sink);
  for (; pair.index < members.n_members; pair.index++)
    {
      if (!execnet_variant_members_next (&members))
        return fail_not_normal (self, place);
      execnet_variant_sink_align (&self->sink, alignment);
      if (!put_pair (self, &members.member, entry, &pair))
        return FALSE;
      if (framed)
        execnet_variant_sink_mark_end (&self->sink, &mark);
    }
  execnet_variant_sink_end_array (&self->sink, &mark);
  return TRUE;
}

static gboolean
to_maybe (Coercion *self, const ExecnetVariantView *view, Type type, const Place *place)
{
  const char just = '\0';
  Type content = { type.start + 1, type.end };

  if (is_none (view))
    return TRUE;
  if (!coerce (self, *view, content, place))
    return FALSE;
  if (!has_fixed_size (content))
    execnet_variant_sink_put (&self->sink, &just, sizeof just);
  return TRUE;
}

/* `view` is no variant and no full maybe, and has another type. */
static gboolean
convert (Coercion *self, const ExecnetVariantView *view, Type type, const Place *place)
{
  switch (*type.start)
    {
    case 'm':
      return to_maybe (self, view, type, place);
    case 'v':
      return box (self, view);
    case 'd':
      return to_double (self, view, type, place);
    case 's':
    case 'o':
    case 'g':
      return to_text (self, view, type, place);
    case 'a':
      return type.start[1] == '{' ? to_dict (self, view, type, place)
                                  : to_array (self, view, type, place);
    case '(':
      return to_tuple (self, view, type, place);
    case 'b':
    case 'h':
    case '{':
      return fail_type (self, view, type, place);
    default:
      return to_int (self, view, type, place);
    }
}

static gboolean
coerce (Coercion *self, ExecnetVariantView view, Type type, const Place *place)
{
  execnet_variant_sink_align (&self->sink, execnet_variant_type_alignment (type.start, type.end));
  while (!is_same_type (&view, type))
    {
      if (*view.type != 'v' && (*view.type != 'm' || is_none (&view)))
        return convert (self, &view, type, place);
      if (!execnet_variant_view_unbox (&view, &view))
        return fail_not_normal (self, place);
    }
  return copy (self, &view);
}

/* Tuples that become arrays, or values that become variants and maybes, nest deeper than before. */
static GVariant *
finish (Coercion *self, const GVariantType *type)
{
  g_autoptr (GVariant) result = execnet_variant_sink_finish (&self->sink, type);

  if (!execnet_variant_is_too_deep (result))
    return g_steal_pointer (&result);
  g_set_error (self->error,
               EXECNET_ERROR,
               EXECNET_ERROR_TOO_DEEP,
               _ ("item: as a value of the type wanted it nests more than %d levels deep, and "
                  "GVariant does not."),
               EXECNET_VARIANT_DEPTH_MAX);
  return NULL;
}

/**
 * execnet_item_coerce:
 * @item: a value, such as a channel received
 * @type: the definite type that is wanted
 * @error: return location for an error
 *
 * Turns an item into the exact type that typed code wants, or says where it doesn't fit:
 * `item[3]['size']: expected x, got s`.
 *
 * - An int becomes any integer type that it fits, and `d`.
 * - A str becomes `s`, and `o` or `g` if it is one.
 * - A list, tuple or set becomes an array; one with the right number of members a tuple. A complex
 *   number becomes `(dd)`.
 * - A dictionary becomes `a{…}` with keys and values of the wanted types.
 * - Anything becomes `v`. None becomes an empty maybe, anything else a full one.
 * - What has the wanted type already, or is in a variant, is taken as it is.
 *
 * Fails with %EXECNET_ERROR_UNSUPPORTED_TYPE, or %EXECNET_ERROR_TOO_DEEP where the result would
 * nest deeper than a [struct@GLib.Variant] can.
 *
 * Thread: any.
 *
 * Returns: (transfer full): the value in the type @type
 *
 * Since: 1.0
 */
GVariant *
execnet_item_coerce (GVariant *item, const GVariantType *type, GError **error)
{
  const Place root = { NULL, PLACE_ROOT };
  const char *type_string;
  g_autoptr (GVariant) normal = NULL;
  GVariant *result = NULL;
  ExecnetVariantView view;
  Coercion self;

  g_return_val_if_fail (item != NULL, NULL);
  g_return_val_if_fail (type != NULL, NULL);

  if (g_variant_is_of_type (item, type))
    return g_variant_ref (item);
  g_return_val_if_fail (g_variant_type_is_definite (type), NULL);

  type_string = g_variant_type_peek_string (type);
  self.error = error;
  execnet_variant_sink_init (&self.sink);
  normal = execnet_variant_view_item (item, &view);
  if (normal == NULL)
    fail_not_normal (&self, &root);
  else if (coerce (&self,
                   view,
                   (Type){ type_string, type_string + g_variant_type_get_string_length (type) },
                   &root))
    result = finish (&self, type);
  execnet_variant_sink_clear (&self.sink);
  return result;
}
