/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "collections/execnet-map-private.h"

#include "collections/execnet-map-runner-private.h"
#include "data/execnet-item-private.h"

/* So many items a gateway may be ahead of what was taken, */
#define AHEAD_OF_TAKER 16
/* and so many bytes of items and results there may be; beyond that each gateway has one item. */
#define BYTES_MAX (32 * 1024 * 1024)

/* What comes behind the program's source. A call sends the reason of any exception. The function
 * doesn't get the channel, where whatever it sent would be taken for results. */
#define LOOP                                                                                       \
  "%s\n\n"                                                                                         \
  "def _execnet_map():\n"                                                                          \
  "    channel = globals().pop('channel')\n"                                                       \
  "    for item in channel:\n"                                                                     \
  "        channel.send(%s(item))\n"

/**
 * ExecnetMap:
 *
 * A function that the gateways of a group apply to many items.
 *
 * Each gateway gets the next item when it has done one, so that all are busy, whatever they are
 * and however long an item takes. When a worker dies, others get its items. Gateways that the group
 * gets meanwhile take part.
 *
 * Nothing is done in the background: items go out and results come in while somebody waits for the
 * next result. So the memory stays bounded: push as many items as are wanted, take a result, and so
 * on.
 *
 * Thread: methods may be called from any thread; one call of [method@Map.next], or its kin, may be
 * pending at a time.
 *
 * Since: 1.0
 */

enum
{
  PROP_N_ITEMS = 1,
  PROP_N_DONE,
  PROP_N_FAILED,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_FINAL_TYPE (ExecnetMap, execnet_map, G_TYPE_OBJECT)

static void
execnet_map_dispose (GObject *object)
{
  execnet_map_cancel (EXECNET_MAP (object));

  G_OBJECT_CLASS (execnet_map_parent_class)->dispose (object);
}

static void
execnet_map_finalize (GObject *object)
{
  ExecnetMap *self = EXECNET_MAP (object);

  g_queue_clear_full (&self->waiting, execnet_map_task_free);
  g_queue_clear_full (&self->ready, execnet_map_outcome_free);
  g_clear_pointer (&self->held, g_hash_table_unref);
  g_clear_pointer (&self->runners, g_hash_table_unref);
  g_clear_pointer (&self->source, execnet_source_free);
  g_clear_object (&self->queue);
  g_clear_object (&self->group);
  g_clear_error (&self->last_death);
  g_clear_error (&self->failure);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (execnet_map_parent_class)->finalize (object);
}

static void
execnet_map_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ExecnetMap *self = EXECNET_MAP (object);

