/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-asker-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  ExecnetQuestionFunc func;
  gpointer data;
} Waiter;

/* A transport that waits for another one's question. */
typedef struct
{
  ExecnetTransport *transport; /* holds a reference */
  gconstpointer asker;
  gboolean is_counted; /* worker thread */
} Sharing;

struct _ExecnetQuestions
{
  gatomicrefcount refs;
  const ExecnetAskerFuncs *funcs;
  gpointer data;

  GMutex lock;
  gboolean is_open;    /* lock */
  GQueue waiting;      /* lock; of ExecnetAsked, holding references: neither shown nor over */
  ExecnetAsked *shown; /* lock; holds a reference; until its dialog is gone, also when it is over */
  GPtrArray *asking;   /* worker thread; of ExecnetAsked: those that were not returned yet */
  GPtrArray *sharing;  /* of Sharing; changes on the worker thread, under the lock */
  GArray *waiters;     /* lock; of Waiter */
};

struct _ExecnetAsked
{
  gatomicrefcount refs;
  ExecnetQuestions *questions; /* holds a reference */
  ExecnetQuestion question;    /* owns its strings */
  GMainContext *context;       /* holds a reference; the worker thread's */
  gconstpointer asker;         /* the transport, to compare with */

  /* Worker thread. */
  GTask *task;                 /* until it returned */
  ExecnetTransport *transport; /* holds a reference until then */
  GSource *cancelling;
  gboolean is_counted; /* among what the transport waits for */

  /* The lock of the questions. */
  gboolean is_over;
  ExecnetSecret *secret;
  gboolean accepted;
  GError *error;
};

