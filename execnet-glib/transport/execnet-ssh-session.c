/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-session-private.h"

#include "base/execnet-error.h"
#include "base/execnet-trace-private.h"
#include "transport/execnet-ssh-aside-private.h"
#include "transport/execnet-ssh-channel-private.h"
#include "transport/execnet-ssh-login-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

/* What is done in one turn of the main context, so that a flood on one session starves nobody. */
#define PASSES_PER_TURN 16

/* Of what a host says, so much is quoted. */
#define MAX_QUOTED 300

/* So often it may be silent when it is asked whether it is there. */
#define MAX_UNANSWERED 3

/* The library frees a session in steps that a connection can hold up. Ours is broken by then, so
 * that one is enough; should it ever not be, the rest is lost, and no thread. */
#define STEPS_TO_FREE 100

/* The library asks the descriptor whether it blocks, and sets that back at the end. All I/O goes
 * through our functions: it gets a number that is no descriptor, so that it leaves them alone. */
#define NO_DESCRIPTOR G_MAXINT

char *
execnet_ssh_dup_printable (const char *bytes, gsize length)
{
  g_autofree char *valid = g_utf8_make_valid (bytes != NULL ? bytes : "", MIN (length, MAX_QUOTED));
  GString *printable = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      g_string_append_unichar (printable, g_unichar_isprint (c) ? c : ' ');
    }
  g_strstrip (printable->str);
  return g_string_free (printable, FALSE);
}

/* What the library calls */

static LIBSSH2_RECV_FUNC (on_receive)
{
  ExecnetSshSession *self = *abstract;

  if (self->aside != NULL)
    return execnet_ssh_aside_receive (self->aside, buffer, length);
  return self->wire != NULL ? execnet_ssh_wire_receive (self->wire, buffer, length) : -ECONNRESET;
}

static LIBSSH2_SEND_FUNC (on_send)
{
  ExecnetSshSession *self = *abstract;

  if (self->aside != NULL)
    return execnet_ssh_aside_send (self->aside, buffer, length);
  /* Who takes leave does not want to know. */
  return self->wire != NULL ? execnet_ssh_wire_send (self->wire, buffer, length) : (gssize) length;
}

static LIBSSH2_DISCONNECT_FUNC (on_disconnect)
{
  ExecnetSshSession *self = *abstract;

  g_free (self->farewell);
  self->farewell = execnet_ssh_dup_printable (message, message != NULL ? message_len : 0);
}

static gpointer
init_library (gpointer unused)
{
  return GINT_TO_POINTER (libssh2_init (0) == 0);
}

static LIBSSH2_SESSION *
make_library_session (ExecnetSshSession *self)
{
  static GOnce once = G_ONCE_INIT;
  LIBSSH2_SESSION *ssh;

  g_once (&once, init_library, NULL);
  ssh = libssh2_session_init_ex (NULL, NULL, NULL, self);
  if (ssh == NULL)
    g_error ("libssh2 has no memory");
  libssh2_session_set_blocking (ssh, FALSE);
  libssh2_session_callback_set (ssh, LIBSSH2_CALLBACK_RECV, (void *) on_receive);
  libssh2_session_callback_set (ssh, LIBSSH2_CALLBACK_SEND, (void *) on_send);
  libssh2_session_callback_set (ssh, LIBSSH2_CALLBACK_DISCONNECT, (void *) on_disconnect);
  return ssh;
}

/* Errors */

char *
execnet_ssh_session_dup_last_error (ExecnetSshSession *self)
{
  char *text = NULL;
  int length = 0;

  libssh2_session_last_error (self->ssh, &text, &length, 0);
  return g_utf8_make_valid (text != NULL ? text : "", text != NULL ? length : 0);
}

