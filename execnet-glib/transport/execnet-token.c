/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-token-private.h"

#include "base/execnet-error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

/* What can be guessed is no secret. */
#define SHORTEST_TOKEN 16

#define HELLO "execnet-token 1"
#define NONCE_SIZE 32

/* Both what the server sends in this talk and why it won't talk are shorter. */
#define LONGEST_ANSWER 4096

/* How much of an odd answer an error shows, in bytes. */
#define MAX_QUOTED 200

/* Before the reason of a refusal: '0' and its length. */
#define REFUSAL_HEADER 5

/* Reading it */

static gboolean
check_length (const char *token, const char *where, GError **error)
{
  if (strlen (token) >= SHORTEST_TOKEN)
    return TRUE;
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_INVALID_SPEC,
               _ ("The token of “%s” has %u characters, and %u at least are needed; make one with: "
                  "openssl rand -hex 32"),
               where,
               (guint) strlen (token),
               SHORTEST_TOKEN);
  return FALSE;
}

/* Takes the text over. */
static GBytes *
take_token (char *text, const char *where, GError **error)
{
  g_autofree char *token = g_strstrip (text);

  if (!check_length (token, where, error))
    return NULL;
  return g_bytes_new (token, strlen (token));
}

static GBytes *
read_file (const char *path, GError **error)
{
  g_autoptr (GError) reason = NULL;
  char *text;
  GStatBuf status;

  if (g_stat (path, &status) == 0 && S_ISREG (status.st_mode)
      && (status.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0)
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_INVALID_SPEC,
                   _ ("The token file “%s” is open to other users; take that away: chmod 600 %s"),
                   path,
                   path);
      return NULL;
    }
  if (!g_file_get_contents (path, &text, NULL, &reason))
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_INVALID_SPEC,
                   _ ("The token file “%s” can't be read: %s. Correct token_file=."),
                   path,
                   reason->message);
      return NULL;
    }
  return take_token (text, path, error);
}

GBytes *
execnet_token_read (ExecnetXSpec *spec, GError **error)
{
  const char *path = execnet_xspec_get (spec, "token_file");
  const char *name = execnet_xspec_get (spec, "token_env");

  if (path != NULL)
    return read_file (path, error);
  if (name == NULL)
    return NULL;
  if (g_getenv (name) == NULL)
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_INVALID_SPEC,
                   _ ("The environment variable “%s”, which token_env= names, is not set; put the "
                      "token there."),
                   name);
      return NULL;
    }
  return take_token (g_strdup (g_getenv (name)), name, error);
}

/* Proving it */

typedef struct
{
  GBytes *token;
  GIOStream *stream;
  char *name;
  char client_nonce[2 * NONCE_SIZE + 1];
  char server_nonce[2 * NONCE_SIZE + 1];
  char *sent;
  char answer[LONGEST_ANSWER];
  gsize n_answered;
  gboolean has_proved; /* ours was sent: the next answer is the server's */
} Talk;

static void
talk_free (gpointer data)
{
  Talk *talk = data;

  g_bytes_unref (talk->token);
  g_object_unref (talk->stream);
  g_free (talk->name);
  g_free (talk->sent);
  g_free (talk);
}

static gboolean
make_nonce (char *nonce)
{
  guint8 bytes[NONCE_SIZE];

  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    return FALSE;
  for (guint i = 0; i < sizeof bytes; i++)
    g_snprintf (nonce + 2 * i, 3, "%02x", bytes[i]);
  return TRUE;
}

static gboolean
is_nonce (const char *text)
{
  return strlen (text) == 2 * NONCE_SIZE && strspn (text, "0123456789abcdef") == 2 * NONCE_SIZE;
}

/* What only somebody in that role who knows the token can say in this talk. */
static char *
prove (Talk *talk, const char *role)
{
  g_autofree char *message
      = g_strdup_printf (HELLO " %s %s %s", role, talk->client_nonce, talk->server_nonce);
  gsize size;
  const guint8 *key = g_bytes_get_data (talk->token, &size);

  return g_compute_hmac_for_string (G_CHECKSUM_SHA256, key, size, message, -1);
}

/* In a time that does not tell where they differ. */
static gboolean
is_same (const char *one, const char *other)
{
  gsize length = strlen (one);
  volatile guint8 difference = 0;

  if (strlen (other) != length)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    difference |= one[i] ^ other[i];
  return difference == 0;
}

static void send_line (GTask *task, char *line);
static void read_more (GTask *task);

/* Each of these ends the talk, and takes the task over. */

static void
return_failure (GTask *task, ExecnetError code, const char *format)
{
  g_autoptr (GTask) owned = task;
  Talk *talk = g_task_get_task_data (task);
  GString *text = g_string_new (format);

  g_string_replace (text, "%s", talk->name, 1);
  g_task_return_new_error (task, EXECNET_ERROR, code, "%s", text->str);
  g_string_free (text, TRUE);
}

static void
return_end_of_input (GTask *task)
{
  return_failure (task,
                  EXECNET_ERROR_AUTHENTICATION_FAILED,
                  _ ("The server at “%s” ended the connection when it was asked for the token. A "
                     "server of execnet itself knows none: use execnet-glib's, or leave token_file "
                     "and token_env out."));
}

static void
return_odd_answer (GTask *task)
{
  g_autoptr (GTask) owned = task;
  Talk *talk = g_task_get_task_data (task);
  gsize length = strnlen (talk->answer, MIN (talk->n_answered, MAX_QUOTED));
  g_autofree char *valid = g_utf8_make_valid (talk->answer, length);

  g_task_return_new_error (task,
                           EXECNET_ERROR,
                           EXECNET_ERROR_UNEXPECTED_OUTPUT,
                           _ ("What is at “%s” does not answer as a socket server does that is asked "
                              "for the token, but with “%s”; check the address."),
                           talk->name,
                           g_strchomp (valid));
}

