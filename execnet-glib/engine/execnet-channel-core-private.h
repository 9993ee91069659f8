/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "base/execnet-types.h"
#include "data/execnet-item-private.h"
#include "engine/execnet-gateway-core-private.h"

G_BEGIN_DECLS

/* What the engine knows of a channel, as ExecnetGatewayCore of a gateway. Its fields are under the
 * gateway's lock. */
typedef struct _ExecnetChannelCore ExecnetChannelCore;
typedef struct _ExecnetArrivalQueue ExecnetArrivalQueue; /* execnet-arrival-queue-private.h */

/* An item as it arrived: it is decoded in the thread that takes it. */
typedef struct
{
  GBytes *bytes;
  ExecnetItemForm form;
  ExecnetLoadFlags flags;
} ExecnetArrival;

void execnet_arrival_free (gpointer arrival);

/* How the public object is told; all in its own context. */
typedef struct
{
  gboolean (*has_handler) (gpointer object);
  void (*received) (gpointer object, GVariant *item);
  void (*changed) (gpointer object); /* the state */
  void (*closed) (gpointer object, const GError *error);
} ExecnetChannelObjectFuncs;

/* A callback: one of the functions is set. */
typedef struct
{
  ExecnetMailbox *mailbox;
  ExecnetItemFunc item_func;
  ExecnetBytesFunc bytes_func;
  gpointer user_data;
  GDestroyNotify notify;
  gboolean wants_end_marker;
  GThread *running; /* the thread that is in the function now */
} ExecnetChannelCallback;

struct _ExecnetChannelCore
{
  gatomicrefcount refs;
  ExecnetGatewayCore *gateway; /* holds a reference */
  gint32 id;

  /* Under the gateway's lock. */
  ExecnetCondition changed;
  ExecnetChannelState state;
  ExecnetLoadFlags load_flags;
  GQueue arrivals;  /* of ExecnetArrival */
  GQueue receivers; /* of ExecnetPending: receive; each is completed with an ExecnetArrival */
  GQueue closers;   /* of ExecnetPending: wait_close */
  guint n_waiters;        /* threads in receive */
  guint n_readers;        /* threads that read the connection while they wait: one at most */
  gboolean is_registered; /* in the gateway's table */
  gboolean is_unclaimed;  /* it arrived in an item, and nobody asked for it yet */
  gboolean is_named;      /* it has an object, and an item names it that nobody looked at yet */
  gboolean had_callback;  /* one, or a queue, was ever set */
  ExecnetArrivalQueue *queue;  /* of several channels, until the end; holds a reference */
  ExecnetChannelCallback *callback;
  ExecnetRemoteError *remote_error;
  gboolean remote_error_taken;
  GError *end_error; /* why it ended, when neither side closed it */

  /* The public object. */
  ExecnetMailbox *mailbox;
  ExecnetPost object_post;
  const ExecnetChannelObjectFuncs *object_funcs; /* atomic, too; NULL while there is no object */
  GWeakRef object;                               /* read in its context alone */
  gboolean closed_emitted;
  ExecnetChannelState told_state; /* in the object's context */

  ExecnetPost callback_post;
};

/* With the gateway's lock. */
ExecnetChannelCore *execnet_channel_core_new (ExecnetGatewayCore *gateway, gint32 id);

ExecnetChannelCore *execnet_channel_core_ref (ExecnetChannelCore *self);
void execnet_channel_core_unref (gpointer self);

/* With the lock, or NULL. */
ExecnetChannelCore *execnet_channel_core_lookup (ExecnetGatewayCore *gateway, gint32 id);

/* With the lock: those that are not closed. */
guint execnet_channel_core_count_open (ExecnetGatewayCore *gateway);

/* With the lock: a channel that arrived in an item is there from now on. */
void execnet_channel_core_mention (ExecnetGatewayCore *gateway, gint32 id);

/* Any thread: a channel with a new number, in the table; NULL when the gateway is not up. */
ExecnetChannelCore *execnet_channel_core_allocate (ExecnetGatewayCore *gateway, GError **error);

/* Any thread. The object's thread-default context becomes its own. */
void execnet_channel_core_attach (ExecnetChannelCore *self,
                                  GObject *object,
                                  const ExecnetChannelObjectFuncs *funcs);
/* Any thread. The object is going away: the other side is told, unless a callback stays. */
void execnet_channel_core_detach (ExecnetChannelCore *self);

