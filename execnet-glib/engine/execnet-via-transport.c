/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-via-transport-private.h"

#include "base/execnet-error.h"
#include "data/execnet-xspec-private.h"
#include "engine/execnet-relay-private.h"
#include "transport/execnet-askpass-prompt-private.h"
#include "transport/execnet-interpreter-private.h"
#include "transport/execnet-remote-command-private.h"
#include "transport/execnet-ssh-client-arguments-private.h"
#include "transport/execnet-ssh-client-errors-private.h"

#include <glib/gi18n-lib.h>

struct _ExecnetViaTransport
{
  ExecnetTransport parent_instance;

  ExecnetGatewayCore *via;
  ExecnetXSpec *spec;
  char *host;           /* behind a client of ssh; or NULL */
  const char *function; /* of bootstrap/relay.py */
  GVariant *arguments;

  /* Who wants what is printed; set before the start, or NULL. */
  ExecnetOutputFunc output_func;
  gpointer output_data;
  GDestroyNotify output_notify;

  ExecnetRelay *relay;  /* atomic: set once by the worker thread, read in any */
  GPtrArray *end_tasks; /* of GTask, waiting for the end */

  /* What the client of ssh asks. */
  ExecnetSshOptions *options; /* what is known of them here; or NULL */
  GHashTable *asked;          /* of char * */
  GCancellable *asking;
  GError *unanswered; /* why there was no answer */
};

/* One question. */
typedef struct
{
  ExecnetViaTransport *transport; /* holds a reference */
  gint64 number;
  char *text;
  ExecnetAskpassPrompt prompt;
} Talk;

G_DEFINE_FINAL_TYPE (ExecnetViaTransport, execnet_via_transport, EXECNET_TYPE_TRANSPORT)

/* The start. */

static void
on_ended (gpointer data)
{
  g_autoptr (ExecnetViaTransport) self = g_object_ref (data);
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->end_tasks);

  self->end_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_cancellable_cancel (self->asking);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (tasks->pdata[i], TRUE);
}

static void
on_errors (const char *bytes, gsize length, gpointer data)
{
  ExecnetViaTransport *self = data;

  self->output_func (TRUE, bytes, length, self->output_data);
}

static void
talk_free (Talk *talk)
{
  g_object_unref (talk->transport);
  execnet_askpass_prompt_clear (&talk->prompt);
  g_free (talk->text);
  g_free (talk);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Talk, talk_free)

/* The first reason counts. Where nobody can be asked for a key's passphrase, there may be other keys.
 * Takes the error over. */
static void
refuse (Talk *talk, GError *error)
{
  ExecnetViaTransport *self = talk->transport;
  gboolean may_go_on = g_str_has_prefix (talk->text, "Enter passphrase")
                       && g_error_matches (error, EXECNET_ERROR, EXECNET_ERROR_NEEDS_INTERACTION);

  execnet_relay_answer (self->relay, talk->number, NULL);
  if (self->unanswered == NULL)
    self->unanswered = g_steal_pointer (&error);
  g_clear_error (&error);
  if (!may_go_on)
    execnet_relay_kill (self->relay);
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Talk) talk = data;
  ExecnetQuestions *questions
      = execnet_transport_get_questions (EXECNET_TRANSPORT (talk->transport));
  GError *error = NULL;
  g_autoptr (ExecnetSecret) secret = NULL;

  if (talk->prompt.question.kind == EXECNET_QUESTION_HOST_KEY)
    {
      if (execnet_questions_confirm_finish (questions, result, &error))
        execnet_relay_answer (talk->transport->relay, talk->number, "yes");
      else
        refuse (talk, error);
      return;
    }
  secret = execnet_questions_ask_finish (questions, result, &error);
  if (secret != NULL)
    execnet_relay_answer (talk->transport->relay, talk->number, secret);
  else
    refuse (talk, error);
}

