/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <stddef.h>
#include <stdint.h>

/* What a fuzz target is: a function that takes any bytes, and aborts if something is wrong. The
 * name is libFuzzer's. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
