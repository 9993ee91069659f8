# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The package `execnet` of programs that are written for it, on top of execnet-glib.

In front on Python's path, it makes them run on the library as they are.
"""

from execnet import _names

_names.provide(globals())

if _names.worker is None:
    from execnet.rsync import RSync  # noqa: F401
    __all__ += ['RSync']  # noqa: F821

#: The version of execnet whose interface this is.
__version__ = '2.1.0'
