/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What files of known hosts say, beside what OpenSSH's ssh-keygen finds in them. */

#include "config.h"

#include "ssh-tools.h"

#include "data/execnet-known-hosts-private.h"

#include <string.h>

typedef struct
{
  char *folder;
  GBytes *key;     /* ed25519 */
  GBytes *other;   /* ed25519 */
  GBytes *ecdsa;
  char *key_text;
  char *other_text;
  char *ecdsa_text;
} Keys;

static Keys keys;

static ExecnetKnownHosts *
read_text (const char *text)
{
  ExecnetKnownHosts *known = execnet_known_hosts_new ();

  execnet_known_hosts_add_text (known, "the-file", text, strlen (text));
  return known;
}

static ExecnetHostKeyStatus
look_up (ExecnetKnownHosts *known, const char *name, GBytes *key, ExecnetHostKeyLine *line)
{
  return execnet_known_hosts_look_up (
      known, name, g_bytes_get_data (key, NULL), g_bytes_get_size (key), line);
}

/* A file of one line with these names. */
static ExecnetHostKeyStatus
look_up_in (const char *names, const char *name)
{
  g_autofree char *text = g_strconcat (names, " ", keys.key_text, "\n", NULL);
  g_autoptr (ExecnetKnownHosts) known = read_text (text);

  return look_up (known, name, keys.key, NULL);
}

/* Whether ssh-keygen finds the host there. */
static gboolean
keygen_finds (const char *names, const char *name)
{
  g_autofree char *file = g_build_filename (keys.folder, "known_hosts", NULL);
  g_autofree char *text = g_strconcat (names, " ", keys.key_text, "\n", NULL);
  g_autofree char *output = NULL;
  int status;

  g_assert_true (g_file_set_contents (file, text, -1, NULL));
  output = run (&status, "ssh-keygen", "-F", name, "-f", file, NULL);
  return *output != '\0';
}

