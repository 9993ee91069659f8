/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-known-hosts-private.h"

#include "base/execnet-trace-private.h"
#include "data/execnet-byte-reader-private.h"

#include <string.h>

#define DEFAULT_PORT 22

/* What begins a hashed name: its first version, the only one. */
#define HASH_MAGIC "|1|"

typedef enum
{
  MARKER_NONE,
  MARKER_REVOKED,
  MARKER_AUTHORITY,
} Marker;

typedef struct
{
  const char *file; /* of the known hosts' */
  guint line;
  Marker marker;
  char *names; /* patterns with commas between, or one that is hashed */
  char *type;
  GBytes *key;
} Entry;

struct _ExecnetKnownHosts
{
  GPtrArray *files; /* of char * */
  GPtrArray *entries;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->names);
  g_free (entry->type);
  g_clear_pointer (&entry->key, g_bytes_unref);
  g_free (entry);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Entry, entry_free)

ExecnetKnownHosts *
execnet_known_hosts_new (void)
{
  ExecnetKnownHosts *self = g_new0 (ExecnetKnownHosts, 1);

  self->files = g_ptr_array_new_with_free_func (g_free);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  return self;
}

void
execnet_known_hosts_free (ExecnetKnownHosts *self)
{
  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->files);
  g_free (self);
}

/* Keys. */

char *
execnet_ssh_key_dup_type (const guint8 *key, gsize key_length)
{
  ExecnetByteReader reader = execnet_byte_reader_init (key, key_length);
  const guint8 *type;
  gint32 length;

  if (!execnet_byte_reader_take_int32 (&reader, &length) || length <= 0
      || !execnet_byte_reader_take (&reader, (gsize) length, &type))
    return NULL;
  for (gint32 i = 0; i < length; i++)
    {
      if (!g_ascii_isgraph (type[i]))
        return NULL;
    }
  return g_strndup ((const char *) type, (gsize) length);
}

char *
execnet_ssh_key_dup_fingerprint (const guint8 *key, gsize key_length)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *text = NULL;
  guint8 digest[32];
  gsize length = sizeof digest;

  g_checksum_update (checksum, key, (gssize) key_length);
  g_checksum_get_digest (checksum, digest, &length);
  text = g_base64_encode (digest, length);
  /* Without what fills it up. */
  *strchrnul (text, '=') = '\0';
  return g_strconcat ("SHA256:", text, NULL);
}

