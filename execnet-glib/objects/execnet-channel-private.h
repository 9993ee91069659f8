/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "engine/execnet-channel-core-private.h"
#include "objects/execnet-channel.h"

G_BEGIN_DECLS

struct _ExecnetChannel
{
  GObject parent_instance;
  ExecnetGateway *gateway;  /* holds a reference */
  ExecnetChannelCore *core; /* holds a reference; NULL only in an object that no gateway made */
};

/* Any thread. Takes the core over. The calling thread's main context becomes the channel's. */
ExecnetChannel *execnet_channel_new_for_core (ExecnetGateway *gateway, ExecnetChannelCore *core);

/* Any thread. FALSE with an error for an object that no gateway made. */
gboolean execnet_channel_check_core (ExecnetChannel *self, GError **error);

/* Any thread. An item that is nothing but these bytes, as send and as queue_bytes. */
gboolean execnet_channel_send_content (ExecnetChannel *self,
                                       GBytes *content,
                                       GCancellable *cancellable,
                                       GError **error);
gboolean execnet_channel_queue_content (ExecnetChannel *self, GBytes *content, GError **error);

/* Any thread. FALSE with an error while `received` has a handler. */
gboolean execnet_channel_check_receivable (ExecnetChannel *self, GError **error);

G_END_DECLS
