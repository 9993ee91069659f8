/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-live-gateways-private.h"

#include "engine/execnet-worker-thread-private.h"

#include <stdlib.h>

/* How long workers have to end by themselves when the process ends, and how long the system has to
 * report the death of those that were killed. */
#define GRACE_AT_EXIT_MS 1000
#define GRACE_AFTER_KILL_MS 500

static GMutex lock;
static GHashTable *live; /* lock; of ExecnetGatewayCore */
static gboolean exit_handler_installed;

static GPtrArray *
dup_live (void)
{
  GPtrArray *cores = g_ptr_array_new_with_free_func (execnet_gateway_core_unref);
  GHashTableIter iter;
  gpointer core;

  g_mutex_lock (&lock);
  if (live != NULL)
    {
      g_hash_table_iter_init (&iter, live);
      while (g_hash_table_iter_next (&iter, &core, NULL))
        g_ptr_array_add (cores, execnet_gateway_core_ref (core));
    }
  g_mutex_unlock (&lock);
  return cores;
}

/* Those to which so many gateways lead. */
static GPtrArray *
select_depth (GPtrArray *cores, guint depth)
{
  GPtrArray *selected = g_ptr_array_new ();

  for (guint i = 0; i < cores->len; i++)
    {
      if (execnet_gateway_core_get_depth (cores->pdata[i]) == depth)
        g_ptr_array_add (selected, cores->pdata[i]);
    }
  return selected;
}

static guint
find_depth (GPtrArray *cores)
{
  guint depth = 0;

  for (guint i = 0; i < cores->len; i++)
    depth = MAX (depth, execnet_gateway_core_get_depth (cores->pdata[i]));
  return depth;
}

static gboolean
wait_for_all (GPtrArray *cores, gint grace_ms)
{
  gint64 end = g_get_monotonic_time () + grace_ms * G_TIME_SPAN_MILLISECOND;

  for (guint i = 0; i < cores->len; i++)
    {
      gint64 left = MAX (end - g_get_monotonic_time (), 0);

      if (!execnet_gateway_core_wait_closed (cores->pdata[i], left / G_TIME_SPAN_MILLISECOND, NULL))
        return FALSE;
    }
  return TRUE;
}

static void
end_all (GPtrArray *cores)
{
  for (guint i = 0; i < cores->len; i++)
    execnet_gateway_core_exit (cores->pdata[i]);
  if (wait_for_all (cores, GRACE_AT_EXIT_MS))
    return;
  for (guint i = 0; i < cores->len; i++)
    execnet_gateway_core_kill_now (cores->pdata[i]);
  wait_for_all (cores, GRACE_AFTER_KILL_MS);
}

/* Runs no code of the application and emits nothing: main loops are over by now. Those that lead to
 * others end after these. */
static void
end_all_at_exit (void)
{
  g_autoptr (GPtrArray) cores = dup_live ();

  for (guint depth = find_depth (cores) + 1; depth-- > 0;)
    {
      g_autoptr (GPtrArray) selected = select_depth (cores, depth);

      end_all (selected);
    }
  wait_for_all (cores, GRACE_AFTER_KILL_MS);
  execnet_worker_thread_settle ();
}

void
execnet_live_gateways_add (ExecnetGatewayCore *core)
{
  g_mutex_lock (&lock);
  if (!exit_handler_installed)
    exit_handler_installed = atexit (end_all_at_exit) == 0;
  if (live == NULL)
    live = g_hash_table_new_full (NULL, NULL, execnet_gateway_core_unref, NULL);
  g_hash_table_add (live, execnet_gateway_core_ref (core));
  g_mutex_unlock (&lock);
}

void
execnet_live_gateways_remove (ExecnetGatewayCore *core)
{
  g_mutex_lock (&lock);
  if (live != NULL)
    g_hash_table_steal (live, core);
  if (live != NULL && g_hash_table_size (live) == 0)
    g_clear_pointer (&live, g_hash_table_unref);
  g_mutex_unlock (&lock);
  execnet_gateway_core_unref (core);
}

void
execnet_live_gateways_lock (void)
{
  g_mutex_lock (&lock);
}

void
execnet_live_gateways_unlock (void)
{
  g_mutex_unlock (&lock);
}

void
execnet_live_gateways_forget (void)
{
  live = NULL;
}
