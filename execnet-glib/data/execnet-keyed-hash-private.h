/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* SipHash-1-3 with a secret of this process: nobody can choose keys that collide. */
guint64 execnet_keyed_hash (guint64 seed, const guint8 *bytes, gsize size);

G_END_DECLS
