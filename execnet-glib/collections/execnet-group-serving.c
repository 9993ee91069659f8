/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A synchronous call that iterates a main context of its own may block the one in which questions are
 * shown. It shows those of its own gateways itself, as far as they are answered at once. */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "objects/execnet-gateway-private.h"
#include "transport/execnet-asker-private.h"

struct _ExecnetServing
{
  ExecnetQuestions *questions;
  GSource *source;
  GPtrArray *gateways; /* of ExecnetGateway */
};

/* Worker thread. */
static void
on_asked (gpointer data)
{
  ExecnetServing *self = data;

  g_source_set_ready_time (self->source, 0);
}

/* Those that wait for others' questions can't be helped before those were shown, if they are here. */
static void
serve_all (ExecnetQuestions *questions, GPtrArray *gateways, gboolean give_up)
{
  for (guint i = 0; i < gateways->len; i++)
    {
      ExecnetGatewayCore *core = ((ExecnetGateway *) gateways->pdata[i])->core;
      g_autoptr (GError) error = NULL;

      if (execnet_gateway_core_get_state (core) == EXECNET_GATEWAY_STARTING
          && !execnet_questions_serve (questions, core->asker, &error) && give_up)
        execnet_gateway_core_give_up (core, g_steal_pointer (&error));
    }
}

static gboolean
serve (gpointer data)
{
  ExecnetServing *self = data;
  /* Who is asked may iterate the context, until there is nothing left to serve. */
  g_autoptr (ExecnetQuestions) questions = execnet_questions_ref (self->questions);
  g_autoptr (GPtrArray) gateways = g_ptr_array_ref (self->gateways);

  g_source_set_ready_time (self->source, -1);
  serve_all (questions, gateways, FALSE);
  serve_all (questions, gateways, TRUE);
  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  return func (data);
}

static GSourceFuncs source_funcs = { NULL, NULL, dispatch, NULL, NULL, NULL };

ExecnetServing *
execnet_serving_new (ExecnetGroup *group, GMainContext *context, GPtrArray *gateways)
{
  ExecnetServing *self;

  if (context == execnet_mailbox_get_context (group->mailbox))
    return NULL;
  self = g_new0 (ExecnetServing, 1);
  g_mutex_lock (&group->lock);
  self->questions = execnet_questions_ref (group->questions);
  g_mutex_unlock (&group->lock);
  self->gateways = g_ptr_array_ref (gateways);
  self->source = g_source_new (&source_funcs, sizeof (GSource));
  g_source_set_static_name (self->source, "execnet questions");
  g_source_set_callback (self->source, serve, self, NULL);
  g_source_attach (self->source, context);
  execnet_questions_add_waiter (self->questions, on_asked, self);
  return self;
}

void
execnet_serving_free (ExecnetServing *self)
{
  execnet_questions_remove_waiter (self->questions, on_asked, self);
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_ptr_array_unref (self->gateways);
  execnet_questions_unref (self->questions);
  g_free (self);
}
