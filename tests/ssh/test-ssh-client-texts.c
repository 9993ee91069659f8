/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the OpenSSH client prints and asks, and what is made of it. */

#include "config.h"

#include "transport/execnet-askpass-prompt-private.h"
#include "transport/execnet-ssh-client-errors-private.h"

#include <string.h>

static const struct
{
  const char *text;
  ExecnetError code;
} ends[] = {
  { "ssh: Could not resolve hostname nowhere: Name or service not known",
    EXECNET_ERROR_HOST_NOT_FOUND },
  { "ssh: connect to host h port 1: Connection refused", EXECNET_ERROR_CONNECTION_REFUSED },
  { "ssh: connect to host h port 22: Connection timed out", EXECNET_ERROR_TIMED_OUT },
  { "Connection timed out during banner exchange", EXECNET_ERROR_TIMED_OUT },
  { "ssh: connect to host h port 22: No route to host", EXECNET_ERROR_FAILED },
  { "me@h: Permission denied (publickey,password).", EXECNET_ERROR_AUTHENTICATION_FAILED },
  { "Received disconnect from 127.0.0.1 port 22:2: Too many authentication failures",
    EXECNET_ERROR_AUTHENTICATION_FAILED },
  { "No ED25519 host key is known for h and you have requested strict checking.\n"
    "Host key verification failed.",
    EXECNET_ERROR_HOST_KEY_UNKNOWN },
  { "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n"
    "Host key verification failed.",
    EXECNET_ERROR_HOST_KEY_CHANGED },
  { "@       WARNING: REVOKED HOST KEY DETECTED!               @\n"
    "Host key verification failed.",
    EXECNET_ERROR_HOST_KEY_CHANGED },
  { "kex_exchange_identification: No SSH version received in first 1024 lines from server",
    EXECNET_ERROR_UNEXPECTED_OUTPUT },
  { "kex_exchange_identification: Connection closed by remote host", EXECNET_ERROR_DIED },
  { "channel 0: open failed: connect failed: open failed", EXECNET_ERROR_PERMISSION_DENIED },
  { "command-line: line 0: Bad configuration option: nonsense", EXECNET_ERROR_INVALID_SPEC },
  { "", EXECNET_ERROR_DIED },
  { "\"%s%n", EXECNET_ERROR_DIED },
};

static void
test_ends (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      const ExecnetTransportEnd end = { TRUE, 255, 0, (char *) ends[i].text };
      g_autoptr (GError) error = execnet_ssh_client_explain_end ("there", &end, FALSE);

      g_assert_error (error, EXECNET_ERROR, (int) ends[i].code);
      g_assert_nonnull (strstr (error->message, "“there”"));
      g_assert_nonnull (strstr (error->message, ends[i].text));
    }
}

/* What the other side printed or answered is no word of the client's. */
static void
test_other_ends (void)
{
  const ExecnetTransportEnd others[] = {
    { TRUE, 1, 0, (char *) "Connection refused" },
    { TRUE, 0, 0, (char *) "" },
    { TRUE, -1, 9, (char *) "" },
    { FALSE, -1, 0, (char *) "Connection refused" },
  };
  const ExecnetTransportEnd by_itself = { TRUE, 255, 0, (char *) "Permission denied (a)" };
  const ExecnetTransportEnd lost = { TRUE, 255, 0, (char *) "Timeout, server h not responding." };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_null (execnet_ssh_client_explain_end ("there", &others[i], FALSE));
  g_assert_null (execnet_ssh_client_explain_end ("there", &by_itself, TRUE));
  error = execnet_ssh_client_explain_end ("there", &lost, TRUE);
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DIED);
}

