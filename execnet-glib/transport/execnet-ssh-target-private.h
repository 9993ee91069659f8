/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-xspec.h"

G_BEGIN_DECLS

/* A host behind ssh as it is named, with the options that were given for it: not yet what the
 * configuration makes of it. Any thread; never changed once it is made. */
typedef struct
{
  gatomicrefcount refs;
  char *text;            /* as it was given, for messages */
  char *destination;     /* [USER@]HOST as it was given; never begins with a dash */
  char *host;            /* of it */
  char *user;            /* as given first, or NULL */
  char **arguments;      /* the options as the OpenSSH client takes them */
  GPtrArray *options;    /* of char *, "Key=Value", in their order: the first of a key counts */
  GPtrArray *only_there; /* of char *: options that are none of "Key=Value" and only the OpenSSH
                          * client can serve */
  char *config_file;     /* or NULL */
  guint depth;           /* so many hosts have asked to jump through this one */
} ExecnetSshTarget;

/* From `ssh=` and `ssh_config=` of a valid spec. Fails with INVALID_SPEC. */
ExecnetSshTarget *execnet_ssh_target_new (ExecnetXSpec *spec, GError **error);

/* From the words that `ssh=` would have. `config_file` may be NULL. */
ExecnetSshTarget *
execnet_ssh_target_new_for_text (const char *text, const char *config_file, GError **error);

/* The last host of a jump list, as ProxyJump has it ("a,user@b:2222"): those before it become its
 * own jump list. */
ExecnetSshTarget *
execnet_ssh_target_new_for_jumps (ExecnetSshTarget *from, const char *jumps, GError **error);

ExecnetSshTarget *execnet_ssh_target_ref (ExecnetSshTarget *self);
void execnet_ssh_target_unref (ExecnetSshTarget *self);

/* Whether the text can be the name of a host, or of a user: nothing that a shell or a program's
 * command line would take for more than a name. */
gboolean execnet_ssh_check_host (const char *host, GError **error);
gboolean execnet_ssh_check_user (const char *user, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetSshTarget, execnet_ssh_target_unref)

G_END_DECLS
