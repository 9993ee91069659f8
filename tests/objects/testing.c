/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "testing.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static void
finish_at_once (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_boolean (task, TRUE);
}

void
testing_init (int *argc, char ***argv)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);
  Fixture fixture = { 0 };

  g_test_init (argc, argv, NULL);
  g_main_context_wakeup (context);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  /* Whatever GLib opens at the first use of anything is open from here on, its threads' too. */
  g_task_run_in_thread_sync (task, finish_at_once);
  fixture.group = execnet_group_new ();
  fixture.gateway = make_gateway (fixture.group, "popen");
  g_object_unref (run_code (fixture.gateway, "pass"));
  g_assert_true (execnet_group_terminate (fixture.group, PATIENCE_MS, NULL, NULL));
  g_assert_finalize_object (fixture.gateway);
  g_assert_finalize_object (fixture.group);
}

/* What is there */

static guint
count_entries (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gboolean
is_thread_of_glib (const char *task)
{
  g_autofree char *path = g_build_filename ("/proc/self/task", task, "comm", NULL);
  g_autofree char *name = NULL;

  /* One that ended meanwhile is none, either. */
  if (!g_file_get_contents (path, &name, NULL, NULL))
    return TRUE;
  return g_str_has_prefix (name, "gmain") || g_str_has_prefix (name, "pool-");
}

static guint
count_threads (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *task;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((task = g_dir_read_name (dir)) != NULL)
    n += !is_thread_of_glib (task);
  return n;
}

Belongings
count_belongings (void)
{
  Belongings belongings = { count_entries ("/proc/self/fd"), count_threads () };

  return belongings;
}

static gboolean
has_no_child (void)
{
  siginfo_t info;

  return waitid (P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

void
assert_nothing_left (const Belongings *before)
{
  /* A thread that was joined is listed for a moment more. */
  YIELD_UNTIL (count_threads () <= before->n_threads);
  YIELD_UNTIL (has_no_child ());
  /* A thread of GLib's pool can hold the context of what it has done for a moment more. */
  YIELD_UNTIL (count_entries ("/proc/self/fd") <= before->n_descriptors);
  g_assert_cmpuint (count_entries ("/proc/self/fd"), ==, before->n_descriptors);
}

/* Whoever inherits an orphan may be slow to reap it. */
static gboolean
is_gone (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", (int) pid);
  g_autofree char *text = NULL;
  const char *end_of_name;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return TRUE;
  end_of_name = strrchr (text, ')');
  return end_of_name != NULL && end_of_name[2] == 'Z';
}

void
wait_until_gone (pid_t pid)
{
  YIELD_UNTIL (is_gone (pid));
}

/* Gateways */

ExecnetGateway *
make_gateway (ExecnetGroup *group, const char *spec)
{
  g_autoptr (GError) error = NULL;
  ExecnetGateway *gateway = execnet_group_make_gateway (group, spec, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (EXECNET_IS_GATEWAY (gateway));
  return gateway;
}

void
set_up (Fixture *fixture, gconstpointer spec)
{
  fixture->before = count_belongings ();
  fixture->group = execnet_group_new ();
  if (spec == NULL || *(const char *) spec != '\0')
    fixture->gateway = make_gateway (fixture->group, spec);
}

void
tear_down (Fixture *fixture, gconstpointer spec)
{
  g_autoptr (GError) error = NULL;

  execnet_group_terminate (fixture->group, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  iterate_ready ();
  if (fixture->gateway != NULL)
    g_assert_finalize_object (g_steal_pointer (&fixture->gateway));
  g_assert_finalize_object (g_steal_pointer (&fixture->group));
  assert_nothing_left (&fixture->before);
}

char *
source_file (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "objects", name, NULL);
}

char *
peer_spec (const char *what_it_does)
{
  g_autofree char *path = source_file ("peer.py");
  g_autofree char *quoted = g_shell_quote (path);

  return g_strdup_printf ("popen//python=python3 %s %s", quoted, what_it_does);
}

char *
socket_peer_spec (const char *what_it_does)
{
  g_autofree char *path = source_file ("peer.py");

  g_setenv ("EXECNET_TEST_PEER", what_it_does, TRUE);
  return g_strdup_printf ("popen//python=%s", path);
}

/* Channels */

ExecnetChannel *
run_code (ExecnetGateway *gateway, const char *code)
{
  g_autoptr (GError) error = NULL;
  ExecnetChannel *channel = execnet_gateway_remote_exec (gateway, code, &error);

  g_assert_no_error (error);
  g_assert_true (EXECNET_IS_CHANNEL (channel));
  return channel;
}

ExecnetChannel *
run_until_ready (ExecnetGateway *gateway, const char *code)
{
  g_autofree char *whole = g_strconcat ("channel.send('ready')\n", code, NULL);
  ExecnetChannel *channel = run_code (gateway, whole);
  g_autofree char *ready = receive_text (channel);

  g_assert_cmpstr (ready, ==, "ready");
  return channel;
}

static void
send_item (ExecnetChannel *channel, GVariant *item)
{
  g_autoptr (GError) error = NULL;
  gboolean sent = execnet_channel_send (channel, item, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (sent);
}

void
send_int (ExecnetChannel *channel, gint64 value)
{
  send_item (channel, g_variant_new_int64 (value));
}

void
send_text (ExecnetChannel *channel, const char *text)
{
  send_item (channel, g_variant_new_string (text));
}

gint64
receive_int (ExecnetChannel *channel)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (item), ==, "x");
  return g_variant_get_int64 (item);
}

char *
receive_text (ExecnetChannel *channel)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (item), ==, "s");
  return g_variant_dup_string (item, NULL);
}

GError *
receive_error (ExecnetChannel *channel)
{
  GError *error = NULL;
  g_autoptr (GVariant) item = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);

  g_assert_null (item);
  g_assert_nonnull (error);
  return error;
}

