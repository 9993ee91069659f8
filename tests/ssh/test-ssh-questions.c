/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What ssh asks while a gateway starts, and what comes of the answers. The argument says who makes
 * the connection: what `ssh_client=` takes. */

#include "config.h"

#include "../objects/testing.h"
#include "ssh-server.h"

#include <glib/gstdio.h>
#include <string.h>

#define PASSPHRASE "open sesame"

static const char *client;

/* A server that asks, and a group with somebody who answers. */
typedef struct
{
  Belongings before;
  SshServer *server; /* NULL where this machine can't have one; the test is skipped then */
  ExecnetGroup *group;
  GMountOperation *person;

  /* What is answered: each password once, then the person gives up. */
  const char *passwords[4];
  guint n_passwords;
  int choice;
  GPtrArray *messages; /* of char * */
} Asked;

static void
on_ask_password (GMountOperation *person,
                 const char *message,
                 const char *user,
                 const char *domain,
                 GAskPasswordFlags flags,
                 gpointer data)
{
  Asked *self = data;
  const char *password = self->n_passwords < G_N_ELEMENTS (self->passwords)
                             ? self->passwords[self->n_passwords]
                             : NULL;

  g_ptr_array_add (self->messages, g_strdup (message));
  self->n_passwords++;
  g_mount_operation_set_password (person, password);
  g_mount_operation_reply (
      person, password != NULL ? G_MOUNT_OPERATION_HANDLED : G_MOUNT_OPERATION_ABORTED);
}

static void
on_ask_question (GMountOperation *person, const char *message, char **choices, gpointer data)
{
  Asked *self = data;

  g_ptr_array_add (self->messages, g_strdup (message));
  g_mount_operation_set_choice (person, self->choice);
  g_mount_operation_reply (person, G_MOUNT_OPERATION_HANDLED);
}

static void
add_person (Asked *self)
{
  self->person = g_mount_operation_new ();
  g_signal_connect (self->person, "ask-password", G_CALLBACK (on_ask_password), self);
  g_signal_connect (self->person, "ask-question", G_CALLBACK (on_ask_question), self);
  g_object_set (self->group, "mount-operation", self->person, NULL);
}

static void
asked_set_up (Asked *self, gconstpointer arguments)
{
  self->before = count_belongings ();
  self->server = ssh_server_start (arguments);
  self->group = execnet_group_new ();
  self->messages = g_ptr_array_new_with_free_func (g_free);
}

