/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What writing and reading items costs in C.
 *
 *   ours-items dumps|loads ints|floats|records */

#include "bench.h"

#include <execnet-glib/execnet-glib.h>

typedef GVariant *(*MakeFunc) (gint64 i);

/* The same values as in program.py and raw-items.c. */

static GVariant *
make_int (gint64 i)
{
  return g_variant_new_int64 (i * 7919 % 2147483647);
}

static GVariant *
make_float (gint64 i)
{
  return g_variant_new_double (i * 0.25);
}

static GVariant *
make_record (gint64 i)
{
  g_autofree char *name = g_strdup_printf ("record %" G_GINT64_FORMAT, i);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "id", make_int (i));
  g_variant_builder_add (&builder, "{sv}", "name", g_variant_new_string (name));
  g_variant_builder_add (&builder, "{sv}", "score", make_float (i));
  g_variant_builder_add (&builder, "{sv}", "active", g_variant_new_boolean (i % 2));
  return g_variant_builder_end (&builder);
}

typedef struct
{
  MakeFunc make;
  gint64 count; /* of the value */
  GVariant *value;
  GBytes *dump;
} Program;

static void
check (gconstpointer result, const GError *error)
{
  if (result == NULL)
    give_up ("ours-items", error->message);
}

static GBytes *
dump (GVariant *value)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = execnet_dumps (value, EXECNET_DUMP_DEFAULT, &error);

  check (bytes, error);
  return bytes;
}

static void
forget_value (Program *self)
{
  g_clear_pointer (&self->value, g_variant_unref);
  g_clear_pointer (&self->dump, g_bytes_unref);
}

static void
prepare_value (Program *self, gint64 count)
{
  GVariantBuilder builder;

  if (self->value != NULL && self->count == count)
    return;
  forget_value (self);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("av"));
  for (gint64 i = 0; i < count; i++)
    g_variant_builder_add (&builder, "v", self->make (i));
  self->value = g_variant_ref_sink (g_variant_builder_end (&builder));
  self->dump = dump (self->value);
  self->count = count;
}

/* Of everything but the version. */
static void
take_checksum (Measurement *measurement, GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autofree char *sum = g_compute_checksum_for_data (G_CHECKSUM_MD5, data + 1, size - 1);

  g_strlcpy (measurement->check, sum, sizeof measurement->check);
}

static void
measure_dumps (gpointer data, gint64 count, Measurement *measurement)
{
  Program *self = data;
  g_autoptr (GBytes) bytes = NULL;

  prepare_value (self, count);
  measurement_begin (measurement);
  bytes = dump (self->value);
  measurement_end (measurement);
  take_checksum (measurement, bytes);
}

static void
measure_loads (gpointer data, gint64 count, Measurement *measurement)
{
  Program *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GBytes) again = NULL;

  prepare_value (self, count);
  measurement_begin (measurement);
  value = execnet_loads (self->dump, EXECNET_LOAD_DEFAULT, &error);
  measurement_end (measurement);
  check (value, error);
  again = dump (value);
  take_checksum (measurement, again);
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
    give_up ("usage", "ours-items dumps|loads ints|floats|records");
  func = find_subject (argv[1], subjects, G_N_ELEMENTS (subjects));
  if (g_str_equal (argv[2], "ints"))
    self.make = make_int;
  else if (g_str_equal (argv[2], "floats"))
    self.make = make_float;
  else if (g_str_equal (argv[2], "records"))
    self.make = make_record;
  else
    give_up (argv[2], "no such values");

  serve_measurements (func, &self);
  forget_value (&self);
  return 0;
}
