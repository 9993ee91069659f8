/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "data/execnet-message-private.h"

G_BEGIN_DECLS

/* Cuts what arrives into messages. One thread at a time: the one that has the role of the
 * connection's reader. */
typedef struct _ExecnetMessageReader ExecnetMessageReader;

typedef struct
{
  /* As in ExecnetConnectionFuncs. */
  gssize (*greeting) (const guint8 *bytes, gsize length, gpointer user_data, GError **error);
  gboolean (*message) (const ExecnetMessageHeader *header,
                       GBytes *payload,
                       gpointer user_data,
                       GError **error);
} ExecnetMessageReaderFuncs;

typedef enum
{
  EXECNET_READ_MORE,    /* there may be more to read now */
  EXECNET_READ_BLOCKED, /* something was read, and nothing more is there now */
  EXECNET_READ_NOTHING, /* nothing was there */
  EXECNET_READ_END,     /* plain end of input, between two messages */
  EXECNET_READ_ERROR,
} ExecnetReadState;

ExecnetMessageReader *execnet_message_reader_new (const ExecnetMessageReaderFuncs *funcs,
                                                  gpointer user_data);
void execnet_message_reader_free (ExecnetMessageReader *self);

/* One read from a non-blocking descriptor, and the messages that it completes. */
ExecnetReadState execnet_message_reader_read (ExecnetMessageReader *self, int fd, GError **error);

/* The same in two steps, for who reads in another way. The first says where to, and how much at most;
 * 0 with an error when there is no memory. The second takes what was read there: 0 bytes are the end
 * of input. */
gsize execnet_message_reader_get_space (ExecnetMessageReader *self,
                                        guint8 **space,
                                        GError **error);
ExecnetReadState
execnet_message_reader_take (ExecnetMessageReader *self, gsize n_read, GError **error);

G_END_DECLS
