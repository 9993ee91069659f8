/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who makes the connection where the specification does not say it. */

#include "config.h"

#include "host.h"

#include <string.h>
#include <unistd.h>

static char *folder;

/* What was traced since the last time. */
static char *
read_trace (void)
{
  static gsize n_read;
  g_autofree char *name = g_strdup_printf ("execnet-debug-%d", (int) getpid ());
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *text = NULL;
  gsize length;
  char *news;

  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  news = g_strdup (text + n_read);
  n_read = length;
  return news;
}

/* Gets in, and traces the part, or nothing about a choice for NULL. */
static void
assert_client (Host *host, const char *options, const char *part)
{
  g_autoptr (ExecnetGateway) gateway = host_make (host, options, "");
  g_autofree char *trace = read_trace ();

  assert_still_works (gateway);
  if (part == NULL)
    {
      g_assert_null (strstr (trace, "the OpenSSH client connects"));
      return;
    }
  g_assert_nonnull (strstr (trace, "the OpenSSH client connects"));
  g_assert_nonnull (strstr (trace, part));
}

static void
test_options (Host *host, gconstpointer arguments)
{
  assert_client (host, "-4", NULL);
  assert_client (host, "-A", "-A");
  assert_client (host, "-o SetEnv=A=b", "SetEnv=A=b");
}

static const char *const rsa[] = { "--user-key", "rsa", NULL };

static void
test_rsa (Host *host, gconstpointer arguments)
{
  assert_client (host, "-4", "ssh-rsa");
}

static const char *const rsa_host[] = { "--host-key", "ed25519", "--host-key", "rsa", NULL };

/* The host has another key, too, but is known by this one. */
static void
test_rsa_host (Host *host, gconstpointer arguments)
{
  g_autofree char *path = g_strconcat (ssh_server_get (host->server, "host_key_rsa"), ".pub", NULL);
  g_autofree char *key = NULL;
  g_autofree char *line = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &key, NULL, &error);
  g_assert_no_error (error);
  line = g_strdup_printf ("[127.0.0.1]:%s %s", ssh_server_get (host->server, "port"), key);
  g_file_set_contents (ssh_server_get (host->server, "known_hosts"), line, -1, &error);
  g_assert_no_error (error);
  assert_client (host, "-4", "ssh-rsa");
}

/* What is allowed is not widened. */
static void
test_algorithms (Host *host, gconstpointer arguments)
{
  assert_client (host, "-o Ciphers=aes256-gcm@openssh.com", "aes256-gcm@openssh.com");
  assert_client (host, "-o MACs=hmac-sha2-512-etm@openssh.com", "hmac-sha2-512-etm@openssh.com");
  assert_client (host, "-o Ciphers=aes256-gcm@openssh.com,aes256-ctr", NULL);
}

/* A list of keys that must not be trusted counts also for the host in between. */
static void
test_revoked_jump (Host *host, gconstpointer arguments)
{
  g_autofree char *path
      = g_build_filename (ssh_server_get (host->server, "folder"), "jump_config", NULL);
  g_autofree char *spec = g_strdup_printf ("ssh=-F %s -J gate test", path);
  g_autofree char *text = NULL;
  g_autofree char *trace = NULL;
  GError *error = NULL;

  text = g_strdup_printf ("Host gate\nHostName 127.0.0.1\nRevokedHostKeys %s.pub\n"
                          "Match all\nInclude %s\n"
                          "Host gate\nPort %s\nUser %s\nUserKnownHostsFile %s\nIdentityFile %s\n"
                          "IdentitiesOnly yes\nIdentityAgent none\nStrictHostKeyChecking yes\n",
                          ssh_server_get (host->server, "host_key_ed25519"),
                          ssh_server_get (host->server, "ssh_config"),
                          ssh_server_get (host->server, "port"),
                          ssh_server_get (host->server, "user"),
                          ssh_server_get (host->server, "known_hosts"),
                          ssh_server_get (host->server, "identity_ed25519"));
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  g_assert_null (execnet_group_make_gateway (host->group, spec, NULL, &error));
  trace = read_trace ();
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (trace, "RevokedHostKeys"));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_HOST_KEY_CHANGED, "revoked");
}

/* Who insists gets an error that says so. */
static void
test_insisting (Host *host, gconstpointer arguments)
{
  assert_error_says (
      host_fail (host, "-A", "//ssh_client=libssh2"), EXECNET_ERROR, EXECNET_ERROR_FAILED, "-A");
}

int
main (int argc, char **argv)
{
  const char *parent = g_getenv ("TMPDIR") != NULL ? g_getenv ("TMPDIR") : "/tmp";
  char *remove[] = { (char *) "rm", (char *) "-rf", NULL, NULL };
  int result;

  /* GLib reads TMPDIR once: not before it is set here. */
  folder = g_build_filename (parent, "execnet-choice-test-XXXXXX", NULL);
  g_assert_nonnull (g_mkdtemp (folder));
  g_setenv ("TMPDIR", folder, TRUE);
  g_setenv ("EXECNET_DEBUG", "1", TRUE);
  testing_init (&argc, &argv);

  ADD_HOST_TEST ("/ssh/choice/options", NULL, test_options);
  ADD_HOST_TEST ("/ssh/choice/rsa", rsa, test_rsa);
  ADD_HOST_TEST ("/ssh/choice/rsa-host", rsa_host, test_rsa_host);
  ADD_HOST_TEST ("/ssh/choice/algorithms", NULL, test_algorithms);
  ADD_HOST_TEST ("/ssh/choice/revoked-jump", NULL, test_revoked_jump);
  ADD_HOST_TEST ("/ssh/choice/insisting", NULL, test_insisting);
  result = g_test_run ();

  /* Interpreters trace there, too. */
  remove[2] = folder;
  run_program ((const char *const *) remove);
  g_free (folder);
  return result;
}
