# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Copying folders to the other side: not there yet."""


class RSync(object):
    """A class that can be derived from, as tools do early, and that says that it can't be made."""

    def __init__(self, sourcedir, callback=None, verbose=True):
        raise NotImplementedError('execnet-glib has no RSync yet: %r can\'t be copied' % (sourcedir,))
