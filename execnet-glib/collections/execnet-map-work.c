/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "collections/execnet-map-private.h"

#include "base/execnet-error.h"
#include "collections/execnet-group-private.h"
#include "collections/execnet-map-runner-private.h"

#include <glib/gi18n-lib.h>

/* So many workers may die of one item before it counts as failed. */
#define DEATHS_MAX 3

void
execnet_map_outcome_free (gpointer data)
{
  ExecnetMapOutcome *self = data;

  g_clear_object (&self->channel);
  g_clear_pointer (&self->result, g_bytes_unref);
  g_clear_error (&self->error);
  g_free (self);
}

/* With the lock. */
static void
make_ready (ExecnetMap *self, ExecnetMapOutcome *outcome)
{
  if (!self->ordered)
    {
      g_queue_push_tail (&self->ready, outcome);
      self->n_ready++;
      return;
    }
  g_hash_table_insert (self->held, &outcome->number, outcome);
  while ((outcome = g_hash_table_lookup (self->held, &self->n_ready)) != NULL)
    {
      g_hash_table_steal (self->held, &outcome->number);
      g_queue_push_tail (&self->ready, outcome);
      self->n_ready++;
    }
}

/* With the lock. */
static void
free_task (ExecnetMap *self, ExecnetMapTask *task)
{
  self->n_bytes -= g_bytes_get_size (task->item);
  execnet_map_task_free (task);
}

/* With the lock. Takes the task over. */
static void
succeed (ExecnetMap *self, ExecnetMapTask *task, ExecnetChannel *channel, GBytes *result)
{
  ExecnetMapOutcome *outcome = g_new0 (ExecnetMapOutcome, 1);

  outcome->number = task->number;
  outcome->channel = g_object_ref (channel);
  outcome->result = g_bytes_ref (result);
  self->n_done++;
  self->n_bytes += g_bytes_get_size (result);
  free_task (self, task);
  make_ready (self, outcome);
}

/* With the lock. Takes the task over. */
static void
fail (ExecnetMap *self, ExecnetMapTask *task, ExecnetChannel *channel, const GError *error)
{
  ExecnetMapOutcome *outcome = g_new0 (ExecnetMapOutcome, 1);

  outcome->number = task->number;
  outcome->channel = channel != NULL ? g_object_ref (channel) : NULL;
  outcome->error = g_error_copy (error);
  self->n_done++;
  self->n_failed++;
  free_task (self, task);
  make_ready (self, outcome);
}

void
execnet_map_fail_next (ExecnetMap *self, const GError *error)
{
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);

  fail (self, execnet_map_task_new (self->n_items++, nothing), NULL, error);
}

void
execnet_map_find_runners (ExecnetMap *self)
{
  g_autoptr (GPtrArray) gateways = execnet_group_dup_gateways (self->group, FALSE);

  for (guint i = 0; i < gateways->len; i++)
    if (!g_hash_table_contains (self->runners, gateways->pdata[i]))
      g_hash_table_insert (
          self->runners, gateways->pdata[i], execnet_map_runner_new (gateways->pdata[i]));
}

/* With the lock: the one with the least to do, or NULL. */
static ExecnetMapRunner *
choose_runner (ExecnetMap *self)
{
  ExecnetMapRunner *best = NULL, *runner;
  GHashTableIter iter;

  g_hash_table_iter_init (&iter, self->runners);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &runner))
    if (execnet_map_runner_has_room (runner)
        && (best == NULL || runner->sent.length < best->sent.length))
      best = runner;
  return best;
}

/* With the lock: whether something will come into the queue. */
static gboolean
is_running (ExecnetMap *self)
{
  ExecnetMapRunner *runner;
  GHashTableIter iter;

  g_hash_table_iter_init (&iter, self->runners);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &runner))
    if (runner->channel != NULL)
      return TRUE;
  return FALSE;
}

/* With the lock. */
void
execnet_map_stop_all (ExecnetMap *self)
{
  ExecnetMapRunner *runner;
  GHashTableIter iter;

  g_hash_table_iter_init (&iter, self->runners);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &runner))
    execnet_map_runner_stop (runner);
}

/* With the lock. */
static void
remember_death (ExecnetMap *self, const GError *error)
{
  g_clear_error (&self->last_death);
  self->last_death = g_error_copy (error);
}

