/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "../objects/testing.h"
#include "ssh-server.h"

G_BEGIN_DECLS

/* A mount operation that answers at once: with what it was given, in this order; and gives up when
 * there is nothing left. */
#define TYPE_ANSWERS (answers_get_type ())
G_DECLARE_FINAL_TYPE (Answers, answers, TEST, ANSWERS, GMountOperation)

struct _Answers
{
  GMountOperation parent_instance;
  GQueue texts;        /* of char *; for a question the number of the choice */
  GPtrArray *messages; /* what was asked */
};

void answers_add (Answers *self, const char *text);

/* What was asked so far, of which the last message has the part. */
void assert_asked (Answers *self, guint n, const char *part);

/* A group, an ssh server, and somebody who answers. */
typedef struct
{
  Belongings before;
  ExecnetGroup *group;
  SshServer *server;
  Answers *answers;
} Host;

/* The test data is an array of arguments for the server, or NULL. Where the machine can't have such
 * a server, `server` is NULL and the test is skipped. */
void host_set_up (Host *self, gconstpointer arguments);
void host_tear_down (Host *self, gconstpointer arguments);

#define ADD_HOST_TEST(path, arguments, func)                                                       \
  g_test_add (path, Host, arguments, host_set_up, func, host_tear_down)

/* For programs that run with each of the two clients: "//ssh_client=NAME" of their argument, and
 * whether it is the library. */
extern const char *with_client;
extern gboolean is_library;
void take_client (int argc, char **argv);

/* A gateway there; `options` are for ssh, "-o Key=Value", and `more` is the rest of the spec. */
ExecnetGateway *host_make (Host *self, const char *options, const char *more);
GError *host_fail (Host *self, const char *options, const char *more);
char *host_dup_spec (Host *self, const char *options, const char *more);

/* Runs a program to its end, and asserts that it succeeds. */
void run_program (const char *const *argv);

G_END_DECLS
