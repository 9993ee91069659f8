/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "ssh-tools.h"

#include "data/execnet-known-hosts-private.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/wait.h>

char *
folder_new (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("execnet-questions-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

void
folder_free (char *folder)
{
  g_autofree char *output = run (NULL, "rm", "-rf", folder, NULL);

  g_free (folder);
}

char *
run (int *status, const char *program, ...)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *errors = NULL;
  char *output = NULL;
  int wait_status;
  va_list arguments;

  va_start (arguments, program);
  for (const char *word = program; word != NULL; word = va_arg (arguments, const char *))
    g_ptr_array_add (words, (char *) word);
  va_end (arguments);
  g_ptr_array_add (words, NULL);

  g_spawn_sync (NULL,
                (char **) words->pdata,
                NULL,
                G_SPAWN_SEARCH_PATH,
                NULL,
                NULL,
                &output,
                &errors,
                &wait_status,
                &error);
  g_assert_no_error (error);
  g_assert_true (WIFEXITED (wait_status));
  if (status != NULL)
    *status = WEXITSTATUS (wait_status);
  else if (WEXITSTATUS (wait_status) != 0)
    g_error ("%s ended with status %d: %s", program, WEXITSTATUS (wait_status), errors);
  return output;
}

GBytes *
make_key (const char *folder, const char *name, const char *type, const char *passphrase)
{
  g_autofree char *file = g_build_filename (folder, name, NULL);
  g_autofree char *public_file = g_strconcat (file, ".pub", NULL);
  g_autofree char *output
      = run (NULL, "ssh-keygen", "-q", "-t", type, "-N", passphrase, "-C", name, "-f", file, NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;
  gsize length;
  guchar *bytes;

  g_assert_true (g_file_get_contents (public_file, &text, NULL, NULL));
  words = g_strsplit (text, " ", 3);
  bytes = g_base64_decode (words[1], &length);
  return g_bytes_new_take (bytes, length);
}

char *
key_text (GBytes *key)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (key, &length);
  g_autofree char *type = execnet_ssh_key_dup_type (bytes, length);
  g_autofree char *encoded = g_base64_encode (bytes, length);

  return g_strconcat (type, " ", encoded, NULL);
}

void
append_text (const char *file, const char *text)
{
  FILE *stream = g_fopen (file, "a");

  g_assert_nonnull (stream);
  g_assert_cmpint (fputs (text, stream), >=, 0);
  g_assert_cmpint (fclose (stream), ==, 0);
}
