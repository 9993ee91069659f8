# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing: how this package uses sockets is the library's business."""

from execnet import _names

_names.provide(globals())
