#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""See what remote code prints: its standard output becomes a channel."""

import sys

from gi.repository import Execnet as execnet


def print_there(channel):
    import sys

    output = channel.gateway.newchannel()
    channel.send(output)
    sys.stdout = output.makefile('w')
    for number in range(3):
        print('remote line %d' % number)
    sys.stdout = sys.__stdout__
    output.close()


gateway = execnet.makegateway()
output = gateway.remote_exec(print_there).receive()
output.setcallback(sys.stdout.write)
output.waitclose()

# Or read it like a file.
output = gateway.remote_exec(print_there).receive()
for line in output.makefile('r'):
    print('Read: %s' % line, end='')
