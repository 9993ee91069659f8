/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What `ssh=` says, word by word. */

#include "config.h"

#include "transport/execnet-ssh-target-private.h"

#include "base/execnet-error.h"

static ExecnetSshTarget *
target_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  ExecnetSshTarget *target = execnet_ssh_target_new_for_text (text, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (target);
  return target;
}

static char *
join (GPtrArray *texts)
{
  GString *joined = g_string_new (NULL);

  for (guint i = 0; i < texts->len; i++)
    g_string_append_printf (
        joined, "%s%s", i > 0 ? "|" : "", (char *) g_ptr_array_index (texts, i));
  return g_string_free (joined, FALSE);
}

static void
test_forms (void)
{
  const struct
  {
    const char *text;
    const char *host;
    const char *user;
    const char *options;
    const char *arguments;
  } forms[] = {
    { "example", "example", NULL, "", "" },
    { "me@example", "example", "me", "User=me", "" },
    { "me@home@example", "example", "me@home", "User=me@home", "" },
    { "-p 2222 example", "example", NULL, "Port=2222", "-p|2222" },
    { "-p2222 example", "example", NULL, "Port=2222", "-p|2222" },
    { "example -p 2222", "example", NULL, "Port=2222", "-p|2222" },
    { "-l me example", "example", "me", "User=me", "-l|me" },
    { "-l me you@example", "example", "me", "User=me", "-l|me" },
    { "-i '/a b/key' -i k2 example",
      "example",
      NULL,
      "IdentityFile=/a b/key|IdentityFile=k2",
      "-i|/a b/key|-i|k2" },
    { "-4C example", "example", NULL, "AddressFamily=inet|Compression=yes", "-4|-C" },
    { "-6 example", "example", NULL, "AddressFamily=inet6", "-6" },
    { "-4p 23 example", "example", NULL, "AddressFamily=inet|Port=23", "-4|-p|23" },
    { "-J a,b@c:22 example", "example", NULL, "ProxyJump=a,b@c:22", "-J|a,b@c:22" },
    { "-o Port=23 example", "example", NULL, "Port=23", "-o|Port=23" },
    { "-oPort=23 example", "example", NULL, "Port=23", "-o|Port=23" },
    { "-o 'Port 23' example", "example", NULL, "Port=23", "-o|Port 23" },
    { "-o 'Port = 23' example", "example", NULL, "Port=23", "-o|Port = 23" },
    { "-o user=me example", "example", "me", "User=me", "-o|user=me" },
    { "-o 'ProxyCommand=nc -X \"a b\" %h %p' example",
      "example",
      NULL,
      "ProxyCommand=nc -X \"a b\" %h %p",
      "-o|ProxyCommand=nc -X \"a b\" %h %p" },
    { "-T -q example", "example", NULL, "", "-T|-q" },
    { "-p 23 -- example", "example", NULL, "Port=23", "-p|23" },
    { "::1", "::1", NULL, "", "" },
    { "fe80::1%eth0", "fe80::1%eth0", NULL, "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autoptr (ExecnetSshTarget) target = target_of (forms[i].text);
      g_autofree char *options = join (target->options);
      g_autofree char *arguments = g_strjoinv ("|", target->arguments);

      g_assert_cmpstr (target->text, ==, forms[i].text);
      g_assert_cmpstr (target->host, ==, forms[i].host);
      g_assert_cmpstr (target->user, ==, forms[i].user);
      g_assert_cmpstr (options, ==, forms[i].options);
      g_assert_cmpstr (arguments, ==, forms[i].arguments);
      g_assert_cmpuint (target->only_there->len, ==, 0);
    }
}

static void
test_config_file (void)
{
  g_autofree char *in_home = g_build_filename (g_get_home_dir (), "cfg", NULL);
  g_autoptr (ExecnetXSpec) spec = execnet_xspec_new ("ssh=host//ssh_config=~/cfg", NULL);
  g_autoptr (ExecnetSshTarget) by_key = execnet_ssh_target_new (spec, NULL);
  g_autoptr (ExecnetSshTarget) by_option
      = execnet_ssh_target_new_for_text ("-F other host", "~/cfg", NULL);

  g_assert_cmpstr (by_key->config_file, ==, in_home);
  g_assert_cmpstr (by_option->config_file, ==, "other");
  g_assert_cmpint (g_strv_length (by_option->arguments), ==, 0);
}

/* What only the OpenSSH client can serve is kept, and remembered. */
static void
test_only_there (void)
{
  g_autoptr (ExecnetSshTarget) target = target_of ("-A -L 80:a:80 -vv -I/lib/p.so host");
  g_autofree char *only_there = join (target->only_there);
  g_autofree char *arguments = g_strjoinv ("|", target->arguments);

  g_assert_cmpstr (only_there, ==, "-A|-L 80:a:80|-v|-v|-I /lib/p.so");
  g_assert_cmpstr (arguments, ==, "-A|-L|80:a:80|-v|-v|-I|/lib/p.so");
}

static void
test_refused (void)
{
  const char *const refused[][2] = {
    { "-p 22", "names no host" },
    { "''", "name of the host is missing" },
    { "me@", "name of the host is missing" },
    { "@host", "user before" },
    { "-- -oProxyCommand=touch", "never begins with" },
    { "me@-host", "never begins with" },
    { "-- -me@host", "never begins with" },
    { "-l -me host", "never begins with" },
    { "-", "never begins with" },
    { "'host;reboot'", "a shell treats specially" },
    { "'$(reboot)'", "a shell treats specially" },
    { "'a b'", "a shell treats specially" },
    { "'`reboot`@host'", "a shell treats specially" },
    { "-o 'User=a;b' host", "a shell treats specially" },
    { "'host\nother'", "a shell treats specially" },
    { "host other", "only one host" },
    { "host sudo -u me", "only one host" },
    { "ssh://host:22", "another form" },
    { "-N host", "-N" },
    { "-4tt host", "-t" },
    { "-W a:22 host", "-W" },
    { "-Z host", "-Z" },
    { "--port host", "--port" },
    { "host -p", "needs a value" },
    { "-o Port host", "KEY=VALUE" },
    { "-o =3 host", "KEY=VALUE" },
    { "'host", "split into words" },
    { "   ", "split into words" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (execnet_ssh_target_new_for_text (refused[i][0], NULL, &error));
      g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
      g_assert_nonnull (strstr (error->message, refused[i][1]));
      g_assert_nonnull (strstr (error->message, refused[i][0]));
    }
}

static void
test_jumps (void)
{
  const struct
  {
    const char *jumps;
    const char *destination;
    const char *arguments;
  } lists[] = {
    { "a", "a", "" },
    { "me@a:2222", "me@a", "-p|2222" },
    { "a,b,me@c:23", "me@c", "-J|a,b|-p|23" },
    { "[::1]:23", "::1", "-p|23" },
    { "me@[::1]", "me@::1", "" },
  };
  g_autoptr (ExecnetSshTarget) from = execnet_ssh_target_new_for_text ("-p 99 host", "cfg", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autoptr (ExecnetSshTarget) jump
          = execnet_ssh_target_new_for_jumps (from, lists[i].jumps, NULL);
      g_autofree char *arguments = g_strjoinv ("|", jump->arguments);

      g_assert_cmpstr (jump->destination, ==, lists[i].destination);
      g_assert_cmpstr (arguments, ==, lists[i].arguments);
      g_assert_cmpstr (jump->config_file, ==, "cfg");
      g_assert_cmpuint (jump->depth, ==, 1);
    }
}

static void
test_jumps_refused (void)
{
  const char *const refused[] = { "", "a,", "-oX=y", "a:0", "a:99999", "a:x", "a;b", "me@" };
  g_autoptr (ExecnetSshTarget) from = target_of ("host");

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (execnet_ssh_target_new_for_jumps (from, refused[i], &error));
      g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
      g_assert_nonnull (strstr (error->message, "jump list"));
    }
}

/* A circle in a configuration ends. */
static void
test_jumps_in_a_circle (void)
{
  g_autoptr (ExecnetSshTarget) target = target_of ("host");
  g_autoptr (GError) error = NULL;
  guint n = 0;

  while (error == NULL)
    {
      ExecnetSshTarget *next = execnet_ssh_target_new_for_jumps (target, "host", &error);

      g_assert_cmpuint (n++, <, 100);
      if (next == NULL)
        break;
      execnet_ssh_target_unref (target);
      target = next;
    }
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
  g_assert_nonnull (strstr (error->message, "circle"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/ssh-target/forms", test_forms);
  g_test_add_func ("/ssh-target/config-file", test_config_file);
  g_test_add_func ("/ssh-target/only-there", test_only_there);
  g_test_add_func ("/ssh-target/refused", test_refused);
  g_test_add_func ("/ssh-target/jumps", test_jumps);
  g_test_add_func ("/ssh-target/jumps/refused", test_jumps_refused);
  g_test_add_func ("/ssh-target/jumps/in-a-circle", test_jumps_in_a_circle);

  return g_test_run ();
}
