/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "collections/execnet-multi-channel-private.h"

#include "base/execnet-error.h"


static void list_model_init (GListModelInterface *iface);

/**
 * ExecnetMultiChannel:
 *
 * Several channels, usually one of each gateway of a group, that are used together.
 *
 * [method@Group.remote_exec] makes one. It is a [iface@Gio.ListModel] of [class@Channel], which
 * never changes, and keeps its channels alive.
 *
 * Thread: methods may be called from any thread.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE_WITH_CODE (ExecnetMultiChannel,
                               execnet_multi_channel,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

enum
{
  PROP_CHANNELS = 1,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

/* The list model. */

static GType
get_item_type (GListModel *model)
{
  return EXECNET_TYPE_CHANNEL;
}

static guint
get_n_items (GListModel *model)
{
  return EXECNET_MULTI_CHANNEL (model)->channels->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  GPtrArray *channels = EXECNET_MULTI_CHANNEL (model)->channels;

  return position < channels->len ? g_object_ref (channels->pdata[position]) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* The object. */

static void
take_channels_of (ExecnetMultiChannel *self, GListModel *model)
{
  guint n = model != NULL ? g_list_model_get_n_items (model) : 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GObject) channel = g_list_model_get_item (model, i);

      if (EXECNET_IS_CHANNEL (channel))
        g_ptr_array_add (self->channels, g_steal_pointer (&channel));
    }
}

static void
execnet_multi_channel_set_property (GObject *object,
                                    guint property_id,
                                    const GValue *value,
                                    GParamSpec *pspec)
{
  ExecnetMultiChannel *self = EXECNET_MULTI_CHANNEL (object);

  switch (property_id)
    {
    case PROP_CHANNELS:
      take_channels_of (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property_id, pspec);
    }
}

static void
execnet_multi_channel_dispose (GObject *object)
{
  ExecnetMultiChannel *self = EXECNET_MULTI_CHANNEL (object);

  g_clear_object (&self->queue);

  G_OBJECT_CLASS (execnet_multi_channel_parent_class)->dispose (object);
}

static void
execnet_multi_channel_finalize (GObject *object)
{
  ExecnetMultiChannel *self = EXECNET_MULTI_CHANNEL (object);

  g_ptr_array_unref (self->channels);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (execnet_multi_channel_parent_class)->finalize (object);
}

static void
execnet_multi_channel_class_init (ExecnetMultiChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = execnet_multi_channel_set_property;
  object_class->dispose = execnet_multi_channel_dispose;
  object_class->finalize = execnet_multi_channel_finalize;

  /**
   * ExecnetMultiChannel:channels:
   *
   * The channels that it is made of: a [iface@Gio.ListModel] of [class@Channel], which is only
   * looked at while the object is made. For language bindings.
   *
   * Since: 1.0
   */
  properties[PROP_CHANNELS]
      = g_param_spec_object ("channels",
                             NULL,
                             NULL,
                             G_TYPE_LIST_MODEL,
                             G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
execnet_multi_channel_init (ExecnetMultiChannel *self)
{
  self->channels = g_ptr_array_new_with_free_func (g_object_unref);
  g_mutex_init (&self->lock);
}

/**
 * execnet_multi_channel_new:
 * @channels: (array length=n_channels): channels, also of several gateways
 * @n_channels: how many there are
 *
 * Makes a multi-channel of channels.
 *
 * Returns: (transfer full): the multi-channel
 *
 * Since: 1.0
 */
ExecnetMultiChannel *
execnet_multi_channel_new (ExecnetChannel **channels, gsize n_channels)
{
  ExecnetMultiChannel *self = g_object_new (EXECNET_TYPE_MULTI_CHANNEL, NULL);

  for (gsize i = 0; i < n_channels; i++)
    g_ptr_array_add (self->channels, g_object_ref (channels[i]));
  return self;
}

/**
 * execnet_multi_channel_get_channel:
 * @self: a multi-channel
 * @index: a position, from 0
 *
 * Gives one of the channels.
 *
 * Returns: (transfer none) (nullable): the channel; %NULL when there are not so many
 *
 * Since: 1.0
 */
ExecnetChannel *
execnet_multi_channel_get_channel (ExecnetMultiChannel *self, guint index)
{
  g_return_val_if_fail (EXECNET_IS_MULTI_CHANNEL (self), NULL);

  return index < self->channels->len ? self->channels->pdata[index] : NULL;
}

/**
 * execnet_multi_channel_get_channels:
 * @self: a multi-channel
 *
 * Lists the channels.
 *
 * Returns: (transfer container) (element-type ExecnetChannel): the channels
 *
 * Since: 1.0
 */
GPtrArray *
execnet_multi_channel_get_channels (ExecnetMultiChannel *self)
{
  GPtrArray *channels;

  g_return_val_if_fail (EXECNET_IS_MULTI_CHANNEL (self), NULL);

  channels = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->channels->len; i++)
    g_ptr_array_add (channels, g_object_ref (self->channels->pdata[i]));
  return channels;
}

/**
 * execnet_multi_channel_contains:
 * @self: a multi-channel
 * @channel: a channel
 *
 * Tells whether a channel is one of these.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
execnet_multi_channel_contains (ExecnetMultiChannel *self, ExecnetChannel *channel)
{
  g_return_val_if_fail (EXECNET_IS_MULTI_CHANNEL (self), FALSE);

  return g_ptr_array_find (self->channels, channel, NULL);
}

/* With the lock. */
static ExecnetReceiveQueue *
make_queue (ExecnetMultiChannel *self, gboolean end_markers, GError **error)
{
  g_autoptr (ExecnetReceiveQueue) queue = execnet_receive_queue_new (end_markers);

  for (guint i = 0; i < self->channels->len; i++)
    {
      if (!execnet_receive_queue_add (queue, self->channels->pdata[i], error))
        return NULL;
    }
  return g_steal_pointer (&queue);
}

/**
 * execnet_multi_channel_make_receive_queue:
 * @self: a multi-channel
 * @end_markers: whether there is an end marker for each channel, behind its last item
 * @error: return location for an error
 *
 * Makes a queue of what arrives over all channels, and of what waits there already. It is the same
 * one at each call, as the first asked for it.
 *
 * Returns: (transfer full): the queue; %NULL with %EXECNET_ERROR_HAS_HANDLER when the items of one of
 *   the channels go elsewhere already: then those of the channels before it are lost, too
 *
 * Since: 1.0
 */
ExecnetReceiveQueue *
execnet_multi_channel_make_receive_queue (ExecnetMultiChannel *self,
                                          gboolean end_markers,
                                          GError **error)
{
  ExecnetReceiveQueue *queue = NULL;

  g_return_val_if_fail (EXECNET_IS_MULTI_CHANNEL (self), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  g_mutex_lock (&self->lock);
  if (self->queue == NULL)
    self->queue = make_queue (self, end_markers, error);
  if (self->queue != NULL)
    queue = g_object_ref (self->queue);
  g_mutex_unlock (&self->lock);
  return queue;
}
