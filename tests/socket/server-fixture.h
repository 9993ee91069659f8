/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

#include "../objects/testing.h"

G_BEGIN_DECLS

/* A socket server as a child process. */
typedef struct
{
  GSubprocess *process;
  GDataInputStream *prints;   /* what it says on standard output */
  GDataInputStream *messages; /* what it says on standard error */
  char *address;              /* what follows socket= */
  guint16 port;
} Server;

/* Ours, with these arguments, and with what else is in the environment. Asserts that it listens. */
Server *server_new (const char *first_argument, ...) G_GNUC_NULL_TERMINATED;
Server *server_new_in (const char *network_namespace,
                       const char *first_argument,
                       ...) G_GNUC_NULL_TERMINATED;
/* Debian's execnet, which has to listen on a port that is named. */
Server *server_new_stock (void);
/* A bare Python program, which must print its port first. */
Server *server_new_code (const char *code);

/* Ends it, and asserts that it ended as it should. */
void server_free (Server *self);

/* Specifications for it; `more` begins with a // or is empty. */
char *server_spec (Server *self, const char *more);

/* Waits for the next line on standard output. */
char *server_read_line (Server *self);

/* Waits for a message with the text. */
void server_expect (Server *self, const char *text);

/* The descriptors and children that it has. */
guint server_count_descriptors (Server *self);
guint server_count_children (Server *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Server, server_free)

G_END_DECLS
