/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-variant-view-private.h"

#include "data/execnet-item-tree-private.h"

#include <string.h>

static guint
get_offset_size (gsize container)
{
  if (container <= G_MAXUINT8)
    return 1;
  if (container <= G_MAXUINT16)
    return 2;
  return container <= G_MAXUINT32 ? 4 : 8;
}

static gboolean
init_array (ExecnetVariantMembers *members, const ExecnetVariantView *array)
{
  gsize ends;

  members->is_array = TRUE;
  members->member.type = array->type + 1;
  members->member.type_end = array->type_end;
  members->alignment = execnet_variant_type_alignment (array->type, array->type_end);
  members->fixed_size = execnet_variant_type_fixed_size (array->type + 1, array->type_end);
  if (array->size == 0)
    return TRUE;
  if (members->fixed_size > 0)
    {
      members->n_members = array->size / members->fixed_size;
      return array->size % members->fixed_size == 0;
    }

  /* The last framing offset is the end of the last element, where the offsets begin. */
  members->offset_size = get_offset_size (array->size);
  if (array->size < members->offset_size)
    return FALSE;
  ends = execnet_variant_read_offset (array->bytes + array->size - members->offset_size,
                                      members->offset_size);
  if (ends > array->size - members->offset_size || (array->size - ends) % members->offset_size != 0)
    return FALSE;
  members->offset = members->limit = ends;
  members->n_members = (array->size - ends) / members->offset_size;
  return TRUE;
}

static gboolean
init_tuple (ExecnetVariantMembers *members, const ExecnetVariantView *tuple)
{
  members->member.type = members->member.type_end = tuple->type + 1;
  members->types_end = tuple->type_end - 1;
  for (const char *type = members->member.type; type < members->types_end;
       type = execnet_variant_type_skip (type))
    members->n_members++;
  members->offset_size = get_offset_size (tuple->size);
  members->offset = members->limit = tuple->size;
  return TRUE;
}

gboolean
execnet_variant_members_init (ExecnetVariantMembers *members, const ExecnetVariantView *container)
{
  *members = (ExecnetVariantMembers){ .bytes = container->bytes, .size = container->size };
  return *container->type == 'a' ? init_array (members, container)
                                 : init_tuple (members, container);
}

static gboolean
set_member (ExecnetVariantMembers *members, gsize start, gsize end)
{
  if (start > end || end > members->limit)
    return FALSE;
  members->member.bytes = members->bytes + start;
  members->member.size = end - start;
  members->position = end;
  members->n_taken++;
  return TRUE;
}

gboolean
execnet_variant_members_next_of_tuple (ExecnetVariantMembers *members)
{
  const char *type = members->member.type_end;
  const char *end = execnet_variant_type_skip (type);
  gsize start
      = execnet_variant_round_up (members->position, execnet_variant_type_alignment (type, end));
  gsize fixed_size = execnet_variant_type_fixed_size (type, end);

  members->member.type = type;
  members->member.type_end = end;
  if (fixed_size > 0)
    return fixed_size <= members->limit && start <= members->limit - fixed_size
           && set_member (members, start, start + fixed_size);
  if (end == members->types_end)
    return set_member (members, start, members->offset);
  if (members->offset < members->offset_size)
    return FALSE;
  members->offset -= members->offset_size;
  return set_member (
      members,
      start,
      execnet_variant_read_offset (members->bytes + members->offset, members->offset_size));
}

gboolean
execnet_variant_view_split_pair (const ExecnetVariantView *pair,
                                 ExecnetVariantView *key,
                                 ExecnetVariantView *value)
{
  gsize limit = pair->size;
  gsize fixed_size, start;

  key->type = pair->type + 1;
  key->type_end = value->type = pair->type + 2;
  value->type_end = pair->type_end - 1;
  key->bytes = pair->bytes;
  key->size = execnet_variant_type_fixed_size (key->type, key->type_end);
  if (key->size == 0)
    {
      guint offset_size = get_offset_size (pair->size);

      if (pair->size < offset_size)
        return FALSE;
      limit -= offset_size;
      key->size = execnet_variant_read_offset (pair->bytes + limit, offset_size);
    }

  start = execnet_variant_round_up (key->size,
                                    execnet_variant_type_alignment (value->type, value->type_end));
  if (key->size > limit || start > limit)
    return FALSE;
  fixed_size = execnet_variant_type_fixed_size (value->type, value->type_end);
  value->bytes = pair->bytes + start;
  value->size = fixed_size > 0 ? fixed_size : limit - start;
  return value->size <= limit - start;
}

static gboolean
is_definite_type (const char *type, const char *end)
{
  const char *scanned;

  for (const char *p = type; p < end; p++)
    if (*p == '*' || *p == '?' || *p == 'r')
      return FALSE;
  return g_variant_type_string_scan (type, end, &scanned) && scanned == end;
}

/* The size of a fixed-size value must be exactly that: those who read it rely on it. */
static gboolean
has_right_size (const ExecnetVariantView *view)
{
  gsize fixed_size = execnet_variant_type_fixed_size (view->type, view->type_end);

  return fixed_size == 0 || view->size == fixed_size;
}

/* Numbers in an array have no form that isn't normal. GLib looks at each of them all the same, which
 * would cost 15 ms for a mebibyte of bytes from g_variant_new_fixed_array(). */
