/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <execnet-glib/base/execnet-version.h>

G_BEGIN_DECLS

/* Declared here so that headers of lower layers can name the objects. */
typedef struct _ExecnetXSpec ExecnetXSpec;
typedef struct _ExecnetSource ExecnetSource;
typedef struct _ExecnetRemoteError ExecnetRemoteError;
typedef struct _ExecnetChannel ExecnetChannel;
typedef struct _ExecnetGateway ExecnetGateway;
typedef struct _ExecnetGroup ExecnetGroup;
typedef struct _ExecnetMultiChannel ExecnetMultiChannel;
typedef struct _ExecnetReceiveQueue ExecnetReceiveQueue;

/**
 * ExecnetChannelState:
 * @EXECNET_CHANNEL_OPEN: items travel both ways
 * @EXECNET_CHANNEL_SEND_ONLY: the other side will send no more, but still takes items
 * @EXECNET_CHANNEL_CLOSED: items can't be sent; what has arrived can still be received
 *
 * What a channel can still do.
 *
 * Since: 1.0
 */
typedef enum
{
  EXECNET_CHANNEL_OPEN,
  EXECNET_CHANNEL_SEND_ONLY,
  EXECNET_CHANNEL_CLOSED,
} ExecnetChannelState;

/**
 * ExecnetGatewayState:
 * @EXECNET_GATEWAY_STARTING: the interpreter is being started
 * @EXECNET_GATEWAY_RUNNING: the worker has answered
 * @EXECNET_GATEWAY_CLOSED: the connection has ended, or never came up
 *
 * Where a gateway is in its life.
 *
 * Since: 1.0
 */
typedef enum
{
  EXECNET_GATEWAY_STARTING,
  EXECNET_GATEWAY_RUNNING,
  EXECNET_GATEWAY_CLOSED,
} ExecnetGatewayState;

/**
 * ExecnetEnding:
 * @EXECNET_ENDING_NONE: it has not ended
 * @EXECNET_ENDING_ASKED: it was asked to end, and did
 * @EXECNET_ENDING_KILLED: it was ended by force
 * @EXECNET_ENDING_DIED: it ended without being asked to, or never came up
 *
 * How a gateway ended.
 *
 * Since: 1.0
 */
typedef enum
{
  EXECNET_ENDING_NONE,
  EXECNET_ENDING_ASKED,
  EXECNET_ENDING_KILLED,
  EXECNET_ENDING_DIED,
} ExecnetEnding;

/**
 * ExecnetWaitResult:
 * @EXECNET_WAIT_READY: what was waited for is there: for [method@Channel.wait], an item
 * @EXECNET_WAIT_END: no more items will come
 * @EXECNET_WAIT_ERROR: the call that takes the result will give an error
 * @EXECNET_WAIT_TIMED_OUT: the time-out ended first
 * @EXECNET_WAIT_INTERRUPTED: the cancellable was cancelled
 *
 * How a wait ended.
 *
 * Since: 1.0
 */
typedef enum
{
  EXECNET_WAIT_READY,
  EXECNET_WAIT_END,
  EXECNET_WAIT_ERROR,
  EXECNET_WAIT_TIMED_OUT,
  EXECNET_WAIT_INTERRUPTED,
} ExecnetWaitResult;

/**
 * ExecnetItemFunc:
 * @item: (nullable): the item, or %NULL for the end marker
 * @user_data: what was given with the function
 * @error: return location for an error
 *
 * Takes the items of a channel, see [method@Channel.set_callback].
 *
 * Thread: the one that runs the main context that was given with the function, or one that
 * waits in [method@Channel.wait_close] while it owns that context.
 *
 * Returns: %TRUE to go on; %FALSE with @error set closes the channel with that error, which the
 *   other side sees
 *
 * Since: 1.0
 */
typedef gboolean (*ExecnetItemFunc) (GVariant *item, gpointer user_data, GError **error);

/**
 * ExecnetBytesFunc:
 * @bytes: (nullable): an item in its wire form, or %NULL for the end marker
 * @user_data: what was given with the function
 * @error: return location for an error
 *
 * Takes the items of a channel as bytes, see [method@Channel.set_bytes_callback].
 *
 * Thread: as for [callback@ItemFunc].
 *
 * Returns: %TRUE to go on; %FALSE with @error set closes the channel with that error, which the
 *   other side sees
 *
 * Since: 1.0
 */
typedef gboolean (*ExecnetBytesFunc) (GBytes *bytes, gpointer user_data, GError **error);

/**
 * ExecnetProgressFunc:
 * @n_done: how much is done
 * @n_total: how much there is to do
 * @user_data: what was given with the function
 *
 * Told how far a call has got.
 *
 * Thread: the one of the call, and its thread-default main context for an asynchronous one.
 *
 * Since: 1.0
 */
typedef void (*ExecnetProgressFunc) (guint n_done, guint n_total, gpointer user_data);

/**
 * ExecnetDumpFlags:
 * @EXECNET_DUMP_DEFAULT: write version 2 of the format, which execnet 2 reads
 * @EXECNET_DUMP_VERSION_1: write version 1 of the format, which execnet 1 reads
 *
 * How [func@dumps] writes.
 *
 * Since: 1.0
 */
typedef enum
{
  EXECNET_DUMP_DEFAULT = 0,
  EXECNET_DUMP_VERSION_1 = 1 << 0,
} ExecnetDumpFlags;

/**
 * ExecnetLoadFlags:
 * @EXECNET_LOAD_DEFAULT: Python 2 strings become bytes, Python 3 strings text
 * @EXECNET_LOAD_PY2STR_AS_PY3STR: strings of Python 2 become text (their bytes taken as Latin-1)
 * @EXECNET_LOAD_PY3STR_AS_PY2STR: strings of Python 3 become bytes (UTF-8)
 *
 * How strings of the two Pythons are converted when an item is read.
 *
 * Since: 1.0
 */
typedef enum
{
  EXECNET_LOAD_DEFAULT = 0,
  EXECNET_LOAD_PY2STR_AS_PY3STR = 1 << 0,
  EXECNET_LOAD_PY3STR_AS_PY2STR = 1 << 1,
} ExecnetLoadFlags;

G_END_DECLS
