/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-popen-transport-private.h"

#include "base/execnet-error.h"
#include "data/execnet-xspec-private.h"
#include "transport/execnet-interpreter-private.h"

#include <glib/gi18n-lib.h>

struct _ExecnetPopenTransport
{
  ExecnetProcessTransport parent_instance;

  char **command; /* NULL: whichever Python PATH has */
  gboolean dont_write_bytecode;
};

G_DEFINE_FINAL_TYPE (ExecnetPopenTransport, execnet_popen_transport, EXECNET_TYPE_PROCESS_TRANSPORT)

static char **
find_python (GError **error)
{
  const char *const names[] = { "python3", "python" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_find_program_in_path (names[i]);

      if (path != NULL)
        return g_strdupv ((char *[]){ path, NULL });
    }
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_NO_INTERPRETER,
               _ ("There is neither “python3” nor “python” in PATH (%s); install Python 3, or name "
                  "an interpreter with python=."),
               g_getenv ("PATH") != NULL ? g_getenv ("PATH") : "");
  return NULL;
}

static void
append (GStrvBuilder *arguments, char **command)
{
  for (guint i = 0; command[i] != NULL; i++)
    g_strv_builder_add (arguments, command[i]);
}

static char **
make_arguments (ExecnetPopenTransport *self, char **command)
{
  g_autoptr (GStrvBuilder) arguments = g_strv_builder_new ();

  append (arguments, command);
  g_strv_builder_add (arguments, "-u");
  if (self->dont_write_bytecode)
    g_strv_builder_add (arguments, "-B");
  g_strv_builder_add (arguments, "-c");
  g_strv_builder_add (arguments, EXECNET_INTERPRETER_CODE);
  return g_strv_builder_end (arguments);
}

static gboolean
has_wrapper (ExecnetPopenTransport *self)
{
  return self->command != NULL && self->command[0] != NULL && self->command[1] != NULL;
}

static ExecnetStdioKind
choose_stdio (ExecnetPopenTransport *self)
{
  if (has_wrapper (self))
    return EXECNET_STDIO_PIPES;
  return execnet_process_transport_is_captured (EXECNET_PROCESS_TRANSPORT (self))
             ? EXECNET_STDIO_SOCKET_AND_PRINTS
             : EXECNET_STDIO_SOCKET;
}

static gboolean
execnet_popen_transport_prepare (ExecnetProcessTransport *transport,
                                 ExecnetProcessStart *start,
                                 GError **error)
{
  ExecnetPopenTransport *self = EXECNET_POPEN_TRANSPORT (transport);
  g_auto (GStrv) command = self->command != NULL ? g_strdupv (self->command) : find_python (error);

  if (command == NULL)
    return FALSE;
  start->argv = make_arguments (self, command);
  start->stdio = choose_stdio (self);
  return TRUE;
}

static GError *
execnet_popen_transport_new_spawn_error (ExecnetProcessTransport *transport,
                                         const char *program,
                                         const char *why)
{
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_NO_INTERPRETER,
                      _ ("The interpreter “%s” can't be started: %s. Name another with python=."),
                      program,
                      why);
}

static ExecnetOutputRoute
execnet_popen_transport_capture_output (ExecnetTransport *transport,
                                        ExecnetOutputFunc func,
                                        gpointer data,
                                        GDestroyNotify notify)
{
  ExecnetOutputRoute with_wrapper = EXECNET_TRANSPORT_CLASS (execnet_popen_transport_parent_class)
                                        ->capture_output (transport, func, data, notify);

  return has_wrapper (EXECNET_POPEN_TRANSPORT (transport)) ? with_wrapper
                                                           : EXECNET_OUTPUT_INHERITED;
}

static void
execnet_popen_transport_finalize (GObject *object)
{
  g_strfreev (EXECNET_POPEN_TRANSPORT (object)->command);

  G_OBJECT_CLASS (execnet_popen_transport_parent_class)->finalize (object);
}

static void
execnet_popen_transport_class_init (ExecnetPopenTransportClass *klass)
{
  ExecnetProcessTransportClass *process_class = EXECNET_PROCESS_TRANSPORT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = execnet_popen_transport_finalize;
  /* A slow start on this machine is seen, and a wrapper may have its reasons. */
  EXECNET_TRANSPORT_CLASS (klass)->start_timeout = 0;
  EXECNET_TRANSPORT_CLASS (klass)->capture_output = execnet_popen_transport_capture_output;
  process_class->prepare = execnet_popen_transport_prepare;
  process_class->new_spawn_error = execnet_popen_transport_new_spawn_error;
}

static void
execnet_popen_transport_init (ExecnetPopenTransport *self)
{
}

ExecnetTransport *
execnet_popen_transport_new (ExecnetXSpec *spec,
                             const ExecnetTransportSettings *settings,
                             GError **error)
{
  g_autoptr (ExecnetPopenTransport) self = g_object_new (EXECNET_TYPE_POPEN_TRANSPORT, NULL);

  if (execnet_xspec_has (spec, "python"))
    {
      self->command = execnet_xspec_split_python (spec, error);
      if (self->command == NULL)
        return NULL;
    }
  else if (settings->default_python != NULL)
    {
      self->command = g_strdupv ((char *[]){ (char *) settings->default_python, NULL });
    }
  self->dont_write_bytecode = execnet_xspec_has (spec, "dont_write_bytecode");
  return EXECNET_TRANSPORT (g_steal_pointer (&self));
}
