/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A gateway through which others are made: what they are, and what goes through it. */

#include "config.h"

#include "testing.h"

#include <glib/gstdio.h>
#include <string.h>

#define MASTER "popen//id=master"
#define MIB (1024 * 1024)

static char *
evaluate (ExecnetGateway *gateway, const char *expression)
{
  g_autofree char *code = g_strdup_printf ("import os, sys\nchannel.send(str(%s))", expression);
  g_autoptr (ExecnetChannel) channel = run_code (gateway, code);

  return receive_text (channel);
}

static void
assert_evaluates (ExecnetGateway *gateway, const char *expression, const char *expected)
{
  g_autofree char *value = evaluate (gateway, expression);

  g_assert_cmpstr (value, ==, expected);
}

static GError *
fail_to_make (ExecnetGroup *group, const char *spec)
{
  GError *error = NULL;

  g_assert_null (execnet_group_make_gateway (group, spec, NULL, &error));
  return error;
}

/* Another process, a child of the first, with all that this has. */
static void
test_place (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) gateway = NULL;
  g_autofree char *folder = g_dir_make_tmp ("via-XXXXXX", NULL);
  g_autofree char *change = g_strdup_printf ("import os\nos.chdir('%s')\nos.environ['ODD'] = 'x y'\n"
                                             "channel.send(1)",
                                             folder);
  g_autoptr (ExecnetChannel) channel = run_code (fixture->gateway, change);
  g_autofree char *pid = NULL, *executable = NULL;

  g_assert_cmpint (receive_int (channel), ==, 1);
  gateway = make_gateway (fixture->group, "popen//via=master");
  pid = evaluate (fixture->gateway, "os.getpid()");
  executable = evaluate (fixture->gateway, "sys.executable");
  assert_evaluates (gateway, "os.getppid()", pid);
  assert_evaluates (gateway, "sys.executable", executable);
  assert_evaluates (gateway, "os.getcwd()", folder);
  assert_evaluates (gateway, "os.environ['ODD']", "x y");
  assert_evaluates (gateway, "os.getsid(0) == os.getpid()", "True");
  assert_evaluates (gateway, "channel.gateway.id", "gw0-worker");
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* What the specification says holds for the far side. */
static void
test_options (Fixture *fixture, gconstpointer unused)
{
  g_autofree char *folder = g_dir_make_tmp ("via-XXXXXX", NULL);
  g_autofree char *spec = g_strdup_printf (
      "popen//via=master//id=far//python=env GREETING=hello python3//chdir=%s/new//nice=3//env:A=b c"
      "//execmodel=main_thread_only//dont_write_bytecode",
      folder);
  g_autofree char *expected = g_build_filename (folder, "new", NULL);
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, spec);

  g_assert_cmpstr (execnet_gateway_get_id (gateway), ==, "far");
  assert_evaluates (gateway, "os.getcwd()", expected);
  assert_evaluates (gateway, "os.environ['A']", "b c");
  assert_evaluates (gateway, "os.environ['GREETING']", "hello");
  assert_evaluates (gateway, "sys.dont_write_bytecode", "True");
  assert_evaluates (gateway, "channel.gateway.execmodel.backend", "main_thread_only");
  assert_evaluates (fixture->gateway, "os.path.exists('/proc')", "True");
  g_assert_cmpint (g_rmdir (expected), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_information (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, "popen//via=master");
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) information
      = execnet_gateway_remote_information (gateway, FALSE, NULL, &error);
  g_autoptr (GVariant) status = NULL;
  gint64 pid, n_executing;

  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (information, "pid", "x", &pid));
  g_assert_cmpint (pid, ==, remote_pid (gateway));
  /* What leads there is nothing that the application runs. */
  status = execnet_gateway_remote_status (fixture->gateway, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (status, "numexecuting", "x", &n_executing));
  g_assert_cmpint (n_executing, ==, 0);
}

