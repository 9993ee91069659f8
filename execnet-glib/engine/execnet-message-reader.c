/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "engine/execnet-message-reader-private.h"

#include "base/execnet-error.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

/* Small messages are cut out of a buffer; larger ones are read straight into their own memory. */
#define BUFFER_SIZE (64 * 1024)

/* A larger payload's memory grows with what has arrived, whatever length the peer claims. */
#define FIRST_CAPACITY (4 * 1024 * 1024)

struct _ExecnetMessageReader
{
  const ExecnetMessageReaderFuncs *funcs;
  gpointer user_data;
  gboolean greeted;

  guint8 buffer[BUFFER_SIZE];
  gsize start; /* of what is not used yet */
  gsize end;

  /* The large payload that is being read, if any. */
  ExecnetMessageHeader header;
  guint8 *payload;
  gsize capacity;
  gsize filled;
};

ExecnetMessageReader *
execnet_message_reader_new (const ExecnetMessageReaderFuncs *funcs, gpointer user_data)
{
  /* Not zeroed: the buffer is large, and its pages are touched when they are used. */
  ExecnetMessageReader *self = g_new (ExecnetMessageReader, 1);

  self->funcs = funcs;
  self->user_data = user_data;
  self->greeted = FALSE;
  self->start = self->end = 0;
  self->payload = NULL;
  self->capacity = self->filled = 0;
  return self;
}

void
execnet_message_reader_free (ExecnetMessageReader *self)
{
  g_free (self->payload);
  g_free (self);
}

/* What it means that a descriptor gave an error. */
static ExecnetReadState
explain_failure (ExecnetMessageReader *self, int saved_errno, GError **error)
{
  if (saved_errno == EAGAIN || saved_errno == EWOULDBLOCK)
    return EXECNET_READ_NOTHING;
  /* A peer that died with bytes of ours unread resets the connection: for the reader an end. */
  if (saved_errno == ECONNRESET)
    return execnet_message_reader_take (self, 0, error);
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_FAILED,
               _ ("Reading from the other side failed: %s."),
               g_strerror (saved_errno));
  return EXECNET_READ_ERROR;
}

static ExecnetReadState
take_end (ExecnetMessageReader *self, GError **error)
{
  if (self->greeted && (self->payload != NULL || self->start < self->end))
    {
      g_set_error_literal (error,
                           EXECNET_ERROR,
                           EXECNET_ERROR_DIED,
                           _ ("The other side ended in the middle of a message."));
      return EXECNET_READ_ERROR;
    }
  return EXECNET_READ_END;
}

static gboolean
grow_payload (ExecnetMessageReader *self, GError **error)
{
  gsize capacity = MIN (MAX (self->capacity * 2, FIRST_CAPACITY), self->header.length);
  guint8 *grown = g_try_realloc (self->payload, capacity);

  if (grown == NULL)
    {
      g_set_error (error,
                   EXECNET_ERROR,
                   EXECNET_ERROR_TOO_LARGE,
                   _ ("There is no memory for a message of %u bytes."),
                   self->header.length);
      return FALSE;
    }
  self->payload = grown;
  self->capacity = capacity;
  return TRUE;
}

/* The rest of the buffer is the beginning of a payload that doesn't fit into it. */
static gboolean
begin_large_payload (ExecnetMessageReader *self, GError **error)
{
  self->capacity = 0;
  if (!grow_payload (self, error))
    return FALSE;
  self->filled = self->end - self->start;
  memcpy (self->payload, self->buffer + self->start, self->filled);
  self->start = self->end = 0;
  return TRUE;
}

/* Hands over each message that is complete in the buffer. */
static gboolean
cut_messages (ExecnetMessageReader *self, GError **error)
{
  while (self->end - self->start >= EXECNET_MESSAGE_HEADER_SIZE)
    {
      ExecnetMessageHeader header;
      g_autoptr (GBytes) payload = NULL;

      if (!execnet_message_header_read (self->buffer + self->start, &header, error))
        return FALSE;
      if (header.length > self->end - self->start - EXECNET_MESSAGE_HEADER_SIZE)
        {
          if (header.length <= BUFFER_SIZE - EXECNET_MESSAGE_HEADER_SIZE)
            break;
          self->start += EXECNET_MESSAGE_HEADER_SIZE;
          self->header = header;
          return begin_large_payload (self, error);
        }
      self->start += EXECNET_MESSAGE_HEADER_SIZE;
      payload = g_bytes_new (self->buffer + self->start, header.length);
      self->start += header.length;
      if (!self->funcs->message (&header, payload, self->user_data, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
greet (ExecnetMessageReader *self, GError **error)
{
  gssize taken = self->funcs->greeting (self->buffer + self->start,
                                        self->end - self->start,
                                        self->user_data,
                                        error);

  if (taken < 0)
    return FALSE;
  self->start += taken;
  self->greeted = taken > 0;
  return TRUE;
}

static ExecnetReadState
fill_large_payload (ExecnetMessageReader *self, gsize n_read, GError **error)
{
  g_autoptr (GBytes) payload = NULL;

  self->filled += n_read;
  if (self->filled < self->header.length)
    return EXECNET_READ_MORE;

  payload = g_bytes_new_take (g_steal_pointer (&self->payload), self->header.length);
  self->capacity = self->filled = 0;
  return self->funcs->message (&self->header, payload, self->user_data, error) ? EXECNET_READ_MORE
                                                                               : EXECNET_READ_ERROR;
}

static void
make_room (ExecnetMessageReader *self)
{
  if (self->start == self->end)
    self->start = self->end = 0;
  else if (self->start > 0)
    {
      memmove (self->buffer, self->buffer + self->start, self->end - self->start);
      self->end -= self->start;
      self->start = 0;
    }
}

gsize
execnet_message_reader_get_space (ExecnetMessageReader *self, guint8 **space, GError **error)
{
  if (self->payload != NULL)
    {
      if (self->filled == self->capacity && !grow_payload (self, error))
        return 0;
      *space = self->payload + self->filled;
      return self->capacity - self->filled;
    }
  make_room (self);
  *space = self->buffer + self->end;
  return BUFFER_SIZE - self->end;
}

ExecnetReadState
execnet_message_reader_take (ExecnetMessageReader *self, gsize n_read, GError **error)
{
  gboolean is_full;

  if (n_read == 0)
    return take_end (self, error);
  if (self->payload != NULL)
    return fill_large_payload (self, n_read, error);
  self->end += n_read;
  is_full = self->end == BUFFER_SIZE;

  if (!self->greeted && !greet (self, error))
    return EXECNET_READ_ERROR;
  if (!self->greeted && self->end - self->start == BUFFER_SIZE)
    /* Nobody understands it: keep the beginning for the error that will say so. */
    self->end = BUFFER_SIZE / 2;
  if (self->greeted && !cut_messages (self, error))
    return EXECNET_READ_ERROR;
  return is_full ? EXECNET_READ_MORE : EXECNET_READ_BLOCKED;
}

ExecnetReadState
execnet_message_reader_read (ExecnetMessageReader *self, int fd, GError **error)
{
  guint8 *space;
  gsize size = execnet_message_reader_get_space (self, &space, error);
  gssize n_read;

  if (size == 0)
    return EXECNET_READ_ERROR;
  do
    n_read = read (fd, space, size);
  while (n_read < 0 && errno == EINTR);
  return n_read < 0 ? explain_failure (self, errno, error)
                    : execnet_message_reader_take (self, n_read, error);
}
