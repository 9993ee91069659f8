/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Ending all gateways of a group: ask, wait, kill. */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "base/execnet-error.h"
#include "engine/execnet-worker-thread-private.h"
#include "objects/execnet-gateway-private.h"

#include <glib/gi18n-lib.h>

/* Those that were killed have at least so long to be gone: the system needs a moment for it. */
#define MIN_AFTER_KILL_MS 1000

static void
for_each (GPtrArray *gateways, void (*func) (ExecnetGateway *gateway))
{
  for (guint i = 0; i < gateways->len; i++)
    func (gateways->pdata[i]);
}

/* Gateways that lead to others end after these, so that nothing of these is left behind: those to
 * which most gateways lead come first. */
typedef struct
{
  GPtrArray *gateways;
  GPtrArray *current; /* those whose turn it is */
  guint depth;        /* theirs */
  gint64 ask_until;   /* monotonic times: when they are killed, -1 for never, */
  gint64 end;         /* and when that should be over, but for those that are killed */
  gint grace_ms;      /* so long has each to end in peace, also when it is late */
  guint n_pending;
  gboolean has_killed;
} Termination;

static void
termination_free (gpointer data)
{
  Termination *termination = data;

  g_ptr_array_unref (termination->gateways);
  g_clear_pointer (&termination->current, g_ptr_array_unref);
  g_free (termination);
}

static gint64
ms_from_now (gint timeout_ms)
{
  return g_get_monotonic_time () + timeout_ms * G_TIME_SPAN_MILLISECOND;
}

static gint
ms_until (gint64 time)
{
  return time < 0 ? -1 : (gint) (MAX (time - g_get_monotonic_time (), 0) / G_TIME_SPAN_MILLISECOND);
}

static Termination *
termination_new (ExecnetGroup *group, gint timeout_ms)
{
  Termination *self = g_new0 (Termination, 1);

  self->gateways = execnet_group_dup_gateways (group, TRUE);
  for (guint i = 0; i < self->gateways->len; i++)
    {
      ExecnetGateway *gateway = self->gateways->pdata[i];

      self->depth = MAX (self->depth, execnet_gateway_core_get_depth (gateway->core) + 1);
    }
  self->ask_until = timeout_ms < 0 ? -1 : ms_from_now (timeout_ms);
  self->end = timeout_ms < 0 ? -1 : ms_from_now (timeout_ms + MAX (timeout_ms, MIN_AFTER_KILL_MS));
  self->grace_ms = MIN (timeout_ms, MIN_AFTER_KILL_MS);
  return self;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Termination, termination_free)

/* Asks the next ones to end. FALSE when there are none. */
static gboolean
begin_next (Termination *self)
{
  g_clear_pointer (&self->current, g_ptr_array_unref);
  if (self->depth == 0)
    return FALSE;
  /* Those before took their time, and these need some, too. */
  if (self->has_killed)
    self->ask_until = MAX (self->end, ms_from_now (self->grace_ms));
  self->depth--;
  self->has_killed = FALSE;
  self->current = g_ptr_array_new ();
  for (guint i = 0; i < self->gateways->len; i++)
    {
      ExecnetGateway *gateway = self->gateways->pdata[i];

      if (execnet_gateway_core_get_depth (gateway->core) == self->depth)
        g_ptr_array_add (self->current, gateway);
    }
  for_each (self->current, execnet_gateway_exit);
  return TRUE;
}

/* Kills those that were asked; gives how long to wait for that, in milliseconds. */
static gint
kill_current (Termination *self)
{
  self->has_killed = TRUE;
  for_each (self->current, execnet_gateway_kill);
  return MAX (ms_until (self->end), MIN_AFTER_KILL_MS);
}

static GError *
new_survivors_error (GPtrArray *gateways)
{
  g_autoptr (GString) ids = g_string_new (NULL);

  for (guint i = 0; i < gateways->len; i++)
    {
      if (execnet_gateway_wait_closed (gateways->pdata[i], 0, NULL) != EXECNET_WAIT_READY)
        g_string_append_printf (ids,
                                "%s“%s”",
                                ids->len > 0 ? ", " : "",
                                execnet_gateway_get_id (gateways->pdata[i]));
    }
  if (ids->len == 0)
    return NULL;
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_TIMED_OUT,
                      _ ("These gateways did not end in time, although they were killed: %s."),
                      ids->str);
}

/* TRUE when all have ended. */
static gboolean
wait_for_all (GPtrArray *gateways, gint64 end, GCancellable *cancellable)
{
  for (guint i = 0; i < gateways->len; i++)
    {
      if (execnet_gateway_wait_closed (gateways->pdata[i], ms_until (end), cancellable)
          != EXECNET_WAIT_READY)
        return FALSE;
    }
  return TRUE;
}

