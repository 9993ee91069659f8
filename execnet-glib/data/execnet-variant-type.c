/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What GLib knows of a GVariant's type, but keeps to itself. */

#include "config.h"

#include "data/execnet-variant-view-private.h"

#include "data/execnet-item-tree-private.h"

/* The place behind the first complete type. */
const char *
execnet_variant_type_skip (const char *type)
{
  guint n_open = 0;

  do
    {
      while (*type == 'a' || *type == 'm')
        type++;
      if (*type == '(' || *type == '{')
        n_open++;
      else if (*type == ')' || *type == '}')
        n_open--;
      type++;
    }
  while (n_open > 0);
  return type;
}

const ExecnetVariantChar execnet_variant_chars[] = {
  ['b'] = { 1, 1 }, ['y'] = { 1, 1 }, ['n'] = { 2, 2 }, ['q'] = { 2, 2 }, ['i'] = { 4, 4 },
  ['u'] = { 4, 4 }, ['h'] = { 4, 4 }, ['x'] = { 8, 8 }, ['t'] = { 8, 8 }, ['d'] = { 8, 8 },
  ['s'] = { 1, 0 }, ['o'] = { 1, 0 }, ['g'] = { 1, 0 }, ['v'] = { 8, 0 }, [127] = { 0, 0 },
};

/* A container is aligned as the member that needs most. */
guint
execnet_variant_container_alignment (const char *type, const char *end)
{
  guint alignment = 1;

  for (; type < end; type++)
    alignment = MAX (alignment, execnet_variant_get_char (*type)->alignment);
  return alignment;
}

gsize
execnet_variant_container_fixed_size (const char *type, const char *end)
{
  guint8 open[EXECNET_VARIANT_DEPTH_MAX];
  guint n_open = 0;
  gsize size = 0;

  for (const char *p = type; p < end; p++)
    if (*p == 'a' || *p == 'm'
        || (execnet_variant_get_char (*p)->alignment > 0
            && execnet_variant_get_char (*p)->size == 0))
      return 0;

  for (const char *p = type; p < end; p++)
    {
      guint alignment;

      if (*p == ')' || *p == '}')
        {
          size = execnet_variant_round_up (size, open[--n_open]);
          continue;
        }
      if (*p != '(' && *p != '{')
        {
          const ExecnetVariantChar *basic = execnet_variant_get_char (*p);

          size = execnet_variant_round_up (size, basic->alignment) + basic->size;
          continue;
        }
      alignment = execnet_variant_type_alignment (p, execnet_variant_type_skip (p));
      size = execnet_variant_round_up (size, alignment);
      open[n_open++] = (guint8) alignment;
      if (p[1] == ')')
        size++; /* an empty tuple takes one byte */
    }
  return size;
}

/* 1 for a type without members. */
guint
execnet_variant_type_depth (const char *type, const char *end)
{
  guint8 open[EXECNET_VARIANT_DEPTH_MAX]; /* the prefixes before each bracket */
  guint n_open = 0, prefixes = 0, level = 0, depth = 0;

  for (; type < end; type++)
    {
      if (*type == 'a' || *type == 'm')
        {
          prefixes++;
          level++;
        }
      else if (*type == '(' || *type == '{')
        {
          open[n_open++] = (guint8) prefixes;
          prefixes = 0;
          level++;
          depth = MAX (depth, level);
        }
      else
        {
          if (*type == ')' || *type == '}')
            {
              prefixes = open[--n_open];
              level--;
            }
          else
            depth = MAX (depth, level + 1);
          level -= prefixes;
          prefixes = 0;
        }
    }
  return depth;
}
