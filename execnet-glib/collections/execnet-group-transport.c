/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which transport a gateway of a group gets. */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "base/execnet-error.h"
#include "data/execnet-xspec-private.h"
#include "engine/execnet-via-connector-private.h"
#include "engine/execnet-via-transport-private.h"
#include "objects/execnet-gateway-private.h"
#include "transport/execnet-socket-transport-private.h"

#include <glib/gi18n-lib.h>

/* With the lock: the gateway that the spec's key `via` or `installvia` names. */
static ExecnetGatewayCore *
find_leader (ExecnetGroup *self, ExecnetXSpec *spec, const char *key, GError **error)
{
  const char *id = execnet_xspec_get (spec, key);
  ExecnetGateway *gateway = execnet_group_find (self, id);

  if (g_strcmp0 (id, execnet_xspec_get (spec, "id")) == 0)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_INVALID_SPEC,
                 _ ("The gateway “%s” can't lead to itself; name another one with %s=."),
                 id,
                 key);
  else if (gateway == NULL)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_INVALID_SPEC,
                 _ ("The group has no gateway “%s”, which %s= names; make that one first."),
                 id,
                 key);
  else if (execnet_gateway_get_state (gateway) == EXECNET_GATEWAY_CLOSED)
    g_set_error (error,
                 EXECNET_ERROR,
                 EXECNET_ERROR_CLOSED,
                 _ ("The gateway “%s”, which %s= names, has ended; make it anew first."),
                 id,
                 key);
  else
    return gateway->core;
  return NULL;
}

/* With the lock. */
static ExecnetTransport *
make_via_transport (ExecnetGroup *self, ExecnetXSpec *spec, GError **error)
{
  ExecnetGatewayCore *via;
  ExecnetTransport *transport;
  g_autoptr (ExecnetConnector) connector = NULL;

  if (!execnet_xspec_validate (spec, error))
    return NULL;
  via = find_leader (self, spec, "via", error);
  if (via == NULL)
    return NULL;
  if (execnet_xspec_has (spec, "socket"))
    {
      connector = execnet_via_connector_new (via);
      transport = execnet_socket_transport_new (
          spec, &(ExecnetTransportSettings){ .connector = connector }, error);
    }
  else
    transport = execnet_via_transport_new (via, spec, error);
  if (transport != NULL)
    execnet_gateway_core_lead (via, transport);
  return transport;
}

ExecnetTransport *
execnet_group_make_transport (ExecnetGroup *self, ExecnetXSpec *spec, GError **error)
{
  g_autofree char *python = execnet_dup_default_python ();
  const ExecnetTransportSettings settings = { .default_python = python,
                                              .questions = self->questions };

  if (execnet_xspec_has (spec, "via"))
    return make_via_transport (self, spec, error);
  return execnet_transport_new_for_spec (spec, &settings, error);
}
