#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run a function of this program on the other side, and give it a parameter."""

from gi.repository import Execnet as execnet


def multiply(channel, factor):
    # Only this function's source travels: it sees its arguments and nothing else of this program.
    for number in channel:
        channel.send(number * factor)


gateway = execnet.makegateway()
channel = gateway.remote_exec(multiply, factor=10)
for number in range(1, 4):
    channel.send(number)
    print('%d times ten is %d.' % (number, channel.receive()))
gateway.exit()