static gboolean
is_loss (int code)
{
  switch (code)
    {
    case LIBSSH2_ERROR_SOCKET_SEND:
    case LIBSSH2_ERROR_SOCKET_RECV:
    case LIBSSH2_ERROR_SOCKET_DISCONNECT:
    case LIBSSH2_ERROR_SOCKET_TIMEOUT:
    case LIBSSH2_ERROR_TIMEOUT:
    case LIBSSH2_ERROR_INVALID_MAC:
    case LIBSSH2_ERROR_DECRYPT:
    case LIBSSH2_ERROR_ENCRYPT:
    case LIBSSH2_ERROR_COMPRESS:
    case LIBSSH2_ERROR_ZLIB:
    case LIBSSH2_ERROR_OUT_OF_BOUNDARY:
    case LIBSSH2_ERROR_PROTO:
    case LIBSSH2_ERROR_ALLOC:
      return TRUE;
    default:
      return FALSE;
    }
}

GError *
execnet_ssh_session_explain_loss (ExecnetSshSession *self, int code)
{
  const GError *reason = self->wire != NULL ? execnet_ssh_wire_get_error (self->wire) : NULL;
  g_autofree char *said = NULL;

  if (self->farewell != NULL)
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_DIED,
                        _ ("The host “%s” ended the ssh connection: %s."),
                        self->name,
                        self->farewell);
  if (reason != NULL)
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_DIED,
                        _ ("The ssh connection to “%s” was lost: %s."),
                        self->name,
                        reason->message);
  if (code == LIBSSH2_ERROR_SOCKET_RECV || code == LIBSSH2_ERROR_SOCKET_DISCONNECT)
    return g_error_new (EXECNET_ERROR,
                        EXECNET_ERROR_DIED,
                        _ ("The host “%s” closed the ssh connection."),
                        self->name);
  if (!is_loss (code))
    return NULL;
  said = execnet_ssh_session_dup_last_error (self);
  return g_error_new (EXECNET_ERROR,
                      EXECNET_ERROR_DIED,
                      _ ("The ssh connection to “%s” failed: %s."),
                      self->name,
                      said);
}

/* Pumping */

static void
process_channels (ExecnetSshSession *self)
{
  /* Others may come, or go, meanwhile; who is missed has his turn in the next pass. */
  for (guint i = 0; self->error == NULL && i < self->channels->len; i++)
    execnet_ssh_channel_process (g_ptr_array_index (self->channels, i));
}

/* One that opens is repeated until it is done; only then may the next one begin. */
static void
open_channels (ExecnetSshSession *self)
{
  ExecnetSshChannel *channel;

  while (self->error == NULL && (channel = g_queue_peek_head (&self->opening)) != NULL)
    {
      if (!execnet_ssh_channel_continue_open (channel))
        return;
      g_queue_remove (&self->opening, channel);
    }
}

static gboolean
on_more (gpointer data)
{
  ExecnetSshSession *self = data;

  g_clear_pointer (&self->more, g_source_unref);
  execnet_ssh_session_pump (self);
  return G_SOURCE_REMOVE;
}

static void
pump_on_next_turn (ExecnetSshSession *self)
{
  if (self->more != NULL)
    return;
  self->more = g_idle_source_new ();
  g_source_set_priority (self->more, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->more, on_more, self, NULL);
  g_source_attach (self->more, g_main_context_get_thread_default ());
}

static gboolean
pump_once (ExecnetSshSession *self)
{
  guint64 n_received = execnet_ssh_wire_get_n_received (self->wire);

  self->pump_again = FALSE;
  if (self->is_up)
    {
      open_channels (self);
      process_channels (self);
    }
  else if (self->login != NULL)
    {
      execnet_ssh_login_continue (self->login);
    }
  return self->wire != NULL
         && (self->pump_again || execnet_ssh_wire_get_n_received (self->wire) != n_received);
}

