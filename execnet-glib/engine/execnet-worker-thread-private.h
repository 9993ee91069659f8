/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The one thread that does the I/O. It exists while somebody uses it, blocks all signals and never
 * runs code of the application. */

/* Any thread. Starts the thread for the first user. Every acquire needs a release. */
void execnet_worker_thread_acquire (void);
void execnet_worker_thread_release (void);

/* Any thread that holds a use of it. Functions run in the order in which they were given. */
void execnet_worker_thread_invoke (GSourceFunc func, gpointer data);

/* Worker thread. */
GMainContext *execnet_worker_thread_get_context (void);

/* Any thread. As the two above, for what is on its way out when nobody else uses the thread: a
 * question that is being withdrawn. */
void execnet_worker_thread_linger (void);
void execnet_worker_thread_end_lingering (void);

/* Any thread but the worker thread: when the thread has lost its last user, returns after it is
 * gone. What lingers is awaited for a moment. */
void execnet_worker_thread_settle (void);

/* For the fork handlers alone (execnet-fork.c): nobody starts or stops the thread while a process
 * forks, and a child begins without one. */
void execnet_worker_thread_lock (void);
void execnet_worker_thread_unlock (void);
void execnet_worker_thread_forget (void);

G_END_DECLS
