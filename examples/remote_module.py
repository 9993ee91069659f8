# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Is imported here, and runs on the other side: see remote-module.py."""


def shout(text):
    return text.upper() + '!'


if __name__ == '__channelexec__':
    # The name tells that this runs in a gateway, and its channel is there.
    channel.send('The module is ready.')  # noqa: F821
    channel.send(shout(channel.receive()))  # noqa: F821
