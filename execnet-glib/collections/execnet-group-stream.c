/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gateways over streams that the application brings along. */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "base/execnet-error.h"
#include "data/execnet-xspec-private.h"
#include "transport/execnet-stream-transport-private.h"

#include <glib/gi18n-lib.h>

static const char *const ways[] = { "popen", "ssh", "vagrant_ssh", "socket", "via", "installvia" };

/* The options of the spec; what it says of a way there is refused, as the stream is one. */
static ExecnetXSpec *
take_options (ExecnetXSpec *spec, GError **error)
{
  if (spec == NULL)
    return g_object_new (EXECNET_TYPE_XSPEC, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autofree char *text = NULL;

      if (!execnet_xspec_has (spec, ways[i]))
        continue;
      text = execnet_xspec_to_string (spec);
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_INVALID_SPEC,
                   _ ("“%s” says with “%s” how to get to an interpreter, but the stream is the way "
                      "there; leave that out."),
                   text,
                   ways[i]);
      return NULL;
    }
  return g_object_ref (spec);
}

/**
 * execnet_gateway_start_for_stream: (constructor)
 * @group: (nullable): the group that the gateway will belong to; %NULL for the default group
 * @stream: a stream at whose other end an interpreter waits for its source
 * @spec: (nullable): what the worker is told, as for [ctor@Gateway.new_for_stream]
 * @error: return location for an error
 *
 * Begins to make a gateway over a stream of the application's, and returns at once:
 * [method@Gateway.wait_ready] waits for it. Usually [ctor@Gateway.new_for_stream] is what is wanted.
 *
 * Returns: (transfer full): the gateway; %NULL with %EXECNET_ERROR_INVALID_SPEC or
 *   %EXECNET_ERROR_DUPLICATE_ID: then the stream is the caller's still
 *
 * Since: 1.0
 */
ExecnetGateway *
execnet_gateway_start_for_stream (ExecnetGroup *group,
                                  GIOStream *stream,
                                  ExecnetXSpec *spec,
                                  GError **error)
{
  g_autoptr (ExecnetTransport) transport = NULL;
  g_autoptr (ExecnetXSpec) options = NULL;

  g_return_val_if_fail (group == NULL || EXECNET_IS_GROUP (group), NULL);
  g_return_val_if_fail (G_IS_IO_STREAM (stream), NULL);
  g_return_val_if_fail (spec == NULL || EXECNET_IS_XSPEC (spec), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  options = take_options (spec, error);
  if (options == NULL)
    return NULL;
  transport = execnet_stream_transport_new (stream);
  return execnet_group_start (group != NULL ? group : execnet_group_get_default (),
                              options,
                              transport,
                              NULL,
                              error);
}

/**
 * execnet_gateway_new_for_stream: (constructor)
 * @group: (nullable): the group that the gateway will belong to; %NULL for the default group
 * @stream: a stream at whose other end an interpreter waits for its source
 * @spec: (nullable): what the worker is told, such as `id=far//chdir=/srv`, and `timeout=` (30
 *   seconds without it); it can't be changed any more afterwards, and has nothing that says where
 *   an interpreter is to be started
 * @cancellable: (nullable): a cancellable
 * @error: return location for an error
 *
 * Makes a gateway over a stream of the application's, and waits until the worker answers: a serial
 * line, a container's standard input and output, a tunnel. The thread's main loop does not run
 * meanwhile.
 *
 * At the other end, `import sys;exec(eval(sys.stdin.readline()))` has to run in a Python interpreter
 * of at least 2.7 or 3.4 whose standard input and output the stream is. Nothing else may be printed
 * there before.
 *
 * The stream belongs to the gateway from then on, and is closed with it, also when no worker
 * answers. A [class@Gio.SocketConnection], and a stream of a [class@Gio.UnixInputStream] and a
 * [class@Gio.UnixOutputStream], is read and written without detours. Any other one is used on a
 * thread of the library's with asynchronous calls, one of each kind at a time, and nobody else may
 * use it. How a process at the other end ended is not known; to kill the gateway is to close the
 * stream.
 *
 * Thread: any. The gateway's main context is the thread-default one of the caller.
 *
 * Returns: (transfer full): the gateway, which is up; %NULL with %EXECNET_ERROR_INVALID_SPEC,
 *   %EXECNET_ERROR_TIMED_OUT or what [method@Group.make_gateway] gives
 *
 * Since: 1.0
 */
ExecnetGateway *
execnet_gateway_new_for_stream (ExecnetGroup *group,
                                GIOStream *stream,
                                ExecnetXSpec *spec,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autoptr (ExecnetTransport) transport = NULL;
  g_autoptr (ExecnetXSpec) options = NULL;

  g_return_val_if_fail (group == NULL || EXECNET_IS_GROUP (group), NULL);
  g_return_val_if_fail (G_IS_IO_STREAM (stream), NULL);
  g_return_val_if_fail (spec == NULL || EXECNET_IS_XSPEC (spec), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  options = take_options (spec, error);
  if (options == NULL)
    return NULL;
  transport = execnet_stream_transport_new (stream);
  return execnet_group_make (group != NULL ? group : execnet_group_get_default (),
                             options,
                             transport,
                             cancellable,
                             error);
}

/**
 * execnet_gateway_new_for_stream_async:
 * @group: (nullable): the group that the gateway will belong to; %NULL for the default group
 * @stream: a stream at whose other end an interpreter waits for its source
 * @spec: (nullable): what the worker is told, as for [ctor@Gateway.new_for_stream]
 * @cancellable: (nullable): a cancellable; cancelling closes the stream
 * @callback: (nullable) (scope async): called when the gateway is up, or failed
 * @user_data: given to @callback
 *
 * Makes a gateway as [ctor@Gateway.new_for_stream] does, asynchronously.
 *
 * Since: 1.0
 */
void
execnet_gateway_new_for_stream_async (ExecnetGroup *group,
                                      GIOStream *stream,
                                      ExecnetXSpec *spec,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  g_autoptr (ExecnetTransport) transport = NULL;
  g_autoptr (ExecnetXSpec) options = NULL;
  GError *error = NULL;
  GTask *task;

  g_return_if_fail (group == NULL || EXECNET_IS_GROUP (group));
  g_return_if_fail (G_IS_IO_STREAM (stream));
  g_return_if_fail (spec == NULL || EXECNET_IS_XSPEC (spec));

  if (group == NULL)
    group = execnet_group_get_default ();
  task = g_task_new (group, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_gateway_new_for_stream_async);
  options = take_options (spec, &error);
  if (options == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  transport = execnet_stream_transport_new (stream);
  execnet_group_make_async (group, options, transport, task);
}

/**
 * execnet_gateway_new_for_stream_finish: (constructor)
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [func@Gateway.new_for_stream_async].
 *
 * Returns: (transfer full): as for [ctor@Gateway.new_for_stream]
 *
 * Since: 1.0
 */
ExecnetGateway *
execnet_gateway_new_for_stream_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (G_IS_TASK (result), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_gateway_new_for_stream_async),
                        NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
