/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A folder for one test, which goes away with what is in it. */
char *folder_new (void);
void folder_free (char *folder);

/* Runs a program to its end, and gives what it printed. Its exit status has to be 0, unless somebody
 * wants to know it. */
char *run (int *status, const char *program, ...) G_GNUC_NULL_TERMINATED;

/* Makes a key pair with ssh-keygen: FOLDER/NAME and FOLDER/NAME.pub. Gives the public key in its form
 * on the wire. An empty passphrase is none. */
GBytes *make_key (const char *folder, const char *name, const char *type, const char *passphrase);

/* "ssh-ed25519 AAAA…", without a comment. */
char *key_text (GBytes *key);

/* Adds the text to the end of a file. */
void append_text (const char *file, const char *text);

typedef char Folder;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Folder, folder_free)

G_END_DECLS