const char *
execnet_ssh_key_type_get_name (const char *type)
{
  static const struct
  {
    const char *type;
    const char *name;
  } names[] = {
    { "ssh-ed25519", "ED25519" },
    { "ssh-rsa", "RSA" },
    { "ssh-dss", "DSA" },
    { "ecdsa-sha2-nistp256", "ECDSA" },
    { "ecdsa-sha2-nistp384", "ECDSA" },
    { "ecdsa-sha2-nistp521", "ECDSA" },
    { "sk-ssh-ed25519@openssh.com", "ED25519-SK" },
    { "sk-ecdsa-sha2-nistp256@openssh.com", "ECDSA-SK" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (g_str_equal (type, names[i].type))
        return names[i].name;
    }
  return type;
}

/* Reading. */

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

/* Takes the next word of a line off it; NULL at its end. */
static char *
take_word (char **rest)
{
  char *word = *rest;
  char *end;

  while (is_blank (*word))
    word++;
  end = word;
  while (*end != '\0' && !is_blank (*end))
    end++;
  if (end == word)
    return NULL;
  *rest = *end != '\0' ? end + 1 : end;
  *end = '\0';
  return word;
}

static gboolean
take_marker (char **names, char **rest, Marker *marker)
{
  *marker = MARKER_NONE;
  if (**names != '@')
    return TRUE;
  if (g_str_equal (*names, "@revoked"))
    *marker = MARKER_REVOKED;
  else if (g_str_equal (*names, "@cert-authority"))
    *marker = MARKER_AUTHORITY;
  else
    return FALSE;
  *names = take_word (rest);
  return *names != NULL;
}

/* Strict, which g_base64_decode is not. */
static GBytes *
decode_base64 (const char *text)
{
  static const char letters[]
      = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  gsize length = strlen (text);
  gsize n_letters = strspn (text, letters);
  guint8 *bytes;

  if (length == 0 || length % 4 != 0 || length - n_letters > 2
      || strspn (text + n_letters, "=") != length - n_letters)
    return NULL;
  bytes = g_base64_decode (text, &length);
  return g_bytes_new_take (bytes, length);
}

/* The line is cut into words. NULL when it can't be read. */
static Entry *
parse_line (char *line)
{
  g_autoptr (Entry) entry = g_new0 (Entry, 1);
  char *names = take_word (&line);
  char *type, *key;
  g_autofree char *own_type = NULL;
  gsize length;
  const guint8 *bytes;

  if (names == NULL || !take_marker (&names, &line, &entry->marker))
    return NULL;
  type = take_word (&line);
  key = take_word (&line);
  if (type == NULL || key == NULL)
    return NULL;
  entry->key = decode_base64 (key);
  if (entry->key == NULL)
    return NULL;
  bytes = g_bytes_get_data (entry->key, &length);
  own_type = execnet_ssh_key_dup_type (bytes, length);
  if (g_strcmp0 (own_type, type) != 0)
    return NULL;
  entry->names = g_strdup (names);
  entry->type = g_steal_pointer (&own_type);
  return g_steal_pointer (&entry);
}

static void
add_line (ExecnetKnownHosts *self, const char *file, guint number, const char *text, gsize length)
{
  g_autofree char *line = NULL;
  Entry *entry = NULL;

  while (length > 0 && is_blank (*text))
    {
      text++;
      length--;
    }
  if (length > 0 && text[length - 1] == '\r')
    length--;
  if (length == 0 || *text == '#')
    return;
  if (memchr (text, '\0', length) == NULL)
    {
      line = g_strndup (text, length);
      entry = parse_line (line);
    }
  if (entry == NULL)
    {
      execnet_trace ("%s:%u: is no line of known hosts, and is passed over", file, number);
      return;
    }
  entry->file = file;
  entry->line = number;
  g_ptr_array_add (self->entries, entry);
}

void
execnet_known_hosts_add_text (ExecnetKnownHosts *self,
                              const char *file,
                              const char *text,
                              gsize length)
{
  char *name = g_strdup (file);
  guint number = 1;

  g_ptr_array_add (self->files, name);
  for (gsize start = 0; start < length; number++)
    {
      const char *end = memchr (text + start, '\n', length - start);
      gsize size = end != NULL ? (gsize) (end - (text + start)) : length - start;

      add_line (self, name, number, text + start, size);
      start += size + 1;
    }
}

/* Matching. */

/* `*` is any text, `?` any one character. Goes back at most to the last star: the time is that of
 * the two lengths multiplied. */
static gboolean
matches_pattern (const char *pattern, gsize pattern_length, const char *name)
{
  const char *end = pattern + pattern_length;
  const char *after_star = NULL, *resume = NULL;

  while (*name != '\0')
    {
      if (pattern < end && *pattern == '*')
        {
          after_star = ++pattern;
          resume = name;
        }
      else if (pattern < end && (*pattern == '?' || g_ascii_tolower (*pattern) == *name))
        {
          pattern++;
          name++;
        }
      else if (after_star != NULL)
        {
          pattern = after_star;
          name = ++resume;
        }
      else
        return FALSE;
    }
  while (pattern < end && *pattern == '*')
    pattern++;
  return pattern == end;
}

/* One that is negated and matches counts for more than any other. */
static gboolean
matches_list (const char *list, const char *name)
{
  gboolean is_in = FALSE;

  for (const char *pattern = list; pattern != NULL;)
    {
      const char *comma = strchr (pattern, ',');
      gsize length = comma != NULL ? (gsize) (comma - pattern) : strlen (pattern);
      gboolean is_negated = length > 0 && *pattern == '!';

      if (matches_pattern (pattern + is_negated, length - is_negated, name))
        {
          if (is_negated)
            return FALSE;
          is_in = TRUE;
        }
      pattern = comma != NULL ? comma + 1 : NULL;
    }
  return is_in;
}

static char *
hash_name (const char *name, const guint8 *salt, gsize salt_length)
{
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA1, salt, salt_length);
  guint8 digest[20];
  gsize length = sizeof digest;

  g_hmac_update (hmac, (const guchar *) name, -1);
  g_hmac_get_digest (hmac, digest, &length);
  return g_base64_encode (digest, length);
}

static gboolean
matches_hash (const char *hashed, const char *name)
{
  g_auto (GStrv) parts = g_strsplit (hashed + strlen (HASH_MAGIC), "|", 3);
  g_autoptr (GBytes) salt = NULL;
  g_autofree char *hash = NULL;

  if (g_strv_length (parts) != 2)
    return FALSE;
  salt = decode_base64 (parts[0]);
  if (salt == NULL)
    return FALSE;
  hash = hash_name (name, g_bytes_get_data (salt, NULL), g_bytes_get_size (salt));
  return g_str_equal (hash, parts[1]);
}

static gboolean
is_for (const Entry *entry, const char *name)
{
  if (g_str_has_prefix (entry->names, HASH_MAGIC))
    return matches_hash (entry->names, name);
  return matches_list (entry->names, name);
}

static gboolean
has_key (const Entry *entry, const guint8 *key, gsize key_length)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (entry->key, &length);

  return length == key_length && memcmp (bytes, key, length) == 0;
}

