/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

/* One measurement: what it took, and a text that says what was computed. All programs that measure
 * the same must come to the same text. */
typedef struct
{
  gint64 begun;
  double seconds;
  char check[64];
} Measurement;

void measurement_begin (Measurement *self);
void measurement_end (Measurement *self);

typedef void (*MeasureFunc) (gpointer data, gint64 count, Measurement *measurement);
typedef struct
{
  const char *name;
  MeasureFunc func;
} Subject;

MeasureFunc find_subject (const char *name, const Subject *subjects, gsize n_subjects);
/* Answers each count that comes on standard input by one line, until there are no more. */
void serve_measurements (MeasureFunc func, gpointer data);

/* Ends the program with a message. */
void give_up (const char *what, const char *why) G_GNUC_NORETURN;
