/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What waits to run in a main context. */

#include "config.h"

#include "engine/execnet-mailbox-private.h"

typedef struct
{
  ExecnetPost post;
  char name;
  GString *log; /* of the names of those that ran */
  gint n_refs;  /* atomic */
  guint n_runs;
  guint n_checks;
  gboolean is_ready;
  gint64 duration_us;
  GThread *thread;
  void (*also) (gpointer note);
  gpointer data;
} Note;

static Note *
to_note (ExecnetPost *post)
{
  return (Note *) ((char *) post - G_STRUCT_OFFSET (Note, post));
}

static void
hold (ExecnetPost *post)
{
  g_atomic_int_inc (&to_note (post)->n_refs);
}

static void
drop (ExecnetPost *post)
{
  g_assert_cmpint (g_atomic_int_add (&to_note (post)->n_refs, -1), >, 0);
}

static void
run (ExecnetPost *post)
{
  Note *note = to_note (post);
  gint64 end = g_get_monotonic_time () + note->duration_us;

  g_assert_cmpint (g_atomic_int_get (&note->n_refs), >, 0);
  note->n_runs++;
  note->thread = g_thread_self ();
  if (note->log != NULL)
    g_string_append_c (note->log, note->name);
  if (note->also != NULL)
    note->also (note);
  /* One that is busy for so long. */
  while (g_get_monotonic_time () < end)
    ;
}

static gboolean
check (ExecnetPost *post)
{
  Note *note = to_note (post);

  note->n_checks++;
  return note->is_ready;
}

static const ExecnetPostFuncs funcs = { hold, drop, run, check };

static void
note_init (Note *note, char name, GString *log)
{
  *note = (Note){ .name = name, .log = log };
  execnet_post_init (&note->post, &funcs);
}

static void
iterate_all (GMainContext *context)
{
  while (g_main_context_iteration (context, FALSE))
    ;
}

static void
test_one_for_each_context (void)
{
  g_autoptr (GMainContext) other = g_main_context_new ();
  g_autoptr (ExecnetMailbox) first = execnet_mailbox_get (NULL);
  g_autoptr (ExecnetMailbox) same = execnet_mailbox_get (g_main_context_default ());
  g_autoptr (ExecnetMailbox) second = execnet_mailbox_get (other);
  g_autoptr (ExecnetMailbox) pushed = NULL;

  g_assert_true (first == same);
  g_assert_true (first != second);
  g_assert_true (execnet_mailbox_get_context (second) == other);
  g_main_context_push_thread_default (other);
  pushed = execnet_mailbox_get (NULL);
  g_assert_true (pushed == second);
  g_main_context_pop_thread_default (other);
}

static void
test_order (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ExecnetMailbox) mailbox = execnet_mailbox_get (context);
  g_autoptr (GString) log = g_string_new (NULL);
  Note notes[5];

  for (guint i = 0; i < G_N_ELEMENTS (notes); i++)
    {
      note_init (&notes[i], 'a' + i, log);
      execnet_mailbox_post (mailbox, &notes[i].post);
    }
  /* It waits once, in its first place. */
  execnet_mailbox_post (mailbox, &notes[0].post);
  execnet_mailbox_post (mailbox, &notes[3].post);
  g_assert_cmpstr (log->str, ==, "");
  iterate_all (context);
  g_assert_cmpstr (log->str, ==, "abcde");

  execnet_mailbox_post (mailbox, &notes[4].post);
  execnet_mailbox_post (mailbox, &notes[1].post);
  iterate_all (context);
  g_assert_cmpstr (log->str, ==, "abcdeeb");
  for (guint i = 0; i < G_N_ELEMENTS (notes); i++)
    g_assert_cmpint (notes[i].n_refs, ==, 0);
}

static void
post_again (gpointer data)
{
  Note *note = data;

  if (note->n_runs < 3)
    execnet_mailbox_post (note->data, &note->post);
}

/* One that is posted while it runs comes again, behind the others. */
static void
test_posted_while_it_runs (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ExecnetMailbox) mailbox = execnet_mailbox_get (context);
  g_autoptr (GString) log = g_string_new (NULL);
  Note again, once;

  note_init (&again, 'a', log);
  note_init (&once, 'b', log);
  again.also = post_again;
  again.data = mailbox;
  execnet_mailbox_post (mailbox, &again.post);
  execnet_mailbox_post (mailbox, &once.post);
  iterate_all (context);
  g_assert_cmpstr (log->str, ==, "abaa");
  g_assert_cmpint (again.n_refs, ==, 0);
}

