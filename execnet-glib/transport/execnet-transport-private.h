/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/execnet-error.h"
#include "data/execnet-xspec.h"
#include "transport/execnet-connector-private.h"

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
  char *stray_output; /* for explain_end: what came where a worker should answer, valid UTF-8, or NULL */
} ExecnetTransportEnd;

/* Gets what is printed on the other side, as it comes. Worker thread. */
typedef void (*ExecnetOutputFunc) (gboolean is_stderr,
                                   const char *bytes,
                                   gsize length,
                                   gpointer data);

/* How what is printed on the other side comes here, where it is wanted. */
typedef enum
{
  EXECNET_OUTPUT_BY_MESSAGES,        /* the worker sends both streams as OUTPUT messages */
  EXECNET_OUTPUT_STDOUT_BY_MESSAGES, /* it does so for stdout; the transport gives stderr */
  EXECNET_OUTPUT_INHERITED,          /* the transport gives both: the worker leaves stdout as it is,
                                      * and speaks over its stdin in both directions */
} ExecnetOutputRoute;

/* The questions of a group: see execnet-questions-private.h. */
typedef struct _ExecnetQuestions ExecnetQuestions;

struct _ExecnetTransportClass
{
  GObjectClass parent_class;

  /* How long a start may take where the spec doesn't say, in seconds; 0 means for ever. */
  guint start_timeout;

  ExecnetOutputRoute (*capture_output) (ExecnetTransport *self,
                                        ExecnetOutputFunc func,
                                        gpointer data,
                                        GDestroyNotify notify);
  void (*open_async) (ExecnetTransport *self,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
  GIOStream *(*open_finish) (ExecnetTransport *self, GAsyncResult *result, GError **error);
  /* The others have defaults for a transport without a process. */
  void (*close_write) (ExecnetTransport *self);
  void (*kill) (ExecnetTransport *self);
  void (*wait_end_async) (ExecnetTransport *self,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
  gboolean (*wait_end_finish) (ExecnetTransport *self, GAsyncResult *result, GError **error);
  void (*get_end) (ExecnetTransport *self, ExecnetTransportEnd *end);
  GError *(*explain_end) (ExecnetTransport *self, const ExecnetTransportEnd *end, gboolean was_up);
  char *(*describe_progress) (ExecnetTransport *self);
  gboolean (*kill_from_any_thread) (ExecnetTransport *self);
};

/* Any thread, before it is opened: what is printed on the other side goes to `func`, as far as the
 * transport has it, instead of to our stderr. */
ExecnetOutputRoute execnet_transport_capture_output (ExecnetTransport *self,
                                                     ExecnetOutputFunc func,
                                                     gpointer data,
                                                     GDestroyNotify notify);

/* Any thread. How many seconds may pass until a worker has answered, where the spec doesn't say; 0 for
 * any number. */
guint execnet_transport_get_start_timeout (ExecnetTransport *self);

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

/* Whether the other end is a process of which the transport learns how it ends. */
gboolean execnet_transport_has_process (ExecnetTransport *self);

/* Of a transport with a process. Ready when that has ended and was reaped. Where the stream is not
 * one of plain descriptors, ready only after its end of input was read. */
void execnet_transport_wait_end_async (ExecnetTransport *self,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);

gboolean
execnet_transport_wait_end_finish (ExecnetTransport *self, GAsyncResult *result, GError **error);

/* What is known now. `end` is filled; the caller clears it. */
void execnet_transport_get_end (ExecnetTransport *self, ExecnetTransportEnd *end);
void execnet_transport_end_clear (ExecnetTransportEnd *end);

/* Why the other side ended before it was up, or later, where the transport knows more than what
 * `end` says: a client that could not get in, for example. NULL otherwise. */
GError *execnet_transport_explain_end (ExecnetTransport *self,
                                       const ExecnetTransportEnd *end,
                                       gboolean was_up);

/* What is being waited for now while no worker has answered, as a translated sentence, for the
 * error that says that it took too long. */
char *execnet_transport_describe_progress (ExecnetTransport *self);

/* Any thread. Whom to ask, see execnet-questions-private.h; NULL for nobody. */
ExecnetQuestions *execnet_transport_get_questions (ExecnetTransport *self);

/* Before it is opened, once. execnet_transport_new_for_spec does it. */
void execnet_transport_set_questions (ExecnetTransport *self, ExecnetQuestions *questions);

/* While it is counted in, the transport waits for a person's answer, and the time-out of its start
 * pauses. The questions do this, for the transport that asks and those that share its question. */
void execnet_transport_begin_asking (ExecnetTransport *self);
void execnet_transport_end_asking (ExecnetTransport *self);
gboolean execnet_transport_is_asking (ExecnetTransport *self);

/* `func` is called whenever is_asking changes; one at a time, NULL for none. */
typedef void (*ExecnetAskingFunc) (ExecnetTransport *self, gboolean is_asking, gpointer data);
void execnet_transport_watch_asking (ExecnetTransport *self, ExecnetAskingFunc func, gpointer data);

/* Any thread, also in an exit handler while the worker thread is stuck: as kill. */
gboolean execnet_transport_kill_from_any_thread (ExecnetTransport *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ExecnetTransportEnd, execnet_transport_end_clear)

/* What a transport gets from those above it, beside the spec. */
typedef struct
{
  const char *default_python; /* the interpreter for a plain popen, as a single path, or NULL for
                               * python3 of PATH */
  const char *token;           /* for a socket server, instead of one that the spec names; or NULL */
  ExecnetConnector *connector; /* who makes connections, where it is not this process; or NULL */
  ExecnetQuestions *questions; /* whom to ask for passwords and the like; NULL for nobody */
} ExecnetTransportSettings;

/* Makes the transport that the spec's type asks for, or says what is wrong with the spec. Any
 * thread, quick: nothing is started yet. */
ExecnetTransport *execnet_transport_new_for_spec (ExecnetXSpec *spec,
                                                  const ExecnetTransportSettings *settings,
                                                  GError **error);

G_END_DECLS
