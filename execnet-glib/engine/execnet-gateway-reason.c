/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Why a gateway ended. */

#include "config.h"

#include "engine/execnet-gateway-life-private.h"

#include "base/execnet-error.h"
#include "engine/execnet-bootstrap-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

void
execnet_gateway_life_take_end (ExecnetGatewayCore *self)
{
  ExecnetGatewayLife *life = self->life;
  g_auto (ExecnetTransportEnd) end = { 0 };

  execnet_transport_get_end (life->transport, &end);
  if (self->state != EXECNET_GATEWAY_RUNNING && life->stray_output->len > 0)
    end.stray_output = execnet_bootstrap_quote_stray_output (life->stray_output->data,
                                                             life->stray_output->len);
  life->explanation = execnet_transport_explain_end (
      life->transport, &end, self->state == EXECNET_GATEWAY_RUNNING);
  if (end.exited)
    {
      self->exit_status = end.exit_status;
      self->term_signal = end.term_signal;
    }
  g_free (self->last_output);
  self->last_output = g_strdup (end.last_output != NULL ? end.last_output : "");
}

/* With the lock. What is known of the end alone. */
static GError *
describe_death (ExecnetGatewayCore *self, gboolean was_up)
{
  g_autoptr (GString) text = g_string_new (NULL);
  ExecnetError code = EXECNET_ERROR_DIED;

  if (self->term_signal != 0)
    g_string_append_printf (text,
                            was_up ? _ ("The worker of the gateway “%s” was ended by signal %d (%s).")
                                   : _ ("The interpreter of the gateway “%s” was ended by signal %d (%s) "
                                        "before it answered."),
                            self->id,
                            self->term_signal,
                            g_strsignal (self->term_signal));
  else if (self->exit_status >= 0)
    g_string_append_printf (text,
                            was_up ? _ ("The worker of the gateway “%s” ended with exit status %d.")
                                   : _ ("The interpreter of the gateway “%s” ended with exit status %d "
                                        "before it answered."),
                            self->id,
                            self->exit_status);
  else if (self->was_killed)
    g_string_append_printf (text,
                            _ ("The connection of the gateway “%s” was ended by force."),
                            self->id);
  else
    g_string_append_printf (text,
                            was_up ? _ ("The worker of the gateway “%s” closed the connection.")
                                   : _ ("The interpreter of the gateway “%s” closed the connection "
                                        "before it answered."),
                            self->id);
  if (*self->last_output != '\0')
    g_string_append_printf (text, _ (" It last printed: %s"), self->last_output);
  /* What a shell or env(1) answers for a program that isn't there. */
  if (!was_up && (self->exit_status == 126 || self->exit_status == 127))
    code = EXECNET_ERROR_NO_INTERPRETER;
  return g_error_new_literal (EXECNET_ERROR, code, text->str);
}

gboolean
execnet_gateway_life_has_broken_rules (ExecnetGatewayLife *self)
{
  return self->input_error != NULL
         && !g_error_matches (self->input_error, EXECNET_ERROR, EXECNET_ERROR_DIED)
         && !g_error_matches (self->input_error, EXECNET_ERROR, EXECNET_ERROR_FAILED);
}

GError *
execnet_gateway_life_choose_error (ExecnetGatewayCore *self, GError *known)
{
  ExecnetGatewayLife *life = self->life;
  gboolean broken_rules = execnet_gateway_life_has_broken_rules (life);
  gboolean was_up = self->state == EXECNET_GATEWAY_RUNNING;

  if (self->exit_asked)
    g_clear_error (&known);
  if (self->exit_asked && was_up)
    return NULL;
  if (known != NULL)
    return known;
  if (self->exit_asked)
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_EXITING,
                        _ ("The gateway “%s” was told to exit before it was up."),
                        self->id);
  if (life->refusal != NULL)
    return g_steal_pointer (&life->refusal);
  if (life->explanation != NULL && !broken_rules)
    return g_steal_pointer (&life->explanation);
  if (!was_up && life->stray_output->len > 0)
    return execnet_bootstrap_new_stray_output_error (life->stray_output->data,
                                                     life->stray_output->len);
  /* A message that was cut off is no news when the process is known to have ended. */
  if (life->input_error != NULL && (broken_rules || !life->has_exited))
    return g_steal_pointer (&life->input_error);
  return describe_death (self, was_up);
}
