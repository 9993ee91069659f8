/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A machine that vanishes without a word: here a network namespace, which loses its address. */

#include "config.h"

#include "server-fixture.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Three keepalives of a second each, and something for a machine that is busy. */
#define WITHIN_MS (3 * 1000 + 500)

static char *namespace;
static char *device;
static char *here;
static char *there;

/* Of the networks that are set aside for such tests, one of four addresses that is this process's. */
static char *
choose_address (guint number)
{
  guint address = (getpid () & 0x3fff) * 4 + number;

  return g_strdup_printf ("198.18.%u.%u", address >> 8, address & 255);
}

/* What ip(8) says when it does not work, or NULL. */
G_GNUC_PRINTF (1, 2)
static char *
run_ip (const char *format, ...)
{
  g_autofree char *arguments = NULL;
  g_autofree char *command = NULL;
  g_autofree char *message = NULL;
  g_autoptr (GError) error = NULL;
  va_list values;
  int status;

  va_start (values, format);
  arguments = g_strdup_vprintf (format, values);
  va_end (values);
  command = g_strconcat ("ip ", arguments, NULL);
  if (!g_spawn_command_line_sync (command, NULL, &message, &status, &error))
    return g_strdup (error->message);
  return status != 0 ? g_strdup_printf ("%s: %s", command, g_strchomp (message)) : NULL;
}

static void
ip (const char *arguments)
{
  g_autofree char *problem = run_ip ("%s", arguments);

  if (problem != NULL)
    g_error ("%s", problem);
}

G_GNUC_PRINTF (1, 2)
static void
ip_format (const char *format, ...)
{
  g_autofree char *arguments = NULL;
  va_list values;

  va_start (values, format);
  arguments = g_strdup_vprintf (format, values);
  va_end (values);
  ip (arguments);
}

/* NULL, or why there can be no namespace here. */
static char *
make_network (void)
{
  char *problem;

  namespace = g_strdup_printf ("execnet-test-%d", getpid ());
  device = g_strdup_printf ("ex%d", getpid ());
  here = choose_address (1);
  there = choose_address (2);
  problem = run_ip ("netns add %s", namespace);
  if (problem != NULL)
    return problem;
  problem = run_ip ("link add %s type veth peer name there netns %s", device, namespace);
  if (problem != NULL)
    {
      ip_format ("netns del %s", namespace);
      return problem;
    }
  ip_format ("address add %s/30 dev %s", here, device);
  ip_format ("link set %s up", device);
  ip_format ("-n %s address add %s/30 dev there", namespace, there);
  ip_format ("-n %s link set there up", namespace);
  ip_format ("-n %s link set lo up", namespace);
  return NULL;
}

static void
vanish (void)
{
  ip_format ("-n %s address flush dev there", namespace);
}

typedef struct
{
  Belongings before;
  Server *server;
  ExecnetGroup *group;
  ExecnetGateway *gateway;
} Far;

static gboolean
set_up_far (Far *far)
{
  g_autofree char *problem = make_network ();
  g_autofree char *address = NULL;
  g_autofree char *spec = NULL;

  if (problem != NULL)
    {
      g_test_skip (problem);
      return FALSE;
    }
  far->before = count_belongings ();
  address = g_strconcat (there, ":0", NULL);
  far->server
      = server_new_in (namespace, address, "--insecure", "--keepalive", "1", NULL);
  far->group = execnet_group_new ();
  spec = server_spec (far->server, "//keepalive=1");
  far->gateway = make_gateway (far->group, spec);
  return TRUE;
}

static void
tear_down_far (Far *far)
{
  g_autoptr (GError) error = NULL;

  execnet_group_terminate (far->group, PATIENCE_MS, NULL, &error);
  g_assert_no_error (error);
  iterate_ready ();
  g_assert_finalize_object (far->gateway);
  g_assert_finalize_object (far->group);
  server_free (far->server);
  assert_nothing_left (&far->before);
  /* That of the namespace would take its time to go with it. */
  ip_format ("link del %s", device);
  ip_format ("netns del %s", namespace);
  g_clear_pointer (&namespace, g_free);
  g_clear_pointer (&device, g_free);
  g_clear_pointer (&here, g_free);
  g_clear_pointer (&there, g_free);
}

static void
assert_fails_in_time (ExecnetChannel *channel)
{
  gint64 start = g_get_monotonic_time ();
  gint64 ms;

  vanish ();
  assert_error_says (receive_error (channel), EXECNET_ERROR, EXECNET_ERROR_DIED, there);
  ms = (g_get_monotonic_time () - start) / 1000;
  g_test_message ("noticed after %d ms", (int) ms);
  g_assert_cmpint (ms, <, WITHIN_MS);
}

/* Nothing is on its way. The other side notices, too. */
static void
test_silent (void)
{
  Far far;
  g_autoptr (ExecnetChannel) channel = NULL;
  pid_t pid;

  if (!set_up_far (&far))
    return;
  pid = remote_pid (far.gateway);
  channel = run_until_ready (far.gateway, "channel.receive()");
  assert_fails_in_time (channel);
  wait_until_gone (pid);
  g_clear_object (&channel);
  tear_down_far (&far);
}

/* What was sent is answered by nobody: the system would try for a quarter of an hour. */
static void
test_sending (void)
{
  Far far;
  g_autoptr (ExecnetChannel) channel = NULL;

  if (!set_up_far (&far))
    return;
  channel = run_until_ready (far.gateway, "for item in channel: pass");
  vanish ();
  send_int (channel, 1);
  assert_fails_in_time (channel);
  g_clear_object (&channel);
  tear_down_far (&far);
}

/* Somebody who does not read has not vanished. */
static void
test_stopped (void)
{
  const gsize size = 32 << 20;
  Far far;
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (size), size);
  pid_t pid;

  if (!set_up_far (&far))
    return;
  pid = remote_pid (far.gateway);
  channel = run_until_ready (far.gateway, "channel.send(len(channel.receive()))");
  g_assert_cmpint (kill (pid, SIGSTOP), ==, 0);
  execnet_channel_send_async (channel,
                              g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE),
                              NULL,
                              NULL,
                              NULL);
  g_assert_cmpint (execnet_channel_wait (channel, 2 * WITHIN_MS, NULL), ==, EXECNET_WAIT_TIMED_OUT);
  g_assert_cmpint (kill (pid, SIGCONT), ==, 0);
  g_assert_cmpint (receive_int (channel), ==, size);
  g_clear_object (&channel);
  tear_down_far (&far);
}

int
main (int argc, char **argv)
{
  testing_init (&argc, &argv);

  g_test_add_func ("/socket-vanish/silent", test_silent);
  g_test_add_func ("/socket-vanish/sending", test_sending);
  g_test_add_func ("/socket-vanish/stopped", test_stopped);
  return g_test_run ();
}
