/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asynchronous calls that wait for something, and the synchronous way to wait. */

#include "config.h"

#include "../objects/testing.h"

#include "engine/execnet-pending-private.h"
#include "engine/execnet-wait-private.h"

/* What is waited for: things in a box, under a lock. */
typedef struct
{
  gatomicrefcount refs;
  GMutex lock;
  ExecnetCondition changed;
  GQueue waiters;
  guint n_things;
} Box;

static Box *
box_new (void)
{
  Box *box = g_new0 (Box, 1);

  g_atomic_ref_count_init (&box->refs);
  g_mutex_init (&box->lock);
  execnet_condition_init (&box->changed);
  return box;
}

static void
box_unref (gpointer data)
{
  Box *box = data;

  if (!g_atomic_ref_count_dec (&box->refs))
    return;
  g_assert_cmpuint (box->waiters.length, ==, 0);
  g_mutex_clear (&box->lock);
  execnet_condition_clear (&box->changed);
  g_free (box);
}

static void
return_thing (GTask *task, gpointer result, GError *error)
{
  g_assert_true (g_main_context_is_owner (g_task_get_context (task)));
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_int (task, GPOINTER_TO_INT (result));
}

static void
wait_for_thing (Box *box, gint timeout_ms, GCancellable *cancellable, GAsyncResult **result)
{
  GTask *task = g_task_new (NULL, cancellable, keep_result, result);
  ExecnetPending *pending;

  g_atomic_ref_count_inc (&box->refs);
  pending = execnet_pending_new (task, return_thing, &box->lock, box, box_unref);
  execnet_pending_watch (pending, timeout_ms, "it took too long");
  g_mutex_lock (&box->lock);
  execnet_pending_enqueue (pending, &box->waiters);
  g_mutex_unlock (&box->lock);
}

static void
bring (Box *box, int thing)
{
  ExecnetPending *pending;

  g_mutex_lock (&box->lock);
  pending = execnet_pending_peek (&box->waiters);
  if (pending != NULL)
    execnet_pending_complete (pending, GINT_TO_POINTER (thing), NULL);
  else
    box->n_things++;
  g_mutex_unlock (&box->lock);
}

static void
assert_result (GAsyncResult **result, int expected)
{
  g_autoptr (GError) error = NULL;

  wait_for_result (result);
  g_assert_cmpint (g_task_propagate_int (G_TASK (*result), &error), ==, expected);
  g_assert_no_error (error);
  g_clear_object (result);
}

static void
assert_result_error (GAsyncResult **result, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;

  wait_for_result (result);
  g_assert_cmpint (g_task_propagate_int (G_TASK (*result), &error), ==, -1);
  g_assert_error (error, domain, code);
  g_clear_object (result);
}

