/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean execnet_trace_is_enabled (void);
void execnet_trace_write (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Costs one load and one branch while tracing is off. */
#define execnet_trace(...)                                                                         \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (G_UNLIKELY (execnet_trace_is_enabled ()))                                                  \
      execnet_trace_write (__VA_ARGS__);                                                           \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
