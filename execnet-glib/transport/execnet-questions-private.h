/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/execnet-secret-private.h"
#include "transport/execnet-transport-private.h"

G_BEGIN_DECLS

/* What the gateways of one group have to ask a person: passwords, and whether a host's key is the
 * right one. One question is shown at a time, the others wait in a queue. Transports ask, on the
 * worker thread; those above them show the questions, in the group's main context, and give the
 * answers.
 *
 * How the time-out of a start pauses: from when a question is shown, and while it waits behind one
 * that is, `execnet_transport_is_asking` is true for the transport that asked. While nobody shows it
 * (the main context is not iterated) time goes on, so that nothing waits for ever.
 *
 * Atomically reference-counted; any thread may hold one. */

typedef enum
{
  EXECNET_QUESTION_PASSWORD,
  EXECNET_QUESTION_PASSPHRASE, /* of a key file */
  EXECNET_QUESTION_PROMPT,     /* keyboard-interactive: whatever the host wants to know */
  EXECNET_QUESTION_HOST_KEY,   /* yes or no */
} ExecnetQuestionKind;

/* The facts; the words are made from them, the same whoever asks. Names of files and what a host
 * says are made fit to be shown. */
typedef struct
{
  ExecnetQuestionKind kind;
  const char *host;    /* the host's name as it was given, with a port that isn't 22 */
  const char *user;    /* who logs in, or NULL where nobody knows */
  const char *subject; /* PASSPHRASE: the key's file. PROMPT: the instruction, if any, and the prompt,
                        * on lines. HOST_KEY: the key's type and fingerprint, "ED25519 SHA256:…".
                        * PASSWORD: NULL */
  gboolean again;      /* PASSWORD, PASSPHRASE: the last answer was wrong */
} ExecnetQuestion;

/* Worker thread. Asks, for the transport whose start has to wait meanwhile, which may be NULL. The
 * callback is called in the thread-default main context, never before this returns. What the
 * question points to is copied. A `self` of NULL is a group without anybody to ask. */
void execnet_questions_ask_async (ExecnetQuestions *self,
                                  ExecnetTransport *transport,
                                  const ExecnetQuestion *question,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);

/* Worker thread. What was typed, which may be empty, for any kind but HOST_KEY. Otherwise NULL with
 * one of these errors, which are fit for the gateway's end:
 *  - EXECNET_ERROR_NEEDS_INTERACTION: nobody could be asked. Another way to get in may be tried.
 *  - EXECNET_ERROR_AUTHENTICATION_FAILED: the person doesn't want to answer. Nothing else should be
 *    tried, nor asked.
 *  - G_IO_ERROR_CANCELLED: the cancellable was cancelled. */
ExecnetSecret *
execnet_questions_ask_finish (ExecnetQuestions *self, GAsyncResult *result, GError **error);

/* Worker thread. As above, for HOST_KEY. TRUE for yes; both a no and a person who doesn't want to
 * answer are EXECNET_ERROR_HOST_KEY_UNKNOWN. */
gboolean
execnet_questions_confirm_finish (ExecnetQuestions *self, GAsyncResult *result, GError **error);

/* Worker thread. The transport waits for what another one asks, as those do that share a session:
 * its time-out pauses, too, while that is shown. `self` may be NULL. */
void execnet_questions_begin_sharing (ExecnetQuestions *self,
                                      ExecnetTransport *transport,
                                      ExecnetTransport *asker);
void execnet_questions_end_sharing (ExecnetQuestions *self, ExecnetTransport *transport);

/* What is shown: translated; its first line is the heading, and names the host. Free with g_free. */
char *execnet_question_dup_message (const ExecnetQuestion *question);

/* What to say when it could not be asked. A sentence; free with g_free. */
char *execnet_question_describe (const ExecnetQuestion *question);

ExecnetQuestions *execnet_questions_ref (ExecnetQuestions *self);
void execnet_questions_unref (ExecnetQuestions *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetQuestions, execnet_questions_unref)

G_END_DECLS
