/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "data/execnet-xspec.h"

G_BEGIN_DECLS

/* From now on setting a key is an error. A gateway freezes the spec that it is made from. */
void execnet_xspec_freeze (ExecnetXSpec *self);

/* Sets the id that a group chose, for a spec that has none and is not frozen. The spec keeps its
 * text, so that equal specs stay equal and keep their hash, as programs written for execnet
 * expect. */
void execnet_xspec_assign_id (ExecnetXSpec *self, const char *id);

/* What can be said before anything is started: exactly one type of gateway, a value for each key
 * that needs one, values of the right form, known execution models. After it `nice` is an integer
 * that g_ascii_strtoll reads whole, and every known key that is set, except popen and
 * dont_write_bytecode and capture_output (and socket beside installvia), has a value that is not empty. */
gboolean execnet_xspec_validate (ExecnetXSpec *self, GError **error);

/* As above, but whether there is a type does not matter. */
gboolean execnet_xspec_validate_options (ExecnetXSpec *self, GError **error);

/* The words of `python=`, split as a shell would; NULL without an error when the key is not set. */
char **execnet_xspec_split_python (ExecnetXSpec *self, GError **error);

G_END_DECLS
