/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The limit of writing and reading items: loops that know beforehand what comes, between an array
 * of C values and the bytes. What they read is checked no more than that takes.
 *
 *   raw-items dumps|loads ints|floats|records */

#include "bench.h"

#include <string.h>

#define LONGEST_NAME 31

typedef struct
{
  gint32 id;
  double score;
  gboolean active;
  char name[LONGEST_NAME + 1];
} Record;

typedef guint8 *(*WriteFunc) (gconstpointer values, gint64 count, gsize *size);
typedef gpointer (*ReadFunc) (const guint8 *bytes, gsize size, gint64 count);

typedef struct
{
  WriteFunc write;
  ReadFunc read;
  gpointer (*make) (gint64 count);
  gint64 count;
  gpointer values;
} Program;

/* Pieces */

static inline guint8 *
put_int (guint8 *p, char opcode, gint32 value)
{
  guint32 big_endian = GUINT32_TO_BE ((guint32) value);

  *p++ = opcode;
  memcpy (p, &big_endian, 4);
  return p + 4;
}

static inline guint8 *
put_double (guint8 *p, double value)
{
  guint64 bits;

  memcpy (&bits, &value, 8);
  bits = GUINT64_TO_BE (bits);
  *p++ = 'D';
  memcpy (p, &bits, 8);
  return p + 8;
}

static inline guint8 *
put_text (guint8 *p, const char *text)
{
  gsize length = strlen (text);

  p = put_int (p, 'N', length);
  memcpy (p, text, length);
  return p + length;
}

static inline void
expect (const guint8 **p, char opcode)
{
  if (*(*p)++ != opcode)
    give_up ("raw-items", "something else was read than was written");
}

static inline gint32
get_int (const guint8 **p, char opcode)
{
  guint32 big_endian;

  expect (p, opcode);
  memcpy (&big_endian, *p, 4);
  *p += 4;
  return GUINT32_FROM_BE (big_endian);
}

static inline double
get_double (const guint8 **p)
{
  guint64 bits;
  double value;

  expect (p, 'D');
  memcpy (&bits, *p, 8);
  *p += 8;
  bits = GUINT64_FROM_BE (bits);
  memcpy (&value, &bits, 8);
  return value;
}

static inline const guint8 *
get_text (const guint8 **p, gint32 *length)
{
  const guint8 *text;

  *length = get_int (p, 'N');
  text = *p;
  *p += *length;
  return text;
}

/* The version and the head of the list; no record is longer than the 128 bytes reserved for it. */
static guint8 *
begin_list (gint64 count, gsize element_size, guint8 **bytes)
{
  *bytes = g_malloc (7 + count * element_size);
  **bytes = 2;
  return put_int (*bytes + 1, 'K', count);
}

static guint8 *
end_list (guint8 *p, guint8 *bytes, gsize *size)
{
  *p++ = 'Q';
  *size = p - bytes;
  return bytes;
}

/* Ints */

static gpointer
make_ints (gint64 count)
{
  gint32 *values = g_new (gint32, count);

  for (gint64 i = 0; i < count; i++)
    values[i] = i * 7919 % 2147483647;
  return values;
}

static guint8 *
write_ints (gconstpointer data, gint64 count, gsize *size)
{
  const gint32 *values = data;
  guint8 *bytes, *p = begin_list (count, 11, &bytes);

  for (gint64 i = 0; i < count; i++)
    {
      p = put_int (p, 'F', i);
      p = put_int (p, 'F', values[i]);
      *p++ = 'P';
    }
  return end_list (p, bytes, size);
}

static gpointer
read_ints (const guint8 *bytes, gsize size, gint64 count)
{
  const guint8 *p = bytes + 6;
  gint32 *values = g_new (gint32, count);

  for (gint64 i = 0; i < count; i++)
    {
      gint32 index = get_int (&p, 'F');

      values[index] = get_int (&p, 'F');
      expect (&p, 'P');
    }
  return values;
}

/* Floats */

static gpointer
make_floats (gint64 count)
{
  double *values = g_new (double, count);

  for (gint64 i = 0; i < count; i++)
    values[i] = i * 0.25;
  return values;
}

static guint8 *
write_floats (gconstpointer data, gint64 count, gsize *size)
{
  const double *values = data;
  guint8 *bytes, *p = begin_list (count, 15, &bytes);

  for (gint64 i = 0; i < count; i++)
    {
      p = put_int (p, 'F', i);
      p = put_double (p, values[i]);
      *p++ = 'P';
    }
  return end_list (p, bytes, size);
}