void
execnet_ssh_session_pump (ExecnetSshSession *self)
{
  g_autoptr (ExecnetSshSession) alive = execnet_ssh_session_ref (self);
  guint n = 0;

  self->pump_again = TRUE;
  if (self->is_pumping || self->wire == NULL)
    return;
  if (self->aside != NULL)
    {
      if (!execnet_ssh_aside_pump (self->aside, self->wire))
        execnet_ssh_login_fail (
            self->login, execnet_ssh_session_explain_loss (self, LIBSSH2_ERROR_SOCKET_DISCONNECT));
      return;
    }
  self->is_pumping = TRUE;
  while (self->wire != NULL && self->aside == NULL && self->error == NULL && pump_once (self))
    {
      if (++n == PASSES_PER_TURN)
        {
          pump_on_next_turn (self);
          break;
        }
    }
  self->is_pumping = FALSE;
}

static void
on_wire (gpointer data)
{
  execnet_ssh_session_pump (data);
}

/* The end */

static void
stop_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* Another thread may have the session. */
static void
end_login (ExecnetSshSession *self)
{
  g_clear_pointer (&self->aside, execnet_ssh_aside_free);
  if (self->login != NULL)
    execnet_ssh_login_lose (self->login, self->error);
}

static void
lose_channels (ExecnetSshSession *self)
{
  while (self->channels->len > 0)
    execnet_ssh_channel_lose (g_ptr_array_index (self->channels, self->channels->len - 1),
                              self->error);
}

/* From here on the library finds a connection that is broken, and waits for nothing. */
static void
close_wire (ExecnetSshSession *self)
{
  stop_source (&self->more);
  stop_source (&self->keepalive);
  g_clear_pointer (&self->wire, execnet_ssh_wire_free);
}

void
execnet_ssh_session_fail (ExecnetSshSession *self, GError *error)
{
  g_autoptr (ExecnetSshSession) alive = execnet_ssh_session_ref (self);

  if (self->error != NULL)
    {
      g_error_free (error);
      return;
    }
  execnet_trace ("ssh %s: lost: %s", self->name, error->message);
  self->error = error;
  end_login (self);
  close_wire (self);
  lose_channels (self);
  if (self->lost_func != NULL)
    self->lost_func (self, self->funcs_data);
}

void
execnet_ssh_session_close (ExecnetSshSession *self)
{
  self->lost_func = NULL;
  self->asking_func = NULL;
  if (self->error != NULL)
    return;
  execnet_trace ("ssh %s: leaving", self->name);
  if (self->aside == NULL)
    libssh2_session_disconnect (self->ssh, "");
  self->error = g_error_new (EXECNET_ERROR,
                             EXECNET_ERROR_CLOSED,
                             _ ("The ssh connection to “%s” is closed."),
                             self->name);
  end_login (self);
  close_wire (self);
  lose_channels (self);
}

/* Whether the host is still there */

static void
ask_whether_alive (ExecnetSshSession *self)
{
  for (guint i = 0; i < self->channels->len; i++)
    {
      if (execnet_ssh_channel_send_keepalive (g_ptr_array_index (self->channels, i)))
        break;
    }
  execnet_ssh_session_pump (self);
}

static gboolean
on_keepalive (gpointer data)
{
  g_autoptr (ExecnetSshSession) self = execnet_ssh_session_ref (data);
  guint64 n_received = execnet_ssh_wire_get_n_received (self->wire);

  if (n_received != self->n_received_before)
    self->n_unanswered = 0;
  else if (++self->n_unanswered >= MAX_UNANSWERED)
    {
      execnet_ssh_session_fail (self,
                                g_error_new (EXECNET_ERROR,
                                             EXECNET_ERROR_DIED,
                                             _ ("Nothing has been heard from the host “%s” for too long; "
                                                "it has vanished, or the way there is cut."),
                                             self->name));
      return G_SOURCE_REMOVE;
    }
  self->n_received_before = n_received;
  if (self->n_unanswered > 0 || self->channels->len > 0)
    ask_whether_alive (self);
  return G_SOURCE_CONTINUE;
}

void
execnet_ssh_session_keep_alive (ExecnetSshSession *self, guint seconds)
{
  if (seconds == 0 || self->keepalive != NULL || self->wire == NULL)
    return;
  self->keepalive = g_timeout_source_new_seconds (seconds);
  g_source_set_callback (self->keepalive, on_keepalive, self, NULL);
  g_source_attach (self->keepalive, g_main_context_get_thread_default ());
}

