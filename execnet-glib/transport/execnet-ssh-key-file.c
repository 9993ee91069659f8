/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-key-file-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* A file that is longer is no key. */
#define MAX_SIZE (64 * 1024)

#define BEGIN_OPENSSH "-----BEGIN OPENSSH PRIVATE KEY-----"
#define END_OPENSSH "-----END OPENSSH PRIVATE KEY-----"
#define MAGIC "openssh-key-v1" /* with its NUL */

/* Reads what OpenSSH writes: lengths are 32 bits, in network order. */
typedef struct
{
  const guint8 *bytes;
  gsize length;
  gsize position;
} KeyReader;

static gboolean
read_number (KeyReader *self, guint32 *number)
{
  guint32 big_endian;

  if (self->length - self->position < sizeof big_endian)
    return FALSE;
  memcpy (&big_endian, self->bytes + self->position, sizeof big_endian);
  self->position += sizeof big_endian;
  *number = GUINT32_FROM_BE (big_endian);
  return TRUE;
}

static gboolean
read_string (KeyReader *self, const guint8 **string, gsize *length)
{
  guint32 number;

  if (!read_number (self, &number) || number > self->length - self->position)
    return FALSE;
  *string = self->bytes + self->position;
  *length = number;
  self->position += number;
  return TRUE;
}

char *
execnet_ssh_dup_key_type (const guint8 *bytes, gsize length)
{
  KeyReader reader = { bytes, length, 0 };
  const guint8 *type;
  gsize type_length;

  if (!read_string (&reader, &type, &type_length)
      || !g_utf8_validate ((const char *) type, type_length, NULL))
    return NULL;
  return g_strndup ((const char *) type, type_length);
}

guint8 *
execnet_ssh_dup_signature_bytes (GBytes *signature, gsize *length)
{
  KeyReader reader = { 0 };
  const guint8 *string;

  reader.bytes = g_bytes_get_data (signature, &reader.length);
  if (!read_string (&reader, &string, length) || !read_string (&reader, &string, length))
    return NULL;
  return g_memdup2 (string, *length);
}

static void
take_public_key (ExecnetSshKeyFile *self, const guint8 *bytes, gsize length)
{
  g_autofree char *type = execnet_ssh_dup_key_type (bytes, length);

  if (type == NULL || self->public_key != NULL)
    return;
  self->type = g_steal_pointer (&type);
  self->public_key = g_bytes_new (bytes, length);
}

/* The public half is readable in a file that is encrypted, too. */
static void
read_openssh (ExecnetSshKeyFile *self, const char *begin)
{
  const char *text = begin + strlen (BEGIN_OPENSSH);
  const char *end = strstr (text, END_OPENSSH);
  g_autofree char *base64 = NULL;
  g_autofree guint8 *bytes = NULL;
  KeyReader reader = { 0 };
  const guint8 *cipher, *skipped, *key;
  gsize cipher_length, skipped_length, key_length;
  guint32 n_keys;

  if (end == NULL)
    return;
  base64 = g_strndup (text, end - text);
  bytes = g_base64_decode (base64, &reader.length);
  reader.bytes = bytes;
  if (reader.length >= sizeof MAGIC && memcmp (bytes, MAGIC, sizeof MAGIC) == 0)
    {
      reader.position = sizeof MAGIC;
      if (read_string (&reader, &cipher, &cipher_length)
          && read_string (&reader, &skipped, &skipped_length)
          && read_string (&reader, &skipped, &skipped_length) && read_number (&reader, &n_keys)
          && read_string (&reader, &key, &key_length))
        {
          self->is_encrypted = !(cipher_length == 4 && memcmp (cipher, "none", 4) == 0);
          take_public_key (self, key, key_length);
        }
    }
  explicit_bzero (base64, strlen (base64));
  explicit_bzero (bytes, reader.length);
}

static void
read_pem (ExecnetSshKeyFile *self)
{
  if (strstr (self->contents, "ENCRYPTED") != NULL)
    self->is_encrypted = TRUE;
  if (self->type == NULL && strstr (self->contents, "-----BEGIN RSA PRIVATE KEY-----") != NULL)
    self->type = g_strdup ("ssh-rsa");
}

/* The file beside it: one line, of which the second word is the key. */
static void
read_public_file (ExecnetSshKeyFile *self)
{
  g_autofree char *path = g_strconcat (self->path, ".pub", NULL);
  g_autofree char *contents = NULL;
  g_auto (GStrv) words = NULL;
  g_autofree guint8 *bytes = NULL;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, NULL) || length > MAX_SIZE)
    return;
  words = g_strsplit (contents, " ", 3);
  if (g_strv_length (words) < 2 || *words[1] == '\0')
    return;
  bytes = g_base64_decode (words[1], &length);
  take_public_key (self, bytes, length);
}

ExecnetSshKeyFile *
execnet_ssh_key_file_load (const char *path, GError **error)
{
  g_autoptr (ExecnetSshKeyFile) self = g_new0 (ExecnetSshKeyFile, 1);
  g_autoptr (GError) reason = NULL;
  const char *begin;

  self->path = g_strdup (path);
  if (!g_file_get_contents (path, &self->contents, &self->length, &reason))
    {
      if (!g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        g_set_error (error,
                     EXECNET_ERROR,
                     EXECNET_ERROR_AUTHENTICATION_FAILED,
                     _ ("The key file “%s” can't be read: %s."),
                     path,
                     reason->message);
      return NULL;
    }
  if (self->length > MAX_SIZE)
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_AUTHENTICATION_FAILED,
                   _ ("The file “%s” is too long to be a key."),
                   path);
      return NULL;
    }
  begin = strstr (self->contents, BEGIN_OPENSSH);
  if (begin != NULL)
    read_openssh (self, begin);
  else
    read_pem (self);
  read_public_file (self);
  return g_steal_pointer (&self);
}

void
execnet_ssh_key_file_free (ExecnetSshKeyFile *self)
{
  if (self->contents != NULL)
    explicit_bzero (self->contents, self->length);
  g_free (self->contents);
  g_clear_pointer (&self->public_key, g_bytes_unref);
  g_free (self->type);
  g_free (self->path);
  g_free (self);
}
