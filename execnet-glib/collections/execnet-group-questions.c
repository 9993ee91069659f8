/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The questions of a group's gateways are shown by a mount operation, in the group's main context. */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "engine/execnet-worker-thread-private.h"
#include "transport/execnet-asker-private.h"

#include <glib/gi18n-lib.h>

/* A question that is shown. Its handlers may be called in any thread: they know only this. */
typedef struct
{
  gatomicrefcount refs;
  ExecnetAsked *asked;        /* holds a reference */
  GMountOperation *operation; /* holds a reference until it is hidden */
  gulong reply_handler;
  gulong last_handler;
  gint has_reply; /* atomic */
} Showing;

typedef struct
{
  ExecnetQuestions *questions; /* which own this */
  ExecnetMailbox *mailbox;
  GThread *home; /* the group's, holds a reference */
  ExecnetPost post;

  GMutex lock;
  GMountOperation *operation; /* lock; holds a reference */

  Showing *showing; /* in the context */
} Asker;

static Showing *
showing_new (ExecnetAsked *asked, GMountOperation *operation)
{
  Showing *showing = g_new0 (Showing, 1);

  g_atomic_ref_count_init (&showing->refs);
  showing->asked = execnet_asked_ref (asked);
  showing->operation = g_object_ref (operation);
  return showing;
}

static void
showing_unref (gpointer data, GClosure *closure)
{
  Showing *showing = data;

  if (!g_atomic_ref_count_dec (&showing->refs))
    return;
  execnet_asked_unref (showing->asked);
  g_free (showing);
}

static gboolean
is_about_host_key (ExecnetAsked *asked)
{
  return execnet_asked_get_question (asked)->kind == EXECNET_QUESTION_HOST_KEY;
}

/* Whichever thread replies. */
static void
on_reply (GMountOperation *operation, GMountOperationResult result, Showing *showing)
{
  g_atomic_int_set (&showing->has_reply, TRUE);
  switch (result)
    {
    case G_MOUNT_OPERATION_HANDLED:
      if (is_about_host_key (showing->asked))
        execnet_asked_confirm (showing->asked, g_mount_operation_get_choice (operation) == 0);
      else
        execnet_asked_answer (showing->asked, g_mount_operation_get_password (operation));
      break;
    case G_MOUNT_OPERATION_ABORTED:
      execnet_asked_abort (showing->asked);
      break;
    case G_MOUNT_OPERATION_UNHANDLED:
      execnet_asked_fail (showing->asked, EXECNET_UNASKED_UNHANDLED);
      break;
    }
  g_mount_operation_set_password (operation, NULL);
}

/* GMountOperation's own handlers come last and say, on a later turn of the loop, that nobody handles
 * the question. Where a handler does, it may take its time. */
static void
stop_emission (GMountOperation *operation)
{
  GSignalInvocationHint *hint = g_signal_get_invocation_hint (operation);

  g_signal_stop_emission (operation, hint->signal_id, 0);
}

/* Whether anybody handles the question, and whether that is the class. */
static gboolean
is_handled (GMountOperation *operation, gboolean about_host_key, gboolean *by_class)
{
  GMountOperationClass *base = g_type_class_ref (G_TYPE_MOUNT_OPERATION);
  GMountOperationClass *klass = G_MOUNT_OPERATION_GET_CLASS (operation);
  guint signal = g_signal_lookup (about_host_key ? "ask-question" : "ask-password",
                                  G_TYPE_MOUNT_OPERATION);

  *by_class = about_host_key ? klass->ask_question != base->ask_question
                             : klass->ask_password != base->ask_password;
  g_type_class_unref (base);
  return *by_class || g_signal_has_handler_pending (operation, signal, 0, FALSE);
}

static void
connect_handlers (Showing *showing, gboolean handled_by_class)
{
  g_atomic_ref_count_inc (&showing->refs);
  showing->reply_handler = g_signal_connect_data (
      showing->operation, "reply", G_CALLBACK (on_reply), showing, showing_unref, 0);
  if (!handled_by_class)
    showing->last_handler
        = g_signal_connect (showing->operation,
                            is_about_host_key (showing->asked) ? "ask-question" : "ask-password",
                            G_CALLBACK (stop_emission),
                            NULL);
}

