/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The settings of a group: its default specification and its execution models. */

#include "config.h"

#include "collections/execnet-group-private.h"

#include "base/execnet-error.h"

#include <glib/gi18n-lib.h>

const char *const execnet_group_default_spec = "popen";

/* The first choice of execnet. */
const char *const execnet_group_default_execmodel = "thread";

static const char *const models[] = { "thread", "main_thread_only", "eventlet", "gevent", NULL };

static char *
dup_string (ExecnetGroup *self, char **field)
{
  char *copy;

  g_mutex_lock (&self->lock);
  copy = g_strdup (*field);
  g_mutex_unlock (&self->lock);
  return copy;
}

/**
 * execnet_group_dup_default_spec: (attributes org.gtk.Method.get_property=default-spec)
 * @self: a group
 *
 * Gives what [method@Group.make_gateway] makes when it is given no specification.
 *
 * Returns: (transfer full): the specification
 *
 * Since: 1.0
 */
char *
execnet_group_dup_default_spec (ExecnetGroup *self)
{
  char *spec;

  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);

  g_mutex_lock (&self->lock);
  spec = g_strdup (self->default_spec);
  g_mutex_unlock (&self->lock);
  return spec;
}

/**
 * execnet_group_set_default_spec: (attributes org.gtk.Method.set_property=default-spec)
 * @self: a group
 * @spec: (nullable): a specification; %NULL means `popen`
 *
 * Sets what [method@Group.make_gateway] makes when it is given no specification. It is looked at
 * when it is used.
 *
 * Since: 1.0
 */
void
execnet_group_set_default_spec (ExecnetGroup *self, const char *spec)
{
  g_return_if_fail (EXECNET_IS_GROUP (self));

  g_mutex_lock (&self->lock);
  g_free (self->default_spec);
  self->default_spec = g_strdup (spec != NULL ? spec : execnet_group_default_spec);
  g_mutex_unlock (&self->lock);
  g_object_notify (G_OBJECT (self), "default-spec");
}

/**
 * execnet_group_dup_execmodel: (attributes org.gtk.Method.get_property=execmodel)
 * @self: a group
 *
 * Gives the execution model of this side, see [method@Group.set_execmodel].
 *
 * Returns: (transfer full): the model
 *
 * Since: 1.0
 */
char *
execnet_group_dup_execmodel (ExecnetGroup *self)
{
  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);

  return dup_string (self, &self->execmodel);
}

/**
 * execnet_group_dup_remote_execmodel: (attributes org.gtk.Method.get_property=remote-execmodel)
 * @self: a group
 *
 * Gives the execution model of workers whose specification names none.
 *
 * Returns: (transfer full): the model
 *
 * Since: 1.0
 */
char *
execnet_group_dup_remote_execmodel (ExecnetGroup *self)
{
  g_return_val_if_fail (EXECNET_IS_GROUP (self), NULL);

  return dup_string (self, &self->remote_execmodel);
}

static gboolean
check_model (const char *model, GError **error)
{
  if (g_strv_contains (models, model))
    return TRUE;
  g_set_error (error,
               EXECNET_ERROR,
               EXECNET_ERROR_INVALID_SPEC,
               _ ("The execution model “%s” is not known; use thread, main_thread_only, eventlet or "
                  "gevent."),
               model);
  return FALSE;
}

/**
 * execnet_group_set_execmodel:
 * @self: a group
 * @execmodel: the model of this side: `thread`, `main_thread_only`, `eventlet` or `gevent`
 * @remote_execmodel: (nullable): the model of workers whose specification names none; %NULL for the
 *   same
 * @error: return location for an error
 *
 * Sets the execution models before the first gateway is made. On this side the library always waits
 * and calls back as GLib does: the model is kept for language bindings that have another way.
 *
 * Returns: %TRUE when they are set; %FALSE with %EXECNET_ERROR_INVALID_SPEC when a model is not
 *   known, or the group has gateways already
 *
 * Since: 1.0
 */
gboolean
execnet_group_set_execmodel (ExecnetGroup *self,
                             const char *execmodel,
                             const char *remote_execmodel,
                             GError **error)
{
  gboolean is_early;

  g_return_val_if_fail (EXECNET_IS_GROUP (self), FALSE);
  g_return_val_if_fail (execmodel != NULL, FALSE);
  g_return_val_if_fail (error == NULL || *error == NULL, FALSE);

  if (remote_execmodel == NULL)
    remote_execmodel = execmodel;
  if (!check_model (execmodel, error) || !check_model (remote_execmodel, error))
    return FALSE;

  g_mutex_lock (&self->lock);
  is_early = self->members->len == 0;
  if (is_early)
    {
      g_free (self->execmodel);
      self->execmodel = g_strdup (execmodel);
      g_free (self->remote_execmodel);
      self->remote_execmodel = g_strdup (remote_execmodel);
    }
  g_mutex_unlock (&self->lock);
  if (!is_early)
    {
      g_set_error_literal (error,
                           EXECNET_ERROR,
                           EXECNET_ERROR_INVALID_SPEC,
                           _ ("The execution models can't be set any more: the group has gateways. Set "
                              "them before the first one is made, or terminate the group."));
      return FALSE;
    }
  g_object_notify (G_OBJECT (self), "execmodel");
  g_object_notify (G_OBJECT (self), "remote-execmodel");
  return TRUE;
}

/* The interpreter of a plain popen, for all groups. */

static GMutex default_python_lock;
static char *default_python;

/**
 * execnet_set_default_python:
 * @path: (nullable): the file of an interpreter; %NULL for `python3` of `PATH`
 *
 * Sets the interpreter that a plain `popen` starts. A program that is written in Python sets its
 * own; the PyGObject override does.
 *
 * Since: 1.0
 */
void
execnet_set_default_python (const char *path)
{
  g_mutex_lock (&default_python_lock);
  g_free (default_python);
  default_python = g_strdup (path);
  g_mutex_unlock (&default_python_lock);
}

char *
execnet_dup_default_python (void)
{
  char *path;

  g_mutex_lock (&default_python_lock);
  path = g_strdup (default_python);
  g_mutex_unlock (&default_python_lock);
  return path;
}
