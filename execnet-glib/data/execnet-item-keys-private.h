/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-item-tree-private.h"

G_BEGIN_DECLS

typedef struct _ExecnetItemKeys ExecnetItemKeys;

void execnet_item_keys_free (ExecnetItemKeys *keys);

/* Removes the members that Python would take for one it has already: of a set's (stride 1) the
 * later ones; of a dict's (stride 2) too, but the last value is kept. Gives what is left. */
guint32 execnet_item_keys_remove_doubles (ExecnetItemTree *tree,
                                          ExecnetNode *members,
                                          guint32 count,
                                          guint stride);

G_END_DECLS
