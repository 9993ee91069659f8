/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-transport-private.h"

#include "base/execnet-error.h"
#include "data/execnet-xspec-private.h"
#include "transport/execnet-popen-transport-private.h"
#include "transport/execnet-questions-private.h"
#include "transport/execnet-socket-transport-private.h"
#include "transport/execnet-ssh-choice-private.h"

#include <glib/gi18n-lib.h>

/* For what goes over a network: to connect, to log in and to start the interpreter, in seconds. */
#define START_TIMEOUT 30

typedef struct
{
  ExecnetQuestions *questions; /* holds a reference; set once, by who made the transport */
  guint n_asking;
  ExecnetAskingFunc asking_func;
  gpointer asking_data;
} ExecnetTransportPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (ExecnetTransport, execnet_transport, G_TYPE_OBJECT)

/* What holds for a transport that has no process on this machine. */

static ExecnetOutputRoute
default_capture_output (ExecnetTransport *self,
                        ExecnetOutputFunc func,
                        gpointer data,
                        GDestroyNotify notify)
{
  notify (data);
  return EXECNET_OUTPUT_BY_MESSAGES;
}

static void
default_close_write (ExecnetTransport *self)
{
}

static void
default_kill (ExecnetTransport *self)
{
}

static void
default_get_end (ExecnetTransport *self, ExecnetTransportEnd *end)
{
}

static GError *
default_explain_end (ExecnetTransport *self, const ExecnetTransportEnd *end, gboolean was_up)
{
  return NULL;
}

static char *
default_describe_progress (ExecnetTransport *self)
{
  return g_strdup (_ ("The interpreter has not answered."));
}

static gboolean
default_kill_from_any_thread (ExecnetTransport *self)
{
  return FALSE;
}

static void
execnet_transport_finalize (GObject *object)
{
  ExecnetTransportPrivate *priv
      = execnet_transport_get_instance_private (EXECNET_TRANSPORT (object));

  g_clear_pointer (&priv->questions, execnet_questions_unref);

  G_OBJECT_CLASS (execnet_transport_parent_class)->finalize (object);
}

static void
execnet_transport_class_init (ExecnetTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = execnet_transport_finalize;

  klass->start_timeout = START_TIMEOUT;
  klass->capture_output = default_capture_output;
  klass->close_write = default_close_write;
  klass->kill = default_kill;
  klass->get_end = default_get_end;
  klass->explain_end = default_explain_end;
  klass->describe_progress = default_describe_progress;
  klass->kill_from_any_thread = default_kill_from_any_thread;
}

static void
execnet_transport_init (ExecnetTransport *self)
{
}

ExecnetOutputRoute
execnet_transport_capture_output (ExecnetTransport *self,
                                  ExecnetOutputFunc func,
                                  gpointer data,
                                  GDestroyNotify notify)
{
  return EXECNET_TRANSPORT_GET_CLASS (self)->capture_output (self, func, data, notify);
}

guint
execnet_transport_get_start_timeout (ExecnetTransport *self)
{
  return EXECNET_TRANSPORT_GET_CLASS (self)->start_timeout;
}

void
execnet_transport_open_async (ExecnetTransport *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  EXECNET_TRANSPORT_GET_CLASS (self)->open_async (self, cancellable, callback, user_data);
}

GIOStream *
execnet_transport_open_finish (ExecnetTransport *self, GAsyncResult *result, GError **error)
{
  return EXECNET_TRANSPORT_GET_CLASS (self)->open_finish (self, result, error);
}

void
execnet_transport_close_write (ExecnetTransport *self)
{
  EXECNET_TRANSPORT_GET_CLASS (self)->close_write (self);
}

void
execnet_transport_kill (ExecnetTransport *self)
{
  EXECNET_TRANSPORT_GET_CLASS (self)->kill (self);
}

gboolean
execnet_transport_has_process (ExecnetTransport *self)
{
  return EXECNET_TRANSPORT_GET_CLASS (self)->wait_end_async != NULL;
}

void
execnet_transport_wait_end_async (ExecnetTransport *self,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  EXECNET_TRANSPORT_GET_CLASS (self)->wait_end_async (self, cancellable, callback, user_data);
}

gboolean
execnet_transport_wait_end_finish (ExecnetTransport *self, GAsyncResult *result, GError **error)
{
  return EXECNET_TRANSPORT_GET_CLASS (self)->wait_end_finish (self, result, error);
}

