/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Workers that are stopped, resumed and killed at any moment: nothing hangs, nothing is delivered
 * wrongly, and what fails says that the worker died. */

#include "testing.h"

#include <signal.h>

#define N_GATEWAYS 4
#define N_ROUNDS 3
#define N_ROUNDS_LONG 40
/* So often others may run between two signals. */
#define PAUSE_MAX 3000

/* Sends back what it gets, with its own number of it. */
#define COUNTING_ECHO                                                                              \
  "number = 0\n"                                                                                   \
  "for item in channel:\n"                                                                         \
  "    channel.send((number, item))\n"                                                             \
  "    number += 1\n"

typedef struct
{
  ExecnetGateway *gateway;
  GError *error; /* what ended it */
  gint64 n_answers;
} Talk;

static void
assert_answer (GVariant *answer, gint64 number)
{
  g_autoptr (GVariant) own = g_variant_get_child_value (answer, 0);
  g_autoptr (GVariant) item = g_variant_get_child_value (answer, 1);
  g_autofree char *expected = g_strnfill (number * 7919 % 50000, 'a' + number % 26);

  g_assert_cmpint (g_variant_get_int64 (own), ==, number);
  g_assert_cmpstr (g_variant_get_string (item, NULL), ==, expected);
}

static gboolean
ask (ExecnetChannel *channel, gint64 number, GError **error)
{
  g_autofree char *text = g_strnfill (number * 7919 % 50000, 'a' + number % 26);

  return execnet_channel_send (channel, g_variant_new_string (text), NULL, error);
}

/* Talks until the worker dies, with a few questions under way. */
static gpointer
talk (gpointer data)
{
  Talk *self = data;
  g_autoptr (ExecnetChannel) channel
      = execnet_gateway_remote_exec (self->gateway, COUNTING_ECHO, &self->error);
  gint64 n_asked = 0;

  while (self->error == NULL)
    {
      g_autoptr (GVariant) answer = NULL;

      while (n_asked < self->n_answers + 5 && ask (channel, n_asked, &self->error))
        n_asked++;
      if (self->error != NULL)
        break;
      answer = execnet_channel_receive (channel, PATIENCE_MS, NULL, &self->error);
      if (answer != NULL)
        assert_answer (answer, self->n_answers++);
    }
  return NULL;
}

static void
pause_at_random (GRand *random)
{
  for (gint n = g_rand_int_range (random, 0, PAUSE_MAX); n > 0; n--)
    g_thread_yield ();
}

static void
torment (GRand *random, const pid_t *pids)
{
  for (guint i = 0; i < 60; i++)
    {
      pid_t pid = pids[g_rand_int_range (random, 0, N_GATEWAYS)];

      g_assert_cmpint (kill (pid, g_rand_boolean (random) ? SIGSTOP : SIGCONT), ==, 0);
      pause_at_random (random);
    }
  /* Some are killed while they are stopped. */
  for (guint i = 0; i < N_GATEWAYS; i++)
    {
      if (i % 2 == 0)
        g_assert_cmpint (kill (pids[i], SIGCONT), ==, 0);
      pause_at_random (random);
      g_assert_cmpint (kill (pids[i], SIGKILL), ==, 0);
    }
}

static void
play_round (Fixture *fixture, GRand *random)
{
  Talk talks[N_GATEWAYS] = { 0 };
  GThread *threads[N_GATEWAYS];
  pid_t pids[N_GATEWAYS];

  for (guint i = 0; i < N_GATEWAYS; i++)
    {
      talks[i].gateway
          = make_gateway (fixture->group, i % 2 == 0 ? "popen" : "popen//python=env python3");
      pids[i] = remote_pid (talks[i].gateway);
    }
  for (guint i = 0; i < N_GATEWAYS; i++)
    threads[i] = g_thread_new ("talk", talk, &talks[i]);
  torment (random, pids);
  for (guint i = 0; i < N_GATEWAYS; i++)
    {
      g_thread_join (threads[i]);
      g_test_message ("%" G_GINT64_FORMAT " answers", talks[i].n_answers);
      assert_error_says (talks[i].error, EXECNET_ERROR, EXECNET_ERROR_DIED, "signal 9 (Killed)");
      g_assert_true (execnet_gateway_join (talks[i].gateway, PATIENCE_MS, NULL, NULL));
      g_object_unref (talks[i].gateway);
    }
}

static void
test_signals (Fixture *fixture, gconstpointer unused)
{
  guint32 seed = g_test_rand_int ();
  guint n_rounds = g_getenv ("EXECNET_TEST_LONG") != NULL ? N_ROUNDS_LONG : N_ROUNDS;
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);

  g_test_message ("seed %u", seed);
  for (guint i = 0; i < n_rounds; i++)
    play_round (fixture, random);
  assert_still_works (fixture->gateway);
}

/* A worker that was stopped goes on as if nothing had been. */
static void
test_stopped_and_resumed (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, COUNTING_ECHO);
  pid_t pid = remote_pid (fixture->gateway);
  g_autoptr (GError) error = NULL;

  for (gint64 i = 0; i < 100; i++)
    {
      g_autoptr (GVariant) answer = NULL;

      g_assert_cmpint (kill (pid, SIGSTOP), ==, 0);
      g_assert_true (ask (channel, i, &error));
      g_assert_cmpint (kill (pid, SIGCONT), ==, 0);
      answer = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);
      g_assert_no_error (error);
      assert_answer (answer, i);
    }
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  ADD_TEST ("/faults/signals", test_signals);
  ADD_TEST_BOTH ("/faults/stopped-and-resumed", test_stopped_and_resumed);
  return g_test_run ();
}
