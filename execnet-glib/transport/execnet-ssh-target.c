/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-target-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Of hosts that are jumped through one after another. */
#define MAX_DEPTH 16

/* What the letters of the OpenSSH client's options mean for a gateway. */
typedef enum
{
  FLAG_UNKNOWN,
  FLAG_HARMLESS, /* no difference for a gateway */
  FLAG_REFUSED,  /* it takes away what a gateway needs */
  FLAG_OPENSSH,  /* only the OpenSSH client can do that */
  FLAG_OPENSSH_WITH_VALUE,
  FLAG_OPTION,            /* means an option without its value, given in the table */
  FLAG_OPTION_WITH_VALUE, /* means an option; the value follows */
  FLAG_RAW_OPTION,        /* -o */
  FLAG_CONFIG_FILE,
} FlagKind;

static const struct
{
  char letter;
  FlagKind kind;
  const char *option;
} flags[] = {
  { '4', FLAG_OPTION, "AddressFamily=inet" },
  { '6', FLAG_OPTION, "AddressFamily=inet6" },
  { 'C', FLAG_OPTION, "Compression=yes" },
  { 'i', FLAG_OPTION_WITH_VALUE, "IdentityFile" },
  { 'J', FLAG_OPTION_WITH_VALUE, "ProxyJump" },
  { 'l', FLAG_OPTION_WITH_VALUE, "User" },
  { 'p', FLAG_OPTION_WITH_VALUE, "Port" },
  { 'c', FLAG_OPTION_WITH_VALUE, "Ciphers" },
  { 'm', FLAG_OPTION_WITH_VALUE, "MACs" },
  { 'o', FLAG_RAW_OPTION, NULL },
  { 'F', FLAG_CONFIG_FILE, NULL },
  { 'a', FLAG_HARMLESS, NULL },
  { 'k', FLAG_HARMLESS, NULL },
  { 'q', FLAG_HARMLESS, NULL },
  { 'T', FLAG_HARMLESS, NULL },
  { 'x', FLAG_HARMLESS, NULL },
  { 'A', FLAG_OPENSSH, NULL },
  { 'g', FLAG_OPENSSH, NULL },
  { 'K', FLAG_OPENSSH, NULL },
  { 'v', FLAG_OPENSSH, NULL },
  { 'X', FLAG_OPENSSH, NULL },
  { 'Y', FLAG_OPENSSH, NULL },
  { 'y', FLAG_OPENSSH, NULL },
  { 'B', FLAG_OPENSSH_WITH_VALUE, NULL },
  { 'b', FLAG_OPENSSH_WITH_VALUE, NULL },
  { 'D', FLAG_OPENSSH_WITH_VALUE, NULL },
  { 'E', FLAG_OPENSSH_WITH_VALUE, NULL },
  { 'I', FLAG_OPENSSH_WITH_VALUE, NULL },
  { 'L', FLAG_OPENSSH_WITH_VALUE, NULL },
  { 'R', FLAG_OPENSSH_WITH_VALUE, NULL },
  { 'S', FLAG_OPENSSH_WITH_VALUE, NULL },
  { 'w', FLAG_OPENSSH_WITH_VALUE, NULL },
  { 'e', FLAG_REFUSED, NULL },
  { 'f', FLAG_REFUSED, NULL },
  { 'G', FLAG_REFUSED, NULL },
  { 'M', FLAG_REFUSED, NULL },
  { 'N', FLAG_REFUSED, NULL },
  { 'n', FLAG_REFUSED, NULL },
  { 'O', FLAG_REFUSED, NULL },
  { 'Q', FLAG_REFUSED, NULL },
  { 's', FLAG_REFUSED, NULL },
  { 't', FLAG_REFUSED, NULL },
  { 'V', FLAG_REFUSED, NULL },
  { 'W', FLAG_REFUSED, NULL },
};

/* A target in the making. */
typedef struct
{
  ExecnetSshTarget *target;
  GPtrArray *arguments; /* of char * */
} Builder;

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

/* Names */