/* Whatever the model, code there gets the main thread. */
static void
test_main_thread_stays_free (Fixture *fixture, gconstpointer unused)
{
  const char *const models[] = { "thread", "main_thread_only" };

  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    {
      g_autofree char *spec = g_strdup_printf ("popen//id=%s//execmodel=%s", models[i], models[i]);
      g_autofree char *far_spec = g_strdup_printf ("popen//via=%s", models[i]);
      g_autoptr (ExecnetGateway) master = make_gateway (fixture->group, spec);
      g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, far_spec);
      g_autoptr (ExecnetGateway) other = make_gateway (fixture->group, far_spec);

      for (guint n = 0; n < 3; n++)
        {
          g_autoptr (ExecnetChannel) channel = run_code (
              master,
              "import threading\n"
              "channel.send(isinstance(threading.current_thread(), threading._MainThread))\n");
          g_autoptr (GError) error = NULL;
          g_autoptr (GVariant) item = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);

          g_assert_no_error (error);
          g_assert_true (g_variant_get_boolean (item));
          assert_waits_for_close (channel);
        }
      assert_still_works (gateway);
      assert_still_works (other);
    }
}

/* Code that keeps the interpreter busy on the way is in nobody's way. */
static void
test_busy_master (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, "popen//via=master");
  g_autoptr (ExecnetChannel) channel = run_until_ready (
      fixture->gateway, "while not channel.isclosed() and channel.gateway.hasreceiver(): pass");

  assert_still_works (gateway);
  g_assert_true (execnet_channel_close (channel, NULL, NULL));
}

static void
assert_copies (ExecnetGateway *gateway, gsize size)
{
  g_autoptr (ExecnetChannel) channel = run_code (gateway, "channel.send(channel.receive())");
  g_autofree guint8 *bytes = g_malloc (size);
  g_autoptr (GVariant) item = NULL, answer = NULL;
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < size; i++)
    bytes[i] = i * 7 + (i >> 9);
  item = g_variant_ref_sink (
      g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, size, 1));
  g_assert_true (execnet_channel_send (channel, item, NULL, &error));
  answer = execnet_channel_receive (channel, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_variant_get_data (answer), g_variant_get_size (answer), bytes, size);
}

static void
test_bulk (Fixture *fixture, gconstpointer unused)
{
  const gsize sizes[] = { 1, 4000, 16384, 65536, 65537, 131072, 262144, 262145, 5 * MIB };
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, "popen//via=master");

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    assert_copies (gateway, sizes[i]);
}

static gint64
peak_kib (ExecnetGateway *gateway)
{
  g_autofree char *text = evaluate (gateway, "__import__('resource').getrusage(0).ru_maxrss");

  return g_ascii_strtoll (text, NULL, 10);
}

/* As much as there is waits at its ends, and little in between. */
static void
test_bounded_memory (Fixture *fixture, gconstpointer unused)
{
  const guint n = 64;
  g_autoptr (ExecnetGateway) gateway = make_gateway (fixture->group, "popen//via=master");
  g_autoptr (ExecnetChannel) up = NULL, down = NULL;
  g_autofree guint8 *bytes = g_malloc0 (MIB);
  gint64 before;

  assert_copies (gateway, 3 * MIB);
  before = peak_kib (fixture->gateway);
  up = run_code (gateway,
                 "import time\ntotal = 0\nchannel.receive_limit = 1\n"
                 "for data in channel:\n total += len(data)\n if total < 4000000: time.sleep(0.1)\n"
                 " if len(data) == 1:\n  channel.send(total)\n  break\n");
  down = run_code (gateway, "channel.receive()\nfor i in range(64): channel.send(b'x' * (1 << 20))");
  execnet_channel_set_receive_limit (down, MIB);
  send_int (down, 1);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;

      execnet_channel_send (up,
                            g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, MIB, 1),
                            NULL,
                            &error);
      g_assert_no_error (error);
    }
  execnet_channel_send (up, g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, 1, 1), NULL, NULL);
  g_assert_cmpint (receive_int (up), ==, n * MIB + 1);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GVariant) item = execnet_channel_receive (down, PATIENCE_MS, NULL, NULL);

      g_assert_cmpint (g_variant_get_size (item), ==, MIB);
    }
  g_assert_cmpint (peak_kib (fixture->gateway) - before, <, 8 * 1024);
}

