/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What waits to be written: in order, in whole, by whichever thread, and not beyond its end. */

#include "config.h"

#include "../objects/testing.h"

#include "engine/execnet-write-queue-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  gboolean is_socket;
  int fds[2]; /* ours, which is written, and the other one */
  ExecnetWriteQueue *queue;
  GByteArray *received;
} Writing;

static void
writing_init (Writing *writing, gboolean is_socket)
{
  *writing = (Writing){ .is_socket = is_socket, .received = g_byte_array_new () };
  if (is_socket)
    g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, writing->fds), ==, 0);
  else
    {
      int ends[2];

      g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
      writing->fds[0] = ends[1];
      writing->fds[1] = ends[0];
    }
  g_assert_true (g_unix_set_fd_nonblocking (writing->fds[0], TRUE, NULL));
  g_assert_true (g_unix_set_fd_nonblocking (writing->fds[1], TRUE, NULL));
  writing->queue = execnet_write_queue_new (writing->fds[0], is_socket);
}

static void
close_other_end (Writing *writing)
{
  close (writing->fds[1]);
  writing->fds[1] = -1;
}

static void
writing_clear (Writing *writing)
{
  execnet_write_queue_free (writing->queue);
  g_byte_array_unref (writing->received);
  close (writing->fds[0]);
  if (writing->fds[1] >= 0)
    close (writing->fds[1]);
}

static ExecnetWriteState
push (Writing *writing, const char *header, const char *payload, const char *tail)
{
  g_autoptr (GBytes) bytes
      = payload != NULL ? g_bytes_new (payload, strlen (payload)) : NULL;

  return execnet_write_queue_push (writing->queue,
                                   (const guint8 *) header,
                                   strlen (header),
                                   bytes,
                                   (const guint8 *) tail,
                                   strlen (tail));
}

/* The bytes of a push tell where they belong. */
static GBytes *
new_payload (gsize size, guint8 seed)
{
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = seed + i;
  return g_bytes_new_take (data, size);
}

static ExecnetWriteState
push_large (Writing *writing, gsize size, guint8 seed)
{
  g_autoptr (GBytes) payload = new_payload (size, seed);

  return execnet_write_queue_push (
      writing->queue, (const guint8 *) "<", 1, payload, (const guint8 *) ">", 1);
}

/* Takes what is there now, at most so much. */
static gsize
take (Writing *writing, gsize at_most)
{
  guint8 buffer[4096];
  gsize n_taken = 0;

  while (n_taken < at_most)
    {
      gssize n = read (writing->fds[1], buffer, MIN (sizeof buffer, at_most - n_taken));

      if (n <= 0)
        break;
      g_byte_array_append (writing->received, buffer, n);
      n_taken += n;
    }
  return n_taken;
}

static void
assert_received (Writing *writing, const char *expected)
{
  take (writing, G_MAXSIZE);
  g_assert_cmpmem (
      writing->received->data, writing->received->len, expected, strlen (expected));
}

static void
for_both (void (*func) (Writing *writing))
{
  for (int is_socket = 0; is_socket < 2; is_socket++)
    {
      Writing writing;

      writing_init (&writing, is_socket);
      func (&writing);
      writing_clear (&writing);
    }
}

static void
check_order (Writing *writing)
{
  gboolean is_broken;

  g_assert_cmpint (push (writing, "head", "payload", "tail"), ==, EXECNET_WRITE_DONE);
  g_assert_cmpint (push (writing, "", "only", ""), ==, EXECNET_WRITE_DONE);
  g_assert_cmpint (push (writing, "alone", NULL, ""), ==, EXECNET_WRITE_DONE);
  g_assert_cmpint (push (writing, "", "", "end"), ==, EXECNET_WRITE_DONE);
  g_assert_true (
      execnet_write_queue_wait_sent (writing->queue, 0, NULL, &is_broken));
  g_assert_true (execnet_write_queue_has_room (writing->queue));
  assert_received (writing, "headpayloadtailonlyaloneend");
}

static void
test_order (void)
{
  for_both (check_order);
}

/* The other end takes bytes in odd amounts: all come, in order. */
static void
check_partial (Writing *writing)
{
  const gsize sizes[] = { 300000, 1, 0, 70000, 500000, 2, 3 };
  gsize position = 0;
  gsize total = 0;
  guint n_turns = 0;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_assert_cmpint (push_large (writing, sizes[i], i), ==, EXECNET_WRITE_BLOCKED);
      total += sizes[i] + 2;
    }
  while (writing->received->len < total)
    {
      take (writing, 1 + n_turns++ * 7919 % 50000);
      execnet_write_queue_flush (writing->queue);
    }
  g_assert_cmpint (execnet_write_queue_flush (writing->queue), ==, EXECNET_WRITE_DONE);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_assert_cmpint (writing->received->data[position++], ==, '<');
      for (gsize j = 0; j < sizes[i]; j++, position++)
        g_assert_true (writing->received->data[position] == (guint8) (i + j));
      g_assert_cmpint (writing->received->data[position++], ==, '>');
    }
  g_assert_cmpuint (position, ==, total);
}

