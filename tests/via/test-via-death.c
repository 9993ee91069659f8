/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A gateway behind others, or one that leads to it, dies: what is said, and what is left. */

#include "config.h"

#include "testing.h"

#include <signal.h>
#include <string.h>

#define MASTER "popen//id=master"

/* Three, one behind the other, behind the fixture's. */
typedef struct
{
  ExecnetGateway *gateways[3];
  pid_t pids[3];
} Chain;

static void
chain_clear (Chain *chain)
{
  for (guint i = 0; i < G_N_ELEMENTS (chain->gateways); i++)
    g_clear_object (&chain->gateways[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Chain, chain_clear)

static void
chain_init (Chain *chain, ExecnetGroup *group)
{
  const char *const specs[]
      = { "popen//id=one//via=master", "popen//id=two//via=one", "popen//id=three//via=two" };

  for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
    {
      chain->gateways[i] = make_gateway (group, specs[i]);
      chain->pids[i] = remote_pid (chain->gateways[i]);
    }
}

static void
assert_lost (ExecnetGateway *gateway, const char *part)
{
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  assert_error_says (execnet_gateway_dup_error (gateway), EXECNET_ERROR, EXECNET_ERROR_DIED, part);
}

static void
test_far_is_killed (Fixture *fixture, gconstpointer unused)
{
  g_auto (Chain) chain = { 0 };

  chain_init (&chain, fixture->group);
  g_assert_cmpint (kill (chain.pids[2], SIGKILL), ==, 0);
  assert_lost (chain.gateways[2], "“three” was ended by signal 9 (Killed).");
  g_assert_cmpint (execnet_gateway_get_term_signal (chain.gateways[2]), ==, SIGKILL);
  g_assert_cmpint (execnet_gateway_get_exit_status (chain.gateways[2]), ==, -1);
  assert_still_works (chain.gateways[1]);
  assert_still_works (chain.gateways[0]);
}

static void
test_far_exits (Fixture *fixture, gconstpointer unused)
{
  g_auto (Chain) chain = { 0 };
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autofree char *last_output = NULL;

  chain_init (&chain, fixture->group);
  channel = run_code (chain.gateways[2],
                      "import os\nos.write(2, b'first\\nlast words\\n')\nos._exit(7)");
  assert_closed_with (channel, EXECNET_ERROR, EXECNET_ERROR_DIED, "last words");
  assert_lost (chain.gateways[2], "exit status 7. It last printed: first\nlast words");
  g_assert_cmpint (execnet_gateway_get_exit_status (chain.gateways[2]), ==, 7);
  last_output = execnet_gateway_dup_last_output (chain.gateways[2]);
  g_assert_cmpstr (last_output, ==, "first\nlast words");
  assert_still_works (chain.gateways[1]);
}

/* All behind it fail, and say which; their processes end by themselves. */
static void
test_middle_is_killed (Fixture *fixture, gconstpointer unused)
{
  g_auto (Chain) chain = { 0 };
  g_autoptr (ExecnetChannel) channel = NULL;

  chain_init (&chain, fixture->group);
  channel = run_until_ready (chain.gateways[2], "import time\ntime.sleep(1000)");
  g_assert_cmpint (kill (chain.pids[0], SIGKILL), ==, 0);
  assert_closed_with (channel, EXECNET_ERROR, EXECNET_ERROR_DIED, "“two”");
  assert_lost (chain.gateways[0], "“one” was ended by signal 9");
  assert_lost (chain.gateways[1], "The gateway “one”, which leads to it, has ended");
  assert_lost (chain.gateways[2], "The gateway “two”, which leads to it, has ended");
  wait_until_gone (chain.pids[1]);
  wait_until_gone (chain.pids[2]);
  assert_still_works (fixture->gateway);
}

/* With all that can be under way. */
static void
test_middle_is_killed_in_transfer (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (ExecnetGateway) master = make_gateway (fixture->group, "popen//id=m");
      g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, "popen//via=m");
      g_autoptr (ExecnetChannel) echo
          = run_code (gateway, "for item in channel: channel.send(item)");
      g_autofree char *text = g_strnfill (100000 * (i + 1), 'x');
      pid_t pid = remote_pid (gateway), master_pid = remote_pid (master);
      g_autoptr (GError) error = NULL;

      for (guint n = 0; n < 4 * i; n++)
        {
          g_autoptr (GVariant) item = NULL;

          send_text (echo, text);
          if (n % 2 == 0)
            item = execnet_channel_receive (echo, PATIENCE_MS, NULL, NULL);
        }
      g_assert_cmpint (kill (master_pid, SIGKILL), ==, 0);
      while (execnet_channel_send (echo, g_variant_new_string (text), NULL, &error))
        ;
      g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DIED);
      assert_lost (gateway, "“m”");
      wait_until_gone (pid);
      g_assert_true (execnet_gateway_join (master, PATIENCE_MS, NULL, NULL));
    }
}

