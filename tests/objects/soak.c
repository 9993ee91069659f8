/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Groups that come and go, over and over: nothing is left.
 *
 *   soak N-CYCLES N-GATEWAYS */

#include "config.h"

#include "testing.h"

#include <stdlib.h>
#include <string.h>

static guint n_cycles, n_gateways;

/* Code that ends, code that waits, and code that does not want to end. */
static const char *const codes[] = {
  "channel.send(1)",
  "channel.send(1)\nchannel.receive()",
  "channel.send(1)\nimport signal, subprocess, sys\nsignal.signal(2, signal.SIG_IGN)\n"
  "subprocess.call([sys.executable, '-c', 'import signal; signal.pause()'])\nsignal.pause()",
};

static void
run_cycle (guint cycle)
{
  g_autoptr (ExecnetGroup) group = execnet_group_new ();
  g_autoptr (GPtrArray) specs = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) gateways = NULL;
  g_autoptr (ExecnetMultiChannel) multi = NULL;
  g_autoptr (GPtrArray) items = NULL;
  /* Waiting for the stubborn takes its time; every tenth cycle has them. */
  const char *code = codes[cycle % 10 == 9 ? 2 : cycle % 2];
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n_gateways; i++)
    g_ptr_array_add (specs, execnet_xspec_new (i % 2 ? "popen" : "popen//python=env python3", NULL));
  gateways = execnet_group_make_gateways (
      group, (ExecnetXSpec **) specs->pdata, n_gateways, 0, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  multi = execnet_group_remote_exec (group, code, &error);
  g_assert_no_error (error);
  items = execnet_multi_channel_receive_each (multi, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  execnet_group_terminate (group, code == codes[2] ? 100 : QUICK_MS, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < n_gateways; i++)
    g_assert_cmpint (execnet_gateway_get_ending (gateways->pdata[i]),
                     ==,
                     code == codes[2] ? EXECNET_ENDING_KILLED : EXECNET_ENDING_ASKED);
}

static void
test_cycles (void)
{
  Belongings before;

  /* What is made once and stays. */
  run_cycle (0);
  before = count_belongings ();
  for (guint i = 0; i < n_cycles; i++)
    run_cycle (i);
  assert_nothing_left (&before);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  n_cycles = argc > 1 ? strtoul (argv[1], NULL, 10) : 10;
  n_gateways = argc > 2 ? strtoul (argv[2], NULL, 10) : 4;
  g_test_add_func ("/soak/groups", test_cycles);
  return g_test_run ();
}
