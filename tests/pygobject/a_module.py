# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A module that is sent as a whole."""

TEXT = 'of the module'

if __name__ == '__channelexec__':
    channel.send((__name__, TEXT))  # noqa: F821
    raise LookupError('at the end')
