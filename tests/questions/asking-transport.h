/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "transport/execnet-questions-private.h"

G_BEGIN_DECLS

/* An interpreter as a child process, that is started when the password "sesame" is given. */
#define TYPE_ASKING_TRANSPORT (asking_transport_get_type ())
G_DECLARE_FINAL_TYPE (AskingTransport, asking_transport, TEST, ASKING_TRANSPORT, ExecnetTransport)

ExecnetTransport *asking_transport_new (ExecnetQuestions *questions);

G_END_DECLS
