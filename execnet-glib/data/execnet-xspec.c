/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-xspec-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/**
 * ExecnetXSpec:
 *
 * Says where and how a gateway's interpreter is started.
 *
 * A specification is a text of keys with or without values, separated by `//`:
 * `popen//python=python3.11//chdir=work//env:LANG=C`. The order does not matter.
 * There are no escapes: a value ends at the next `//`, and holds everything else,
 * also a further `=`. A value with `//` in it can be set with
 * [method@XSpec.set] only.
 *
 * | key | meaning |
 * |---|---|
 * | `popen` | a process on this machine |
 * | `ssh=[OPTIONS] [USER@]HOST` | a host behind ssh |
 * | `ssh_config=FILE` | the configuration file for ssh |
 * | `ssh_client=NAME` | who makes the connection: `libssh2` or `openssh`; by itself what fits |
 * | `vagrant_ssh=NAME` | a virtual machine of Vagrant |
 * | `socket=HOST:PORT` | a socket server; also `[IPv6]:PORT` and `unix:PATH` |
 * | `token_file=FILE` | the file with the secret that the socket server wants to be known |
 * | `token_env=NAME` | the same, in an environment variable of this program |
 * | `tls` | talk to the socket server through TLS |
 * | `tls_ca=FILE` | the same, trusting the authorities in this file (PEM) alone |
 * | `installvia=ID` | start the socket server with this gateway first |
 * | `via=ID` | start from this gateway instead of from this program |
 * | `python=COMMAND` | the interpreter; its words are split as a shell does |
 * | `execmodel=MODEL` | `thread`, `main_thread_only`, `eventlet` or `gevent` |
 * | `chdir=FOLDER` | the working folder; its last part is made if missing |
 * | `nice=NUMBER` | added to the niceness of the interpreter |
 * | `dont_write_bytecode` | the interpreter leaves no bytecode files behind |
 * | `capture_output` | what is printed there comes as [signal@Gateway::output] |
 * | `timeout=SECONDS` | give up when the worker has not answered by then (30 without it, and any time for a local `popen`; 0 for any time) |
 * | `keepalive=SECONDS` | ask a host that is silent for so long whether it is still there (15 without it; 0 for never) |
 * | `id=NAME` | the gateway's name within its group |
 * | `env:NAME=VALUE` | an environment variable for the code that runs there |
 *
 * Other keys are kept, for the application to read. Only the form of the text is
 * checked here; whether the keys fit together is checked when a gateway is made.
 *
 * A key that is given without a value has the empty text as its value, and an
 * empty value is the same as none: `popen` is `popen=`. (In Python, where keys are
 * attributes, such a key is `True`, and a key that is not set is `None`.)
 *
 * Thread: any, one at a time. The gateway that is made from a specification
 * freezes it; from then on it never changes, and any number of threads may read
 * it at once.
 *
 * Since: 1.0
 */

typedef struct
{
  char *key;
  char *value;       /* "" for a key without a value, never NULL */
  gboolean assigned; /* by a group: not a part of the text */
} Entry;

struct _ExecnetXSpec
{
  GObject parent_instance;

  GPtrArray *entries; /* of Entry, in the order in which they were given */
  char *text;         /* what it was parsed from, until something is set; then NULL */
  int frozen;         /* atomic: written by whoever makes a gateway, read anywhere */
};

G_DEFINE_FINAL_TYPE (ExecnetXSpec, execnet_xspec, G_TYPE_OBJECT)

#define ENV_PREFIX "env:"

static Entry *
entry_new (const char *key, const char *value)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->key = g_strdup (key);
  entry->value = g_strdup (value);
  return entry;
}

static Entry *
entry_copy (const Entry *entry)
{
  Entry *copy = entry_new (entry->key, entry->value);

  copy->assigned = entry->assigned;
  return copy;
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->key);
  g_free (entry->value);
  g_free (entry);
}

static void
execnet_xspec_finalize (GObject *object)
{
  ExecnetXSpec *self = EXECNET_XSPEC (object);

  g_ptr_array_unref (self->entries);
  g_free (self->text);

  G_OBJECT_CLASS (execnet_xspec_parent_class)->finalize (object);
}

static void
execnet_xspec_class_init (ExecnetXSpecClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = execnet_xspec_finalize;
}

static void
execnet_xspec_init (ExecnetXSpec *self)
{
  self->entries = g_ptr_array_new_with_free_func (entry_free);
}

