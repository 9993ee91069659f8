/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Machines of Vagrant, for which a small program stands in that leads to a real ssh server. */

#include "config.h"

#include "../objects/testing.h"
#include "ssh-server.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  Belongings before;
  SshServer *server;
  ExecnetGroup *group;
} Machines;

/* In PATH instead of Vagrant. */
static char *folder;
static char *program;

static void
install_program (void)
{
  g_autofree char *path = NULL;
  g_autofree char *source
      = g_build_filename (g_getenv ("G_TEST_SRCDIR"), "ssh", "vagrant.py", NULL);
  const char *parent = g_getenv ("TMPDIR") != NULL ? g_getenv ("TMPDIR") : "/tmp";

  /* GLib reads TMPDIR once: not before it is set below. */
  folder = g_build_filename (parent, "execnet-vagrant-test-XXXXXX", NULL);
  g_assert_nonnull (g_mkdtemp (folder));
  program = g_build_filename (folder, "vagrant", NULL);
  g_assert_cmpint (symlink (source, program), ==, 0);
  path = g_strconcat (folder, ":", g_getenv ("PATH"), NULL);
  g_setenv ("PATH", path, TRUE);
  /* What it makes for itself goes there, too. */
  g_setenv ("TMPDIR", folder, TRUE);
}

static void
remove_program (void)
{
  g_remove (program);
  /* Fails unless everything else is gone. */
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_free (program);
  g_free (folder);
}

static void
machines_set_up (Machines *self, gconstpointer unused)
{
  self->before = count_belongings ();
  self->server = ssh_server_start (NULL);
  g_setenv ("EXECNET_TEST_SSH_CONFIG", ssh_server_get (self->server, "ssh_config"), TRUE);
  self->group = execnet_group_new ();
}

static void
machines_tear_down (Machines *self, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  execnet_group_terminate (self->group, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  iterate_ready ();
  g_assert_finalize_object (self->group);
  ssh_server_stop (self->server);
  assert_nothing_left (&self->before);
}

static void
assert_works (Machines *self, const char *spec)
{
  g_autoptr (ExecnetGateway) gateway = make_gateway (self->group, spec);

  assert_still_works (gateway);
}

static void
assert_fails (Machines *self, const char *spec, int code, const char *part)
{
  GError *error = NULL;

  g_assert_null (execnet_group_make_gateway (self->group, spec, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, code, part);
}

static void
test_box (Machines *self, gconstpointer unused)
{
  assert_works (self, "vagrant_ssh=box");
  assert_works (self, "vagrant_ssh=box//ssh_client=openssh");
  assert_works (self, "vagrant_ssh=box//ssh_client=libssh2");
}

static void
test_keys (Machines *self, gconstpointer client)
{
  g_autofree char *spec = g_strdup_printf ("vagrant_ssh=%s//id=mine//nice=3//chdir=/tmp//env:A=b"
                                           "//execmodel=main_thread_only//python=env B=2 python3",
                                           (const char *) client);
  g_autoptr (ExecnetGateway) gateway = make_gateway (self->group, spec);
  g_autoptr (ExecnetChannel) channel
      = run_code (gateway,
                  "import os\n"
                  "channel.send('|'.join([os.getcwd(), os.environ['A'], os.environ['B']]))\n");
  g_autofree char *told = receive_text (channel);

  g_assert_cmpstr (execnet_gateway_get_id (gateway), ==, "mine");
  g_assert_cmpstr (told, ==, "/tmp|b|2");
}

/* What Vagrant says comes before the user's file, which comes before nothing. */
static void
test_config_file (Machines *self, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (ssh_server_get (self->server, "folder"), "more", NULL);
  g_autofree char *spec = g_strdup_printf ("vagrant_ssh=box//ssh_config=%s", path);

  g_assert_true (g_file_set_contents (path, "Host *\n  Port 1\n  Compression yes\n", -1, NULL));
  assert_works (self, spec);
  g_assert_true (g_file_set_contents (path, "NoSuchOption 1\n", -1, NULL));
  assert_fails (self, spec, EXECNET_ERROR_INVALID_SPEC, "nosuchoption");
}

/* A path is a path, and no line of a configuration. */
static void
test_config_name (Machines *self, gconstpointer unused)
{
  g_autofree char *taken
      = g_build_filename (ssh_server_get (self->server, "folder"), "taken", NULL);
  g_autofree char *lines = g_strdup_printf (
      "vagrant_ssh=box//ssh_config=a\"\n  ProxyCommand touch %s\nMatch exec \"true", taken);

  assert_fails (self, lines, EXECNET_ERROR_INVALID_SPEC, "ssh_config=");
  assert_fails (
      self, "vagrant_ssh=box//ssh_config=/etc/ssh/*", EXECNET_ERROR_INVALID_SPEC, "/etc/ssh/*");
  g_assert_false (g_file_test (taken, G_FILE_TEST_EXISTS));
}

static void
test_far (Machines *self, gconstpointer unused)
{
  assert_works (self, "vagrant_ssh=far");
}

static void
test_failures (Machines *self, gconstpointer unused)
{
  g_autofree char *path = g_strdup (g_getenv ("PATH"));

  assert_fails (self, "vagrant_ssh=off", EXECNET_ERROR_HOST_NOT_FOUND, "vagrant up");
  assert_fails (self, "vagrant_ssh=other", EXECNET_ERROR_HOST_NOT_FOUND, "'other'");
  assert_fails (self, "vagrant_ssh=-h", EXECNET_ERROR_INVALID_SPEC, "vagrant_ssh=-h");
  assert_fails (self,
                "vagrant_ssh=far//python=no-such-python",
                EXECNET_ERROR_NO_INTERPRETER,
                "no-such-python");
  g_setenv ("PATH", "/no/such/folder", TRUE);
  assert_fails (self, "vagrant_ssh=box", EXECNET_ERROR_FAILED, "Install Vagrant");
  g_setenv ("PATH", path, TRUE);
}

#define ADD(name, data, func)                                                                      \
  g_test_add ("/vagrant/" name, Machines, data, machines_set_up, func, machines_tear_down)

int
main (int argc, char **argv)
{
  int result;

  install_program ();
  testing_init (&argc, &argv);

  ADD ("box", NULL, test_box);
  ADD ("keys", "box", test_keys);
  ADD ("config-file", NULL, test_config_file);
  ADD ("config-file/name", NULL, test_config_name);
  ADD ("far", NULL, test_far);
  ADD ("far/keys", "far", test_keys);
  ADD ("failures", NULL, test_failures);

  result = g_test_run ();
  remove_program ();
  return result;
}