static void
test_many_behind_one (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetXSpec) spec = execnet_xspec_new ("popen//via=master", NULL);
  ExecnetXSpec *specs[10];
  g_autoptr (GPtrArray) gateways = NULL;
  g_autoptr (ExecnetMultiChannel) multi = NULL;
  g_autoptr (GPtrArray) items = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
    specs[i] = spec;
  gateways = execnet_group_make_gateways (
      fixture->group, specs, G_N_ELEMENTS (specs), 0, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (gateways->len, ==, 10);
  for (guint i = 0; i < gateways->len; i++)
    assert_copies (gateways->pdata[i], 300000);
}

/* One is made before what leads to it is up. */
static void
test_waits_for_the_master (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetXSpec) first = execnet_xspec_new ("popen//id=first", NULL);
  g_autoptr (ExecnetXSpec) second = execnet_xspec_new ("popen//id=second//via=first", NULL);
  g_autoptr (ExecnetXSpec) third = execnet_xspec_new ("popen//id=third//via=second", NULL);
  ExecnetXSpec *specs[] = { first, second, third };
  g_autoptr (GPtrArray) gateways = NULL;
  g_autoptr (GError) error = NULL;

  gateways = execnet_group_make_gateways (fixture->group, specs, 3, 0, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  assert_still_works (gateways->pdata[2]);
}

static void
test_chain (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) first = make_gateway (fixture->group, "popen//id=a//via=master");
  g_autoptr (ExecnetGateway) second = make_gateway (fixture->group, "popen//id=b//via=a");
  g_autoptr (ExecnetGateway) third = make_gateway (fixture->group, "popen//id=c//via=b");
  g_autofree char *pid = evaluate (second, "os.getpid()");

  assert_evaluates (third, "os.getppid()", pid);
  assert_copies (third, 5 * MIB);
  assert_still_works (first);
}

static void
on_output (ExecnetGateway *gateway, const char *line, gboolean is_stderr, gpointer data)
{
  g_string_append_printf (data, "%d %s|", is_stderr, line);
}

static void
test_captured_output (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetGateway) gateway
      = make_gateway (fixture->group, "popen//via=master//capture_output");
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (ExecnetChannel) channel = NULL;

  g_signal_connect (gateway, "output", G_CALLBACK (on_output), out);
  channel = run_code (gateway, "import os\nprint('one')\nos.system('echo two')");
  assert_waits_for_close (channel);
  ITERATE_UNTIL (strstr (out->str, "two") != NULL);
  g_assert_cmpstr (out->str, ==, "0 one|0 two|");
  g_object_unref (g_object_ref (channel));
  g_clear_object (&channel);
  channel = run_code (gateway, "import os\nos.write(2, b'three\\n')");
  ITERATE_UNTIL (strstr (out->str, "three") != NULL);
  g_assert_cmpstr (out->str, ==, "0 one|0 two|1 three|");
}

/* What can't be. */

