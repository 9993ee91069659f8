/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether a host's key is the right one: files, options, and a person. Everything in one thread. */

#include "config.h"

#include "asking.h"
#include "ssh-tools.h"

#include "collections/execnet-group-private.h"
#include "engine/execnet-worker-thread-private.h"
#include "transport/execnet-host-keys-private.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

typedef struct
{
  Belongings before;
  ExecnetGroup *group;
  Person *person;
  char *folder;
  char *user_file;
  char *global_file;
  GBytes *key;
  GBytes *other;
} Home;

static void
set_up_home (Home *home, gconstpointer data)
{
  home->before = count_belongings ();
  home->group = execnet_group_new ();
  home->person = person_new ();
  execnet_group_set_mount_operation (home->group, G_MOUNT_OPERATION (home->person));
  home->folder = folder_new ();
  home->user_file = g_build_filename (home->folder, "own", "known_hosts", NULL);
  home->global_file = g_build_filename (home->folder, "global", NULL);
  home->key = make_key (home->folder, "key", "ed25519", "");
  home->other = make_key (home->folder, "other", "ed25519", "");
}

static void
tear_down_home (Home *home, gconstpointer data)
{
  g_bytes_unref (home->key);
  g_bytes_unref (home->other);
  g_free (home->user_file);
  g_free (home->global_file);
  folder_free (home->folder);
  g_assert_finalize_object (home->group);
  g_assert_finalize_object (home->person);
  /* Questions keep it for a moment. */
  execnet_worker_thread_settle ();
  assert_nothing_left (&home->before);
}

/* Checks. */

static ExecnetHostKeys *
load (Home *home, const char *words)
{
  g_autofree char *text = g_strdup_printf (
      "-o UserKnownHostsFile=%s -o GlobalKnownHostsFile=%s %s", home->user_file, home->global_file, words);
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (ExecnetSshTarget) target = execnet_ssh_target_new_for_text (text, NULL, &error);
  g_autoptr (ExecnetSshOptions) options = NULL;
  ExecnetHostKeys *keys;

  g_assert_no_error (error);
  options = execnet_ssh_options_new_for_target (target, &error);
  g_assert_no_error (error);
  execnet_host_keys_load_async (options, NULL, keep_result, &result);
  wait_for_result (&result);
  keys = execnet_host_keys_load_finish (result, &error);
  g_assert_no_error (error);
  return keys;
}

static GAsyncResult **
begin_check (Home *home, ExecnetHostKeys *keys, GBytes *key, GCancellable *cancellable)
{
  GAsyncResult **result = g_new0 (GAsyncResult *, 1);

  execnet_host_keys_check_async (
      keys, key, home->group->questions, NULL, cancellable, keep_result, result);
  return result;
}

/* Takes the result over. */
static GError *
end_check (GAsyncResult **result, gboolean *is_trusted)
{
  GError *error = NULL;

  wait_for_result (result);
  g_assert_true (execnet_host_keys_check_finish (*result, is_trusted, &error) == (error == NULL));
  g_object_unref (*result);
  g_free (result);
  iterate_ready ();
  return error;
}

static GError *
check (Home *home, const char *words, GBytes *key)
{
  g_autoptr (ExecnetHostKeys) keys = load (home, words);

  return end_check (begin_check (home, keys, key, NULL), NULL);
}

static void
assert_right (Home *home, const char *words, GBytes *key)
{
  g_autoptr (GError) error = check (home, words, key);

  g_assert_no_error (error);
  g_assert_cmpuint (home->person->n_shown, ==, 0);
}

static void
write_known (Home *home, const char *file, const char *name, GBytes *key)
{
  g_autofree char *text = key_text (key);
  g_autofree char *line = g_strdup_printf ("%s %s\n", name, text);
  g_autofree char *folder = g_path_get_dirname (file);

  g_mkdir_with_parents (folder, 0700);
  append_text (file, line);
}

static guint
count_lines (const char *file)
{
  g_autofree char *text = NULL;
  guint n = 0;

  g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
  for (const char *c = text; *c != '\0'; c++)
    n += *c == '\n';
  return n;
}

/* Unknown keys. */

