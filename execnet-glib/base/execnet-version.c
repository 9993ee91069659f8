/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/execnet-version.h"

/**
 * execnet_get_version:
 *
 * Gives the version of the library that the program runs with, which may be
 * newer than the headers that it was built with.
 *
 * Thread: any.
 *
 * Returns: (transfer none): the version, such as `1.2.3`
 *
 * Since: 1.0
 */
const char *
execnet_get_version (void)
{
  return EXECNET_VERSION_S;
}
