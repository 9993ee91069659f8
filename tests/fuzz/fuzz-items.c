/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first byte says what the others are: an item, or a GVariant in serialized form. */

#include "config.h"

#include "fuzz-target.h"

#include "data/execnet-item-private.h"

#include <execnet-glib/execnet-glib.h>

#define FORM EXECNET_ITEM_FORM_OPCODES

enum
{
  LOAD_FLAGS = 3,
  WITH_CHANNELS = 1 << 2,
  IS_VARIANT = 1 << 3,
  TYPE_SHIFT = 4,
};

/* What a GVariant's bytes are taken for, and what items are coerced to. */
static const char *const types[]
    = { "v",     "av",   "a{sv}", "(svx)", "as", "a{sx}", "aa{sv}", "(sidmvay)",
        "a(vv)", "{sv}", "ax",    "ad",    "ay", "mas",   "a{xas}", "m(bynqiuxthdsog)" };

static gboolean
accept_channel (gint32 id, gpointer user_data)
{
  return TRUE;
}

static void
count_channel (gint32 id, gpointer user_data)
{
  guint *n_found = user_data;

  ++*n_found;
}

static void
assert_data_error (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == EXECNET_ERROR);
  if (error->code != EXECNET_ERROR_TOO_DEEP)
    g_assert_cmpint (error->code, ==, EXECNET_ERROR_DATA_FORMAT);
}

/* What is called trusted must be in normal form. */
static void
assert_normal (GVariant *item)
{
  g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (item);
  g_autoptr (GVariant) doubted
      = g_variant_ref_sink (g_variant_new_from_bytes (g_variant_get_type (item), bytes, FALSE));

  g_assert_true (g_variant_is_normal_form (doubted));
}

static void
try_to_coerce (GVariant *item, const char *type)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = execnet_item_coerce (item, G_VARIANT_TYPE (type), &error);

  if (result != NULL)
    {
      g_assert_true (g_variant_is_of_type (result, G_VARIANT_TYPE (type)));
      if (result != item) /* what has the type is given as it is */
        assert_normal (result);
    }
  else
    g_assert_nonnull (error);
}

/* What is written from an item that was read reads as the same item. */
static void
assert_round_trip (GVariant *item)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) again = NULL;

  g_assert_true (execnet_item_write (FORM, item, accept_channel, NULL, out, &error));
  g_assert_no_error (error);
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&out));
  again = execnet_item_read (FORM, bytes, EXECNET_LOAD_DEFAULT, TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (again), ==, g_variant_get_type_string (item));
  g_assert_cmpmem (g_variant_get_data (again),
                   g_variant_get_size (again),
                   g_variant_get_data (item),
                   g_variant_get_size (item));
}

static void
try_item (GBytes *bytes, guint8 choice)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) item = NULL;
  guint n_found = 0;

  execnet_item_find_channels (FORM, bytes, count_channel, &n_found);
  item
      = execnet_item_read (FORM, bytes, choice & LOAD_FLAGS, (choice & WITH_CHANNELS) != 0, &error);
  if (item == NULL)
    {
      assert_data_error (error);
      return;
    }
  if ((choice & WITH_CHANNELS) == 0)
    g_assert_cmpuint (n_found, ==, 0);
  assert_normal (item);
  assert_round_trip (item);
  try_to_coerce (item, types[choice >> TYPE_SHIFT]);
}

static void
try_variant (GBytes *bytes, guint8 choice)
{
  const char *type = types[choice >> TYPE_SHIFT];
  g_autoptr (GVariant) item
      = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (type), bytes, FALSE));
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GBytes) written = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) again = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    try_to_coerce (item, types[i]);
  if (!execnet_item_write (FORM, item, accept_channel, NULL, out, &error))
    {
      g_assert_nonnull (error);
      g_assert_cmpuint (out->len, ==, 0);
      return;
    }
  written = g_byte_array_free_to_bytes (g_steal_pointer (&out));
  again = execnet_item_read (FORM, written, EXECNET_LOAD_DEFAULT, TRUE, &error);
  if (again != NULL)
    assert_round_trip (again);
  else
    g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_TOO_DEEP);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = NULL;

  if (size == 0)
    return 0;
  bytes = g_bytes_new (data + 1, size - 1);
  if ((data[0] & IS_VARIANT) != 0)
    try_variant (bytes, data[0]);
  else
    try_item (bytes, data[0]);
  return 0;
}
