/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

/* What an interpreter is started with (`python -u -c …`): it reads one line, a Python literal, and
 * runs it. See docs/protocol.md. Nothing in it has a meaning within the quotes of any shell. */
#define EXECNET_INTERPRETER_CODE "import sys;exec(eval(sys.stdin.readline()))"
