/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static gint64
now_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

void
measurement_begin (Measurement *self)
{
  self->begun = now_ns ();
}

void
measurement_end (Measurement *self)
{
  self->seconds = (now_ns () - self->begun) / 1e9;
}

MeasureFunc
find_subject (const char *name, const Subject *subjects, gsize n_subjects)
{
  for (gsize i = 0; i < n_subjects; i++)
    {
      if (g_str_equal (subjects[i].name, name))
        return subjects[i].func;
    }
  give_up (name, "no such subject");
}

void
serve_measurements (MeasureFunc func, gpointer data)
{
  gint64 count;

  while (scanf ("%" SCNd64, &count) == 1)
    {
      Measurement measurement = { 0 };

      func (data, count, &measurement);
      printf ("%.9f %s\n", measurement.seconds, measurement.check);
      fflush (stdout);
    }
}

void
give_up (const char *what, const char *why)
{
  fprintf (stderr, "%s: %s\n", what, why);
  exit (1);
}