void
execnet_transport_get_end (ExecnetTransport *self, ExecnetTransportEnd *end)
{
  *end = (ExecnetTransportEnd){ .exited = FALSE, .exit_status = -1 };
  EXECNET_TRANSPORT_GET_CLASS (self)->get_end (self, end);
  if (end->last_output == NULL)
    end->last_output = g_strdup ("");
}

void
execnet_transport_end_clear (ExecnetTransportEnd *end)
{
  g_clear_pointer (&end->last_output, g_free);
  g_clear_pointer (&end->stray_output, g_free);
}

GError *
execnet_transport_explain_end (ExecnetTransport *self,
                               const ExecnetTransportEnd *end,
                               gboolean was_up)
{
  return EXECNET_TRANSPORT_GET_CLASS (self)->explain_end (self, end, was_up);
}

char *
execnet_transport_describe_progress (ExecnetTransport *self)
{
  return EXECNET_TRANSPORT_GET_CLASS (self)->describe_progress (self);
}

ExecnetQuestions *
execnet_transport_get_questions (ExecnetTransport *self)
{
  ExecnetTransportPrivate *priv = execnet_transport_get_instance_private (self);

  return priv->questions;
}

void
execnet_transport_set_questions (ExecnetTransport *self, ExecnetQuestions *questions)
{
  ExecnetTransportPrivate *priv = execnet_transport_get_instance_private (self);

  priv->questions = questions != NULL ? execnet_questions_ref (questions) : NULL;
}

static void
tell_asking (ExecnetTransport *self)
{
  ExecnetTransportPrivate *priv = execnet_transport_get_instance_private (self);

  if (priv->asking_func != NULL)
    priv->asking_func (self, priv->n_asking > 0, priv->asking_data);
}

void
execnet_transport_begin_asking (ExecnetTransport *self)
{
  ExecnetTransportPrivate *priv = execnet_transport_get_instance_private (self);

  if (priv->n_asking++ == 0)
    tell_asking (self);
}

void
execnet_transport_end_asking (ExecnetTransport *self)
{
  ExecnetTransportPrivate *priv = execnet_transport_get_instance_private (self);

  g_return_if_fail (priv->n_asking > 0);

  if (--priv->n_asking == 0)
    tell_asking (self);
}

gboolean
execnet_transport_is_asking (ExecnetTransport *self)
{
  ExecnetTransportPrivate *priv = execnet_transport_get_instance_private (self);

  return priv->n_asking > 0;
}

void
execnet_transport_watch_asking (ExecnetTransport *self, ExecnetAskingFunc func, gpointer data)
{
  ExecnetTransportPrivate *priv = execnet_transport_get_instance_private (self);

  priv->asking_func = func;
  priv->asking_data = data;
}

gboolean
execnet_transport_kill_from_any_thread (ExecnetTransport *self)
{
  return EXECNET_TRANSPORT_GET_CLASS (self)->kill_from_any_thread (self);
}

/* Which transport a key asks for. The first key that the spec has counts: `via` says where to start
 * what the type says. */
static const struct
{
  const char *key;
  ExecnetTransport *(*make) (ExecnetXSpec *spec,
                             const ExecnetTransportSettings *settings,
                             GError **error);
} kinds[] = {
  { "via", NULL }, { "installvia", NULL },  { "popen", execnet_popen_transport_new },
  { "ssh", execnet_ssh_choice_new }, { "vagrant_ssh", execnet_ssh_choice_new }, { "socket", execnet_socket_transport_new },
};

ExecnetTransport *
execnet_transport_new_for_spec (ExecnetXSpec *spec,
                                const ExecnetTransportSettings *settings,
                                GError **error)
{
  if (!execnet_xspec_validate (spec, error))
    return NULL;

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *text = NULL;

      if (!execnet_xspec_has (spec, kinds[i].key))
        continue;
      if (kinds[i].make != NULL)
        {
          ExecnetTransport *transport = kinds[i].make (spec, settings, error);

          if (transport != NULL)
            execnet_transport_set_questions (transport, settings->questions);
          return transport;
        }

      text = execnet_xspec_to_string (spec);
      g_set_error (
          error,
          EXECNET_ERROR,
          EXECNET_ERROR_INVALID_SPEC,
          _ ("No gateway can be made from “%s”: “%s” is not supported yet by this version; "
             "use popen."),
          text,
          kinds[i].key);
      return NULL;
    }
  g_assert_not_reached (); /* a valid spec has a type */
}