static void
test_unknown (Fixture *fixture, gconstpointer unused)
{
  assert_error_says (fail_to_make (fixture->group, "popen//via=nobody"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_INVALID_SPEC,
                     "“nobody”");
  assert_error_says (fail_to_make (fixture->group, "popen//id=own//via=own"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_INVALID_SPEC,
                     "itself");
}

static void
test_closed (Fixture *fixture, gconstpointer unused)
{
  execnet_gateway_exit (fixture->gateway);
  g_assert_true (execnet_gateway_join (fixture->gateway, PATIENCE_MS, NULL, NULL));
  g_clear_error (&(GError *){ fail_to_make (fixture->group, "popen//via=master") });
}

static void
test_no_interpreter (Fixture *fixture, gconstpointer unused)
{
  assert_error_says (fail_to_make (fixture->group, "popen//via=master//python=/no/such/python"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_NO_INTERPRETER,
                     "“/no/such/python”");
  assert_error_says (fail_to_make (fixture->group, "popen//via=master//python=sh -c 'echo oh >&2; exit 3'"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_DIED,
                     "exit status 3 before it answered. It last printed: oh");
  assert_error_says (fail_to_make (fixture->group, "popen//via=master//python=echo hello"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_UNEXPECTED_OUTPUT,
                     "hello");
  assert_error_says (fail_to_make (fixture->group, "popen//via=master//chdir=/no/such/folder"),
                     EXECNET_ERROR,
                     EXECNET_ERROR_FAILED,
                     "/no/such/folder");
  assert_still_works (fixture->gateway);
}

static void
test_failed_master (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (ExecnetXSpec) first = execnet_xspec_new ("popen//id=first//python=/no/such", NULL);
  g_autoptr (ExecnetXSpec) second = execnet_xspec_new ("popen//id=second//via=first", NULL);
  g_autoptr (ExecnetGateway) leader = execnet_group_start_gateway (fixture->group, first, NULL);
  g_autoptr (ExecnetGateway) gateway = execnet_group_start_gateway (fixture->group, second, NULL);

  g_assert_nonnull (leader);
  /* Unless the first failed before the second was asked for. */
  if (gateway == NULL)
    return;
  g_assert_true (execnet_gateway_join (gateway, PATIENCE_MS, NULL, NULL));
  assert_error_says (execnet_gateway_dup_error (gateway),
                     EXECNET_ERROR,
                     EXECNET_ERROR_NO_INTERPRETER,
                     "“first”");
}

static void
test_cancelled_start (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (ExecnetGateway) gateway = NULL;
      g_autoptr (GError) error = NULL;

      execnet_group_make_gateway_async (fixture->group,
                                        "popen//via=master//python=sh -c 'exec sleep 1000'",
                                        cancellable,
                                        keep_result,
                                        &result);
      for (guint n = 0; n < i; n++)
        assert_still_works (fixture->gateway);
      g_cancellable_cancel (cancellable);
      wait_for_result (&result);
      gateway = execnet_group_make_gateway_finish (fixture->group, result, &error);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);
  ADD_TEST_WITH ("/via/place", MASTER, test_place);
  ADD_TEST_WITH ("/via/options", MASTER, test_options);
  ADD_TEST_WITH ("/via/information", MASTER, test_information);
  ADD_TEST_WITH ("/via/main-thread-stays-free", "", test_main_thread_stays_free);
  ADD_TEST_WITH ("/via/busy-master", MASTER, test_busy_master);
  ADD_TEST_WITH ("/via/bulk", MASTER, test_bulk);
  ADD_TEST_WITH ("/via/bounded-memory", MASTER, test_bounded_memory);
  ADD_TEST_WITH ("/via/many-behind-one", MASTER, test_many_behind_one);
  ADD_TEST_WITH ("/via/waits-for-the-master", "", test_waits_for_the_master);
  ADD_TEST_WITH ("/via/chain", MASTER, test_chain);
  ADD_TEST_WITH ("/via/captured-output", MASTER, test_captured_output);
  ADD_TEST_WITH ("/via/unknown", MASTER, test_unknown);
  ADD_TEST_WITH ("/via/closed", MASTER, test_closed);
  ADD_TEST_WITH ("/via/no-interpreter", MASTER, test_no_interpreter);
  ADD_TEST_WITH ("/via/failed-master", "", test_failed_master);
  ADD_TEST_WITH ("/via/cancelled-start", MASTER, test_cancelled_start);
  return g_test_run ();
}
