/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-ssh-options-private.h"
#include "transport/execnet-ssh-wire-private.h"

#include <libssh2.h>

G_BEGIN_DECLS

/* One ssh connection to one host, in-process, with any number of channels. It never blocks.
 *
 * The rules of the library below it: one call that opens a channel at a time, which is repeated
 * until it is done; one request on any channel likewise, because it takes the answer to another
 * channel's for a failure of its own; nothing else while it logs in. Its calls
 * read whatever has come, for all channels: so after each, all of them look for what is theirs.
 *
 * Belongs to the thread that made it, and its thread-default main context. The fields are for the
 * files execnet-ssh-*.c alone. */
typedef struct _ExecnetSshSession ExecnetSshSession;
typedef struct _ExecnetSshChannel ExecnetSshChannel;
typedef struct _ExecnetSshLogin ExecnetSshLogin;
typedef struct _ExecnetSshAside ExecnetSshAside;

/* It was lost, for the reason that its error says. Nothing of it can be used any more. */
typedef void (*ExecnetSshLostFunc) (ExecnetSshSession *self, gpointer data);

/* A person is being asked, or has answered. */
typedef void (*ExecnetSshAskingFunc) (ExecnetSshSession *self, gboolean is_asking, gpointer data);

struct _ExecnetSshSession
{
  gatomicrefcount refs;
  ExecnetSshOptions *options;
  char *name; /* of the host, for messages */
  LIBSSH2_SESSION *ssh;
  ExecnetSshWire *wire;   /* NULL after the end */
  ExecnetSshLogin *login; /* while it logs in */
  ExecnetSshAside *aside; /* while another thread has the session */
  gboolean is_up;
  GError *error; /* why it is lost */
  const char *unsupported; /* algorithms of the options of which the library has none, or NULL */
  char *farewell; /* what the host said when it ended the connection, or NULL */

  ExecnetSshLostFunc lost_func;
  ExecnetSshAskingFunc asking_func;
  gpointer funcs_data;

  GPtrArray *channels; /* of ExecnetSshChannel, without references: all that aren't gone */
  GQueue opening;      /* those that are not open yet; the first one may be under way */
  ExecnetSshChannel *requesting; /* whose request is under way */

  gboolean is_pumping;
  gboolean pump_again;
  GSource *more; /* pumps again on the next turn */

  GSource *keepalive;
  guint64 n_received_before; /* at the last tick of the keepalive */
  guint n_unanswered;
};

/* On a stream that leads to the host. The session can be used when it has logged in. */
ExecnetSshSession *execnet_ssh_session_new (ExecnetSshOptions *options, GIOStream *stream);
ExecnetSshSession *execnet_ssh_session_ref (ExecnetSshSession *self);
void execnet_ssh_session_unref (ExecnetSshSession *self);

/* Once, before it is used. */
void execnet_ssh_session_set_funcs (ExecnetSshSession *self,
                                    ExecnetSshLostFunc lost_func,
                                    ExecnetSshAskingFunc asking_func,
                                    gpointer data);

/* Takes leave of the host, and closes the stream. Its channels end. Does not call the lost
 * function. */
void execnet_ssh_session_close (ExecnetSshSession *self);

/* From when it is up: fails when nothing has been heard from the host for three times `seconds`,
 * although it was asked. 0 for never. */
void execnet_ssh_session_keep_alive (ExecnetSshSession *self, guint seconds);

/* Does what can be done now. */
void execnet_ssh_session_pump (ExecnetSshSession *self);

/* It is lost: takes the error over, and ends all channels with it. */
void execnet_ssh_session_fail (ExecnetSshSession *self, GError *error);

/* What the library's last error means, when it is one that ends the connection; else NULL. `doing`
 * is a translated sentence for messages. */
GError *execnet_ssh_session_explain_loss (ExecnetSshSession *self, int code);

/* What the library says about its last error. */
char *execnet_ssh_session_dup_last_error (ExecnetSshSession *self);

/* What a host sent, fit to be shown on one line. */
char *execnet_ssh_dup_printable (const char *bytes, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetSshSession, execnet_ssh_session_unref)

G_END_DECLS
