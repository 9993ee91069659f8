/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Starting gateways, under ids of their own. */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "base/execnet-error.h"
#include "data/execnet-xspec-private.h"
#include "objects/execnet-gateway-private.h"

#include <glib/gi18n-lib.h>

/* With the lock. */
static gboolean
check_id (ExecnetGroup *self, const char *id, GError **error)
{
  ExecnetGateway *gateway = execnet_group_find (self, id);

  if (gateway == NULL || execnet_gateway_get_state (gateway) == EXECNET_GATEWAY_CLOSED)
    return TRUE;
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_DUPLICATE_ID,
               _ ("The group already has a gateway with the id “%s”. Give another one, or none to get "
                  "one that is free."),
               id);
  return FALSE;
}

/* With the lock. */
static gboolean
allocate_id (ExecnetGroup *self, ExecnetXSpec *spec, GError **error)
{
  const char *id = execnet_xspec_get (spec, "id");

  if (id != NULL)
    return check_id (self, id, error);
  for (;;)
    {
      g_autofree char *free_id = g_strdup_printf ("gw%u", self->next_id++);

      if (execnet_group_find (self, free_id) != NULL)
        continue;
      execnet_xspec_assign_id (spec, free_id);
      return TRUE;
    }
}

/**
 * execnet_group_allocate_id:
 * @self: a group
 * @spec: a specification
 * @error: return location for an error
 *
 * Sets the id of a specification that has none to the next free one, `gw0` and so on. A
 * specification that has one keeps it.
 *
 * Returns: %TRUE; %FALSE with %EXECNET_ERROR_DUPLICATE_ID when a gateway of the group has the id, or
 *   %EXECNET_ERROR_INVALID_SPEC when the specification can't be changed any more
 *
 * Since: 1.0
 */
gboolean
execnet_group_allocate_id (ExecnetGroup *self, ExecnetXSpec *spec, GError **error)
{
  gboolean allocated;

  g_return_val_if_fail (EXECNET_IS_GROUP (self), FALSE);
  g_return_val_if_fail (EXECNET_IS_XSPEC (spec), FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  g_mutex_lock (&self->lock);
  allocated = allocate_id (self, spec, error);
  g_mutex_unlock (&self->lock);
  return allocated;
}

/* With the lock. */
static ExecnetGateway *
add_gateway (ExecnetGroup *self,
             ExecnetXSpec *spec,
             ExecnetTransport *given_transport,
             GMainContext *context,
             GError **error)
{
  g_autoptr (ExecnetTransport) transport = NULL;
  const char *execmodel = execnet_xspec_get (spec, "execmodel");
  ExecnetGateway *gateway;

  execnet_group_renew (self);
  if (!allocate_id (self, spec, error))
    return NULL;
  transport = given_transport != NULL ? g_object_ref (given_transport)
                                      : execnet_group_make_transport (self, spec, error);
  if (transport == NULL)
    return NULL;
  gateway = execnet_gateway_new (G_OBJECT (self),
                                 execnet_xspec_get (spec, "id"),
                                 spec,
                                 transport,
                                 execmodel != NULL ? execmodel : self->remote_execmodel,
                                 context,
                                 error);
  if (gateway == NULL)
    return NULL;

  execnet_xspec_freeze (spec);
  execnet_group_add (self, gateway);
  return gateway;
}

/**
 * execnet_group_start_gateway:
 * @self: a group
 * @spec: (nullable): a specification, which can't be changed any more afterwards; %NULL for the
 *   group's default one
 * @error: return location for an error
 *
 * Begins to start a gateway, and returns at once: [method@Gateway.wait_ready] waits for it. Usually
 * [method@Group.make_gateway] is what is wanted.
 *
 * Returns: (transfer full): the gateway; %NULL with %EXECNET_ERROR_INVALID_SPEC or
 *   %EXECNET_ERROR_DUPLICATE_ID
 *
 * Since: 1.0
 */
ExecnetGateway *
execnet_group_start_gateway (ExecnetGroup *self, ExecnetXSpec *spec, GError **error)
{
  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);
  g_return_val_if_fail (spec == NULL || EXECNET_IS_XSPEC (spec), NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  return execnet_group_start (self, spec, NULL, NULL, error);
}

ExecnetGateway *
execnet_group_start (ExecnetGroup *self,
                     ExecnetXSpec *spec,
                     ExecnetTransport *transport,
                     GMainContext *context,
                     GError **error)
{
  g_autoptr (ExecnetXSpec) own_spec = NULL;
  ExecnetGateway *gateway;

  if (spec == NULL)
    {
      g_autofree char *default_spec = execnet_group_dup_default_spec (self);

      own_spec = execnet_xspec_new (default_spec, error);
    }
  else if (execnet_xspec_is_frozen (spec))
    own_spec = execnet_xspec_copy (spec);
  else
    own_spec = g_object_ref (spec);
  if (own_spec == NULL)
    return NULL;

  g_mutex_lock (&self->lock);
  gateway = add_gateway (self, own_spec, transport, context, error);
  g_mutex_unlock (&self->lock);
  if (gateway != NULL)
    execnet_group_update (self);
  return gateway;
}
