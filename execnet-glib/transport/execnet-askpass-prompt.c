/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-askpass-prompt-private.h"

#include <string.h>

#define PASSWORD_END "'s password: "
#define PASSPHRASE_BEGIN "Enter passphrase for "
#define KEY_WORD "key "
#define HOST_KEY_BEGIN "The authenticity of host '"
#define FINGERPRINT_MIDDLE " key fingerprint is "

/* The host that was asked for by the name that was given, another one by the client's. */
static char *
name_host (const ExecnetSshOptions *options, const char *host)
{
  gboolean is_target = strcmp (host, options->host) == 0 || strcmp (host, options->host_name) == 0
                       || g_strcmp0 (host, options->host_key_alias) == 0;

  if (!is_target)
    return g_strdup (host);
  if (options->port == 22)
    return g_strdup (options->host);
  return g_strdup_printf ("%s:%u", options->host, options->port);
}

/* "USER@HOST", where the user may have an @, too. */
static void
set_place (ExecnetAskpassPrompt *self, const ExecnetSshOptions *options, const char *place)
{
  const char *at = strrchr (place, '@');

  self->host = name_host (options, at != NULL ? at + 1 : place);
  if (at != NULL)
    self->user = g_strndup (place, at - place);
}

static gboolean
parse_password (ExecnetAskpassPrompt *self, const char *text, const ExecnetSshOptions *options)
{
  g_autofree char *place = NULL;

  if (!g_str_has_suffix (text, PASSWORD_END) || strchr (text, '\n') != NULL)
    return FALSE;
  place = g_strndup (text, strlen (text) - strlen (PASSWORD_END));
  self->question.kind = EXECNET_QUESTION_PASSWORD;
  set_place (self, options, place);
  return TRUE;
}

static gboolean
parse_passphrase (ExecnetAskpassPrompt *self, const char *text, const ExecnetSshOptions *options)
{
  const char *file = text + strlen (PASSPHRASE_BEGIN);

  if (!g_str_has_prefix (text, PASSPHRASE_BEGIN))
    return FALSE;
  if (g_str_has_prefix (file, KEY_WORD))
    file += strlen (KEY_WORD);
  self->question.kind = EXECNET_QUESTION_PASSPHRASE;
  self->subject = g_strdup (file);
  g_strchomp (self->subject);
  if (g_str_has_suffix (self->subject, ":"))
    self->subject[strlen (self->subject) - 1] = '\0';
  if (*self->subject == '\'' && g_str_has_suffix (self->subject + 1, "'"))
    {
      self->subject[strlen (self->subject) - 1] = '\0';
      memmove (self->subject, self->subject + 1, strlen (self->subject));
    }
  self->host = name_host (options, options->host);
  self->user = g_strdup (options->user);
  return TRUE;
}

/* "ED25519 SHA256:…" */
static char *
find_fingerprint (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *middle = strstr (lines[i], FINGERPRINT_MIDDLE);
      gsize length;

      if (middle == NULL)
        continue;
      *middle = '\0';
      middle += strlen (FINGERPRINT_MIDDLE);
      length = strlen (middle);
      if (length > 0 && middle[length - 1] == '.')
        middle[length - 1] = '\0';
      return g_strdup_printf ("%s %s", lines[i], middle);
    }
  return NULL;
}

/* "[HOST]:PORT" or "HOST" of "HOST (ADDRESS)". */
static char *
name_unknown_host (const ExecnetSshOptions *options, const char *text)
{
  gsize length = strcspn (text, "' ");
  g_autofree char *host = g_strndup (text, length);
  g_autofree char *with_port = g_strdup_printf ("[%s]:%u", options->host_name, options->port);

  if (strcmp (host, with_port) == 0)
    return name_host (options, options->host);
  return name_host (options, host);
}

static gboolean
parse_host_key (ExecnetAskpassPrompt *self, const char *text, const ExecnetSshOptions *options)
{
  if (!g_str_has_prefix (text, HOST_KEY_BEGIN))
    return FALSE;
  self->subject = find_fingerprint (text);
  if (self->subject == NULL)
    return FALSE;
  self->question.kind = EXECNET_QUESTION_HOST_KEY;
  self->host = name_unknown_host (options, text + strlen (HOST_KEY_BEGIN));
  return TRUE;
}

/* What the host itself asks begins with "(USER@HOST) ". */
static gboolean
is_by_host (const char *text)
{
  return *text == '(' && strstr (text, ") ") != NULL;
}

static void
parse_other (ExecnetAskpassPrompt *self, const char *text, const ExecnetSshOptions *options)
{
  const char *end = is_by_host (text) ? strstr (text, ") ") : NULL;

  self->question.kind = EXECNET_QUESTION_PROMPT;
  if (end != NULL)
    {
      g_autofree char *place = g_strndup (text + 1, end - text - 1);

      set_place (self, options, place);
      text = end + 2;
    }
  else
    {
      self->host = name_host (options, options->host);
      self->user = g_strdup (options->user);
    }
  self->subject = g_strdup (text);
}

void
execnet_askpass_prompt_parse (ExecnetAskpassPrompt *self,
                              const char *text,
                              const ExecnetSshOptions *options)
{
  *self = (ExecnetAskpassPrompt){ .host = NULL };
  /* A host may ask whatever it likes, also what looks like a question of the client for another
   * host. */
  if (is_by_host (text)
      || (!parse_password (self, text, options) && !parse_passphrase (self, text, options)
          && !parse_host_key (self, text, options)))
    parse_other (self, text, options);
  self->question.host = self->host;
  self->question.user = self->user;
  self->question.subject = self->subject;
}

void
execnet_askpass_prompt_clear (ExecnetAskpassPrompt *self)
{
  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->user, g_free);
  g_clear_pointer (&self->subject, g_free);
}
