/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a gateway costs a program in C.
 *
 *   ours-gateway SUBJECT SPEC SOURCE     the source is what runs on the other side */

#include "bench.h"

#include <execnet-glib/execnet-glib.h>
#include <string.h>

#define BULK_SIZE (1024 * 1024)

typedef struct
{
  const char *spec;
  const char *source;
  ExecnetGateway *gateway;
  ExecnetChannel *channel;
  GVariant *bulk;
} Program;

static void
check (gconstpointer result, const GError *error)
{
  if (result == NULL)
    give_up ("ours-gateway", error->message);
}

static void
send_item (Program *self, GVariant *item)
{
  g_autoptr (GError) error = NULL;

  if (!execnet_channel_send (self->channel, item, NULL, &error))
    check (NULL, error);
}

static GVariant *
receive (Program *self)
{
  g_autoptr (GError) error = NULL;
  GVariant *item = execnet_channel_receive (self->channel, -1, NULL, &error);

  check (item, error);
  return item;
}

static gint64
receive_int (Program *self)
{
  g_autoptr (GVariant) item = receive (self);

  return g_variant_get_int64 (item);
}

/* The one that leads to the other, if the specification wants one. */
static void
open_leader (Program *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ExecnetGateway) leader = NULL;
  GString *spec;

  if (!g_str_has_suffix (self->spec, "//via=master"))
    return;
  spec = g_string_new (self->spec);
  g_string_replace (spec, "//via=", "//id=", 1);
  leader = execnet_make_gateway (spec->str, NULL, &error);
  check (leader, error);
  g_string_free (spec, TRUE);
}

static void
open_gateway (Program *self)
{
  g_autoptr (GError) error = NULL;

  open_leader (self);
  self->gateway = execnet_make_gateway (self->spec, NULL, &error);
  check (self->gateway, error);
  self->channel = execnet_gateway_remote_exec (self->gateway, self->source, &error);
  check (self->channel, error);
}

static void
close_gateway (Program *self)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->channel);
  execnet_gateway_exit (self->gateway);
  if (!execnet_gateway_join (self->gateway, -1, NULL, &error))
    check (NULL, error);
  g_clear_object (&self->gateway);
}

static void
measure_start (gpointer data, gint64 count, Measurement *measurement)
{
  Program *self = data;
  double seconds = 0;
  gint64 total = 0;

  for (gint64 i = 0; i < count; i++)
    {
      measurement_begin (measurement);
      open_gateway (self);
      total += receive_int (self);
      measurement_end (measurement);
      seconds += measurement->seconds;
      close_gateway (self);
    }
  measurement->seconds = seconds;
  g_snprintf (measurement->check, sizeof measurement->check, "%" G_GINT64_FORMAT, total);
}

static ExecnetXSpec **
make_specs (const char *text, gint64 n)
{
  ExecnetXSpec **specs = g_new (ExecnetXSpec *, n);

  for (gint64 i = 0; i < n; i++)
    specs[i] = execnet_xspec_new (text, NULL);
  return specs;
}

/* All together, and one item of each. */
static void
measure_start_many (gpointer data, gint64 count, Measurement *measurement)
{
  Program *self = data;
  ExecnetGroup *group = execnet_group_get_default ();
  ExecnetXSpec **specs = make_specs (self->spec, count);
  g_autoptr (GPtrArray) gateways = NULL, items = NULL;
  g_autoptr (ExecnetMultiChannel) multi = NULL;
  g_autoptr (GError) error = NULL;
  gint64 total = 0;

  measurement_begin (measurement);
  gateways = execnet_group_make_gateways (group, specs, count, 0, NULL, NULL, NULL, &error);
  check (gateways, error);
  multi = execnet_group_remote_exec (group, self->source, &error);
  check (multi, error);
  items = execnet_multi_channel_receive_each (multi, -1, NULL, &error);
  check (items, error);
  measurement_end (measurement);

  for (guint i = 0; i < items->len; i++)
    total += g_variant_get_int64 (items->pdata[i]);
  execnet_group_terminate (group, -1, NULL, NULL);
  for (gint64 i = 0; i < count; i++)
    g_object_unref (specs[i]);
  g_free (specs);
  g_snprintf (measurement->check, sizeof measurement->check, "%" G_GINT64_FORMAT, total);
}

