/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-fork-private.h"

#include "engine/execnet-live-gateways-private.h"
#include "engine/execnet-mailbox-private.h"
#include "engine/execnet-worker-thread-private.h"

#include <pthread.h>

static guint generation; /* atomic */

static void
before_fork (void)
{
  execnet_live_gateways_lock ();
  execnet_worker_thread_lock ();
  execnet_mailbox_lock_table ();
}

static void
after_fork_in_parent (void)
{
  execnet_mailbox_unlock_table ();
  execnet_worker_thread_unlock ();
  execnet_live_gateways_unlock ();
}

static void
after_fork_in_child (void)
{
  g_atomic_int_inc (&generation);
  execnet_mailbox_forget_table ();
  execnet_worker_thread_forget ();
  execnet_live_gateways_forget ();
  after_fork_in_parent ();
}

static gpointer
install (gpointer unused)
{
  pthread_atfork (before_fork, after_fork_in_parent, after_fork_in_child);
  return NULL;
}

void
execnet_fork_init (void)
{
  static GOnce once = G_ONCE_INIT;

  g_once (&once, install, NULL);
}

guint
execnet_fork_get_generation (void)
{
  return g_atomic_int_get (&generation);
}
