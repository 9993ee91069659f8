/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "data/execnet-keyed-hash-private.h"

#include <string.h>

typedef struct
{
  guint64 halves[2];
} Secret;

static gpointer
make_secret (gpointer unused)
{
  static Secret secret;
  GRand *random = g_rand_new (); /* seeded by the system, and used for nothing else */

  for (guint i = 0; i < G_N_ELEMENTS (secret.halves); i++)
    secret.halves[i] = (guint64) g_rand_int (random) << 32 | g_rand_int (random);
  g_rand_free (random);
  return &secret;
}

static const Secret *
get_secret (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_secret, NULL);
}

static inline guint64
rotate (guint64 word, guint bits)
{
  return word << bits | word >> (64 - bits);
}

static inline void
mix (guint64 v[4])
{
  v[0] += v[1];
  v[2] += v[3];
  v[1] = rotate (v[1], 13) ^ v[0];
  v[3] = rotate (v[3], 16) ^ v[2];
  v[0] = rotate (v[0], 32);
  v[2] += v[1];
  v[0] += v[3];
  v[1] = rotate (v[1], 17) ^ v[2];
  v[3] = rotate (v[3], 21) ^ v[0];
  v[2] = rotate (v[2], 32);
}

static inline void
absorb (guint64 v[4], guint64 word)
{
  v[3] ^= word;
  mix (v);
  v[0] ^= word;
}

/* Any thread. `seed` tells kinds of keys apart: it is hashed before the bytes. */
guint64
execnet_keyed_hash (guint64 seed, const guint8 *bytes, gsize size)
{
  const Secret *secret = get_secret ();
  guint64 v[4] = { secret->halves[0] ^ G_GUINT64_CONSTANT (0x736f6d6570736575),
                   secret->halves[1] ^ G_GUINT64_CONSTANT (0x646f72616e646f6d),
                   secret->halves[0] ^ G_GUINT64_CONSTANT (0x6c7967656e657261),
                   secret->halves[1] ^ G_GUINT64_CONSTANT (0x7465646279746573) };
  guint64 last = (guint64) size << 56;
  guint64 word;

  absorb (v, seed);
  for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word)
    {
      memcpy (&word, bytes, sizeof word);
      absorb (v, word);
    }
  word = 0;
  if (size > 0)
    memcpy (&word, bytes, size);
  absorb (v, last | GUINT64_FROM_LE (word));

  v[2] ^= 0xff;
  for (guint i = 0; i < 3; i++)
    mix (v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}
