/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* The one place where wire bytes are taken from a buffer. Each function tells whether there was
 * enough, and leaves the reader where it was if not. */
typedef struct
{
  const guint8 *start;
  const guint8 *position;
  const guint8 *end;
} ExecnetByteReader;

static inline ExecnetByteReader
execnet_byte_reader_init (const guint8 *bytes, gsize size)
{
  const guint8 *start = size > 0 ? bytes : (const guint8 *) ""; /* NULL can't be counted from */

  return (ExecnetByteReader){ start, start, start + size };
}

static inline gsize
execnet_byte_reader_left (const ExecnetByteReader *reader)
{
  return (gsize) (reader->end - reader->position);
}

static inline gsize
execnet_byte_reader_offset (const ExecnetByteReader *reader)
{
  return (gsize) (reader->position - reader->start);
}

static inline gboolean
execnet_byte_reader_take (ExecnetByteReader *reader, gsize size, const guint8 **bytes)
{
  if (size > execnet_byte_reader_left (reader))
    return FALSE;
  *bytes = reader->position;
  reader->position += size;
  return TRUE;
}

static inline gboolean
execnet_byte_reader_take_uint8 (ExecnetByteReader *reader, guint8 *value)
{
  if (reader->position == reader->end)
    return FALSE;
  *value = *reader->position++;
  return TRUE;
}

/* Big-endian, as everything in execnet's formats. */
static inline gint32
execnet_int32_from_big_endian (const guint8 *bytes)
{
  guint32 raw;

  memcpy (&raw, bytes, sizeof raw);
  return (gint32) GUINT32_FROM_BE (raw);
}

static inline gboolean
execnet_byte_reader_take_int32 (ExecnetByteReader *reader, gint32 *value)
{
  const guint8 *bytes;

  if (!execnet_byte_reader_take (reader, sizeof *value, &bytes))
    return FALSE;
  *value = execnet_int32_from_big_endian (bytes);
  return TRUE;
}

static inline double
execnet_double_from_big_endian (const guint8 *bytes)
{
  guint64 raw;
  double value;

  memcpy (&raw, bytes, sizeof raw);
  raw = GUINT64_FROM_BE (raw);
  memcpy (&value, &raw, sizeof value);
  return value;
}

static inline void
execnet_double_to_big_endian (double value, guint8 *bytes)
{
  guint64 raw;

  memcpy (&raw, &value, sizeof raw);
  raw = GUINT64_TO_BE (raw);
  memcpy (bytes, &raw, sizeof raw);
}

G_END_DECLS
