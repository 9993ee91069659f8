/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/execnet-error.h"
#include "data/execnet-xspec.h"

G_BEGIN_DECLS

/* A way to a Python interpreter: it yields one GIOStream, on which an interpreter reads its
 * source, and knows how the other end dies. Nothing above this layer knows which kind it is.
 *
 * Everything here is for the worker thread alone, except where it says otherwise: the object is
 * made, used and dropped there, and its results come in the worker thread's main context, which
 * is the thread-default one there. It never blocks. */

#define EXECNET_TYPE_TRANSPORT (execnet_transport_get_type ())
G_DECLARE_DERIVABLE_TYPE (ExecnetTransport, execnet_transport, EXECNET, TRANSPORT, GObject)

/* How the other end ended. */
typedef struct
{
  gboolean exited;   /* the process was reaped: the two numbers below hold */
  gint exit_status;  /* 0 to 255, or -1 when a signal ended it */
  gint term_signal;  /* the signal, or 0 */
  char *last_output; /* the last lines of stderr, valid UTF-8; may be empty, not NULL */
} ExecnetTransportEnd;

struct _ExecnetTransportClass
{
  GObjectClass parent_class;

  void (*open_async) (ExecnetTransport *self,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
  GIOStream *(*open_finish) (ExecnetTransport *self, GAsyncResult *result, GError **error);
  void (*close_write) (ExecnetTransport *self);
  void (*kill) (ExecnetTransport *self);
  void (*wait_end_async) (ExecnetTransport *self,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
  gboolean (*wait_end_finish) (ExecnetTransport *self, GAsyncResult *result, GError **error);
  void (*get_end) (ExecnetTransport *self, ExecnetTransportEnd *end);
  gboolean (*kill_from_any_thread) (ExecnetTransport *self);
};

/* Starts the interpreter, or connects. The stream's other end waits for one line of source. */
void execnet_transport_open_async (ExecnetTransport *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);

GIOStream *
execnet_transport_open_finish (ExecnetTransport *self, GAsyncResult *result, GError **error);

/* Ends the direction towards the worker, which is how it learns that nobody will talk to it any
 * more; what it still sends can be read. */
void execnet_transport_close_write (ExecnetTransport *self);

/* Ends the other side by force, where that is possible: a local process and its whole process
 * group with SIGKILL. */
void execnet_transport_kill (ExecnetTransport *self);

/* Ready when the process was reaped; a transport without a process is ready at once. */
void execnet_transport_wait_end_async (ExecnetTransport *self,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);

gboolean
execnet_transport_wait_end_finish (ExecnetTransport *self, GAsyncResult *result, GError **error);

/* What is known now. `end` is filled; the caller clears it. */
void execnet_transport_get_end (ExecnetTransport *self, ExecnetTransportEnd *end);
void execnet_transport_end_clear (ExecnetTransportEnd *end);

/* Any thread, also in an exit handler while the worker thread is stuck: as kill. */
gboolean execnet_transport_kill_from_any_thread (ExecnetTransport *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ExecnetTransportEnd, execnet_transport_end_clear)

/* Makes the transport that the spec's type asks for (popen here; more to come), or says what is
 * wrong with the spec. Any thread, quick: nothing is started yet. `default_python` (nullable) is
 * the interpreter for a plain popen, as a single path; NULL means python3 of PATH. */
ExecnetTransport *
execnet_transport_new_for_spec (ExecnetXSpec *spec, const char *default_python, GError **error);

G_END_DECLS
