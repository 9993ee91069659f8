/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-agent-messages-private.h"

#include "base/execnet-error.h"
#include "data/execnet-byte-reader-private.h"
#include "data/execnet-known-hosts-private.h"

#include <glib/gi18n-lib.h>

/* Kinds of messages. */
enum
{
  FAILURE = 5,
  REQUEST_IDENTITIES = 11,
  IDENTITIES_ANSWER = 12,
  SIGN_REQUEST = 13,
  SIGN_RESPONSE = 14,
  EXTENSION_FAILURE = 28,
};

void
execnet_agent_identity_free (ExecnetAgentIdentity *self)
{
  g_bytes_unref (self->key);
  g_free (self->type);
  g_free (self->comment);
  g_free (self);
}

static void
free_identity (gpointer data)
{
  execnet_agent_identity_free (data);
}

/* Writing. */

static void
append_uint32 (GByteArray *message, guint32 value)
{
  const guint32 raw = GUINT32_TO_BE (value);

  g_byte_array_append (message, (const guint8 *) &raw, sizeof raw);
}

static void
append_string (GByteArray *message, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  append_uint32 (message, (guint32) length);
  g_byte_array_append (message, data, (guint) length);
}

static GByteArray *
begin_message (guint8 kind)
{
  GByteArray *message = g_byte_array_new ();

  append_uint32 (message, 0);
  g_byte_array_append (message, &kind, 1);
  return message;
}

static GBytes *
end_message (GByteArray *message)
{
  const guint32 length = GUINT32_TO_BE (message->len - EXECNET_AGENT_HEADER_SIZE);

  memcpy (message->data, &length, sizeof length);
  return g_byte_array_free_to_bytes (message);
}

GBytes *
execnet_agent_make_list_request (void)
{
  return end_message (begin_message (REQUEST_IDENTITIES));
}

GBytes *
execnet_agent_make_sign_request (GBytes *key, GBytes *data, guint32 flags)
{
  GByteArray *message = begin_message (SIGN_REQUEST);

  append_string (message, key);
  append_string (message, data);
  append_uint32 (message, flags);
  return end_message (message);
}

/* Reading. */

static gboolean
set_format_error (GError **error)
{
  g_set_error_literal (error,
                       EXECNET_ERROR,
                       EXECNET_ERROR_DATA_FORMAT,
                       _ ("The ssh agent's answer can't be understood. Look whether “SSH_AUTH_SOCK” or "
                          "“IdentityAgent” names an ssh agent."));
  return FALSE;
}

gboolean
execnet_agent_read_header (const guint8 header[EXECNET_AGENT_HEADER_SIZE],
                           gsize *length,
                           GError **error)
{
  gint32 value = execnet_int32_from_big_endian (header);

  if (value <= 0 || value > EXECNET_AGENT_MAX_MESSAGE)
    return set_format_error (error);
  *length = (gsize) value;
  return TRUE;
}

static gboolean
take_kind (ExecnetByteReader *reader, guint8 expected, GError **error)
{
  guint8 kind;

  if (!execnet_byte_reader_take_uint8 (reader, &kind))
    return set_format_error (error);
  if (kind == FAILURE || kind == EXTENSION_FAILURE)
    {
      g_set_error_literal (error,
                           EXECNET_ERROR,
                           EXECNET_ERROR_AUTHENTICATION_FAILED,
                           _ ("The ssh agent refused what it was asked for. It may be locked, or have "
                              "been told not to use the key: see ssh-add(1)."));
      return FALSE;
    }
  return kind == expected || set_format_error (error);
}

static gboolean
take_string (ExecnetByteReader *reader, const guint8 **bytes, gsize *length)
{
  ExecnetByteReader before = *reader;
  gint32 value;

  if (execnet_byte_reader_take_int32 (reader, &value) && value >= 0
      && execnet_byte_reader_take (reader, (gsize) value, bytes))
    {
      *length = (gsize) value;
      return TRUE;
    }
  *reader = before;
  return FALSE;
}

static gboolean
take_identity (ExecnetByteReader *reader, GPtrArray *identities)
{
  const guint8 *key, *comment;
  gsize key_length, comment_length;
  g_autofree char *type = NULL;
  ExecnetAgentIdentity *identity;

  if (!take_string (reader, &key, &key_length) || !take_string (reader, &comment, &comment_length))
    return FALSE;
  type = execnet_ssh_key_dup_type (key, key_length);
  if (type == NULL)
    return TRUE;
  identity = g_new0 (ExecnetAgentIdentity, 1);
  identity->key = g_bytes_new (key, key_length);
  identity->type = g_steal_pointer (&type);
  identity->comment = g_utf8_make_valid ((const char *) comment, (gssize) comment_length);
  g_ptr_array_add (identities, identity);
  return TRUE;
}

GPtrArray *
execnet_agent_read_identities (const guint8 *message, gsize length, GError **error)
{
  ExecnetByteReader reader = execnet_byte_reader_init (message, length);
  g_autoptr (GPtrArray) identities = g_ptr_array_new_with_free_func (free_identity);
  gint32 count;

  if (!take_kind (&reader, IDENTITIES_ANSWER, error))
    return NULL;
  if (!execnet_byte_reader_take_int32 (&reader, &count) || count < 0)
    {
      set_format_error (error);
      return NULL;
    }
  /* The count is not believed: each takes its bytes. */
  for (gint32 i = 0; i < count; i++)
    {
      if (!take_identity (&reader, identities))
        {
          set_format_error (error);
          return NULL;
        }
    }
  return g_steal_pointer (&identities);
}

GBytes *
execnet_agent_read_signature (const guint8 *message, gsize length, GError **error)
{
  ExecnetByteReader reader = execnet_byte_reader_init (message, length);
  const guint8 *signature;
  gsize size;

  if (!take_kind (&reader, SIGN_RESPONSE, error))
    return NULL;
  if (!take_string (&reader, &signature, &size) || size == 0)
    {
      set_format_error (error);
      return NULL;
    }
  return g_bytes_new (signature, size);
}
