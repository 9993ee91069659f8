/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "../objects/testing.h"

#include "transport/execnet-questions-private.h"

G_BEGIN_DECLS

/* A question of a group, asked on the worker thread as transports do. */
typedef struct
{
  ExecnetGroup *group;
  ExecnetTransport *transport; /* NULL, or who asks */
  ExecnetQuestion question;
  GCancellable *cancellable;

  /* What came of it. */
  Flag done;
  ExecnetSecret *secret;
  gboolean accepted;
  GError *error;
} Asking;

/* Begins to ask. */
Asking *ask (ExecnetGroup *group, const ExecnetQuestion *question);
Asking *ask_password (ExecnetGroup *group);
Asking *ask_host_key (ExecnetGroup *group);
void asking_free (Asking *self);

/* Runs the main context until the answer is there, and looks at it. */
void assert_answer (Asking *self, const char *secret);
void assert_accepted (Asking *self);
void assert_fails (Asking *self, GQuark domain, int code, const char *part);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Asking, asking_free)

/* A mount operation like one with a dialog: it notes what it is asked, and answers when it is told. */
#define TYPE_PERSON (person_get_type ())
G_DECLARE_FINAL_TYPE (Person, person, TEST, PERSON, GMountOperation)

struct _Person
{
  GMountOperation parent_instance;
  guint n_shown;
  guint n_aborted;
  gboolean is_shown;
  char *message;
  char *user;
  GAskPasswordFlags flags;
  GStrv choices;
  GThread *thread; /* that asked last */

  /* What is replied at once, or NULL to wait. */
  const char *quick_password;
};

Person *person_new (void);
void person_type (Person *self, const char *password);
void person_choose (Person *self, int choice);
void person_cancel (Person *self);

G_END_DECLS
