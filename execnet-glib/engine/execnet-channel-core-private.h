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

/* Somebody who is told in a main context, by a post, that a channel may have become ready: to be
 * received from, or to be sent to. */
typedef struct
{
  ExecnetPost post;
  GList link;              /* the gateway's lock: in the channel's polls */
  ExecnetMailbox *mailbox; /* the gateway's lock: of that context, once it is known */
} ExecnetChannelPoll;

/* An item as it arrived: it is decoded in the thread that takes it. */
typedef struct
{
  GBytes *bytes;
  ExecnetItemForm form;
  ExecnetLoadFlags flags;
  gsize counted; /* how much credit it cost the other side */
} ExecnetArrival;

void execnet_arrival_free (gpointer arrival);

/* How the public object is told; all in its own context. */
typedef struct
{
  gboolean (*has_handler) (gpointer object);
  void (*received) (gpointer object, GVariant *item);
  void (*changed) (gpointer object); /* the state */
  void (*limit_changed) (gpointer object);
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
  gboolean remote_error_seen; /* somebody has it, taken or not; else it is logged in the end */
  GError *end_error; /* why it ended, when neither side closed it */

  /* The public object. */
  ExecnetMailbox *mailbox;
  ExecnetPost object_post;
  const ExecnetChannelObjectFuncs *object_funcs; /* atomic, too; NULL while there is no object */
  GWeakRef object;                               /* read in its context alone */
  gboolean closed_emitted;
  ExecnetChannelState told_state; /* in the object's context */

  ExecnetPost callback_post;

  /* Flow control of what arrives: without a limit (0) there is none. */
  guint64 receive_limit;
  gint64 credit_given;  /* the other side may send so much more, or has sent it and nobody took it */
  guint n_unbegun;      /* how often the other side has not answered yet to the first credit */
  guint64 told_limit;   /* in the object's context */

  /* And of what is sent. */
  gboolean is_limited;
  guint64 n_sent; /* bytes since the flow control began */
  guint64 n_allowed;
  GQueue polls; /* of ExecnetChannelPoll */
  GQueue senders; /* of ExecnetPending: send_async, each with n_sent before its item as its tag */
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

/* Flow control: execnet-channel-flow.c. */

/* So much may a limit be; more is as good as none. */
#define EXECNET_RECEIVE_LIMIT_MAX (G_GUINT64_CONSTANT (1) << 60)

/* Any thread. */
void execnet_channel_core_set_receive_limit (ExecnetChannelCore *self, guint64 limit);
/* With the lock: what an item of that size has cost the other side. */
gsize execnet_channel_core_count (ExecnetChannelCore *self, gsize size);
/* With the lock: somebody has taken the item (or NULL) out of the queue. */
void execnet_channel_core_take_in (ExecnetChannelCore *self, const ExecnetArrival *arrival);
/* With the lock. The messages; FALSE when it is malformed. */
gboolean execnet_channel_core_take_flow (ExecnetChannelCore *self, GBytes *payload);
void execnet_channel_core_flow_begun (ExecnetChannelCore *self);
/* With the lock: an item of that size is sent. */
void execnet_channel_core_charge (ExecnetChannelCore *self, gsize size);
/* With the lock: nothing more should be sent for now. */
gboolean execnet_channel_core_is_full (ExecnetChannelCore *self);
/* With the lock: the channel has closed. */
void execnet_channel_core_release_senders (ExecnetChannelCore *self);
/* Any thread. ERROR when it is closed. */
ExecnetWaitResult execnet_channel_core_wait_sendable (ExecnetChannelCore *self,
                                                      gint timeout_ms,
                                                      GCancellable *cancellable);
/* Any thread. FALSE when an item at that position has its credit; else it takes the task over, which
 * completes once that is so, or the channel is closed. */
gboolean execnet_channel_core_wait_credit_async (ExecnetChannelCore *self,
                                                 guint64 position,
                                                 GTask *task,
                                                 ExecnetPendingFunc func);

/* Sources for streams: execnet-channel-source.c. */

/* Any thread. The link's data and the post are set before; it is removed before it goes away. */
void execnet_channel_core_add_poll (ExecnetChannelCore *self, ExecnetChannelPoll *poll);
void execnet_channel_core_remove_poll (ExecnetChannelCore *self, ExecnetChannelPoll *poll);
/* Any thread. */
GSource *execnet_channel_core_create_source (ExecnetChannelCore *self, gboolean for_sending);
/* Any thread: whether it would not wait, be it for an error. */
gboolean execnet_channel_core_can_receive (ExecnetChannelCore *self);
gboolean execnet_channel_core_can_send (ExecnetChannelCore *self);
/* With the lock: one of them may have become ready. */
void execnet_channel_core_wake_sources (ExecnetChannelCore *self);

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