/* The object */

/* Of names separated by commas, those that the library knows; NULL for none. It would drop the others
 * itself, but libssh2 1.10 copies what follows over them with memcpy(), and the two overlap. */
static char *
keep_known (LIBSSH2_SESSION *ssh, int method, const char *names)
{
  g_auto (GStrv) wanted = g_strsplit (names, ",", -1);
  g_autoptr (GString) kept = g_string_new (NULL);
  const char **known = NULL;
  int n_known = libssh2_session_supported_algs (ssh, method, &known);

  for (guint i = 0; wanted[i] != NULL; i++)
    {
      int at = 0;

      while (at < n_known && strcmp (known[at], wanted[i]) != 0)
        at++;
      if (at < n_known)
        g_string_append_printf (kept, "%s%s", kept->len > 0 ? "," : "", wanted[i]);
    }
  if (n_known > 0)
    libssh2_free (ssh, known);
  return kept->len > 0 ? g_string_free (g_steal_pointer (&kept), FALSE) : NULL;
}

static void
set_preferences (ExecnetSshSession *self)
{
  const struct
  {
    int method;
    const char *names;
  } preferences[] = {
    { LIBSSH2_METHOD_CRYPT_CS, self->options->ciphers },
    { LIBSSH2_METHOD_CRYPT_SC, self->options->ciphers },
    { LIBSSH2_METHOD_MAC_CS, self->options->macs },
    { LIBSSH2_METHOD_MAC_SC, self->options->macs },
    { LIBSSH2_METHOD_KEX, self->options->kex_algorithms },
  };

  for (guint i = 0; i < G_N_ELEMENTS (preferences); i++)
    {
      g_autofree char *known = NULL;

      if (preferences[i].names != NULL)
        known = keep_known (self->ssh, preferences[i].method, preferences[i].names);
      /* Of none that it knows, it keeps its own, which nobody allowed. */
      if (known != NULL)
        libssh2_session_method_pref (self->ssh, preferences[i].method, known);
      else if (preferences[i].names != NULL)
        self->unsupported = preferences[i].names;
    }
  if (self->options->compression)
    libssh2_session_flag (self->ssh, LIBSSH2_FLAG_COMPRESS, 1);
}

ExecnetSshSession *
execnet_ssh_session_new (ExecnetSshOptions *options, GIOStream *stream)
{
  ExecnetSshSession *self = g_new0 (ExecnetSshSession, 1);

  g_atomic_ref_count_init (&self->refs);
  self->options = execnet_ssh_options_ref (options);
  self->name = options->port != 22 ? g_strdup_printf ("%s:%u", options->host, options->port)
                                   : g_strdup (options->host);
  self->channels = g_ptr_array_new ();
  g_queue_init (&self->opening);
  self->ssh = make_library_session (self);
  set_preferences (self);
  self->wire = execnet_ssh_wire_new (stream, on_wire, self);
  return self;
}

ExecnetSshSession *
execnet_ssh_session_ref (ExecnetSshSession *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
execnet_ssh_session_unref (ExecnetSshSession *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  execnet_ssh_session_close (self);
  g_assert (self->channels->len == 0 && self->login == NULL && self->aside == NULL);
  for (guint i = 0; i < STEPS_TO_FREE; i++)
    {
      if (libssh2_session_free (self->ssh) != LIBSSH2_ERROR_EAGAIN)
        break;
    }
  g_ptr_array_unref (self->channels);
  g_queue_clear (&self->opening);
  execnet_ssh_options_unref (self->options);
  g_clear_error (&self->error);
  g_free (self->farewell);
  g_free (self->name);
  g_free (self);
}

void
execnet_ssh_session_set_funcs (ExecnetSshSession *self,
                               ExecnetSshLostFunc lost_func,
                               ExecnetSshAskingFunc asking_func,
                               gpointer data)
{
  self->lost_func = lost_func;
  self->asking_func = asking_func;
  self->funcs_data = data;
}
