/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  EXECNET_TEXT_INVALID,
  EXECNET_TEXT_PLAIN,
  EXECNET_TEXT_WITH_NUL,
} ExecnetTextKind;

/* Whether bytes are UTF-8 as Python takes it, without surrogates, and whether there is a NUL in
 * them. `bad` is where they are not. */
ExecnetTextKind execnet_text_check (const guint8 *bytes, gsize size, gsize *bad);

G_END_DECLS
