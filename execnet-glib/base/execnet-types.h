/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <gio/gio.h>

#include <execnet-glib/base/execnet-version.h>

G_BEGIN_DECLS

/* Declared here so that headers of lower layers can name the objects. */
typedef struct _ExecnetXSpec ExecnetXSpec;
typedef struct _ExecnetSource ExecnetSource;
typedef struct _ExecnetRemoteError ExecnetRemoteError;
typedef struct _ExecnetChannel ExecnetChannel;
typedef struct _ExecnetGateway ExecnetGateway;
typedef struct _ExecnetGroup ExecnetGroup;

G_END_DECLS