static void
test_order (void)
{
  Box *box = box_new ();
  GAsyncResult *results[5] = { NULL };

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    wait_for_thing (box, -1, NULL, &results[i]);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      bring (box, 10 + i);
      /* Only in the loop. */
      g_assert_null (results[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    assert_result (&results[i], 10 + i);
  g_assert_cmpint (g_atomic_int_get (&box->refs), ==, 1);
  box_unref (box);
}

static void
test_timeout (void)
{
  Box *box = box_new ();
  GAsyncResult *late = NULL;
  GAsyncResult *patient = NULL;

  wait_for_thing (box, 1, NULL, &late);
  wait_for_thing (box, PATIENCE_MS, NULL, &patient);
  assert_result_error (&late, EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT);
  bring (box, 7);
  assert_result (&patient, 7);
  box_unref (box);
}

static void
test_cancel (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Box *box = box_new ();
  GAsyncResult *during = NULL;
  GAsyncResult *before = NULL;
  GAsyncResult *late = NULL;

  wait_for_thing (box, -1, cancellable, &during);
  g_cancellable_cancel (cancellable);
  g_assert_null (during);
  wait_for_thing (box, -1, cancellable, &before);
  assert_result_error (&during, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_result_error (&before, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (box->waiters.length, ==, 0);

  g_cancellable_reset (cancellable);
  wait_for_thing (box, -1, cancellable, &late);
  bring (box, 7);
  g_cancellable_cancel (cancellable);
  assert_result (&late, 7);
  box_unref (box);
}

static void
test_complete_all (void)
{
  g_autoptr (GError) error = g_error_new_literal (EXECNET_ERROR, EXECNET_ERROR_DIED, "it died");
  Box *box = box_new ();
  GAsyncResult *results[3] = { NULL };

  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    wait_for_thing (box, -1, NULL, &results[i]);
  g_mutex_lock (&box->lock);
  execnet_pending_complete_all (&box->waiters, error);
  g_mutex_unlock (&box->lock);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    assert_result_error (&results[i], EXECNET_ERROR, EXECNET_ERROR_DIED);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    wait_for_thing (box, -1, NULL, &results[i]);
  g_mutex_lock (&box->lock);
  execnet_pending_complete_all (&box->waiters, NULL);
  g_mutex_unlock (&box->lock);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    assert_result (&results[i], 0);
  box_unref (box);
}

typedef struct
{
  Box *box;
  GCancellable *cancellable;
  GAsyncResult *result;
} Call;

static gpointer
bring_in_thread (gpointer data)
{
  bring (((Call *) data)->box, 7);
  return NULL;
}

static gpointer
cancel_in_thread (gpointer data)
{
  g_cancellable_cancel (((Call *) data)->cancellable);
  return NULL;
}

/* Brought, cancelled and out of time in the same moment: one result, and nothing is lost. */
static void
test_all_at_once (void)
{
  for (guint i = 0; i < 300; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      Box *box = box_new ();
      Call call = { box, cancellable, NULL };
      GThread *threads[2];

      wait_for_thing (box, i % 3 == 0 ? 0 : -1, cancellable, &call.result);
      threads[0] = g_thread_new ("bring", bring_in_thread, &call);
      threads[1] = g_thread_new ("cancel", cancel_in_thread, &call);
      wait_for_result (&call.result);
      g_thread_join (threads[0]);
      g_thread_join (threads[1]);
      if (g_task_propagate_int (G_TASK (call.result), &error) == 7)
        g_assert_cmpuint (box->n_things, ==, 0);
      else
        {
          g_assert_nonnull (error);
          g_assert_cmpuint (box->n_things, ==, 1);
        }
      iterate_ready ();
      g_clear_object (&call.result);
      g_assert_cmpint (g_atomic_int_get (&box->refs), ==, 1);
      box_unref (box);
    }
}

static void
begin_call (gpointer data)
{
  Call *call = data;

  wait_for_thing (call->box, -1, NULL, &call->result);
}

/* The last reference to what is waited for may go with the call, in its context. */
static void
test_keeps_the_owner (void)
{
  g_autoptr (LoopThread) loop = loop_thread_new ("loop");
  Box *box = box_new ();
  Call call = { box, NULL, NULL };
  g_autoptr (GError) error = NULL;

  loop_thread_run (loop, begin_call, &call);
  g_mutex_lock (&box->lock);
  g_assert_cmpuint (box->waiters.length, ==, 1);
  g_mutex_unlock (&box->lock);
  bring (box, 7);
  box_unref (box);
  g_clear_pointer (&loop, loop_thread_free);
  /* The thread has ended after it returned, or before: then nobody gets it. */
  if (call.result != NULL)
    g_assert_cmpint (g_task_propagate_int (G_TASK (call.result), &error), ==, 7);
  g_clear_object (&call.result);
}

/* Synchronous waits */

static gpointer
put_in_thread (gpointer data)
{
  Box *box = data;

  g_mutex_lock (&box->lock);
  box->n_things++;
  execnet_condition_announce (&box->changed);
  g_mutex_unlock (&box->lock);
  return NULL;
}

static gboolean
wait_for_box (Box *box, gint timeout_ms, GCancellable *cancellable, ExecnetWait *wait)
{
  gboolean has_come;

  execnet_wait_begin (wait, &box->lock, &box->changed, timeout_ms, cancellable);
  g_mutex_lock (&box->lock);
  while (!(has_come = box->n_things > 0) && execnet_wait_step (wait))
    ;
  g_mutex_unlock (&box->lock);
  execnet_wait_end (wait);
  return has_come;
}

static void
test_wait (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Box *box = box_new ();
  Call call = { box, cancellable, NULL };
  g_autoptr (GError) error = NULL;
  ExecnetWait wait;
  GThread *thread;
  gint64 start = g_get_monotonic_time ();

  g_assert_false (wait_for_box (box, 30, NULL, &wait));
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 30 * G_TIME_SPAN_MILLISECOND);
  execnet_wait_set_error (&wait, &error, "too late");
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT);
  g_clear_error (&error);
  g_assert_false (wait_for_box (box, 0, NULL, &wait));

  thread = g_thread_new ("cancel", cancel_in_thread, &call);
  g_assert_false (wait_for_box (box, -1, cancellable, &wait));
  g_thread_join (thread);
  g_assert_true (execnet_wait_is_cancelled (&wait));
  execnet_wait_set_error (&wait, &error, "too late");
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (wait_for_box (box, -1, cancellable, &wait));

  g_cancellable_reset (cancellable);
  thread = g_thread_new ("put", put_in_thread, box);
  g_assert_true (wait_for_box (box, -1, cancellable, &wait));
  g_thread_join (thread);
  /* What is there is taken, however late it is. */
  g_cancellable_cancel (cancellable);
  g_assert_true (wait_for_box (box, 0, cancellable, &wait));
  box_unref (box);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/pending/order", test_order);
  g_test_add_func ("/pending/timeout", test_timeout);
  g_test_add_func ("/pending/cancel", test_cancel);
  g_test_add_func ("/pending/complete-all", test_complete_all);
  g_test_add_func ("/pending/all-at-once", test_all_at_once);
  g_test_add_func ("/pending/keeps-the-owner", test_keeps_the_owner);
  g_test_add_func ("/wait/all", test_wait);
  return g_test_run ();
}
