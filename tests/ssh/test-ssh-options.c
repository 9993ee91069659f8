/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes of a target's options: alone, and asked of the OpenSSH client. */

#include "config.h"

#include "transport/execnet-ssh-options-private.h"

#include "base/execnet-error.h"

#include <glib/gstdio.h>

static ExecnetSshTarget *
target_of (const char *text, const char *config_file)
{
  g_autoptr (GError) error = NULL;
  ExecnetSshTarget *target = execnet_ssh_target_new_for_text (text, config_file, &error);

  g_assert_no_error (error);
  return target;
}

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_assert_null (*(GAsyncResult **) data);
  *(GAsyncResult **) data = g_object_ref (result);
}

/* Asks the client. */
static ExecnetSshOptions *
try_to_resolve (const char *text,
                const char *config_file,
                GCancellable *cancellable,
                GError **error)
{
  g_autoptr (ExecnetSshTarget) target = target_of (text, config_file);
  g_autoptr (GAsyncResult) result = NULL;

  execnet_ssh_options_resolve_async (target, cancellable, on_resolved, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return execnet_ssh_options_resolve_finish (result, error);
}

static ExecnetSshOptions *
resolve (const char *text, const char *config_file)
{
  g_autoptr (GError) error = NULL;
  ExecnetSshOptions *options = try_to_resolve (text, config_file, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (options);
  return options;
}

static ExecnetSshOptions *
read_alone (const char *text)
{
  g_autoptr (ExecnetSshTarget) target = target_of (text, NULL);
  g_autoptr (GError) error = NULL;
  ExecnetSshOptions *options = execnet_ssh_options_new_for_target (target, &error);

  g_assert_no_error (error);
  return options;
}

typedef ExecnetSshOptions *(*Reader) (const char *text);

static ExecnetSshOptions *
read_with_client (const char *text)
{
  return resolve (text, "none");
}

static char *
joined (GPtrArray *texts)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < texts->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "|" : "", (char *) g_ptr_array_index (texts, i));
  return g_string_free (text, FALSE);
}

#define MANY                                                                                       \
  "-4 -C -p 2222 -o ConnectTimeout=1m -o ServerAliveInterval=5 -o ServerAliveCountMax=2 "          \
  "-o HostKeyAlias=al -o 'UserKnownHostsFile=/k/one /k/two' -o GlobalKnownHostsFile=none "         \
  "-o StrictHostKeyChecking=accept-new -o HashKnownHosts=yes -o IdentitiesOnly=yes "               \
  "-o PasswordAuthentication=no -o KbdInteractiveAuthentication=no -o PubkeyAuthentication=yes "   \
  "-o BatchMode=yes -o NumberOfPasswordPrompts=2 -o PreferredAuthentications=publickey,password "  \
  "-o IdentityAgent=/agent/%r -o TCPKeepAlive=no -o ConnectionAttempts=2 "                         \
  "-o NoHostAuthenticationForLocalhost=yes -o 'ProxyCommand=nc -x \"a b\" %h %p %r %n %%' "        \
  "-o HostName=%h.example -o IdentityFile=/keys/%n/%r me@host"

/* The same, whoever reads it. */
static void
test_values (gconstpointer data)
{
  Reader reader = data;
  g_autoptr (ExecnetSshOptions) options = reader (MANY);

  g_assert_cmpstr (options->host, ==, "host");
  g_assert_cmpstr (options->host_name, ==, "host.example");
  g_assert_cmpuint (options->port, ==, 2222);
  g_assert_cmpstr (options->user, ==, "me");
  g_assert_cmpint (options->family, ==, G_SOCKET_FAMILY_IPV4);
  g_assert_cmpuint (options->connect_timeout, ==, 60);
  g_assert_cmpuint (options->connection_attempts, ==, 2);
  g_assert_false (options->tcp_keepalive);
  g_assert_cmpuint (options->server_alive_interval, ==, 5);
  g_assert_cmpuint (options->server_alive_count_max, ==, 2);
  g_assert_true (options->compression);
  g_assert_cmpstrv (options->identity_files, ((const char *[]){ "/keys/host/me", NULL }));
  g_assert_true (options->has_own_identities);
  g_assert_true (options->identities_only);
  g_assert_cmpstr (options->identity_agent, ==, "/agent/me");
  g_assert_true (options->pubkey_authentication);
  g_assert_false (options->password_authentication);
  g_assert_false (options->kbd_interactive_authentication);
  g_assert_cmpstrv (options->preferred_authentications,
                    ((const char *[]){ "publickey", "password", NULL }));
  g_assert_cmpuint (options->number_of_password_prompts, ==, 2);
  g_assert_true (options->batch_mode);
  g_assert_cmpint (options->host_key_check, ==, EXECNET_SSH_HOST_KEY_ACCEPT_NEW);
  g_assert_cmpstrv (options->user_known_hosts_files,
                    ((const char *[]){ "/k/one", "/k/two", NULL }));
  g_assert_cmpstrv (options->global_known_hosts_files, ((const char *[]){ NULL }));
  g_assert_true (options->hash_known_hosts);
  g_assert_cmpstr (options->host_key_alias, ==, "al");
  g_assert_true (options->no_host_authentication_for_localhost);
  g_assert_cmpstr (options->proxy_command, ==, "nc -x \"a b\" host.example 2222 me host %");
  g_assert_null (options->jump);
  g_assert_cmpuint (options->only_openssh->len, ==, 0);
}

