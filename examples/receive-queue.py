#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Take what several gateways send from one queue, up to the end of each."""

from gi.repository import Execnet as execnet

group = execnet.Group(['popen//id=one', 'popen//id=two', 'popen//id=three'])
channels = group.remote_exec('channel.send(channel.receive() * 2)')

# To all of them, and from all of them.
channels.send_each(21)
print('From each:', channels.receive_each())
channels.waitclose()

# From whichever has something.
channels = group.remote_exec('''
    for number in channel:
        channel.send(number + 1)
''')
queue = channels.make_receive_queue(endmarker=None)
for number, channel in enumerate(channels):
    channel.send(number)
answers = dict((channel.gateway.id, item) for channel, item in (queue.get() for _ in channels))
print('Answers:', ', '.join('%s from %s' % (answers[gateway.id], gateway.id) for gateway in group))

# They wait for more. The end of each comes into the queue also when it is ended by force.
group.terminate(timeout=1)
ended = sorted(channel.gateway.id for channel, item in (queue.get() for _ in range(3)))
print('Ended:', ', '.join(ended))
print(group)