static Entry *
find (ExecnetXSpec *self, const char *key)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (self->entries, i);

      if (strcmp (entry->key, key) == 0)
        return entry;
    }
  return NULL;
}

G_GNUC_PRINTF (2, 3)
static gboolean
fail (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_propagate_error (
      error, g_error_new_valist (EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC, format, arguments));
  va_end (arguments);
  return FALSE;
}

static gboolean
check_utf8 (const char *text, GError **error)
{
  g_autofree char *shown = NULL;

  if (g_utf8_validate (text, -1, NULL))
    return TRUE;
  shown = g_utf8_make_valid (text, -1);
  return fail (error, _ ("“%s” is not valid UTF-8; write it in UTF-8."), shown);
}

/* A key that the text form could not hold would make to_string lie. */
static gboolean
check_key (const char *key, GError **error)
{
  if (!check_utf8 (key, error))
    return FALSE;
  if (*key == '\0')
    return fail (error, _ ("A key is empty; write KEY or KEY=VALUE."));
  if (*key == '_')
    return fail (
        error, _ ("The key “%s” starts with an underscore, which is reserved; use another."), key);
  if (strcmp (key, "env") == 0 || strcmp (key, ENV_PREFIX) == 0)
    return fail (error, _ ("The key “%s” names no variable; write env:NAME=VALUE."), key);
  if (strchr (key, '=') != NULL || strstr (key, "//") != NULL)
    return fail (error, _ ("The key “%s” has “=” or “//” in it; use a name without."), key);
  return TRUE;
}

/* Takes one part of the text, which it may write to. */
static gboolean
parse_part (ExecnetXSpec *self, char *part, GError **error)
{
  char *equals = strchr (part, '=');

  if (*part == '\0')
    return fail (error,
                 _ ("A part is empty; write exactly one “//” between two keys, and none at "
                    "the ends."));
  if (equals == part)
    return fail (error, _ ("“%s” has no key; write KEY=VALUE."), part);
  if (equals == NULL && g_str_has_prefix (part, ENV_PREFIX) && part[strlen (ENV_PREFIX)] != '\0')
    return fail (error, _ ("“%s” has no value; write %s=VALUE."), part, part);

  if (equals != NULL)
    *equals = '\0';
  if (!check_key (part, error))
    return FALSE;
  if (find (self, part) != NULL)
    return fail (error, _ ("The key “%s” is given twice; give it once."), part);
  g_ptr_array_add (self->entries, entry_new (part, equals != NULL ? equals + 1 : ""));
  return TRUE;
}

