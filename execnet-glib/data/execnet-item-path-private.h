/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-variant-view-private.h"

G_BEGIN_DECLS

/* The names of places in an item, for errors; as one would write them in Python. */

void execnet_item_path_append_member (GString *path, gsize index); /* [3] */
void execnet_item_path_append_key (GString *path, gsize index);    /* .keys()[3] */
void execnet_item_path_append_value (GString *path,
                                     const ExecnetVariantView *key,
                                     gsize index); /* ['size'], or .values()[3] */

/* What a value is, for the one who sent it: its type, and what a {sv} stands for. */
char *execnet_item_describe (const ExecnetVariantView *value);

G_END_DECLS
