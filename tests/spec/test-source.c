/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/execnet-error.h"
#include "data/execnet-source.h"

#include <glib/gstdio.h>
#include <unistd.h>

typedef struct
{
  char *path;
  GFile *file;
} Fixture;

static void
make_file (Fixture *self, gconstpointer unused)
{
  int fd = g_file_open_tmp ("execnet-XXXXXX.py", &self->path, NULL);

  g_assert_cmpint (fd, >=, 0);
  close (fd);
  self->file = g_file_new_for_path (self->path);
}

static void
remove_file (Fixture *self, gconstpointer unused)
{
  g_unlink (self->path);
  g_object_unref (self->file);
  g_free (self->path);
}

static void
write_file (Fixture *self, const char *contents, gssize length)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (self->path, contents, length, &error);
  g_assert_no_error (error);
}

static void
assert_source (
    ExecnetSource *source, const char *text, const char *file, guint line, const char *function)
{
  g_assert_nonnull (source);
  g_assert_cmpstr (execnet_source_get_text (source), ==, text);
  g_assert_cmpstr (execnet_source_get_file_name (source), ==, file);
  g_assert_cmpuint (execnet_source_get_first_line (source), ==, line);
  g_assert_cmpstr (execnet_source_get_function_name (source), ==, function);
}

static void
test_new (void)
{
  g_autoptr (ExecnetSource) plain = execnet_source_new ("x = 1");
  g_autoptr (ExecnetSource) function = execnet_source_new_function ("def f(): pass", "f");
  ExecnetSource *full = execnet_source_new_full ("def g(): pass", "a.py", 17, "g");
  g_autoptr (ExecnetSource) copy = execnet_source_copy (full);
  g_auto (GValue) value = G_VALUE_INIT;

  assert_source (plain, "x = 1", NULL, 1, NULL);
  assert_source (function, "def f(): pass", NULL, 1, "f");
  assert_source (full, "def g(): pass", "a.py", 17, "g");
  execnet_source_free (full);
  assert_source (copy, "def g(): pass", "a.py", 17, "g");

  g_value_init (&value, EXECNET_TYPE_SOURCE);
  g_value_set_boxed (&value, copy);
  assert_source (g_value_get_boxed (&value), "def g(): pass", "a.py", 17, "g");
}

static void
test_file (Fixture *self, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ExecnetSource) source = NULL;

  write_file (self,
              "\xef\xbb\xbf"
              "x = '\303\266'\n",
              -1);
  source = execnet_source_new_from_file (self->file, NULL, &error);
  g_assert_no_error (error);
  assert_source (source, "x = '\303\266'\n", self->path, 1, NULL);
}

static void
test_file_refused (Fixture *self, gconstpointer unused)
{
  g_autoptr (GFile) missing = g_file_new_for_path ("/no/such/file.py");
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  write_file (self, "x = 1\0y", 7);
  g_assert_null (execnet_source_new_from_file (self->file, NULL, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT);
  g_assert_nonnull (g_strstr_len (error->message, -1, self->path));
  g_assert_nonnull (g_strstr_len (error->message, -1, "byte 5"));
  g_clear_error (&error);

  write_file (self, "x = '\xe4'", -1);
  g_assert_null (execnet_source_new_from_file (self->file, NULL, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT);
  g_clear_error (&error);

  g_assert_null (execnet_source_new_from_file (missing, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_cancellable_cancel (cancelled);
  g_assert_null (execnet_source_new_from_file (self->file, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
keep_result (GObject *object, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static GAsyncResult *
load (GFile *file)
{
  GAsyncResult *result = NULL;

  execnet_source_new_from_file_async (file, NULL, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return result;
}

static void
test_file_async (Fixture *self, gconstpointer unused)
{
  g_autoptr (GAsyncResult) good = NULL;
  g_autoptr (GAsyncResult) bad = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (ExecnetSource) source = NULL;

  write_file (self, "x = 1", -1);
  good = load (self->file);
  source = execnet_source_new_from_file_finish (good, &error);
  g_assert_no_error (error);
  assert_source (source, "x = 1", self->path, 1, NULL);

  write_file (self, "\xff", 1);
  bad = load (self->file);
  g_assert_null (execnet_source_new_from_file_finish (bad, &error));
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT);
}

static void
test_resource (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ExecnetSource) source
      = execnet_source_new_from_resource ("/test/source/hello.py", &error);

  g_assert_no_error (error);
  assert_source (source,
                 "# SPDX-FileCopyrightText: The execnet-glib authors\n"
                 "# SPDX-License-Identifier: LGPL-2.1-or-later\n"
                 "channel.send('hello')\n",
                 "resource:///test/source/hello.py",
                 1,
                 NULL);
  g_assert_null (execnet_source_new_from_resource ("/test/source/none.py", &error));
  g_assert_error (error, G_RESOURCE_ERROR, G_RESOURCE_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/source/new", test_new);
  g_test_add ("/source/file", Fixture, NULL, make_file, test_file, remove_file);
  g_test_add ("/source/file-refused", Fixture, NULL, make_file, test_file_refused, remove_file);
  g_test_add ("/source/file-async", Fixture, NULL, make_file, test_file_async, remove_file);
  g_test_add_func ("/source/resource", test_resource);
  return g_test_run ();
}
