/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "engine/execnet-gateway-core-private.h"
#include "engine/execnet-pending-private.h"

G_BEGIN_DECLS

/* What is behind a gateway: a program that was started there, or a connection that was made from
 * there. Its bytes travel as items over a channel of that gateway, with flow control both ways;
 * bootstrap/relay.py is what does the work at the other end, and says what else travels. Reference
 * counted; worker thread, except where it says otherwise. */
typedef struct _ExecnetRelay ExecnetRelay;

typedef struct
{
  /* Once: the process has ended, or nobody will ever tell how it does. What came before was read, or
   * will not be. */
  void (*ended) (gpointer user_data);
  /* What is printed to stderr, or NULL to have it on our own. */
  void (*errors) (const char *bytes, gsize length, gpointer user_data);
  /* Once, after execnet_relay_await_connection; else `ended` comes. */
  void (*connected) (gpointer user_data);
  /* An ssh client asks; execnet_relay_answer says what. */
  void (*ask) (gint64 number, const char *question, gpointer user_data);
} ExecnetRelayFuncs;

/* The function is called when the gateway is up, or never will be; it gets an error, to keep, when the
 * task was cancelled before. Takes the task over. */
void execnet_relay_wait_for_gateway (ExecnetGatewayCore *gateway,
                                     GTask *task,
                                     ExecnetPendingFunc func);

/* Why it is not up; NULL when it is. */
GError *execnet_relay_check_gateway (ExecnetGatewayCore *gateway);

/* The gateway is up. `function` is one of bootstrap/relay.py, and `arguments` a dictionary for it.
 * `user_data` must stay until execnet_relay_forget. */
ExecnetRelay *execnet_relay_new (ExecnetGatewayCore *gateway,
                                 const char *function,
                                 GVariant *arguments,
                                 const ExecnetRelayFuncs *funcs,
                                 gpointer user_data,
                                 GError **error);
ExecnetRelay *execnet_relay_ref (ExecnetRelay *self);
void execnet_relay_unref (ExecnetRelay *self);

/* Calls back no more, and ends what is there by force. */
void execnet_relay_forget (ExecnetRelay *self);

/* The bytes as a stream, which is asynchronous alone. */
GIOStream *execnet_relay_make_stream (ExecnetRelay *self);

/* Of a connection, before anything is read. */
void execnet_relay_await_connection (ExecnetRelay *self);

/* Any thread: ends what is there by force. FALSE when that can't be said. */
gboolean execnet_relay_kill (ExecnetRelay *self);

/* NULL: there is no answer. */
void execnet_relay_answer (ExecnetRelay *self, gint64 number, const char *answer);

/* Ends the direction to it. */
void execnet_relay_close_write (ExecnetRelay *self);

gboolean execnet_relay_has_ended (ExecnetRelay *self);

/* The numbers, if it was a process that has ended, and its last output. */
void execnet_relay_get_end (ExecnetRelay *self, ExecnetTransportEnd *end);

/* Why it could not be started, or reached any more; NULL when there is no such reason. */
const GError *execnet_relay_get_error (ExecnetRelay *self);

/* For the stream: a call that reads or writes takes over the task, which completes with a number of
 * bytes. */
void execnet_relay_read (ExecnetRelay *self, GTask *task, void *buffer, gsize count);
void execnet_relay_write (ExecnetRelay *self, GTask *task, const void *buffer, gsize count);
/* What comes is not wanted any more. */
void execnet_relay_close (ExecnetRelay *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetRelay, execnet_relay_unref)

G_END_DECLS
