/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All ways to log in through ssh, and what is said when none works. */

#include "host.h"

#include <signal.h>
#include <sys/wait.h>

#define PASSPHRASE "open sesame"

#define NO_SPEC ""

static const char *const with_account[] = { "--account", "--user-key", "ed25519", NULL };
static const char *const with_ecdsa[] = { "--user-key", "ecdsa-256", NULL };
static const char *const with_ecdsa_384[] = { "--user-key", "ecdsa-384", NULL };
static const char *const with_ecdsa_521[] = { "--user-key", "ecdsa-521", NULL };
static const char *const with_passphrase[] = { "--passphrase", PASSPHRASE, NULL };
static const char *const unauthorized[] = { "--no-authorized-keys", NULL };
static const char *const two_steps[]
    = { "--account", "--config", "AuthenticationMethods publickey,password", NULL };

static void
assert_logs_in (Host *self, const char *options)
{
  g_autoptr (ExecnetGateway) gateway = NULL;

  gateway = host_make (self, options, NO_SPEC);
  assert_still_works (gateway);
}

/* Key files */

static void
test_key_file (Host *self, gconstpointer unused)
{
  assert_logs_in (self, "-4");
  assert_asked (self->answers, 0, NULL);
}

static char *
encrypted_options (Host *self)
{
  return g_strdup_printf ("-i %s -o IdentitiesOnly=yes", ssh_server_get (self->server, "identity_encrypted"));
}

/* The other key, of the configuration, must not do it instead. */
static void
use_only_encrypted (Host *self)
{
  const char *plain = ssh_server_get (self->server, "identity_ed25519");
  const char *const argv[] = { "rm", plain, NULL };

  run_program (argv);
}

static void
test_encrypted_file (Host *self, gconstpointer unused)
{
  g_autofree char *options = encrypted_options (self);

  use_only_encrypted (self);
  answers_add (self->answers, "close sesame");
  answers_add (self->answers, PASSPHRASE);
  assert_logs_in (self, options);
  assert_asked (self->answers, 2, "id_encrypted");
}

static void
test_encrypted_file_wrong (Host *self, gconstpointer unused)
{
  g_autofree char *options = encrypted_options (self);

  use_only_encrypted (self);
  for (guint i = 0; i < 3; i++)
    answers_add (self->answers, "close sesame");
  assert_error_says (host_fail (self, options, NO_SPEC),
                     EXECNET_ERROR,
                     EXECNET_ERROR_AUTHENTICATION_FAILED,
                     "id_encrypted");
  assert_asked (self->answers, 3, "id_encrypted");
}

/* Who does not want to answer is asked nothing else. */
static void
test_encrypted_file_refused (Host *self, gconstpointer unused)
{
  g_autofree char *options = encrypted_options (self);

  use_only_encrypted (self);
  assert_error_says (host_fail (self, options, NO_SPEC),
                     EXECNET_ERROR,
                     EXECNET_ERROR_AUTHENTICATION_FAILED,
                     "test");
  assert_asked (self->answers, 1, "id_encrypted");
}

static void
test_encrypted_file_nobody (Host *self, gconstpointer unused)
{
  g_autofree char *options = encrypted_options (self);

  use_only_encrypted (self);
  execnet_group_set_mount_operation (self->group, NULL);
  assert_error_says (host_fail (self, options, NO_SPEC),
                     EXECNET_ERROR,
                     EXECNET_ERROR_NEEDS_INTERACTION,
                     "id_encrypted");
}

/* A key that the host would not take is no reason to ask. */
static void
test_encrypted_file_not_wanted (Host *self, gconstpointer unused)
{
  g_autofree char *options = encrypted_options (self);
  g_autofree char *keys
      = g_build_filename (ssh_server_get (self->server, "folder"), "authorized_keys", NULL);
  g_autoptr (GError) error = NULL;

  use_only_encrypted (self);
  g_file_set_contents (keys, "", 0, &error);
  g_assert_no_error (error);
  assert_error_says (host_fail (self, options, NO_SPEC),
                     EXECNET_ERROR,
                     EXECNET_ERROR_AUTHENTICATION_FAILED,
                     "id_encrypted");
  assert_asked (self->answers, 0, NULL);
}

