/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The words of the questions: a heading on the first line, and what explains it below. */

#include "config.h"

#include "transport/execnet-questions-private.h"

#include <glib/gi18n-lib.h>

/* What is shown of one text, in characters. */
#define MAX_SHOWN 1000

/* Nobody must be able to make up headings, or to hide what follows. */
static char *
make_fit (const char *text, gboolean with_lines)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  g_autoptr (GString) fit = g_string_new (NULL);
  gsize n = 0;

  for (const char *c = valid; *c != '\0' && n < MAX_SHOWN; c = g_utf8_next_char (c), n++)
    {
      gunichar character = g_utf8_get_char (c);

      if (g_unichar_isprint (character) || (with_lines && character == '\n'))
        g_string_append_unichar (fit, character);
      else
        g_string_append_c (fit, ' ');
    }
  return g_strdup (g_strstrip (fit->str));
}

static char *
make_heading (const ExecnetQuestion *question, const char *host)
{
  g_autofree char *user = make_fit (question->user, FALSE);

  switch (question->kind)
    {
    case EXECNET_QUESTION_PASSWORD:
      if (question->user != NULL)
        return g_strdup_printf (_ ("Password of “%s” on “%s”"), user, host);
      return g_strdup_printf (_ ("Password for “%s”"), host);
    case EXECNET_QUESTION_PASSPHRASE:
      return g_strdup_printf (_ ("Passphrase of a key for “%s”"), host);
    case EXECNET_QUESTION_PROMPT:
      return g_strdup_printf (_ ("The host “%s” has a question"), host);
    case EXECNET_QUESTION_HOST_KEY:
      return g_strdup_printf (_ ("Connect to the unknown host “%s”?"), host);
    }
  g_assert_not_reached ();
}

static char *
make_body (const ExecnetQuestion *question, const char *subject)
{
  switch (question->kind)
    {
    case EXECNET_QUESTION_PASSWORD:
      return g_strdup (question->again ? _ ("That password was not accepted. Try another one.")
                                       : _ ("It is needed to log in there."));
    case EXECNET_QUESTION_PASSPHRASE:
      return g_strdup_printf (question->again
                                  ? _ ("That was not the passphrase of “%s”. Try another one.")
                                  : _ ("It protects the key “%s”."),
                              subject);
    case EXECNET_QUESTION_PROMPT:
      return g_strdup (subject);
    case EXECNET_QUESTION_HOST_KEY:
      return g_strdup_printf (
          _ ("No list of known hosts has its key, whose type and fingerprint are\n%s\n"
             "Connect only if its administrator tells the same. The key is then kept, and later "
             "connections are compared with it."),
          subject);
    }
  g_assert_not_reached ();
}

char *
execnet_question_dup_message (const ExecnetQuestion *question)
{
  g_autofree char *host = make_fit (question->host, FALSE);
  g_autofree char *subject = make_fit (question->subject, TRUE);
  g_autofree char *heading = make_heading (question, host);
  g_autofree char *body = make_body (question, subject);

  return g_strdup_printf ("%s\n%s", heading, body);
}

char *
execnet_question_describe (const ExecnetQuestion *question)
{
  g_autofree char *host = make_fit (question->host, FALSE);
  g_autofree char *subject = make_fit (question->subject, FALSE);

  switch (question->kind)
    {
    case EXECNET_QUESTION_PASSWORD:
      return g_strdup_printf (_ ("The host “%s” wants a password."), host);
    case EXECNET_QUESTION_PASSPHRASE:
      return g_strdup_printf (_ ("To log in to the host “%s”, the passphrase of the key “%s” is needed."),
                              host,
                              subject);
    case EXECNET_QUESTION_PROMPT:
      return g_strdup_printf (_ ("The host “%s” asks “%s”."), host, subject);
    case EXECNET_QUESTION_HOST_KEY:
      return g_strdup_printf (_ ("The key of the host “%s” is not known: %s."), host, subject);
    }
  g_assert_not_reached ();
}
