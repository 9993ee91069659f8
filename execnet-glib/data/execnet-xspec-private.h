/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-xspec.h"

G_BEGIN_DECLS

/* From now on setting a key is an error. A gateway freezes the spec that it is made from. */
void execnet_xspec_freeze (ExecnetXSpec *self);

/* The words of `python=`, split as a shell would; NULL without an error when the key is not set. */
char **execnet_xspec_split_python (ExecnetXSpec *self, GError **error);

G_END_DECLS
