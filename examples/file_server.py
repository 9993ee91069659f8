# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Serves the contents of files: see file-server.py."""

if __name__ == '__channelexec__':
    for path in channel:  # noqa: F821
        try:
            with open(path, 'rb') as file:
                channel.send(file.read())  # noqa: F821
        except (IOError, OSError) as error:
            channel.send(str(error))  # noqa: F821
