#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""React to items as they come, while the program waits for something else."""

import queue

from gi.repository import Execnet as execnet

COUNT = 'for number in range(channel.receive()): channel.send(number)'

# Its end is seen by waiting for the channel to close.
seen = []
channel = execnet.makegateway().remote_exec(COUNT)
channel.setcallback(seen.append, endmarker=None)
channel.send(5)
channel.waitclose()
print('Everything that came, and the end marker: %r' % seen)

# The callback runs in a thread of the gateway's own, so the program may be blocked elsewhere.
items = queue.Queue()
channel = execnet.makegateway().remote_exec(COUNT)
channel.setcallback(items.put, endmarker='end')
channel.send(3)
print('One after the other:', *iter(items.get, 'end'))
