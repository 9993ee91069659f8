/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "base/execnet-error.h"
#include "data/execnet-xspec-private.h"

static ExecnetXSpec *
spec_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  ExecnetXSpec *spec = execnet_xspec_new (text, &error);

  g_assert_no_error (error);
  g_assert_nonnull (spec);
  return spec;
}

static void
set (ExecnetXSpec *spec, const char *key, const char *value)
{
  g_autoptr (GError) error = NULL;
  gboolean done = execnet_xspec_set (spec, key, value, &error);

  g_assert_no_error (error);
  g_assert_true (done);
}

static void
assert_text (ExecnetXSpec *spec, const char *expected)
{
  g_autofree char *text = execnet_xspec_to_string (spec);

  g_assert_cmpstr (text, ==, expected);
}

/* That it is our error, and says each of the words. */
static void
assert_error_says (GError *error, const char *one, const char *other)
{
  g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_INVALID_SPEC);
  if (g_strstr_len (error->message, -1, one) == NULL)
    g_error ("\"%s\" does not mention \"%s\"", error->message, one);
  if (g_strstr_len (error->message, -1, other) == NULL)
    g_error ("\"%s\" does not mention \"%s\"", error->message, other);
}

static void
test_all_keys (void)
{
  const struct
  {
    const char *text, *key, *value;
  } cases[] = {
    { "popen", "popen", "" },
    { "ssh=-p 5000 me@host", "ssh", "-p 5000 me@host" },
    { "ssh=host//ssh_config=/a/b", "ssh_config", "/a/b" },
    { "vagrant_ssh=default", "vagrant_ssh", "default" },
    { "socket=192.168.1.4:8888", "socket", "192.168.1.4:8888" },
    { "socket//installvia=gw1", "installvia", "gw1" },
    { "popen//via=gw1", "via", "gw1" },
    { "popen//python=python3 -X dev", "python", "python3 -X dev" },
    { "popen//execmodel=main_thread_only", "execmodel", "main_thread_only" },
    { "popen//chdir=a/b c", "chdir", "a/b c" },
    { "popen//nice=20", "nice", "20" },
    { "popen//dont_write_bytecode", "dont_write_bytecode", "" },
    { "popen//id=one", "id", "one" },
    { "popen//env:A=b=c", "env:A", "b=c" },
    { "popen//env:A=", "env:A", "" },
    { "popen//my_own=x", "my_own", "x" },
    { "popen//k\303\266nig=\346\227\245", "k\303\266nig", "\346\227\245" },
    { "python=x//popen", "popen", "" },
    { "popen=1", "popen", "1" },
    { "popen//python=", "python", "" },
    { "popen///x=1", "/x", "1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (ExecnetXSpec) spec = spec_of (cases[i].text);

      g_assert_cmpstr (execnet_xspec_get (spec, cases[i].key), ==, cases[i].value);
      g_assert_true (execnet_xspec_has (spec, cases[i].key));
      g_assert_false (execnet_xspec_has (spec, "other"));
      g_assert_null (execnet_xspec_get (spec, "other"));
      assert_text (spec, cases[i].text);
    }
}

static void
test_refused (void)
{
  const struct
  {
    const char *text, *part, *advice;
  } cases[] = {
    { "", "empty", "popen" },
    { "popen//", "“popen//”", "exactly one" },
    { "//popen", "“//popen”", "exactly one" },
    { "popen////id=1", "“popen////id=1”", "exactly one" },
    { "popen//=x", "“=x”", "KEY=VALUE" },
    { "_x=1", "“_x”", "underscore" },
    { "popen//_", "“_”", "underscore" },
    { "popen//id=1//popen", "“popen”", "once" },
    { "popen//id=1//id=2", "“id”", "once" },
    { "popen//env:A=1//env:A=2", "“env:A”", "once" },
    { "popen//env:A", "“env:A”", "env:A=VALUE" },
    { "popen//env:", "“env:”", "env:NAME=VALUE" },
    { "popen//env:=x", "“env:”", "env:NAME=VALUE" },
    { "popen//env=x", "“env”", "env:NAME=VALUE" },
    { "popen//chdir=\xff", "“popen//chdir=\357\277\275”", "UTF-8" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ExecnetXSpec) spec = execnet_xspec_new (cases[i].text, &error);

      g_assert_null (spec);
      assert_error_says (error, cases[i].part, cases[i].advice);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

static void
test_set (void)
{
  g_autoptr (ExecnetXSpec) spec = spec_of ("popen//id=1//env:A=1");
  g_auto (GStrv) keys = NULL;

  set (spec, "chdir", "a//b");
  g_assert_cmpstr (execnet_xspec_get (spec, "chdir"), ==, "a//b");
  assert_text (spec, "popen//id=1//env:A=1//chdir=a//b");

  set (spec, "id", "2");
  set (spec, "env:A", "");
  set (spec, "env:B", "b");
  set (spec, "dont_write_bytecode", "");
  set (spec, "chdir", NULL);
  set (spec, "never_set", NULL);
  g_assert_false (execnet_xspec_has (spec, "chdir"));
  assert_text (spec, "popen//id=2//env:A=//env:B=b//dont_write_bytecode");

  set (spec, "odd/", "");
  set (spec, "last", "");
  assert_text (spec, "popen//id=2//env:A=//env:B=b//dont_write_bytecode//odd/=//last");
  set (spec, "odd/", NULL);
  set (spec, "last", NULL);

  keys = execnet_xspec_list_keys (spec);
  g_assert_cmpuint (g_strv_length (keys), ==, 5);
  g_assert_cmpstr (keys[0], ==, "popen");
  g_assert_cmpstr (keys[2], ==, "env:A");
  g_assert_cmpstr (keys[4], ==, "dont_write_bytecode");
}

static void
test_set_refused (void)
{
  const struct
  {
    const char *key, *value, *part, *advice;
  } cases[] = {
    { "", "x", "empty", "KEY" },
    { "_x", "x", "“_x”", "underscore" },
    { "_x", NULL, "“_x”", "underscore" },
    { "env", "x", "“env”", "env:NAME=VALUE" },
    { "env:", "x", "“env:”", "env:NAME=VALUE" },
    { "a=b", "x", "“a=b”", "without" },
    { "a//b", "x", "“a//b”", "without" },
    { "\xff", "x", "\357\277\275", "UTF-8" },
    { "chdir", "\xff", "\357\277\275", "UTF-8" },
  };
  g_autoptr (ExecnetXSpec) spec = spec_of ("popen");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (execnet_xspec_set (spec, cases[i].key, cases[i].value, &error));
      assert_error_says (error, cases[i].part, cases[i].advice);
    }
  assert_text (spec, "popen");
}

static void
test_env (void)
{
  g_autoptr (ExecnetXSpec) spec = spec_of ("popen//env:A=1//env:_B=x y=z//environment=no");
  g_autoptr (GHashTable) env = execnet_xspec_get_env (spec);

  g_assert_cmpuint (g_hash_table_size (env), ==, 2);
  g_assert_cmpstr (g_hash_table_lookup (env, "A"), ==, "1");
  g_assert_cmpstr (g_hash_table_lookup (env, "_B"), ==, "x y=z");
  g_hash_table_remove_all (env);
  g_assert_true (execnet_xspec_has (spec, "env:A"));
}

static void
test_equal (void)
{
  g_autoptr (ExecnetXSpec) one = spec_of ("popen//id=1");
  g_autoptr (ExecnetXSpec) same = spec_of ("popen//id=1");
  g_autoptr (ExecnetXSpec) other = spec_of ("id=1//popen");
  g_autoptr (ExecnetXSpec) built = spec_of ("popen");

  g_assert_true (execnet_xspec_equal (one, same));
  g_assert_cmpuint (execnet_xspec_hash (one), ==, execnet_xspec_hash (same));
  g_assert_false (execnet_xspec_equal (one, other));
  g_assert_false (execnet_xspec_equal (one, built));
  set (built, "id", "1");
  g_assert_true (execnet_xspec_equal (one, built));
  g_assert_cmpuint (execnet_xspec_hash (one), ==, execnet_xspec_hash (built));
}

static void
test_assigned_id (void)
{
  g_autoptr (ExecnetXSpec) spec = spec_of ("popen");
  g_autoptr (ExecnetXSpec) twin = spec_of ("popen");
  g_autoptr (ExecnetXSpec) copy = NULL;

  execnet_xspec_assign_id (spec, "gw0");
  g_assert_cmpstr (execnet_xspec_get (spec, "id"), ==, "gw0");
  g_assert_true (execnet_xspec_equal (spec, twin));
  set (spec, "chdir", "x");
  assert_text (spec, "popen//chdir=x");
  copy = execnet_xspec_copy (spec);
  assert_text (copy, "popen//chdir=x");
  g_assert_cmpstr (execnet_xspec_get (copy, "id"), ==, "gw0");
  set (copy, "id", "mine");
  assert_text (copy, "popen//id=mine//chdir=x");
}

static void
test_frozen (void)
{
  g_autoptr (ExecnetXSpec) spec = spec_of ("popen");
  g_autoptr (ExecnetXSpec) copy = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_false (execnet_xspec_is_frozen (spec));
  execnet_xspec_freeze (spec);
  g_assert_true (execnet_xspec_is_frozen (spec));
  g_assert_false (execnet_xspec_set (spec, "chdir", "x", &error));
  assert_error_says (error, "“chdir”", "copy");
  g_assert_false (execnet_xspec_set (spec, "popen", NULL, NULL));
  assert_text (spec, "popen");

  copy = execnet_xspec_copy (spec);
  g_assert_false (execnet_xspec_is_frozen (copy));
  set (copy, "chdir", "x");
  g_assert_false (execnet_xspec_has (spec, "chdir"));
}

static void
test_valid (void)
{
  const char *valid[] = {
    "popen",           "ssh=h",
    "vagrant_ssh=v",   "socket=h:1",
    "popen//via=a",    "socket//installvia=a",
    "socket=[::1]:1",  "socket=:8888",
    "socket=unix:a:b", "socket=h:1//tls//tls_ca=a//token_file=t",
    "popen//nice=-5",  "popen//nice=+19",
    "nice=20//popen",  "popen//execmodel=thread",
    "popen//own",      "popen//execmodel=main_thread_only",
    "popen//env:A=",   "popen//execmodel=eventlet",
    "popen//python=x", "popen//execmodel=gevent",
  };

  for (guint i = 0; i < G_N_ELEMENTS (valid); i++)
    {
      g_autoptr (ExecnetXSpec) spec = spec_of (valid[i]);
      g_autoptr (GError) error = NULL;

      execnet_xspec_validate (spec, &error);
      g_assert_no_error (error);
    }
}

#define FIFTY_BYTES "01234567890123456789012345678901234567890123456789"

static void
test_invalid (void)
{
  const struct
  {
    const char *text, *part, *advice;
  } cases[] = {
    { "python=x", "“python=x”", "popen" },
    { "via=a", "“via=a”", "popen" },
    { "popen//ssh=h", "“popen” and “ssh”", "one of them" },
    { "vagrant_ssh=v//socket=a:1", "“vagrant_ssh” and “socket”", "one of them" },
    { "ssh", "“ssh”", "ssh=HOST" },
    { "socket", "“socket”", "socket=HOST:PORT" },
    { "popen//python", "“python”", "python=COMMAND" },
    { "popen//chdir=", "“chdir”", "chdir=FOLDER" },
    { "popen//id=", "“id”", "id=NAME" },
    { "popen//nice=low", "“nice=low”", "whole number" },
    { "popen//nice=1000", "“nice=1000”", "whole number" },
    { "popen//nice= 5", "“nice= 5”", "whole number" },
    { "socket=host", "“socket=host”", "socket=HOST:PORT" },
    { "socket=host:", "no port", "socket=HOST:PORT" },
    { "socket=host:0", "“0”", "1 to 65535" },
    { "socket=host:65536", "“65536”", "1 to 65535" },
    { "socket=host:http", "“http”", "1 to 65535" },
    { "socket=::1:8888", "“::1:8888”", "[::1]:8888" },
    { "socket=[::1]", "has no port", "socket=HOST:PORT" },
    { "socket=[host]:1", "“[host]:1”", "[::1]:8888" },
    { "socket=unix:", "names no file", "socket=unix:PATH" },
    { "socket=unix:" FIFTY_BYTES FIFTY_BYTES FIFTY_BYTES, "too long", "107" },
    { "socket=h:1//token_file=a//token_env=b", "“token_file” and “token_env”", "one of them" },
    { "socket=h:1//token_file", "“token_file” needs a value", "token_file=FILE" },
    { "socket=h:1//tls_ca=", "“tls_ca” needs a value", "tls_ca=FILE" },
    { "socket=unix:/a//tls", "“tls”", "leave it out" },
    { "popen//tls", "“tls”", "add socket=HOST:PORT" },
    { "popen//token_env=A", "“token_env”", "add socket=HOST:PORT" },
    { "popen//keepalive=often", "“keepalive=often”", "whole number of seconds" },
    { "popen//keepalive=-1", "“keepalive=-1”", "whole number of seconds" },
    { "popen//keepalive=1.5", "“keepalive=1.5”", "whole number of seconds" },
    { "popen//keepalive=32768", "“keepalive=32768”", "from 0 to 32767" },
    { "popen//keepalive", "“keepalive” needs a value", "keepalive=SECONDS" },
    { "popen//timeout=soon", "“timeout=soon”", "whole number of seconds" },
    { "popen//timeout=86401", "“timeout=86401”", "from 0 to 86400" },
    { "popen//timeout", "“timeout” needs a value", "timeout=SECONDS" },
    { "popen//execmodel=tornado", "“execmodel=tornado”", "gevent" },
    { "ssh=host//ssh_client=putty", "“ssh_client=putty”", "openssh" },
    { "popen//python=a 'b", "“python=a 'b”", "quotes" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (ExecnetXSpec) spec = spec_of (cases[i].text);
      g_autoptr (GError) error = NULL;

      g_assert_false (execnet_xspec_validate (spec, &error));
      assert_error_says (error, cases[i].part, cases[i].advice);
      assert_error_says (error, cases[i].text, "No gateway");
    }
}

static void
test_split_python (void)
{
  g_autoptr (ExecnetXSpec) spec = spec_of ("popen//python=env 'A=b c' \"/opt/my python\" d\\ e");
  g_autoptr (ExecnetXSpec) without = spec_of ("popen");
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) words = execnet_xspec_split_python (spec, &error);
  const char *expected[] = { "env", "A=b c", "/opt/my python", "d e", NULL };

  g_assert_no_error (error);
  g_assert_cmpstrv (words, expected);
  g_assert_null (execnet_xspec_split_python (without, &error));
  g_assert_no_error (error);
}

static void
test_lifetime (void)
{
  ExecnetXSpec *spec = spec_of ("popen//id=1");

  g_assert_finalize_object (spec);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/xspec/all-keys", test_all_keys);
  g_test_add_func ("/xspec/refused", test_refused);
  g_test_add_func ("/xspec/set", test_set);
  g_test_add_func ("/xspec/set-refused", test_set_refused);
  g_test_add_func ("/xspec/env", test_env);
  g_test_add_func ("/xspec/equal", test_equal);
  g_test_add_func ("/xspec/assigned-id", test_assigned_id);
  g_test_add_func ("/xspec/frozen", test_frozen);
  g_test_add_func ("/xspec/valid", test_valid);
  g_test_add_func ("/xspec/invalid", test_invalid);
  g_test_add_func ("/xspec/split-python", test_split_python);
  g_test_add_func ("/xspec/lifetime", test_lifetime);
  return g_test_run ();
}
