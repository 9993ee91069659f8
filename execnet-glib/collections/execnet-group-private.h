/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "collections/execnet-group.h"
#include "engine/execnet-mailbox-private.h"
#include "transport/execnet-transport-private.h"

G_BEGIN_DECLS

struct _ExecnetGroup
{
  GObject parent_instance;
  ExecnetMailbox *mailbox; /* of the group's main context */
  GThread *home;           /* the thread that made the group; holds a reference */

  GMutex lock;
  GPtrArray *members; /* lock; of ExecnetMember: the registry, exact at once */
  guint next_id;      /* lock */
  char *default_spec; /* lock */
  char *execmodel;        /* lock */
  char *remote_execmodel; /* lock */
  GMountOperation *mount_operation; /* lock */
  ExecnetQuestions *questions;      /* lock; what the gateways' transports ask */

  /* What the list model shows: it changes in the group's context, under the lock. */
  GPtrArray *shown; /* of ExecnetGateway */
  ExecnetPost post;
};

/* execnet-group-members.c */

void execnet_group_begin_members (ExecnetGroup *self);
void execnet_group_end_members (ExecnetGroup *self);
void execnet_group_list_model_init (GListModelInterface *iface);

/* With the lock, before anything of it is used: in a fork child its mailbox is made anew. */
void execnet_group_renew (ExecnetGroup *self);

/* With the lock. The group keeps the gateway until that is gone, and itself alive. */
void execnet_group_add (ExecnetGroup *self, ExecnetGateway *gateway);

/* With the lock: the gateway with the id, dead or alive, or NULL. */
ExecnetGateway *execnet_group_find (ExecnetGroup *self, const char *id);

/* Any thread. A new array of the gateways that are not closed (or of all), holding references. */
GPtrArray *execnet_group_dup_gateways (ExecnetGroup *self, gboolean with_closed);

/* Any thread. As above, those that are up and were not asked to end. */
GPtrArray *execnet_group_dup_running_gateways (ExecnetGroup *self);

/* Any thread. Makes the list model show the registry, and lets go of what has ended: at once where
 * the thread owns the group's context, or made the group and can own it; else in a moment, there. */
void execnet_group_update (ExecnetGroup *self);

/* In the group's context: who listens to the group's signals, and that a gateway was lost. */
gboolean execnet_group_has_handlers (ExecnetGroup *self);
void execnet_group_emit_lost (ExecnetGroup *self, ExecnetGateway *gateway, const GError *error);

/* execnet-group-starting.c: as execnet_group_start_gateway, over the given transport or, for NULL, the one that the spec asks
 * for; the gateway's main context is the given one, or the thread-default one for NULL. */
ExecnetGateway *execnet_group_start (ExecnetGroup *self,
                                     ExecnetXSpec *spec,
                                     ExecnetTransport *transport,
                                     GMainContext *context,
                                     GError **error);

/* execnet-group-making.c: as execnet_group_make_gateway_for_xspec, over the given transport. The
 * second takes the task over, whose result is the gateway. */
ExecnetGateway *execnet_group_make (ExecnetGroup *self,
                                    ExecnetXSpec *spec,
                                    ExecnetTransport *transport,
                                    GCancellable *cancellable,
                                    GError **error);
void execnet_group_make_async (ExecnetGroup *self,
                               ExecnetXSpec *spec,
                               ExecnetTransport *transport,
                               GTask *task);

/* execnet-group-questions.c. With the lock, or while nobody else has the group. In a fork child they
 * begin anew, without an end. */
void execnet_group_begin_questions (ExecnetGroup *self);
void execnet_group_end_questions (ExecnetGroup *self);
GParamSpec *execnet_group_new_mount_operation_spec (void);

/* With the lock: the transport for a gateway, of which nothing is started yet. */
ExecnetTransport *
execnet_group_make_transport (ExecnetGroup *self, ExecnetXSpec *spec, GError **error);

/* execnet-group-serving.c. In a task that makes several gateways: they may have questions while the
 * task's context is iterated. The array may grow. NULL where that is the group's own context. */
typedef struct _ExecnetServing ExecnetServing;
ExecnetServing *
execnet_serving_new (ExecnetGroup *group, GMainContext *context, GPtrArray *gateways);
void execnet_serving_free (ExecnetServing *self);

/* execnet-group-settings.c: what holds until something else is set. */
extern const char *const execnet_group_default_spec;
extern const char *const execnet_group_default_execmodel;

/* Any thread. NULL for python3 of PATH. */
char *execnet_dup_default_python (void);

G_END_DECLS
