/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-host-keys-private.h"

#include "base/execnet-trace-private.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of known hosts that is longer is something else. */
#define MAX_FILE (64 * 1024 * 1024)

static gboolean
read_whole (int fd, guint8 *bytes, gsize size, gsize *length)
{
  *length = 0;
  while (*length < size)
    {
      gssize n = read (fd, bytes + *length, size - *length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      if (n == 0)
        break;
      *length += (gsize) n;
    }
  return TRUE;
}

static GBytes *
read_descriptor (int fd)
{
  struct stat information;
  g_autofree guint8 *bytes = NULL;
  gsize length;

  if (fstat (fd, &information) < 0)
    return NULL;
  /* The null device and the like say nothing. */
  if (!S_ISREG (information.st_mode))
    return NULL;
  if (information.st_size > MAX_FILE)
    {
      errno = EFBIG;
      return NULL;
    }
  bytes = g_malloc ((gsize) information.st_size + 1);
  if (!read_whole (fd, bytes, (gsize) information.st_size, &length))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&bytes), length);
}

GBytes *
execnet_host_keys_read_file (const char *file)
{
  GBytes *bytes;
  int fd = open (file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

  if (fd < 0)
    {
      execnet_trace ("%s: no known hosts: %s", file, g_strerror (errno));
      return NULL;
    }
  errno = 0;
  bytes = read_descriptor (fd);
  if (bytes == NULL && errno != 0)
    execnet_trace ("%s: no known hosts: %s", file, g_strerror (errno));
  g_close (fd, NULL);
  return bytes;
}

static gboolean
set_error (GError **error, const char *file)
{
  int code = errno;

  g_set_error (error,
               G_FILE_ERROR,
               g_file_error_from_errno (code),
               _ ("The host's key can't be added to “%s”: %s."),
               file,
               g_strerror (code));
  return FALSE;
}

/* Somebody may have left the last line without its end. */
static gboolean
needs_line_end (int fd)
{
  struct stat information;
  char last;

  if (fstat (fd, &information) < 0 || !S_ISREG (information.st_mode) || information.st_size == 0)
    return FALSE;
  return pread (fd, &last, 1, information.st_size - 1) == 1 && last != '\n';
}

/* In one call, so that others who add at the same time don't get in between. The lock, which is given
 * up with the descriptor, is for those who do it as this does: what is being written looks like a line
 * without its end. */
static gboolean
write_line (int fd, const char *line)
{
  g_autofree char *text = NULL;
  gsize length;
  gssize n;

  flock (fd, LOCK_EX);
  text = g_strconcat (needs_line_end (fd) ? "\n" : "", line, NULL);
  length = strlen (text);
  do
    n = write (fd, text, length);
  while (n < 0 && errno == EINTR);
  if (n >= 0 && (gsize) n < length)
    errno = ENOSPC;
  return n == (gssize) length;
}

gboolean
execnet_host_keys_append (const char *file, const char *line, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (file);
  gboolean was_written;
  int fd;

  if (g_mkdir_with_parents (folder, 0700) < 0)
    return set_error (error, folder);
  fd = open (file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
  if (fd < 0)
    return set_error (error, file);
  was_written = write_line (fd, line) || set_error (error, file);
  if (!was_written)
    {
      g_close (fd, NULL);
      return FALSE;
    }
  if (close (fd) < 0 && errno != EINTR)
    return set_error (error, file);
  return TRUE;
}
