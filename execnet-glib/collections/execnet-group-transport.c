/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which transport a gateway of a group gets. */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "base/execnet-error.h"
#include "data/execnet-xspec-private.h"
#include "engine/execnet-install-connector-private.h"
#include "engine/execnet-via-connector-private.h"
#include "engine/execnet-via-transport-private.h"
#include "objects/execnet-gateway-private.h"
#include "transport/execnet-socket-transport-private.h"

#include <glib/gi18n-lib.h>
#include <sys/random.h>

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

/* Whether what listens on that gateway's own loopback addresses can be reached from here. */
static gboolean
is_here (ExecnetGateway *gateway)
{
  ExecnetXSpec *spec = execnet_gateway_get_spec (gateway);

  return execnet_xspec_has (spec, "popen") && gateway->core->via == NULL;
}

/* 256 bits for one connection, as text. */
static char *
make_token (GError **error)
{
  guint8 bytes[32];
  GString *text;

  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    {
      g_set_error_literal (
          error, EXECNET_ERROR, EXECNET_ERROR_FAILED, _ ("The system gives no random numbers."));
      return NULL;
    }
  text = g_string_sized_new (2 * sizeof bytes);
  for (guint i = 0; i < sizeof bytes; i++)
    g_string_append_printf (text, "%02x", bytes[i]);
  return g_string_free (text, FALSE);
}

/* With the lock. A server of its own, started by another gateway: `way` is who connects, or NULL. An
 * address that names no host is one of that gateway's machine, which it reaches itself. */
static ExecnetTransport *
make_install_transport (ExecnetGroup *self,
                        ExecnetXSpec *spec,
                        ExecnetConnector *way,
                        ExecnetGatewayCore *via,
                        GError **error)
{
  ExecnetGatewayCore *leader = find_leader (self, spec, "installvia", error);
  const char *address = execnet_xspec_get (spec, "socket");
  g_auto (ExecnetSocketAddress) parsed = EXECNET_SOCKET_ADDRESS_INIT;
  g_autoptr (ExecnetConnector) own_way = NULL;
  g_autoptr (ExecnetConnector) connector = NULL;
  g_autofree char *token = NULL;
  ExecnetTransport *transport;
  gboolean names_host = address != NULL && *address != '\0' && *address != ':';

  if (leader == NULL || (token = make_token (error)) == NULL)
    return NULL;
  if (names_host && !execnet_socket_address_parse_for_server (address, &parsed, error))
    return NULL;
  if (parsed.path != NULL || execnet_xspec_has (spec, "tls") || execnet_xspec_has (spec, "tls_ca"))
    {
      g_set_error_literal (error,
                           EXECNET_ERROR,
                           EXECNET_ERROR_INVALID_SPEC,
                           _ ("A socket server that installvia= starts listens at HOST:PORT, without "
                              "TLS; its token is made for it."));
      return NULL;
    }
  if (way == NULL && !names_host && !is_here (execnet_group_find (self, leader->id)))
    way = own_way = execnet_via_connector_new (leader);
  connector = execnet_install_connector_new (leader,
                                             address != NULL && *address != '\0' ? address
                                                                                 : "127.0.0.1:0",
                                             token,
                                             names_host ? parsed.host : "127.0.0.1",
                                             way);
  transport = execnet_socket_transport_new (
      spec, &(ExecnetTransportSettings){ .connector = connector, .token = token }, error);
  if (via == NULL
      || execnet_gateway_core_get_depth (via) < execnet_gateway_core_get_depth (leader))
    via = leader;
  if (transport != NULL)
    execnet_gateway_core_lead (via, transport);
  return transport;
}

/* With the lock. */
static ExecnetTransport *
make_via_transport (ExecnetGroup *self, ExecnetXSpec *spec, GError **error)
{
  ExecnetGatewayCore *via = find_leader (self, spec, "via", error);
  ExecnetTransport *transport;
  g_autoptr (ExecnetConnector) connector = NULL;

  if (via == NULL)
    return NULL;
  connector = execnet_via_connector_new (via);
  if (execnet_xspec_has (spec, "installvia"))
    return make_install_transport (self, spec, connector, via, error);
  if (execnet_xspec_has (spec, "socket"))
    transport = execnet_socket_transport_new (
        spec, &(ExecnetTransportSettings){ .connector = connector }, error);
  else
    transport = execnet_via_transport_new (via, spec, error);
  if (transport == NULL)
    return NULL;
  execnet_transport_set_questions (transport, self->questions);
  execnet_gateway_core_lead (via, transport);
  return transport;
}

ExecnetTransport *
execnet_group_make_transport (ExecnetGroup *self, ExecnetXSpec *spec, GError **error)
{
  g_autofree char *python = execnet_dup_default_python ();
  const ExecnetTransportSettings settings = { .default_python = python,
                                              .questions = self->questions };

  if (!execnet_xspec_validate (spec, error))
    return NULL;
  if (execnet_xspec_has (spec, "via"))
    return make_via_transport (self, spec, error);
  if (execnet_xspec_has (spec, "installvia"))
    return make_install_transport (self, spec, NULL, NULL, error);
  return execnet_transport_new_for_spec (spec, &settings, error);
}