static void
test_accepted_once (Home *home, gconstpointer data)
{
  g_autoptr (ExecnetHostKeys) keys = load (home, "-p 2222 A.example");
  GAsyncResult **result = begin_check (home, keys, home->key, NULL);
  g_autofree char *fingerprint = execnet_ssh_key_dup_fingerprint (
      g_bytes_get_data (home->key, NULL), g_bytes_get_size (home->key));
  g_autofree char *found = NULL;
  struct stat information;

  ITERATE_UNTIL (home->person->is_shown);
  g_assert_nonnull (strstr (home->person->message, "“[a.example]:2222”"));
  g_assert_nonnull (strstr (home->person->message, "ED25519 SHA256:"));
  g_assert_nonnull (strstr (home->person->message, fingerprint));
  person_choose (home->person, 0);
  g_assert_no_error (end_check (result, NULL));

  /* For those who share what was read, and for those who read anew. */
  g_assert_no_error (end_check (begin_check (home, keys, home->key, NULL), NULL));
  g_assert_no_error (check (home, "-p 2222 a.example", home->key));
  g_assert_cmpuint (home->person->n_shown, ==, 1);

  found = run (NULL, "ssh-keygen", "-F", "[a.example]:2222", "-f", home->user_file, NULL);
  g_assert_nonnull (strstr (found, "ssh-ed25519"));
  g_assert_cmpint (g_stat (home->user_file, &information), ==, 0);
  g_assert_cmpint (information.st_mode & 0777, ==, 0600);
  {
    g_autofree char *folder = g_path_get_dirname (home->user_file);

    g_assert_cmpint (g_stat (folder, &information), ==, 0);
    g_assert_cmpint (information.st_mode & 0777, ==, 0700);
  }
}

static void
test_refused (Home *home, gconstpointer data)
{
  g_autoptr (ExecnetHostKeys) keys = load (home, "a.example");
  GAsyncResult **result = begin_check (home, keys, home->key, NULL);

  ITERATE_UNTIL (home->person->is_shown);
  person_choose (home->person, 1);
  assert_error_says (
      end_check (result, NULL), EXECNET_ERROR, EXECNET_ERROR_HOST_KEY_UNKNOWN, "“a.example”");
  g_assert_false (g_file_test (home->user_file, G_FILE_TEST_EXISTS));
}

static void
test_nobody_to_ask (Home *home, gconstpointer data)
{
  execnet_group_set_mount_operation (home->group, NULL);
  assert_error_says (check (home, "a.example", home->key),
                     EXECNET_ERROR,
                     EXECNET_ERROR_NEEDS_INTERACTION,
                     "ED25519 SHA256:");
}