/* The server's words, in the form of a worker's that can't run. */
static void
return_refusal (GTask *task, gsize size)
{
  g_autoptr (GTask) owned = task;
  Talk *talk = g_task_get_task_data (task);
  g_autofree char *text = g_utf8_make_valid (talk->answer + REFUSAL_HEADER, size);
  const char *reason = strchr (text, '\n');

  g_task_return_new_error (task,
                           EXECNET_ERROR,
                           EXECNET_ERROR_AUTHENTICATION_FAILED,
                           _ ("The server at “%s” lets nobody in with that token: %s"),
                           talk->name,
                           reason != NULL ? reason + 1 : text);
}

static void
take_answer (GTask *task, char *line)
{
  Talk *talk = g_task_get_task_data (task);
  g_autofree char *expected = NULL;

  if (!is_nonce (line))
    return_odd_answer (task);
  else if (!talk->has_proved)
    {
      strcpy (talk->server_nonce, line);
      talk->has_proved = TRUE;
      send_line (task, prove (talk, "client"));
    }
  else
    {
      expected = prove (talk, "server");
      if (is_same (line, expected))
        {
          g_task_return_boolean (task, TRUE);
          g_object_unref (task);
        }
      else
        return_failure (task,
                        EXECNET_ERROR_AUTHENTICATION_FAILED,
                        _ ("What is at “%s” does not know the token, so it is not the server that "
                           "is meant; check the address."));
    }
}

static guint32
read_int32 (const char *bytes)
{
  const guint8 *b = (const guint8 *) bytes;

  return ((guint32) b[0] << 24) | (b[1] << 16) | (b[2] << 8) | b[3];
}

/* Whether there is a whole one: then it was taken, and the task, too. */
static gboolean
look_at_answer (GTask *task)
{
  Talk *talk = g_task_get_task_data (task);
  char *end = memchr (talk->answer, '\n', talk->n_answered);

  /* No nonce is that far from text: what follows the '0' of a refusal is a length below 65536. */
  if (talk->n_answered > 1 && talk->answer[0] == '0' && talk->answer[1] == '\0')
    {
      gsize size
          = talk->n_answered >= REFUSAL_HEADER ? read_int32 (talk->answer + 1) : LONGEST_ANSWER;

      if (talk->n_answered - MIN (REFUSAL_HEADER, talk->n_answered) < size)
        return FALSE;
      return_refusal (task, size);
      return TRUE;
    }
  if (end == NULL)
    return FALSE;
  *end = '\0';
  /* More than it may say. */
  if (end + 1 != talk->answer + talk->n_answered || strlen (talk->answer) != (gsize) (end - talk->answer))
    return_odd_answer (task);
  else
    take_answer (task, talk->answer);
  return TRUE;
}

static void
on_read (GObject *input, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Talk *talk = g_task_get_task_data (task);
  GError *error = NULL;
  gssize size = g_input_stream_read_finish (G_INPUT_STREAM (input), result, &error);

  if (size < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  g_clear_error (&error);
  if (size <= 0)
    {
      return_end_of_input (task);
      return;
    }
  talk->n_answered += size;
  if (look_at_answer (task))
    return;
  if (talk->n_answered == sizeof talk->answer)
    return_odd_answer (task);
  else
    read_more (task);
}

static void
read_more (GTask *task)
{
  Talk *talk = g_task_get_task_data (task);

  g_input_stream_read_async (g_io_stream_get_input_stream (talk->stream),
                             talk->answer + talk->n_answered,
                             sizeof talk->answer - talk->n_answered,
                             G_PRIORITY_DEFAULT,
                             g_task_get_cancellable (task),
                             on_read,
                             task);
}

static void
on_written (GObject *output, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Talk *talk = g_task_get_task_data (task);
  GError *error = NULL;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (output), result, NULL, &error)
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  /* Else the server may still have said why it ended the connection. */
  g_clear_error (&error);
  talk->n_answered = 0;
  read_more (task);
}

/* Takes the line over, which has no end of line yet. */
static void
send_line (GTask *task, char *line)
{
  Talk *talk = g_task_get_task_data (task);

  g_free (talk->sent);
  talk->sent = g_strconcat (line, "\n", NULL);
  g_free (line);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (talk->stream),
                                   talk->sent,
                                   strlen (talk->sent),
                                   G_PRIORITY_DEFAULT,
                                   g_task_get_cancellable (task),
                                   on_written,
                                   task);
}

void
execnet_token_prove_async (GBytes *token,
                           GIOStream *stream,
                           const char *name,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  Talk *talk = g_new0 (Talk, 1);

  g_task_set_source_tag (task, execnet_token_prove_async);
  g_task_set_task_data (task, talk, talk_free);
  talk->token = g_bytes_ref (token);
  talk->stream = g_object_ref (stream);
  talk->name = g_strdup (name);
  if (!make_nonce (talk->client_nonce))
    {
      g_task_return_new_error (task,
                               EXECNET_ERROR,
                               EXECNET_ERROR_FAILED,
                               _ ("The system gives no random numbers: %s."),
                               g_strerror (errno));
      g_object_unref (task);
      return;
    }
  send_line (task, g_strconcat (HELLO " ", talk->client_nonce, NULL));
}

gboolean
execnet_token_prove_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
