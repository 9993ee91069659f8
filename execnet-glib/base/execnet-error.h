/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <execnet-glib/base/execnet-types.h>

G_BEGIN_DECLS

/**
 * EXECNET_ERROR:
 *
 * The error domain of this library. Cancelled calls fail with
 * %G_IO_ERROR_CANCELLED instead, as everywhere in GIO.
 *
 * Since: 1.0
 */
#define EXECNET_ERROR (execnet_error_quark ())

/**
 * ExecnetError:
 * @EXECNET_ERROR_FAILED: something went wrong that has no code of its own
 * @EXECNET_ERROR_INVALID_SPEC: a gateway specification can't be understood
 * @EXECNET_ERROR_HOST_NOT_FOUND: a host name doesn't resolve
 * @EXECNET_ERROR_CONNECTION_REFUSED: nothing accepts connections at the address
 * @EXECNET_ERROR_AUTHENTICATION_FAILED: the host accepted none of the ways to log in
 * @EXECNET_ERROR_HOST_KEY_UNKNOWN: the host's key is in no list of known hosts
 * @EXECNET_ERROR_HOST_KEY_CHANGED: the host's key isn't the known one, or is revoked
 * @EXECNET_ERROR_NEEDS_INTERACTION: a question had to be asked and nobody was there to answer it
 * @EXECNET_ERROR_NO_INTERPRETER: no Python interpreter could be started
 * @EXECNET_ERROR_INTERPRETER_TOO_OLD: the interpreter is older than the worker can run on
 * @EXECNET_ERROR_UNEXPECTED_OUTPUT: something else was printed where the worker should answer
 * @EXECNET_ERROR_NOT_CONNECTED: the gateway was never connected
 * @EXECNET_ERROR_DIED: the other side ended; the message has its exit status and last words
 * @EXECNET_ERROR_CLOSED: the channel or gateway is closed
 * @EXECNET_ERROR_END: no more items will come
 * @EXECNET_ERROR_REMOTE: remote code raised an exception, or the other side closed with an error
 * @EXECNET_ERROR_TIMED_OUT: the time-out ended first
 * @EXECNET_ERROR_INTERRUPTED: remote code was interrupted
 * @EXECNET_ERROR_DATA_FORMAT: bytes that should be an item or a message are not
 * @EXECNET_ERROR_UNSUPPORTED_TYPE: a value has a type that items can't carry
 * @EXECNET_ERROR_TOO_DEEP: an item is nested too deeply
 * @EXECNET_ERROR_TOO_LARGE: an item or a message is too large
 * @EXECNET_ERROR_WOULD_DEADLOCK: the call would wait for itself
 * @EXECNET_ERROR_HAS_HANDLER: items go to a callback or a signal handler, and can't be received too
 * @EXECNET_ERROR_EXITING: the gateway or group is shutting down
 * @EXECNET_ERROR_PERMISSION_DENIED: the system doesn't allow it
 * @EXECNET_ERROR_DUPLICATE_ID: a gateway of the group has this id already
 * @EXECNET_ERROR_BAD_CERTIFICATE: the TLS certificate of the host isn't valid, or not for that host
 *
 * What can go wrong. New codes are only ever added at the end.
 *
 * Since: 1.0
 */
typedef enum
{
  EXECNET_ERROR_FAILED,
  EXECNET_ERROR_INVALID_SPEC,
  EXECNET_ERROR_HOST_NOT_FOUND,
  EXECNET_ERROR_CONNECTION_REFUSED,
  EXECNET_ERROR_AUTHENTICATION_FAILED,
  EXECNET_ERROR_HOST_KEY_UNKNOWN,
  EXECNET_ERROR_HOST_KEY_CHANGED,
  EXECNET_ERROR_NEEDS_INTERACTION,
  EXECNET_ERROR_NO_INTERPRETER,
  EXECNET_ERROR_INTERPRETER_TOO_OLD,
  EXECNET_ERROR_UNEXPECTED_OUTPUT,
  EXECNET_ERROR_NOT_CONNECTED,
  EXECNET_ERROR_DIED,
  EXECNET_ERROR_CLOSED,
  EXECNET_ERROR_END,
  EXECNET_ERROR_REMOTE,
  EXECNET_ERROR_TIMED_OUT,
  EXECNET_ERROR_INTERRUPTED,
  EXECNET_ERROR_DATA_FORMAT,
  EXECNET_ERROR_UNSUPPORTED_TYPE,
  EXECNET_ERROR_TOO_DEEP,
  EXECNET_ERROR_TOO_LARGE,
  EXECNET_ERROR_WOULD_DEADLOCK,
  EXECNET_ERROR_HAS_HANDLER,
  EXECNET_ERROR_EXITING,
  EXECNET_ERROR_PERMISSION_DENIED,
  EXECNET_ERROR_DUPLICATE_ID,
  EXECNET_ERROR_BAD_CERTIFICATE,
} ExecnetError;

EXECNET_AVAILABLE_IN_1_0
GQuark execnet_error_quark (void);

G_END_DECLS
