/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-questions-private.h"
#include "transport/execnet-ssh-options-private.h"

G_BEGIN_DECLS

/* What the OpenSSH client asks, as a question; its texts belong to this struct. */
typedef struct
{
  ExecnetQuestion question;
  char *host;
  char *user;
  char *subject;
} ExecnetAskpassPrompt;

/* Any thread. Understands any text: what it does not know is a PROMPT. */
void execnet_askpass_prompt_parse (ExecnetAskpassPrompt *self,
                                   const char *text,
                                   const ExecnetSshOptions *options);
void execnet_askpass_prompt_clear (ExecnetAskpassPrompt *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ExecnetAskpassPrompt, execnet_askpass_prompt_clear)

G_END_DECLS
