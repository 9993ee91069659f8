/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs a fuzz target over all files of the folders that it is given, without libFuzzer; options are
 * libFuzzer's and ignored. */

#include "config.h"

#include "fuzz-target.h"

#include <glib.h>

static guint
run_folder (const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) files = g_dir_open (folder, 0, &error);
  const char *name;
  guint n_files = 0;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (files)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *contents = NULL;
      g_autofree guint8 *exact = NULL;
      gsize size;

      g_file_get_contents (path, &contents, &size, &error);
      g_assert_no_error (error);
      /* Without GLib's NUL at the end, so that reading too far is noticed. */
      exact = g_memdup2 (contents, size);
      LLVMFuzzerTestOneInput (exact, size);
      n_files++;
    }
  return n_files;
}

int
main (int argc, char **argv)
{
  guint n_files = 0;

  for (int i = 1; i < argc; i++)
    if (argv[i][0] != '-')
      n_files += run_folder (argv[i]);
  g_assert_cmpuint (n_files, >, 0);
  g_print ("%u files\n", n_files);
  return 0;
}