static void
test_wrong_key (Host *self, gconstpointer unused)
{
  assert_error_says (host_fail (self, "-4", NO_SPEC),
                     EXECNET_ERROR,
                     EXECNET_ERROR_AUTHENTICATION_FAILED,
                     "id_ed25519");
}

/* The agent */

typedef struct
{
  GPid pid;
  char *path;
} Agent;

static Agent *
agent_start (Host *self, const char *add_option)
{
  Agent *agent = g_new0 (Agent, 1);
  const char *folder = ssh_server_get (self->server, "folder");
  const char *key = ssh_server_get (self->server, "identity_ed25519");
  g_autoptr (GError) error = NULL;
  g_autofree char *setting = NULL;

  agent->path = g_build_filename (folder, "agent", NULL);
  {
    const char *const argv[] = { "ssh-agent", "-D", "-a", agent->path, NULL };

    g_spawn_async (NULL,
                   (char **) argv,
                   NULL,
                   G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL,
                   NULL,
                   NULL,
                   &agent->pid,
                   &error);
    g_assert_no_error (error);
  }
  YIELD_UNTIL (g_file_test (agent->path, G_FILE_TEST_EXISTS));
  setting = g_strdup_printf ("SSH_AUTH_SOCK=%s", agent->path);
  {
    const char *const argv[] = { "env", setting, "ssh-add", add_option, key, NULL };

    run_program (argv);
  }
  /* From now on only the agent has it. */
  {
    const char *const argv[] = { "rm", key, NULL };

    run_program (argv);
  }
  return agent;
}

static void
agent_stop (Agent *agent)
{
  int status;

  kill (agent->pid, SIGTERM);
  g_assert_cmpint (waitpid (agent->pid, &status, 0), ==, agent->pid);
  g_free (agent->path);
  g_free (agent);
}

static char *
agent_options (Agent *agent)
{
  return g_strdup_printf ("-o IdentityAgent=%s -o IdentitiesOnly=no", agent->path);
}

static void
test_agent (Host *self, gconstpointer unused)
{
  Agent *agent = agent_start (self, "-q");
  g_autofree char *options = agent_options (agent);

  assert_logs_in (self, options);
  agent_stop (agent);
}

/* It wants to ask somebody each time, and has nobody to ask. */
static void
test_agent_refuses (Host *self, gconstpointer unused)
{
  Agent *agent = agent_start (self, "-c");
  g_autofree char *options = agent_options (agent);

  assert_error_says (host_fail (self, options, NO_SPEC),
                     EXECNET_ERROR,
                     EXECNET_ERROR_AUTHENTICATION_FAILED,
                     "refused to sign");
  agent_stop (agent);
}

/* Passwords */

static void
test_password (Host *self, gconstpointer unused)
{
  if (self->server == NULL)
    return;
  answers_add (self->answers, "wrong");
  answers_add (self->answers, ssh_server_get (self->server, "password"));
  assert_logs_in (self, "-o PreferredAuthentications=password");
  assert_asked (self->answers, 2, ssh_server_get (self->server, "user"));
}

static void
test_wrong_password (Host *self, gconstpointer unused)
{
  if (self->server == NULL)
    return;
  for (guint i = 0; i < 3; i++)
    answers_add (self->answers, "wrong");
  assert_error_says (host_fail (self, "-o PreferredAuthentications=password", NO_SPEC),
                     EXECNET_ERROR,
                     EXECNET_ERROR_AUTHENTICATION_FAILED,
                     ssh_server_get (self->server, "user"));
  assert_asked (self->answers, 3, "test");
}

static void
test_keyboard (Host *self, gconstpointer unused)
{
  if (self->server == NULL)
    return;
  answers_add (self->answers, "wrong");
  answers_add (self->answers, ssh_server_get (self->server, "password"));
  assert_logs_in (self, "-o PreferredAuthentications=keyboard-interactive");
  assert_asked (self->answers, 2, "Password");
}

static void
test_keyboard_refused (Host *self, gconstpointer unused)
{
  if (self->server == NULL)
    return;
  assert_error_says (
      host_fail (self, "-o PreferredAuthentications=keyboard-interactive", NO_SPEC),
      EXECNET_ERROR,
      EXECNET_ERROR_AUTHENTICATION_FAILED,
      "test");
  assert_asked (self->answers, 1, "Password");
}