ExecnetQuestions *
execnet_questions_new (const ExecnetAskerFuncs *funcs, gpointer data)
{
  ExecnetQuestions *self = g_new0 (ExecnetQuestions, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  g_queue_init (&self->waiting);
  self->asking = g_ptr_array_new ();
  self->sharing = g_ptr_array_new ();
  self->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  self->funcs = funcs;
  self->data = data;
  return self;
}

ExecnetQuestions *
execnet_questions_ref (ExecnetQuestions *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
execnet_questions_unref (ExecnetQuestions *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  /* What was asked holds a reference: there is none. */
  self->funcs->free (self->data);
  g_ptr_array_unref (self->asking);
  g_ptr_array_unref (self->sharing);
  g_array_unref (self->waiters);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gpointer
execnet_questions_get_data (ExecnetQuestions *self)
{
  return self->data;
}

/* A question. */

static ExecnetAsked *
asked_new (ExecnetQuestions *questions, const ExecnetQuestion *question)
{
  ExecnetAsked *self = g_new0 (ExecnetAsked, 1);

  g_atomic_ref_count_init (&self->refs);
  self->questions = execnet_questions_ref (questions);
  self->question = *question;
  self->question.host = g_strdup (question->host);
  self->question.user = g_strdup (question->user);
  self->question.subject = g_strdup (question->subject);
  self->context = g_main_context_ref_thread_default ();
  return self;
}

ExecnetAsked *
execnet_asked_ref (ExecnetAsked *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
execnet_asked_unref (ExecnetAsked *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_free ((char *) self->question.host);
  g_free ((char *) self->question.user);
  g_free ((char *) self->question.subject);
  g_clear_pointer (&self->secret, execnet_secret_free);
  g_clear_error (&self->error);
  g_main_context_unref (self->context);
  execnet_questions_unref (self->questions);
  g_free (self);
}

static void
unref_asked (gpointer data)
{
  execnet_asked_unref (data);
}

const ExecnetQuestion *
execnet_asked_get_question (ExecnetAsked *self)
{
  return &self->question;
}

gboolean
execnet_asked_is_over (ExecnetAsked *self)
{
  gboolean is_over;

  g_mutex_lock (&self->questions->lock);
  is_over = self->is_over;
  g_mutex_unlock (&self->questions->lock);
  return is_over;
}

/* Any thread. `func` runs once on the worker thread. */
static void
invoke (ExecnetAsked *asked, GSourceFunc func)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "execnet question");
  g_source_set_callback (source, func, execnet_asked_ref (asked), unref_asked);
  g_source_attach (source, asked->context);
}

/* What the transports wait for. */

static void
set_counted (ExecnetTransport *transport, gboolean *is_counted, gboolean should_be)
{
  if (transport == NULL || *is_counted == should_be)
    return;
  *is_counted = should_be;
  if (should_be)
    execnet_transport_begin_asking (transport);
  else
    execnet_transport_end_asking (transport);
}

/* Worker thread. */
static gboolean
is_asking (ExecnetQuestions *self, gconstpointer asker)
{
  for (guint i = 0; i < self->asking->len; i++)
    {
      if (((ExecnetAsked *) self->asking->pdata[i])->asker == asker)
        return TRUE;
    }
  return FALSE;
}

/* Worker thread. A question counts while a person is being asked it, or one before it. */
static void
count_all (ExecnetQuestions *self)
{
  gboolean is_shown;

  g_mutex_lock (&self->lock);
  is_shown = self->shown != NULL;
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < self->asking->len; i++)
    {
      ExecnetAsked *asked = self->asking->pdata[i];

      set_counted (asked->transport, &asked->is_counted, is_shown);
    }
  for (guint i = 0; i < self->sharing->len; i++)
    {
      Sharing *sharing = self->sharing->pdata[i];

      set_counted (sharing->transport,
                   &sharing->is_counted,
                   is_shown && is_asking (self, sharing->asker));
    }
}

static gboolean
count (gpointer data)
{
  count_all (((ExecnetAsked *) data)->questions);
  return G_SOURCE_REMOVE;
}

/* The answer. */

/* Worker thread. */
static gboolean
give_back (gpointer data)
{
  ExecnetAsked *asked = data;
  GTask *task = g_steal_pointer (&asked->task);

  if (task == NULL)
    return G_SOURCE_REMOVE;
  g_source_destroy (asked->cancelling);
  g_clear_pointer (&asked->cancelling, g_source_unref);
  set_counted (asked->transport, &asked->is_counted, FALSE);
  g_clear_object (&asked->transport);
  g_ptr_array_remove_fast (asked->questions->asking, asked);
  count_all (asked->questions);

  if (asked->error != NULL)
    g_task_return_error (task, g_steal_pointer (&asked->error));
  else if (asked->question.kind == EXECNET_QUESTION_HOST_KEY)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_pointer (
        task, g_steal_pointer (&asked->secret), (GDestroyNotify) execnet_secret_free);
  g_object_unref (task);
  asked->questions->funcs->end (asked->questions->data);
  return G_SOURCE_REMOVE;
}

/* With the lock. */
static void
end_asked (ExecnetAsked *asked)
{
  ExecnetQuestions *self = asked->questions;

  asked->is_over = TRUE;
  invoke (asked, give_back);
  if (g_queue_remove (&self->waiting, asked))
    execnet_asked_unref (asked);
}

/* Any thread. Takes all over. */
static void
end_with (ExecnetAsked *asked, ExecnetSecret *secret, GError *error)
{
  ExecnetQuestions *self = asked->questions;
  gboolean is_first;

  g_mutex_lock (&self->lock);
  is_first = !asked->is_over;
  if (is_first)
    {
      asked->secret = g_steal_pointer (&secret);
      asked->error = g_steal_pointer (&error);
      end_asked (asked);
    }
  g_mutex_unlock (&self->lock);
  execnet_secret_free (secret);
  g_clear_error (&error);
  if (is_first)
    self->funcs->wake (self->data);
}

void
execnet_asked_answer (ExecnetAsked *self, const char *secret)
{
  end_with (self, execnet_secret_new (secret != NULL ? secret : ""), NULL);
}

void
execnet_asked_confirm (ExecnetAsked *self, gboolean accepted)
{
  GError *error = NULL;

  if (!accepted)
    g_set_error (&error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_HOST_KEY_UNKNOWN,
                 _ ("The key of the host “%s” is not known, and was not accepted."),
                 self->question.host);
  end_with (self, NULL, error);
}

void
execnet_asked_abort (ExecnetAsked *self)
{
  if (self->question.kind == EXECNET_QUESTION_HOST_KEY)
    execnet_asked_confirm (self, FALSE);
  else
    end_with (self,
              NULL,
              g_error_new (EXECNET_ERROR,
                           EXECNET_ERROR_AUTHENTICATION_FAILED,
                           _ ("Logging in to the host “%s” was given up by who was asked."),
                           self->question.host));
}

static const char *
advise (const ExecnetQuestion *question, ExecnetUnasked why)
{
  switch (why)
    {
    case EXECNET_UNASKED_UNHANDLED:
      return _ ("The group's mount operation does not answer this kind of question.");
    case EXECNET_UNASKED_BLOCKED:
      return _ ("It can't be asked while the thread that would ask waits in a synchronous call: make "
                "the gateway with the asynchronous call, or answer at once.");
    case EXECNET_UNASKED_NO_OPERATION:
      if (question->kind == EXECNET_QUESTION_HOST_KEY)
        return _ ("There is nobody to ask: set the property “mount-operation” of the group, or add "
                  "the key to the known hosts.");
      return _ ("There is nobody to ask: set the property “mount-operation” of the group, or use a "
                "key that needs no answer, such as one of an ssh agent.");
    }
  g_assert_not_reached ();
}

static GError *
new_unasked_error (const ExecnetQuestion *question, ExecnetUnasked why)
{
  g_autofree char *what = execnet_question_describe (question);

  return g_error_new (
      EXECNET_ERROR, EXECNET_ERROR_NEEDS_INTERACTION, "%s %s", what, advise (question, why));
}

void
execnet_asked_fail (ExecnetAsked *self, ExecnetUnasked why)
{
  end_with (self, NULL, new_unasked_error (&self->question, why));
}

/* Worker thread. */
static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  GError *error = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  end_with (data, NULL, error);
  return G_SOURCE_REMOVE;
}

