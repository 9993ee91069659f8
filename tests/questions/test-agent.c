/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ssh agents: OpenSSH's own, and one that is out of order. */

#include "config.h"

#include "../objects/testing.h"
#include "ssh-tools.h"

#include "transport/execnet-ssh-agent-private.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <signal.h>

typedef struct
{
  Belongings before;
  char *folder;
  char *path; /* the agent's socket */
  GPid agent;
} Home;

static void
set_up_home (Home *home, gconstpointer data)
{
  home->before = count_belongings ();
  home->folder = folder_new ();
  home->path = g_build_filename (home->folder, "agent", NULL);
}

static void
tear_down_home (Home *home, gconstpointer data)
{
  if (home->agent != 0)
    {
      kill (home->agent, SIGTERM);
      wait_until_gone (home->agent);
    }
  folder_free (home->folder);
  g_free (home->path);
  assert_nothing_left (&home->before);
}

/* OpenSSH's agent, which tells its number when it can be spoken to. */
static void
start_agent (Home *home)
{
  g_autofree char *output = run (NULL, "ssh-agent", "-a", home->path, "-s", NULL);
  const char *number = strstr (output, "SSH_AGENT_PID=");

  g_assert_nonnull (number);
  home->agent = atoi (number + strlen ("SSH_AGENT_PID="));
  g_assert_true (g_setenv ("SSH_AUTH_SOCK", home->path, TRUE));
}

static GBytes *
add_key (Home *home, const char *type)
{
  g_autofree char *file = g_build_filename (home->folder, type, NULL);
  GBytes *key = make_key (home->folder, type, type, "");
  g_autofree char *output = run (NULL, "ssh-add", "-q", file, NULL);

  return key;
}

static GPtrArray *
list (Home *home, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  execnet_ssh_agent_list_async (home->path, NULL, keep_result, &result);
  wait_for_result (&result);
  return execnet_ssh_agent_list_finish (result, error);
}

static GBytes *
sign (Home *home, GBytes *key, guint32 flags, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) text = g_bytes_new_static ("sign this", 9);

  execnet_ssh_agent_sign_async (home->path, key, text, flags, NULL, keep_result, &result);
  wait_for_result (&result);
  return execnet_ssh_agent_sign_finish (result, error);
}

static void
test_list (Home *home, gconstpointer data)
{
  g_autoptr (GPtrArray) identities = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) second = NULL;
  ExecnetAgentIdentity *identity;

  start_agent (home);
  identities = list (home, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (identities->len, ==, 0);
  g_clear_pointer (&identities, g_ptr_array_unref);

  first = add_key (home, "ed25519");
  second = add_key (home, "ecdsa");
  identities = list (home, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (identities->len, ==, 2);
  identity = identities->pdata[0];
  g_assert_true (g_bytes_equal (identity->key, first));
  g_assert_cmpstr (identity->type, ==, "ssh-ed25519");
  g_assert_cmpstr (identity->comment, ==, "ed25519");
  identity = identities->pdata[1];
  g_assert_true (g_bytes_equal (identity->key, second));
}

/* The type of a signature comes first in it. */
static void
assert_signature (GBytes *signature, const char *type)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (signature, &length);

  g_assert_cmpuint (length, >, 4 + strlen (type) + 4);
  g_assert_cmpuint (bytes[3], ==, strlen (type));
  g_assert_cmpmem (bytes + 4, strlen (type), type, strlen (type));
}

static void
test_sign (Home *home, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) ed25519 = NULL;
  g_autoptr (GBytes) rsa = NULL;
  g_autoptr (GBytes) signature = NULL;
  g_autoptr (GBytes) rsa_signature = NULL;
  g_autoptr (GBytes) again = NULL;
  g_autoptr (GBytes) text = g_bytes_new_static ("sign this", 9);

  start_agent (home);
  ed25519 = add_key (home, "ed25519");
  rsa = add_key (home, "rsa");
  signature = sign (home, ed25519, 0, &error);
  g_assert_no_error (error);
  assert_signature (signature, "ssh-ed25519");
  rsa_signature = sign (home, rsa, EXECNET_AGENT_RSA_SHA2_512, &error);
  g_assert_no_error (error);
  assert_signature (rsa_signature, "rsa-sha2-512");
  /* Such signatures have no chance in them. */
  again = execnet_ssh_agent_sign (home->path, ed25519, text, 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (signature, again));
}

static void
test_refuses (Home *home, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) key = NULL;
  g_autofree char *removed = NULL;

  start_agent (home);
  key = add_key (home, "ed25519");
  removed = run (NULL, "ssh-add", "-q", "-D", NULL);
  g_assert_null (sign (home, key, 0, &error));
  assert_error_says (g_steal_pointer (&error),
                     EXECNET_ERROR,
                     EXECNET_ERROR_AUTHENTICATION_FAILED,
                     "refused");
}

