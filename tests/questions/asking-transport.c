/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "asking-transport.h"

#include "transport/execnet-popen-transport-private.h"

struct _AskingTransport
{
  ExecnetTransport parent_instance;
  ExecnetTransport *inner;
};

G_DEFINE_FINAL_TYPE (AskingTransport, asking_transport, EXECNET_TYPE_TRANSPORT)

static void
on_inner_open (GObject *inner, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  GIOStream *stream = execnet_transport_open_finish (EXECNET_TRANSPORT (inner), result, &error);

  if (stream != NULL)
    g_task_return_pointer (task, stream, g_object_unref);
  else
    g_task_return_error (task, error);
}

static void
on_answer (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  AskingTransport *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (ExecnetSecret) secret = execnet_questions_ask_finish (NULL, result, &error);

  g_assert_false (execnet_transport_is_asking (EXECNET_TRANSPORT (self)));
  if (secret == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_assert_cmpstr (secret, ==, "sesame");
  execnet_transport_open_async (
      self->inner, g_task_get_cancellable (task), on_inner_open, g_object_ref (task));
}

static void
asking_transport_open_async (ExecnetTransport *transport,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  const ExecnetQuestion question
      = { .kind = EXECNET_QUESTION_PASSWORD, .host = "a.example", .user = "ann" };

  execnet_questions_ask_async (execnet_transport_get_questions (transport),
                               transport,
                               &question,
                               cancellable,
                               on_answer,
                               g_task_new (transport, cancellable, callback, user_data));
}

static GIOStream *
asking_transport_open_finish (ExecnetTransport *transport, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
asking_transport_close_write (ExecnetTransport *transport)
{
  execnet_transport_close_write (TEST_ASKING_TRANSPORT (transport)->inner);
}

static void
asking_transport_kill (ExecnetTransport *transport)
{
  execnet_transport_kill (TEST_ASKING_TRANSPORT (transport)->inner);
}

static void
on_inner_end (GObject *inner, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;

  execnet_transport_wait_end_finish (EXECNET_TRANSPORT (inner), result, NULL);
  g_task_return_boolean (task, TRUE);
}

static void
asking_transport_wait_end_async (ExecnetTransport *transport,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  execnet_transport_wait_end_async (TEST_ASKING_TRANSPORT (transport)->inner,
                                    cancellable,
                                    on_inner_end,
                                    g_task_new (transport, cancellable, callback, user_data));
}

static gboolean
asking_transport_wait_end_finish (ExecnetTransport *transport, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
asking_transport_get_end (ExecnetTransport *transport, ExecnetTransportEnd *end)
{
  execnet_transport_get_end (TEST_ASKING_TRANSPORT (transport)->inner, end);
}

static void
asking_transport_finalize (GObject *object)
{
  g_object_unref (TEST_ASKING_TRANSPORT (object)->inner);

  G_OBJECT_CLASS (asking_transport_parent_class)->finalize (object);
}

static void
asking_transport_class_init (AskingTransportClass *klass)
{
  ExecnetTransportClass *transport_class = EXECNET_TRANSPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = asking_transport_finalize;
  transport_class->open_async = asking_transport_open_async;
  transport_class->open_finish = asking_transport_open_finish;
  transport_class->close_write = asking_transport_close_write;
  transport_class->kill = asking_transport_kill;
  transport_class->wait_end_async = asking_transport_wait_end_async;
  transport_class->wait_end_finish = asking_transport_wait_end_finish;
  transport_class->get_end = asking_transport_get_end;
}

static void
asking_transport_init (AskingTransport *self)
{
  const ExecnetTransportSettings settings = { 0 };
  g_autoptr (ExecnetXSpec) spec = execnet_xspec_new ("popen", NULL);

  self->inner = execnet_popen_transport_new (spec, &settings, NULL);
}

ExecnetTransport *
asking_transport_new (ExecnetQuestions *questions)
{
  ExecnetTransport *self = g_object_new (TYPE_ASKING_TRANSPORT, NULL);

  execnet_transport_set_questions (self, questions);
  return self;
}
