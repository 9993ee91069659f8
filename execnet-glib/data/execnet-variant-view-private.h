/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* Reads GVariants in serialized form, without a GVariant for each value in them (which costs 30
 * times as much). The bytes must be of a GVariant in normal form; every offset is checked all the
 * same, because an application may call bytes trusted that are not. */

typedef struct
{
  const char *type; /* one complete, definite type; not NUL-terminated */
  const char *type_end;
  const guint8 *bytes;
  gsize size;
} ExecnetVariantView;

/* The members of an array, tuple or entry, one after the other. */
typedef struct
{
  ExecnetVariantView member; /* the one that next () came to */
  const guint8 *bytes;
  gsize size;
  gsize n_members;
  gsize n_taken;
  gsize position;
  const char *types_end;
  gboolean is_array;
  guint alignment;  /* of an array's elements */
  gsize fixed_size; /* of an array's elements, or 0 */
  guint offset_size;
  gsize offset; /* the place of the next framing offset; a tuple's go backwards */
  gsize limit;  /* where the last member ends */
} ExecnetVariantMembers;

/* `item` in normal form (a full reference), and a view of it that lasts as long; NULL if it claims
 * to be in normal form and is not. */
GVariant *execnet_variant_view_item (GVariant *item, ExecnetVariantView *view);

/* What a type of one character needs; all 0 for what is none. */
typedef struct
{
  guint8 alignment;
  guint8 size; /* 0 if it isn't fixed */
} ExecnetVariantChar;

extern const ExecnetVariantChar execnet_variant_chars[128];

static inline const ExecnetVariantChar *
execnet_variant_get_char (char type)
{
  return &execnet_variant_chars[type & 127];
}

/* Of a valid, definite type (execnet-variant-type.c). */
const char *execnet_variant_type_skip (const char *type);
guint execnet_variant_type_depth (const char *type, const char *end);
guint execnet_variant_container_alignment (const char *type, const char *end);
gsize execnet_variant_container_fixed_size (const char *type, const char *end);

static inline guint
execnet_variant_type_alignment (const char *type, const char *end)
{
  return end - type == 1 ? execnet_variant_get_char (*type)->alignment
                         : execnet_variant_container_alignment (type, end);
}

/* 0 if values of the type differ in size. */
static inline gsize
execnet_variant_type_fixed_size (const char *type, const char *end)
{
  return end - type == 1 ? execnet_variant_get_char (*type)->size
                         : execnet_variant_container_fixed_size (type, end);
}

static inline gsize
execnet_variant_round_up (gsize size, guint alignment)
{
  return (size + alignment - 1) & ~((gsize) alignment - 1);
}

/* For an array or tuple, or an entry. FALSE if the bytes are not in normal form. */
gboolean execnet_variant_members_init (ExecnetVariantMembers *members,
                                       const ExecnetVariantView *container);

/* Goes on to the next of `n_members`; there must be one. FALSE as above. */
gboolean execnet_variant_members_next_of_tuple (ExecnetVariantMembers *members);

static inline gsize
execnet_variant_read_offset (const guint8 *place, guint size)
{
  guint16 small;
  guint32 medium;
  guint64 large;

  switch (size)
    {
    case 1:
      return *place;
    case 2:
      memcpy (&small, place, sizeof small);
      return GUINT16_FROM_LE (small);
    case 4:
      memcpy (&medium, place, sizeof medium);
      return GUINT32_FROM_LE (medium);
    default:
      memcpy (&large, place, sizeof large);
      return (gsize) GUINT64_FROM_LE (large);
    }
}

static inline gboolean
execnet_variant_members_next (ExecnetVariantMembers *members)
{
  gsize start, end;

  if (!members->is_array)
    return execnet_variant_members_next_of_tuple (members);
  if (members->fixed_size > 0)
    {
      members->member.bytes = members->bytes + members->n_taken++ * members->fixed_size;
      members->member.size = members->fixed_size;
      return TRUE;
    }
  start = execnet_variant_round_up (members->position, members->alignment);
  end = execnet_variant_read_offset (members->bytes + members->offset, members->offset_size);
  if (start > end || end > members->limit)
    return FALSE;
  members->offset += members->offset_size;
  members->member.bytes = members->bytes + start;
  members->member.size = end - start;
  members->position = end;
  members->n_taken++;
  return TRUE;
}

/* The key and the value of an entry, or of a tuple of two whose first is a basic type or v. FALSE
 * as above. */
gboolean execnet_variant_view_split_pair (const ExecnetVariantView *pair,
                                          ExecnetVariantView *key,
                                          ExecnetVariantView *value);

/* What is in a variant, or in a maybe that isn't empty; `content` may be the box itself. FALSE as
 * above. No struct is copied: a processor that is asked in one piece for what it has just written
 * in two waits for longer than all else here takes. */
gboolean execnet_variant_view_unbox_any (const ExecnetVariantView *box,
                                         ExecnetVariantView *content);

static inline gboolean
execnet_variant_view_unbox (const ExecnetVariantView *box, ExecnetVariantView *content)
{
  const guint8 *bytes = box->bytes;
  gsize size = box->size;

  if (*box->type == 'v' && size >= 2 && bytes[size - 2] == '\0')
    {
      const ExecnetVariantChar *basic = execnet_variant_get_char ((char) bytes[size - 1]);

      if (basic->alignment > 0 && bytes[size - 1] < 128
          && (basic->size == 0 || basic->size == size - 2))
        {
          content->type = (const char *) bytes + size - 1;
          content->type_end = content->type + 1;
          content->bytes = bytes;
          content->size = size - 2;
          return TRUE;
        }
    }
  return execnet_variant_view_unbox_any (box, content);
}

gboolean execnet_variant_is_too_deep (GVariant *value);

/* For y n q i u x and t below 2^63; else FALSE. */
gboolean execnet_variant_view_get_int (const ExecnetVariantView *view, gint64 *value);
guint64 execnet_variant_view_get_uint64 (const ExecnetVariantView *view);
double execnet_variant_view_get_double (const ExecnetVariantView *view);

/* For s o g: the text's size without its NUL. FALSE as above. */
gboolean execnet_variant_view_get_text (const ExecnetVariantView *view, gsize *size);

static inline gboolean
execnet_variant_view_is (const ExecnetVariantView *view, const char *type)
{
  const char *p = view->type;

  while (p < view->type_end && *type == *p)
    {
      p++;
      type++;
    }
  return p == view->type_end && *type == '\0';
}

G_END_DECLS
