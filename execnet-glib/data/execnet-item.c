/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-item-private.h"

#include "base/execnet-error.h"
#include "data/execnet-opcodes-private.h"

#include <glib/gi18n-lib.h>

/* What execnet 1 and execnet 2 write in front of a dump; the rest is the same. */
#define VERSION_1 1
#define VERSION_2 2

gboolean
execnet_item_write (ExecnetItemForm form,
                    GVariant *item,
                    ExecnetChannelCheck check,
                    gpointer user_data,
                    GByteArray *out,
                    GError **error)
{
  switch (form)
    {
    case EXECNET_ITEM_FORM_OPCODES:
      return execnet_opcodes_write (item, check, user_data, out, error);
    default:
      g_return_val_if_reached (FALSE);
    }
}

static GVariant *
read_opcodes (const guint8 *bytes,
              gsize size,
              gsize start,
              ExecnetLoadFlags flags,
              gboolean allow_channels,
              GError **error)
{
  ExecnetItemTree tree;
  ExecnetNode root;
  GVariant *item = NULL;

  execnet_item_tree_init (&tree, size);
  if (execnet_opcodes_read (bytes, size, start, flags, allow_channels, &tree, &root, error))
    item = execnet_item_tree_to_variant (&tree, &root, error);
  execnet_item_tree_clear (&tree);
  return item;
}

GVariant *
execnet_item_read (ExecnetItemForm form,
                   GBytes *bytes,
                   ExecnetLoadFlags flags,
                   gboolean allow_channels,
                   GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  GVariant *item;

  switch (form)
    {
    case EXECNET_ITEM_FORM_OPCODES:
      item = execnet_item_read_content (form, bytes);
      return item != NULL ? item : read_opcodes (data, size, 0, flags, allow_channels, error);
    default:
      g_return_val_if_reached (NULL);
    }
}

void
execnet_item_find_channels (ExecnetItemForm form,
                            GBytes *bytes,
                            ExecnetChannelFound found,
                            gpointer user_data)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  switch (form)
    {
    case EXECNET_ITEM_FORM_OPCODES:
      execnet_opcodes_find_channels (data, size, found, user_data);
      break;
    default:
      g_return_if_reached ();
    }
}

/**
 * execnet_dumps:
 * @item: the value, of a type that items can have (see [the page on items](items.html))
 * @flags: how to write
 * @error: return location for an error
 *
 * Writes a value in execnet's format, so that `execnet.loads` of any Python with execnet reads it.
 *
 * A floating @item is not sunk. Channels (`h`) are an error: they have a meaning on a gateway only.
 *
 * Fails with %EXECNET_ERROR_UNSUPPORTED_TYPE, %EXECNET_ERROR_TOO_DEEP or %EXECNET_ERROR_TOO_LARGE;
 * the message names the place, such as `item[3]['size']`.
 *
 * Thread: any.
 *
 * Returns: (transfer full): the dump
 *
 * Since: 1.0
 */
GBytes *
execnet_dumps (GVariant *item, ExecnetDumpFlags flags, GError **error)
{
  g_autoptr (GByteArray) out = NULL;
  guint8 version = (flags & EXECNET_DUMP_VERSION_1) != 0 ? VERSION_1 : VERSION_2;

  g_return_val_if_fail (item != NULL, NULL);

  out = g_byte_array_new ();
  g_byte_array_append (out, &version, sizeof version);
  if (!execnet_item_write (EXECNET_ITEM_FORM_OPCODES, item, NULL, NULL, out, error))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

/**
 * execnet_loads:
 * @dump: what `execnet.dumps` or [func@dumps] wrote
 * @flags: how strings of Python 2 and Python 3 are converted
 * @error: return location for an error
 *
 * Reads a value in execnet's format, of version 1 or 2. What is behind its end is ignored.
 *
 * Nothing in @dump is trusted. Fails with %EXECNET_ERROR_DATA_FORMAT, naming the offset and the
 * reason, or %EXECNET_ERROR_TOO_DEEP if the value nests deeper than a [struct@GLib.Variant] can.
 *
 * Thread: any.
 *
 * Returns: (transfer full): the value; not floating
 *
 * Since: 1.0
 */
GVariant *
execnet_loads (GBytes *dump, ExecnetLoadFlags flags, GError **error)
{
  const guint8 *data;
  gsize size;

  g_return_val_if_fail (dump != NULL, NULL);

  data = g_bytes_get_data (dump, &size);
  if (size == 0)
    {
      g_set_error_literal (error,
                           EXECNET_ERROR,
                           EXECNET_ERROR_DATA_FORMAT,
                           _ ("The dump is empty; it must begin with a version byte."));
      return NULL;
    }
  if (data[0] != VERSION_1 && data[0] != VERSION_2)
    {
      g_set_error (
          error,
          EXECNET_ERROR,
          EXECNET_ERROR_DATA_FORMAT,
          _ ("Malformed dump at byte 0: its version is 0x%02x, but only 1 and 2 are known; "
             "is it a dump of execnet at all?"),
          data[0]);
      return NULL;
    }
  return read_opcodes (data, size, 1, flags, FALSE, error);
}
