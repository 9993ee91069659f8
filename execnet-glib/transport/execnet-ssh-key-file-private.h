/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a file with a private key says about itself, without its passphrase. */
typedef struct
{
  char *path;
  char *contents; /* cleared when it is freed */
  gsize length;
  char *type;     /* "ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa", …; NULL where it isn't known */
  GBytes *public_key; /* as it goes over the wire, or NULL */
  gboolean is_encrypted;
} ExecnetSshKeyFile;

/* NULL, without an error, where there is no such file: the usual ones are tried. */
ExecnetSshKeyFile *execnet_ssh_key_file_load (const char *path, GError **error);
void execnet_ssh_key_file_free (ExecnetSshKeyFile *self);

/* The type that a public key names first, or NULL. */
char *execnet_ssh_dup_key_type (const guint8 *bytes, gsize length);

/* The bytes of a signature that has its type before them, or NULL. */
guint8 *execnet_ssh_dup_signature_bytes (GBytes *signature, gsize *length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetSshKeyFile, execnet_ssh_key_file_free)

G_END_DECLS
