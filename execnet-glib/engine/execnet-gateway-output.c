/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is printed on the other side, on its way to the gateway's signal. */

#include "config.h"

#include "engine/execnet-gateway-core-private.h"

/* Lines in one go, before others have their turn. */
#define LINES_PER_TURN 64

static ExecnetGatewayCore *
from_post (ExecnetPost *post)
{
  return (ExecnetGatewayCore *) ((char *) post - G_STRUCT_OFFSET (ExecnetGatewayCore, output_post));
}

static void
hold_post (ExecnetPost *post)
{
  execnet_gateway_core_ref (from_post (post));
}

static void
drop_post (ExecnetPost *post)
{
  execnet_gateway_core_unref (from_post (post));
}

/* In the object's context. Also TRUE when the object is gone: then there is nothing to wait for. */
static gboolean
check_post (ExecnetPost *post)
{
  ExecnetGatewayCore *self = from_post (post);
  g_autoptr (GObject) object = g_weak_ref_get (&self->object);

  return object == NULL || self->object_funcs->has_output_handler (object);
}

/* In the object's context. FALSE when there is nothing to emit, or nobody to emit it for. */
static gboolean
emit_line (ExecnetGatewayCore *self)
{
  g_autoptr (GObject) object = g_weak_ref_get (&self->object);
  g_autofree char *line = NULL;
  gboolean is_stderr;

  if (object == NULL || !self->object_funcs->has_output_handler (object))
    return FALSE;
  line = execnet_output_pop (self->output, &is_stderr);
  if (line == NULL)
    return FALSE;
  /* A handler that runs the loop gets the rest from there. */
  if (!execnet_output_is_empty (self->output))
    execnet_mailbox_post (self->mailbox, &self->output_post);
  self->object_funcs->output (object, line, is_stderr);
  return TRUE;
}

/* In the object's context. What is left waits for the next turn, or for a handler. */
static void
run_post (ExecnetPost *post)
{
  ExecnetGatewayCore *self = from_post (post);

  for (guint n = 0; n < LINES_PER_TURN; n++)
    if (!emit_line (self))
      break;
  if (execnet_output_is_empty (self->output))
    return;
  if (check_post (post))
    execnet_mailbox_post (self->mailbox, post);
  else
    execnet_mailbox_park (self->mailbox, post);
}

static const ExecnetPostFuncs post_funcs = { hold_post, drop_post, run_post, check_post };

static void
on_output (gboolean is_stderr, const char *bytes, gsize length, gpointer data)
{
  execnet_gateway_core_take_output (data, is_stderr, bytes, length);
}

ExecnetOutputRoute
execnet_gateway_core_capture_output (ExecnetGatewayCore *self, ExecnetTransport *transport)
{
  self->output = execnet_output_new ();
  execnet_post_init (&self->output_post, &post_funcs);
  return execnet_transport_capture_output (transport,
                                           on_output,
                                           execnet_gateway_core_ref (self),
                                           execnet_gateway_core_unref);
}

void
execnet_gateway_core_take_output (ExecnetGatewayCore *self,
                                  gboolean is_stderr,
                                  const char *bytes,
                                  gsize length)
{
  if (execnet_output_add (self->output, is_stderr, bytes, length))
    execnet_mailbox_post (self->mailbox, &self->output_post);
}

void
execnet_gateway_core_end_output (ExecnetGatewayCore *self)
{
  if (self->output == NULL)
    return;
  execnet_output_end (self->output);
  if (!execnet_output_is_empty (self->output))
    execnet_mailbox_post (self->mailbox, &self->output_post);
}

void
execnet_gateway_core_flush_output (ExecnetGatewayCore *self)
{
  while (self->output != NULL && emit_line (self))
    ;
}
