/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "base/execnet-types.h"
#include "data/execnet-item.h"
#include "engine/execnet-connection-private.h"
#include "engine/execnet-mailbox-private.h"
#include "engine/execnet-output-private.h"
#include "engine/execnet-pending-private.h"
#include "transport/execnet-transport-private.h"

G_BEGIN_DECLS

/* What the engine knows of a gateway: a plain struct with an atomic reference count. The public
 * object points to it; the worker thread and the tables know only this, and never hold, take or
 * drop a reference on a public object. */
typedef struct _ExecnetGatewayCore ExecnetGatewayCore;
typedef struct _ExecnetGatewayLife ExecnetGatewayLife; /* the worker thread's part */

/* What the public object does when it is told something, in its own context. */
typedef struct
{
  void (*changed) (gpointer object);
  gboolean (*has_output_handler) (gpointer object);
  void (*output) (gpointer object, const char *line, gboolean is_stderr);
} ExecnetGatewayObjectFuncs;

struct _ExecnetGatewayCore
{
  gatomicrefcount refs;
  guint generation; /* of the process that made it, see execnet-fork-private.h */
  char *id;

  GMutex lock;
  ExecnetCondition changed;

  /* Under the lock, as are the channels of the gateway. */
  ExecnetGatewayState state;
  int has_come_up; /* atomic: what arrives is messages */
  gboolean is_live; /* the worker thread takes orders for it */
  gboolean is_gone; /* nothing is left of it: no connection, process or use of the worker thread */
  gboolean exit_asked;
  gboolean was_killed; /* before it had ended */
  GError *error; /* why it closed; NULL while it has not, and after an exit that was asked for */
  gint exit_status;
  gint term_signal;
  char *last_output;
  GHashTable *channels; /* id to ExecnetChannelCore, holding a reference */
  gint32 next_channel_id;
  guint n_unclaimed; /* channels that arrived in items, and that nobody asked for yet */
  gboolean is_detached; /* the public object is going away: nobody can ask for a channel any more */
  ExecnetLoadFlags load_flags;
  GVariant *information;
  ExecnetConnection *connection; /* once set, it stays until the core is freed */
  GQueue end_waiters;            /* of ExecnetPending: join */
  GQueue ready_waiters;          /* of ExecnetPending: up or closed */

  /* The public object, told in its own context. Set once, before the start. */
  ExecnetMailbox *mailbox;
  ExecnetPost post;
  GWeakRef object; /* read in that context alone */
  const ExecnetGatewayObjectFuncs *object_funcs;

  /* Set at the start. Whom the transport asks, and as whom. */
  ExecnetQuestions *questions; /* holds a reference, or NULL */
  gconstpointer asker;
  guint n_asked; /* lock: counts what was asked while somebody waited for this to be up */

  /* Set before the start, where what is printed on the other side is wanted. */
  ExecnetOutput *output;
  ExecnetPost output_post;

  /* Somebody else to be told of the end, in the mailbox's context. Under the lock. */
  ExecnetMailbox *watcher_mailbox;
  ExecnetPost *watcher;

  /* The gateway that leads to it, or NULL. Holds a reference; set before the start. */
  ExecnetGatewayCore *via;

  ExecnetGatewayLife *life;
};

ExecnetGatewayCore *execnet_gateway_core_new (const char *id);
ExecnetGatewayCore *execnet_gateway_core_ref (ExecnetGatewayCore *self);
void execnet_gateway_core_unref (gpointer self);

/* Any thread. Ends the object's interest; what waits for it in its context is dropped. */
void execnet_gateway_core_attach (ExecnetGatewayCore *self,
                                  GObject *object,
                                  GMainContext *context,
                                  const ExecnetGatewayObjectFuncs *funcs);
void execnet_gateway_core_detach (ExecnetGatewayCore *self);

/* Any thread. */
gboolean execnet_gateway_core_is_foreign (ExecnetGatewayCore *self);
ExecnetGatewayState execnet_gateway_core_get_state (ExecnetGatewayCore *self);
GError *execnet_gateway_core_dup_error (ExecnetGatewayCore *self);
void execnet_gateway_core_tell (ExecnetGatewayCore *self);

/* Any thread: how many gateways lead to it. They end after it. */
guint execnet_gateway_core_get_depth (ExecnetGatewayCore *self);

/* Any thread, once. The post is posted when nothing is left of the gateway. */
void execnet_gateway_core_set_watcher (ExecnetGatewayCore *self,
                                       ExecnetMailbox *mailbox,
                                       ExecnetPost *watcher);

/* With the lock. */
void execnet_gateway_core_tell_watcher (ExecnetGatewayCore *self);

