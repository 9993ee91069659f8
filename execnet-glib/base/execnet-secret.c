/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/execnet-secret-private.h"

#include <string.h>

ExecnetSecret *
execnet_secret_new (const char *text)
{
  return g_strdup (text);
}

void
execnet_secret_free (ExecnetSecret *self)
{
  if (self == NULL)
    return;
  explicit_bzero (self, strlen (self));
  g_free (self);
}
