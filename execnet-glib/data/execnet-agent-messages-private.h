/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is said to an ssh agent, and what it answers: the protocol of draft-miller-ssh-agent. A
 * message is a length (uint32, big-endian), a byte for its kind, and what belongs to it. */

/* What signatures with an RSA key are made of. */
#define EXECNET_AGENT_RSA_SHA2_256 2
#define EXECNET_AGENT_RSA_SHA2_512 4

/* The length before a message, and how long the longest one is that is taken. */
#define EXECNET_AGENT_HEADER_SIZE 4
#define EXECNET_AGENT_MAX_MESSAGE (256 * 1024)

typedef struct
{
  GBytes *key;   /* public, in its form on the wire */
  char *type;    /* "ssh-ed25519" and so on */
  char *comment; /* valid UTF-8 */
} ExecnetAgentIdentity;

void execnet_agent_identity_free (ExecnetAgentIdentity *self);

/* Requests, with their lengths. */
GBytes *execnet_agent_make_list_request (void);
GBytes *execnet_agent_make_sign_request (GBytes *key, GBytes *data, guint32 flags);

/* How long the message behind the header is. Errors are all DATA_FORMAT here. */
gboolean execnet_agent_read_header (const guint8 header[EXECNET_AGENT_HEADER_SIZE],
                                    gsize *length,
                                    GError **error);

/* Messages, without their lengths. An agent that refuses is AUTHENTICATION_FAILED.
 * The array is of ExecnetAgentIdentity and frees them. Keys without a type are left out. */
GPtrArray *execnet_agent_read_identities (const guint8 *message, gsize length, GError **error);
GBytes *execnet_agent_read_signature (const guint8 *message, gsize length, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetAgentIdentity, execnet_agent_identity_free)

G_END_DECLS