static void
on_ask (gint64 number, const char *question, gpointer data)
{
  ExecnetViaTransport *self = data;
  Talk *talk = g_new0 (Talk, 1);

  talk->transport = g_object_ref (self);
  talk->number = number;
  talk->text = g_strdup (question);
  execnet_askpass_prompt_parse (&talk->prompt, question, self->options);
  talk->prompt.question.again = !g_hash_table_add (self->asked, g_strdup (question));
  execnet_questions_ask_async (execnet_transport_get_questions (EXECNET_TRANSPORT (self)),
                               EXECNET_TRANSPORT (self),
                               &talk->prompt.question,
                               self->asking,
                               on_answered,
                               talk);
}

static const ExecnetRelayFuncs funcs = { on_ended, NULL, NULL, on_ask };
static const ExecnetRelayFuncs capturing_funcs = { on_ended, on_errors, NULL, on_ask };

/* In the task's context: the gateway that leads there is up, or never will be. Takes the error
 * over. */
static void
return_stream (GTask *task, gpointer unused, GError *error)
{
  ExecnetViaTransport *self = g_task_get_source_object (task);
  ExecnetRelay *relay;

  if (error == NULL)
    error = execnet_relay_check_gateway (self->via);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  relay = execnet_relay_new (self->via,
                             self->function,
                             self->arguments,
                             self->output_func != NULL ? &capturing_funcs : &funcs,
                             self,
                             &error);
  if (relay == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_atomic_pointer_set (&self->relay, relay);
  g_task_return_pointer (task, execnet_relay_make_stream (relay), g_object_unref);
}

static void
execnet_via_transport_open_async (ExecnetTransport *transport,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  ExecnetViaTransport *self = EXECNET_VIA_TRANSPORT (transport);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, execnet_via_transport_open_async);
  execnet_relay_wait_for_gateway (self->via, task, return_stream);
}

