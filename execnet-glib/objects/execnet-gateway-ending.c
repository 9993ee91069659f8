/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The end of a gateway: asked for, forced, and how it came. */

#include "config.h"

#include "objects/execnet-gateway-private.h"

/* With the lock. */
static ExecnetEnding
find_ending (ExecnetGatewayCore *core)
{
  if (core->state != EXECNET_GATEWAY_CLOSED)
    return EXECNET_ENDING_NONE;
  if (core->was_killed)
    return EXECNET_ENDING_KILLED;
  return core->exit_asked && core->error == NULL ? EXECNET_ENDING_ASKED : EXECNET_ENDING_DIED;
}

/**
 * execnet_gateway_get_ending:
 * @self: a gateway
 *
 * Tells how the gateway ended: after [method@Group.terminate], which of them had to be killed.
 * [property@Gateway:exit-status], [property@Gateway:term-signal] and [property@Gateway:error] tell
 * more.
 *
 * Returns: how it ended
 *
 * Since: 1.0
 */
ExecnetEnding
execnet_gateway_get_ending (ExecnetGateway *self)
{
  ExecnetEnding ending;

  g_return_val_if_fail (EXECNET_IS_GATEWAY (self), EXECNET_ENDING_NONE);

  if (self->core == NULL || execnet_gateway_core_is_foreign (self->core))
    return EXECNET_ENDING_DIED;
  g_mutex_lock (&self->core->lock);
  ending = find_ending (self->core);
  g_mutex_unlock (&self->core->lock);
  return ending;
}

/**
 * execnet_gateway_exit:
 * @self: a gateway
 *
 * Asks the other side to end, and returns at once: use [method@Gateway.join] to wait for it. Code
 * that runs there is given a moment, then interrupted, then ended. While the gateway is being
 * started, that is given up. Gateways to which it leads (`via=`) are lost with it: end them before,
 * or use [method@Group.terminate].
 *
 * Since: 1.0
 */
void
execnet_gateway_exit (ExecnetGateway *self)
{
  g_return_if_fail (EXECNET_IS_GATEWAY (self));

  if (self->core != NULL)
    execnet_gateway_core_exit (self->core);
}

/**
 * execnet_gateway_kill:
 * @self: a gateway
 *
 * Ends the other side by force, and returns at once. A local interpreter is killed, and the
 * processes that it started with it.
 *
 * Since: 1.0
 */
void
execnet_gateway_kill (ExecnetGateway *self)
{
  g_return_if_fail (EXECNET_IS_GATEWAY (self));

  if (self->core != NULL)
    execnet_gateway_core_kill (self->core);
}
