/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-questions-private.h"

G_BEGIN_DECLS

/* The other side of ExecnetQuestions: for those who show the questions. */

/* A question in the queue, or one that is shown. Atomically reference-counted. */
typedef struct _ExecnetAsked ExecnetAsked;

/* Why nobody could be asked. */
typedef enum
{
  EXECNET_UNASKED_NO_OPERATION, /* there is no mount operation */
  EXECNET_UNASKED_UNHANDLED,    /* it doesn't answer such questions */
  EXECNET_UNASKED_BLOCKED,      /* the thread that would show it waits for the gateway */
} ExecnetUnasked;

typedef struct
{
  /* Any thread, without a lock. There may be something to do for execnet_questions_take_next, or
   * the question that is shown is over. */
  void (*wake) (gpointer data);

  /* Any thread, without a lock: a thread that waits for a transport which asks. TRUE when questions
   * are shown in this thread, which can't show them while it waits: then it may show them until
   * `leave`. */
  gboolean (*enter) (gpointer data);
  void (*leave) (gpointer data);

  /* Between these two: shows the question, and forgets it at once. What was not answered until this
   * returns fails. */
  void (*show_now) (gpointer data, ExecnetAsked *asked);

  /* Worker thread. While a question has not come back, the thread has to stay: who asked may be on
   * the way out. */
  void (*begin) (gpointer data);
  void (*end) (gpointer data);

  /* Any thread. With the last reference. */
  void (*free) (gpointer data);
} ExecnetAskerFuncs;

/* Nobody is there to be asked at first. */
ExecnetQuestions *execnet_questions_new (const ExecnetAskerFuncs *funcs, gpointer data);

gpointer execnet_questions_get_data (ExecnetQuestions *self);

/* Any thread. Whether there is anybody to be asked; all questions fail if not. */
void execnet_questions_set_open (ExecnetQuestions *self, gboolean is_open);

/* Any thread. The next question, which counts as shown from now on; NULL while another one does.
 * Holds a reference. */
ExecnetAsked *execnet_questions_take_next (ExecnetQuestions *self);

/* Any thread. A question that was taken is shown no more, answered or not; then the next one may be
 * taken. */
void execnet_questions_end_shown (ExecnetQuestions *self, ExecnetAsked *asked);

/* Any thread. Waits for nothing: lets a thread that will wait for the transport show its question
 * first, where it is that thread that shows questions. Its question fails when it can't be answered
 * at once. The transport is only compared. FALSE with EXECNET_ERROR_NEEDS_INTERACTION when it waits
 * for another's question, which nobody can answer while this thread waits. */
gboolean
execnet_questions_serve (ExecnetQuestions *self, gconstpointer transport, GError **error);

/* Any thread. While it is added, `func` is called whenever something is asked: on the worker thread,
 * with a lock held under which nothing of this may be called. */
typedef void (*ExecnetQuestionFunc) (gpointer data);
void execnet_questions_add_waiter (ExecnetQuestions *self, ExecnetQuestionFunc func, gpointer data);
void execnet_questions_remove_waiter (ExecnetQuestions *self,
                                      ExecnetQuestionFunc func,
                                      gpointer data);

ExecnetAsked *execnet_asked_ref (ExecnetAsked *self);
void execnet_asked_unref (ExecnetAsked *self);

/* Any thread. What is asked; constant. */
const ExecnetQuestion *execnet_asked_get_question (ExecnetAsked *self);

/* Any thread. Whether it was cancelled, or answered. */
gboolean execnet_asked_is_over (ExecnetAsked *self);

/* Any thread. The first of these counts. `secret` is copied; NULL is an empty one. */
void execnet_asked_answer (ExecnetAsked *self, const char *secret);
void execnet_asked_confirm (ExecnetAsked *self, gboolean accepted);
void execnet_asked_abort (ExecnetAsked *self);
void execnet_asked_fail (ExecnetAsked *self, ExecnetUnasked why);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetAsked, execnet_asked_unref)

G_END_DECLS
