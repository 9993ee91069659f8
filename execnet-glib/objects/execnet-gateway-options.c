/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "objects/execnet-gateway-options-private.h"

#include "data/execnet-xspec-private.h"

static GVariant *
collect_env (ExecnetXSpec *spec)
{
  g_autoptr (GHashTable) env = execnet_xspec_get_env (spec);
  GVariantBuilder builder;
  GHashTableIter iter;
  gpointer name, value;

  if (g_hash_table_size (env) == 0)
    return NULL;
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  g_hash_table_iter_init (&iter, env);
  while (g_hash_table_iter_next (&iter, &name, &value))
    g_variant_builder_add (&builder, "{ss}", name, value);
  return g_variant_builder_end (&builder);
}

GVariant *
execnet_gateway_make_options (const char *id,
                              ExecnetXSpec *spec,
                              const char *execmodel,
                              const char *output,
                              GError **error)
{
  GVariantDict options;
  GVariant *env;
  const char *nice;

  if (!execnet_xspec_validate_options (spec, error))
    return NULL;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "id", "s", id);
  g_variant_dict_insert (&options, "execmodel", "s", execmodel);
  if (output != NULL)
    g_variant_dict_insert (&options, "output", "s", output);
  if (execnet_xspec_get (spec, "chdir") != NULL)
    g_variant_dict_insert (&options, "chdir", "s", execnet_xspec_get (spec, "chdir"));
  nice = execnet_xspec_get (spec, "nice");
  if (nice != NULL)
    g_variant_dict_insert (&options, "nice", "x", g_ascii_strtoll (nice, NULL, 10));
  env = collect_env (spec);
  if (env != NULL)
    g_variant_dict_insert_value (&options, "env", env);
  return g_variant_ref_sink (g_variant_dict_end (&options));
}

guint
execnet_gateway_read_timeout (ExecnetXSpec *spec, guint fallback)
{
  const char *seconds = execnet_xspec_get (spec, "timeout");

  return seconds != NULL ? (guint) g_ascii_strtoull (seconds, NULL, 10) : fallback;
}
