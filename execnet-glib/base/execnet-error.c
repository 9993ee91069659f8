/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/execnet-error.h"

/**
 * execnet_error_quark:
 *
 * Gives the domain of this library's errors, see %EXECNET_ERROR.
 *
 * Thread: any.
 *
 * Returns: the quark
 *
 * Since: 1.0
 */
G_DEFINE_QUARK (execnet-error-quark, execnet_error)