/* At whichever moment of the start. */
static void
test_middle_is_killed_in_start (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (ExecnetGateway) master = make_gateway (fixture->group, "popen//id=m");
      g_autoptr (ExecnetXSpec) spec = execnet_xspec_new ("popen//via=m", NULL);
      pid_t pid = remote_pid (master);
      g_autoptr (ExecnetGateway) gateway
          = execnet_group_start_gateway (fixture->group, spec, NULL);

      /* It goes on meanwhile. */
      for (guint n = 0; n < i; n++)
        assert_still_works (fixture->gateway);
      g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
      assert_lost (gateway, "“m”");
      g_assert_true (execnet_gateway_join (master, PATIENCE_MS, NULL, NULL));
    }
}

/* One that is only told to go takes those behind it along. */
static void
test_middle_exits (Fixture *fixture, gconstpointer unused)
{
  g_auto (Chain) chain = { 0 };

  chain_init (&chain, fixture->group);
  execnet_gateway_exit (chain.gateways[0]);
  g_assert_true (execnet_gateway_join (chain.gateways[0], PATIENCE_MS, NULL, NULL));
  g_assert_cmpint (execnet_gateway_get_ending (chain.gateways[0]), ==, EXECNET_ENDING_ASKED);
  assert_lost (chain.gateways[1], "“one”, which leads to it, was told to exit");
  assert_lost (chain.gateways[2], "“two”, which leads to it, has ended");
  wait_until_gone (chain.pids[1]);
  wait_until_gone (chain.pids[2]);
}

static void
test_kill (Fixture *fixture, gconstpointer unused)
{
  g_auto (Chain) chain = { 0 };
  g_autoptr (ExecnetChannel) channel = NULL;
  pid_t child;

  chain_init (&chain, fixture->group);
  /* It stops, with a process of its own. */
  channel = run_code (chain.gateways[2],
                      "import os, signal, subprocess\n"
                      "channel.send(subprocess.Popen(['sleep', '1000']).pid)\n"
                      "os.kill(os.getpid(), signal.SIGSTOP)");
  child = receive_int (channel);
  execnet_gateway_kill (chain.gateways[2]);
  assert_lost (chain.gateways[2], "signal 9");
  g_assert_cmpint (execnet_gateway_get_ending (chain.gateways[2]), ==, EXECNET_ENDING_KILLED);
  wait_until_gone (chain.pids[2]);
  wait_until_gone (child);
  assert_still_works (chain.gateways[1]);
}

/* It takes nothing more, so that all between here and there is full. */
static void
test_kill_behind_full_pipes (Fixture *fixture, gconstpointer unused)
{
  g_auto (Chain) chain = { 0 };
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autofree char *text = g_strnfill (1 << 20, 'x');

  chain_init (&chain, fixture->group);
  channel = run_until_ready (chain.gateways[2], "channel.receive()");
  g_assert_cmpint (kill (chain.pids[2], SIGSTOP), ==, 0);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) none = g_bytes_new_static ("L", 1);

      g_assert_true (execnet_channel_queue_bytes (channel, none, &error));
      if (execnet_channel_wait_sent (channel, 0, NULL) == EXECNET_WAIT_TIMED_OUT)
        break;
      g_assert_true (execnet_channel_send (channel, g_variant_new_string (text), NULL, &error));
    }
  execnet_gateway_kill (chain.gateways[2]);
  assert_lost (chain.gateways[2], "signal 9");
  assert_still_works (chain.gateways[1]);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  ADD_TEST_WITH ("/via/death/far-is-killed", MASTER, test_far_is_killed);
  ADD_TEST_WITH ("/via/death/far-exits", MASTER, test_far_exits);
  ADD_TEST_WITH ("/via/death/middle-is-killed", MASTER, test_middle_is_killed);
  ADD_TEST_WITH ("/via/death/middle-is-killed-in-transfer", "", test_middle_is_killed_in_transfer);
  ADD_TEST_WITH ("/via/death/middle-is-killed-in-start", MASTER, test_middle_is_killed_in_start);
  ADD_TEST_WITH ("/via/death/middle-exits", MASTER, test_middle_exits);
  ADD_TEST_WITH ("/via/death/kill", MASTER, test_kill);
  ADD_TEST_WITH ("/via/death/kill-behind-full-pipes", MASTER, test_kill_behind_full_pipes);
  return g_test_run ();
}
