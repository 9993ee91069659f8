/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <execnet-glib/execnet-glib.h>

G_BEGIN_DECLS

/* What the tests of gateways and channels share. Every wait in here is bounded: a test that hangs
 * fails and says where. */

/* How long anything may take on a loaded machine, under a sanitizer. */
#define PATIENCE_MS 60000

/* How long what has to be quick may take there; on an idle machine it takes a tenth of it. */
#define QUICK_MS 5000

/* g_test_init, and what is started once and then stays for good. */
void testing_init (int *argc, char ***argv);

/* What a process has of the things that must not leak. */
typedef struct
{
  guint n_descriptors;
  guint n_threads; /* without those that GLib keeps */
} Belongings;

Belongings count_belongings (void);

/* Waits until nothing is there that was not there before: no descriptor, thread or child. */
void assert_nothing_left (const Belongings *before);

/* A group with one gateway. */
typedef struct
{
  Belongings before;
  ExecnetGroup *group;
  ExecnetGateway *gateway; /* NULL where the test data is "" */
} Fixture;

/* The test data is the gateway's specification; NULL for a plain popen. */
void set_up (Fixture *fixture, gconstpointer spec);

/* Terminates the group, and asserts that nothing is left of it and its gateway. */
void tear_down (Fixture *fixture, gconstpointer spec);

#define ADD_TEST(path, func) ADD_TEST_WITH (path, NULL, func)
#define ADD_TEST_WITH(path, spec, func) g_test_add (path, Fixture, spec, set_up, func, tear_down)

/* As ADD_TEST, over a socket pair and over pipes. */
#define ADD_TEST_BOTH(path, func)                                                                  \
  G_STMT_START                                                                                     \
  {                                                                                                \
    ADD_TEST_WITH (path "/socket", NULL, func);                                                    \
    ADD_TEST_WITH (path "/pipes", "popen//python=env python3", func);                              \
  }                                                                                                \
  G_STMT_END

ExecnetGateway *make_gateway (ExecnetGroup *group, const char *spec);

/* The specification of a peer that speaks the protocol in an odd way: see peer.py. Over pipes, or
 * over a socket pair for one gateway at a time. */
char *peer_spec (const char *what_it_does);
char *socket_peer_spec (const char *what_it_does);

/* The path of a file that belongs to these tests. */
char *source_file (const char *name);

/* Channels. All assert that it works. */
ExecnetChannel *run_code (ExecnetGateway *gateway, const char *code);
void send_int (ExecnetChannel *channel, gint64 value);
void send_text (ExecnetChannel *channel, const char *text);
gint64 receive_int (ExecnetChannel *channel);
char *receive_text (ExecnetChannel *channel);
GError *receive_error (ExecnetChannel *channel);
/* The plain end, which every further receive says again. */
void assert_end (ExecnetChannel *channel);
void assert_waits_for_close (ExecnetChannel *channel);
void assert_closed_with (ExecnetChannel *channel, GQuark domain, int code, const char *part);
/* The number of a process on the other side. */
pid_t remote_pid (ExecnetGateway *gateway);
void wait_until_running (ExecnetGateway *gateway);
/* Waits until code on the other side is in the middle of something. */
ExecnetChannel *run_until_ready (ExecnetGateway *gateway, const char *code);
void assert_still_works (ExecnetGateway *gateway);
/* Takes the error over. */
void assert_error_says (GError *error, GQuark domain, int code, const char *part);

/* Waits until the process has ended, which need not be a child of this one. */
void wait_until_gone (pid_t pid);

/* An asynchronous call's callback, whose data is a GAsyncResult **. */
void keep_result (GObject *object, GAsyncResult *result, gpointer data);
void wait_for_result (GAsyncResult **result);
/* As above, of a call that was begun while the context was the thread's default one: now it need not
 * be. */
void wait_for_result_in (GMainContext *context, GAsyncResult **result);

/* Runs the thread's context until the condition holds. */
#define ITERATE_UNTIL(condition)                                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    GSource *iterating = iterating_begin (G_STRLOC ": " #condition);                               \
    while (!(condition))                                                                           \
      g_main_context_iteration (g_main_context_get_thread_default (), TRUE);                       \
    iterating_end (iterating);                                                                     \
  }                                                                                                \
  G_STMT_END

/* Waits for what another thread or process brings about without telling. */
#define YIELD_UNTIL(condition)                                                                     \
  G_STMT_START                                                                                     \
  {                                                                                                \
    const gint64 yielding_end = g_get_monotonic_time () + PATIENCE_MS * G_TIME_SPAN_MILLISECOND;   \
    while (!(condition))                                                                           \
      {                                                                                            \
        if (g_get_monotonic_time () > yielding_end)                                                \
          g_error (G_STRLOC ": never came true: " #condition);                                     \
        g_thread_yield ();                                                                         \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

GSource *iterating_begin (const char *what);
void iterating_end (GSource *source);

/* Dispatches what is ready in the thread's context. */
void iterate_ready (void);

/* A thread that runs a main loop of its own. */
typedef struct
{
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
} LoopThread;

LoopThread *loop_thread_new (const char *name);
void loop_thread_free (LoopThread *self);
/* Runs the function there, and waits for its return. */
void loop_thread_run (LoopThread *self, void (*func) (gpointer data), gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LoopThread, loop_thread_free)

/* A flag that one thread raises and another waits for. */
typedef struct
{
  GMutex lock;
  GCond changed;
  int value;
} Flag;

void flag_init (Flag *self);
void flag_clear (Flag *self);
void flag_add (Flag *self, int n);
int flag_get (Flag *self);
void flag_wait (Flag *self, int at_least);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Flag, flag_clear)

G_END_DECLS
