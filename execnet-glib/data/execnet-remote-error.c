/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-remote-error-private.h"

#include <string.h>

struct _ExecnetRemoteError
{
  gatomicrefcount refs;
  char *type_name;
  char *message;
  char *text;
};

/**
 * ExecnetRemoteError:
 *
 * What code on the other side raised, or the error that it closed a channel with.
 *
 * It never changes; any thread may use it.
 *
 * Since: 1.0
 */
G_DEFINE_BOXED_TYPE (ExecnetRemoteError,
                     execnet_remote_error,
                     execnet_remote_error_copy,
                     execnet_remote_error_free)

static ExecnetRemoteError *
new_full (const char *text, const char *type_name, const char *message)
{
  ExecnetRemoteError *self = g_new0 (ExecnetRemoteError, 1);

  g_atomic_ref_count_init (&self->refs);
  self->text = g_strdup (text);
  self->type_name = g_strdup (type_name);
  self->message = g_strdup (message);
  return self;
}

/* The text that a channel was closed with. */
ExecnetRemoteError *
execnet_remote_error_new (const char *text)
{
  return new_full (text, NULL, text);
}

/* A text with a NUL character is a tagged item; it is shown up to there. */
static char *
dup_text (GVariant *item)
{
  if (g_variant_is_of_type (item, G_VARIANT_TYPE_STRING))
    return g_variant_dup_string (item, NULL);
  if (g_variant_is_of_type (item, G_VARIANT_TYPE_VARDICT))
    {
      g_autoptr (GVariant) bytes
          = g_variant_lookup_value (item, "str", G_VARIANT_TYPE_BYTESTRING);

      if (bytes != NULL)
        {
          gsize length;
          const char *data = g_variant_get_fixed_array (bytes, &length, 1);

          return g_utf8_make_valid (data, strnlen (data, length));
        }
    }
  return NULL;
}

static char *
dup_member (GVariant *tuple, gsize i)
{
  g_autoptr (GVariant) member = g_variant_get_child_value (tuple, i);

  return dup_text (member);
}

ExecnetRemoteError *
execnet_remote_error_new_from_item (GVariant *item)
{
  g_autofree char *text = NULL;
  g_autofree char *type_name = NULL;
  g_autofree char *message = NULL;

  if (g_variant_is_of_type (item, G_VARIANT_TYPE_TUPLE))
    {
      if (g_variant_n_children (item) != 3)
        return NULL;
      text = dup_member (item, 0);
      type_name = dup_member (item, 1);
      message = dup_member (item, 2);
      return text != NULL ? new_full (text, type_name, message) : NULL;
    }
  text = dup_text (item);
  return text != NULL ? execnet_remote_error_new (text) : NULL;
}

/**
 * execnet_remote_error_copy:
 * @self: an error
 *
 * Copies the error; it shares its contents.
 *
 * Returns: (transfer full): the copy
 *
 * Since: 1.0
 */
ExecnetRemoteError *
execnet_remote_error_copy (ExecnetRemoteError *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * execnet_remote_error_free:
 * @self: (transfer full): an error
 *
 * Frees a copy of the error.
 *
 * Since: 1.0
 */
void
execnet_remote_error_free (ExecnetRemoteError *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->text);
  g_free (self->type_name);
  g_free (self->message);
  g_free (self);
}

/**
 * execnet_remote_error_get_type_name:
 * @self: an error
 *
 * Gives the name of the exception's class, such as `ValueError`.
 *
 * Returns: (transfer none) (nullable): the name; %NULL when the channel was closed with a text
 *   instead of by an exception
 *
 * Since: 1.0
 */
const char *
execnet_remote_error_get_type_name (ExecnetRemoteError *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->type_name;
}

/**
 * execnet_remote_error_get_message:
 * @self: an error
 *
 * Gives what the exception says, as `str()` does in Python.
 *
 * Returns: (transfer none) (nullable): the message
 *
 * Since: 1.0
 */
const char *
execnet_remote_error_get_message (ExecnetRemoteError *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->message;
}

/**
 * execnet_remote_error_get_text:
 * @self: an error
 *
 * Gives the whole traceback as Python formats it, or the text that the channel was closed with.
 *
 * Returns: (transfer none): the text, of several lines
 *
 * Since: 1.0
 */
const char *
execnet_remote_error_get_text (ExecnetRemoteError *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->text;
}
