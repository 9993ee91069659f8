/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "asking.h"

#include "collections/execnet-group-private.h"
#include "engine/execnet-worker-thread-private.h"

G_DEFINE_FINAL_TYPE (Person, person, G_TYPE_MOUNT_OPERATION)

/* Asking. */

static void
on_answer (GObject *object, GAsyncResult *result, gpointer data)
{
  Asking *self = data;

  g_assert_true (g_main_context_is_owner (execnet_worker_thread_get_context ()));
  if (self->question.kind == EXECNET_QUESTION_HOST_KEY)
    self->accepted
        = execnet_questions_confirm_finish (self->group->questions, result, &self->error);
  else
    self->secret = execnet_questions_ask_finish (self->group->questions, result, &self->error);
  g_assert_true ((self->error == NULL) == (self->accepted || self->secret != NULL));
  flag_add (&self->done, 1);
}

static gboolean
begin (gpointer data)
{
  Asking *self = data;

  execnet_questions_ask_async (self->group->questions,
                               self->transport,
                               &self->question,
                               self->cancellable,
                               on_answer,
                               self);
  g_assert_cmpint (flag_get (&self->done), ==, 0);
  return G_SOURCE_REMOVE;
}

Asking *
ask (ExecnetGroup *group, const ExecnetQuestion *question)
{
  Asking *self = g_new0 (Asking, 1);

  self->group = g_object_ref (group);
  self->question = *question;
  self->cancellable = g_cancellable_new ();
  flag_init (&self->done);
  execnet_worker_thread_acquire ();
  execnet_worker_thread_invoke (begin, self);
  return self;
}

Asking *
ask_password (ExecnetGroup *group)
{
  const ExecnetQuestion question
      = { .kind = EXECNET_QUESTION_PASSWORD, .host = "a.example", .user = "ann" };

  return ask (group, &question);
}

Asking *
ask_host_key (ExecnetGroup *group)
{
  const ExecnetQuestion question = { .kind = EXECNET_QUESTION_HOST_KEY,
                                     .host = "a.example",
                                     .subject = "ED25519 SHA256:abc" };

  return ask (group, &question);
}

void
asking_free (Asking *self)
{
  flag_wait (&self->done, 1);
  execnet_worker_thread_release ();
  execnet_worker_thread_settle ();
  iterate_ready ();
  g_object_unref (self->group);
  g_object_unref (self->cancellable);
  g_clear_pointer (&self->secret, execnet_secret_free);
  g_clear_error (&self->error);
  flag_clear (&self->done);
  g_free (self);
}

void
assert_answer (Asking *self, const char *secret)
{
  ITERATE_UNTIL (flag_get (&self->done) == 1);
  g_assert_no_error (self->error);
  g_assert_cmpstr (self->secret, ==, secret);
}

void
assert_accepted (Asking *self)
{
  ITERATE_UNTIL (flag_get (&self->done) == 1);
  g_assert_no_error (self->error);
  g_assert_true (self->accepted);
}

void
assert_fails (Asking *self, GQuark domain, int code, const char *part)
{
  ITERATE_UNTIL (flag_get (&self->done) == 1);
  assert_error_says (g_steal_pointer (&self->error), domain, code, part);
}

/* A person. */

static void
note (Person *self, const char *message)
{
  g_assert_false (self->is_shown);
  self->is_shown = TRUE;
  self->n_shown++;
  self->thread = g_thread_self ();
  g_free (self->message);
  self->message = g_strdup (message);
}

static void
person_ask_password (GMountOperation *operation,
                     const char *message,
                     const char *default_user,
                     const char *default_domain,
                     GAskPasswordFlags flags)
{
  Person *self = TEST_PERSON (operation);

  note (self, message);
  g_free (self->user);
  self->user = g_strdup (default_user);
  self->flags = flags;
  if (self->quick_password != NULL)
    person_type (self, self->quick_password);
}

static void
person_ask_question (GMountOperation *operation, const char *message, const char *choices[])
{
  Person *self = TEST_PERSON (operation);

  note (self, message);
  g_strfreev (self->choices);
  self->choices = g_strdupv ((GStrv) choices);
}

static void
person_aborted (GMountOperation *operation)
{
  Person *self = TEST_PERSON (operation);

  g_assert_true (self->is_shown);
  self->is_shown = FALSE;
  self->n_aborted++;
}

static void
person_finalize (GObject *object)
{
  Person *self = TEST_PERSON (object);

  g_assert_false (self->is_shown);
  g_free (self->message);
  g_free (self->user);
  g_strfreev (self->choices);

  G_OBJECT_CLASS (person_parent_class)->finalize (object);
}

static void
person_class_init (PersonClass *klass)
{
  GMountOperationClass *operation_class = G_MOUNT_OPERATION_CLASS (klass);

  operation_class->ask_password = person_ask_password;
  operation_class->ask_question = person_ask_question;
  operation_class->aborted = person_aborted;
  G_OBJECT_CLASS (klass)->finalize = person_finalize;
}

static void
person_init (Person *self)
{
}

Person *
person_new (void)
{
  return g_object_new (TYPE_PERSON, NULL);
}

static void
reply (Person *self, GMountOperationResult result)
{
  g_assert_true (self->is_shown);
  self->is_shown = FALSE;
  g_mount_operation_reply (G_MOUNT_OPERATION (self), result);
}

void
person_type (Person *self, const char *password)
{
  g_mount_operation_set_password (G_MOUNT_OPERATION (self), password);
  reply (self, G_MOUNT_OPERATION_HANDLED);
}

void
person_choose (Person *self, int choice)
{
  g_mount_operation_set_choice (G_MOUNT_OPERATION (self), choice);
  reply (self, G_MOUNT_OPERATION_HANDLED);
}

void
person_cancel (Person *self)
{
  reply (self, G_MOUNT_OPERATION_ABORTED);
}
