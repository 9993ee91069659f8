/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-variant-sink-private.h"

#include "data/execnet-item-measure-private.h"

#define FIRST_SIZE 64

void
execnet_variant_sink_init (ExecnetVariantSink *sink)
{
  sink->bytes = g_malloc (FIRST_SIZE);
  sink->used = 0;
  sink->allocated = FIRST_SIZE;
  sink->ends = g_array_new (FALSE, FALSE, sizeof (gsize));
}

void
execnet_variant_sink_clear (ExecnetVariantSink *sink)
{
  g_clear_pointer (&sink->bytes, g_free);
  g_clear_pointer (&sink->ends, g_array_unref);
}

static guint8 *
add (ExecnetVariantSink *sink, gsize size)
{
  guint8 *place;

  if (size > sink->allocated - sink->used)
    {
      sink->allocated = MAX (2 * sink->allocated, sink->used + size);
      sink->bytes = g_realloc (sink->bytes, sink->allocated);
    }
  place = sink->bytes + sink->used;
  sink->used += size;
  return place;
}

void
execnet_variant_sink_put (ExecnetVariantSink *sink, gconstpointer bytes, gsize size)
{
  if (size > 0)
    memcpy (add (sink, size), bytes, size);
}

void
execnet_variant_sink_align (ExecnetVariantSink *sink, guint alignment)
{
  gsize padding = execnet_align (sink->used, alignment) - sink->used;

  if (padding > 0)
    memset (add (sink, padding), 0, padding);
}

ExecnetVariantMark
execnet_variant_sink_begin (ExecnetVariantSink *sink)
{
  return (ExecnetVariantMark){ sink->used, sink->ends->len };
}

void
execnet_variant_sink_mark_end (ExecnetVariantSink *sink, const ExecnetVariantMark *container)
{
  gsize end = sink->used - container->start;

  g_array_append_val (sink->ends, end);
}

static void
put_offsets (ExecnetVariantSink *sink, const ExecnetVariantMark *container, gboolean backwards)
{
  gsize n_ends = sink->ends->len - container->first_end;
  guint size = execnet_offset_size (sink->used - container->start, n_ends);

  for (gsize i = 0; i < n_ends; i++)
    {
      gsize n = container->first_end + (backwards ? n_ends - 1 - i : i);
      guint64 raw = GUINT64_TO_LE ((guint64) g_array_index (sink->ends, gsize, n));

      execnet_variant_sink_put (sink, &raw, size);
    }
  g_array_set_size (sink->ends, container->first_end);
}

void
execnet_variant_sink_end_array (ExecnetVariantSink *sink, const ExecnetVariantMark *array)
{
  put_offsets (sink, array, FALSE);
}

/* One whose size is fixed is padded instead of framed. */
void
execnet_variant_sink_end_tuple (ExecnetVariantSink *sink,
                                const ExecnetVariantMark *tuple,
                                const char *type,
                                const char *type_end)
{
  gsize fixed_size = execnet_variant_type_fixed_size (type, type_end);
  gsize size = sink->used - tuple->start;

  if (fixed_size == 0)
    put_offsets (sink, tuple, TRUE);
  else if (fixed_size > size)
    memset (add (sink, fixed_size - size), 0, fixed_size - size);
}

GVariant *
execnet_variant_sink_finish (ExecnetVariantSink *sink, const GVariantType *type)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_steal_pointer (&sink->bytes), sink->used);

  return g_variant_ref_sink (g_variant_new_from_bytes (type, bytes, TRUE));
}
