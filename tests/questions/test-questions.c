/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Questions of a group's transports, and who answers them. */

#include "config.h"

#include "asking.h"

typedef struct
{
  Belongings before;
  ExecnetGroup *group;
  Person *person;
} Home;

static void
set_up_home (Home *home, gconstpointer data)
{
  home->before = count_belongings ();
  home->group = execnet_group_new ();
  home->person = person_new ();
  execnet_group_set_mount_operation (home->group, G_MOUNT_OPERATION (home->person));
}

static void
tear_down_home (Home *home, gconstpointer data)
{
  g_assert_finalize_object (home->group);
  g_assert_finalize_object (home->person);
  assert_nothing_left (&home->before);
}

/* Answers. */

static void
test_password (Home *home, gconstpointer data)
{
  g_autoptr (Asking) asking = ask_password (home->group);

  ITERATE_UNTIL (home->person->is_shown);
  g_assert_true (home->person->thread == g_thread_self ());
  g_assert_true (g_str_has_prefix (home->person->message, "Password of “ann” on “a.example”\n"));
  g_assert_cmpstr (home->person->user, ==, "ann");
  g_assert_cmpint (home->person->flags, ==, G_ASK_PASSWORD_NEED_PASSWORD);
  person_type (home->person, "open sesame");
  g_assert_null (g_mount_operation_get_password (G_MOUNT_OPERATION (home->person)));
  assert_answer (asking, "open sesame");
}

static void
test_empty_password (Home *home, gconstpointer data)
{
  g_autoptr (Asking) asking = ask_password (home->group);

  ITERATE_UNTIL (home->person->is_shown);
  person_type (home->person, NULL);
  assert_answer (asking, "");
}

static void
test_passphrase (Home *home, gconstpointer data)
{
  const ExecnetQuestion question = { .kind = EXECNET_QUESTION_PASSPHRASE,
                                     .host = "a.example",
                                     .subject = "/keys/of\nann",
                                     .again = TRUE };
  g_autoptr (Asking) asking = ask (home->group, &question);

  ITERATE_UNTIL (home->person->is_shown);
  g_assert_nonnull (strstr (home->person->message, "“a.example”\n"));
  g_assert_nonnull (strstr (home->person->message, "not the passphrase of “/keys/of\nann”"));
  person_type (home->person, "long one");
  assert_answer (asking, "long one");
}

/* What a host says can't pass for a heading of ours, nor hide anything. */
static void
test_prompt (Home *home, gconstpointer data)
{
  const ExecnetQuestion question = { .kind = EXECNET_QUESTION_PROMPT,
                                     .host = "a.example",
                                     .subject = "\n\nOne-time\x1b[2Jcode\xff:\n" };
  g_autoptr (Asking) asking = ask (home->group, &question);

  ITERATE_UNTIL (home->person->is_shown);
  g_assert_cmpstr (home->person->message,
                   ==,
                   "The host “a.example” has a question\nOne-time [2Jcode\xef\xbf\xbd:");
  person_type (home->person, "123456");
  assert_answer (asking, "123456");
}

static void
test_host_key_accepted (Home *home, gconstpointer data)
{
  g_autoptr (Asking) asking = ask_host_key (home->group);

  ITERATE_UNTIL (home->person->is_shown);
  g_assert_true (
      g_str_has_prefix (home->person->message, "Connect to the unknown host “a.example”?\n"));
  g_assert_nonnull (strstr (home->person->message, "\nED25519 SHA256:abc\n"));
  g_assert_cmpint (g_strv_length (home->person->choices), ==, 2);
  person_choose (home->person, 0);
  assert_accepted (asking);
}

static void
test_host_key_refused (Home *home, gconstpointer data)
{
  g_autoptr (Asking) asking = ask_host_key (home->group);

  ITERATE_UNTIL (home->person->is_shown);
  person_choose (home->person, 1);
  assert_fails (asking, EXECNET_ERROR, EXECNET_ERROR_HOST_KEY_UNKNOWN, "“a.example”");
}

static void
test_given_up (Home *home, gconstpointer data)
{
  g_autoptr (Asking) asking = ask_password (home->group);
  g_autoptr (Asking) key = NULL;

  ITERATE_UNTIL (home->person->is_shown);
  person_cancel (home->person);
  assert_fails (asking, EXECNET_ERROR, EXECNET_ERROR_AUTHENTICATION_FAILED, "“a.example”");

  key = ask_host_key (home->group);
  ITERATE_UNTIL (home->person->is_shown);
  person_cancel (home->person);
  assert_fails (key, EXECNET_ERROR, EXECNET_ERROR_HOST_KEY_UNKNOWN, "“a.example”");
  g_assert_cmpint (home->person->n_aborted, ==, 0);
}

