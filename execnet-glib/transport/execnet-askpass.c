/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-askpass-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "transport/execnet-askpass-prompt-private.h"

#include <dlfcn.h>
#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "execnet-ssh-askpass"

/* Longer than any question. */
#define MAX_PROMPT (16 * 1024)

/* Nobody asks more at once: a client asks one after another. */
#define MAX_TALKS 8

struct _ExecnetAskpass
{
  gatomicrefcount refs;        /* the owner's, and one of each talk */
  ExecnetTransport *front;     /* outlives the owner */
  ExecnetQuestions *questions; /* may be NULL */
  ExecnetSshOptions *options;
  ExecnetAskpassFailed failed; /* NULL when the owner is gone */
  gpointer data;
  char *program;
  char *name; /* of the socket, in the abstract namespace */
  GSocket *socket;
  GSource *source;
  GPtrArray *talks;  /* of Talk, without references */
  GHashTable *asked; /* of char *: the prompts */
  GError *error;
};

/* One question. */
typedef struct
{
  ExecnetAskpass *askpass;
  GSocket *socket;
  GSource *source; /* for what comes, and later for the other side's end */
  GString *prompt;
  GCancellable *cancellable;
  gboolean is_asking;
  gboolean is_over;
} Talk;

static void
askpass_unref (ExecnetAskpass *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->questions, execnet_questions_unref);
  execnet_ssh_options_unref (self->options);
  g_free (self->program);
  g_free (self->name);
  g_ptr_array_unref (self->talks);
  g_hash_table_unref (self->asked);
  g_clear_error (&self->error);
  g_free (self);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* A talk */

static void
talk_free (Talk *talk)
{
  g_string_free (talk->prompt, TRUE);
  g_object_unref (talk->cancellable);
  askpass_unref (talk->askpass);
  g_free (talk);
}

/* The other side finds the end of the socket. What is being asked is withdrawn, and comes back. */
static void
talk_end (Talk *talk)
{
  if (talk->is_over)
    return;
  talk->is_over = TRUE;
  g_ptr_array_remove_fast (talk->askpass->talks, talk);
  clear_source (&talk->source);
  g_socket_close (talk->socket, NULL);
  g_clear_object (&talk->socket);
  if (talk->is_asking)
    g_cancellable_cancel (talk->cancellable);
  else
    talk_free (talk);
}

/* It is short enough for any socket's buffer. */
static void
reply (Talk *talk, const char *answer)
{
  g_socket_send (talk->socket, "+", 1, NULL, NULL);
  g_socket_send (talk->socket, answer, strlen (answer), NULL, NULL);
  talk_end (talk);
}

/* The first reason counts. Takes the error over. */
static void
refuse (Talk *talk, gboolean is_last, GError *error)
{
  ExecnetAskpass *self = talk->askpass;

  execnet_trace ("ssh %s: no answer: %s", self->options->host, error->message);
  if (self->error == NULL)
    self->error = g_steal_pointer (&error);
  g_clear_error (&error);
  talk_end (talk);
  if (is_last && self->failed != NULL)
    self->failed (self->data);
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  Talk *talk = data;
  GError *error = NULL;
  g_autoptr (ExecnetSecret) secret = NULL;
  gboolean is_passphrase = g_str_has_prefix (talk->prompt->str, "Enter passphrase");

  secret = execnet_questions_ask_finish (talk->askpass->questions, result, &error);
  talk->is_asking = FALSE;
  if (talk->is_over)
    {
      g_clear_error (&error);
      talk_free (talk);
    }
  else if (secret != NULL)
    reply (talk, secret);
  else
    /* Where nobody can be asked for a key's passphrase, there may be other keys. */
    refuse (talk,
            !is_passphrase
                || !g_error_matches (error, EXECNET_ERROR, EXECNET_ERROR_NEEDS_INTERACTION),
            error);
}

static void
on_confirmed (GObject *source, GAsyncResult *result, gpointer data)
{
  Talk *talk = data;
  GError *error = NULL;
  gboolean is_confirmed
      = execnet_questions_confirm_finish (talk->askpass->questions, result, &error);

  talk->is_asking = FALSE;
  if (talk->is_over)
    {
      g_clear_error (&error);
      talk_free (talk);
    }
  else if (is_confirmed)
    reply (talk, "yes");
  else
    refuse (talk, TRUE, error);
}

static gboolean
on_asker_gone (GSocket *socket, GIOCondition condition, gpointer data)
{
  talk_end (data);
  return G_SOURCE_REMOVE;
}

static void
watch (Talk *talk, GIOCondition condition, GSocketSourceFunc func)
{
  clear_source (&talk->source);
  talk->source = g_socket_create_source (talk->socket, condition, NULL);
  g_source_set_callback (talk->source, G_SOURCE_FUNC (func), talk, NULL);
  g_source_attach (talk->source, g_main_context_get_thread_default ());
}

static void
ask (Talk *talk)
{
  ExecnetAskpass *self = talk->askpass;
  g_auto (ExecnetAskpassPrompt) prompt = { .host = NULL };
  gboolean is_host_key;

  execnet_askpass_prompt_parse (&prompt, talk->prompt->str, self->options);
  prompt.question.again = !g_hash_table_add (self->asked, g_strdup (talk->prompt->str));
  is_host_key = prompt.question.kind == EXECNET_QUESTION_HOST_KEY;
  talk->is_asking = TRUE;
  watch (talk, G_IO_HUP, on_asker_gone);
  execnet_questions_ask_async (self->questions,
                               self->front,
                               &prompt.question,
                               talk->cancellable,
                               is_host_key ? on_confirmed : on_answered,
                               talk);
}

