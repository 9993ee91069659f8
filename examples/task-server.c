/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keep every CPU busy with tasks, and lose no result, not even when a worker dies.
 *
 *   task-server [TASKS [WORKERS]] */

#include <execnet-glib/execnet-glib.h>

/* Asks for the first task; each result asks for the next. */
static const char work[] =
  "channel.send(None)\n"
  "for task in channel:\n"
  "    channel.send(sum(i * i for i in range(task)))\n";

typedef struct
{
  gint64 n_tasks;
  gint64 next;        /* the first task that nobody had yet */
  gint64 n_done;
  gint64 total;
  GArray *again;      /* tasks whose worker has died */
  GHashTable *tasks;  /* channel (owned) to the task that it works on */
  GPtrArray *idle;    /* channels that wait for a task */
} Server;

static void
server_clear (Server *server)
{
  g_clear_pointer (&server->again, g_array_unref);
  g_clear_pointer (&server->tasks, g_hash_table_unref);
  g_clear_pointer (&server->idle, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Server, server_clear)

static gboolean
take_task (Server *server, gint64 *task)
{
  if (server->again->len > 0)
    {
      *task = g_array_index (server->again, gint64, server->again->len - 1);
      g_array_set_size (server->again, server->again->len - 1);
      return TRUE;
    }
  *task = server->next;
  return server->next < server->n_tasks && server->next++ >= 0;
}

static void
give_tasks (Server *server)
{
  gint64 task;

  while (server->idle->len > 0 && take_task (server, &task))
    {
      ExecnetChannel *channel = g_ptr_array_steal_index (server->idle, server->idle->len - 1);

      g_hash_table_insert (server->tasks, channel, g_memdup2 (&task, sizeof task));
      /* When it has died, its end marker says so. */
      execnet_channel_send (channel, g_variant_new_int64 (task), NULL, NULL);
    }
}

/* A task that is no longer the channel's. */
static gboolean
end_task (Server *server, ExecnetChannel *channel, gint64 *task)
{
  gint64 *found = g_hash_table_lookup (server->tasks, channel);

  if (found == NULL)
    return FALSE;
  *task = *found;
  g_hash_table_remove (server->tasks, channel);
  return TRUE;
}

static void
take_item (Server *server, ExecnetChannel *channel, GVariant *item)
{
  gint64 task;

  if (end_task (server, channel, &task))
    {
      g_autoptr (GVariant) result = execnet_item_coerce (item, G_VARIANT_TYPE_INT64, NULL);

      server->n_done++;
      server->total += result != NULL ? g_variant_get_int64 (result) : 0;
    }
  g_ptr_array_add (server->idle, g_object_ref (channel));
}

static gboolean
serve (Server *server, ExecnetMultiChannel *channels, GError **error)
{
  g_autoptr (ExecnetReceiveQueue) queue = NULL;

  queue = execnet_multi_channel_make_receive_queue (channels, TRUE, error);
  if (queue == NULL)
    return FALSE;

  /* Without anybody left to work, the queue has come to its end, which is an error here. */
  while (server->n_done < server->n_tasks)
    {
      g_autoptr (ExecnetChannel) channel = NULL;
      g_autoptr (GVariant) item = NULL;
      gint64 task;

      if (!execnet_receive_queue_pop (queue, -1, &channel, &item, NULL, error))
        return FALSE;
      if (item != NULL)
        take_item (server, channel, item);
      else if (end_task (server, channel, &task))
        g_array_append_val (server->again, task);
      else
        g_ptr_array_remove (server->idle, channel);
      give_tasks (server);
    }
  return TRUE;
}

static gboolean
run (gint64 n_tasks, guint n_workers, GError **error)
{
  g_autoptr (ExecnetGroup) group = execnet_group_new ();
  g_autoptr (ExecnetMultiChannel) channels = NULL;
  g_auto (Server) server = {
    .n_tasks = n_tasks,
    .again = g_array_new (FALSE, FALSE, sizeof (gint64)),
    .tasks = g_hash_table_new_full (NULL, NULL, g_object_unref, g_free),
    .idle = g_ptr_array_new_with_free_func (g_object_unref),
  };

  for (guint i = 0; i < n_workers; i++)
    {
      g_autoptr (ExecnetGateway) gateway = execnet_group_make_gateway (group, "popen", NULL, error);

      if (gateway == NULL)
        return FALSE;
    }
  channels = execnet_group_remote_exec (group, work, error);
  if (channels == NULL)
    return FALSE;
  g_print ("%u interpreters work.\n", n_workers);
  if (!serve (&server, channels, error))
    return FALSE;

  g_print ("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
           " tasks are done; the sum of their results is %" G_GINT64_FORMAT ".\n",
           server.n_done, n_tasks, server.total);
  return execnet_group_terminate (group, 5000, NULL, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  gint64 n_tasks = argc > 1 ? g_ascii_strtoll (argv[1], NULL, 10) : 20;
  guint n_workers = argc > 2 ? g_ascii_strtoull (argv[2], NULL, 10) : g_get_num_processors ();

  if (!run (n_tasks, n_workers, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  return 0;
}
