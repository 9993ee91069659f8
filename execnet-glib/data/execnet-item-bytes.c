/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-item-private.h"

/* Any thread. */
GBytes *
execnet_item_write_bytes (ExecnetItemForm form,
                          GVariant *item,
                          ExecnetChannelCheck check,
                          gpointer user_data,
                          GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  if (!execnet_item_write (form, item, check, user_data, bytes, error))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}
