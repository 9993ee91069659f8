/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-settings-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Longer than any time that a host is waited for. */
#define MAX_SECONDS (7 * 24 * 3600)

static ExecnetSshSettings *
settings_new (void)
{
  ExecnetSshSettings *self = g_new0 (ExecnetSshSettings, 1);

  self->values
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  return self;
}

static void
add (ExecnetSshSettings *self, const char *key, gsize key_length, const char *value)
{
  g_autofree char *name = g_ascii_strdown (key, key_length);
  GPtrArray *values = g_hash_table_lookup (self->values, name);

  if (values == NULL)
    {
      values = g_ptr_array_new_with_free_func (g_free);
      g_hash_table_insert (self->values, g_steal_pointer (&name), values);
    }
  g_ptr_array_add (values, g_strstrip (g_strdup (value)));
}

ExecnetSshSettings *
execnet_ssh_settings_new_for_output (const char *output)
{
  ExecnetSshSettings *self = settings_new ();
  g_auto (GStrv) lines = g_strsplit (output, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      gsize key_length = strcspn (lines[i], " \t\r");

      if (key_length > 0 && lines[i][key_length] != '\0')
        add (self, lines[i], key_length, lines[i] + key_length);
    }
  return self;
}

/* Without the quotes around all of it. */
static void
unquote (char *value)
{
  gsize length = strlen (value);

  if (length < 2 || value[0] != '"' || strchr (value + 1, '"') != value + length - 1)
    return;
  value[length - 1] = '\0';
  memmove (value, value + 1, length - 1);
}

ExecnetSshSettings *
execnet_ssh_settings_new_for_target (ExecnetSshTarget *target)
{
  ExecnetSshSettings *self = settings_new ();

  for (guint i = 0; i < target->options->len; i++)
    {
      const char *option = g_ptr_array_index (target->options, i);
      const char *equals = strchr (option, '=');
      g_autofree char *value = g_strdup (equals + 1);

      unquote (value);
      add (self, option, equals - option, value);
    }
  return self;
}

void
execnet_ssh_settings_free (ExecnetSshSettings *self)
{
  g_hash_table_unref (self->values);
  g_free (self);
}

GPtrArray *
execnet_ssh_settings_get_all (ExecnetSshSettings *self, const char *key)
{
  return g_hash_table_lookup (self->values, key);
}

static const char *
get_first (ExecnetSshSettings *self, const char *key)
{
  GPtrArray *values = g_hash_table_lookup (self->values, key);

  return values != NULL ? g_ptr_array_index (values, 0) : NULL;
}

const char *
execnet_ssh_settings_get (ExecnetSshSettings *self, const char *key)
{
  const char *value = get_first (self, key);

  return value != NULL && *value != '\0' && strcmp (value, "none") != 0 ? value : NULL;
}

gboolean
execnet_ssh_settings_get_bool (ExecnetSshSettings *self,
                               const char *key,
                               gboolean *value,
                               GError **error)
{
  const char *const yes[] = { "yes", "true", "on", "unbound", "host-bound", NULL };
  const char *const no[] = { "no", "false", "off", "none", NULL };
  const char *text = get_first (self, key);

  if (text == NULL)
    return TRUE;
  if (!g_strv_contains (yes, text) && !g_strv_contains (no, text))
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_INVALID_SPEC,
                   _ ("The ssh option “%s=%s” must be yes or no."),
                   key,
                   text);
      return FALSE;
    }
  *value = g_strv_contains (yes, text);
  return TRUE;
}

gboolean
execnet_ssh_settings_get_number (ExecnetSshSettings *self,
                                 const char *key,
                                 guint minimum,
                                 guint maximum,
                                 guint *value,
                                 GError **error)
{
  const char *text = get_first (self, key);
  guint64 number;

  if (text == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, minimum, maximum, &number, NULL))
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_INVALID_SPEC,
                   _ ("The ssh option “%s=%s” must be a number from %u to %u."),
                   key,
                   text,
                   minimum,
                   maximum);
      return FALSE;
    }
  *value = number;
  return TRUE;
}

/* The seconds that a letter stands for; 0 for a letter that stands for none. */
static guint
get_unit (char letter)
{
  switch (g_ascii_tolower (letter))
    {
    case '\0':
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 24 * 3600;
    default:
      return 0;
    }
}

gboolean
execnet_ssh_settings_get_time (ExecnetSshSettings *self,
                               const char *key,
                               guint *value,
                               GError **error)
{
  const char *text = execnet_ssh_settings_get (self, key);
  const char *at = text;
  guint64 seconds = 0;
  gboolean is_time = TRUE;

  if (text == NULL)
    return TRUE;
  while (is_time && *at != '\0')
    {
      gsize n_digits = strspn (at, G_CSET_DIGITS);
      guint64 number = g_ascii_strtoull (at, NULL, 10);
      guint unit = get_unit (at[n_digits]);

      is_time = n_digits > 0 && unit > 0 && number <= MAX_SECONDS;
      if (is_time)
        seconds = MIN (seconds + number * unit, MAX_SECONDS);
      at += n_digits + (at[n_digits] != '\0' ? 1 : 0);
    }
  if (!is_time)
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_INVALID_SPEC,
                   _ ("The ssh option “%s=%s” must be a time, such as 30 or 2m."),
                   key,
                   text);
      return FALSE;
    }
  *value = seconds;
  return TRUE;
}
