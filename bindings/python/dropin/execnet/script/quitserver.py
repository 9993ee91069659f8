# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Not there yet."""

from execnet import _names

_names.refuse('execnet.script.quitserver')