static gpointer
read_floats (const guint8 *bytes, gsize size, gint64 count)
{
  const guint8 *p = bytes + 6;
  double *values = g_new (double, count);

  for (gint64 i = 0; i < count; i++)
    {
      gint32 index = get_int (&p, 'F');

      values[index] = get_double (&p);
      expect (&p, 'P');
    }
  return values;
}

/* Records */

static gpointer
make_records (gint64 count)
{
  Record *values = g_new (Record, count);

  for (gint64 i = 0; i < count; i++)
    {
      values[i].id = i * 7919 % 2147483647;
      values[i].score = i * 0.25;
      values[i].active = i % 2;
      g_snprintf (values[i].name, sizeof values[i].name, "record %" G_GINT64_FORMAT, i);
    }
  return values;
}

static guint8 *
write_records (gconstpointer data, gint64 count, gsize *size)
{
  const Record *values = data;
  guint8 *bytes, *p = begin_list (count, 128, &bytes);

  for (gint64 i = 0; i < count; i++)
    {
      p = put_int (p, 'F', i);
      *p++ = 'J';
      p = put_text (p, "id");
      p = put_int (p, 'F', values[i].id);
      *p++ = 'P';
      p = put_text (p, "name");
      p = put_text (p, values[i].name);
      *p++ = 'P';
      p = put_text (p, "score");
      p = put_double (p, values[i].score);
      *p++ = 'P';
      p = put_text (p, "active");
      *p++ = values[i].active ? 'R' : 'C';
      *p++ = 'P';
      *p++ = 'P';
    }
  return end_list (p, bytes, size);
}

static gpointer
read_records (const guint8 *bytes, gsize size, gint64 count)
{
  const guint8 *p = bytes + 6;
  Record *values = g_new (Record, count);

  for (gint64 i = 0; i < count; i++)
    {
      Record *record = values + get_int (&p, 'F');
      const guint8 *name;
      gint32 length;

      expect (&p, 'J');
      get_text (&p, &length);
      record->id = get_int (&p, 'F');
      expect (&p, 'P');
      get_text (&p, &length);
      name = get_text (&p, &length);
      memcpy (record->name, name, MIN (length, LONGEST_NAME));
      record->name[MIN (length, LONGEST_NAME)] = '\0';
      expect (&p, 'P');
      get_text (&p, &length);
      record->score = get_double (&p);
      expect (&p, 'P');
      get_text (&p, &length);
      record->active = *p++ == 'R';
      expect (&p, 'P');
      expect (&p, 'P');
    }
  return values;
}

/* Measuring */

static void
prepare_values (Program *self, gint64 count)
{
  if (self->values != NULL && self->count == count)
    return;
  g_free (self->values);
  self->values = self->make (count);
  self->count = count;
}

static void
take_checksum (Measurement *measurement, const guint8 *bytes, gsize size)
{
  g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_MD5, bytes + 1, size - 1);

  g_strlcpy (measurement->check, sum, sizeof measurement->check);
}

static void
measure_dumps (gpointer data, gint64 count, Measurement *measurement)
{
  Program *self = data;
  g_autofree guint8 *bytes = NULL;
  gsize size;

  prepare_values (self, count);
  measurement_begin (measurement);
  bytes = self->write (self->values, count, &size);
  measurement_end (measurement);
  take_checksum (measurement, bytes, size);
}

static void
measure_loads (gpointer data, gint64 count, Measurement *measurement)
{
  Program *self = data;
  g_autofree guint8 *bytes = NULL, *again = NULL;
  g_autofree gpointer values = NULL;
  gsize size;

  prepare_values (self, count);
  bytes = self->write (self->values, count, &size);
  measurement_begin (measurement);
  values = self->read (bytes, size, count);
  measurement_end (measurement);
  again = self->write (values, count, &size);
  take_checksum (measurement, again, size);
}

static const Subject subjects[] = {
  { "dumps", measure_dumps },
  { "loads", measure_loads },
};

int
main (int argc, char **argv)
{
  Program self = { 0 };
  MeasureFunc func;

  if (argc != 3)
    give_up ("usage", "raw-items dumps|loads ints|floats|records");
  func = find_subject (argv[1], subjects, G_N_ELEMENTS (subjects));
  if (g_str_equal (argv[2], "ints"))
    self = (Program){ write_ints, read_ints, make_ints, 0, NULL };
  else if (g_str_equal (argv[2], "floats"))
    self = (Program){ write_floats, read_floats, make_floats, 0, NULL };
  else if (g_str_equal (argv[2], "records"))
    self = (Program){ write_records, read_records, make_records, 0, NULL };
  else
    give_up (argv[2], "no such values");

  serve_measurements (func, &self);
  g_free (self.values);
  return 0;
}
