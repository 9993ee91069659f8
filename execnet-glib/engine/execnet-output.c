/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-output-private.h"

#include <string.h>

/* What is held, in bytes, with what each line costs beside its text. */
#define MAX_HELD (4 * 1024 * 1024)
#define LINE_COST 64

/* A longer line comes in pieces. */
#define MAX_LINE (64 * 1024)

typedef struct
{
  gboolean is_stderr;
  gsize length;
  char text[];
} Line;

struct _ExecnetOutput
{
  GMutex lock;
  GQueue lines;
  gsize held;
  guint64 n_lost;
  GString *begun[2]; /* what came of a line whose end has not: stdout's, stderr's */
  gboolean has_ended;
};

ExecnetOutput *
execnet_output_new (void)
{
  ExecnetOutput *self = g_new0 (ExecnetOutput, 1);

  g_mutex_init (&self->lock);
  g_queue_init (&self->lines);
  for (guint i = 0; i < G_N_ELEMENTS (self->begun); i++)
    self->begun[i] = g_string_new (NULL);
  return self;
}

void
execnet_output_free (ExecnetOutput *self)
{
  g_queue_clear_full (&self->lines, g_free);
  for (guint i = 0; i < G_N_ELEMENTS (self->begun); i++)
    g_string_free (self->begun[i], TRUE);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* With the lock. */
static Line *
take_first (ExecnetOutput *self)
{
  Line *line = g_queue_pop_head (&self->lines);

  if (line != NULL)
    self->held -= line->length + LINE_COST;
  return line;
}

/* With the lock. Takes the first bytes of the text as a line. */
static void
put_line (ExecnetOutput *self, gboolean is_stderr, GString *text, gsize length)
{
  Line *line = g_malloc (sizeof (Line) + length);

  line->is_stderr = is_stderr;
  line->length = length;
  memcpy (line->text, text->str, length);
  g_string_erase (text, 0, length);
  g_queue_push_tail (&self->lines, line);
  self->held += line->length + LINE_COST;
  while (self->held > MAX_HELD)
    {
      g_free (take_first (self));
      self->n_lost++;
    }
}

/* The length without a character of which only the beginning is there. */
static gsize
without_half_character (const GString *text)
{
  const gsize longest = 4;

  for (gsize n = 1; n < longest && n < text->len; n++)
    {
      const char *start = text->str + text->len - n;

      if (g_utf8_get_char_validated (start, n) == (gunichar) -2)
        return text->len - n;
    }
  return text->len;
}

/* With the lock. */
static void
split (ExecnetOutput *self, gboolean is_stderr, const char *bytes, gsize length)
{
  GString *begun = self->begun[is_stderr];

  while (length > 0)
    {
      const char *line_end = memchr (bytes, '\n', length);
      gsize missing = line_end != NULL ? (gsize) (line_end - bytes) : length;
      gsize taken = MIN (missing, MAX_LINE - begun->len);

      g_string_append_len (begun, bytes, taken);
      bytes += taken;
      length -= taken;
      if (taken == missing && line_end != NULL)
        {
          bytes++;
          length--;
          put_line (self, is_stderr, begun, begun->len);
        }
      else if (begun->len == MAX_LINE)
        put_line (self, is_stderr, begun, without_half_character (begun));
    }
}

gboolean
execnet_output_add (ExecnetOutput *self, gboolean is_stderr, const char *bytes, gsize length)
{
  gboolean is_ready;

  g_mutex_lock (&self->lock);
  /* What processes print that outlive the worker is nobody's. */
  if (!self->has_ended)
    split (self, !!is_stderr, bytes, length);
  is_ready = self->lines.length > 0;
  g_mutex_unlock (&self->lock);
  return is_ready;
}

void
execnet_output_end (ExecnetOutput *self)
{
  g_mutex_lock (&self->lock);
  self->has_ended = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (self->begun); i++)
    if (self->begun[i]->len > 0)
      put_line (self, i, self->begun[i], self->begun[i]->len);
  g_mutex_unlock (&self->lock);
}

char *
execnet_output_pop (ExecnetOutput *self, gboolean *is_stderr)
{
  g_autofree Line *line = NULL;

  g_mutex_lock (&self->lock);
  line = take_first (self);
  g_mutex_unlock (&self->lock);
  if (line == NULL)
    return NULL;
  *is_stderr = line->is_stderr;
  /* As from a terminal's driver, or from Windows. */
  if (line->length > 0 && line->text[line->length - 1] == '\r')
    line->length--;
  return g_utf8_make_valid (line->text, line->length);
}

gboolean
execnet_output_is_empty (ExecnetOutput *self)
{
  gboolean is_empty;

  g_mutex_lock (&self->lock);
  is_empty = self->lines.length == 0;
  g_mutex_unlock (&self->lock);
  return is_empty;
}

guint64
execnet_output_get_n_lost (ExecnetOutput *self)
{
  guint64 n_lost;

  g_mutex_lock (&self->lock);
  n_lost = self->n_lost;
  g_mutex_unlock (&self->lock);
  return n_lost;
}