/* Asking. */

/* With the lock. */
static void
wake_waiters (ExecnetQuestions *self)
{
  for (guint i = 0; i < self->waiters->len; i++)
    {
      Waiter *waiter = &g_array_index (self->waiters, Waiter, i);

      waiter->func (waiter->data);
    }
}

static void
watch_cancellable (ExecnetAsked *asked, GCancellable *cancellable)
{
  /* Without one it is never ready. */
  asked->cancelling = g_cancellable_source_new (cancellable);
  g_source_set_callback (asked->cancelling,
                         G_SOURCE_FUNC (on_cancelled),
                         execnet_asked_ref (asked),
                         unref_asked);
  g_source_attach (asked->cancelling, asked->context);
}

static void
trace_question (const ExecnetQuestion *question)
{
  g_autofree char *text = execnet_trace_is_enabled () ? execnet_question_describe (question) : NULL;

  execnet_trace ("question: %s", text);
}

static void
put_question (ExecnetQuestions *self,
              ExecnetTransport *transport,
              const ExecnetQuestion *question,
              GTask *task)
{
  g_autoptr (ExecnetAsked) asked = asked_new (self, question);
  gboolean is_open;

  asked->task = task;
  g_set_object (&asked->transport, transport);
  asked->asker = transport;
  watch_cancellable (asked, g_task_get_cancellable (task));
  g_ptr_array_add (self->asking, asked);
  self->funcs->begin (self->data);

  g_mutex_lock (&self->lock);
  is_open = self->is_open;
  if (is_open)
    g_queue_push_tail (&self->waiting, execnet_asked_ref (asked));
  wake_waiters (self);
  g_mutex_unlock (&self->lock);

  if (!is_open)
    execnet_asked_fail (asked, EXECNET_UNASKED_NO_OPERATION);
  else
    self->funcs->wake (self->data);
  count (asked);
}

void
execnet_questions_ask_async (ExecnetQuestions *self,
                             ExecnetTransport *transport,
                             const ExecnetQuestion *question,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  trace_question (question);
  g_task_set_source_tag (task, execnet_questions_ask_async);
  /* An answer that was given is not thrown away without being overwritten. */
  g_task_set_check_cancellable (task, FALSE);
  if (g_cancellable_is_cancelled (cancellable))
    {
      g_task_return_error_if_cancelled (task);
      g_object_unref (task);
    }
  else if (self == NULL)
    {
      g_task_return_error (task, new_unasked_error (question, EXECNET_UNASKED_NO_OPERATION));
      g_object_unref (task);
    }
  else
    put_question (self, transport, question, task);
}