/* With the lock. */
static void
fail_waiting (ExecnetMap *self)
{
  g_autoptr (GError) error = NULL;

  if (self->last_death != NULL)
    error = g_error_new (EXECNET_ERROR,
                         EXECNET_ERROR_DIED,
                         _ ("No gateway of the group is left to do it; the last one said: %s"),
                         self->last_death->message);
  else
    error = g_error_new_literal (EXECNET_ERROR,
                                 EXECNET_ERROR_NOT_CONNECTED,
                                 _ ("The group has no gateway; make some before the map is run."));
  while (self->waiting.head != NULL)
    fail (self, g_queue_pop_head (&self->waiting), NULL, error);
}

void
execnet_map_feed (ExecnetMap *self)
{
  ExecnetMapRunner *runner;

  if (self->is_cancelled)
    return;
  execnet_map_find_runners (self);
  while (self->waiting.head != NULL && (runner = choose_runner (self)) != NULL)
    {
      g_autoptr (GError) error = NULL;

      if (execnet_map_runner_send (
              runner, self->waiting.head->data, self->source, self->queue, &error))
        g_queue_pop_head (&self->waiting);
      else
        remember_death (self, error);
    }
  if (self->waiting.head != NULL && !is_running (self))
    fail_waiting (self);
  if (self->is_finished && self->n_done == self->n_items)
    execnet_map_stop_all (self);
}

/* With the lock: NULL for the end of one that was stopped. */
static ExecnetMapRunner *
find_runner (ExecnetMap *self, ExecnetChannel *channel)
{
  ExecnetMapRunner *runner
      = g_hash_table_lookup (self->runners, execnet_channel_get_gateway (channel));

  return runner != NULL && runner->channel == channel ? runner : NULL;
}

/* Why the code of a gateway has ended. */
typedef enum
{
  END_OF_CODE,    /* it had enough, or failed */
  END_OF_CHANNEL, /* something was not understood */
  END_OF_WORKER
} EndReason;

static EndReason
find_end_reason (ExecnetChannel *channel, GError **reason)
{
  if (execnet_channel_wait_close (channel, 0, NULL, reason))
    {
      g_set_error_literal (reason,
                           EXECNET_ERROR,
                           EXECNET_ERROR_CLOSED,
                           _ ("The code has closed the channel of the map."));
      return END_OF_CODE;
    }
  if (g_error_matches (*reason, EXECNET_ERROR, EXECNET_ERROR_REMOTE)
      || g_error_matches (*reason, EXECNET_ERROR, EXECNET_ERROR_INTERRUPTED))
    return END_OF_CODE;
  if (g_error_matches (*reason, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT))
    return END_OF_CHANNEL;
  return END_OF_WORKER;
}

/* With the lock. The code of a gateway ended. What it had to do is to be done again, but for the
 * first: that was the one that it was about. */
static void
on_runner_ended (ExecnetMap *self, ExecnetMapRunner *runner)
{
  g_autoptr (ExecnetChannel) channel = g_steal_pointer (&runner->channel);
  g_autoptr (GError) reason = NULL;
  EndReason end = find_end_reason (channel, &reason);
  ExecnetMapTask *first = g_queue_peek_head (&runner->sent);

  runner->is_ending = FALSE;
  if (end == END_OF_WORKER)
    {
      runner->is_gone = TRUE;
      remember_death (self, reason);
    }
  if (first != NULL)
    first->n_deaths++;
  if (first != NULL && (end == END_OF_CODE || first->n_deaths >= DEATHS_MAX))
    fail (self, g_queue_pop_head (&runner->sent), channel, reason);
  while (runner->sent.tail != NULL)
    g_queue_push_head (&self->waiting, g_queue_pop_tail (&runner->sent));
}

/* With the lock. */
void
execnet_map_take_arrival (ExecnetMap *self, ExecnetChannel *channel, GBytes *result)
{
  ExecnetMapRunner *runner = find_runner (self, channel);
  ExecnetMapTask *task;

  if (runner == NULL)
    return;
  if (result == NULL)
    on_runner_ended (self, runner);
  else if ((task = execnet_map_runner_take_done (runner)) != NULL)
    succeed (self, task, channel, result);
}
