# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing yet: what runs on the other side of RSync."""

from execnet import _names

_names.provide(globals())
