/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/execnet-error.h"

G_DEFINE_QUARK (execnet-error-quark, execnet_error)