static void
test_nobody (Home *home, gconstpointer data)
{
  GError *error = NULL;

  g_assert_null (list (home, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_NOT_CONNECTED, home->path);

  g_free (home->path);
  home->path = g_strnfill (300, 'x');
  error = NULL;
  g_assert_null (list (home, &error));
  assert_error_says (error, EXECNET_ERROR, EXECNET_ERROR_NOT_CONNECTED, home->path);
}

/* An agent that says what it is told to, and then closes, or doesn't. */

typedef struct
{
  GSocket *listener;
  GBytes *answer;
  gboolean stays;
  GSocket *connection;
  Flag heard;
  GThread *thread;
} Liar;

static gpointer
lie (gpointer data)
{
  Liar *liar = data;
  char request[64];

  liar->connection = g_socket_accept (liar->listener, NULL, NULL);
  g_assert_nonnull (liar->connection);
  g_assert_cmpint (g_socket_receive (liar->connection, request, sizeof request, NULL, NULL), >, 0);
  flag_add (&liar->heard, 1);
  if (g_bytes_get_size (liar->answer) > 0)
    g_socket_send (liar->connection,
                   g_bytes_get_data (liar->answer, NULL),
                   g_bytes_get_size (liar->answer),
                   NULL,
                   NULL);
  if (!liar->stays)
    g_socket_close (liar->connection, NULL);
  return NULL;
}

static Liar *
liar_new (Home *home, const void *answer, gsize length, gboolean stays)
{
  Liar *liar = g_new0 (Liar, 1);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (home->path);

  liar->listener
      = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_assert_true (g_socket_bind (liar->listener, address, FALSE, NULL));
  g_assert_true (g_socket_listen (liar->listener, NULL));
  liar->answer = g_bytes_new (answer, length);
  liar->stays = stays;
  flag_init (&liar->heard);
  liar->thread = g_thread_new ("liar", lie, liar);
  return liar;
}

static void
liar_free (Home *home, Liar *liar)
{
  g_thread_join (liar->thread);
  g_object_unref (liar->connection);
  g_object_unref (liar->listener);
  g_bytes_unref (liar->answer);
  flag_clear (&liar->heard);
  g_free (liar);
  g_assert_cmpint (g_unlink (home->path), ==, 0);
}

static void
test_lies (Home *home, gconstpointer data)
{
  static const struct
  {
    const char *bytes;
    gsize length;
    int code;
  } answers[] = {
    { "", 0, EXECNET_ERROR_NOT_CONNECTED },
    { "\0\0", 2, EXECNET_ERROR_NOT_CONNECTED },
    { "\0\0\0\5\14\0\0", 7, EXECNET_ERROR_NOT_CONNECTED },
    { "\0\0\0\0", 4, EXECNET_ERROR_DATA_FORMAT },
    { "HTTP/1.1 400 no\r\n\r\n", 19, EXECNET_ERROR_DATA_FORMAT },
    { "\377\377\377\377", 4, EXECNET_ERROR_DATA_FORMAT },
    { "\0\4\0\1", 4, EXECNET_ERROR_DATA_FORMAT },
    { "\0\0\0\1\5", 5, EXECNET_ERROR_AUTHENTICATION_FAILED },
    { "\0\0\0\1\16", 5, EXECNET_ERROR_DATA_FORMAT },
    { "\0\0\0\1\14", 5, EXECNET_ERROR_DATA_FORMAT },
    { "\0\0\0\5\14\377\377\377\377", 9, EXECNET_ERROR_DATA_FORMAT },
    { "\0\0\0\5\14\177\377\377\377", 9, EXECNET_ERROR_DATA_FORMAT },
    { "\0\0\0\15\14\0\0\0\1\177\377\377\377\0\0\0\0", 17, EXECNET_ERROR_DATA_FORMAT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      Liar *liar = liar_new (home, answers[i].bytes, answers[i].length, FALSE);
      g_autoptr (GPtrArray) identities = NULL;
      g_autoptr (GError) error = NULL;

      identities = list (home, &error);
      g_assert_null (identities);
      g_assert_error (error, EXECNET_ERROR, answers[i].code);
      liar_free (home, liar);
    }
}

/* A key without a type is none, and no harm. */
static void
test_odd_key (Home *home, gconstpointer data)
{
  static const char answer[] = "\0\0\0\17\14\0\0\0\1\0\0\0\2ab\0\0\0\0";
  Liar *liar = liar_new (home, answer, sizeof answer - 1, FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) identities = list (home, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (identities->len, ==, 0);
  liar_free (home, liar);
}

static void
test_never_answers (Home *home, gconstpointer data)
{
  Liar *liar = liar_new (home, "\0\0", 2, TRUE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  execnet_ssh_agent_list_async (home->path, cancellable, keep_result, &result);
  ITERATE_UNTIL (flag_get (&liar->heard) == 1);
  g_assert_null (result);
  g_cancellable_cancel (cancellable);
  wait_for_result (&result);
  g_assert_null (execnet_ssh_agent_list_finish (result, &error));
  assert_error_says (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
  liar_free (home, liar);
}

#define ADD(path, func) g_test_add ("/agent/" path, Home, NULL, set_up_home, func, tear_down_home)

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  ADD ("list", test_list);
  ADD ("sign", test_sign);
  ADD ("refuses", test_refuses);
  ADD ("nobody", test_nobody);
  ADD ("lies", test_lies);
  ADD ("odd-key", test_odd_key);
  ADD ("never-answers", test_never_answers);
  return g_test_run ();
}
