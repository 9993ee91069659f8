/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "base/execnet-error.h"
#include "data/execnet-byte-reader-private.h"
#include "data/execnet-opcodes-private.h"

G_BEGIN_DECLS

/* The stack machine that reads opcodes, for its two files alone. */

#define EXECNET_OPCODES_STACK_INLINE 32

typedef struct
{
  ExecnetByteReader in;
  const guint8 *opcode; /* the one at hand */
  ExecnetItemTree *tree;
  ExecnetLoadFlags flags;
  gboolean allow_channels;
  gsize list_members_left; /* that lists may still have */
  ExecnetNode *stack;
  gsize used;
  gsize allocated;
  GError **error;
  ExecnetNode space[EXECNET_OPCODES_STACK_INLINE]; /* for small items */
} ExecnetOpcodesReader;

/* These give FALSE, with an error that names the place of the opcode at hand; the first is a
 * data-format error. */
gboolean execnet_opcodes_refuse (ExecnetOpcodesReader *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3);
gboolean
execnet_opcodes_refuse_as (ExecnetOpcodesReader *self, ExecnetError code, const char *format, ...)
    G_GNUC_PRINTF (3, 4);
gboolean execnet_opcodes_refuse_truncated (ExecnetOpcodesReader *self);

/* A length, or how many values there are. */
gboolean execnet_opcodes_take_count (ExecnetOpcodesReader *self, guint32 *count);

/* execnet-opcodes-containers.c */
gsize execnet_opcodes_count_list_members (gsize size);
gboolean execnet_opcodes_read_list (ExecnetOpcodesReader *self);
gboolean execnet_opcodes_read_dict (ExecnetOpcodesReader *self);
gboolean execnet_opcodes_read_collection (ExecnetOpcodesReader *self, ExecnetNodeKind kind);
gboolean execnet_opcodes_read_set_item (ExecnetOpcodesReader *self);

void execnet_opcodes_grow_stack (ExecnetOpcodesReader *self);

static inline ExecnetNode *
execnet_opcodes_push (ExecnetOpcodesReader *self)
{
  if (G_UNLIKELY (self->used == self->allocated))
    execnet_opcodes_grow_stack (self);
  return &self->stack[self->used++];
}

G_END_DECLS
