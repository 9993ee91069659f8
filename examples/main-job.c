/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The main job from C: start Python interpreters, run code in them, talk to it over channels.
 *
 *   main-job [SPEC...]     such as: main-job popen//python=python3 popen//python=pypy3 */

#include <execnet-glib/execnet-glib.h>

/* Code for the other side is text. It finds its channel under that name. */
static const char double_everything[] =
  "for number in channel:\n"
  "    channel.send(number * 2)\n";

static const char count_down[] =
  "for number in (3, 2, 1):\n"
  "    channel.send(number)\n";

static const char stumble[] =
  "def divide(one, other):\n"
  "    return one / other\n"
  "divide(1, 0)\n";

static const char descriptions[] =
  "def describe_interpreter():\n"
  "    import platform\n"
  "    return '%s %s' % (platform.python_implementation(), platform.python_version())\n"
  "\n"
  "def describe(name, year):\n"
  "    return '%s is from %d' % (name, year)\n";

/* The shortest way to use a function: arguments in, its value out. */
static char *
call_function (ExecnetGateway *gateway, const char *name, GVariant *arguments, GError **error)
{
  g_autoptr (ExecnetSource) source = execnet_source_new_function (descriptions, name);
  g_autoptr (GVariant) value = NULL;

  value = execnet_gateway_call (gateway, source, arguments, NULL, error);
  return value != NULL ? g_variant_dup_string (value, NULL) : NULL;
}

static ExecnetGateway *
start_interpreter (const char *spec, GError **error)
{
  g_autoptr (ExecnetGateway) gateway = execnet_make_gateway (spec, NULL, error);
  g_autofree char *description = NULL;

  if (gateway == NULL)
    return NULL;
  description = call_function (gateway, "describe_interpreter", NULL, error);
  if (description == NULL)
    return NULL;

  g_print ("Started %s.\n", description);
  return g_steal_pointer (&gateway);
}

/* Items are GVariants: what is sent is a Python int there, what comes back is an int here. */
static gboolean
send_and_receive (ExecnetGateway *gateway, GError **error)
{
  g_autoptr (ExecnetChannel) channel = NULL;
  g_autoptr (GVariant) answer = NULL;

  channel = execnet_gateway_remote_exec (gateway, double_everything, error);
  if (channel == NULL)
    return FALSE;
  if (!execnet_channel_send (channel, g_variant_new_int64 (21), NULL, error))
    return FALSE;
  answer = execnet_channel_receive_as (channel, G_VARIANT_TYPE_INT64, -1, NULL, error);
  if (answer == NULL)
    return FALSE;

  g_print ("  Sent 21, received %" G_GINT64_FORMAT ".\n", g_variant_get_int64 (answer));
  return TRUE;
}

static gboolean
take_item (GVariant *item, gpointer user_data, GError **error)
{
  if (item != NULL)
    g_print (" %" G_GINT64_FORMAT, g_variant_get_int64 (item));
  else
    g_main_loop_quit (user_data);   /* the end marker: no more items will come */
  return TRUE;
}

/* A program with a main loop, such as any GTK application, lets the items come to it. */
static gboolean
let_items_come (ExecnetGateway *gateway, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (ExecnetChannel) channel = NULL;

  channel = execnet_gateway_remote_exec (gateway, count_down, error);
  if (channel == NULL)
    return FALSE;
  if (!execnet_channel_set_callback (channel, NULL, TRUE, take_item, loop, NULL, error))
    return FALSE;

  g_print ("  Items that came by themselves:");
  g_main_loop_run (loop);
  g_print ("\n");
  return TRUE;
}

static gboolean
call_a_function (ExecnetGateway *gateway, GError **error)
{
  g_autofree char *answer = NULL;
  GVariant *arguments;

  arguments = g_variant_new_parsed ("{'name': <'Python'>, 'year': <int64 1991>}");
  answer = call_function (gateway, "describe", arguments, error);
  if (answer == NULL)
    return FALSE;

  g_print ("  Called a function, which answered: %s.\n", answer);
  return TRUE;
}

/* An exception over there is an error here, and says where it happened. */
static gboolean
see_an_error (ExecnetGateway *gateway, GError **error)
{
  g_autoptr (ExecnetChannel) channel = execnet_gateway_remote_exec (gateway, stumble, error);
  g_autoptr (GError) remote = NULL;

  if (channel == NULL)
    return FALSE;
  if (!execnet_channel_wait_close (channel, -1, NULL, &remote))
    g_print ("  Ran code with a mistake in it:\n%s\n", remote->message);
  return TRUE;
}

static gboolean
do_the_main_job (const char *spec, GError **error)
{
  g_autoptr (ExecnetGateway) gateway = start_interpreter (spec, error);

  if (gateway == NULL)
    return FALSE;
  if (!send_and_receive (gateway, error) || !let_items_come (gateway, error)
      || !call_a_function (gateway, error) || !see_an_error (gateway, error))
    return FALSE;

  execnet_gateway_exit (gateway);
  return execnet_gateway_join (gateway, -1, NULL, error);
}

int
main (int argc, char **argv)
{
  const char *plain[] = { argv[0], "popen", NULL };
  const char **specs = (argc > 1 ? (const char **) argv : plain) + 1;

  for (; *specs != NULL; specs++)
    {
      g_autoptr (GError) error = NULL;

      if (!do_the_main_job (*specs, &error))
        {
          g_printerr ("%s: %s\n", *specs, error->message);
          return 1;
        }
    }
  return 0;
}
