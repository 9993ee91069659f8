/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What ssh's files of known hosts say, in the format that sshd(8) describes under SSH_KNOWN_HOSTS:
 * patterns, negated ones, hashed names, ports, the markers @revoked and @cert-authority. Lines that
 * can't be read are passed over.
 *
 * One thread at a time. */
typedef struct _ExecnetKnownHosts ExecnetKnownHosts;

ExecnetKnownHosts *execnet_known_hosts_new (void);
void execnet_known_hosts_free (ExecnetKnownHosts *self);

/* Adds what a file says. The text is any bytes; `file` is for messages. */
void execnet_known_hosts_add_text (ExecnetKnownHosts *self,
                                   const char *file,
                                   const char *text,
                                   gsize length);

typedef enum
{
  EXECNET_HOST_KEY_OK,
  EXECNET_HOST_KEY_UNKNOWN,
  EXECNET_HOST_KEY_CHANGED, /* the host has other keys */
  EXECNET_HOST_KEY_REVOKED,
} ExecnetHostKeyStatus;

/* The line that decided; belongs to the known hosts. */
typedef struct
{
  const char *file; /* NULL where no line did */
  guint line;       /* from 1 */
  const char *key_type;
  GBytes *key;
  gboolean has_authority; /* the host may show a certificate, which nothing here can check */
} ExecnetHostKeyLine;

/* `name` as execnet_known_hosts_dup_name gives it; the key in its public form on the wire. `found`
 * may be NULL. */
ExecnetHostKeyStatus execnet_known_hosts_look_up (ExecnetKnownHosts *self,
                                                  const char *name,
                                                  const guint8 *key,
                                                  gsize key_length,
                                                  ExecnetHostKeyLine *found);

/* The types of the host's keys, "ssh-ed25519" and so on, each once; NULL-terminated, may be empty. */
char **execnet_known_hosts_dup_key_types (ExecnetKnownHosts *self, const char *name);

/* A host under its port: "[host]:2222", or plainly "host" for 22; in lower case. */
char *execnet_known_hosts_dup_name (const char *host, guint port);

/* A line for a file, with its end; NULL where the key is none, or the name would not mean that host
 * alone. The name is hashed with the salt, of any length, unless that is NULL. */
char *execnet_known_hosts_make_line (const char *name,
                                     const guint8 *key,
                                     gsize key_length,
                                     const guint8 *salt,
                                     gsize salt_length);

/* "SHA256:…", as ssh-keygen -l prints it. */
char *execnet_ssh_key_dup_fingerprint (const guint8 *key, gsize key_length);

/* "ED25519" for "ssh-ed25519", as ssh-keygen -l prints it; what is not known stays as it is. */
const char *execnet_ssh_key_type_get_name (const char *type);

/* The type that a public key says it has, or NULL. */
char *execnet_ssh_key_dup_type (const guint8 *key, gsize key_length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetKnownHosts, execnet_known_hosts_free)

G_END_DECLS