  switch (id)
    {
    case PROP_N_ITEMS:
      g_value_set_uint64 (value, execnet_map_get_n_items (self));
      break;
    case PROP_N_DONE:
      g_value_set_uint64 (value, execnet_map_get_n_done (self));
      break;
    case PROP_N_FAILED:
      g_value_set_uint64 (value, execnet_map_get_n_failed (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static GParamSpec *
count_property (const char *name)
{
  return g_param_spec_uint64 (
      name, NULL, NULL, 0, G_MAXUINT64, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
execnet_map_class_init (ExecnetMapClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = execnet_map_dispose;
  object_class->finalize = execnet_map_finalize;
  object_class->get_property = execnet_map_get_property;

  /**
   * ExecnetMap:n-items: (getter get_n_items)
   *
   * How many items there are so far. Notified in the thread that pushes.
   *
   * Since: 1.0
   */
  properties[PROP_N_ITEMS] = count_property ("n-items");
  /**
   * ExecnetMap:n-done: (getter get_n_done)
   *
   * For how many items there is a result or an error. Notified in the thread that takes.
   *
   * Since: 1.0
   */
  properties[PROP_N_DONE] = count_property ("n-done");
  /**
   * ExecnetMap:n-failed: (getter get_n_failed)
   *
   * For how many items there is an error. Notified in the thread that takes.
   *
   * Since: 1.0
   */
  properties[PROP_N_FAILED] = count_property ("n-failed");
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
execnet_map_init (ExecnetMap *self)
{
  g_mutex_init (&self->lock);
  self->queue = execnet_receive_queue_new (TRUE);
  self->held = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, execnet_map_outcome_free);
  self->runners = g_hash_table_new_full (NULL, NULL, NULL, execnet_map_runner_free);
}

/**
 * execnet_map_new:
 * @group: the group whose gateways do it
 * @source: a source that names a function of one argument
 * @ordered: whether results come in the order of the items; else as they are there
 *
 * Makes a map without items.
 *
 * Returns: (transfer full): the map
 *
 * Since: 1.0
 */
ExecnetMap *
execnet_map_new (ExecnetGroup *group, ExecnetSource *source, gboolean ordered)
{
  g_autofree char *text = NULL;
  ExecnetMap *self;

  g_return_val_if_fail (EXECNET_IS_GROUP (group), NULL);
  g_return_val_if_fail (source != NULL, NULL);
  g_return_val_if_fail (execnet_source_get_function_name (source) != NULL, NULL);

  text = g_strdup_printf (
      LOOP, execnet_source_get_text (source), execnet_source_get_function_name (source));
  self = g_object_new (EXECNET_TYPE_MAP, NULL);
  self->group = g_object_ref (group);
  self->ordered = ordered;
  self->source = execnet_source_new_full (text,
                                          execnet_source_get_file_name (source),
                                          execnet_source_get_first_line (source),
                                          "_execnet_map");
  return self;
}

/* Items */

/**
 * execnet_map_get_n_wanted:
 * @self: a map
 *
 * Tells how many more items keep all gateways busy. It is bounded by what was not taken yet: a
 * program that pushes no more than this needs memory for so many items and results only: some for
 * each gateway, and when items or results are large just one.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint
execnet_map_get_n_wanted (ExecnetMap *self)
{
  guint64 limit = 0, n_outstanding;
  ExecnetMapRunner *runner;
  GHashTableIter iter;

  g_return_val_if_fail (EXECNET_IS_MAP (self), 0);

  g_mutex_lock (&self->lock);
  execnet_map_find_runners (self);
  g_hash_table_iter_init (&iter, self->runners);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &runner))
    if (!runner->is_gone)
      limit += self->n_bytes > BYTES_MAX ? 1 : runner->depth + AHEAD_OF_TAKER;
  /* Without a gateway one item is enough to say so. */
  limit = self->is_finished || self->is_cancelled ? 0 : MAX (limit, 1);
  n_outstanding = self->n_items - self->n_taken;
  g_mutex_unlock (&self->lock);
  return n_outstanding < limit ? limit - n_outstanding : 0;
}

/**
 * execnet_map_push_bytes:
 * @self: a map
 * @bytes: an item in its wire form, see [method@Channel.send_bytes]
 *
 * Adds an item, as [method@Map.push] does.
 *
 * Since: 1.0
 */
void
execnet_map_push_bytes (ExecnetMap *self, GBytes *bytes)
{
  g_return_if_fail (EXECNET_IS_MAP (self));
  g_return_if_fail (bytes != NULL);

  g_mutex_lock (&self->lock);
  if (self->is_finished)
    g_critical ("execnet_map_push_bytes: the map is finished");
  else if (!self->is_cancelled)
    {
      g_queue_push_tail (&self->waiting, execnet_map_task_new (self->n_items++, bytes));
      self->n_bytes += g_bytes_get_size (bytes);
      execnet_map_feed (self);
    }
  g_mutex_unlock (&self->lock);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
}

/**
 * execnet_map_push:
 * @self: a map that is not finished
 * @item: an item, without channels; a floating reference is consumed
 * @error: return location for an error
 *
 * Adds an item. It waits in memory until a gateway gets it.
 *
 * Returns: %TRUE; %FALSE with %EXECNET_ERROR_UNSUPPORTED_TYPE, %EXECNET_ERROR_TOO_DEEP or
 *   %EXECNET_ERROR_TOO_LARGE for what can't be sent
 *
 * Since: 1.0
 */
gboolean
execnet_map_push (ExecnetMap *self, GVariant *item, GError **error)
{
  g_autoptr (GVariant) owned = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_return_val_if_fail (EXECNET_IS_MAP (self), FALSE);
  g_return_val_if_fail (item != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  owned = g_variant_ref_sink (item);
  bytes = execnet_item_write_bytes (EXECNET_ITEM_FORM_OPCODES, owned, NULL, NULL, error);
  if (bytes == NULL)
    return FALSE;
  execnet_map_push_bytes (self, bytes);
  return TRUE;
}

/**
 * execnet_map_push_error:
 * @self: a map that is not finished
 * @failure: why the item can't be sent
 *
 * Adds an item that has failed already: its error has its place among the results.
 *
 * Since: 1.0
 */
void
execnet_map_push_error (ExecnetMap *self, const GError *failure)
{
  g_return_if_fail (EXECNET_IS_MAP (self));
  g_return_if_fail (failure != NULL);

  g_mutex_lock (&self->lock);
  if (self->is_finished)
    g_critical ("execnet_map_push_error: the map is finished");
  else if (!self->is_cancelled)
    execnet_map_fail_next (self, failure);
  g_mutex_unlock (&self->lock);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
  execnet_map_notify_progress (self);
}

/**
 * execnet_map_finish:
 * @self: a map
 *
 * Says that there are no more items: after the last result comes the end.
 *
 * Since: 1.0
 */
void
execnet_map_finish (ExecnetMap *self)
{
  g_return_if_fail (EXECNET_IS_MAP (self));

  g_mutex_lock (&self->lock);
  self->is_finished = TRUE;
  execnet_map_feed (self);
  g_mutex_unlock (&self->lock);
}

/**
 * execnet_map_cancel:
 * @self: a map
 *
 * Drops what is not done. Functions that run go on to their end, and their results are dropped.
 * Who waits for a result gets %EXECNET_ERROR_CLOSED, once results that were there have been taken.
 *
 * Since: 1.0
 */
void
execnet_map_cancel (ExecnetMap *self)
{
  g_return_if_fail (EXECNET_IS_MAP (self));

  g_mutex_lock (&self->lock);
  self->is_cancelled = TRUE;
  g_queue_clear_full (&self->waiting, execnet_map_task_free);
  execnet_map_stop_all (self);
  g_mutex_unlock (&self->lock);
}

/* Progress */

static guint64
get_count (ExecnetMap *self, const guint64 *count)
{
  guint64 value;

  g_mutex_lock (&self->lock);
  value = *count;
  g_mutex_unlock (&self->lock);
  return value;
}

/**
 * execnet_map_get_n_items: (get-property n-items)
 * @self: a map
 *
 * Counts the items that were pushed.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint64
execnet_map_get_n_items (ExecnetMap *self)
{
  g_return_val_if_fail (EXECNET_IS_MAP (self), 0);

  return get_count (self, &self->n_items);
}

/**
 * execnet_map_get_n_done: (get-property n-done)
 * @self: a map
 *
 * Counts the items for which there is a result or an error.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint64
execnet_map_get_n_done (ExecnetMap *self)
{
  g_return_val_if_fail (EXECNET_IS_MAP (self), 0);

  return get_count (self, &self->n_done);
}

/**
 * execnet_map_get_n_failed: (get-property n-failed)
 * @self: a map
 *
 * Counts the items for which there is an error.
 *
 * Returns: the number
 *
 * Since: 1.0
 */
guint64
execnet_map_get_n_failed (ExecnetMap *self)
{
  g_return_val_if_fail (EXECNET_IS_MAP (self), 0);

  return get_count (self, &self->n_failed);
}

void
execnet_map_notify_progress (ExecnetMap *self)
{
  gboolean is_more_done, is_more_failed;

  g_mutex_lock (&self->lock);
  is_more_done = self->n_told_done != self->n_done;
  is_more_failed = self->n_told_failed != self->n_failed;
  self->n_told_done = self->n_done;
  self->n_told_failed = self->n_failed;
  g_mutex_unlock (&self->lock);

  if (is_more_done)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_DONE]);
  if (is_more_failed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_FAILED]);
}
