/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "host.h"

#include <string.h>

G_DEFINE_FINAL_TYPE (Answers, answers, G_TYPE_MOUNT_OPERATION)

static char *
take_next (Answers *self, const char *message)
{
  g_ptr_array_add (self->messages, g_strdup (message));
  return g_queue_pop_head (&self->texts);
}

static void
answers_ask_password (GMountOperation *operation,
                      const char *message,
                      const char *default_user,
                      const char *default_domain,
                      GAskPasswordFlags flags)
{
  g_autofree char *text = take_next (TEST_ANSWERS (operation), message);

  g_mount_operation_set_password (operation, text);
  g_mount_operation_reply (
      operation, text != NULL ? G_MOUNT_OPERATION_HANDLED : G_MOUNT_OPERATION_ABORTED);
}

static void
answers_ask_question (GMountOperation *operation, const char *message, const char *choices[])
{
  g_autofree char *text = take_next (TEST_ANSWERS (operation), message);

  if (text != NULL)
    g_mount_operation_set_choice (operation, g_ascii_strtoll (text, NULL, 10));
  g_mount_operation_reply (
      operation, text != NULL ? G_MOUNT_OPERATION_HANDLED : G_MOUNT_OPERATION_ABORTED);
}

static void
answers_finalize (GObject *object)
{
  Answers *self = TEST_ANSWERS (object);

  /* What nobody asked for is a mistake of the test, or of ours. */
  g_assert_cmpuint (g_queue_get_length (&self->texts), ==, 0);
  g_ptr_array_unref (self->messages);

  G_OBJECT_CLASS (answers_parent_class)->finalize (object);
}

static void
answers_class_init (AnswersClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = answers_finalize;
  G_MOUNT_OPERATION_CLASS (klass)->ask_password = answers_ask_password;
  G_MOUNT_OPERATION_CLASS (klass)->ask_question = answers_ask_question;
}

static void
answers_init (Answers *self)
{
  self->messages = g_ptr_array_new_with_free_func (g_free);
  g_queue_init (&self->texts);
}

void
answers_add (Answers *self, const char *text)
{
  g_queue_push_tail (&self->texts, g_strdup (text));
}

void
assert_asked (Answers *self, guint n, const char *part)
{
  g_assert_cmpuint (self->messages->len, ==, n);
  if (n > 0)
    g_assert_nonnull (strstr (g_ptr_array_index (self->messages, n - 1), part));
}

void
host_set_up (Host *self, gconstpointer arguments)
{
  self->before = count_belongings ();
  self->server = ssh_server_start (arguments);
  self->group = execnet_group_new ();
  self->answers = g_object_new (TYPE_ANSWERS, NULL);
  execnet_group_set_mount_operation (self->group, G_MOUNT_OPERATION (self->answers));
}

void
host_tear_down (Host *self, gconstpointer arguments)
{
  g_autoptr (GError) error = NULL;

  execnet_group_terminate (self->group, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  g_assert_finalize_object (self->group);
  g_assert_finalize_object (self->answers);
  g_clear_pointer (&self->server, ssh_server_stop);
  assert_nothing_left (&self->before);
}

const char *with_client;
gboolean is_library;

void
take_client (int argc, char **argv)
{
  g_assert_cmpint (argc, ==, 2);
  is_library = g_str_equal (argv[1], "libssh2");
  with_client = is_library ? "//ssh_client=libssh2" : "//ssh_client=openssh";
}

char *
host_dup_spec (Host *self, const char *options, const char *more)
{
  return g_strdup_printf (
      "ssh=%s -F %s test%s", options, ssh_server_get (self->server, "ssh_config"), more);
}

ExecnetGateway *
host_make (Host *self, const char *options, const char *more)
{
  g_autofree char *spec = host_dup_spec (self, options, more);

  return make_gateway (self->group, spec);
}

GError *
host_fail (Host *self, const char *options, const char *more)
{
  g_autofree char *spec = host_dup_spec (self, options, more);
  GError *error = NULL;

  g_assert_null (execnet_group_make_gateway (self->group, spec, NULL, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  return error;
}

void
run_program (const char *const *argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_sync (NULL,
                (char **) argv,
                NULL,
                G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                NULL,
                NULL,
                NULL,
                NULL,
                &status,
                &error);
  g_assert_no_error (error);
  g_spawn_check_wait_status (status, &error);
  g_assert_no_error (error);
}
