# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The error of hosts that can't be found."""

from execnet import _names

_names.provide(globals())
