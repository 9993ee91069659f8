/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Cutting bytes into messages, however they come. */

#include "config.h"

#include "base/execnet-error.h"
#include "engine/execnet-message-reader-private.h"

#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A reader at the end of a pipe, and what it has told. */
typedef struct
{
  int fds[2];
  ExecnetMessageReader *reader;
  GString *log;         /* "4:7:3 " for code, channel and length */
  gsize greeting_size;  /* what the greeting takes */
  guint n_greetings;
  GByteArray *payloads; /* all of them, one behind the other */
  gboolean refuses;
} Reading;

static gssize
on_greeting (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
  Reading *reading = data;

  reading->n_greetings++;
  g_assert_cmpuint (length, >, 0);
  if (bytes[0] == '!')
    {
      g_set_error_literal (error, EXECNET_ERROR, EXECNET_ERROR_FAILED, "an odd greeting");
      return -1;
    }
  return length >= reading->greeting_size ? (gssize) reading->greeting_size : 0;
}

static gboolean
on_message (const ExecnetMessageHeader *header, GBytes *payload, gpointer data, GError **error)
{
  Reading *reading = data;

  g_assert_cmpuint (g_bytes_get_size (payload), ==, header->length);
  g_string_append_printf (
      reading->log, "%d:%d:%u ", header->code, header->channel, header->length);
  g_byte_array_append (
      reading->payloads, g_bytes_get_data (payload, NULL), g_bytes_get_size (payload));
  if (reading->refuses)
    g_set_error_literal (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT, "not this one");
  return !reading->refuses;
}

static const ExecnetMessageReaderFuncs funcs = { on_greeting, on_message };

static void
reading_init (Reading *reading)
{
  *reading = (Reading){ .log = g_string_new (NULL), .greeting_size = 1 };
  reading->payloads = g_byte_array_new ();
  g_assert_true (g_unix_open_pipe (reading->fds, FD_CLOEXEC, NULL));
  g_assert_true (g_unix_set_fd_nonblocking (reading->fds[0], TRUE, NULL));
  reading->reader = execnet_message_reader_new (&funcs, reading);
}

static void
reading_clear (Reading *reading)
{
  execnet_message_reader_free (reading->reader);
  g_string_free (reading->log, TRUE);
  g_byte_array_unref (reading->payloads);
  close (reading->fds[0]);
  if (reading->fds[1] >= 0)
    close (reading->fds[1]);
}

static void
end_input (Reading *reading)
{
  close (reading->fds[1]);
  reading->fds[1] = -1;
}

static ExecnetReadState
read_all (Reading *reading, GError **error)
{
  ExecnetReadState state;

  do
    state = execnet_message_reader_read (reading->reader, reading->fds[0], error);
  while (state == EXECNET_READ_MORE || state == EXECNET_READ_BLOCKED);
  return state;
}

/* In pieces that the pipe takes. */
static void
feed (Reading *reading, const guint8 *bytes, gsize size, gsize piece)
{
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < size; i += piece)
    {
      gsize n = MIN (piece, size - i);

      g_assert_cmpint (write (reading->fds[1], bytes + i, n), ==, n);
      g_assert_cmpint (read_all (reading, &error), ==, EXECNET_READ_NOTHING);
      g_assert_no_error (error);
    }
}

static void
append_message (GByteArray *bytes, int code, gint32 channel, gsize length)
{
  ExecnetMessageHeader header = { code, channel, length };
  guint8 header_bytes[EXECNET_MESSAGE_HEADER_SIZE];

  execnet_message_header_write (&header, header_bytes);
  g_byte_array_append (bytes, header_bytes, sizeof header_bytes);
  for (gsize i = 0; i < length; i++)
    {
      guint8 byte = (channel + i * 7) & 0xff;

      g_byte_array_append (bytes, &byte, 1);
    }
}

static void
assert_payloads (Reading *reading, const gsize *lengths, gsize n_lengths)
{
  gsize position = 0;

  for (gsize i = 0; i < n_lengths; i++)
    {
      for (gsize j = 0; j < lengths[i]; j++, position++)
        {
          if (reading->payloads->data[position] != ((i + j * 7) & 0xff))
            g_error ("byte %zu of message %zu is another", j, i);
        }
    }
  g_assert_cmpuint (position, ==, reading->payloads->len);
}