static gboolean
has_only_harmless_characters (const char *name, const char *harmful)
{
  for (const char *at = name; *at != '\0'; at++)
    {
      if (g_ascii_iscntrl (*at) || strchr (harmful, *at) != NULL)
        return FALSE;
    }
  return TRUE;
}

gboolean
execnet_ssh_check_host (const char *host, GError **error)
{
  if (*host == '\0')
    return fail (error, _ ("The name of the host is missing; write [USER@]HOST."));
  if (*host == '-')
    return fail (error, _ ("“%s” can't be a host: a name never begins with “-”."), host);
  if (!has_only_harmless_characters (host, " '\"`$\\;&<>|(){}*?!#/"))
    return fail (error,
                 _ ("“%s” can't be a host: a name has no spaces, quotes or other characters that a "
                    "shell treats specially."),
                 host);
  return TRUE;
}

gboolean
execnet_ssh_check_user (const char *user, GError **error)
{
  if (*user == '\0')
    return fail (error, _ ("The name of the user before “@” is missing; write [USER@]HOST."));
  if (*user == '-')
    return fail (error, _ ("“%s” can't be a user: a name never begins with “-”."), user);
  if (!has_only_harmless_characters (user, "'\"`$;&<>|(){}*?!#") || g_str_has_suffix (user, "\\"))
    return fail (error,
                 _ ("“%s” can't be a user: a name has no quotes or other characters that a shell "
                    "treats specially."),
                 user);
  return TRUE;
}

/* Options */

static void
add_argument (Builder *self, const char *argument)
{
  g_ptr_array_add (self->arguments, g_strdup (argument));
}

static void
add_letter (Builder *self, char letter)
{
  g_ptr_array_add (self->arguments, g_strdup_printf ("-%c", letter));
}

static void
add_option (Builder *self, const char *key, const char *value)
{
  g_ptr_array_add (self->target->options, g_strconcat (key, "=", value, NULL));
}

static gboolean
set_user (Builder *self, const char *user, GError **error)
{
  if (!execnet_ssh_check_user (user, error))
    return FALSE;
  if (self->target->user != NULL)
    return TRUE;
  self->target->user = g_strdup (user);
  add_option (self, "User", user);
  return TRUE;
}

/* "Key=Value", "Key = Value" or "Key Value". */
static gboolean
take_raw_option (Builder *self, const char *text, GError **error)
{
  gsize key_length = strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS);
  g_autofree char *key = g_strndup (text, key_length);
  const char *value = text + key_length;

  value += strspn (value, " \t");
  if (*value == '=')
    value++;
  value += strspn (value, " \t");
  if (*key == '\0' || *value == '\0')
    return fail (error, _ ("“-o %s” is not an option with a value; write -o KEY=VALUE."), text);
  if (g_ascii_strcasecmp (key, "User") == 0)
    return set_user (self, value, error);
  add_option (self, key, value);
  return TRUE;
}

static char *
expand_home (const char *path)
{
  if (g_str_has_prefix (path, "~/"))
    return g_build_filename (g_get_home_dir (), path + 2, NULL);
  return g_strdup (path);
}

static void
set_config_file (Builder *self, const char *path)
{
  g_free (self->target->config_file);
  self->target->config_file = expand_home (path);
}

static gboolean
take_value (Builder *self, guint flag, const char *value, GError **error)
{
  g_autofree char *text = g_strdup_printf ("-%c %s", flags[flag].letter, value);

  switch (flags[flag].kind)
    {
    case FLAG_CONFIG_FILE:
      set_config_file (self, value);
      return TRUE;
    case FLAG_RAW_OPTION:
      if (!take_raw_option (self, value, error))
        return FALSE;
      break;
    case FLAG_OPTION_WITH_VALUE:
      if (flags[flag].letter == 'l' && !set_user (self, value, error))
        return FALSE;
      if (flags[flag].letter != 'l')
        add_option (self, flags[flag].option, value);
      break;
    default:
      g_ptr_array_add (self->target->only_there, g_steal_pointer (&text));
    }
  add_letter (self, flags[flag].letter);
  add_argument (self, value);
  return TRUE;
}