void
assert_end (ExecnetChannel *channel)
{
  for (guint i = 0; i < 2; i++)
    assert_error_says (receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_END, "has ended");
  g_assert_cmpint (execnet_channel_wait (channel, 0, NULL), ==, EXECNET_WAIT_END);
}

void
assert_waits_for_close (ExecnetChannel *channel)
{
  g_autoptr (GError) error = NULL;
  gboolean closed = execnet_channel_wait_close (channel, PATIENCE_MS, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (closed);
}

void
assert_closed_with (ExecnetChannel *channel, GQuark domain, int code, const char *part)
{
  GError *error = NULL;

  g_assert_false (execnet_channel_wait_close (channel, PATIENCE_MS, NULL, &error));
  assert_error_says (error, domain, code, part);
}

void
assert_error_says (GError *error, GQuark domain, int code, const char *part)
{
  g_assert_error (error, domain, code);
  if (strstr (error->message, part) == NULL)
    g_error ("“%s” is not in “%s”", part, error->message);
  g_error_free (error);
}

pid_t
remote_pid (ExecnetGateway *gateway)
{
  g_autoptr (GVariant) information
      = execnet_gateway_remote_information (gateway, FALSE, NULL, NULL);
  gint64 pid;

  g_assert_nonnull (information);
  g_assert_true (g_variant_lookup (information, "pid", "x", &pid));
  return pid;
}

void
wait_until_running (ExecnetGateway *gateway)
{
  g_assert_cmpint (execnet_gateway_wait_ready (gateway, PATIENCE_MS, NULL), ==, EXECNET_WAIT_READY);
  g_assert_cmpint (execnet_gateway_get_state (gateway), ==, EXECNET_GATEWAY_RUNNING);
}

void
assert_still_works (ExecnetGateway *gateway)
{
  g_autoptr (ExecnetChannel) channel = run_code (gateway, "channel.send(channel.receive() + 1)");

  send_int (channel, 41);
  g_assert_cmpint (receive_int (channel), ==, 42);
  assert_waits_for_close (channel);
}

/* Waiting */

void
keep_result (GObject *object, GAsyncResult *result, gpointer data)
{
  GAsyncResult **kept = data;

  /* A callback is called once. */
  g_assert_null (*kept);
  *kept = g_object_ref (result);
}

void
wait_for_result (GAsyncResult **result)
{
  ITERATE_UNTIL (*result != NULL);
}

static gboolean
go_on (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

void
wait_for_result_in (GMainContext *context, GAsyncResult **result)
{
  g_autoptr (GSource) source = g_timeout_source_new (10);
  const gint64 end = g_get_monotonic_time () + PATIENCE_MS * G_TIME_SPAN_MILLISECOND;

  g_source_set_callback (source, go_on, NULL, NULL);
  g_source_attach (source, context);
  while (*result == NULL && g_get_monotonic_time () < end)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (source);
  g_assert_nonnull (*result);
}

typedef struct
{
  const char *what;
  gint64 end;
} Iterating;

static gboolean
check_patience (gpointer data)
{
  Iterating *iterating = data;

  if (g_get_monotonic_time () > iterating->end)
    g_error ("never came true: %s", iterating->what);
  return G_SOURCE_CONTINUE;
}

/* The source also ends waits in the context: what makes the condition true may not wake it. */
GSource *
iterating_begin (const char *what)
{
  GSource *source = g_timeout_source_new (10);
  Iterating *iterating = g_new (Iterating, 1);

  iterating->what = what;
  iterating->end = g_get_monotonic_time () + PATIENCE_MS * G_TIME_SPAN_MILLISECOND;
  g_source_set_callback (source, check_patience, iterating, g_free);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

void
iterating_end (GSource *source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

void
iterate_ready (void)
{
  while (g_main_context_iteration (g_main_context_get_thread_default (), FALSE))
    ;
}

/* Threads */

static gpointer
run_loop (gpointer data)
{
  LoopThread *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

typedef struct
{
  void (*func) (gpointer data);
  gpointer data;
  Flag done;
} Invocation;

static gboolean
run_invocation (gpointer data)
{
  Invocation *invocation = data;

  invocation->func (invocation->data);
  flag_add (&invocation->done, 1);
  return G_SOURCE_REMOVE;
}

void
loop_thread_run (LoopThread *self, void (*func) (gpointer data), gpointer data)
{
  Invocation invocation = { .func = func, .data = data };
  g_autoptr (GSource) source = g_idle_source_new ();

  flag_init (&invocation.done);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, run_invocation, &invocation, NULL);
  g_source_attach (source, self->context);
  flag_wait (&invocation.done, 1);
  flag_clear (&invocation.done);
}

static void
do_nothing (gpointer unused)
{
}

LoopThread *
loop_thread_new (const char *name)
{
  LoopThread *self = g_new (LoopThread, 1);

  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new (name, run_loop, self);
  /* From here on nobody else can own the context, not even for a moment. */
  loop_thread_run (self, do_nothing, NULL);
  return self;
}

static void
quit (gpointer loop)
{
  g_main_loop_quit (loop);
}

void
loop_thread_free (LoopThread *self)
{
  /* From inside: a loop that was not entered yet would forget that it was told to quit. */
  loop_thread_run (self, quit, self->loop);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_free (self);
}

void
flag_init (Flag *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->value = 0;
}

void
flag_clear (Flag *self)
{
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
}

void
flag_add (Flag *self, int n)
{
  g_mutex_lock (&self->lock);
  self->value += n;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

int
flag_get (Flag *self)
{
  int value;

  g_mutex_lock (&self->lock);
  value = self->value;
  g_mutex_unlock (&self->lock);
  return value;
}

void
flag_wait (Flag *self, int at_least)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_MS * G_TIME_SPAN_MILLISECOND;

  g_mutex_lock (&self->lock);
  while (self->value < at_least)
    {
      if (!g_cond_wait_until (&self->changed, &self->lock, end))
        g_error ("a flag stayed at %d, below %d", self->value, at_least);
    }
  g_mutex_unlock (&self->lock);
}