/* Messages of many lengths, among them those around the size of the buffer, in pieces. */
static void
check_pieces (const gsize *lengths, gsize n_lengths, gsize piece)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GString) expected = g_string_new (NULL);
  Reading reading;

  reading_init (&reading);
  g_byte_array_append (bytes, (const guint8 *) "1", 1);
  for (gsize i = 0; i < n_lengths; i++)
    {
      append_message (bytes, i % 10, i, lengths[i]);
      g_string_append_printf (expected, "%zu:%zu:%zu ", i % 10, i, lengths[i]);
    }
  feed (&reading, bytes->data, bytes->len, piece);
  g_assert_cmpstr (reading.log->str, ==, expected->str);
  assert_payloads (&reading, lengths, n_lengths);
  end_input (&reading);
  g_assert_cmpint (read_all (&reading, NULL), ==, EXECNET_READ_END);
  reading_clear (&reading);
}

static void
test_pieces (void)
{
  const gsize small[] = { 0, 1, 2, 0, 0, 300, 9, 8, 10, 0 };
  const gsize large[] = { 5,     65526, 65527, 65528, 0,      65535,  65536, 65537,
                          70000, 3,     1,     0,     200000, 300000, 0 };
  const gsize pieces[] = { 1, 2, 3, 8, 9, 10, 100, 4096, 65000 };

  for (gsize i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      check_pieces (small, G_N_ELEMENTS (small), pieces[i]);
      if (pieces[i] > 8)
        check_pieces (large, G_N_ELEMENTS (large), pieces[i]);
    }
}

static void
test_random_lengths (void)
{
  GRand *rand = g_rand_new_with_seed (20250102);
  gsize lengths[200];

  for (guint round = 0; round < 10; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
        lengths[i] = g_rand_int_range (rand, 0, 1 << (i % 17));
      check_pieces (lengths, G_N_ELEMENTS (lengths), g_rand_int_range (rand, 500, 65000));
    }
  g_rand_free (rand);
}

/* One far larger than what the buffer, and the first memory for it, hold. */
static void
test_large (void)
{
  const gsize lengths[] = { 10, 9 * 1024 * 1024 + 11, 20 };

  check_pieces (lengths, G_N_ELEMENTS (lengths), 60000);
}

static void
test_greeting_in_pieces (void)
{
  Reading reading;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  reading_init (&reading);
  reading.greeting_size = 5;
  g_byte_array_append (bytes, (const guint8 *) "hello", 5);
  append_message (bytes, 4, 7, 3);
  feed (&reading, bytes->data, bytes->len, 1);
  g_assert_cmpuint (reading.n_greetings, ==, 5);
  g_assert_cmpstr (reading.log->str, ==, "4:7:3 ");
  reading_clear (&reading);
}

static void
test_greeting_refused (void)
{
  Reading reading;
  g_autoptr (GError) error = NULL;

  reading_init (&reading);
  g_assert_cmpint (write (reading.fds[1], "!what", 5), ==, 5);
  g_assert_cmpint (read_all (&reading, &error), ==, EXECNET_READ_ERROR);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_FAILED);
  reading_clear (&reading);
}

/* What is no greeting, and never ends, is read and forgotten, but for its beginning. */
static void
test_endless_greeting (void)
{
  g_autofree guint8 *junk = g_malloc (60000);
  Reading reading;

  reading_init (&reading);
  reading.greeting_size = G_MAXINT;
  memset (junk, 'x', 60000);
  for (guint i = 0; i < 50; i++)
    feed (&reading, junk, 60000, 60000);
  g_assert_cmpstr (reading.log->str, ==, "");
  end_input (&reading);
  g_assert_cmpint (read_all (&reading, NULL), ==, EXECNET_READ_END);
  reading_clear (&reading);
}

static void
test_nothing (void)
{
  Reading reading;

  reading_init (&reading);
  g_assert_cmpint (execnet_message_reader_read (reading.reader, reading.fds[0], NULL), ==, EXECNET_READ_NOTHING);
  g_assert_cmpint (write (reading.fds[1], "1", 1), ==, 1);
  g_assert_cmpint (execnet_message_reader_read (reading.reader, reading.fds[0], NULL), ==, EXECNET_READ_BLOCKED);
  g_assert_cmpint (execnet_message_reader_read (reading.reader, reading.fds[0], NULL), ==, EXECNET_READ_NOTHING);
  end_input (&reading);
  g_assert_cmpint (execnet_message_reader_read (reading.reader, reading.fds[0], NULL), ==, EXECNET_READ_END);
  reading_clear (&reading);
}

/* The end comes too early at each place of a message. */
static void
test_cut_off (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  g_byte_array_append (bytes, (const guint8 *) "1", 1);
  append_message (bytes, 4, 1, 3);
  append_message (bytes, 4, 2, 100000);
  for (gsize size = 1; size < bytes->len; size += size < 40 ? 1 : 9999)
    {
      g_autoptr (GError) error = NULL;
      Reading reading;

      reading_init (&reading);
      feed (&reading, bytes->data, size, 60000);
      end_input (&reading);
      /* Between two messages it is a plain end. */
      if (size == 1 || size == 13)
        {
          g_assert_cmpint (read_all (&reading, &error), ==, EXECNET_READ_END);
          g_assert_no_error (error);
        }
      else
        {
          g_assert_cmpint (read_all (&reading, &error), ==, EXECNET_READ_ERROR);
          g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DIED);
        }
      reading_clear (&reading);
    }
}

