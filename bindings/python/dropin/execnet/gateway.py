# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Gateways, under the name that execnet has for them."""

from execnet import _names

_names.provide(globals())