static void
test_strict (Home *home, gconstpointer data)
{
  static const char *const words[] = {
    "-o StrictHostKeyChecking=yes a.example",
    "-o BatchMode=yes a.example",
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    assert_error_says (check (home, words[i], home->key),
                       EXECNET_ERROR,
                       EXECNET_ERROR_HOST_KEY_UNKNOWN,
                       "ED25519 SHA256:");
  g_assert_cmpuint (home->person->n_shown, ==, 0);
  write_known (home, home->user_file, "a.example", home->key);
  assert_right (home, words[0], home->key);
}

static void
test_accept_new (Home *home, gconstpointer data)
{
  assert_right (home, "-o StrictHostKeyChecking=accept-new a.example", home->key);
  assert_right (home, "-o StrictHostKeyChecking=yes a.example", home->key);
  assert_error_says (check (home, "-o StrictHostKeyChecking=accept-new a.example", home->other),
                     EXECNET_ERROR,
                     EXECNET_ERROR_HOST_KEY_CHANGED,
                     "a.example");
}

static void
test_any (Home *home, gconstpointer data)
{
  const char *words = "-o StrictHostKeyChecking=no a.example";
  g_autoptr (ExecnetHostKeys) keys = NULL;
  gboolean is_trusted = FALSE;

  assert_right (home, words, home->key);
  keys = load (home, words);
  g_assert_no_error (end_check (begin_check (home, keys, home->key, NULL), &is_trusted));
  g_assert_true (is_trusted);
  g_assert_no_error (end_check (begin_check (home, keys, home->other, NULL), &is_trusted));
  g_assert_false (is_trusted);
  g_assert_cmpuint (count_lines (home->user_file), ==, 1);
}

static void
test_cancelled (Home *home, gconstpointer data)
{
  g_autoptr (ExecnetHostKeys) keys = load (home, "a.example");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GAsyncResult **result = begin_check (home, keys, home->key, cancellable);

  ITERATE_UNTIL (home->person->is_shown);
  g_cancellable_cancel (cancellable);
  assert_error_says (end_check (result, NULL), G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  ITERATE_UNTIL (home->person->n_aborted == 1);
}

/* Remembering. */

static void
test_hashed (Home *home, gconstpointer data)
{
  const char *words = "-o HashKnownHosts=yes -o StrictHostKeyChecking=accept-new a.example";
  g_autofree char *text = NULL;
  g_autofree char *found = NULL;

  assert_right (home, words, home->key);
  g_assert_true (g_file_get_contents (home->user_file, &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (text, "|1|"));
  g_assert_null (strstr (text, "example"));
  found = run (NULL, "ssh-keygen", "-F", "a.example", "-f", home->user_file, NULL);
  g_assert_nonnull (strstr (found, "ssh-ed25519"));
}

static void
test_last_line_without_end (Home *home, gconstpointer data)
{
  g_autofree char *key = key_text (home->other);

  write_known (home, home->user_file, "b.example", home->key);
  append_text (home->user_file, "c.example ");
  append_text (home->user_file, key);
  assert_right (home, "-o StrictHostKeyChecking=accept-new a.example", home->key);
  g_assert_cmpuint (count_lines (home->user_file), ==, 3);
  assert_right (home, "-o StrictHostKeyChecking=yes a.example", home->key);
  assert_right (home, "-o StrictHostKeyChecking=yes c.example", home->other);
}

/* What was accepted holds, though it can't be kept. */
static void
test_nowhere_to_write (Home *home, gconstpointer data)
{
  g_autofree char *folder = g_path_get_dirname (home->user_file);

  append_text (folder, "this is no folder");
  assert_right (home, "-o StrictHostKeyChecking=accept-new a.example", home->key);
}

/* Many who add at the same time don't get in each other's way. */

static gpointer
append_some (gpointer data)
{
  Home *home = data;

  for (guint i = 0; i < 50; i++)
    {
      g_autoptr (GError) error = NULL;

      execnet_host_keys_append (home->user_file, "a line of some length\n", &error);
      g_assert_no_error (error);
    }
  return NULL;
}

static void
test_append_at_once (Home *home, gconstpointer data)
{
  GThread *threads[4];
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("appending", append_some, home);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_true (g_file_get_contents (home->user_file, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", 0);
  g_assert_cmpuint (g_strv_length (lines), ==, 201);
  for (guint i = 0; i < 200; i++)
    g_assert_cmpstr (lines[i], ==, "a line of some length");
}

/* Known keys. */

static void
test_global_file (Home *home, gconstpointer data)
{
  write_known (home, home->global_file, "*.example", home->key);
  assert_right (home, "a.example", home->key);
}

static void
test_changed (Home *home, gconstpointer data)
{
  g_autofree char *place = NULL;
  g_autofree char *command = NULL;
  g_autofree char *old = execnet_ssh_key_dup_fingerprint (g_bytes_get_data (home->other, NULL),
                                                          g_bytes_get_size (home->other));
  g_autofree char *new = execnet_ssh_key_dup_fingerprint (g_bytes_get_data (home->key, NULL),
                                                          g_bytes_get_size (home->key));
  g_autoptr (GError) error = NULL;
  g_autofree char *removed = NULL;

  write_known (home, home->user_file, "b.example", home->key);
  write_known (home, home->user_file, "[a.example]:77", home->other);
  error = check (home, "-p 77 a.example", home->key);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_HOST_KEY_CHANGED);
  g_assert_nonnull (strstr (error->message, "“[a.example]:77”"));
  g_assert_nonnull (strstr (error->message, home->user_file));
  g_assert_nonnull (strstr (error->message, "line 2"));
  g_assert_nonnull (strstr (error->message, old));
  g_assert_nonnull (strstr (error->message, new));
  g_assert_cmpuint (home->person->n_shown, ==, 0);

  /* What it says to do helps. */
  command = g_strdup (strstr (error->message, "ssh-keygen "));
  g_assert_nonnull (command);
  removed = run (NULL, "sh", "-c", command, NULL);
  assert_right (home, "-p 77 -o StrictHostKeyChecking=accept-new a.example", home->key);
}

static void
test_revoked (Home *home, gconstpointer data)
{
  write_known (home, home->user_file, "a.example", home->key);
  write_known (home, home->global_file, "@revoked *", home->key);
  assert_error_says (check (home, "-o StrictHostKeyChecking=no a.example", home->key),
                     EXECNET_ERROR,
                     EXECNET_ERROR_HOST_KEY_CHANGED,
                     "revoked");
}

static void
test_authority (Home *home, gconstpointer data)
{
  write_known (home, home->global_file, "@cert-authority *.example", home->other);
  assert_error_says (check (home, "a.example", home->key),
                     G_IO_ERROR,
                     G_IO_ERROR_NOT_SUPPORTED,
                     "certificates");
  write_known (home, home->user_file, "a.example", home->key);
  assert_right (home, "a.example", home->key);
}

static void
test_alias (Home *home, gconstpointer data)
{
  write_known (home, home->user_file, "the-alias", home->key);
  assert_right (home, "-p 77 -o HostKeyAlias=The-Alias 192.0.2.7", home->key);
}

static void
test_this_machine (Home *home, gconstpointer data)
{
  write_known (home, home->user_file, "127.0.0.1", home->other);
  assert_right (home, "-o NoHostAuthenticationForLocalhost=yes 127.0.0.1", home->key);
  assert_error_says (check (home, "127.0.0.1", home->key),
                     EXECNET_ERROR,
                     EXECNET_ERROR_HOST_KEY_CHANGED,
                     "127.0.0.1");
}

/* From where another host leads there, the name means that host; and who gave the key a name of its
 * own wants it checked. */
static void
test_this_machine_elsewhere (Home *home, gconstpointer data)
{
  const char *const words[]
      = { "-o NoHostAuthenticationForLocalhost=yes -J gate 127.0.0.1",
          "-o NoHostAuthenticationForLocalhost=yes -o ProxyCommand=x 127.0.0.1",
          "-o NoHostAuthenticationForLocalhost=yes -o HostKeyAlias=a 127.0.0.1" };

  write_known (home, home->user_file, "127.0.0.1,a", home->other);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    assert_error_says (check (home, words[i], home->key),
                       EXECNET_ERROR,
                       EXECNET_ERROR_HOST_KEY_CHANGED,
                       "127.0.0.1");
}

static void
test_types (Home *home, gconstpointer data)
{
  g_autoptr (GBytes) ecdsa = make_key (home->folder, "ecdsa", "ecdsa", "");
  g_autoptr (ExecnetHostKeys) keys = NULL;
  g_auto (GStrv) types = NULL;

  write_known (home, home->user_file, "a.example", ecdsa);
  keys = load (home, "a.example");
  types = execnet_host_keys_dup_types (keys);
  g_assert_cmpuint (g_strv_length (types), ==, 1);
  g_assert_cmpstr (types[0], ==, "ecdsa-sha2-nistp256");
}

/* Files that are none say nothing, and hold nobody up. */
static void
test_odd_files (Home *home, gconstpointer data)
{
  g_autofree char *pipe = g_build_filename (home->folder, "pipe", NULL);
  g_autofree char *made = run (NULL, "mkfifo", pipe, NULL);

  g_free (home->global_file);
  home->global_file = g_steal_pointer (&pipe);
  g_assert_null (execnet_host_keys_read_file (home->folder));
  g_assert_null (execnet_host_keys_read_file ("/dev/null"));
  assert_right (home, "-o StrictHostKeyChecking=accept-new a.example", home->key);
}

#define ADD(path, func)                                                                            \
  g_test_add ("/host-keys/" path, Home, NULL, set_up_home, func, tear_down_home)

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD ("unknown/accepted-once", test_accepted_once);
  ADD ("unknown/refused", test_refused);
  ADD ("unknown/nobody-to-ask", test_nobody_to_ask);
  ADD ("unknown/strict", test_strict);
  ADD ("unknown/accept-new", test_accept_new);
  ADD ("unknown/any", test_any);
  ADD ("unknown/cancelled", test_cancelled);
  ADD ("remembering/hashed", test_hashed);
  ADD ("remembering/last-line-without-end", test_last_line_without_end);
  ADD ("remembering/nowhere-to-write", test_nowhere_to_write);
  ADD ("remembering/append-at-once", test_append_at_once);
  ADD ("known/global-file", test_global_file);
  ADD ("known/changed", test_changed);
  ADD ("known/revoked", test_revoked);
  ADD ("known/authority", test_authority);
  ADD ("known/alias", test_alias);
  ADD ("known/this-machine", test_this_machine);
  ADD ("known/this-machine/elsewhere", test_this_machine_elsewhere);
  ADD ("known/types", test_types);
  ADD ("odd-files", test_odd_files);
  return g_test_run ();
}