/**
 * execnet_group_terminate:
 * @self: a group
 * @timeout_ms: how long to wait before gateways are killed, in milliseconds; -1 to wait without end
 *   and never kill
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Asks all gateways to end, waits, kills those that have not ended, and waits as long again for
 * these, but at least a second. Gateways that lead to others (`via=`) are asked when these have
 * ended. Afterwards no process, thread or descriptor of theirs is left;
 * [method@Gateway.get_ending] of each tells how it ended. A local interpreter that is killed takes the
 * processes that it started with it.
 *
 * Returns: %TRUE when all have ended; %FALSE with %EXECNET_ERROR_TIMED_OUT naming those that have
 *   not, or when cancelled
 *
 * Since: 1.0
 */
gboolean
execnet_group_terminate (ExecnetGroup *self,
                         gint timeout_ms,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (Termination) termination = NULL;
  GError *reason = NULL;

  g_return_val_if_fail (EXECNET_IS_GROUP (self), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  termination = termination_new (self, timeout_ms);
  while (!g_cancellable_is_cancelled (cancellable) && begin_next (termination))
    {
      if (!wait_for_all (termination->current, termination->ask_until, cancellable)
          && !g_cancellable_is_cancelled (cancellable))
        wait_for_all (termination->current, ms_from_now (kill_current (termination)), cancellable);
    }
  /* What could not be killed through a gateway that hangs ends with that one. */
  wait_for_all (termination->gateways, ms_from_now (MIN_AFTER_KILL_MS), cancellable);
  execnet_group_update (self);
  execnet_worker_thread_settle ();

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  reason = new_survivors_error (termination->gateways);
  if (reason != NULL)
    g_propagate_error (error, reason);
  return reason == NULL;
}

static void join_all (GTask *task, GPtrArray *gateways, gint timeout_ms);

static void
finish_termination (GTask *task)
{
  Termination *termination = g_task_get_task_data (task);
  GError *reason = new_survivors_error (termination->gateways);

  execnet_group_update (g_task_get_source_object (task));
  execnet_worker_thread_settle ();
  if (g_task_return_error_if_cancelled (task))
    g_clear_error (&reason);
  else if (reason != NULL)
    g_task_return_error (task, reason);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* In the task's context: all joins of this round have returned. */
static void
end_round (GTask *task)
{
  Termination *termination = g_task_get_task_data (task);
  gboolean is_cancelled = g_cancellable_is_cancelled (g_task_get_cancellable (task));
  gboolean was_last = termination->current == NULL;

  if (!is_cancelled && !was_last && !termination->has_killed
      && !wait_for_all (termination->current, 0, NULL))
    join_all (task, termination->current, kill_current (termination));
  else if (!is_cancelled && !was_last && begin_next (termination))
    join_all (task, termination->current, ms_until (termination->ask_until));
  else if (!is_cancelled && !was_last && !wait_for_all (termination->gateways, 0, NULL))
    /* What could not be killed through a gateway that hangs ends with that one. */
    join_all (task, termination->gateways, MIN_AFTER_KILL_MS);
  else
    finish_termination (task);
}

static void
on_joined (GObject *gateway, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Termination *termination = g_task_get_task_data (task);

  execnet_gateway_join_finish (EXECNET_GATEWAY (gateway), result, NULL);
  if (--termination->n_pending == 0)
    end_round (task);
}

/* Takes the task over. */
static void
join_all (GTask *task, GPtrArray *gateways, gint timeout_ms)
{
  Termination *termination = g_task_get_task_data (task);
  guint n = gateways->len;

  if (n == 0)
    {
      end_round (task);
      return;
    }
  termination->n_pending = n;
  /* Who iterates a context need not have made it the thread's default one. */
  g_main_context_push_thread_default (g_task_get_context (task));
  for (guint i = 0; i < n; i++)
    execnet_gateway_join_async (
        gateways->pdata[i], timeout_ms, g_task_get_cancellable (task), on_joined, task);
  g_main_context_pop_thread_default (g_task_get_context (task));
}

/**
 * execnet_group_terminate_async:
 * @self: a group
 * @timeout_ms: how long to wait before gateways are killed, in milliseconds; -1 to wait without end
 *   and never kill
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable) (scope async): called when all have ended, or the time is up
 * @user_data: given to @callback
 *
 * Ends all gateways as [method@Group.terminate] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_group_terminate_async (ExecnetGroup *self,
                               gint timeout_ms,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  Termination *termination;
  GTask *task;

  g_return_if_fail (EXECNET_IS_GROUP (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_group_terminate_async);
  termination = termination_new (self, timeout_ms);
  g_task_set_task_data (task, termination, termination_free);

  if (begin_next (termination))
    join_all (task, termination->current, ms_until (termination->ask_until));
  else
    finish_termination (task);
}

/**
 * execnet_group_terminate_finish:
 * @self: a group
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@Group.terminate_async].
 *
 * Returns: as for [method@Group.terminate]
 *
 * Since: 1.0
 */
gboolean
execnet_group_terminate_finish (ExecnetGroup *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GROUP (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_group_terminate_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