static void
test_names (void)
{
  static const struct
  {
    const char *names;
    const char *name;
    gboolean is_in;
  } cases[] = {
    { "a.example", "a.example", TRUE },
    { "A.Example", "a.example", TRUE },
    { "a.example", "b.example", FALSE },
    { "a.example", "a.example.org", FALSE },
    { "b,a.example,c", "a.example", TRUE },
    { "a.example,192.0.2.1", "192.0.2.1", TRUE },
    { "2001:db8::1", "2001:db8::1", TRUE },
    { "*.example", "a.example", TRUE },
    { "*.example", "example", FALSE },
    { "*", "anything", TRUE },
    { "a?c", "abc", TRUE },
    { "a?c", "ac", FALSE },
    { "*a*b*c", "xaxbxxc", TRUE },
    { "*a*b*c", "xaxcxxb", FALSE },
    { "*.example,!a.example", "b.example", TRUE },
    { "*.example,!a.example", "a.example", FALSE },
    { "!a.example,*.example", "a.example", FALSE },
    { "!a.example", "b.example", FALSE },
    { "[a.example]:2222", "[a.example]:2222", TRUE },
    { "[a.example]:2222", "[a.example]:2223", FALSE },
    { "[a.example]:2222", "a.example", FALSE },
    { "[*.example]:*", "[a.example]:2222", TRUE },
    { "*", "[a.example]:2222", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gboolean is_in = look_up_in (cases[i].names, cases[i].name) == EXECNET_HOST_KEY_OK;

      g_test_message ("%s in %s", cases[i].name, cases[i].names);
      g_assert_cmpint (is_in, ==, cases[i].is_in);
      g_assert_cmpint (keygen_finds (cases[i].names, cases[i].name), ==, cases[i].is_in);
    }
}

/* A pattern of many stars takes no more time than its length allows. */
static void
test_many_stars (void)
{
  g_autofree char *name = g_strnfill (2000, 'a');
  GString *pattern = g_string_new (NULL);

  for (guint i = 0; i < 900; i++)
    g_string_append (pattern, "*a");
  g_string_append (pattern, "*b");
  g_assert_cmpint (look_up_in (pattern->str, name), ==, EXECNET_HOST_KEY_UNKNOWN);
  g_string_free (pattern, TRUE);
}

static void
test_port (void)
{
  g_autofree char *usual = execnet_known_hosts_dup_name ("A.example", 22);
  g_autofree char *other = execnet_known_hosts_dup_name ("A.example", 2222);

  g_assert_cmpstr (usual, ==, "a.example");
  g_assert_cmpstr (other, ==, "[a.example]:2222");
  /* The key that the host is known by is right on another port, too; another one says nothing. */
  g_assert_cmpint (look_up_in ("a.example", other), ==, EXECNET_HOST_KEY_OK);
  {
    g_autofree char *text = g_strconcat ("a.example ", keys.other_text, "\n", NULL);
    g_autoptr (ExecnetKnownHosts) known = read_text (text);

    g_assert_cmpint (look_up (known, other, keys.key, NULL), ==, EXECNET_HOST_KEY_UNKNOWN);
    g_assert_cmpint (look_up (known, usual, keys.key, NULL), ==, EXECNET_HOST_KEY_CHANGED);
  }
}

static void
test_changed (void)
{
  g_autofree char *text = g_strdup_printf (
      "# a comment\n\n  a.example %s a comment\r\nb.example %s\n", keys.other_text, keys.key_text);
  g_autoptr (ExecnetKnownHosts) known = read_text (text);
  ExecnetHostKeyLine line;

  g_assert_cmpint (look_up (known, "a.example", keys.key, &line), ==, EXECNET_HOST_KEY_CHANGED);
  g_assert_cmpstr (line.file, ==, "the-file");
  g_assert_cmpuint (line.line, ==, 3);
  g_assert_cmpstr (line.key_type, ==, "ssh-ed25519");
  g_assert_true (g_bytes_equal (line.key, keys.other));
  g_assert_cmpint (look_up (known, "c.example", keys.key, &line), ==, EXECNET_HOST_KEY_UNKNOWN);
  g_assert_null (line.file);
}

/* A host that is known by one type of key is not known by another. */
static void
test_several_keys (void)
{
  g_autofree char *text = g_strdup_printf ("a.example %s\na.example %s\nb.example %s\n",
                                           keys.ecdsa_text,
                                           keys.key_text,
                                           keys.ecdsa_text);
  g_autoptr (ExecnetKnownHosts) known = read_text (text);
  g_auto (GStrv) types = execnet_known_hosts_dup_key_types (known, "a.example");
  g_auto (GStrv) types_of_port = execnet_known_hosts_dup_key_types (known, "[b.example]:77");
  g_auto (GStrv) none = execnet_known_hosts_dup_key_types (known, "c.example");

  g_assert_cmpint (look_up (known, "a.example", keys.key, NULL), ==, EXECNET_HOST_KEY_OK);
  g_assert_cmpint (look_up (known, "a.example", keys.ecdsa, NULL), ==, EXECNET_HOST_KEY_OK);
  g_assert_cmpint (look_up (known, "a.example", keys.other, NULL), ==, EXECNET_HOST_KEY_CHANGED);
  g_assert_cmpint (look_up (known, "b.example", keys.key, NULL), ==, EXECNET_HOST_KEY_CHANGED);
  g_assert_cmpuint (g_strv_length (types), ==, 2);
  g_assert_cmpstr (types[0], ==, "ecdsa-sha2-nistp256");
  g_assert_cmpstr (types[1], ==, "ssh-ed25519");
  g_assert_cmpuint (g_strv_length (types_of_port), ==, 1);
  g_assert_cmpuint (g_strv_length (none), ==, 0);
}

static void
test_markers (void)
{
  g_autofree char *text
      = g_strdup_printf ("a.example %s\n@revoked * %s\n@cert-authority *.org %s\n",
                         keys.key_text,
                         keys.key_text,
                         keys.other_text);
  g_autoptr (ExecnetKnownHosts) known = read_text (text);
  g_auto (GStrv) types = execnet_known_hosts_dup_key_types (known, "a.org");
  ExecnetHostKeyLine line;

  g_assert_cmpint (look_up (known, "a.example", keys.key, &line), ==, EXECNET_HOST_KEY_REVOKED);
  g_assert_cmpuint (line.line, ==, 2);
  g_assert_false (line.has_authority);
  g_assert_cmpint (look_up (known, "a.org", keys.other, &line), ==, EXECNET_HOST_KEY_UNKNOWN);
  g_assert_true (line.has_authority);
  g_assert_cmpuint (g_strv_length (types), ==, 0);
}

/* What comes after a broken line is read. */
static void
test_broken_lines (void)
{
  static const char *const broken[] = {
    "a.example",
    "a.example ssh-ed25519",
    "a.example ssh-ed25519 !!!!",
    "a.example ssh-ed25519 AAAA",
    "a.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI",
    "a.example ssh-rsa %s",
    "@unknown a.example %s",
    "@revoked",
    "@revoked a.example",
    "1024 35 1234567890",
    "|1|",
    "|1|AAAA|",
    "|1|====|AAAA %s",
    "|2|AAAA|AAAA %s",
    "\xff\xfe \x01 \x02",
  };

  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autofree char *line = g_strdup (broken[i]);
      g_autofree char *text = NULL;
      g_autoptr (ExecnetKnownHosts) known = NULL;
      const char *key = strchr (keys.key_text, ' ') + 1;
      char *hole = strstr (line, "%s");

      if (hole != NULL)
        *hole = '\0';
      text = g_strdup_printf ("%s%s\nb.example %s", line, hole != NULL ? key : "", keys.key_text);
      known = read_text (text);
      g_assert_cmpint (look_up (known, "a.example", keys.key, NULL), ==, EXECNET_HOST_KEY_UNKNOWN);
      g_assert_cmpint (look_up (known, "b.example", keys.key, NULL), ==, EXECNET_HOST_KEY_OK);
    }
}