static gpointer
type_password (gpointer person)
{
  person_type (person, "from elsewhere");
  return NULL;
}

static void
test_answer_from_another_thread (Home *home, gconstpointer data)
{
  g_autoptr (Asking) asking = ask_password (home->group);

  ITERATE_UNTIL (home->person->is_shown);
  g_thread_join (g_thread_new ("person", type_password, home->person));
  assert_answer (asking, "from elsewhere");
}

/* Nobody there. */

static void
test_no_operation (Home *home, gconstpointer data)
{
  g_autoptr (Asking) asking = NULL;
  g_autoptr (Asking) key = NULL;

  execnet_group_set_mount_operation (home->group, NULL);
  asking = ask_password (home->group);
  flag_wait (&asking->done, 1); /* with no help from here */
  assert_fails (asking,
                EXECNET_ERROR,
                EXECNET_ERROR_NEEDS_INTERACTION,
                "“a.example” wants a password. There is nobody to ask: set the property "
                "“mount-operation”");
  key = ask_host_key (home->group);
  assert_fails (key, EXECNET_ERROR, EXECNET_ERROR_NEEDS_INTERACTION, "ED25519 SHA256:abc");
  g_assert_cmpint (home->person->n_shown, ==, 0);
}

static void
test_operation_goes_away (Home *home, gconstpointer data)
{
  g_autoptr (Asking) shown = ask_password (home->group);
  g_autoptr (Asking) waiting = NULL;

  ITERATE_UNTIL (home->person->is_shown);
  waiting = ask_host_key (home->group);
  execnet_group_set_mount_operation (home->group, NULL);
  assert_fails (waiting, EXECNET_ERROR, EXECNET_ERROR_NEEDS_INTERACTION, "nobody to ask");
  g_assert_true (home->person->is_shown);
  person_type (home->person, "still counts");
  assert_answer (shown, "still counts");
}

static void
test_unhandled (Home *home, gconstpointer data)
{
  g_autoptr (GMountOperation) operation = g_mount_operation_new ();
  g_autoptr (Asking) asking = NULL;
  g_autoptr (Asking) key = NULL;

  execnet_group_set_mount_operation (home->group, operation);
  asking = ask_password (home->group);
  key = ask_host_key (home->group);
  assert_fails (asking, EXECNET_ERROR, EXECNET_ERROR_NEEDS_INTERACTION, "does not answer");
  assert_fails (key, EXECNET_ERROR, EXECNET_ERROR_NEEDS_INTERACTION, "does not answer");
}

/* Handlers on a plain operation. */

static void
on_ask (GMountOperation *operation,
        const char *message,
        const char *default_user,
        const char *default_domain,
        GAskPasswordFlags flags,
        GMountOperationResult *result)
{
  g_mount_operation_set_password (operation, "at once");
  g_mount_operation_reply (operation, *result);
}

static void
test_handler_at_once (Home *home, gconstpointer data)
{
  g_autoptr (GMountOperation) operation = g_mount_operation_new ();
  GMountOperationResult result = G_MOUNT_OPERATION_HANDLED;

  g_signal_connect (operation, "ask-password", G_CALLBACK (on_ask), &result);
  execnet_group_set_mount_operation (home->group, operation);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (Asking) first = ask_password (home->group);
      g_autoptr (Asking) second = ask_password (home->group);

      assert_answer (first, "at once");
      assert_answer (second, "at once");
      g_assert_null (g_mount_operation_get_password (operation));
    }
  {
    g_autoptr (Asking) refused = NULL;

    result = G_MOUNT_OPERATION_UNHANDLED;
    refused = ask_password (home->group);
    assert_fails (refused, EXECNET_ERROR, EXECNET_ERROR_NEEDS_INTERACTION, "does not answer");
  }
}

static void
note_call (GMountOperation *operation,
           const char *message,
           const char *default_user,
           const char *default_domain,
           GAskPasswordFlags flags,
           gboolean *is_shown)
{
  *is_shown = TRUE;
}

