/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the OpenSSH client runs to ask a person: hands the question to the program that started the
 * client, and prints its answer. The socket is in the abstract namespace, by the name that the
 * environment has.
 *
 * It writes the question and ends that direction; it reads "+" and the answer, or nothing when
 * there is none. */

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_ANSWER 4096

static int
connect_to_asker (const char *name)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  size_t length = name != NULL ? strlen (name) : 0;
  int fd;

  if (length == 0 || length > sizeof address.sun_path - 1)
    return -1;
  memcpy (address.sun_path + 1, name, length);
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0
      || connect (fd,
                  (const struct sockaddr *) &address,
                  offsetof (struct sockaddr_un, sun_path) + 1 + length)
             != 0)
    return -1;
  return fd;
}

static int
write_all (int fd, const char *text, size_t length)
{
  while (length > 0)
    {
      ssize_t n = send (fd, text, length, MSG_NOSIGNAL);

      if (n <= 0)
        return -1;
      text += n;
      length -= n;
    }
  return 0;
}

/* The length, or -1. */
static ssize_t
read_all (int fd, char *answer, size_t size)
{
  size_t length = 0;

  while (length < size)
    {
      ssize_t n = read (fd, answer + length, size - length);

      if (n < 0)
        return -1;
      if (n == 0)
        return length;
      length += n;
    }
  return -1;
}

int
main (int argc, char **argv)
{
  const char *question = argc > 1 ? argv[1] : "";
  const char *hint = getenv ("SSH_ASKPASS_PROMPT");
  char answer[MAX_ANSWER];
  ssize_t length;
  int fd;

  /* A note for the person, such as "touch the key": there is no answer to it. */
  if (hint != NULL && strcmp (hint, "none") == 0)
    {
      fprintf (stderr, "%s\n", question);
      return EXIT_SUCCESS;
    }
  fd = connect_to_asker (getenv ("EXECNET_ASKPASS_SOCKET"));
  if (fd < 0 || write_all (fd, question, strlen (question)) != 0 || shutdown (fd, SHUT_WR) != 0)
    return EXIT_FAILURE;
  length = read_all (fd, answer, sizeof answer);
  if (length < 1 || answer[0] != '+')
    return EXIT_FAILURE;
  fwrite (answer + 1, 1, length - 1, stdout);
  putchar ('\n');
  return fflush (stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
