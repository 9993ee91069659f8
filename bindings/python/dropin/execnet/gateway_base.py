# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Channels, values and their errors, also for code that a gateway runs."""

from execnet import _names

_names.provide(globals())
