/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gateways that another one reaches through its own ssh client. */

#include "../ssh/host.h"

#include <glib/gstdio.h>

static ExecnetGateway *
make_master (Host *self)
{
  return make_gateway (self->group, "popen//id=master");
}

static void
test_talks (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) master = make_master (self);
  g_autoptr (ExecnetGateway) gateway
      = host_make (self, "-4", "//via=master//id=far//env:A=b 'c'//nice=2");
  g_autoptr (ExecnetChannel) channel = run_code (
      gateway,
      "import os\nchannel.send('%s %s' % (os.environ['A'], os.getcwd() == os.path.expanduser('~')))");
  g_autofree char *text = receive_text (channel);

  g_assert_cmpstr (text, ==, "b 'c' True");
  g_assert_cmpint (remote_pid (gateway), !=, remote_pid (master));
}

/* From there on to a third. */
static void
test_chain (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) master = make_master (self);
  g_autoptr (ExecnetGateway) gateway = host_make (self, "", "//via=master//id=far");
  g_autoptr (ExecnetGateway) third = make_gateway (self->group, "popen//via=far");
  g_autoptr (ExecnetGateway) fourth = host_make (self, "", "//via=gw0");

  assert_still_works (third);
  assert_still_works (fourth);
}

/* Its key is not the one that the server knows. */
static void
test_wrong_key (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) master = make_master (self);

  assert_error_says (host_fail (self,
                                "-o PubkeyAuthentication=no -o BatchMode=yes",
                                "//via=master"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_AUTHENTICATION_FAILED,
                     "Permission denied");
  assert_error_says (host_fail (self, "-o UserKnownHostsFile=/dev/null", "//via=master"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_HOST_KEY_UNKNOWN,
                     "Host key verification failed");
}

static void
test_no_interpreter (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) master = make_master (self);

  assert_error_says (host_fail (self, "", "//via=master//python=/no/such/python"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_NO_INTERPRETER,
                     "/no/such/python");
  assert_still_works (master);
}

static void
test_no_host (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) master = make_master (self);
  g_autoptr (GError) error = NULL;

  g_assert_null (execnet_group_make_gateway (
      self->group, "ssh=-o ProxyCommand=none no.such.host.invalid//via=master", NULL, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_HOST_NOT_FOUND);
}

/* The client there and what it started go along. */
static void
test_kill (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) master = make_master (self);
  g_autoptr (ExecnetGateway) gateway = host_make (self, "", "//via=master");
  pid_t pid = remote_pid (gateway);

  execnet_gateway_kill (gateway);
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  wait_until_gone (pid);
  assert_still_works (master);
}

static void
test_cut (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) master = make_master (self);
  g_autoptr (ExecnetGateway) gateway = host_make (self, "", "//via=master");

  ssh_server_do (self->server, "cut");
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  assert_error_says (
      execnet_gateway_dup_error (gateway), EXECNET_ERROR, EXECNET_ERROR_DIED, "");
  assert_still_works (master);
}

/* The program `vagrant` there leads to the server. */
static void
test_vagrant (Host *self, gconstpointer unused)
{
  g_autofree char *program = g_build_filename (ssh_server_get (self->server, "folder"), "vagrant", NULL);
  g_autofree char *text
      = g_strdup_printf ("#!/bin/sh\n[ \"$1 $2 $3 $4\" = 'ssh box -- -T' ] || exit 9\n"
                         "exec ssh -F '%s' -T test \"$5\"\n",
                         ssh_server_get (self->server, "ssh_config"));
  g_autofree char *spec = g_strdup_printf ("popen//id=master//env:PATH=%s:%s",
                                           ssh_server_get (self->server, "folder"),
                                           g_getenv ("PATH"));
  g_autoptr (ExecnetGateway) master = make_gateway (self->group, spec);
  g_autoptr (ExecnetGateway) gateway = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents_full (program, text, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
  gateway = make_gateway (self->group, "vagrant_ssh=box//via=master");
  assert_still_works (gateway);
  g_assert_null (execnet_group_make_gateway (self->group, "vagrant_ssh=-x//via=master", NULL, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
  g_assert_cmpint (g_remove (program), ==, 0);
}

static const char *const with_account[] = { "--account", NULL };

/* What the client there asks, is asked here. */
static void
test_password (Host *self, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) master = NULL;
  g_autoptr (ExecnetGateway) gateway = NULL;

  if (self->server == NULL)
    return;
  master = make_master (self);
  answers_add (self->answers, "not the password");
  answers_add (self->answers, ssh_server_get (self->server, "password"));
  gateway = host_make (self, "-o PreferredAuthentications=password", "//via=master");
  assert_asked (self->answers, 2, "");
  assert_still_works (gateway);
}

static void
test_host_key (Host *self, gconstpointer unused)
{
  const char *options = "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=ask";
  g_autoptr (ExecnetGateway) master = make_master (self);
  g_autoptr (ExecnetGateway) gateway = NULL;

  answers_add (self->answers, "0");
  gateway = host_make (self, options, "//via=master");
  assert_asked (self->answers, 1, "");
  assert_still_works (gateway);
  assert_error_says (host_fail (self, options, "//via=master"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_HOST_KEY_UNKNOWN,
                     "was not accepted");
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  ADD_HOST_TEST ("/via/ssh/talks", NULL, test_talks);
  ADD_HOST_TEST ("/via/ssh/chain", NULL, test_chain);
  ADD_HOST_TEST ("/via/ssh/wrong-key", NULL, test_wrong_key);
  ADD_HOST_TEST ("/via/ssh/no-interpreter", NULL, test_no_interpreter);
  ADD_HOST_TEST ("/via/ssh/no-host", NULL, test_no_host);
  ADD_HOST_TEST ("/via/ssh/kill", NULL, test_kill);
  ADD_HOST_TEST ("/via/ssh/cut", NULL, test_cut);
  ADD_HOST_TEST ("/via/ssh/vagrant", NULL, test_vagrant);
  ADD_HOST_TEST ("/via/ssh/password", with_account, test_password);
  ADD_HOST_TEST ("/via/ssh/host-key", NULL, test_host_key);
  return g_test_run ();
}