static gboolean
parse (ExecnetXSpec *self, const char *string, GError **error)
{
  g_auto (GStrv) parts = NULL;

  if (!check_utf8 (string, error))
    return FALSE;
  if (*string == '\0')
    return fail (error,
                 _ ("The gateway specification is empty; write for example “popen” or "
                    "“ssh=HOST”."));
  parts = g_strsplit (string, "//", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    {
      if (!parse_part (self, parts[i], error))
        {
          g_prefix_error (error, _ ("Invalid gateway specification “%s”: "), string);
          return FALSE;
        }
    }
  self->text = g_strdup (string);
  return TRUE;
}

/**
 * execnet_xspec_new:
 * @string: the text, such as `popen//python=python3`
 * @error: return location for an error
 *
 * Reads a specification.
 *
 * Fails with %EXECNET_ERROR_INVALID_SPEC, quoting the part that is wrong, when the
 * text is empty, is not UTF-8, has an empty part, a key that is given twice or that
 * starts with an underscore, or an `env:` without a name or a value.
 *
 * Thread: any.
 *
 * Returns: (transfer full): a new specification
 *
 * Since: 1.0
 */
ExecnetXSpec *
execnet_xspec_new (const char *string, GError **error)
{
  g_autoptr (ExecnetXSpec) self = NULL;

  g_return_val_if_fail (string != NULL, NULL);

  self = g_object_new (EXECNET_TYPE_XSPEC, NULL);
  return parse (self, string, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * execnet_xspec_copy:
 * @self: a specification
 *
 * Makes a specification with the same keys, which can be changed even when @self
 * is frozen.
 *
 * Thread: any, but not while another thread changes @self.
 *
 * Returns: (transfer full): the copy
 *
 * Since: 1.0
 */
ExecnetXSpec *
execnet_xspec_copy (ExecnetXSpec *self)
{
  ExecnetXSpec *copy;

  g_return_val_if_fail (EXECNET_IS_XSPEC (self), NULL);

  copy = g_object_new (EXECNET_TYPE_XSPEC, NULL);
  copy->text = g_strdup (self->text);
  for (guint i = 0; i < self->entries->len; i++)
    g_ptr_array_add (copy->entries, entry_copy (g_ptr_array_index (self->entries, i)));
  return copy;
}

/**
 * execnet_xspec_get:
 * @self: a specification
 * @key: a key, known to execnet or not; `env:NAME` for a variable
 *
 * Gives the value of a key.
 *
 * Thread: any, but not while another thread changes @self.
 *
 * Returns: (transfer none) (nullable): the value, the empty text for a key that is
 *   given without a value, or %NULL when the key is not set; valid until the key is
 *   set again
 *
 * Since: 1.0
 */
const char *
execnet_xspec_get (ExecnetXSpec *self, const char *key)
{
  Entry *entry;

  g_return_val_if_fail (EXECNET_IS_XSPEC (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  entry = find (self, key);
  return entry != NULL ? entry->value : NULL;
}

/**
 * execnet_xspec_has:
 * @self: a specification
 * @key: a key, known to execnet or not; `env:NAME` for a variable
 *
 * Tells whether a key is set, with a value or without.
 *
 * Thread: any, but not while another thread changes @self.
 *
 * Returns: whether the key is set
 *
 * Since: 1.0
 */
gboolean
execnet_xspec_has (ExecnetXSpec *self, const char *key)
{
  return execnet_xspec_get (self, key) != NULL;
}

/**
 * execnet_xspec_set:
 * @self: a specification
 * @key: a key, known to execnet or not; `env:NAME` for a variable
 * @value: (nullable): the value, the empty text for a key without a value, or %NULL
 *   to remove the key
 * @error: return location for an error
 *
 * Sets or removes a key. The value is taken as it is, also with `//` in it.
 *
 * Fails with %EXECNET_ERROR_INVALID_SPEC when the key can't be one, when key or
 * value are not UTF-8, and when a gateway uses the specification already (change a
 * copy then).
 *
 * Thread: any, but not while another thread uses @self.
 *
 * Returns: whether it was set
 *
 * Since: 1.0
 */
gboolean
execnet_xspec_set (ExecnetXSpec *self, const char *key, const char *value, GError **error)
{
  Entry *entry;

  g_return_val_if_fail (EXECNET_IS_XSPEC (self), FALSE);
  g_return_val_if_fail (key != NULL, FALSE);

  if (!check_key (key, error) || (value != NULL && !check_utf8 (value, error)))
    return FALSE;
  if (execnet_xspec_is_frozen (self))
    {
      g_autofree char *text = execnet_xspec_to_string (self);

      return fail (error,
                   _ ("The key “%s” can't be set: a gateway uses the specification “%s”; change a "
                      "copy of it."),
                   key,
                   text);
    }

  g_clear_pointer (&self->text, g_free);
  entry = find (self, key);
  if (value == NULL)
    {
      if (entry != NULL)
        g_ptr_array_remove (self->entries, entry);
    }
  else if (entry == NULL)
    {
      g_ptr_array_add (self->entries, entry_new (key, value));
    }
  else
    {
      g_free (entry->value);
      entry->value = g_strdup (value);
      entry->assigned = FALSE;
    }
  return TRUE;
}

/**
 * execnet_xspec_list_keys:
 * @self: a specification
 *
 * Lists the keys that are set, in the order in which they were given. Each
 * environment variable is one key, `env:NAME`.
 *
 * Thread: any, but not while another thread changes @self.
 *
 * Returns: (transfer full) (array zero-terminated=1): the keys
 *
 * Since: 1.0
 */
char **
execnet_xspec_list_keys (ExecnetXSpec *self)
{
  char **keys;

  g_return_val_if_fail (EXECNET_IS_XSPEC (self), NULL);

  keys = g_new0 (char *, self->entries->len + 1);
  for (guint i = 0; i < self->entries->len; i++)
    keys[i] = g_strdup (((Entry *) g_ptr_array_index (self->entries, i))->key);
  return keys;
}

/**
 * execnet_xspec_get_env:
 * @self: a specification
 *
 * Gives the environment variables, without the `env:` before their names. Changing
 * the table does not change the specification.
 *
 * Thread: any, but not while another thread changes @self.
 *
 * Returns: (transfer full) (element-type utf8 utf8): a new table of names and values,
 *   which may be empty
 *
 * Since: 1.0
 */
GHashTable *
execnet_xspec_get_env (ExecnetXSpec *self)
{
  GHashTable *env;

  g_return_val_if_fail (EXECNET_IS_XSPEC (self), NULL);

  env = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (self->entries, i);

      if (g_str_has_prefix (entry->key, ENV_PREFIX))
        g_hash_table_insert (
            env, g_strdup (entry->key + strlen (ENV_PREFIX)), g_strdup (entry->value));
    }
  return env;
}

/**
 * execnet_xspec_is_frozen:
 * @self: a specification
 *
 * Tells whether a gateway uses the specification, so that it can't be changed.
 *
 * Thread: any.
 *
 * Returns: whether it is frozen
 *
 * Since: 1.0
 */
gboolean
execnet_xspec_is_frozen (ExecnetXSpec *self)
{
  g_return_val_if_fail (EXECNET_IS_XSPEC (self), FALSE);

  return g_atomic_int_get (&self->frozen) != 0;
}

/* Any thread that may change the specification. */
void
execnet_xspec_freeze (ExecnetXSpec *self)
{
  g_atomic_int_set (&self->frozen, 1);
}

/* Any thread that may change the specification. */
void
execnet_xspec_assign_id (ExecnetXSpec *self, const char *id)
{
  Entry *entry = entry_new ("id", id);

  g_return_if_fail (!execnet_xspec_has (self, "id"));
  g_return_if_fail (!execnet_xspec_is_frozen (self));

  entry->assigned = TRUE;
  g_ptr_array_add (self->entries, entry);
}

/**
 * execnet_xspec_to_string:
 * @self: a specification
 *
 * Gives the text: exactly the one that the specification was made from, or, after
 * [method@XSpec.set], its keys in their order. An id that a group gave to its
 * gateway is not a part of it.
 *
 * A value that was set with a `//` in it, or with a `/` at its end, is shown as it
 * is. Such a text tells a reader what is set, but read with [ctor@XSpec.new] it is
 * another specification: hand on a [method@XSpec.copy] instead.
 *
 * Thread: any, but not while another thread changes @self.
 *
 * Returns: (transfer full): the text
 *
 * Since: 1.0
 */
char *
execnet_xspec_to_string (ExecnetXSpec *self)
{
  GString *text;

  g_return_val_if_fail (EXECNET_IS_XSPEC (self), NULL);

  if (self->text != NULL)
    return g_strdup (self->text);

  text = g_string_new (NULL);
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->assigned)
        continue;
      if (text->len > 0)
        g_string_append (text, "//");
      g_string_append (text, entry->key);
      /* A variable is never without a value, but its value may be empty; and "a/" before another
       * key would be read as "a" and "/b". */
      if (*entry->value != '\0' || g_str_has_prefix (entry->key, ENV_PREFIX)
          || g_str_has_suffix (entry->key, "/"))
        g_string_append_printf (text, "=%s", entry->value);
    }
  return g_string_free (text, FALSE);
}

/**
 * execnet_xspec_equal:
 * @one: (type ExecnetXSpec): a specification
 * @other: (type ExecnetXSpec): a specification
 *
 * Tells whether two specifications have the same text
 * ([method@XSpec.to_string]). The same keys in another order are another text. Fits
 * a [struct@GLib.HashTable], as long as what is in it does not change.
 *
 * Thread: any, but not while another thread changes one of them.
 *
 * Returns: whether they are equal
 *
 * Since: 1.0
 */
gboolean
execnet_xspec_equal (gconstpointer one, gconstpointer other)
{
  g_autofree char *one_text = execnet_xspec_to_string ((ExecnetXSpec *) one);
  g_autofree char *other_text = execnet_xspec_to_string ((ExecnetXSpec *) other);

  return g_strcmp0 (one_text, other_text) == 0;
}

/**
 * execnet_xspec_hash:
 * @self: (type ExecnetXSpec): a specification
 *
 * Gives a hash of the text, to go with [method@XSpec.equal].
 *
 * Thread: any, but not while another thread changes @self.
 *
 * Returns: the hash
 *
 * Since: 1.0
 */
guint
execnet_xspec_hash (gconstpointer self)
{
  g_autofree char *text = execnet_xspec_to_string ((ExecnetXSpec *) self);

  g_return_val_if_fail (text != NULL, 0);

  return g_str_hash (text);
}