static void
test_keyboard_nobody (Host *self, gconstpointer unused)
{
  if (self->server == NULL)
    return;
  execnet_group_set_mount_operation (self->group, NULL);
  assert_error_says (
      host_fail (self, "-o PreferredAuthentications=keyboard-interactive", NO_SPEC),
      EXECNET_ERROR,
      EXECNET_ERROR_NEEDS_INTERACTION,
      "Password");
}

static void
test_two_steps (Host *self, gconstpointer unused)
{
  if (self->server == NULL)
    return;
  answers_add (self->answers, ssh_server_get (self->server, "password"));
  assert_logs_in (self, "-4");
  assert_asked (self->answers, 1, "test");
}

/* Who is asked takes his time, and the host does not wait so long. */

static const char *const impatient[] = { "--account", "--config", "LoginGraceTime 1", NULL };

static void
on_aborted (GMountOperation *person, gpointer n_aborted)
{
  ++*(guint *) n_aborted;
}

static void
never_answer (GMountOperation *person)
{
}

static void
assert_withdrawn (Host *self, const char *options)
{
  g_autoptr (GMountOperation) person = g_mount_operation_new ();
  g_autofree char *spec = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;
  guint n_aborted = 0;

  if (self->server == NULL)
    return;
  spec = host_dup_spec (self, options, NO_SPEC);
  g_signal_connect (person, "ask-password", G_CALLBACK (never_answer), NULL);
  g_signal_connect (person, "aborted", G_CALLBACK (on_aborted), &n_aborted);
  execnet_group_set_mount_operation (self->group, person);
  execnet_group_make_gateway_async (self->group, spec, NULL, keep_result, &result);
  wait_for_result (&result);
  g_assert_null (execnet_group_make_gateway_finish (self->group, result, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_DIED, "test");
  while (n_aborted == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (n_aborted, ==, 1);
  execnet_group_set_mount_operation (self->group, G_MOUNT_OPERATION (self->answers));
}

static void
test_password_late (Host *self, gconstpointer unused)
{
  assert_withdrawn (self, "-o PreferredAuthentications=password");
}

static void
test_keyboard_late (Host *self, gconstpointer unused)
{
  assert_withdrawn (self, "-o PreferredAuthentications=keyboard-interactive");
}

/* Five at once ask for one password: that of the session that they share. */
static void
test_shared_question (Host *self, gconstpointer unused)
{
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) gateways = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  ExecnetXSpec *specs[5];

  if (self->server == NULL)
    return;
  answers_add (self->answers, ssh_server_get (self->server, "password"));
  text = host_dup_spec (self, "-o PreferredAuthentications=password", NO_SPEC);
  for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
    specs[i] = execnet_xspec_new (text, NULL);
  execnet_group_make_gateways_async (
      self->group, specs, G_N_ELEMENTS (specs), 0, NULL, NULL, NULL, NULL, keep_result, &result);
  wait_for_result (&result);
  gateways = execnet_group_make_gateways_finish (self->group, result, &error);
  g_assert_no_error (error);
  assert_asked (self->answers, 1, "test");
  g_assert_cmpuint (ssh_server_count_connections (self->server), ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
    g_object_unref (specs[i]);
}

/* The time of both stands still while one question is asked: that of the host in between, for the
 * session to the other that they share. */

static gboolean
on_time (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
answer_late (GMountOperation *person,
             const char *message,
             const char *user,
             const char *domain,
             GAskPasswordFlags flags,
             Host *self)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  /* Longer than the time-out. */
  g_timeout_add (6000, on_time, loop);
  g_main_loop_run (loop);
  g_mount_operation_set_password (person, ssh_server_get (self->server, "password"));
  g_mount_operation_reply (person, G_MOUNT_OPERATION_HANDLED);
}

static void
test_shared_jump (Host *self, gconstpointer unused)
{
  g_autoptr (GMountOperation) person = g_mount_operation_new ();
  g_autoptr (SshServer) beyond = NULL;
  GAsyncResult *results[2] = { NULL, NULL };
  g_autofree char *spec = NULL;
  g_autofree char *config = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (self->server == NULL)
    return;
  beyond = ssh_server_start (NULL);
  config = g_build_filename (ssh_server_get (self->server, "folder"), "jump_config", NULL);
  text = g_strdup_printf ("Include %s\nHost beyond\nHostName 127.0.0.1\nPort %s\nUser %s\n"
                          "ProxyJump test\nUserKnownHostsFile %s\nIdentityFile %s\n"
                          "IdentitiesOnly yes\nHost test\nPreferredAuthentications password\n",
                          ssh_server_get (self->server, "ssh_config"),
                          ssh_server_get (beyond, "port"),
                          ssh_server_get (beyond, "user"),
                          ssh_server_get (beyond, "known_hosts"),
                          ssh_server_get (beyond, "identity_ed25519"));
  g_file_set_contents (config, text, -1, &error);
  g_assert_no_error (error);
  g_signal_connect (person, "ask-password", G_CALLBACK (answer_late), self);
  execnet_group_set_mount_operation (self->group, person);
  spec = g_strdup_printf ("ssh=-F %s beyond//timeout=5", config);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    execnet_group_make_gateway_async (self->group, spec, NULL, keep_result, &results[i]);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr (ExecnetGateway) gateway = NULL;

      wait_for_result (&results[i]);
      gateway = execnet_group_make_gateway_finish (self->group, results[i], &error);
      g_object_unref (results[i]);
      g_assert_no_error (error);
      assert_still_works (gateway);
    }
  g_assert_cmpuint (ssh_server_count_connections (beyond), ==, 1);
  execnet_group_terminate (self->group, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  execnet_group_set_mount_operation (self->group, G_MOUNT_OPERATION (self->answers));
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  ADD_HOST_TEST ("/ssh/login/ed25519", NULL, test_key_file);
  ADD_HOST_TEST ("/ssh/login/ecdsa-256", with_ecdsa, test_key_file);
  ADD_HOST_TEST ("/ssh/login/ecdsa-384", with_ecdsa_384, test_key_file);
  ADD_HOST_TEST ("/ssh/login/ecdsa-521", with_ecdsa_521, test_key_file);
  ADD_HOST_TEST ("/ssh/login/encrypted-file", with_passphrase, test_encrypted_file);
  ADD_HOST_TEST ("/ssh/login/encrypted-file/wrong", with_passphrase, test_encrypted_file_wrong);
  ADD_HOST_TEST ("/ssh/login/encrypted-file/refused", with_passphrase, test_encrypted_file_refused);
  ADD_HOST_TEST ("/ssh/login/encrypted-file/nobody", with_passphrase, test_encrypted_file_nobody);
  ADD_HOST_TEST (
      "/ssh/login/encrypted-file/not-wanted", with_passphrase, test_encrypted_file_not_wanted);
  ADD_HOST_TEST ("/ssh/login/wrong-key", unauthorized, test_wrong_key);
  ADD_HOST_TEST ("/ssh/login/agent", NULL, test_agent);
  ADD_HOST_TEST ("/ssh/login/agent/refuses", NULL, test_agent_refuses);
  ADD_HOST_TEST ("/ssh/login/password", with_account, test_password);
  ADD_HOST_TEST ("/ssh/login/password/wrong", with_account, test_wrong_password);
  ADD_HOST_TEST ("/ssh/login/keyboard", with_account, test_keyboard);
  ADD_HOST_TEST ("/ssh/login/keyboard/refused", with_account, test_keyboard_refused);
  ADD_HOST_TEST ("/ssh/login/keyboard/nobody", with_account, test_keyboard_nobody);
  ADD_HOST_TEST ("/ssh/login/password/late", impatient, test_password_late);
  ADD_HOST_TEST ("/ssh/login/keyboard/late", impatient, test_keyboard_late);
  ADD_HOST_TEST ("/ssh/login/two-steps", two_steps, test_two_steps);
  ADD_HOST_TEST ("/ssh/login/shared-question", with_account, test_shared_question);
  ADD_HOST_TEST ("/ssh/login/shared-question/jump", with_account, test_shared_jump);
  return g_test_run ();
}