static gboolean
on_idle (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* GMountOperation itself would reply "unhandled" when the loop is idle. */
static void
test_handler_takes_its_time (Home *home, gconstpointer data)
{
  g_autoptr (GMountOperation) operation = g_mount_operation_new ();
  g_autoptr (GSource) idle = g_idle_source_new ();
  g_autoptr (Asking) asking = NULL;
  gboolean is_shown = FALSE, was_idle = FALSE;

  g_signal_connect (operation, "ask-password", G_CALLBACK (note_call), &is_shown);
  execnet_group_set_mount_operation (home->group, operation);
  asking = ask_password (home->group);
  ITERATE_UNTIL (is_shown);
  g_source_set_priority (idle, G_PRIORITY_LOW);
  g_source_set_callback (idle, on_idle, &was_idle, NULL);
  g_source_attach (idle, NULL);
  ITERATE_UNTIL (was_idle);
  g_assert_cmpint (flag_get (&asking->done), ==, 0);
  g_mount_operation_set_password (operation, "later");
  g_mount_operation_reply (operation, G_MOUNT_OPERATION_HANDLED);
  assert_answer (asking, "later");
}

/* Several. */

static void
test_one_at_a_time (Home *home, gconstpointer data)
{
  Asking *askings[5];
  char password[] = "0";

  for (guint i = 0; i < G_N_ELEMENTS (askings); i++)
    askings[i] = ask_password (home->group);
  for (guint i = 0; i < G_N_ELEMENTS (askings); i++)
    {
      ITERATE_UNTIL (home->person->is_shown);
      iterate_ready ();
      g_assert_cmpint (home->person->n_shown, ==, i + 1);
      password[0] = '0' + i;
      person_type (home->person, password);
    }
  for (guint i = 0; i < G_N_ELEMENTS (askings); i++)
    {
      password[0] = '0' + i;
      assert_answer (askings[i], password);
    }
  for (guint i = 0; i < G_N_ELEMENTS (askings); i++)
    asking_free (askings[i]);
}

/* Cancelling. */

static void
test_cancelled_while_shown (Home *home, gconstpointer data)
{
  g_autoptr (Asking) asking = ask_password (home->group);
  g_autoptr (Asking) next = NULL;

  ITERATE_UNTIL (home->person->is_shown);
  next = ask_password (home->group);
  g_cancellable_cancel (asking->cancellable);
  assert_fails (asking, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  ITERATE_UNTIL (home->person->n_shown == 2);
  g_assert_cmpint (home->person->n_aborted, ==, 1);
  person_type (home->person, "next");
  assert_answer (next, "next");
}

static void
test_cancelled_while_waiting (Home *home, gconstpointer data)
{
  g_autoptr (Asking) shown = ask_password (home->group);
  g_autoptr (Asking) waiting = NULL;

  ITERATE_UNTIL (home->person->is_shown);
  waiting = ask_password (home->group);
  g_cancellable_cancel (waiting->cancellable);
  assert_fails (waiting, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  person_type (home->person, "mine");
  assert_answer (shown, "mine");
  g_assert_cmpint (home->person->n_shown, ==, 1);
  g_assert_cmpint (home->person->n_aborted, ==, 0);
}

/* The main context can't be told before it runs, and then it has nothing to show. */
static void
test_cancelled_before_shown (Home *home, gconstpointer data)
{
  g_autoptr (Asking) asking = ask_password (home->group);

  g_cancellable_cancel (asking->cancellable);
  flag_wait (&asking->done, 1);
  iterate_ready ();
  assert_fails (asking, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  g_assert_cmpint (home->person->n_shown, ==, 0);
}

/* The property. */

static void
count_notify (guint *n)
{
  ++*n;
}

static void
test_property (Home *home, gconstpointer data)
{
  g_autoptr (GMountOperation) operation = NULL;
  guint n = 0;

  g_signal_connect_swapped (
      home->group, "notify::mount-operation", G_CALLBACK (count_notify), &n);
  g_object_get (home->group, "mount-operation", &operation, NULL);
  g_assert_true (operation == G_MOUNT_OPERATION (home->person));
  g_object_set (home->group, "mount-operation", operation, NULL);
  g_assert_cmpint (n, ==, 0);
  g_object_set (home->group, "mount-operation", NULL, NULL);
  g_assert_cmpint (n, ==, 1);
  g_assert_null (execnet_group_get_mount_operation (home->group));
}

#define ADD(path, func)                                                                            \
  g_test_add ("/questions/" path, Home, NULL, set_up_home, func, tear_down_home)

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD ("password", test_password);
  ADD ("empty-password", test_empty_password);
  ADD ("passphrase", test_passphrase);
  ADD ("prompt", test_prompt);
  ADD ("host-key/accepted", test_host_key_accepted);
  ADD ("host-key/refused", test_host_key_refused);
  ADD ("given-up", test_given_up);
  ADD ("answer-from-another-thread", test_answer_from_another_thread);
  ADD ("no-operation", test_no_operation);
  ADD ("operation-goes-away", test_operation_goes_away);
  ADD ("unhandled", test_unhandled);
  ADD ("handler/at-once", test_handler_at_once);
  ADD ("handler/takes-its-time", test_handler_takes_its_time);
  ADD ("one-at-a-time", test_one_at_a_time);
  ADD ("cancelled/while-shown", test_cancelled_while_shown);
  ADD ("cancelled/while-waiting", test_cancelled_while_waiting);
  ADD ("cancelled/before-shown", test_cancelled_before_shown);
  ADD ("property", test_property);
  return g_test_run ();
}