static void
emit_question (Showing *showing)
{
  const ExecnetQuestion *question = execnet_asked_get_question (showing->asked);
  const char *const choices[] = { _ ("Connect"), _ ("Do not connect"), NULL };
  g_autofree char *message = execnet_question_dup_message (question);

  if (question->kind == EXECNET_QUESTION_HOST_KEY)
    g_signal_emit_by_name (showing->operation, "ask-question", message, choices);
  else
    g_signal_emit_by_name (showing->operation,
                           "ask-password",
                           message,
                           question->user != NULL ? question->user : "",
                           "",
                           G_ASK_PASSWORD_NEED_PASSWORD);
}

/* In the context. It is shown no more; a dialog that was not answered goes away. */
static void
hide (Asker *self)
{
  Showing *showing = g_steal_pointer (&self->showing);
  g_autoptr (GMountOperation) operation = g_steal_pointer (&showing->operation);

  g_signal_handler_disconnect (operation, showing->reply_handler);
  if (showing->last_handler != 0)
    g_signal_handler_disconnect (operation, showing->last_handler);
  if (!g_atomic_int_get (&showing->has_reply))
    g_signal_emit_by_name (operation, "aborted");
  showing_unref (showing, NULL);
}

/* In the context. FALSE when it can't be shown; else it may be over and hidden already, when a handler
 * ran a loop of its own. */
static gboolean
show (Asker *self, ExecnetAsked *asked)
{
  g_autoptr (GMountOperation) operation = NULL;
  gboolean handled_by_class;

  g_mutex_lock (&self->lock);
  g_set_object (&operation, self->operation);
  g_mutex_unlock (&self->lock);
  if (operation == NULL)
    {
      execnet_asked_fail (asked, EXECNET_UNASKED_NO_OPERATION);
      return FALSE;
    }
  if (!is_handled (operation, is_about_host_key (asked), &handled_by_class))
    {
      execnet_asked_fail (asked, EXECNET_UNASKED_UNHANDLED);
      return FALSE;
    }
  self->showing = showing_new (asked, operation);
  connect_handlers (self->showing, handled_by_class);
  emit_question (self->showing);
  return TRUE;
}

/* In the context. */
static void
show_next (Asker *self)
{
  g_autoptr (ExecnetAsked) asked = NULL;

  if (self->showing != NULL)
    {
      asked = execnet_asked_ref (self->showing->asked);
      if (execnet_asked_is_over (asked))
        {
          hide (self);
          execnet_questions_end_shown (self->questions, asked);
        }
      return;
    }
  asked = execnet_questions_take_next (self->questions);
  if (asked != NULL && !show (self, asked))
    execnet_questions_end_shown (self->questions, asked);
}

static Asker *
asker_from_post (ExecnetPost *post)
{
  return (Asker *) ((char *) post - G_STRUCT_OFFSET (Asker, post));
}

static void
hold_post (ExecnetPost *post)
{
  execnet_questions_ref (asker_from_post (post)->questions);
}

static void
drop_post (ExecnetPost *post)
{
  execnet_questions_unref (asker_from_post (post)->questions);
}

static void
run_post (ExecnetPost *post)
{
  show_next (asker_from_post (post));
}

static const ExecnetPostFuncs post_funcs = { hold_post, drop_post, run_post, NULL };

/* For the questions. */

static void
wake (gpointer data)
{
  Asker *self = data;

  execnet_mailbox_post (self->mailbox, &self->post);
}

static gboolean
enter (gpointer data)
{
  Asker *self = data;
  GMainContext *context = execnet_mailbox_get_context (self->mailbox);

  if (execnet_mailbox_is_foreign (self->mailbox))
    return FALSE;
  return (g_main_context_is_owner (context) || g_thread_self () == self->home)
         && g_main_context_acquire (context);
}

static void
leave (gpointer data)
{
  Asker *self = data;

  g_main_context_release (execnet_mailbox_get_context (self->mailbox));
}

static void
show_now (gpointer data, ExecnetAsked *asked)
{
  Asker *self = data;

  show (self, asked);
  if (self->showing != NULL && self->showing->asked == asked)
    hide (self);
}

static void
begin (gpointer data)
{
  execnet_worker_thread_linger ();
}

static void
end (gpointer data)
{
  execnet_worker_thread_end_lingering ();
}