static gboolean
is_array_of_numbers (GVariant *item)
{
  const char *type = g_variant_get_type_string (item);

  return type[0] == 'a' && strchr ("ynqiuxthd", type[1]) != NULL
         && g_variant_get_size (item) % execnet_variant_type_fixed_size (type + 1, type + 2) == 0;
}

/* NULL if an application called bytes trusted that don't suit their type. */
GVariant *
execnet_variant_view_item (GVariant *item, ExecnetVariantView *view)
{
  g_autoptr (GVariant) normal
      = is_array_of_numbers (item) ? g_variant_ref (item) : g_variant_get_normal_form (item);

  view->type = g_variant_get_type_string (normal);
  view->type_end = view->type + strlen (view->type);
  view->bytes = g_variant_get_data (normal);
  view->size = g_variant_get_size (normal);
  if (view->bytes == NULL)
    {
      view->bytes = (const guint8 *) "";
      view->size = 0;
    }
  return has_right_size (view) ? g_steal_pointer (&normal) : NULL;
}

static gboolean
unbox_maybe (const ExecnetVariantView *box, ExecnetVariantView *content)
{
  gsize size = box->size;

  content->type = box->type + 1;
  content->type_end = box->type_end;
  content->bytes = box->bytes;
  content->size = size;
  if (execnet_variant_type_fixed_size (content->type, content->type_end) == 0)
    content->size--; /* a sign that it isn't empty; the caller found it so */
  return has_right_size (content);
}

gboolean
execnet_variant_view_unbox_any (const ExecnetVariantView *box, ExecnetVariantView *content)
{
  const guint8 *bytes = box->bytes;
  gsize size = box->size;
  gsize type = size;

  if (*box->type == 'm')
    return unbox_maybe (box, content);

  while (type > 0 && bytes[type - 1] != '\0')
    type--;
  if (type == 0 || type == size)
    return FALSE;
  content->type = (const char *) bytes + type;
  content->type_end = (const char *) bytes + size;
  content->bytes = bytes;
  content->size = type - 1;
  return is_definite_type (content->type, content->type_end) && has_right_size (content);
}

/* Whether there are variants in a value of the type. */
static gboolean
has_variants (const ExecnetVariantView *view)
{
  return memchr (view->type, 'v', (gsize) (view->type_end - view->type)) != NULL;
}

static gboolean
is_too_deep (ExecnetVariantView value)
{
  ExecnetVariantMembers open[EXECNET_VARIANT_DEPTH_MAX];
  guint depths[EXECNET_VARIANT_DEPTH_MAX];
  guint n_open = 0, depth = 0;

  for (;;)
    {
      while (*value.type == 'v' || (*value.type == 'm' && has_variants (&value) && value.size > 0))
        {
          if (!execnet_variant_view_unbox (&value, &value))
            return FALSE;
          depth++;
        }
      if (depth + execnet_variant_type_depth (value.type, value.type_end)
          > EXECNET_VARIANT_DEPTH_MAX)
        return TRUE;
      if (*value.type != 'm' && has_variants (&value))
        {
          depths[n_open] = depth + 1;
          if (!execnet_variant_members_init (&open[n_open++], &value))
            return FALSE;
        }
      while (n_open > 0 && open[n_open - 1].n_taken == open[n_open - 1].n_members)
        n_open--;
      if (n_open == 0)
        return FALSE;
      if (!execnet_variant_members_next (&open[n_open - 1]))
        return FALSE;
      value = open[n_open - 1].member;
      depth = depths[n_open - 1];
    }
}

/* Whether something in a value in normal form is deeper than GLib reads it. */
gboolean
execnet_variant_is_too_deep (GVariant *value)
{
  ExecnetVariantView view;
  GVariant *viewed = execnet_variant_view_item (value, &view);
  gboolean too_deep = viewed != NULL && is_too_deep (view);

  g_clear_pointer (&viewed, g_variant_unref);
  return too_deep;
}

#define GET(Type)                                                                                  \
  ({                                                                                               \
    Type raw;                                                                                      \
    memcpy (&raw, view->bytes, sizeof raw);                                                        \
    raw;                                                                                           \
  })

gboolean
execnet_variant_view_get_int (const ExecnetVariantView *view, gint64 *value)
{
  switch (*view->type)
    {
    case 'y':
      *value = *view->bytes;
      return TRUE;
    case 'n':
      *value = GET (gint16);
      return TRUE;
    case 'q':
      *value = GET (guint16);
      return TRUE;
    case 'i':
    case 'h':
      *value = GET (gint32);
      return TRUE;
    case 'u':
      *value = GET (guint32);
      return TRUE;
    case 'x':
    case 't':
      *value = GET (gint64);
      return *view->type == 'x' || *value >= 0;
    default:
      return FALSE;
    }
}

guint64
execnet_variant_view_get_uint64 (const ExecnetVariantView *view)
{
  return GET (guint64);
}

double
execnet_variant_view_get_double (const ExecnetVariantView *view)
{
  return GET (double);
}

gboolean
execnet_variant_view_get_text (const ExecnetVariantView *view, gsize *size)
{
  if (view->size == 0 || view->bytes[view->size - 1] != '\0')
    return FALSE;
  *size = view->size - 1;
  return TRUE;
}
