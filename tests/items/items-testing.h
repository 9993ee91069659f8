/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <execnet-glib/execnet-glib.h>

G_BEGIN_DECLS

/* Opcodes from text, one word each: the letter and what follows it. `F-1`, `K3` and `@2` have a
 * number, `N'a\x00'` and its like a string with its length, `D1.5` and `T1,-2` floats; `#ff00`
 * is raw bytes in hexadecimal. */
GBytes *assemble (const char *text);

/* The same as a dump: behind a version byte. */
GBytes *assemble_dump (const char *text);

/* The value as GVariant's text format writes it, with all types. The value must be what the same
 * bytes say when nobody trusts them. */
char *print_item (GVariant *item);

#if GLIB_SIZEOF_SIZE_T > 4
/* So many zero bytes, which take no memory, and may be changed. */
GBytes *make_vast_bytes (gsize size);
#endif

/* Fails unless the error has the code, and a message with this text in it. */
void assert_error_says (GError *error, ExecnetError code, const char *text);

G_END_DECLS