/* A NUL is no end of the file. */
static void
test_nul (void)
{
  g_autofree char *rest = g_strdup_printf ("\nb.example %s\n", keys.key_text);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (ExecnetKnownHosts) known = execnet_known_hosts_new ();

  g_string_append_len (text, "a.example\0 x", 12);
  g_string_append (text, rest);
  execnet_known_hosts_add_text (known, "file", text->str, text->len);
  g_assert_cmpint (look_up (known, "b.example", keys.key, NULL), ==, EXECNET_HOST_KEY_OK);
}

/* What ssh-keygen hashes is found here, and what is hashed here is found by ssh-keygen. */
static void
test_hashed (void)
{
  g_autofree char *file = g_build_filename (keys.folder, "hashed", NULL);
  g_autofree char *plain = g_strdup_printf (
      "a.example %s\n[b.example]:2222 %s\n", keys.key_text, keys.other_text);
  const guint8 salt[20] = { 1, 2, 3 };
  g_autofree char *line = execnet_known_hosts_make_line ("c.example",
                                                         g_bytes_get_data (keys.key, NULL),
                                                         g_bytes_get_size (keys.key),
                                                         salt,
                                                         sizeof salt);
  g_autofree char *output = NULL;
  g_autofree char *found = NULL;
  g_autofree char *text = NULL;
  g_autoptr (ExecnetKnownHosts) known = NULL;

  g_assert_true (g_file_set_contents (file, plain, -1, NULL));
  output = run (NULL, "ssh-keygen", "-H", "-f", file, NULL);
  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  g_assert_null (strstr (text, "example"));
  known = read_text (text);
  g_assert_cmpint (look_up (known, "a.example", keys.key, NULL), ==, EXECNET_HOST_KEY_OK);
  g_assert_cmpint (look_up (known, "[b.example]:2222", keys.other, NULL), ==, EXECNET_HOST_KEY_OK);
  g_assert_cmpint (look_up (known, "c.example", keys.key, NULL), ==, EXECNET_HOST_KEY_UNKNOWN);

  append_text (file, line);
  found = run (NULL, "ssh-keygen", "-F", "c.example", "-f", file, NULL);
  g_assert_nonnull (strstr (found, keys.key_text));
}

static void
test_make_line (void)
{
  static const char *const bad[] = { "", "a b", "a,b", "*", "a?", "!a", "#a", "@revoked", "|1|x", "a\nb" };
  gsize length;
  const guint8 *key = g_bytes_get_data (keys.key, &length);
  g_autofree char *line = execnet_known_hosts_make_line ("[a.example]:77", key, length, NULL, 0);
  g_autofree char *expected = g_strdup_printf ("[a.example]:77 %s\n", keys.key_text);

  g_assert_cmpstr (line, ==, expected);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_null (execnet_known_hosts_make_line (bad[i], key, length, NULL, 0));
  g_assert_null (execnet_known_hosts_make_line ("a.example", key, 3, NULL, 0));
}

/* As ssh-keygen -l prints them. */
static void
test_fingerprint (void)
{
  static const char *const types[] = { "ed25519", "ecdsa", "rsa" };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GBytes) key = make_key (keys.folder, types[i], types[i], "");
      g_autofree char *file = g_build_filename (keys.folder, types[i], NULL);
      g_autofree char *output = run (NULL, "ssh-keygen", "-l", "-f", file, NULL);
      gsize length;
      const guint8 *bytes = g_bytes_get_data (key, &length);
      g_autofree char *type = execnet_ssh_key_dup_type (bytes, length);
      g_autofree char *fingerprint = execnet_ssh_key_dup_fingerprint (bytes, length);
      g_autofree char *end = g_strdup_printf (
          " %s %s (%s)\n", fingerprint, types[i], execnet_ssh_key_type_get_name (type));

      g_assert_true (g_str_has_suffix (output, end));
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  keys.folder = folder_new ();
  keys.key = make_key (keys.folder, "key", "ed25519", "");
  keys.other = make_key (keys.folder, "other", "ed25519", "");
  keys.ecdsa = make_key (keys.folder, "third", "ecdsa", "");
  keys.key_text = key_text (keys.key);
  keys.other_text = key_text (keys.other);
  keys.ecdsa_text = key_text (keys.ecdsa);

  g_test_add_func ("/known-hosts/names", test_names);
  g_test_add_func ("/known-hosts/many-stars", test_many_stars);
  g_test_add_func ("/known-hosts/port", test_port);
  g_test_add_func ("/known-hosts/changed", test_changed);
  g_test_add_func ("/known-hosts/several-keys", test_several_keys);
  g_test_add_func ("/known-hosts/markers", test_markers);
  g_test_add_func ("/known-hosts/broken-lines", test_broken_lines);
  g_test_add_func ("/known-hosts/nul", test_nul);
  g_test_add_func ("/known-hosts/hashed", test_hashed);
  g_test_add_func ("/known-hosts/make-line", test_make_line);
  g_test_add_func ("/known-hosts/fingerprint", test_fingerprint);
  status = g_test_run ();

  folder_free (keys.folder);
  g_bytes_unref (keys.key);
  g_bytes_unref (keys.other);
  g_bytes_unref (keys.ecdsa);
  g_free (keys.key_text);
  g_free (keys.other_text);
  g_free (keys.ecdsa_text);
  return status;
}