static gboolean
needs_value (FlagKind kind)
{
  return kind == FLAG_OPENSSH_WITH_VALUE || kind == FLAG_OPTION_WITH_VALUE
         || kind == FLAG_RAW_OPTION || kind == FLAG_CONFIG_FILE;
}

static guint
find_flag (char letter)
{
  guint i = 0;

  while (i < G_N_ELEMENTS (flags) && flags[i].letter != letter)
    i++;
  return i;
}

/* A flag without a value. */
static gboolean
take_flag (Builder *self, guint flag, GError **error)
{
  char letter = flags[flag].letter;

  if (flags[flag].kind == FLAG_REFUSED)
    return fail (
        error,
        _ ("The ssh option “-%c” can't be used for a gateway, which needs a command on the "
           "other side and its plain input and output; remove it."),
        letter);
  if (flags[flag].kind == FLAG_OPTION)
    g_ptr_array_add (self->target->options, g_strdup (flags[flag].option));
  if (flags[flag].kind == FLAG_OPENSSH)
    g_ptr_array_add (self->target->only_there, g_strdup_printf ("-%c", letter));
  add_letter (self, letter);
  return TRUE;
}

/* One word that begins with a dash: flags, of which the last may have its value in the same word or
 * in the next, which is taken then. */
static gboolean
take_flags (Builder *self, char **words, guint *at, GError **error)
{
  for (const char *letter = words[*at] + 1; *letter != '\0'; letter++)
    {
      guint flag = find_flag (*letter);

      if (flag == G_N_ELEMENTS (flags))
        return fail (error, _ ("“%s” is not an option of ssh that is known here."), words[*at]);
      if (!needs_value (flags[flag].kind))
        {
          if (!take_flag (self, flag, error))
            return FALSE;
          continue;
        }
      if (letter[1] != '\0')
        return take_value (self, flag, letter + 1, error);
      if (words[*at + 1] == NULL)
        return fail (error, _ ("The ssh option “-%c” needs a value."), *letter);
      return take_value (self, flag, words[++*at], error);
    }
  return TRUE;
}

/* The destination */

static gboolean
take_destination (Builder *self, const char *word, GError **error)
{
  const char *at = strrchr (word, '@');
  const char *host = at != NULL ? at + 1 : word;

  if (strstr (word, "://") != NULL)
    return fail (error, _ ("“%s” is an address of another form; write [USER@]HOST -p PORT."), word);
  if (self->target->destination != NULL)
    return fail (error,
                 _ ("“%s” comes after the host “%s”; only one host can be given, and what to run "
                    "there is said with python=."),
                 word,
                 self->target->destination);
  if (at != NULL)
    {
      g_autofree char *user = g_strndup (word, at - word);

      if (!set_user (self, user, error))
        return FALSE;
    }
  if (!execnet_ssh_check_host (host, error))
    return FALSE;
  self->target->host = g_strdup (host);
  self->target->destination = g_strdup (word);
  return TRUE;
}

static gboolean
take_words (Builder *self, char **words, GError **error)
{
  gboolean only_names = FALSE;

  for (guint i = 0; words[i] != NULL; i++)
    {
      if (!only_names && strcmp (words[i], "--") == 0)
        only_names = TRUE;
      else if (!only_names && words[i][0] == '-' && words[i][1] != '\0')
        {
          if (!take_flags (self, words, &i, error))
            return FALSE;
        }
      else if (!take_destination (self, words[i], error))
        return FALSE;
    }
  if (self->target->destination == NULL)
    return fail (error, _ ("It names no host; write ssh=[OPTIONS] [USER@]HOST."));
  return TRUE;
}

/* The object */

static void
builder_init (Builder *self, const char *text, const char *config_file)
{
  self->target = g_new0 (ExecnetSshTarget, 1);
  g_atomic_ref_count_init (&self->target->refs);
  self->target->text = g_strdup (text);
  self->target->options = g_ptr_array_new_with_free_func (g_free);
  self->target->only_there = g_ptr_array_new_with_free_func (g_free);
  self->arguments = g_ptr_array_new ();
  if (config_file != NULL)
    set_config_file (self, config_file);
}

