/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <execnet-glib/base/execnet-types.h>

G_BEGIN_DECLS

#define EXECNET_TYPE_REMOTE_ERROR (execnet_remote_error_get_type ())

EXECNET_AVAILABLE_IN_1_0
GType execnet_remote_error_get_type (void) G_GNUC_CONST;

EXECNET_AVAILABLE_IN_1_0
ExecnetRemoteError *execnet_remote_error_copy (ExecnetRemoteError *self);

EXECNET_AVAILABLE_IN_1_0
void execnet_remote_error_free (ExecnetRemoteError *self);

EXECNET_AVAILABLE_IN_1_0
const char *execnet_remote_error_get_type_name (ExecnetRemoteError *self);

EXECNET_AVAILABLE_IN_1_0
const char *execnet_remote_error_get_message (ExecnetRemoteError *self);

EXECNET_AVAILABLE_IN_1_0
const char *execnet_remote_error_get_text (ExecnetRemoteError *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ExecnetRemoteError, execnet_remote_error_free)

G_END_DECLS
