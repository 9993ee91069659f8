/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What GLib knows of a GVariant's type, but keeps to itself. */

#include "config.h"

#include "data/execnet-variant-view-private.h"

#include "data/execnet-item-tree-private.h"

#include <string.h>

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

/* Of a basic type or v. */
static guint
get_char_alignment (char type)
{
  switch (type)
    {
    case 'n':
    case 'q':
      return 2;
    case 'i':
    case 'u':
    case 'h':
      return 4;
    case 'x':
    case 't':
    case 'd':
    case 'v':
      return 8;
    default:
      return 1;
    }
}

/* A container is aligned as the member that needs most. */
guint
execnet_variant_type_alignment (const char *type, const char *end)
{
  guint alignment = 1;

  for (; type < end; type++)
    alignment = MAX (alignment, get_char_alignment (*type));
  return alignment;
}

/* 0 if the size isn't fixed. */
static gsize
get_char_size (char type)
{
  switch (type)
    {
    case 's':
    case 'o':
    case 'g':
    case 'v':
      return 0;
    default:
      return get_char_alignment (type); /* which is its size, for all others */
    }
}

static gsize
round_up (gsize size, guint alignment)
{
  return (size + alignment - 1) & ~((gsize) alignment - 1);
}

/* 0 if values of the type differ in size. */
gsize
execnet_variant_type_fixed_size (const char *type, const char *end)
{
  guint8 open[EXECNET_VARIANT_DEPTH_MAX];
  guint n_open = 0;
  gsize size = 0;

  if (end - type == 1)
    return get_char_size (*type);
  for (const char *p = type; p < end; p++)
    if (strchr ("amsogv", *p) != NULL)
      return 0;

  for (const char *p = type; p < end; p++)
    {
      guint alignment;

      if (*p == ')' || *p == '}')
        {
          size = round_up (size, open[--n_open]);
          continue;
        }
      if (*p != '(' && *p != '{')
        {
          size = round_up (size, get_char_alignment (*p)) + get_char_size (*p);
          continue;
        }
      alignment = execnet_variant_type_alignment (p, execnet_variant_type_skip (p));
      size = round_up (size, alignment);
      open[n_open++] = (guint8) alignment;
      if (p[1] == ')')
        size++; /* an empty tuple takes one byte */
    }
  return size;
}

/* As GLib counts: 1 for a basic type, 0 for an empty tuple. */
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
          depth = MAX (depth, level);
        }
      else if (*type == '(' || *type == '{')
        {
          open[n_open++] = (guint8) prefixes;
          prefixes = 0;
          depth = MAX (depth, level++);
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
