/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-bootstrap-private.h"

#include "base/execnet-error.h"
#include "data/execnet-item-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define LINE_RESOURCE "/org/execnet-glib/bootstrap/worker.line"
#define RELAY_RESOURCE "/org/execnet-glib/bootstrap/relay.py"
#define SOCKET_SERVER_RESOURCE "/org/execnet-glib/bootstrap/socketserver.py"
#define OPTIONS_PLACEHOLDER "@OPTIONS@"

/* Answers of our worker are far smaller. */
#define MAX_HELLO (64 * 1024)
#define MAX_REASON (64 * 1024)

/* How much of what was printed instead of an answer an error shows, in bytes. */
#define MAX_QUOTED 400

GResource *execnet_bootstrap_get_resource (void);

GBytes *
execnet_bootstrap_make_line (GVariant *options, GError **error)
{
  g_autoptr (GBytes) template = NULL;
  g_autoptr (GBytes) dump = NULL;
  g_autofree char *encoded = NULL;
  const char *text, *placeholder;
  gsize size, encoded_size;
  GByteArray *line;

  template = g_resource_lookup_data (execnet_bootstrap_get_resource (),
                                     LINE_RESOURCE,
                                     G_RESOURCE_LOOKUP_FLAGS_NONE,
                                     error);
  if (template == NULL)
    return NULL;
  dump = execnet_dumps (options, EXECNET_DUMP_DEFAULT, error);
  if (dump == NULL)
    return NULL;
  encoded = g_base64_encode (g_bytes_get_data (dump, NULL), g_bytes_get_size (dump));
  encoded_size = strlen (encoded);

  text = g_bytes_get_data (template, &size);
  placeholder = memmem (text, size, OPTIONS_PLACEHOLDER, strlen (OPTIONS_PLACEHOLDER));
  g_assert (placeholder != NULL);

  line = g_byte_array_sized_new (size + encoded_size);
  g_byte_array_append (line, (const guint8 *) text, placeholder - text);
  g_byte_array_append (line, (const guint8 *) encoded, encoded_size);
  placeholder += strlen (OPTIONS_PLACEHOLDER);
  g_byte_array_append (line, (const guint8 *) placeholder, text + size - placeholder);
  return g_byte_array_free_to_bytes (line);
}

GBytes *
execnet_bootstrap_get_relay (GError **error)
{
  return g_resource_lookup_data (execnet_bootstrap_get_resource (),
                                 RELAY_RESOURCE,
                                 G_RESOURCE_LOOKUP_FLAGS_NONE,
                                 error);
}

GBytes *
execnet_bootstrap_get_socket_server (GError **error)
{
  return g_resource_lookup_data (execnet_bootstrap_get_resource (),
                                 SOCKET_SERVER_RESOURCE,
                                 G_RESOURCE_LOOKUP_FLAGS_NONE,
                                 error);
}

static guint32
read_int32 (const guint8 *bytes)
{
  return ((guint32) bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3];
}

/* The worker's word for a kind of failure, and its message. */
static void
set_reason (const char *reason, gsize length, GError **error)
{
  g_autofree char *text = g_utf8_make_valid (reason, length);
  const char *end_of_kind = strchr (text, '\n');
  const char *message = end_of_kind != NULL ? end_of_kind + 1 : text;

  if (g_str_has_prefix (text, "too-old\n"))
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_INTERPRETER_TOO_OLD,
                 _ ("The interpreter is too old: %s"),
                 message);
  else if (g_str_has_prefix (text, "token\n"))
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_AUTHENTICATION_FAILED,
                 _ ("The server lets nobody in like this: %s"),
                 message);
  else if (g_str_has_prefix (text, "tls\n"))
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_FAILED,
                 _ ("The server can't be talked to like this: %s"),
                 message);
  else
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_FAILED,
                 _ ("The worker can't run as the specification says: %s"),
                 message);
}

/* '0', the length of the reason, the reason. */
static ExecnetGreeting
read_failure (const guint8 *bytes, gsize length, GError **error)
{
  const gsize header_size = 1 + sizeof (guint32);
  guint32 reason_size;

  if (length < header_size)
    return length < 2 || bytes[1] == 0 ? EXECNET_GREETING_MORE : EXECNET_GREETING_UNKNOWN;
  reason_size = read_int32 (bytes + 1);
  if (reason_size > MAX_REASON)
    return EXECNET_GREETING_UNKNOWN;
  if (length - header_size < reason_size)
    return EXECNET_GREETING_MORE;
  set_reason ((const char *) bytes + header_size, reason_size, error);
  return EXECNET_GREETING_FAILED;
}

ExecnetGreeting
execnet_bootstrap_read_greeting (const guint8 *bytes, gsize length, GError **error)
{
  ExecnetMessageHeader header;

  if (length > 0 && bytes[0] == '0')
    return read_failure (bytes, length, error);
  if (length > 0 && bytes[0] != '1')
    return EXECNET_GREETING_UNKNOWN;
  /* A program that prints a text which begins with a 1 is no worker. */
  if (length > 1 && bytes[1] != EXECNET_MESSAGE_HELLO)
    return EXECNET_GREETING_UNKNOWN;
  if (length < 1 + EXECNET_MESSAGE_HEADER_SIZE)
    return EXECNET_GREETING_MORE;
  if (!execnet_message_header_read (bytes + 1, &header, NULL) || header.channel != 0
      || header.length > MAX_HELLO)
    return EXECNET_GREETING_UNKNOWN;
  return EXECNET_GREETING_UP;
}

char *
execnet_bootstrap_quote_stray_output (const guint8 *bytes, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid ((const char *) bytes, MIN (length, MAX_QUOTED));

  g_strchomp (valid);
  return g_strconcat (valid, length > MAX_QUOTED ? "…" : "", NULL);
}

GError *
execnet_bootstrap_new_stray_output_error (const guint8 *bytes, gsize length)
{
  g_autofree char *quoted = execnet_bootstrap_quote_stray_output (bytes, length);

  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_UNEXPECTED_OUTPUT,
                      _ ("Something else was printed where the worker should answer: “%s”. The "
                         "interpreter must print nothing by itself: look at what “python=” names "
                         "and at the start-up files of its environment."),
                      quoted);
}

GVariant *
execnet_bootstrap_read_hello (GBytes *payload, GError **error)
{
  g_autoptr (GVariant) item = execnet_item_read (EXECNET_ITEM_FORM_OPCODES,
                                                 payload,
                                                 EXECNET_LOAD_PY2STR_AS_PY3STR,
                                                 FALSE,
                                                 error);

  if (item == NULL)
    return NULL;
  if (!g_variant_is_of_type (item, G_VARIANT_TYPE_VARDICT))
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_DATA_FORMAT,
                   _ ("The worker introduced itself with a %s instead of a dictionary."),
                   g_variant_get_type_string (item));
      return NULL;
    }
  return g_steal_pointer (&item);
}