static void
test_usual_values (gconstpointer data)
{
  Reader reader = data;
  g_autoptr (ExecnetSshOptions) options = reader ("host");

  g_assert_cmpstr (options->host_name, ==, "host");
  g_assert_cmpuint (options->port, ==, 22);
  g_assert_cmpstr (options->user, ==, g_get_user_name ());
  g_assert_cmpint (options->family, ==, G_SOCKET_FAMILY_INVALID);
  g_assert_cmpuint (options->connect_timeout, ==, 0);
  g_assert_false (options->compression);
  g_assert_false (options->has_own_identities);
  g_assert_cmpint (g_strv_length (options->identity_files), >=, 4);
  g_assert_true (g_path_is_absolute (options->identity_files[0]));
  g_assert_true (options->pubkey_authentication);
  g_assert_true (options->password_authentication);
  g_assert_true (options->kbd_interactive_authentication);
  g_assert_cmpuint (options->number_of_password_prompts, ==, 3);
  g_assert_cmpint (options->host_key_check, ==, EXECNET_SSH_HOST_KEY_ASK);
  g_assert_true (g_str_has_suffix (options->user_known_hosts_files[0], "/.ssh/known_hosts"));
  g_assert_cmpstr (options->global_known_hosts_files[0], ==, "/etc/ssh/ssh_known_hosts");
  g_assert_null (options->proxy_command);
  g_assert_null (options->jump);
}

static void
test_agent (gconstpointer data)
{
  Reader reader = data;
  g_autoptr (ExecnetSshOptions) usual = reader ("host");
  g_autoptr (ExecnetSshOptions) none = reader ("-o IdentityAgent=none host");
  g_autoptr (ExecnetSshOptions) named = reader ("-o 'IdentityAgent=$SOME_AGENT' host");

  g_assert_cmpstr (usual->identity_agent, ==, "/the/agent");
  g_assert_null (none->identity_agent);
  g_assert_cmpstr (named->identity_agent, ==, "/some/agent");
}

/* What the OpenSSH client alone can do is named. */
static void
test_only_openssh (gconstpointer data)
{
  Reader reader = data;
  g_autoptr (ExecnetSshOptions) options = reader (
      "-v -o CertificateFile=/c -o PKCS11Provider=/p.so -o ForwardAgent=yes -o SetEnv=A=b host");
  g_autoptr (ExecnetSshOptions) harmless
      = reader ("-o ForwardAgent=no -o PKCS11Provider=none -o VerifyHostKeyDNS=no host");
  g_autofree char *reasons = joined (options->only_openssh);

  g_assert_cmpstr (
      reasons, ==, "CertificateFile=/c|ForwardAgent=yes|PKCS11Provider=/p.so|SetEnv=A=b|-v");
  g_assert_cmpuint (harmless->only_openssh->len, ==, 0);
}

static void
test_host_key_check (gconstpointer data)
{
  const struct
  {
    const char *text;
    ExecnetSshHostKeyCheck check;
  } checks[] = {
    { "-o StrictHostKeyChecking=yes host", EXECNET_SSH_HOST_KEY_STRICT },
    { "-o StrictHostKeyChecking=no host", EXECNET_SSH_HOST_KEY_ANY },
    { "-o StrictHostKeyChecking=off host", EXECNET_SSH_HOST_KEY_ANY },
    { "-o StrictHostKeyChecking=ask host", EXECNET_SSH_HOST_KEY_ASK },
    { "-o StrictHostKeyChecking=accept-new host", EXECNET_SSH_HOST_KEY_ACCEPT_NEW },
  };
  Reader reader = data;

  for (guint i = 0; i < G_N_ELEMENTS (checks); i++)
    {
      g_autoptr (ExecnetSshOptions) options = reader (checks[i].text);

      g_assert_cmpint (options->host_key_check, ==, checks[i].check);
    }
}

static void
test_jump (gconstpointer data)
{
  Reader reader = data;
  g_autoptr (ExecnetSshOptions) options = reader ("-J first,me@second:2222 host");
  g_autoptr (ExecnetSshOptions) second = NULL;

  g_assert_cmpstr (options->jump->destination, ==, "me@second");
  second = execnet_ssh_options_new_for_target (options->jump, NULL);
  g_assert_cmpuint (second->port, ==, 2222);
  g_assert_cmpstr (second->jump->destination, ==, "first");
}