static void
test_park (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ExecnetMailbox) mailbox = execnet_mailbox_get (context);
  g_autoptr (GString) log = g_string_new (NULL);
  Note parked, posted;

  note_init (&parked, 'a', log);
  note_init (&posted, 'b', log);
  execnet_mailbox_park (mailbox, &parked.post);
  execnet_mailbox_park (mailbox, &parked.post);
  iterate_all (context);
  g_assert_cmpuint (parked.n_checks, >, 0);
  g_assert_cmpstr (log->str, ==, "");
  g_assert_cmpint (parked.n_refs, ==, 1);

  /* Ready: on the next turn. */
  parked.is_ready = TRUE;
  iterate_all (context);
  g_assert_cmpstr (log->str, ==, "a");
  g_assert_cmpint (parked.n_refs, ==, 0);

  /* Posting one that is parked makes it ready, too. */
  parked.is_ready = FALSE;
  execnet_mailbox_park (mailbox, &parked.post);
  execnet_mailbox_post (mailbox, &posted.post);
  execnet_mailbox_post (mailbox, &parked.post);
  iterate_all (context);
  g_assert_cmpstr (log->str, ==, "aba");
  g_assert_cmpint (parked.n_refs, ==, 0);
}

/* Many become ready at once, and each takes longer than a turn: all have theirs. */
static void
test_parked_and_slow (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ExecnetMailbox) mailbox = execnet_mailbox_get (context);
  g_autoptr (GString) log = g_string_new (NULL);
  Note notes[4];

  for (guint i = 0; i < G_N_ELEMENTS (notes); i++)
    {
      note_init (&notes[i], 'a' + i, log);
      notes[i].duration_us = 6000;
      execnet_mailbox_park (mailbox, &notes[i].post);
    }
  iterate_all (context);
  g_assert_cmpstr (log->str, ==, "");
  for (guint i = 0; i < G_N_ELEMENTS (notes); i++)
    notes[i].is_ready = TRUE;
  iterate_all (context);
  g_assert_cmpstr (log->str, ==, "abcd");
}

static gboolean
count_idle (gpointer data)
{
  ++*(guint *) data;
  return G_SOURCE_CONTINUE;
}

/* A flood leaves the loop its other work: a turn takes a bounded time. */
static void
test_turn_is_bounded (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ExecnetMailbox) mailbox = execnet_mailbox_get (context);
  g_autoptr (GSource) other = g_timeout_source_new (0);
  guint n_others = 0;
  Note notes[50];

  g_source_set_callback (other, count_idle, &n_others, NULL);
  g_source_attach (other, context);
  for (guint i = 0; i < G_N_ELEMENTS (notes); i++)
    {
      note_init (&notes[i], 'a', NULL);
      notes[i].duration_us = 1000;
      execnet_mailbox_post (mailbox, &notes[i].post);
    }
  while (notes[G_N_ELEMENTS (notes) - 1].n_runs == 0)
    g_main_context_iteration (context, FALSE);
  /* 50 ms of work in turns of about 4 ms. */
  g_assert_cmpuint (n_others, >=, 5);
  g_source_destroy (other);
}

static void
test_take_out (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ExecnetMailbox) mailbox = execnet_mailbox_get (context);
  g_autoptr (GString) log = g_string_new (NULL);
  Note ready, parked, other;

  note_init (&ready, 'a', log);
  note_init (&parked, 'b', log);
  note_init (&other, 'c', log);
  execnet_mailbox_post (mailbox, &ready.post);
  execnet_mailbox_park (mailbox, &parked.post);
  execnet_mailbox_post (mailbox, &other.post);
  execnet_mailbox_take_out (mailbox, &ready.post);
  execnet_mailbox_take_out (mailbox, &ready.post);
  execnet_mailbox_take_out (mailbox, &parked.post);
  g_assert_cmpint (ready.n_refs, ==, 0);
  g_assert_cmpint (parked.n_refs, ==, 0);
  parked.is_ready = TRUE;
  iterate_all (context);
  g_assert_cmpstr (log->str, ==, "c");

  /* And it can be posted again. */
  execnet_mailbox_post (mailbox, &ready.post);
  iterate_all (context);
  g_assert_cmpstr (log->str, ==, "ca");
}

static void
test_hand_over (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ExecnetMailbox) mailbox = execnet_mailbox_get (context);
  Note note;

  note_init (&note, 'a', NULL);
  hold (&note.post);
  execnet_mailbox_hand_over (mailbox, &note.post);
  iterate_all (context);
  g_assert_cmpuint (note.n_runs, ==, 1);
  g_assert_cmpint (note.n_refs, ==, 0);
}

static void
iterate_inside (gpointer data)
{
  Note *note = data;

  iterate_all (note->data);
}

