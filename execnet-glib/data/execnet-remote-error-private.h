/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-remote-error.h"

G_BEGIN_DECLS

/* From the payload of a CLOSE_ERROR message, read as an item: a text, or a tuple of text, type name
 * and message; NULL for anything else. */
ExecnetRemoteError *execnet_remote_error_new_from_item (GVariant *item);
ExecnetRemoteError *execnet_remote_error_new (const char *text);

G_END_DECLS