static void
test_partial (void)
{
  for_both (check_partial);
}

/* Thousands that wait leave in few writes, and still in order. */
static void
check_many_small (Writing *writing)
{
  g_autoptr (GString) expected = g_string_new (NULL);

  push_large (writing, 2000000, 0);
  for (guint i = 0; i < 5000; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u ", i);

      g_assert_cmpint (push (writing, "", text, ""), ==, EXECNET_WRITE_BLOCKED);
      g_string_append (expected, text);
    }
  while (execnet_write_queue_flush (writing->queue) == EXECNET_WRITE_BLOCKED)
    take (writing, G_MAXSIZE);
  take (writing, G_MAXSIZE);
  g_assert_cmpuint (writing->received->len, ==, 2000002 + expected->len);
  g_assert_cmpmem (
      writing->received->data + 2000002, expected->len, expected->str, expected->len);
}

static void
test_many_small (void)
{
  for_both (check_many_small);
}

static void
check_room (Writing *writing)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  gboolean is_broken;

  push_large (writing, 3 * EXECNET_HIGH_WATER, 0);
  g_assert_false (execnet_write_queue_has_room (writing->queue));
  g_assert_false (execnet_write_queue_wait_room (writing->queue, 10, NULL, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_TIMED_OUT);
  g_clear_error (&error);
  g_assert_false (execnet_write_queue_wait_sent (writing->queue, 10, NULL, &is_broken));
  g_assert_false (is_broken);
  g_cancellable_cancel (cancellable);
  g_assert_false (execnet_write_queue_wait_room (writing->queue, -1, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (execnet_write_queue_wait_sent (writing->queue, -1, cancellable, &is_broken));
  g_assert_false (is_broken);

  while (!execnet_write_queue_has_room (writing->queue))
    {
      take (writing, 50000);
      execnet_write_queue_flush (writing->queue);
    }
  /* There is room long before all is written. */
  g_assert_cmpuint (writing->received->len, <, 3 * EXECNET_HIGH_WATER);
  g_assert_true (execnet_write_queue_wait_room (writing->queue, -1, NULL, NULL));
  g_assert_false (execnet_write_queue_wait_sent (writing->queue, 0, NULL, &is_broken));
}

static void
test_room (void)
{
  for_both (check_room);
}

typedef struct
{
  Writing *writing;
  gboolean has_room;
  gboolean was_sent;
  gboolean is_broken;
} Waiting;

static gpointer
wait_for_room (gpointer data)
{
  Waiting *waiting = data;

  waiting->has_room
      = execnet_write_queue_wait_room (waiting->writing->queue, PATIENCE_MS, NULL, NULL);
  return NULL;
}

static gpointer
wait_until_sent (gpointer data)
{
  Waiting *waiting = data;

  waiting->was_sent = execnet_write_queue_wait_sent (
      waiting->writing->queue, PATIENCE_MS, NULL, &waiting->is_broken);
  return NULL;
}

/* Several wait for what was pushed at different times. */
static void
check_waiting_threads (Writing *writing)
{
  Waiting waitings[6];
  GThread *threads[6];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      push_large (writing, EXECNET_HIGH_WATER, i);
      waitings[i] = (Waiting){ .writing = writing };
      threads[i] = g_thread_new ("wait", i % 2 ? wait_for_room : wait_until_sent, &waitings[i]);
    }
  while (execnet_write_queue_flush (writing->queue) == EXECNET_WRITE_BLOCKED)
    take (writing, 60000);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_thread_join (threads[i]);
      g_assert_true (i % 2 ? waitings[i].has_room : waitings[i].was_sent);
    }
}

static void
test_waiting_threads (void)
{
  for_both (check_waiting_threads);
}

static gpointer
break_queue (gpointer data)
{
  Writing *writing = data;

  execnet_write_queue_break (writing->queue);
  return NULL;
}

/* A queue that breaks lets everybody go, and takes no more. */
static void
check_break (Writing *writing)
{
  Waiting waitings[4];
  GThread *threads[4];
  gboolean is_broken;

  push_large (writing, 3 * EXECNET_HIGH_WATER, 0);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      waitings[i] = (Waiting){ .writing = writing };
      threads[i] = g_thread_new ("wait", i % 2 ? wait_for_room : wait_until_sent, &waitings[i]);
    }
  g_thread_join (g_thread_new ("break", break_queue, writing));
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_thread_join (threads[i]);
      /* Whoever waits for room finds out when he sends. */
      g_assert_true (i % 2 ? waitings[i].has_room : waitings[i].is_broken);
      g_assert_false (waitings[i].was_sent);
    }
  g_assert_cmpint (push (writing, "more", NULL, ""), ==, EXECNET_WRITE_BROKEN);
  g_assert_cmpint (execnet_write_queue_flush (writing->queue), ==, EXECNET_WRITE_BROKEN);
  g_assert_false (execnet_write_queue_wait_sent (writing->queue, -1, NULL, &is_broken));
  g_assert_true (is_broken);
}

