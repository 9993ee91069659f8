/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Items that are nothing but long bytes, which are not copied. */

#include "config.h"

#include "base/execnet-error.h"
#include "data/execnet-item-private.h"

#define LONG_SIZE (1024 * 1024)
#define SHORT_SIZE 100

static GVariant *
make_bytes (gsize size)
{
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) (i * 7);
  return g_variant_ref_sink (
      g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, data, size, TRUE, g_free, data));
}

static GBytes *
write_item (GVariant *item)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = execnet_item_write_bytes (EXECNET_ITEM_FORM_OPCODES, item, NULL, NULL, &error);

  g_assert_no_error (error);
  return bytes;
}

/* Head, content and tail are what is written otherwise. */
static void
test_frame (void)
{
  g_autoptr (GVariant) item = make_bytes (LONG_SIZE);
  g_autoptr (GBytes) content = execnet_item_get_content (item);
  g_autoptr (GBytes) written = write_item (item);
  g_autoptr (GByteArray) framed = g_byte_array_new ();
  guint8 head[EXECNET_CONTENT_HEAD_SIZE];
  guint8 tail[EXECNET_CONTENT_TAIL_SIZE];

  g_assert_nonnull (content);
  g_assert_true (g_bytes_get_data (content, NULL) == g_variant_get_data (item));
  execnet_item_frame_content (EXECNET_ITEM_FORM_OPCODES, LONG_SIZE, head, tail);
  g_byte_array_append (framed, head, sizeof head);
  g_byte_array_append (framed, g_bytes_get_data (content, NULL), g_bytes_get_size (content));
  g_byte_array_append (framed, tail, sizeof tail);
  g_assert_cmpmem (
      framed->data, framed->len, g_bytes_get_data (written, NULL), g_bytes_get_size (written));
}

static void
test_others_have_none (void)
{
  g_autoptr (GVariant) few = make_bytes (SHORT_SIZE);
  g_autoptr (GVariant) many = make_bytes (LONG_SIZE);
  g_autoptr (GVariant) inside = g_variant_ref_sink (g_variant_new ("(v)", many));
  g_autofree char *long_text = g_strnfill (LONG_SIZE, 'a');
  g_autoptr (GVariant) text = g_variant_ref_sink (g_variant_new_string (long_text));

  g_assert_null (execnet_item_get_content (few));
  g_assert_null (execnet_item_get_content (inside));
  g_assert_null (execnet_item_get_content (text));
}

static void
test_read (void)
{
  g_autoptr (GVariant) item = make_bytes (LONG_SIZE);
  g_autoptr (GBytes) written = write_item (item);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) read
      = execnet_item_read (EXECNET_ITEM_FORM_OPCODES, written, EXECNET_LOAD_DEFAULT, TRUE, &error);
  const guint8 *bytes = g_bytes_get_data (written, NULL);

  g_assert_no_error (error);
  g_assert_cmpvariant (read, item);
  g_assert_true (g_variant_get_data (read) == bytes + EXECNET_CONTENT_HEAD_SIZE);
}

/* What only looks like such an item gets its error from the reader. */
static void
test_damaged (void)
{
  static const gsize positions[] = { 0, 1, 4, LONG_SIZE + EXECNET_CONTENT_HEAD_SIZE };
  g_autoptr (GVariant) item = make_bytes (LONG_SIZE);
  g_autoptr (GBytes) written = write_item (item);

  for (gsize i = 0; i < G_N_ELEMENTS (positions); i++)
    {
      gsize size;
      guint8 *copy = g_bytes_unref_to_data (g_bytes_ref (written), &size);
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) damaged = NULL;

      copy[positions[i]] ^= 0x80;
      damaged = g_bytes_new_take (copy, size);
      g_assert_null (execnet_item_read (
          EXECNET_ITEM_FORM_OPCODES, damaged, EXECNET_LOAD_DEFAULT, TRUE, &error));
      g_assert_error (error, EXECNET_ERROR, EXECNET_ERROR_DATA_FORMAT);
    }
}

static void
add_channel (gint32 id, gpointer user_data)
{
  g_array_append_val (user_data, id);
}

static gboolean
is_any_channel (gint32 id, gpointer user_data)
{
  return TRUE;
}

/* Few opcodes are walked over, many searched first: channels are found either way. */
static void
test_find_channels (void)
{
  for (guint n_before = 0; n_before < 40; n_before++)
    {
      g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (gint32));
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GVariant) item = NULL;
      GVariantBuilder builder;

      g_variant_builder_init (&builder, G_VARIANT_TYPE ("av"));
      for (guint i = 0; i < n_before; i++)
        g_variant_builder_add (&builder, "v", g_variant_new_string ("BBBBB"));
      g_variant_builder_add (&builder, "v", g_variant_new_handle (4711));
      item = g_variant_ref_sink (g_variant_builder_end (&builder));
      bytes
          = execnet_item_write_bytes (EXECNET_ITEM_FORM_OPCODES, item, is_any_channel, NULL, NULL);

      execnet_item_find_channels (EXECNET_ITEM_FORM_OPCODES, bytes, add_channel, found);
      g_assert_cmpuint (found->len, ==, 1);
      g_assert_cmpint (g_array_index (found, gint32, 0), ==, 4711);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/items/content/frame", test_frame);
  g_test_add_func ("/items/content/others-have-none", test_others_have_none);
  g_test_add_func ("/items/content/read", test_read);
  g_test_add_func ("/items/content/damaged", test_damaged);
  g_test_add_func ("/items/content/find-channels", test_find_channels);
  return g_test_run ();
}
