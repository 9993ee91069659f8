/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

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

/* Of a valid, definite type (execnet-variant-type.c). */
const char *execnet_variant_type_skip (const char *type);
guint execnet_variant_type_alignment (const char *type, const char *end);
gsize execnet_variant_type_fixed_size (const char *type, const char *end);
guint execnet_variant_type_depth (const char *type, const char *end);

/* For an array, tuple or entry. FALSE if the bytes are not in normal form. */
gboolean execnet_variant_members_init (ExecnetVariantMembers *members,
                                       const ExecnetVariantView *container);

/* Goes on to the next of `n_members`; there must be one. FALSE as above. */
gboolean execnet_variant_members_next (ExecnetVariantMembers *members);

/* What is in a variant, or in a maybe that isn't empty. FALSE as above. */
gboolean execnet_variant_view_unbox (const ExecnetVariantView *box, ExecnetVariantView *content);

gboolean execnet_variant_view_is_too_deep (const ExecnetVariantView *view);

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
