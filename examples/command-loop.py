#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Call functions on the other side, one after the other, by a protocol of one's own."""

from gi.repository import Execnet as execnet

import command_server

channel = execnet.makegateway().remote_exec(command_server)


def call(name, *arguments):
    channel.send((name, arguments))
    went_well, value = channel.receive()
    print('%s%r %s %s' % (name, arguments, 'is' if went_well else 'fails with', value))


call('add', 2, 3)
call('add', 'a', 'b')
call('divide', 1, 0)
channel.close()