static void
asked_tear_down (Asked *self, gconstpointer arguments)
{
  g_autoptr (GError) error = NULL;

  execnet_group_terminate (self->group, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  iterate_ready ();
  g_assert_finalize_object (self->group);
  g_clear_object (&self->person);
  if (self->server != NULL)
    ssh_server_stop (self->server);
  g_ptr_array_unref (self->messages);
  assert_nothing_left (&self->before);
}

static char *
make_spec (Asked *self, const char *options)
{
  return g_strdup_printf ("ssh=%s test//ssh_config=%s//ssh_client=%s",
                          options,
                          ssh_server_get (self->server, "ssh_config"),
                          client);
}

static void
assert_gets_in (Asked *self, const char *options)
{
  g_autofree char *spec = make_spec (self, options);
  g_autoptr (ExecnetGateway) gateway = make_gateway (self->group, spec);

  assert_still_works (gateway);
}

static void
assert_stays_out (Asked *self, const char *options, int code, const char *part)
{
  g_autofree char *spec = make_spec (self, options);
  GError *error = NULL;

  g_assert_null (execnet_group_make_gateway (self->group, spec, NULL, &error));
  assert_error_says (error, EXECNET_ERROR, code, part);
}

static void
assert_asked (Asked *self, guint n, const char *part)
{
  g_assert_cmpuint (self->messages->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_nonnull (strstr (g_ptr_array_index (self->messages, i), part));
}

/* Who logs in */

#define PASSWORD "-o PreferredAuthentications=password"
#define KEYBOARD "-o PreferredAuthentications=keyboard-interactive"

static const char *const with_account[] = { "--account", NULL };

static void
test_password (Asked *self, gconstpointer arguments)
{
  if (self->server == NULL)
    return;
  add_person (self);
  self->passwords[0] = ssh_server_get (self->server, "password");
  assert_gets_in (self, PASSWORD);
  assert_asked (self, 1, "test");
}

static void
test_password_at_second_try (Asked *self, gconstpointer arguments)
{
  if (self->server == NULL)
    return;
  add_person (self);
  self->passwords[0] = "wrong";
  self->passwords[1] = ssh_server_get (self->server, "password");
  assert_gets_in (self, PASSWORD);
  assert_asked (self, 2, "test");
  g_assert_cmpstr (
      g_ptr_array_index (self->messages, 0), !=, g_ptr_array_index (self->messages, 1));
}

static void
test_wrong_passwords (Asked *self, gconstpointer arguments)
{
  if (self->server == NULL)
    return;
  add_person (self);
  self->passwords[0] = self->passwords[1] = self->passwords[2] = "wrong";
  assert_stays_out (self, PASSWORD, EXECNET_ERROR_AUTHENTICATION_FAILED, "test");
  assert_asked (self, 3, "test");
}

static void
test_keyboard (Asked *self, gconstpointer arguments)
{
  if (self->server == NULL)
    return;
  add_person (self);
  self->passwords[0] = ssh_server_get (self->server, "password");
  assert_gets_in (self, KEYBOARD);
  assert_asked (self, 1, "Password:");
}

/* A person who closes the dialog is not asked for anything more. */
static void
test_unwilling (Asked *self, gconstpointer arguments)
{
  if (self->server == NULL)
    return;
  add_person (self);
  assert_stays_out (self, PASSWORD, EXECNET_ERROR_AUTHENTICATION_FAILED, "test");
  assert_asked (self, 1, "test");
}

static void
test_nobody (Asked *self, gconstpointer arguments)
{
  if (self->server == NULL)
    return;
  assert_stays_out (self, PASSWORD, EXECNET_ERROR_NEEDS_INTERACTION, "password");
  assert_stays_out (self, KEYBOARD, EXECNET_ERROR_NEEDS_INTERACTION, "Password:");
}

static void
test_batch_mode (Asked *self, gconstpointer arguments)
{
  g_autofree char *spec = NULL;
  g_autoptr (GError) error = NULL;

  if (self->server == NULL)
    return;
  add_person (self);
  spec = make_spec (self, "-o PubkeyAuthentication=no -o BatchMode=yes");
  g_assert_null (execnet_group_make_gateway (self->group, spec, NULL, &error));
  if (!g_error_matches (error, EXECNET_ERROR, EXECNET_ERROR_NEEDS_INTERACTION))
    g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_AUTHENTICATION_FAILED);
  assert_asked (self, 0, "");
}

/* Keys */

static const char *const with_passphrase[] = { "--passphrase", PASSPHRASE, NULL };

/* Without the keys of the configuration. */
static char *
name_key (Asked *self)
{
  return g_strdup_printf ("-F none -o UserKnownHostsFile=%s -p %s -o IdentitiesOnly=yes "
                          "-o HostName=%s -o PreferredAuthentications=publickey -i %s",
                          ssh_server_get (self->server, "known_hosts"),
                          ssh_server_get (self->server, "port"),
                          ssh_server_get (self->server, "address"),
                          ssh_server_get (self->server, "identity_encrypted"));
}

static void
test_passphrase (Asked *self, gconstpointer arguments)
{
  g_autofree char *options = name_key (self);

  add_person (self);
  self->passwords[0] = "wrong";
  self->passwords[1] = PASSPHRASE;
  assert_gets_in (self, options);
  assert_asked (self, 2, "id_encrypted");
}

static void
test_passphrase_of_nobody (Asked *self, gconstpointer arguments)
{
  g_autofree char *options = name_key (self);

  assert_stays_out (self, options, EXECNET_ERROR_NEEDS_INTERACTION, "id_encrypted");
}

/* The host's key */

static char *
forget_host (Asked *self)
{
  return g_strdup_printf ("-o StrictHostKeyChecking=ask -o UserKnownHostsFile=%s/new_known_hosts",
                          ssh_server_get (self->server, "folder"));
}

static void
test_host_key (Asked *self, gconstpointer arguments)
{
  g_autofree char *options = forget_host (self);

  add_person (self);
  self->choice = 0;
  assert_gets_in (self, options);
  assert_asked (self, 1, "SHA256:");
  /* Now it is known. */
  assert_gets_in (self, options);
  assert_asked (self, 1, "ED25519");
}

static void
test_host_key_refused (Asked *self, gconstpointer arguments)
{
  g_autofree char *options = forget_host (self);

  add_person (self);
  self->choice = 1;
  assert_stays_out (self, options, EXECNET_ERROR_HOST_KEY_UNKNOWN, "key");
  assert_asked (self, 1, "SHA256:");
}

static void
test_host_key_of_nobody (Asked *self, gconstpointer arguments)
{
  g_autofree char *options = forget_host (self);

  assert_stays_out (self, options, EXECNET_ERROR_NEEDS_INTERACTION, "SHA256:");
}

/* A person who takes long */

static void
on_ask_for_ever (GMountOperation *person,
                 const char *message,
                 const char *user,
                 const char *domain,
                 GAskPasswordFlags flags,
                 gpointer data)
{
  g_signal_stop_emission_by_name (person, "ask-password");
  g_cancellable_cancel (data);
}

static void
test_cancelled (Asked *self, gconstpointer arguments)
{
  g_autofree char *options = name_key (self);
  g_autofree char *spec = make_spec (self, options);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  self->person = g_mount_operation_new ();
  g_signal_connect (self->person, "ask-password", G_CALLBACK (on_ask_for_ever), cancellable);
  g_object_set (self->group, "mount-operation", self->person, NULL);

  execnet_group_make_gateway_async (self->group, spec, cancellable, keep_result, &result);
  wait_for_result (&result);
  g_assert_null (execnet_group_make_gateway_finish (self->group, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

#define ADD(name, arguments, func)                                                                 \
  g_test_add ("/ssh-questions/" name, Asked, arguments, asked_set_up, func, asked_tear_down)

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  g_assert_cmpint (argc, ==, 2);
  client = argv[1];

  ADD ("password", with_account, test_password);
  ADD ("password/second-try", with_account, test_password_at_second_try);
  ADD ("password/wrong", with_account, test_wrong_passwords);
  ADD ("password/unwilling", with_account, test_unwilling);
  ADD ("password/nobody", with_account, test_nobody);
  ADD ("batch-mode", with_account, test_batch_mode);
  ADD ("keyboard", with_account, test_keyboard);
  ADD ("passphrase", with_passphrase, test_passphrase);
  ADD ("passphrase/nobody", with_passphrase, test_passphrase_of_nobody);
  ADD ("host-key", NULL, test_host_key);
  ADD ("host-key/refused", NULL, test_host_key_refused);
  ADD ("host-key/nobody", NULL, test_host_key_of_nobody);
  ADD ("cancelled", with_passphrase, test_cancelled);

  return g_test_run ();
}