static const struct
{
  const char *text;
  ExecnetQuestionKind kind;
  const char *host;
  const char *user;
  const char *subject;
} prompts[] = {
  { "me@host.example's password: ", EXECNET_QUESTION_PASSWORD, "alias:2222", "me", NULL },
  { "me@home@bastion's password: ", EXECNET_QUESTION_PASSWORD, "bastion", "me@home", NULL },
  { "Enter passphrase for key '/a/b c': ",
    EXECNET_QUESTION_PASSPHRASE,
    "alias:2222",
    "me",
    "/a/b c" },
  { "Enter passphrase for /a/b: ", EXECNET_QUESTION_PASSPHRASE, "alias:2222", "me", "/a/b" },
  { "Enter passphrase for", EXECNET_QUESTION_PROMPT, "alias:2222", "me", "Enter passphrase for" },
  { "(me@host.example) Password: ", EXECNET_QUESTION_PROMPT, "alias:2222", "me", "Password: " },
  { "(you@bastion) Code: ", EXECNET_QUESTION_PROMPT, "bastion", "you", "Code: " },
  { "(me@host.example) root@bank's password: ",
    EXECNET_QUESTION_PROMPT,
    "alias:2222",
    "me",
    "root@bank's password: " },
  { "The authenticity of host '[host.example]:2222 ([10.0.0.1]:2222)' can't be established.\n"
    "ED25519 key fingerprint is SHA256:abc+/d.\nThis key is not known by any other names.\n"
    "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
    EXECNET_QUESTION_HOST_KEY,
    "alias:2222",
    NULL,
    "ED25519 SHA256:abc+/d" },
  { "The authenticity of host 'bastion (10.0.0.1)' can't be established.\n"
    "RSA key fingerprint is MD5:aa:bb.\nAre you sure?",
    EXECNET_QUESTION_HOST_KEY,
    "bastion",
    NULL,
    "RSA MD5:aa:bb" },
  { "The authenticity of host '",
    EXECNET_QUESTION_PROMPT,
    "alias:2222",
    "me",
    "The authenticity of host '" },
  { "", EXECNET_QUESTION_PROMPT, "alias:2222", "me", "" },
  { "(", EXECNET_QUESTION_PROMPT, "alias:2222", "me", "(" },
  { "'s password: ", EXECNET_QUESTION_PASSWORD, "", NULL, NULL },
};

static ExecnetSshOptions *
make_options (void)
{
  g_autoptr (ExecnetSshTarget) target
      = execnet_ssh_target_new_for_text ("-p 2222 -o HostName=host.example me@alias", NULL, NULL);

  return execnet_ssh_options_new_for_target (target, NULL);
}

static void
test_prompts (void)
{
  g_autoptr (ExecnetSshOptions) options = make_options ();

  for (guint i = 0; i < G_N_ELEMENTS (prompts); i++)
    {
      g_auto (ExecnetAskpassPrompt) prompt = { .host = NULL };

      g_test_message ("%s", prompts[i].text);
      execnet_askpass_prompt_parse (&prompt, prompts[i].text, options);
      g_assert_cmpint (prompt.question.kind, ==, prompts[i].kind);
      g_assert_cmpstr (prompt.question.host, ==, prompts[i].host);
      g_assert_cmpstr (prompt.question.user, ==, prompts[i].user);
      g_assert_cmpstr (prompt.question.subject, ==, prompts[i].subject);
    }
}

/* Cut anywhere, it is still a question. */
static void
test_cut_prompts (void)
{
  g_autoptr (ExecnetSshOptions) options = make_options ();

  for (guint i = 0; i < G_N_ELEMENTS (prompts); i++)
    {
      for (gsize length = 0; length < strlen (prompts[i].text); length++)
        {
          g_autofree char *text = g_strndup (prompts[i].text, length);
          g_auto (ExecnetAskpassPrompt) prompt = { .host = NULL };

          execnet_askpass_prompt_parse (&prompt, text, options);
          g_assert_nonnull (prompt.question.host);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/ssh-client/ends", test_ends);
  g_test_add_func ("/ssh-client/ends/other", test_other_ends);
  g_test_add_func ("/ssh-client/prompts", test_prompts);
  g_test_add_func ("/ssh-client/prompts/cut", test_cut_prompts);

  return g_test_run ();
}