ExecnetSecret *
execnet_questions_ask_finish (ExecnetQuestions *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_questions_ask_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
execnet_questions_confirm_finish (ExecnetQuestions *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_questions_ask_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Sharing. */

void
execnet_questions_begin_sharing (ExecnetQuestions *self,
                                 ExecnetTransport *transport,
                                 ExecnetTransport *asker)
{
  Sharing *sharing;

  if (self == NULL)
    return;
  sharing = g_new0 (Sharing, 1);
  sharing->transport = g_object_ref (transport);
  sharing->asker = asker;
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->sharing, sharing);
  wake_waiters (self);
  g_mutex_unlock (&self->lock);
  count_all (self);
}

/* With the lock, or on the worker thread. */
static Sharing *
find_sharing (ExecnetQuestions *self, gconstpointer transport)
{
  for (guint i = 0; i < self->sharing->len; i++)
    {
      Sharing *sharing = self->sharing->pdata[i];

      if (sharing->transport == transport)
        return sharing;
    }
  return NULL;
}

void
execnet_questions_end_sharing (ExecnetQuestions *self, ExecnetTransport *transport)
{
  Sharing *sharing = self != NULL ? find_sharing (self, transport) : NULL;

  if (sharing == NULL)
    return;
  g_mutex_lock (&self->lock);
  g_ptr_array_remove_fast (self->sharing, sharing);
  g_mutex_unlock (&self->lock);
  set_counted (sharing->transport, &sharing->is_counted, FALSE);
  g_object_unref (sharing->transport);
  g_free (sharing);
}

/* Showing. */

void
execnet_questions_set_open (ExecnetQuestions *self, gboolean is_open)
{
  ExecnetAsked *asked;

  g_mutex_lock (&self->lock);
  self->is_open = is_open;
  g_mutex_unlock (&self->lock);
  while (!is_open)
    {
      g_mutex_lock (&self->lock);
      asked = g_queue_peek_head (&self->waiting);
      if (asked != NULL)
        execnet_asked_ref (asked);
      g_mutex_unlock (&self->lock);
      if (asked == NULL)
        return;
      execnet_asked_fail (asked, EXECNET_UNASKED_NO_OPERATION);
      execnet_asked_unref (asked);
    }
}

ExecnetAsked *
execnet_questions_take_next (ExecnetQuestions *self)
{
  ExecnetAsked *asked = NULL;

  g_mutex_lock (&self->lock);
  if (self->shown == NULL && self->waiting.head != NULL)
    {
      self->shown = g_queue_pop_head (&self->waiting);
      asked = execnet_asked_ref (self->shown);
      invoke (asked, count);
    }
  g_mutex_unlock (&self->lock);
  return asked;
}

void
execnet_questions_end_shown (ExecnetQuestions *self, ExecnetAsked *asked)
{
  ExecnetAsked *shown = NULL;

  g_mutex_lock (&self->lock);
  if (self->shown == asked)
    shown = g_steal_pointer (&self->shown);
  /* One that waits is not over, so the worker thread is there. */
  if (self->waiting.head != NULL)
    invoke (self->waiting.head->data, count);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&shown, execnet_asked_unref);
  self->funcs->wake (self->data);
}

/* With the lock. The question of the transport that is not over. */
static ExecnetAsked *
find_asked (ExecnetQuestions *self, gconstpointer transport)
{
  if (self->shown != NULL && self->shown->asker == transport && !self->shown->is_over)
    return self->shown;
  for (GList *link = self->waiting.head; link != NULL; link = link->next)
    {
      ExecnetAsked *asked = link->data;

      if (asked->asker == transport)
        return asked;
    }
  return NULL;
}

/* With the lock. As above, holding a reference; `can_show` when it has not been shown yet, and is the
 * shown one from now on. */
static ExecnetAsked *
take_for (ExecnetQuestions *self, gconstpointer transport, gboolean *can_show)
{
  ExecnetAsked *asked = find_asked (self, transport);

  *can_show = asked != NULL && self->shown == NULL;
  if (*can_show)
    {
      g_queue_remove (&self->waiting, asked);
      self->shown = asked;
    }
  return asked != NULL ? execnet_asked_ref (asked) : NULL;
}

static void
show_own (ExecnetQuestions *self, ExecnetAsked *asked, gboolean can_show)
{
  if (can_show)
    self->funcs->show_now (self->data, asked);
  execnet_asked_fail (asked, EXECNET_UNASKED_BLOCKED);
  if (can_show)
    execnet_questions_end_shown (self, asked);
}

gboolean
execnet_questions_serve (ExecnetQuestions *self, gconstpointer transport, GError **error)
{
  g_autoptr (ExecnetAsked) asked = NULL;
  g_autoptr (ExecnetAsked) of_other = NULL;
  Sharing *sharing;
  gboolean can_show;

  if (!self->funcs->enter (self->data))
    return TRUE;
  g_mutex_lock (&self->lock);
  asked = take_for (self, transport, &can_show);
  sharing = asked == NULL ? find_sharing (self, transport) : NULL;
  if (sharing != NULL)
    of_other = find_asked (self, sharing->asker);
  if (of_other != NULL)
    execnet_asked_ref (of_other);
  g_mutex_unlock (&self->lock);
  if (asked != NULL)
    show_own (self, asked, can_show);
  self->funcs->leave (self->data);
  if (of_other == NULL)
    return TRUE;
  g_propagate_error (error, new_unasked_error (&of_other->question, EXECNET_UNASKED_BLOCKED));
  return FALSE;
}

void
execnet_questions_add_waiter (ExecnetQuestions *self, ExecnetQuestionFunc func, gpointer data)
{
  const Waiter waiter = { func, data };

  g_mutex_lock (&self->lock);
  g_array_append_val (self->waiters, waiter);
  g_mutex_unlock (&self->lock);
}

void
execnet_questions_remove_waiter (ExecnetQuestions *self, ExecnetQuestionFunc func, gpointer data)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->waiters->len; i++)
    {
      Waiter *waiter = &g_array_index (self->waiters, Waiter, i);

      if (waiter->func == func && waiter->data == data)
        {
          g_array_remove_index_fast (self->waiters, i);
          break;
        }
    }
  g_mutex_unlock (&self->lock);
}
