/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-source.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/**
 * ExecnetSource:
 *
 * Python source code, ready to be run by a gateway's worker.
 *
 * Beside the text it knows the file and the line that the text comes from, so that
 * the tracebacks of remote errors show them, and the name of the function to call,
 * if the text only defines it. A source never changes; copies share its memory.
 *
 * Thread: any.
 *
 * Since: 1.0
 */

struct _ExecnetSource
{
  char *text;
  char *file_name; /* nullable */
  guint first_line;
  char *function_name; /* nullable */
  gboolean in_main_thread;
};

G_DEFINE_BOXED_TYPE (ExecnetSource, execnet_source, execnet_source_copy, execnet_source_free)

/**
 * execnet_source_new:
 * @text: Python source code
 *
 * Makes a source of a text that is run as it is, with `channel` as a global name.
 *
 * Returns: (transfer full): a new source
 *
 * Since: 1.0
 */
ExecnetSource *
execnet_source_new (const char *text)
{
  return execnet_source_new_full (text, NULL, 1, NULL);
}

/**
 * execnet_source_new_function:
 * @text: Python source code that defines the function
 * @function_name: the function's name
 *
 * Makes a source of a text that defines a function, which is then called.
 *
 * Returns: (transfer full): a new source
 *
 * Since: 1.0
 */
ExecnetSource *
execnet_source_new_function (const char *text, const char *function_name)
{
  g_return_val_if_fail (function_name != NULL, NULL);

  return execnet_source_new_full (text, NULL, 1, function_name);
}

/**
 * execnet_source_new_full:
 * @text: Python source code
 * @file_name: (nullable): the file that the text comes from, as tracebacks shall
 *   show it
 * @first_line: the number of the text's first line in that file, from 1
 * @function_name: (nullable): the function to call, or %NULL to run the text itself
 *
 * Makes a source with everything that is known about it.
 *
 * Returns: (transfer full): a new source
 *
 * Since: 1.0
 */
ExecnetSource *
execnet_source_new_full (const char *text,
                         const char *file_name,
                         guint first_line,
                         const char *function_name)
{
  ExecnetSource *self;

  g_return_val_if_fail (text != NULL && g_utf8_validate (text, -1, NULL), NULL);
  g_return_val_if_fail (file_name == NULL || g_utf8_validate (file_name, -1, NULL), NULL);
  g_return_val_if_fail (first_line >= 1, NULL);
  g_return_val_if_fail (function_name == NULL || g_utf8_validate (function_name, -1, NULL), NULL);

  self = g_atomic_rc_box_new0 (ExecnetSource);
  self->text = g_strdup (text);
  self->file_name = g_strdup (file_name);
  self->first_line = first_line;
  self->function_name = g_strdup (function_name);
  return self;
}

#define UTF8_BOM "\xef\xbb\xbf"

static ExecnetSource *
new_from_contents (const char *contents, gsize length, const char *name, GError **error)
{
  g_autofree char *text = NULL;
  const char *end;

  if (!g_utf8_validate_len (contents, length, &end))
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_DATA_FORMAT,
                   _ ("“%s” is no Python source in UTF-8 (byte %lu does not fit); save it as UTF-8."),
                   name,
                   (gulong) (end - contents));
      return NULL;
    }
  /* Python skips the mark at the start of a file, but not of a string. */
  if (length >= strlen (UTF8_BOM) && memcmp (contents, UTF8_BOM, strlen (UTF8_BOM)) == 0)
    {
      contents += strlen (UTF8_BOM);
      length -= strlen (UTF8_BOM);
    }
  text = g_strndup (contents, length);
  return execnet_source_new_full (text, name, 1, NULL);
}

/* The path where there is one, else the URI, in UTF-8. */
static char *
file_name_for_tracebacks (GFile *file)
{
  const char *path = g_file_peek_path (file);

  return path != NULL && g_utf8_validate (path, -1, NULL) ? g_strdup (path) : g_file_get_uri (file);
}

/**
 * execnet_source_new_from_file:
 * @file: a file with Python source code in UTF-8
 * @cancellable: (nullable): to give up
 * @error: return location for an error
 *
 * Reads a source from a file. Tracebacks show the file's path.
 *
 * Blocks until the file is read; [func@Source.new_from_file_async] does not.
 *
 * Fails with an error of %G_IO_ERROR when the file can't be read, and with
 * %EXECNET_ERROR_DATA_FORMAT when it is not UTF-8 or has a NUL character.
 *
 * Returns: (transfer full): a new source
 *
 * Since: 1.0
 */
ExecnetSource *
execnet_source_new_from_file (GFile *file, GCancellable *cancellable, GError **error)
{
  g_autofree char *contents = NULL;
  g_autofree char *name = NULL;
  gsize length;

  g_return_val_if_fail (G_IS_FILE (file), NULL);

  if (!g_file_load_contents (file, cancellable, &contents, &length, NULL, error))
    return NULL;
  name = file_name_for_tracebacks (file);
  return new_from_contents (contents, length, name, error);
}

static void
file_loaded (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (ExecnetSource) self = NULL;
  g_autofree char *contents = NULL;
  g_autofree char *name = file_name_for_tracebacks (G_FILE (object));
  GError *error = NULL;
  gsize length;

  if (g_file_load_contents_finish (G_FILE (object), result, &contents, &length, NULL, &error))
    self = new_from_contents (contents, length, name, &error);
  if (self != NULL)
    g_task_return_pointer (task, g_steal_pointer (&self), (GDestroyNotify) execnet_source_free);
  else
    g_task_return_error (task, error);
}

