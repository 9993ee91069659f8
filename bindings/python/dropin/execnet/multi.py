# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Groups, and the default one."""

from execnet import _names

_names.provide(globals())