static gboolean
on_prompt_readable (GSocket *socket, GIOCondition condition, gpointer data)
{
  Talk *talk = data;
  char buffer[1024];
  g_autoptr (GError) error = NULL;
  gssize length = g_socket_receive (socket, buffer, sizeof buffer, NULL, &error);

  if (length < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (length > 0 && talk->prompt->len + length <= MAX_PROMPT)
    {
      g_string_append_len (talk->prompt, buffer, length);
      return G_SOURCE_CONTINUE;
    }
  if (length == 0 && talk->prompt->len > 0)
    ask (talk);
  else
    talk_end (talk);
  return G_SOURCE_REMOVE;
}

/* The name of the socket is no secret: everybody sees it. */
static gboolean
is_this_user (GSocket *socket)
{
  g_autoptr (GCredentials) credentials = g_socket_get_credentials (socket, NULL);

  return credentials != NULL && g_credentials_get_unix_user (credentials, NULL) == getuid ();
}

static gboolean
on_asker (GSocket *listener, GIOCondition condition, gpointer data)
{
  ExecnetAskpass *self = data;
  g_autoptr (GSocket) socket = g_socket_accept (listener, NULL, NULL);
  Talk *talk;

  if (socket == NULL || !is_this_user (socket) || self->talks->len >= MAX_TALKS)
    return G_SOURCE_CONTINUE;
  g_socket_set_blocking (socket, FALSE);
  talk = g_new0 (Talk, 1);
  g_atomic_ref_count_inc (&self->refs);
  talk->askpass = self;
  talk->socket = g_steal_pointer (&socket);
  talk->prompt = g_string_new (NULL);
  talk->cancellable = g_cancellable_new ();
  g_ptr_array_add (self->talks, talk);
  watch (talk, G_IO_IN, on_prompt_readable);
  return G_SOURCE_CONTINUE;
}

/* Listening */

/* Beside the library, where it was built, or where it is installed. */
static char *
find_program (void)
{
  Dl_info info;
  g_autofree char *folder = NULL;
  g_autofree char *beside = NULL;

  if (dladdr ((void *) execnet_askpass_new, &info) != 0 && info.dli_fname != NULL)
    {
      folder = g_path_get_dirname (info.dli_fname);
      beside = g_build_filename (folder, PROGRAM, NULL);
      if (g_path_is_absolute (beside) && g_file_test (beside, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer (&beside);
    }
  return g_build_filename (EXECNET_LIBEXECDIR, PROGRAM, NULL);
}

static gboolean
listen_there (ExecnetAskpass *self)
{
  g_autoptr (GSocketAddress) address
      = g_unix_socket_address_new_with_type (self->name, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT);

  self->socket
      = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  if (self->socket == NULL || !g_socket_bind (self->socket, address, FALSE, NULL)
      || !g_socket_listen (self->socket, NULL))
    return FALSE;
  g_socket_set_blocking (self->socket, FALSE);
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_asker), self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
  return TRUE;
}

ExecnetAskpass *
execnet_askpass_new (ExecnetTransport *front,
                     ExecnetSshOptions *options,
                     ExecnetAskpassFailed failed,
                     gpointer data)
{
  ExecnetQuestions *questions = execnet_transport_get_questions (front);
  ExecnetAskpass *self;
  g_autofree char *program = find_program ();
  g_autofree char *name = g_uuid_string_random ();

  if (!g_unix_socket_address_abstract_names_supported ()
      || !g_file_test (program, G_FILE_TEST_IS_EXECUTABLE))
    {
      execnet_trace (
          "ssh %s: its questions can't be asked, there is no %s", options->host, program);
      return NULL;
    }
  self = g_new0 (ExecnetAskpass, 1);
  g_atomic_ref_count_init (&self->refs);
  self->front = front;
  self->questions = questions != NULL ? execnet_questions_ref (questions) : NULL;
  self->options = execnet_ssh_options_ref (options);
  self->failed = failed;
  self->data = data;
  self->program = g_steal_pointer (&program);
  self->name = g_strconcat ("execnet-", name, NULL);
  self->talks = g_ptr_array_new ();
  self->asked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!listen_there (self))
    g_clear_pointer (&self, execnet_askpass_free);
  return self;
}

void
execnet_askpass_withdraw (ExecnetAskpass *self)
{
  self->failed = NULL;
  clear_source (&self->source);
  if (self->socket != NULL)
    g_socket_close (self->socket, NULL);
  g_clear_object (&self->socket);
  while (self->talks->len > 0)
    talk_end (g_ptr_array_index (self->talks, 0));
}

void
execnet_askpass_free (ExecnetAskpass *self)
{
  execnet_askpass_withdraw (self);
  askpass_unref (self);
}

char **
execnet_askpass_extend_environment (ExecnetAskpass *self, char **environment)
{
  environment = g_environ_setenv (environment, "EXECNET_ASKPASS_SOCKET", self->name, TRUE);
  environment = g_environ_setenv (environment, "SSH_ASKPASS", self->program, TRUE);
  environment = g_environ_setenv (environment, "SSH_ASKPASS_REQUIRE", "force", TRUE);
  /* Before OpenSSH 8.4 it asks so only where there is a display; the program needs none. */
  return g_environ_setenv (environment, "DISPLAY", "none", FALSE);
}

const GError *
execnet_askpass_get_error (ExecnetAskpass *self)
{
  return self->error;
}