static void
test_session_key (void)
{
  const char *const differ[] = { "-p 23 host",
                                 "me@host",
                                 "-i /k host",
                                 "-J a host",
                                 "-J b host",
                                 "-C host",
                                 "other",
                                 "-o BatchMode=yes host",
                                 "-F /a -J a host",
                                 "-F /b -J a host",
                                 "-o NoHostAuthenticationForLocalhost=yes host" };
  g_autoptr (ExecnetSshOptions) options = read_alone ("host");
  g_autoptr (ExecnetSshOptions) same = read_alone ("-p 22 host");
  g_autofree char *key = execnet_ssh_options_dup_session_key (options);
  g_autofree char *same_key = execnet_ssh_options_dup_session_key (same);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  g_assert_cmpstr (key, ==, same_key);
  g_hash_table_add (seen, g_steal_pointer (&key));
  for (guint i = 0; i < G_N_ELEMENTS (differ); i++)
    {
      g_autoptr (ExecnetSshOptions) other = read_alone (differ[i]);

      g_assert_true (g_hash_table_add (seen, execnet_ssh_options_dup_session_key (other)));
    }
}

static void
test_bad_values (void)
{
  const char *const bad[] = { "-p 0 host",
                              "-p 65536 host",
                              "-p x host",
                              "-o ConnectTimeout=x host",
                              "-o ConnectTimeout=5x host",
                              "-o Compression=maybe host",
                              "-o AddressFamily=7 host",
                              "-o StrictHostKeyChecking=perhaps host",
                              "-o HostName=-x host",
                              "-o 'HostName=a;b' host",
                              "-o 'ProxyCommand=nc %z' host",
                              "-o 'ProxyCommand=nc %' host",
                              "-J -x host" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (ExecnetSshTarget) target = target_of (bad[i], NULL);
      g_autoptr (GError) error = NULL;

      g_assert_null (execnet_ssh_options_new_for_target (target, &error));
      g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
      g_assert_nonnull (strstr (error->message, bad[i]));
    }
}

/* Whatever a program called ssh prints. */
static void
test_odd_output (void)
{
  const char *const odd[] = { "",
                              "\n\n\n",
                              " \n\t\n",
                              "port",
                              "port ",
                              "port\n",
                              "port 22\nport 23\n",
                              "hostname \n",
                              "user  \t me \r\n",
                              "identityfile\nidentityfile none\n",
                              "userknownhostsfile none\n",
                              "globalknownhostsfile   \n",
                              "nonsense here\nPORT 22",
                              "identityfile ~other/key\nidentityfile ${NOT_SET_AT_ALL}/x\n",
                              "userknownhostsfile \"/a b\" /c\n",
                              "certificatefile\n",
                              "proxyjump none\nproxycommand none\n" };
  g_autoptr (ExecnetSshTarget) target = target_of ("host", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ExecnetSshOptions) options
          = execnet_ssh_options_new_for_output (target, odd[i], &error);

      if (error != NULL)
        g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
      else
        g_assert_cmpuint (options->port, ==, 22);
    }
}

/* Cut and changed anywhere, it gives options or an error. */
static void
test_damaged_output (void)
{
  const char output[] = "host a\nuser me\nhostname b\nport 2222\naddressfamily any\n"
                        "identityfile ~/.ssh/%r\nproxyjump x@y:22,z\nstricthostkeychecking ask\n"
                        "connecttimeout 5m\nuserknownhostsfile /a b /c\nidentityagent ${HOME}/a\n";
  g_autoptr (ExecnetSshTarget) target = target_of ("host", NULL);

  for (gsize i = 0; i < sizeof output - 1; i++)
    {
      for (const char *change = "\n %-\"$0z"; *change != '\0'; change++)
        {
          g_autofree char *damaged = g_strdup (output);
          g_autoptr (ExecnetSshOptions) options = NULL;
          g_autoptr (GError) error = NULL;

          damaged[i] = *change;
          options = execnet_ssh_options_new_for_output (target, damaged, &error);
          g_assert_true ((options == NULL) == (error != NULL));
          if (error != NULL)
            g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
        }
    }
}

/* The client prints names without quotes. */
static void
test_files_with_spaces (void)
{
  g_autoptr (ExecnetSshOptions) options
      = resolve ("-o 'UserKnownHostsFile=\"/a b\" /c' host", "none");

  g_assert_cmpstrv (options->user_known_hosts_files, ((const char *[]){ "/a b", "/c", NULL }));
}

/* Configuration files */

typedef struct
{
  char *folder;
  char *config;
} Files;