static void
set_found (ExecnetHostKeyLine *found, const Entry *entry)
{
  found->file = entry->file;
  found->line = entry->line;
  found->key_type = entry->type;
  found->key = entry->key;
}

static ExecnetHostKeyStatus
look_up_name (ExecnetKnownHosts *self,
              const char *name,
              const guint8 *key,
              gsize key_length,
              ExecnetHostKeyLine *found)
{
  ExecnetHostKeyStatus status = EXECNET_HOST_KEY_UNKNOWN;

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = self->entries->pdata[i];
      gboolean is_same = has_key (entry, key, key_length);

      if (!is_for (entry, name))
        continue;
      if (entry->marker == MARKER_REVOKED && is_same)
        {
          set_found (found, entry);
          return EXECNET_HOST_KEY_REVOKED;
        }
      if (entry->marker == MARKER_AUTHORITY)
        found->has_authority = TRUE;
      if (entry->marker != MARKER_NONE || status == EXECNET_HOST_KEY_OK)
        continue;
      if (is_same || status == EXECNET_HOST_KEY_UNKNOWN)
        set_found (found, entry);
      status = is_same ? EXECNET_HOST_KEY_OK : EXECNET_HOST_KEY_CHANGED;
    }
  return status;
}

/* The name without the port, or NULL where there is none. */
static char *
dup_plain_name (const char *name)
{
  const char *end = *name == '[' ? strstr (name, "]:") : NULL;

  return end != NULL ? g_strndup (name + 1, (gsize) (end - (name + 1))) : NULL;
}

ExecnetHostKeyStatus
execnet_known_hosts_look_up (ExecnetKnownHosts *self,
                             const char *name,
                             const guint8 *key,
                             gsize key_length,
                             ExecnetHostKeyLine *found)
{
  ExecnetHostKeyLine line = { 0 };
  ExecnetHostKeyStatus status = look_up_name (self, name, key, key_length, &line);
  g_autofree char *plain = dup_plain_name (name);

  /* A server on another port may have the key that the host is known by. */
  if (status == EXECNET_HOST_KEY_UNKNOWN && plain != NULL)
    {
      ExecnetHostKeyLine plain_line = { 0 };
      ExecnetHostKeyStatus plain_status
          = look_up_name (self, plain, key, key_length, &plain_line);

      if (plain_status == EXECNET_HOST_KEY_OK || plain_status == EXECNET_HOST_KEY_REVOKED)
        {
          plain_line.has_authority |= line.has_authority;
          line = plain_line;
          status = plain_status;
        }
    }
  if (found != NULL)
    *found = line;
  return status;
}

static void
add_key_types (ExecnetKnownHosts *self, const char *name, GPtrArray *types)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = self->entries->pdata[i];

      if (entry->marker == MARKER_NONE && is_for (entry, name)
          && !g_ptr_array_find_with_equal_func (types, entry->type, g_str_equal, NULL))
        g_ptr_array_add (types, g_strdup (entry->type));
    }
}

char **
execnet_known_hosts_dup_key_types (ExecnetKnownHosts *self, const char *name)
{
  g_autoptr (GPtrArray) types = g_ptr_array_new ();
  g_autofree char *plain = dup_plain_name (name);

  add_key_types (self, name, types);
  if (types->len == 0 && plain != NULL)
    add_key_types (self, plain, types);
  g_ptr_array_add (types, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&types), FALSE);
}

char *
execnet_known_hosts_dup_name (const char *host, guint port)
{
  g_autofree char *lower = g_ascii_strdown (host, -1);

  if (port == 0 || port == DEFAULT_PORT)
    return g_steal_pointer (&lower);
  return g_strdup_printf ("[%s]:%u", lower, port);
}

/* A line has to mean this name, and nothing else. */
static gboolean
is_plain (const char *name)
{
  if (*name == '\0' || strchr ("#@|!", *name) != NULL || strpbrk (name, ",*?") != NULL)
    return FALSE;
  for (const char *c = name; *c != '\0'; c++)
    {
      if (!g_ascii_isgraph (*c))
        return FALSE;
    }
  return TRUE;
}

char *
execnet_known_hosts_make_line (const char *name,
                               const guint8 *key,
                               gsize key_length,
                               const guint8 *salt,
                               gsize salt_length)
{
  g_autofree char *type = execnet_ssh_key_dup_type (key, key_length);
  g_autofree char *encoded = g_base64_encode (key, key_length);
  g_autofree char *names = NULL;

  if (type == NULL || !is_plain (name))
    return NULL;
  if (salt == NULL)
    names = g_strdup (name);
  else
    {
      g_autofree char *encoded_salt = g_base64_encode (salt, salt_length);
      g_autofree char *hash = hash_name (name, salt, salt_length);

      names = g_strconcat (HASH_MAGIC, encoded_salt, "|", hash, NULL);
    }
  return g_strdup_printf ("%s %s %s\n", names, type, encoded);
}
