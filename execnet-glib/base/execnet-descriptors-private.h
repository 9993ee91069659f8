/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The descriptors of connections, for the day when the program forks without executing another
 * one. A fork child holds copies of them: it could write to the parent's workers by accident (say,
 * in an exit handler), and as long as it lives, no worker would notice that the parent died. So in
 * each fork child the listed descriptors come to point at the null device. Their numbers stay
 * taken, so that code that still knows them reaches nothing else.
 *
 * Any thread, and quick. */

/* Adding a descriptor again does no harm. */
void execnet_descriptors_add (int fd);

/* To be called just before the descriptor is closed. (Should that be forgotten, a descriptor of
 * the same number that is something else is left alone.) */
void execnet_descriptors_remove (int fd);

G_END_DECLS
