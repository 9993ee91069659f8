/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-item.h"

G_BEGIN_DECLS

/* How an item travels. A second form joins here: everything above this layer only hands the value
 * on, and calls the functions below with it. */
typedef enum
{
  EXECNET_ITEM_FORM_OPCODES,
} ExecnetItemForm;

/* Tells whether `id` is a live channel of the gateway that the item is sent over. */
typedef gboolean (*ExecnetChannelCheck) (gint32 id, gpointer user_data);

/* Is told each channel that an arriving item mentions. */
typedef void (*ExecnetChannelFound) (gint32 id, gpointer user_data);

/* Appends the wire form of `item` (without a version byte) to `out`, which is left as it was on
 * an error. A floating `item` is not sunk. Without `check` a channel in the item is an error. */
gboolean execnet_item_write (ExecnetItemForm form,
                             GVariant *item,
                             ExecnetChannelCheck check,
                             gpointer user_data,
                             GByteArray *out,
                             GError **error);

/* As above, into bytes of their own. NULL with an error. */
GBytes *execnet_item_write_bytes (ExecnetItemForm form,
                                  GVariant *item,
                                  ExecnetChannelCheck check,
                                  gpointer user_data,
                                  GError **error);

/* A long bytes object is its content between a head and a tail: so it can be sent without a copy. */
#define EXECNET_CONTENT_HEAD_SIZE 5
#define EXECNET_CONTENT_TAIL_SIZE 1

/* The content of an item that is nothing but a long bytes object; NULL for any other. */
GBytes *execnet_item_get_content (GVariant *item);

void execnet_item_frame_content (ExecnetItemForm form,
                                 gsize size,
                                 guint8 head[EXECNET_CONTENT_HEAD_SIZE],
                                 guint8 tail[EXECNET_CONTENT_TAIL_SIZE]);

/* The item whose wire form has a long content, which is not copied; NULL for any other. */
GVariant *execnet_item_read_content (ExecnetItemForm form, GBytes *bytes);

/* Where the content of an item is that is nothing but a bytes object, however short; FALSE for any
 * other. */
gboolean
execnet_item_find_content (ExecnetItemForm form, GBytes *bytes, gsize *start, gsize *size);

/* Reads exactly one item (without a version byte). `allow_channels`: else a channel in the bytes
 * is a data-format error. Returns a full, not floating, reference. */
GVariant *execnet_item_read (ExecnetItemForm form,
                             GBytes *bytes,
                             ExecnetLoadFlags flags,
                             gboolean allow_channels,
                             GError **error);

/* Walks over the bytes without building anything and reports every channel that they mention. It
 * stops silently where they are malformed: reading them says what is wrong. Cheap: bytes without
 * a channel cost one search. */
void execnet_item_find_channels (ExecnetItemForm form,
                                 GBytes *bytes,
                                 ExecnetChannelFound found,
                                 gpointer user_data);

G_END_DECLS