static void
files_set_up (Files *self, gconstpointer text)
{
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("execnet-ssh-XXXXXX", &error);
  g_assert_no_error (error);
  self->config = g_build_filename (self->folder, "config", NULL);
  g_file_set_contents (self->config, text, -1, &error);
  g_assert_no_error (error);
}

static void
files_tear_down (Files *self, gconstpointer text)
{
  g_remove (self->config);
  g_rmdir (self->folder);
  g_free (self->config);
  g_free (self->folder);
}

static void
test_file (Files *self, gconstpointer text)
{
  g_autoptr (ExecnetSshOptions) options = resolve ("-C alias", self->config);

  g_assert_cmpstr (options->host, ==, "alias");
  g_assert_cmpstr (options->host_name, ==, "real.example");
  g_assert_cmpuint (options->port, ==, 2022);
  g_assert_cmpstr (options->user, ==, "somebody");
  g_assert_true (options->compression);
  g_assert_cmpstr (options->jump->host, ==, "bastion");
  g_assert_cmpstr (options->jump->config_file, ==, self->config);
}

static void
test_broken_file (Files *self, gconstpointer text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (try_to_resolve ("host", self->config, NULL, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
  g_assert_nonnull (strstr (error->message, "nosuchoption"));
}

static void
test_missing_file (Files *self, gconstpointer text)
{
  g_autofree char *missing = g_build_filename (self->folder, "missing", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (try_to_resolve ("host", missing, NULL, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
  g_assert_nonnull (strstr (error->message, missing));
}

static gboolean
on_time_to_cancel (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

/* A configuration that asks a program which never answers. */
static void
test_cancelled (Files *self, gconstpointer text)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GSource) source = g_timeout_source_new (1);
  g_autoptr (GError) error = NULL;

  g_source_set_callback (source, on_time_to_cancel, cancellable, NULL);
  g_source_attach (source, NULL);
  g_assert_null (try_to_resolve ("host", self->config, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Without a client a configuration can't be read, and all else can. */
static void
test_without_client (Files *self, gconstpointer text)
{
  g_autofree char *path = g_strdup (g_getenv ("PATH"));
  g_autoptr (ExecnetSshOptions) options = NULL;
  g_autoptr (GError) error = NULL;

  g_setenv ("PATH", self->folder, TRUE);
  g_assert_null (try_to_resolve ("host", self->config, NULL, &error));
  options = try_to_resolve ("-p 2222 me@host", NULL, NULL, NULL);
  g_setenv ("PATH", path, TRUE);

  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
  g_assert_nonnull (strstr (error->message, self->config));
  g_assert_cmpuint (options->port, ==, 2222);
  g_assert_cmpstr (options->user, ==, "me");
}

#define ADD_FILE_TEST(path, text, func)                                                            \
  g_test_add ("/ssh-options/file/" path, Files, text, files_set_up, func, files_tear_down)

static void
add_for_both (const char *name, GTestDataFunc func)
{
  g_autofree char *alone = g_strconcat ("/ssh-options/alone/", name, NULL);
  g_autofree char *with_client = g_strconcat ("/ssh-options/with-client/", name, NULL);

  g_test_add_data_func (alone, read_alone, func);
  g_test_add_data_func (with_client, read_with_client, func);
}

int
main (int argc, char **argv)
{
  g_setenv ("SSH_AUTH_SOCK", "/the/agent", TRUE);
  g_setenv ("SOME_AGENT", "/some/agent", TRUE);
  g_test_init (&argc, &argv, NULL);

  add_for_both ("values", test_values);
  add_for_both ("usual-values", test_usual_values);
  add_for_both ("agent", test_agent);
  add_for_both ("only-openssh", test_only_openssh);
  add_for_both ("host-key-check", test_host_key_check);
  add_for_both ("jump", test_jump);
  g_test_add_func ("/ssh-options/session-key", test_session_key);
  g_test_add_func ("/ssh-options/bad-values", test_bad_values);
  g_test_add_func ("/ssh-options/odd-output", test_odd_output);
  g_test_add_func ("/ssh-options/damaged-output", test_damaged_output);
  g_test_add_func ("/ssh-options/files-with-spaces", test_files_with_spaces);
  ADD_FILE_TEST ("values",
                 "Host alias\n  HostName real.example\n  Port 2022\n  User somebody\n"
                 "  ProxyJump bastion\n  RemoteCommand top\n  ForkAfterAuthentication yes\n",
                 test_file);
  ADD_FILE_TEST ("broken", "NoSuchOption 1\n", test_broken_file);
  ADD_FILE_TEST ("missing", "", test_missing_file);
  ADD_FILE_TEST ("cancelled", "Match exec \"read line < /dev/ptmx\"\n", test_cancelled);
  ADD_FILE_TEST ("without-client", "", test_without_client);

  return g_test_run ();
}