/* With the lock. */
gboolean execnet_channel_core_has_ended (ExecnetChannelCore *self); /* no more items will come */
gboolean execnet_channel_core_is_finished (ExecnetChannelCore *self); /* and a callback had all */
void execnet_channel_core_unregister (ExecnetChannelCore *self);
/* Somebody has looked at the items that name it. */
void execnet_channel_core_forget_name (ExecnetChannelCore *self);
/* Why nothing can be received any more: a remote error once, then the plain end. */
GError *execnet_channel_core_take_end_error (ExecnetChannelCore *self);
/* Wakes everybody whom a change of state may concern. */
void execnet_channel_core_wake (ExecnetChannelCore *self);

/* What arrives, with the lock: execnet-channel-arrivals.c. */
void execnet_channel_core_file (ExecnetChannelCore *self, GBytes *bytes);
void execnet_channel_core_end (ExecnetChannelCore *self,
                               ExecnetChannelState state,
                               ExecnetRemoteError *remote_error,
                               const GError *end_error);
/* The first of a kind stays. */
void execnet_channel_core_set_errors (ExecnetChannelCore *self,
                                      ExecnetRemoteError *remote_error,
                                      const GError *end_error);

/* Any thread. NULL with an error: nothing came, in time or any more. */
ExecnetArrival *execnet_channel_core_receive (ExecnetChannelCore *self,
                                              gint timeout_ms,
                                              GCancellable *cancellable,
                                              GError **error);
/* Any thread. NULL without an error: nothing is there now. */
ExecnetArrival *execnet_channel_core_try_receive (ExecnetChannelCore *self, GError **error);
/* Any thread. Its items go to a queue of several channels from now on. */
gboolean execnet_channel_core_set_queue (ExecnetChannelCore *self,
                                         ExecnetArrivalQueue *queue,
                                         GError **error);
/* Any thread: the next item for whoever has its turn in the queue, or NULL. */
ExecnetArrival *execnet_channel_core_take_queued (ExecnetChannelCore *self);
/* Any thread: an item that was received comes next again. Takes the bytes over. */
void execnet_channel_core_give_back (ExecnetChannelCore *self, GBytes *bytes);
/* Any thread: what execnet_channel_core_decode needs. */
ExecnetArrival *execnet_channel_core_new_arrival (ExecnetChannelCore *self, GBytes *bytes);
void execnet_channel_core_receive_async (ExecnetChannelCore *self,
                                         gint timeout_ms,
                                         GTask *task,
                                         ExecnetPendingFunc func);
ExecnetWaitResult execnet_channel_core_wait (ExecnetChannelCore *self,
                                             gint timeout_ms,
                                             GCancellable *cancellable);
/* Any thread: the item. On an error the channel is closed with it, on both sides. */
GVariant *
execnet_channel_core_decode (ExecnetChannelCore *self, ExecnetArrival *arrival, GError **error);

/* To the object's context and the callback's: execnet-channel-delivery.c. */

/* With the lock: something is there to deliver. */
void execnet_channel_core_post (ExecnetChannelCore *self);
gboolean execnet_channel_core_set_callback (ExecnetChannelCore *self,
                                            const ExecnetChannelCallback *callback,
                                            GPtrArray **queued,
                                            GError **error);
extern const ExecnetPostFuncs execnet_channel_object_post_funcs;
extern const ExecnetPostFuncs execnet_channel_callback_post_funcs;

/* Closing: execnet-channel-closing.c. Any thread. */
gboolean
execnet_channel_core_close (ExecnetChannelCore *self, const char *error_text, GError **error);
/* Closes it because this side can't go on: what has arrived is dropped, and this side reports the
 * error, too, either as one of the other side's or as the end. */
void execnet_channel_core_break (ExecnetChannelCore *self,
                                 const char *error_text,
                                 ExecnetRemoteError *remote_error,
                                 const GError *end_error);
ExecnetWaitResult execnet_channel_core_wait_closed (ExecnetChannelCore *self,
                                                    gint timeout_ms,
                                                    GCancellable *cancellable);
/* As above, and takes the error that the close came with. */
gboolean execnet_channel_core_wait_close (ExecnetChannelCore *self,
                                          gint timeout_ms,
                                          GCancellable *cancellable,
                                          GError **error);
void execnet_channel_core_wait_close_async (ExecnetChannelCore *self,
                                            gint timeout_ms,
                                            GTask *task,
                                            ExecnetPendingFunc func);
/* With the lock. What wait_close gives: a remote error once, or why the connection ended. */
GError *execnet_channel_core_take_close_error (ExecnetChannelCore *self);
/* In the callback's context: runs what is queued for this channel's callback. */
void execnet_channel_core_run_callback (ExecnetChannelCore *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetChannelCore, execnet_channel_core_unref)

G_END_DECLS
