/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Items that are nothing but a long bytes object: megabytes need not be copied. */

#include "config.h"

#include "data/execnet-item-private.h"

#include "data/execnet-byte-reader-private.h"
#include "data/execnet-message-private.h"
#include "data/execnet-opcodes-private.h"

/* Copying less costs less than keeping track of it. */
#define CONTENT_SIZE_MIN 16384

#define OVERHEAD (EXECNET_CONTENT_HEAD_SIZE + EXECNET_CONTENT_TAIL_SIZE)

GBytes *
execnet_item_get_content (GVariant *item)
{
  gsize size;

  if (!g_variant_is_of_type (item, G_VARIANT_TYPE_BYTESTRING))
    return NULL;
  size = g_variant_get_size (item);
  if (size < CONTENT_SIZE_MIN || size > EXECNET_MESSAGE_MAX_PAYLOAD - OVERHEAD)
    return NULL;
  return g_variant_get_data_as_bytes (item);
}

void
execnet_item_frame_content (ExecnetItemForm form,
                            gsize size,
                            guint8 head[EXECNET_CONTENT_HEAD_SIZE],
                            guint8 tail[EXECNET_CONTENT_TAIL_SIZE])
{
  gint32 length = GINT32_TO_BE ((gint32) size);

  switch (form)
    {
    case EXECNET_ITEM_FORM_OPCODES:
      head[0] = EXECNET_OPCODE_BYTES;
      memcpy (head + 1, &length, sizeof length);
      tail[0] = EXECNET_OPCODE_STOP;
      break;
    default:
      g_return_if_reached ();
    }
}

gboolean
execnet_item_find_content (ExecnetItemForm form, GBytes *bytes, gsize *start, gsize *size)
{
  guint8 head[EXECNET_CONTENT_HEAD_SIZE];
  guint8 tail[EXECNET_CONTENT_TAIL_SIZE];
  gsize whole;
  const guint8 *data = g_bytes_get_data (bytes, &whole);

  if (whole < OVERHEAD)
    return FALSE;
  execnet_item_frame_content (form, whole - OVERHEAD, head, tail);
  *start = sizeof head;
  *size = whole - OVERHEAD;
  return memcmp (data, head, sizeof head) == 0
         && memcmp (data + whole - sizeof tail, tail, sizeof tail) == 0;
}

GVariant *
execnet_item_read_content (ExecnetItemForm form, GBytes *bytes)
{
  g_autoptr (GBytes) content = NULL;
  guint8 head[EXECNET_CONTENT_HEAD_SIZE];
  guint8 tail[EXECNET_CONTENT_TAIL_SIZE];
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (size < CONTENT_SIZE_MIN)
    return NULL;
  execnet_item_frame_content (form, size - OVERHEAD, head, tail);
  if (memcmp (data, head, sizeof head) != 0
      || memcmp (data + size - sizeof tail, tail, sizeof tail) != 0)
    return NULL;
  content = g_bytes_new_from_bytes (bytes, sizeof head, size - OVERHEAD);
  return g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, content, TRUE));
}