static GIOStream *
execnet_via_transport_open_finish (ExecnetTransport *transport, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static ExecnetOutputRoute
execnet_via_transport_capture_output (ExecnetTransport *transport,
                                      ExecnetOutputFunc func,
                                      gpointer data,
                                      GDestroyNotify notify)
{
  ExecnetViaTransport *self = EXECNET_VIA_TRANSPORT (transport);

  self->output_func = func;
  self->output_data = data;
  self->output_notify = notify;
  return EXECNET_OUTPUT_STDOUT_BY_MESSAGES;
}

static char *
execnet_via_transport_describe_progress (ExecnetTransport *transport)
{
  ExecnetViaTransport *self = EXECNET_VIA_TRANSPORT (transport);

  if (g_atomic_pointer_get (&self->relay) == NULL)
    return g_strdup_printf (_ ("The gateway “%s”, which leads to it, is not up yet."), self->via->id);
  return EXECNET_TRANSPORT_CLASS (execnet_via_transport_parent_class)->describe_progress (transport);
}

/* The end. */

static void
execnet_via_transport_close_write (ExecnetTransport *transport)
{
  ExecnetViaTransport *self = EXECNET_VIA_TRANSPORT (transport);

  if (self->relay != NULL)
    execnet_relay_close_write (self->relay);
}

static gboolean
execnet_via_transport_kill_from_any_thread (ExecnetTransport *transport)
{
  ExecnetRelay *relay = g_atomic_pointer_get (&EXECNET_VIA_TRANSPORT (transport)->relay);

  return relay != NULL && execnet_relay_kill (relay);
}

static void
execnet_via_transport_kill (ExecnetTransport *transport)
{
  execnet_via_transport_kill_from_any_thread (transport);
}

static void
execnet_via_transport_wait_end_async (ExecnetTransport *transport,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  ExecnetViaTransport *self = EXECNET_VIA_TRANSPORT (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, execnet_via_transport_wait_end_async);
  if (self->relay == NULL || execnet_relay_has_ended (self->relay))
    g_task_return_boolean (task, TRUE);
  else
    g_ptr_array_add (self->end_tasks, g_steal_pointer (&task));
}

static gboolean
execnet_via_transport_wait_end_finish (ExecnetTransport *transport,
                                       GAsyncResult *result,
                                       GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, transport), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
execnet_via_transport_get_end (ExecnetTransport *transport, ExecnetTransportEnd *end)
{
  ExecnetViaTransport *self = EXECNET_VIA_TRANSPORT (transport);

  if (self->relay != NULL)
    execnet_relay_get_end (self->relay, end);
}

static GError *
execnet_via_transport_explain_end (ExecnetTransport *transport,
                                   const ExecnetTransportEnd *end,
                                   gboolean was_up)
{
  ExecnetViaTransport *self = EXECNET_VIA_TRANSPORT (transport);
  const GError *known = self->relay != NULL ? execnet_relay_get_error (self->relay) : NULL;
  GError *error = NULL;

  if (self->unanswered != NULL && !was_up)
    return g_error_copy (self->unanswered);
  if (known != NULL)
    return g_error_copy (known);
  if (self->host != NULL && !was_up)
    error = execnet_remote_command_explain_end (self->spec, self->host, end);
  if (self->host != NULL && error == NULL)
    error = execnet_ssh_client_explain_end (self->host, end, was_up);
  return error;
}

/* The object. */

static void
execnet_via_transport_finalize (GObject *object)
{
  ExecnetViaTransport *self = EXECNET_VIA_TRANSPORT (object);

  if (self->relay != NULL)
    execnet_relay_forget (self->relay);
  g_clear_pointer (&self->relay, execnet_relay_unref);
  if (self->output_notify != NULL)
    self->output_notify (self->output_data);
  g_ptr_array_unref (self->end_tasks);
  g_clear_pointer (&self->arguments, g_variant_unref);
  g_free (self->host);
  g_clear_pointer (&self->options, execnet_ssh_options_unref);
  g_hash_table_unref (self->asked);
  g_object_unref (self->asking);
  g_clear_error (&self->unanswered);
  g_object_unref (self->spec);
  execnet_gateway_core_unref (self->via);

  G_OBJECT_CLASS (execnet_via_transport_parent_class)->finalize (object);
}

static void
execnet_via_transport_class_init (ExecnetViaTransportClass *klass)
{
  ExecnetTransportClass *transport_class = EXECNET_TRANSPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_via_transport_finalize;
  transport_class->capture_output = execnet_via_transport_capture_output;
  transport_class->open_async = execnet_via_transport_open_async;
  transport_class->open_finish = execnet_via_transport_open_finish;
  transport_class->close_write = execnet_via_transport_close_write;
  transport_class->kill = execnet_via_transport_kill;
  transport_class->wait_end_async = execnet_via_transport_wait_end_async;
  transport_class->wait_end_finish = execnet_via_transport_wait_end_finish;
  transport_class->get_end = execnet_via_transport_get_end;
  transport_class->explain_end = execnet_via_transport_explain_end;
  transport_class->describe_progress = execnet_via_transport_describe_progress;
  transport_class->kill_from_any_thread = execnet_via_transport_kill_from_any_thread;
}

static void
execnet_via_transport_init (ExecnetViaTransport *self)
{
  self->end_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  self->asked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->asking = g_cancellable_new ();
}

/* What is to be done there. */

static void
set_arguments (ExecnetViaTransport *self, const char *function, const char *name, GVariant *value)
{
  GVariantDict arguments;

  g_variant_dict_init (&arguments, NULL);
  g_variant_dict_insert_value (&arguments, name, value);
  g_variant_dict_insert (&arguments, "asks", "b", self->options != NULL);
  self->function = function;
  self->arguments = g_variant_ref_sink (g_variant_dict_end (&arguments));
}

/* NULL in place of the first word is the gateway's own interpreter. */
static void
set_command (ExecnetViaTransport *self, const char *first, char **rest)
{
  GVariantBuilder command;

  g_variant_builder_init (&command, G_VARIANT_TYPE ("av"));
  g_variant_builder_add (&command, "v", g_variant_new ("ms", first));
  for (guint i = 0; rest[i] != NULL; i++)
    g_variant_builder_add (&command, "v", g_variant_new_string (rest[i]));
  set_arguments (self, "relay_process", "command", g_variant_builder_end (&command));
}

static gboolean
prepare_popen (ExecnetViaTransport *self, GError **error)
{
  g_auto (GStrv) python = NULL;
  g_auto (GStrv) words = NULL;
  g_autoptr (GStrvBuilder) rest = g_strv_builder_new ();

  if (execnet_xspec_has (self->spec, "python"))
    {
      python = execnet_xspec_split_python (self->spec, error);
      if (python == NULL)
        return FALSE;
      g_strv_builder_addv (rest, (const char **) python + 1);
    }
  g_strv_builder_add (rest, "-u");
  if (execnet_xspec_has (self->spec, "dont_write_bytecode"))
    g_strv_builder_add (rest, "-B");
  g_strv_builder_add_many (rest, "-c", EXECNET_INTERPRETER_CODE, NULL);
  words = g_strv_builder_end (rest);
  set_command (self, python != NULL ? python[0] : NULL, words);
  return TRUE;
}

/* The client there, with its configuration, keys and agent. */
static gboolean
prepare_ssh (ExecnetViaTransport *self, GError **error)
{
  g_autoptr (ExecnetSshTarget) target = execnet_ssh_target_new (self->spec, error);
  g_autofree char *command = NULL;
  g_auto (GStrv) words = NULL;

  if (target == NULL)
    return FALSE;
  command = execnet_remote_command_new (self->spec, error);
  if (command == NULL)
    return FALSE;
  self->host = g_strdup (target->host);
  self->options = execnet_ssh_options_new_for_target (target, error);
  if (self->options == NULL)
    return FALSE;
  words = execnet_ssh_client_make_arguments (self->spec, target, 0, command);
  set_command (self, words[0], words + 1);
  return TRUE;
}

static gboolean
prepare_vagrant (ExecnetViaTransport *self, GError **error)
{
  const char *name = execnet_xspec_get (self->spec, "vagrant_ssh");
  const char *ssh_config = execnet_xspec_get (self->spec, "ssh_config");
  g_autofree char *command = NULL;
  g_autoptr (GStrvBuilder) rest = g_strv_builder_new ();
  g_auto (GStrv) words = NULL;

  if (!execnet_ssh_check_host (name, error))
    return FALSE;
  command = execnet_remote_command_new (self->spec, error);
  if (command == NULL)
    return FALSE;
  self->host = g_strdup (name);
  g_strv_builder_add_many (rest, "ssh", name, "--", "-T", NULL);
  if (ssh_config != NULL)
    g_strv_builder_add_many (rest, "-F", ssh_config, NULL);
  g_strv_builder_add (rest, command);
  words = g_strv_builder_end (rest);
  set_command (self, "vagrant", words);
  return TRUE;
}

static const struct
{
  const char *key;
  gboolean (*prepare) (ExecnetViaTransport *self, GError **error);
} kinds[] = {
  { "popen", prepare_popen },
  { "ssh", prepare_ssh },
  { "vagrant_ssh", prepare_vagrant },
};

ExecnetTransport *
execnet_via_transport_new (ExecnetGatewayCore *via, ExecnetXSpec *spec, GError **error)
{
  g_autoptr (ExecnetViaTransport) self = g_object_new (EXECNET_TYPE_VIA_TRANSPORT, NULL);

  self->via = execnet_gateway_core_ref (via);
  self->spec = g_object_ref (spec);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (!execnet_xspec_has (spec, kinds[i].key))
        continue;
      return kinds[i].prepare (self, error) ? EXECNET_TRANSPORT (g_steal_pointer (&self)) : NULL;
    }
  g_set_error_literal (error,
                       EXECNET_ERROR,
                       EXECNET_ERROR_INVALID_SPEC,
                       _ ("A gateway via another one is made with popen, ssh=, vagrant_ssh= or socket=."));
  return NULL;
}