/* With the lock: the table of channels, which is empty then. */
GHashTable *execnet_gateway_core_steal_channels (ExecnetGatewayCore *self);

/* With the lock. Why nothing can be sent. */
void execnet_gateway_core_set_closed_error (ExecnetGatewayCore *self, GError **error);

/* Any thread. The other side takes no more: its end, with the reason, is being noticed, and is waited
 * for for a moment. */
void execnet_gateway_core_set_broken_error (ExecnetGatewayCore *self, GError **error);

/* Any thread. As below, an item of which only the content is given (execnet_item_get_content). */
gboolean execnet_gateway_core_send_content (ExecnetGatewayCore *self,
                                            gint32 channel,
                                            GBytes *content,
                                            GError **error);

/* Any thread. Sends; FALSE with an error when the gateway is not up. Where the other side has just
 * stopped taking messages, it waits a moment until the reason is known. */
gboolean execnet_gateway_core_send (ExecnetGatewayCore *self,
                                    ExecnetMessageCode code,
                                    gint32 channel,
                                    GBytes *payload,
                                    GError **error);

/* Any thread. Sends what is of no interest to a gateway that is gone. Waits for nothing. */
void execnet_gateway_core_notify (ExecnetGatewayCore *self,
                                  ExecnetMessageCode code,
                                  gint32 channel,
                                  GBytes *payload);

/* Any thread: the connection when the gateway is up, else NULL with an error. */
ExecnetConnection *execnet_gateway_core_get_connection (ExecnetGatewayCore *self, GError **error);

/* Before the start: the transport may have questions to ask. */
void execnet_gateway_core_set_asker (ExecnetGatewayCore *self, ExecnetTransport *transport);

/* Any thread. Waits until it is up, or closed, or until it is closed: FALSE when the wait ended
 * first. */
gboolean execnet_gateway_core_wait_ready (ExecnetGatewayCore *self,
                                          gint timeout_ms,
                                          GCancellable *cancellable);
gboolean execnet_gateway_core_wait_closed (ExecnetGatewayCore *self,
                                           gint timeout_ms,
                                           GCancellable *cancellable);

/* Life: execnet-gateway-life.c. */

/* Any thread, once. Begins to start the interpreter. `options` is the dictionary that travels in
 * the bootstrap line (docs/protocol.md). It may take `timeout_seconds`; 0 for any time. */
void execnet_gateway_core_start (ExecnetGatewayCore *self,
                                 ExecnetTransport *transport,
                                 GVariant *options,
                                 guint timeout_seconds);

/* Any thread, before it is used: `via` leads to its other end. */
void execnet_gateway_core_lead (ExecnetGatewayCore *via, ExecnetTransport *transport);

/* Any thread. Asks the worker to end; while it is starting, ends it. */
void execnet_gateway_core_exit (ExecnetGatewayCore *self);

/* Any thread. While it is starting, ends it for a reason. Takes the error over. */
void execnet_gateway_core_give_up (ExecnetGatewayCore *self, GError *error);

/* Any thread. Ends the worker by force, where that is possible. */
void execnet_gateway_core_kill (ExecnetGatewayCore *self);

/* An exit handler's way of killing, with the worker thread perhaps stuck. */
void execnet_gateway_core_kill_now (ExecnetGatewayCore *self);

/* Messages: execnet-gateway-messages.c. Worker thread. */
gboolean execnet_gateway_core_take_message (ExecnetGatewayCore *self,
                                            const ExecnetMessageHeader *header,
                                            GBytes *payload,
                                            GError **error);

/* Output: execnet-gateway-output.c. Before the start: what is printed on the other side is wanted.
 * Tells how it comes. */
ExecnetOutputRoute execnet_gateway_core_capture_output (ExecnetGatewayCore *self,
                                                        ExecnetTransport *transport);

/* Any thread, where it is wanted. */
void execnet_gateway_core_take_output (ExecnetGatewayCore *self,
                                       gboolean is_stderr,
                                       const char *bytes,
                                       gsize length);

/* Any thread. Nothing more will come. */
void execnet_gateway_core_end_output (ExecnetGatewayCore *self);

/* In the object's context. Emits what there is, if anybody listens. */
void execnet_gateway_core_flush_output (ExecnetGatewayCore *self);

/* Any thread: how the other side is to read strings. Channel 0 is the gateway. */
gboolean execnet_gateway_core_send_load_flags (ExecnetGatewayCore *self,
                                               gint32 channel,
                                               ExecnetLoadFlags flags,
                                               GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetGatewayCore, execnet_gateway_core_unref)

G_END_DECLS
