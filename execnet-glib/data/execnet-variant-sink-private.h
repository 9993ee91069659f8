/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-variant-view-private.h"

G_BEGIN_DECLS

/* Writes the serialized form of a GVariant whose type is known beforehand, from its beginning to
 * its end: values are put one behind the other; a container remembers where its members end, and
 * gets its framing offsets when it is complete. */
typedef struct
{
  guint8 *bytes;
  gsize used;
  gsize allocated;
  GArray *ends; /* gsize: of the members of all open containers that need a framing offset */
} ExecnetVariantSink;

typedef struct
{
  gsize start;
  guint first_end;
} ExecnetVariantMark;

void execnet_variant_sink_init (ExecnetVariantSink *sink);
void execnet_variant_sink_clear (ExecnetVariantSink *sink);

void execnet_variant_sink_align (ExecnetVariantSink *sink, guint alignment);
void execnet_variant_sink_put (ExecnetVariantSink *sink, gconstpointer bytes, gsize size);

/* Of an array, tuple or entry; the place must be aligned for it already. */
ExecnetVariantMark execnet_variant_sink_begin (ExecnetVariantSink *sink);

/* Behind each element whose size isn't fixed; of a tuple, behind each such member but the last. */
void execnet_variant_sink_mark_end (ExecnetVariantSink *sink, const ExecnetVariantMark *container);

void execnet_variant_sink_end_array (ExecnetVariantSink *sink, const ExecnetVariantMark *array);
void execnet_variant_sink_end_tuple (ExecnetVariantSink *sink,
                                     const ExecnetVariantMark *tuple,
                                     const char *type,
                                     const char *type_end);

/* The value as a full, not floating, reference. */
GVariant *execnet_variant_sink_finish (ExecnetVariantSink *sink, const GVariantType *type);

G_END_DECLS