static void
asker_free (gpointer data)
{
  Asker *self = data;

  g_clear_object (&self->operation);
  execnet_mailbox_unref (self->mailbox);
  g_thread_unref (self->home);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static const ExecnetAskerFuncs asker_funcs = { wake, enter, leave, show_now, begin, end, asker_free };

/* Takes effect with the next question. */
static void
set_operation (ExecnetQuestions *questions, GMountOperation *operation)
{
  Asker *asker = execnet_questions_get_data (questions);
  g_autoptr (GMountOperation) before = NULL;

  g_mutex_lock (&asker->lock);
  before = g_steal_pointer (&asker->operation);
  g_set_object (&asker->operation, operation);
  g_mutex_unlock (&asker->lock);
  execnet_questions_set_open (questions, operation != NULL);
}

void
execnet_group_begin_questions (ExecnetGroup *self)
{
  Asker *asker = g_new0 (Asker, 1);

  asker->mailbox = execnet_mailbox_ref (self->mailbox);
  asker->home = g_thread_ref (self->home);
  execnet_post_init (&asker->post, &post_funcs);
  g_mutex_init (&asker->lock);
  asker->questions = execnet_questions_new (&asker_funcs, asker);
  self->questions = asker->questions;
  set_operation (self->questions, self->mount_operation);
}

void
execnet_group_end_questions (ExecnetGroup *self)
{
  /* The worker thread may drop the last reference: not that to the operation. */
  set_operation (self->questions, NULL);
  g_clear_pointer (&self->questions, execnet_questions_unref);
  g_clear_object (&self->mount_operation);
}

/**
 * ExecnetGroup:mount-operation:
 *
 * Who answers what the group's gateways have to ask a person while they start: passwords, the
 * passphrases of keys, whatever else a host wants to know ([signal@Gio.MountOperation::ask-password])
 * and whether a host's key is the right one ([signal@Gio.MountOperation::ask-question]). At first
 * nobody: then a gateway that has a question fails with %EXECNET_ERROR_NEEDS_INTERACTION.
 *
 * One question is shown at a time, in the group's main context; the answer may be given later, with
 * [method@Gio.MountOperation.reply], in any thread. The answer is cleared from the operation
 * afterwards. [signal@Gio.MountOperation::aborted] says that an answer is not wanted any more. A
 * gateway's time-out pauses while its question is shown.
 *
 * A synchronous call in the thread of that context can't wait for a dialog, which would need the
 * context. It takes an answer that a handler gives at once, and fails with
 * %EXECNET_ERROR_NEEDS_INTERACTION otherwise: programs with a main loop use
 * [method@Group.make_gateway_async].
 *
 * GTK's `GtkMountOperation` has dialogs for all questions.
 *
 * Since: 1.0
 */
GParamSpec *
execnet_group_new_mount_operation_spec (void)
{
  return g_param_spec_object ("mount-operation",
                              NULL,
                              NULL,
                              G_TYPE_MOUNT_OPERATION,
                              G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
}

/**
 * execnet_group_set_mount_operation: (attributes org.gtk.Method.set_property=mount-operation)
 * @self: a group
 * @operation: (nullable): who answers questions; %NULL for nobody
 *
 * Sets who answers what the group's gateways have to ask while they start: see
 * [property@Group:mount-operation]. A question that is shown already is not taken back.
 *
 * Since: 1.0
 */
void
execnet_group_set_mount_operation (ExecnetGroup *self, GMountOperation *operation)
{
  g_autoptr (GMountOperation) before = NULL;
  g_autoptr (ExecnetQuestions) questions = NULL;

  g_return_if_fail (EXECNET_IS_GROUP (self));
  g_return_if_fail (operation == NULL || G_IS_MOUNT_OPERATION (operation));

  g_mutex_lock (&self->lock);
  before = g_steal_pointer (&self->mount_operation);
  g_set_object (&self->mount_operation, operation);
  questions = execnet_questions_ref (self->questions);
  g_mutex_unlock (&self->lock);
  set_operation (questions, operation);
  if (before != operation)
    g_object_notify (G_OBJECT (self), "mount-operation");
}

/**
 * execnet_group_get_mount_operation: (attributes org.gtk.Method.get_property=mount-operation)
 * @self: a group
 *
 * Gives who answers what the group's gateways have to ask: see [property@Group:mount-operation].
 *
 * Returns: (transfer full) (nullable): the operation, if there is one
 *
 * Since: 1.0
 */
GMountOperation *
execnet_group_get_mount_operation (ExecnetGroup *self)
{
  GMountOperation *operation = NULL;

  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);

  g_mutex_lock (&self->lock);
  g_set_object (&operation, self->mount_operation);
  g_mutex_unlock (&self->lock);
  return operation;
}
