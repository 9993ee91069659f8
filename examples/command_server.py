# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Serves function calls on the other side: see command-loop.py."""


def add(one, other):
    return one + other


def divide(one, other):
    return one / other


if __name__ == '__channelexec__':
    functions = {'add': add, 'divide': divide}
    # Ends when the other side closes the channel.
    for name, arguments in channel:  # noqa: F821
        try:
            channel.send((True, functions[name](*arguments)))  # noqa: F821
        except Exception as error:
            channel.send((False, '%s: %s' % (type(error).__name__, error)))  # noqa: F821
