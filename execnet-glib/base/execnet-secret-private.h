/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A password or the like: a plain C string, which is overwritten before its memory is given back.
 * `g_autoptr (ExecnetSecret)` declares one. */
typedef char ExecnetSecret;

/* Any thread. NULL for NULL. */
ExecnetSecret *execnet_secret_new (const char *text);
void execnet_secret_free (ExecnetSecret *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetSecret, execnet_secret_free)

G_END_DECLS