/**
 * execnet_source_new_from_file_async:
 * @file: a file with Python source code in UTF-8
 * @cancellable: (nullable): to give up
 * @callback: (scope async): called in the caller's main context when the file is read
 * @user_data: for @callback
 *
 * Reads a source from a file, as [ctor@Source.new_from_file], without blocking.
 *
 * Since: 1.0
 */
void
execnet_source_new_from_file_async (GFile *file,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  GTask *task;

  g_return_if_fail (G_IS_FILE (file));

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, execnet_source_new_from_file_async);
  g_file_load_contents_async (file, cancellable, file_loaded, task);
}

/**
 * execnet_source_new_from_file_finish:
 * @result: the result that the callback got
 * @error: return location for an error
 *
 * Ends [func@Source.new_from_file_async], and fails as
 * [ctor@Source.new_from_file].
 *
 * Returns: (transfer full): a new source
 *
 * Since: 1.0
 */
ExecnetSource *
execnet_source_new_from_file_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, execnet_source_new_from_file_async),
                        NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * execnet_source_new_from_resource:
 * @path: the path of a registered resource with Python source code in UTF-8
 * @error: return location for an error
 *
 * Reads a source from a resource. Tracebacks show `resource://` and the path.
 *
 * Fails with an error of %G_RESOURCE_ERROR when there is no such resource, and with
 * %EXECNET_ERROR_DATA_FORMAT when it is not UTF-8 or has a NUL character.
 *
 * Returns: (transfer full): a new source
 *
 * Since: 1.0
 */
ExecnetSource *
execnet_source_new_from_resource (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *name = NULL;
  const char *contents;
  gsize length;

  g_return_val_if_fail (path != NULL, NULL);

  bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  if (bytes == NULL)
    return NULL;
  name = g_strconcat ("resource://", path, NULL);
  contents = g_bytes_get_data (bytes, &length);
  return new_from_contents (contents, length, name, error);
}

/**
 * execnet_source_copy:
 * @self: a source
 *
 * Makes a copy, which shares its memory with @self and costs nothing.
 *
 * Returns: (transfer full): the copy
 *
 * Since: 1.0
 */
ExecnetSource *
execnet_source_copy (ExecnetSource *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_atomic_rc_box_acquire (self);
}

static void
execnet_source_clear (gpointer data)
{
  ExecnetSource *self = data;

  g_free (self->text);
  g_free (self->file_name);
  g_free (self->function_name);
}

/**
 * execnet_source_free:
 * @self: (transfer full): a source
 *
 * Gives up a source.
 *
 * Since: 1.0
 */
void
execnet_source_free (ExecnetSource *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_rc_box_release_full (self, execnet_source_clear);
}

/**
 * execnet_source_get_text:
 * @self: a source
 *
 * Gives the source code.
 *
 * Returns: (transfer none): the text
 *
 * Since: 1.0
 */
const char *
execnet_source_get_text (ExecnetSource *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->text;
}

/**
 * execnet_source_get_file_name:
 * @self: a source
 *
 * Gives the file that the text comes from, as tracebacks show it.
 *
 * Returns: (transfer none) (nullable): the file's name, or %NULL when the text comes
 *   from no file
 *
 * Since: 1.0
 */
const char *
execnet_source_get_file_name (ExecnetSource *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->file_name;
}

/**
 * execnet_source_get_first_line:
 * @self: a source
 *
 * Gives the number that the text's first line has in its file.
 *
 * Returns: the line's number, from 1
 *
 * Since: 1.0
 */
guint
execnet_source_get_first_line (ExecnetSource *self)
{
  g_return_val_if_fail (self != NULL, 1);

  return self->first_line;
}

/**
 * execnet_source_get_function_name:
 * @self: a source
 *
 * Gives the name of the function that is called.
 *
 * Returns: (transfer none) (nullable): the function's name, or %NULL when the text
 *   itself is run
 *
 * Since: 1.0
 */
const char *
execnet_source_get_function_name (ExecnetSource *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->function_name;
}

/**
 * execnet_source_in_main_thread:
 * @self: a source
 *
 * Gives a source of the same code that asks for the main thread of the worker: it waits there until
 * the main thread is free, behind code that asked earlier.
 *
 * Other code gets the main thread only when that happens to be free. While it is not, the execution
 * model says what becomes of it: with `main_thread_only` it fails after one second, with the other
 * models it runs in a thread of its own.
 *
 * Returns: (transfer full): a new source
 *
 * Since: 1.0
 */
ExecnetSource *
execnet_source_in_main_thread (ExecnetSource *self)
{
  ExecnetSource *source;

  g_return_val_if_fail (self != NULL, NULL);

  source = execnet_source_new_full (
      self->text, self->file_name, self->first_line, self->function_name);
  source->in_main_thread = TRUE;
  return source;
}

/**
 * execnet_source_get_in_main_thread:
 * @self: a source
 *
 * Tells whether the source asks for the main thread, see [method@Source.in_main_thread].
 *
 * Returns: whether it does
 *
 * Since: 1.0
 */
gboolean
execnet_source_get_in_main_thread (ExecnetSource *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->in_main_thread;
}
