#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make channels here, and give them to the other side as parts of an item."""

from gi.repository import Execnet as execnet


def answer(channel):
    places = channel.receive()
    places['second'].send('world')
    places['first'].send('hello')


gateway = execnet.makegateway()
first, second = gateway.newchannel(), gateway.newchannel()
gateway.remote_exec(answer).send({'first': first, 'second': second})
print(first.receive(), second.receive())