/* A callback that runs the loop: deliveries go on inside it. */
static void
test_nested_loop (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (ExecnetMailbox) mailbox = execnet_mailbox_get (context);
  g_autoptr (GString) log = g_string_new (NULL);
  Note outer, inner, parked;

  note_init (&outer, 'a', log);
  note_init (&inner, 'b', log);
  note_init (&parked, 'c', log);
  outer.also = iterate_inside;
  outer.data = context;
  parked.is_ready = TRUE;
  execnet_mailbox_post (mailbox, &outer.post);
  execnet_mailbox_post (mailbox, &inner.post);
  execnet_mailbox_park (mailbox, &parked.post);
  g_main_context_iteration (context, FALSE);
  g_assert_cmpstr (log->str, ==, "abc");
  iterate_all (context);
  g_assert_cmpstr (log->str, ==, "abc");
}

static void
unref_inside (gpointer data)
{
  Note *note = data;

  execnet_mailbox_unref (note->data);
}

/* The last user goes while the mailbox delivers. */
static void
test_unref_while_it_runs (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  ExecnetMailbox *mailbox = execnet_mailbox_get (context);
  g_autoptr (ExecnetMailbox) after = NULL;
  Note note;

  note_init (&note, 'a', NULL);
  note.also = unref_inside;
  note.data = mailbox;
  execnet_mailbox_post (mailbox, &note.post);
  iterate_all (context);
  g_assert_cmpuint (note.n_runs, ==, 1);
  after = execnet_mailbox_get (context);
  g_assert_true (execnet_mailbox_get_context (after) == context);
}

typedef struct
{
  ExecnetMailbox *mailbox;
  Note *notes;
  guint n_notes;
} Posting;

static gpointer
post_often (gpointer data)
{
  Posting *posting = data;

  for (guint round = 0; round < 2000; round++)
    execnet_mailbox_post (posting->mailbox, &posting->notes[round % posting->n_notes].post);
  return NULL;
}

static gpointer
take_out_often (gpointer data)
{
  Posting *posting = data;

  for (guint round = 0; round < 2000; round++)
    execnet_mailbox_take_out (posting->mailbox, &posting->notes[round % 3].post);
  return NULL;
}

/* From everywhere at once, to several contexts; each runs in its own, and all references go. */
static void
test_threads (void)
{
  GMainContext *contexts[2] = { g_main_context_new (), g_main_context_new () };
  ExecnetMailbox *mailboxes[2];
  Note notes[2][10];
  GThread *threads[6];
  Posting postings[2];

  for (guint i = 0; i < G_N_ELEMENTS (contexts); i++)
    {
      mailboxes[i] = execnet_mailbox_get (contexts[i]);
      for (guint j = 0; j < G_N_ELEMENTS (notes[i]); j++)
        note_init (&notes[i][j], 'a' + j, NULL);
      postings[i] = (Posting){ mailboxes[i], notes[i], G_N_ELEMENTS (notes[i]) };
      threads[3 * i] = g_thread_new ("post", post_often, &postings[i]);
      threads[3 * i + 1] = g_thread_new ("post", post_often, &postings[i]);
      threads[3 * i + 2] = g_thread_new ("take-out", take_out_often, &postings[i]);
    }
  for (guint round = 0; round < 2000; round++)
    g_main_context_iteration (contexts[round % 2], FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < G_N_ELEMENTS (contexts); i++)
    {
      iterate_all (contexts[i]);
      for (guint j = 0; j < G_N_ELEMENTS (notes[i]); j++)
        {
          g_assert_cmpint (notes[i][j].n_refs, ==, 0);
          /* These were never taken out. */
          if (j >= 3)
            g_assert_cmpuint (notes[i][j].n_runs, >, 0);
        }
      execnet_mailbox_unref (mailboxes[i]);
      g_main_context_unref (contexts[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/mailbox/one-for-each-context", test_one_for_each_context);
  g_test_add_func ("/mailbox/order", test_order);
  g_test_add_func ("/mailbox/posted-while-it-runs", test_posted_while_it_runs);
  g_test_add_func ("/mailbox/park", test_park);
  g_test_add_func ("/mailbox/parked-and-slow", test_parked_and_slow);
  g_test_add_func ("/mailbox/turn-is-bounded", test_turn_is_bounded);
  g_test_add_func ("/mailbox/take-out", test_take_out);
  g_test_add_func ("/mailbox/hand-over", test_hand_over);
  g_test_add_func ("/mailbox/nested-loop", test_nested_loop);
  g_test_add_func ("/mailbox/unref-while-it-runs", test_unref_while_it_runs);
  g_test_add_func ("/mailbox/threads", test_threads);
  return g_test_run ();
}