/* NULL unless it is whole. */
static ExecnetSshTarget *
builder_end (Builder *self, gboolean is_whole)
{
  g_ptr_array_add (self->arguments, NULL);
  self->target->arguments = (char **) g_ptr_array_free (self->arguments, FALSE);
  if (!is_whole)
    g_clear_pointer (&self->target, execnet_ssh_target_unref);
  return self->target;
}

ExecnetSshTarget *
execnet_ssh_target_new_for_text (const char *text, const char *config_file, GError **error)
{
  g_auto (GStrv) words = NULL;
  g_autoptr (GError) reason = NULL;
  Builder builder;

  if (!g_shell_parse_argv (text, NULL, &words, &reason))
    {
      fail (error,
            _ ("“ssh=%s” can't be split into words as a shell does: %s; correct its quotes."),
            text,
            reason->message);
      return NULL;
    }
  builder_init (&builder, text, config_file);
  if (take_words (&builder, words, &reason))
    return builder_end (&builder, TRUE);
  builder_end (&builder, FALSE);
  fail (error, _ ("“ssh=%s” can't be used: %s"), text, reason->message);
  return NULL;
}

ExecnetSshTarget *
execnet_ssh_target_new (ExecnetXSpec *spec, GError **error)
{
  return execnet_ssh_target_new_for_text (
      execnet_xspec_get (spec, "ssh"), execnet_xspec_get (spec, "ssh_config"), error);
}

/* "[USER@]HOST[:PORT]", where an IPv6 address is in brackets. */
static gboolean
take_jump (Builder *self, const char *jump, GError **error)
{
  g_autofree char *destination = g_strdup (jump);
  char *host = strrchr (destination, '@') != NULL ? strrchr (destination, '@') + 1 : destination;
  char *port = strrchr (host, ':');

  if (port != NULL && *host == '[' && port[-1] != ']')
    port = NULL;
  if (port != NULL)
    {
      guint64 number;

      *port++ = '\0';
      if (!g_ascii_string_to_unsigned (port, 10, 1, 65535, &number, NULL))
        return fail (error, _ ("“%s” has no port from 1 to 65535 after “:”."), jump);
      add_option (self, "Port", port);
      add_letter (self, 'p');
      add_argument (self, port);
    }
  if (*host == '[' && g_str_has_suffix (host, "]"))
    {
      host[strlen (host) - 1] = '\0';
      memmove (host, host + 1, strlen (host));
    }
  return take_destination (self, destination, error);
}

ExecnetSshTarget *
execnet_ssh_target_new_for_jumps (ExecnetSshTarget *from, const char *jumps, GError **error)
{
  const char *comma = strrchr (jumps, ',');
  g_autofree char *before = comma != NULL ? g_strndup (jumps, comma - jumps) : NULL;
  g_autoptr (GError) reason = NULL;
  Builder builder;

  if (from->depth >= MAX_DEPTH)
    {
      fail (error,
            _ ("The host “%s” is reached through more than %d others; look for a circle in the "
               "configuration of ProxyJump."),
            from->host,
            MAX_DEPTH);
      return NULL;
    }
  builder_init (&builder, comma != NULL ? comma + 1 : jumps, from->config_file);
  builder.target->depth = from->depth + 1;
  if (before != NULL)
    {
      add_option (&builder, "ProxyJump", before);
      add_letter (&builder, 'J');
      add_argument (&builder, before);
    }
  if (take_jump (&builder, builder.target->text, &reason))
    return builder_end (&builder, TRUE);
  builder_end (&builder, FALSE);
  fail (error, _ ("The jump list “%s” can't be used: %s"), jumps, reason->message);
  return NULL;
}

ExecnetSshTarget *
execnet_ssh_target_ref (ExecnetSshTarget *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
execnet_ssh_target_unref (ExecnetSshTarget *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->text);
  g_free (self->destination);
  g_free (self->host);
  g_free (self->user);
  g_strfreev (self->arguments);
  g_ptr_array_unref (self->options);
  g_ptr_array_unref (self->only_there);
  g_free (self->config_file);
  g_free (self);
}
