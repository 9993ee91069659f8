/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Descriptors that the worker thread watches, in one epoll descriptor that is one source of its
 * context: so that a busy connection does not pay for idle ones. */

typedef struct _ExecnetWatch ExecnetWatch;
typedef void (*ExecnetWatchFunc) (gpointer user_data);

/* Worker thread. Calls `func` there as long as `fd` is readable, or writable, and the watch is
 * armed; it begins disarmed. NULL and errno set where the kernel refuses. */
ExecnetWatch *
execnet_watch_new (int fd, gboolean for_writing, ExecnetWatchFunc func, gpointer user_data);

/* Any thread, while the watch exists. */
void execnet_watch_arm (ExecnetWatch *self, gboolean armed);

/* Worker thread. */
void execnet_watch_free (ExecnetWatch *self);

G_END_DECLS
