/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A program that ends without ending its gateways, one behind the other: it prints the numbers of
 * their processes. `exit`: with code running in all; `stop`: the farthest hears nothing any more;
 * `wait`: to be killed. */

#include "config.h"

#include <execnet-glib/execnet-glib.h>

#include <signal.h>

int
main (int argc, char **argv)
{
  const char *const specs[]
      = { "popen//id=one", "popen//id=two//via=one", "popen//id=three//via=two" };
  ExecnetGateway *gateway = NULL;
  gint64 pid = 0;

  for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
    {
      g_autoptr (GVariant) item = NULL;
      GError *error = NULL;
      ExecnetChannel *channel;

      gateway = execnet_make_gateway (specs[i], NULL, &error);
      if (gateway == NULL)
        g_error ("%s", error->message);
      channel = execnet_gateway_remote_exec (
          gateway, "import os, time\nchannel.send(os.getpid())\nwhile 1: time.sleep(1000)", &error);
      item = execnet_channel_receive (channel, -1, NULL, &error);
      if (item == NULL)
        g_error ("%s", error->message);
      pid = g_variant_get_int64 (item);
      g_print ("%" G_GINT64_FORMAT "\n", pid);
    }
  if (g_str_equal (argv[1], "stop"))
    kill (pid, SIGSTOP);
  if (g_str_equal (argv[1], "wait"))
    g_main_loop_run (g_main_loop_new (NULL, FALSE));
  return 0;
}
