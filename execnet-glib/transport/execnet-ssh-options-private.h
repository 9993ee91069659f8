/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-ssh-target-private.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  EXECNET_SSH_HOST_KEY_ASK,        /* an unknown host key is a question */
  EXECNET_SSH_HOST_KEY_ACCEPT_NEW, /* an unknown one is taken and remembered */
  EXECNET_SSH_HOST_KEY_STRICT,     /* an unknown one is refused */
  EXECNET_SSH_HOST_KEY_ANY,        /* an unknown one is taken and remembered; a changed one is no
                                    * reason to stop, but passwords are not sent to it */
} ExecnetSshHostKeyCheck;

/* What the configuration makes of a target. All paths are absolute, with `~`, tokens and variables
 * expanded; nobody says that they exist. Never changed once it was resolved; one thread. */
typedef struct
{
  grefcount refs;
  ExecnetSshTarget *target;

  char *host;      /* as named, without the user */
  char *host_name; /* what to connect to: a name or an address, without brackets */
  guint port;
  char *user;
  GSocketFamily family;  /* G_SOCKET_FAMILY_INVALID for any */
  guint connect_timeout; /* seconds; 0 for none of its own */
  guint connection_attempts;
  gboolean tcp_keepalive;
  guint server_alive_interval; /* seconds; 0 for never */
  guint server_alive_count_max;
  gboolean compression;

  /* Authentication. */
  char **identity_files;       /* private keys, to be tried in this order */
  gboolean has_own_identities; /* they were named, and are not just the usual ones */
  gboolean identities_only;
  char *identity_agent; /* the agent's socket, or NULL for no agent */
  gboolean pubkey_authentication;
  gboolean password_authentication;
  gboolean kbd_interactive_authentication;
  char *
      *preferred_authentications; /* "publickey", "keyboard-interactive", "password", … in order */
  guint number_of_password_prompts;
  gboolean batch_mode; /* nothing may be asked */

  /* Host keys. */
  ExecnetSshHostKeyCheck host_key_check;
  char **user_known_hosts_files; /* new keys go to the first; empty for none */
  char **global_known_hosts_files;
  gboolean hash_known_hosts;
  char *host_key_alias; /* or NULL */
  gboolean no_host_authentication_for_localhost;

  /* What may be negotiated, as names separated by commas; NULL for what the library likes. */
  char *ciphers;
  char *macs;
  char *kex_algorithms;
  char *host_key_algorithms;

  /* How to get there: at most one of the two. */
  ExecnetSshTarget *jump; /* to connect through, or NULL; it is resolved by itself */
  char *proxy_command;    /* for the shell, with its tokens replaced, or NULL */

  /* Why only the OpenSSH client will do, of char *, each an option with its value; empty when there
   * is no reason. */
  GPtrArray *only_openssh;
} ExecnetSshOptions;

ExecnetSshOptions *execnet_ssh_options_ref (ExecnetSshOptions *self);
void execnet_ssh_options_unref (ExecnetSshOptions *self);

/* A stable text: two targets with the same one can share a session. */
char *execnet_ssh_options_dup_session_key (ExecnetSshOptions *self);

/* Resolves the configuration: asks `ssh -G` where there is an OpenSSH client. The result comes in
 * the thread-default main context, which the thread iterates. Fails with INVALID_SPEC (with what
 * ssh says about it), TIMED_OUT, or CANCELLED. */
void execnet_ssh_options_resolve_async (ExecnetSshTarget *target,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
ExecnetSshOptions *execnet_ssh_options_resolve_finish (GAsyncResult *result, GError **error);

/* Without asking anybody: from what the target itself says, and the usual values. */
ExecnetSshOptions *execnet_ssh_options_new_for_target (ExecnetSshTarget *target, GError **error);

/* From what `ssh -G` printed for the target. */
ExecnetSshOptions *
execnet_ssh_options_new_for_output (ExecnetSshTarget *target, const char *output, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetSshOptions, execnet_ssh_options_unref)

G_END_DECLS