static void
measure_echo (gpointer data, gint64 count, Measurement *measurement)
{
  gint64 total = 0;

  measurement_begin (measurement);
  for (gint64 i = 0; i < count; i++)
    {
      send_item (data, g_variant_new_int64 (i));
      total += receive_int (data);
    }
  measurement_end (measurement);
  g_snprintf (measurement->check, sizeof measurement->check, "%" G_GINT64_FORMAT, total);
}

static void
measure_sending (gpointer data, gint64 count, Measurement *measurement)
{
  gint64 total;

  measurement_begin (measurement);
  send_item (data, g_variant_new_int64 (count));
  for (gint64 i = 0; i < count; i++)
    send_item (data, g_variant_new_int64 (i));
  total = receive_int (data);
  measurement_end (measurement);
  g_snprintf (measurement->check, sizeof measurement->check, "%" G_GINT64_FORMAT, total);
}

static void
measure_receiving (gpointer data, gint64 count, Measurement *measurement)
{
  gint64 total = 0;

  measurement_begin (measurement);
  send_item (data, g_variant_new_int64 (count));
  for (gint64 i = 0; i < count; i++)
    total += receive_int (data);
  measurement_end (measurement);
  g_snprintf (measurement->check, sizeof measurement->check, "%" G_GINT64_FORMAT, total);
}

static void
measure_sending_bulk (gpointer data, gint64 count, Measurement *measurement)
{
  Program *self = data;
  gint64 total;

  measurement_begin (measurement);
  send_item (self, g_variant_new_int64 (count));
  for (gint64 i = 0; i < count; i++)
    send_item (self, self->bulk);
  total = receive_int (self);
  measurement_end (measurement);
  g_snprintf (measurement->check, sizeof measurement->check, "%" G_GINT64_FORMAT, total);
}

static void
measure_receiving_bulk (gpointer data, gint64 count, Measurement *measurement)
{
  gint64 total = 0;

  measurement_begin (measurement);
  send_item (data, g_variant_new_int64 (count));
  for (gint64 i = 0; i < count; i++)
    {
      g_autoptr (GVariant) item = receive (data);
      gsize size;

      g_variant_get_fixed_array (item, &size, 1);
      total += size;
    }
  measurement_end (measurement);
  g_snprintf (measurement->check, sizeof measurement->check, "%" G_GINT64_FORMAT, total);
}

static const Subject subjects[] = {
  { "start", measure_start },
  { "start-many", measure_start_many },
  { "echo", measure_echo },
  { "sending", measure_sending },
  { "receiving", measure_receiving },
  { "sending-bulk", measure_sending_bulk },
  { "sending-objects", measure_sending_bulk },
  { "receiving-bulk", measure_receiving_bulk },
};

static GVariant *
make_bulk (void)
{
  char *data = g_malloc (BULK_SIZE);

  memset (data, 'b', BULK_SIZE);
  return g_variant_ref_sink (g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING,
                                                      data,
                                                      BULK_SIZE,
                                                      TRUE,
                                                      g_free,
                                                      data));
}

int
main (int argc, char **argv)
{
  Program self = { 0 };
  MeasureFunc func;

  if (argc != 4)
    give_up ("usage", "ours-gateway SUBJECT SPEC SOURCE");
  func = find_subject (argv[1], subjects, G_N_ELEMENTS (subjects));
  self.spec = argv[2];
  self.source = argv[3];
  self.bulk = make_bulk ();

  if (func != measure_start && func != measure_start_many)
    open_gateway (&self);
  serve_measurements (func, &self);
  if (func != measure_start && func != measure_start_many)
    close_gateway (&self);
  g_variant_unref (self.bulk);
  return 0;
}
