/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-known-hosts-private.h"
#include "transport/execnet-questions-private.h"
#include "transport/execnet-ssh-options-private.h"

G_BEGIN_DECLS

/* Whether the key that a host shows is the right one: the user's and the system's files of known
 * hosts, what the configuration says about unknown keys, and a person who may be asked.
 *
 * For one thread, which iterates its thread-default main context. Files are read and written in
 * another one. */
typedef struct _ExecnetHostKeys ExecnetHostKeys;

/* Reads the files of the options. Those that can't be read are passed over: their keys are not
 * known then. Fails when it is cancelled, and not otherwise. */
void execnet_host_keys_load_async (ExecnetSshOptions *options,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
ExecnetHostKeys *execnet_host_keys_load_finish (GAsyncResult *result, GError **error);

/* Shares what was read; belongs to the same thread. */
ExecnetHostKeys *execnet_host_keys_ref (ExecnetHostKeys *self);
void execnet_host_keys_unref (ExecnetHostKeys *self);

/* The types of keys by which the host is known ("ssh-ed25519", …), NULL-terminated and perhaps empty:
 * what has to be negotiated, so that a key that is known is shown. */
char **execnet_host_keys_dup_types (ExecnetHostKeys *self);

/* Looks at the key that the host showed, in its public form on the wire; asks where it has to be
 * asked, for the transport (see execnet_questions_ask_async), and remembers what was accepted.
 * `questions` and `transport` may be NULL. */
void execnet_host_keys_check_async (ExecnetHostKeys *self,
                                    GBytes *key,
                                    ExecnetQuestions *questions,
                                    ExecnetTransport *transport,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);

/* TRUE when the connection may go on. `is_trusted` (may be NULL) is FALSE when only the options let
 * it go on with a wrong key: passwords must not be sent then. Otherwise one of:
 *  - EXECNET_ERROR_HOST_KEY_CHANGED: it is another key than before, or is revoked.
 *  - EXECNET_ERROR_HOST_KEY_UNKNOWN: the options refuse unknown keys, or the person did.
 *  - EXECNET_ERROR_NEEDS_INTERACTION: nobody could be asked.
 *  - G_IO_ERROR_NOT_SUPPORTED: the host is known by certificates alone, which the OpenSSH client can
 *    check.
 *  - G_IO_ERROR_CANCELLED. */
gboolean execnet_host_keys_check_finish (GAsyncResult *result,
                                         gboolean *is_trusted,
                                         GError **error);

/* Files: execnet-host-keys-files.c. Any thread; they block. */

/* NULL where there is nothing to read. */
GBytes *execnet_host_keys_read_file (const char *file);

/* Adds a line at the end of a file, at once and whole; makes the file, for its owner alone, and its
 * folder where need be. Errors are G_FILE_ERROR's. */
gboolean execnet_host_keys_append (const char *file, const char *line, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetHostKeys, execnet_host_keys_unref)

G_END_DECLS
