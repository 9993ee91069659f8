/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "collections/execnet-multi-channel.h"

G_BEGIN_DECLS

struct _ExecnetMultiChannel
{
  GObject parent_instance;
  GPtrArray *channels; /* of ExecnetChannel, holding references; never changes */

  GMutex lock;
  ExecnetReceiveQueue *queue; /* lock; NULL until somebody asked for it */
};

G_END_DECLS
