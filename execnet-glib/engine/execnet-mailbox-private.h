/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What waits to run in one main context. There is one mailbox, and in it one source, for each
 * context that somebody cares for, however many channels deliver there: a thousand sources would
 * slow every turn of the loop. A turn takes a bounded time. */
typedef struct _ExecnetMailbox ExecnetMailbox;

/* A thing to run, embedded in what it is about; it is in its mailbox at most once. The mailbox holds
 * what it is about for as long as it waits and runs. */
typedef struct _ExecnetPost ExecnetPost;

typedef struct
{
  void (*hold) (ExecnetPost *post);
  void (*drop) (ExecnetPost *post);
  void (*run) (ExecnetPost *post);
  gboolean (*check) (ExecnetPost *post); /* for those that are parked */
} ExecnetPostFuncs;

struct _ExecnetPost
{
  const ExecnetPostFuncs *funcs;
  GList link;    /* the mailbox's lock */
  GQueue *queue; /* the mailbox's lock: where it waits, or NULL */
};

void execnet_post_init (ExecnetPost *post, const ExecnetPostFuncs *funcs);

/* Any thread. The thread-default context's mailbox is that of NULL. */
ExecnetMailbox *execnet_mailbox_get (GMainContext *context);
ExecnetMailbox *execnet_mailbox_ref (ExecnetMailbox *self);
void execnet_mailbox_unref (ExecnetMailbox *self);
GMainContext *execnet_mailbox_get_context (ExecnetMailbox *self);

/* Any thread. TRUE in a fork child for what its parent made: it takes no posts, and delivers none. */
gboolean execnet_mailbox_is_foreign (ExecnetMailbox *self);

/* Any thread. Its `run` will be called in the context, once, however often it is posted until then. */
void execnet_mailbox_post (ExecnetMailbox *self, ExecnetPost *post);

/* Any thread. As above, for a post that waits nowhere; the caller's hold becomes the mailbox's. */
void execnet_mailbox_hand_over (ExecnetMailbox *self, ExecnetPost *post);

/* In the context. As above, but it waits until its `check` is true, which is asked at every turn. */
void execnet_mailbox_park (ExecnetMailbox *self, ExecnetPost *post);

/* Any thread. It no longer waits, if it did. */
void execnet_mailbox_take_out (ExecnetMailbox *self, ExecnetPost *post);

/* For execnet-fork.c: a child begins without mailboxes. */
void execnet_mailbox_lock_table (void);
void execnet_mailbox_unlock_table (void);
void execnet_mailbox_forget_table (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetMailbox, execnet_mailbox_unref)

G_END_DECLS