static void
assert_malformed (const guint8 *header)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  Reading reading;

  reading_init (&reading);
  g_byte_array_append (bytes, (const guint8 *) "1", 1);
  append_message (bytes, 4, 1, 3);
  g_byte_array_append (bytes, header, EXECNET_MESSAGE_HEADER_SIZE);
  g_assert_cmpint (write (reading.fds[1], bytes->data, bytes->len), ==, bytes->len);
  g_assert_cmpint (read_all (&reading, &error), ==, EXECNET_READ_ERROR);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT);
  /* What came before it was handed over. */
  g_assert_cmpstr (reading.log->str, ==, "4:1:3 ");
  reading_clear (&reading);
}

static void
test_malformed (void)
{
  assert_malformed ((const guint8 *) "\x4d\0\0\0\1\0\0\0\0");
  assert_malformed ((const guint8 *) "\xff\0\0\0\1\0\0\0\0");
  assert_malformed ((const guint8 *) "\x04\x80\0\0\1\0\0\0\0");
  assert_malformed ((const guint8 *) "\x04\xff\xff\xff\xff\0\0\0\0");
  assert_malformed ((const guint8 *) "\x04\0\0\0\1\x80\0\0\0");
  assert_malformed ((const guint8 *) "\x04\0\0\0\1\xff\xff\xff\xff");
}

static void
test_refused (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  Reading reading;

  reading_init (&reading);
  reading.refuses = TRUE;
  g_byte_array_append (bytes, (const guint8 *) "1", 1);
  append_message (bytes, 4, 1, 3);
  append_message (bytes, 4, 1, 3);
  g_assert_cmpint (write (reading.fds[1], bytes->data, bytes->len), ==, bytes->len);
  g_assert_cmpint (read_all (&reading, &error), ==, EXECNET_READ_ERROR);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT);
  g_assert_cmpstr (reading.log->str, ==, "4:1:3 ");
  reading_clear (&reading);
}

/* A length is only a claim: memory is taken for what has come. */
static gsize
get_memory (void)
{
  g_autofree char *text = NULL;
  gsize pages = 0;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  sscanf (text, "%*u %zu", &pages);
  return pages * sysconf (_SC_PAGESIZE);
}

static void
test_lying_length (void)
{
  ExecnetMessageHeader header = { EXECNET_MESSAGE_CHANNEL_DATA, 1, EXECNET_MESSAGE_MAX_PAYLOAD };
  guint8 bytes[1 + EXECNET_MESSAGE_HEADER_SIZE + 100] = "1";
  gsize before = get_memory ();
  g_autoptr (GError) error = NULL;
  Reading reading;

  reading_init (&reading);
  execnet_message_header_write (&header, bytes + 1);
  feed (&reading, bytes, sizeof bytes, sizeof bytes);
  g_assert_cmpuint (get_memory (), <, before + 64 * 1024 * 1024);
  end_input (&reading);
  g_assert_cmpint (read_all (&reading, &error), ==, EXECNET_READ_ERROR);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DIED);
  reading_clear (&reading);
}

static void
test_bad_descriptor (void)
{
  g_autoptr (GError) error = NULL;
  Reading reading;

  reading_init (&reading);
  /* The end that can't be read. */
  g_assert_cmpint (execnet_message_reader_read (reading.reader, reading.fds[1], &error),
                   ==,
                   EXECNET_READ_ERROR);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_FAILED);
  reading_clear (&reading);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/message-reader/pieces", test_pieces);
  g_test_add_func ("/message-reader/random-lengths", test_random_lengths);
  g_test_add_func ("/message-reader/large", test_large);
  g_test_add_func ("/message-reader/greeting-in-pieces", test_greeting_in_pieces);
  g_test_add_func ("/message-reader/greeting-refused", test_greeting_refused);
  g_test_add_func ("/message-reader/endless-greeting", test_endless_greeting);
  g_test_add_func ("/message-reader/nothing", test_nothing);
  g_test_add_func ("/message-reader/cut-off", test_cut_off);
  g_test_add_func ("/message-reader/malformed", test_malformed);
  g_test_add_func ("/message-reader/refused", test_refused);
  g_test_add_func ("/message-reader/lying-length", test_lying_length);
  g_test_add_func ("/message-reader/bad-descriptor", test_bad_descriptor);
  return g_test_run ();
}
