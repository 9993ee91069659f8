/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "transport/execnet-ssh-aside-private.h"

#include <errno.h>
#include <string.h>

/* What is carried at once. */
#define PIECE 4096

struct _ExecnetSshAside
{
  gatomicrefcount refs; /* of its owner, and of what is on its way to its owner's thread */
  ExecnetSshSession *session; /* NULL after the end: not held, its owner is in there */
  GMainContext *context;
  GThread *thread;
  ExecnetSshAsideFunc func;
  ExecnetSshAsideQuestion question_func;
  ExecnetSshAsideDone done_func;
  gpointer data;

  GMutex lock;
  GCond changed;
  GByteArray *input;
  GByteArray *output;
  gboolean has_ended_input;
  gboolean has_news; /* input or its end, since the thread looked last */
  gboolean is_unwanted;
  gpointer question;
  gboolean is_asking; /* the thread waits for an answer */
  gboolean has_answer;
  gboolean has_ended;
  int code;
};

static void
aside_unref (ExecnetSshAside *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_byte_array_unref (self->input);
  g_byte_array_unref (self->output);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self);
}

/* The session's thread */

static void
end (ExecnetSshAside *self)
{
  ExecnetSshSession *session = g_steal_pointer (&self->session);
  int code = self->code;
  ExecnetSshAsideDone done = self->done_func;
  gpointer data = self->data;

  g_thread_join (g_steal_pointer (&self->thread));
  execnet_ssh_aside_pump (self, session->wire);
  /* The host may have said more than the thread wanted to hear. */
  execnet_ssh_wire_put_back (session->wire, self->input->data, self->input->len);
  session->aside = NULL;
  aside_unref (self);
  done (session, code, data);
  execnet_ssh_session_pump (session);
}

static gboolean
on_told (gpointer data)
{
  ExecnetSshAside *self = data;
  g_autoptr (ExecnetSshSession) session = NULL;
  gpointer question;
  gboolean has_ended;

  if (self->session == NULL)
    return G_SOURCE_REMOVE;
  session = execnet_ssh_session_ref (self->session);
  execnet_ssh_aside_pump (self, session->wire);
  g_mutex_lock (&self->lock);
  question = g_steal_pointer (&self->question);
  has_ended = self->has_ended;
  g_mutex_unlock (&self->lock);

  if (question != NULL)
    {
      self->question_func (session, question, self->data);
      /* The host may have gone before. */
      execnet_ssh_session_pump (session);
    }
  else if (has_ended)
    {
      end (self);
    }
  return G_SOURCE_REMOVE;
}

gboolean
execnet_ssh_aside_pump (ExecnetSshAside *self, ExecnetSshWire *wire)
{
  guint8 piece[PIECE];
  gssize n_read;
  gboolean is_in_vain;

  g_mutex_lock (&self->lock);
  if (self->output->len > 0)
    execnet_ssh_wire_send (wire, self->output->data, self->output->len);
  g_byte_array_set_size (self->output, 0);
  while (!self->has_ended_input
         && (n_read = execnet_ssh_wire_receive (wire, piece, sizeof piece)) != -EAGAIN)
    {
      if (n_read > 0)
        g_byte_array_append (self->input, piece, n_read);
      else
        self->has_ended_input = TRUE;
      self->has_news = TRUE;
    }
  is_in_vain = self->has_ended_input && self->is_asking && !self->has_answer;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
  return !is_in_vain;
}

void
execnet_ssh_aside_answer (ExecnetSshAside *self)
{
  g_mutex_lock (&self->lock);
  self->has_answer = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
execnet_ssh_aside_free (ExecnetSshAside *self)
{
  g_mutex_lock (&self->lock);
  self->is_unwanted = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
  g_thread_join (g_steal_pointer (&self->thread));
  self->session = NULL;
  aside_unref (self);
}

/* The other thread */

/* With the lock. */
static void
tell (ExecnetSshAside *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_atomic_ref_count_inc (&self->refs);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_told, self, (GDestroyNotify) aside_unref);
  g_source_attach (source, self->context);
}

gssize
execnet_ssh_aside_receive (ExecnetSshAside *self, void *buffer, gsize length)
{
  gssize n_read = -EAGAIN;

  g_mutex_lock (&self->lock);
  if (self->is_unwanted)
    {
      n_read = -ECONNRESET;
    }
  else if (self->input->len > 0)
    {
      n_read = MIN (length, self->input->len);
      memcpy (buffer, self->input->data, n_read);
      g_byte_array_remove_range (self->input, 0, n_read);
    }
  else if (self->has_ended_input)
    {
      n_read = 0;
    }
  g_mutex_unlock (&self->lock);
  return n_read;
}

gssize
execnet_ssh_aside_send (ExecnetSshAside *self, const void *bytes, gsize length)
{
  g_mutex_lock (&self->lock);
  if (!self->is_unwanted)
    g_byte_array_append (self->output, bytes, length);
  tell (self);
  g_mutex_unlock (&self->lock);
  return length;
}

gboolean
execnet_ssh_aside_ask (ExecnetSshAside *self, gpointer question)
{
  gboolean has_answer;

  g_mutex_lock (&self->lock);
  self->question = question;
  self->is_asking = TRUE;
  self->has_answer = FALSE;
  tell (self);
  while (!self->has_answer && !self->is_unwanted)
    g_cond_wait (&self->changed, &self->lock);
  self->is_asking = FALSE;
  has_answer = self->has_answer;
  g_mutex_unlock (&self->lock);
  return has_answer;
}

/* FALSE when nobody wants it to go on. */
static gboolean
wait_for_input (ExecnetSshAside *self)
{
  gboolean is_wanted;

  g_mutex_lock (&self->lock);
  while (!self->has_news && !self->is_unwanted)
    g_cond_wait (&self->changed, &self->lock);
  self->has_news = FALSE;
  is_wanted = !self->is_unwanted;
  g_mutex_unlock (&self->lock);
  return is_wanted;
}

static gpointer
run (gpointer data)
{
  ExecnetSshAside *self = data;
  ExecnetSshSession *session = self->session;
  int code;

  do
    code = self->func (session, self->data);
  while (code == LIBSSH2_ERROR_EAGAIN && wait_for_input (self));

  g_mutex_lock (&self->lock);
  self->code = code;
  self->has_ended = TRUE;
  if (!self->is_unwanted)
    tell (self);
  g_mutex_unlock (&self->lock);
  return NULL;
}

/* The session's thread again */

void
execnet_ssh_aside_begin (ExecnetSshSession *session,
                         ExecnetSshAsideFunc func,
                         ExecnetSshAsideQuestion question,
                         ExecnetSshAsideDone done,
                         gpointer data)
{
  ExecnetSshAside *self = g_new0 (ExecnetSshAside, 1);

  g_atomic_ref_count_init (&self->refs);
  self->session = session;
  self->context = g_main_context_ref_thread_default ();
  self->func = func;
  self->question_func = question;
  self->done_func = done;
  self->data = data;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->input = g_byte_array_new ();
  self->output = g_byte_array_new ();
  session->aside = self;
  self->thread = g_thread_new ("execnet-ssh-login", run, self);
}
