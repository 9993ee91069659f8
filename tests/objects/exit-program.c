/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A program that ends while its gateways live: test-exit.c starts it.
 *
 *   exit-program HOW SPEC...
 *
 * It prints the numbers of the workers' processes, and then ends in one of the ways below. */

#include <execnet-glib/execnet-glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What code does that does not want to end. */
static const char *const stubborn[][2] = {
  { "busy",
    "channel.send(1)\n"
    "import time\n"
    "while True:\n"
    "    try: time.sleep(60)\n"
    "    except BaseException: pass" },
  { "computing", "channel.send(1)\nwhile True: pass" },
  { "blocked", "import socket\na, b = socket.socketpair()\nchannel.send(1)\na.recv(1)" },
  { "ignoring",
    "import signal\n"
    "for n in range(1, signal.NSIG):\n"
    "    try: signal.signal(n, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\n"
    "channel.send(1)\n"
    "while True: pass" },
};

static ExecnetChannel *
keep_busy (ExecnetGateway *gateway, const char *code)
{
  g_autoptr (GVariant) item = NULL;
  ExecnetChannel *channel = execnet_gateway_remote_exec (gateway, code, NULL);

  item = execnet_channel_receive (channel, -1, NULL, NULL);
  return item != NULL ? channel : NULL;
}

static gpointer
receive_for_ever (gpointer channel)
{
  g_autoptr (GVariant) item = execnet_channel_receive (channel, -1, NULL, NULL);

  return NULL;
}

static gboolean
ignore_item (GVariant *item, gpointer data, GError **error)
{
  return TRUE;
}

static gboolean
print_pid (ExecnetGateway *gateway)
{
  g_autoptr (GVariant) information
      = execnet_gateway_remote_information (gateway, FALSE, NULL, NULL);
  gint64 pid;

  if (information == NULL || !g_variant_lookup (information, "pid", "x", &pid))
    return FALSE;
  g_print ("%d ", (int) pid);
  return TRUE;
}

/* What is going on when the program ends. */
static gboolean
make_something_of (ExecnetGateway *gateway, const char *how)
{
  ExecnetChannel *channel;

  for (guint i = 0; i < G_N_ELEMENTS (stubborn); i++)
    {
      if (strstr (how, stubborn[i][0]) != NULL)
        return keep_busy (gateway, stubborn[i][1]) != NULL;
    }
  channel = execnet_gateway_remote_exec (gateway, "for i in channel: channel.send(i)", NULL);
  if (channel == NULL)
    return FALSE;
  if (strstr (how, "thread") != NULL)
    g_thread_unref (g_thread_new ("receive", receive_for_ever, channel));
  if (strstr (how, "callback") != NULL)
    return execnet_channel_set_callback (channel, NULL, TRUE, ignore_item, NULL, NULL, NULL);
  return TRUE;
}

static void
end_as (const char *how)
{
  if (strstr (how, "terminate") != NULL)
    execnet_group_terminate (execnet_group_get_default (), -1, NULL, NULL);
  if (g_str_has_prefix (how, "exit"))
    exit (7);
  if (g_str_has_prefix (how, "_exit"))
    _exit (7);
  if (g_str_has_prefix (how, "killed"))
    kill (getpid (), SIGKILL);
}

int
main (int argc, char **argv)
{
  for (int i = 2; i < argc; i++)
    {
      g_autoptr (GError) error = NULL;
      ExecnetGateway *gateway = execnet_make_gateway (argv[i], NULL, &error);

      if (gateway == NULL)
        {
          g_printerr ("%s\n", error->message);
          return 1;
        }
      if (!print_pid (gateway) || !make_something_of (gateway, argv[1]))
        return 1;
    }
  fflush (stdout);
  end_as (argv[1]);
  return 7;
}