static void
test_break (void)
{
  for_both (check_break);
}

/* The other end is gone. Nobody hears of SIGPIPE, not even as pending. */
static void
check_gone (Writing *writing)
{
  struct sigaction fatal = { .sa_handler = SIG_DFL };
  struct sigaction before;
  sigset_t pending, mask;

  g_assert_cmpint (sigaction (SIGPIPE, &fatal, &before), ==, 0);
  close_other_end (writing);
  g_assert_cmpint (push (writing, "text", NULL, ""), ==, EXECNET_WRITE_BROKEN);
  sigpending (&pending);
  g_assert_cmpint (sigismember (&pending, SIGPIPE), ==, 0);
  pthread_sigmask (SIG_SETMASK, NULL, &mask);
  g_assert_cmpint (sigismember (&mask, SIGPIPE), ==, 0);
  sigaction (SIGPIPE, &before, NULL);
}

static void
test_gone (void)
{
  for_both (check_gone);
}

/* A SIGPIPE that waits for the program already is the program's. */
static void
check_pending_sigpipe (Writing *writing)
{
  sigset_t sigpipe, before, pending;
  int number;

  sigemptyset (&sigpipe);
  sigaddset (&sigpipe, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &sigpipe, &before);
  raise (SIGPIPE);
  close_other_end (writing);
  g_assert_cmpint (push (writing, "text", NULL, ""), ==, EXECNET_WRITE_BROKEN);
  sigpending (&pending);
  g_assert_cmpint (sigismember (&pending, SIGPIPE), ==, 1);
  g_assert_cmpint (sigwait (&sigpipe, &number), ==, 0);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
}

static void
test_pending_sigpipe (void)
{
  for_both (check_pending_sigpipe);
}

static void
check_finish (Writing *writing)
{
  push_large (writing, 500000, 0);
  execnet_write_queue_finish (writing->queue);
  g_assert_false (execnet_write_queue_is_finished (writing->queue));
  g_assert_cmpint (push (writing, "more", NULL, ""), ==, EXECNET_WRITE_BROKEN);
  while (execnet_write_queue_flush (writing->queue) == EXECNET_WRITE_BLOCKED)
    take (writing, G_MAXSIZE);
  take (writing, G_MAXSIZE);
  g_assert_true (execnet_write_queue_is_finished (writing->queue));
  g_assert_cmpuint (writing->received->len, ==, 500002);
}

static void
test_finish (void)
{
  for_both (check_finish);
}

static gpointer
push_often (gpointer data)
{
  Writing *writing = data;

  for (guint i = 0; i < 3000; i++)
    {
      g_autofree char *text = g_strdup_printf ("%p:%u", (gpointer) g_thread_self (), i);

      push (writing, "[", text, "]");
    }
  return NULL;
}

/* Threads push while another flushes: what belongs together stays together, and each thread's in
 * its order. */
static void
check_threads (Writing *writing)
{
  GThread *threads[4];
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) parts = NULL;
  gboolean is_broken;
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("push", push_often, writing);
  for (guint i = 0; i < 3000; i++)
    {
      take (writing, 3000);
      execnet_write_queue_flush (writing->queue);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  do
    take (writing, G_MAXSIZE);
  while (execnet_write_queue_flush (writing->queue) == EXECNET_WRITE_BLOCKED);
  take (writing, G_MAXSIZE);
  g_assert_true (execnet_write_queue_wait_sent (writing->queue, 0, NULL, &is_broken));

  g_byte_array_append (writing->received, (const guint8 *) "", 1);
  parts = g_strsplit ((const char *) writing->received->data, "]", -1);
  for (; *parts[n] != '\0'; n++)
    {
      char *colon = strchr (parts[n], ':');
      guint count;

      g_assert_cmpint (parts[n][0], ==, '[');
      *colon = '\0';
      count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, parts[n]));
      g_assert_cmpint (g_ascii_strtoll (colon + 1, NULL, 10), ==, count);
      g_hash_table_replace (counts, g_strdup (parts[n]), GUINT_TO_POINTER (count + 1));
    }
  g_assert_cmpuint (n, ==, 12000);
}

static void
test_threads (void)
{
  for_both (check_threads);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/write-queue/order", test_order);
  g_test_add_func ("/write-queue/partial", test_partial);
  g_test_add_func ("/write-queue/many-small", test_many_small);
  g_test_add_func ("/write-queue/room", test_room);
  g_test_add_func ("/write-queue/waiting-threads", test_waiting_threads);
  g_test_add_func ("/write-queue/break", test_break);
  g_test_add_func ("/write-queue/gone", test_gone);
  g_test_add_func ("/write-queue/pending-sigpipe", test_pending_sigpipe);
  g_test_add_func ("/write-queue/finish", test_finish);
  g_test_add_func ("/write-queue/threads", test_threads);
  return g_test_run ();
}
