/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sentences are translated where they are used, with _() of <glib/gi18n-lib.h>. That looks in the
 * system's folder unless the domain was bound to ours; a library has no better moment for it than
 * when it is loaded, because any call can be the first to fail. */

#include "config.h"

#include <libintl.h>

static void __attribute__ ((constructor))
bind_domain (void)
{
  bindtextdomain (GETTEXT_PACKAGE, EXECNET_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
}
