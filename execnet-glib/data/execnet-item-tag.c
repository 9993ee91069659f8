/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-item-tag-private.h"

#include <string.h>

static const struct
{
  const char *name;
  const char *content; /* NULL: any array that is a list */
} tags[] = {
  [EXECNET_ITEM_TAG_LONG] = { "long", "s" },
  [EXECNET_ITEM_TAG_COMPLEX] = { "complex", "(dd)" },
  [EXECNET_ITEM_TAG_STR] = { "str", "ay" },
  [EXECNET_ITEM_TAG_TUPLE] = { "tuple", NULL },
  [EXECNET_ITEM_TAG_DICT] = { "dict", "a(vv)" },
  [EXECNET_ITEM_TAG_SET] = { "set", NULL },
  [EXECNET_ITEM_TAG_FROZENSET] = { "frozenset", NULL },
};

const char *
execnet_item_tag_get_name (ExecnetItemTag tag)
{
  return tags[tag].name;
}

static gboolean
suits (ExecnetItemTag tag, const ExecnetVariantView *content)
{
  return tags[tag].content != NULL ? execnet_variant_view_is (content, tags[tag].content)
                                   : execnet_variant_view_is_list (content);
}

ExecnetItemTag
execnet_item_tag_read (const ExecnetVariantView *value, ExecnetVariantView *content)
{
  ExecnetVariantView key, boxed;
  gsize length;

  if (!execnet_variant_view_is (value, "{sv}")
      || !execnet_variant_view_split_pair (value, &key, &boxed)
      || !execnet_variant_view_get_text (&key, &length)
      || !execnet_variant_view_unbox (&boxed, content))
    return EXECNET_ITEM_TAG_NONE;

  for (guint i = EXECNET_ITEM_TAG_NONE + 1; i < G_N_ELEMENTS (tags); i++)
    if (strlen (tags[i].name) == length && memcmp (tags[i].name, key.bytes, length) == 0)
      return suits (i, content) ? i : EXECNET_ITEM_TAG_NONE;
  return EXECNET_ITEM_TAG_NONE;
}
