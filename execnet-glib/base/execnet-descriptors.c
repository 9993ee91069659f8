/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/execnet-descriptors-private.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  int fd;
  /* What the number stood for: a closed number is soon used again. */
  dev_t device;
  ino_t inode;
} Descriptor;

/* All that follows belongs to this lock. It is held across a fork, so that the child finds the list
 * whole; nothing is called with it held that could want another lock, but for memory. */
static GMutex lock;
static Descriptor *descriptors;
static gsize n_descriptors;
static gsize n_allocated;

static void
before_fork (void)
{
  g_mutex_lock (&lock);
}

static void
after_fork_in_parent (void)
{
  g_mutex_unlock (&lock);
}

/* In the child there is only this thread, and the others may have been anywhere: only what a signal
 * handler may do is safe. */
static void
after_fork_in_child (void)
{
  int null_device = -1;

  if (n_descriptors > 0)
    null_device = open ("/dev/null", O_RDWR | O_CLOEXEC);

  for (gsize i = 0; i < n_descriptors; i++)
    {
      const Descriptor *descriptor = &descriptors[i];
      struct stat now;

      if (fstat (descriptor->fd, &now) != 0 || now.st_dev != descriptor->device
          || now.st_ino != descriptor->inode)
        continue;
      /* Without a null device (in a bare chroot) a free number is still better than the worker. */
      if (null_device < 0 || dup3 (null_device, descriptor->fd, O_CLOEXEC) < 0)
        close (descriptor->fd);
    }

  if (null_device >= 0)
    close (null_device);
  n_descriptors = 0;
  g_mutex_unlock (&lock);
}

static void
install (void)
{
  pthread_atfork (before_fork, after_fork_in_parent, after_fork_in_child);
}

/* With the lock. */
static Descriptor *
find (int fd)
{
  for (gsize i = 0; i < n_descriptors; i++)
    {
      if (descriptors[i].fd == fd)
        return &descriptors[i];
    }
  return NULL;
}

/* With the lock. */
static Descriptor *
append (void)
{
  if (n_descriptors == n_allocated)
    {
      n_allocated = MAX (2 * n_allocated, 16);
      descriptors = g_renew (Descriptor, descriptors, n_allocated);
    }
  return &descriptors[n_descriptors++];
}

void
execnet_descriptors_add (int fd)
{
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  Descriptor *descriptor;
  struct stat now;

  if (fstat (fd, &now) != 0)
    return;

  pthread_once (&once, install);
  g_mutex_lock (&lock);
  descriptor = find (fd);
  if (descriptor == NULL)
    descriptor = append ();
  *descriptor = (Descriptor){ fd, now.st_dev, now.st_ino };
  g_mutex_unlock (&lock);
}

void
execnet_descriptors_remove (int fd)
{
  Descriptor *descriptor;

  g_mutex_lock (&lock);
  descriptor = find (fd);
  if (descriptor != NULL)
    *descriptor = descriptors[--n_descriptors];
  g_mutex_unlock (&lock);
}
