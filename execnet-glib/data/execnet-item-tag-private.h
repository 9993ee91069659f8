/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-variant-view-private.h"

G_BEGIN_DECLS

/* What GVariant has no type for is a lone entry {sv}; its key tells which kind it is. */
typedef enum
{
  EXECNET_ITEM_TAG_NONE,      /* no such entry, or not of this form */
  EXECNET_ITEM_TAG_LONG,      /* s: decimal */
  EXECNET_ITEM_TAG_COMPLEX,   /* (dd) */
  EXECNET_ITEM_TAG_STR,       /* ay: UTF-8 */
  EXECNET_ITEM_TAG_TUPLE,     /* an array */
  EXECNET_ITEM_TAG_DICT,      /* a(vv) */
  EXECNET_ITEM_TAG_SET,       /* an array */
  EXECNET_ITEM_TAG_FROZENSET, /* an array */
} ExecnetItemTag;

const char *execnet_item_tag_get_name (ExecnetItemTag tag);

/* Whether the type is that of an array whose members are a list's: not bytes, not a dictionary. */
static inline gboolean
execnet_variant_view_is_list (const ExecnetVariantView *view)
{
  return *view->type == 'a' && view->type[1] != 'y' && view->type[1] != '{';
}

/* Which kind the value is, and what the entry holds. */
ExecnetItemTag execnet_item_tag_read (const ExecnetVariantView *value, ExecnetVariantView *content);

G_END_DECLS
