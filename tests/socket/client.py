# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program that uses the socket server that is named: with `stock` execnet itself, with `ours` the
library."""

import sys

if sys.argv[1] == 'stock':
    import execnet
else:
    from gi.repository import Execnet as execnet

group = execnet.Group()
gateways = [group.makegateway(sys.argv[2]) for _ in range(2)]
for gateway in gateways:
    channel = gateway.remote_exec('channel.send(channel.receive() + 1)')
    channel.send(41)
    print(channel.receive())
    channel.waitclose(60)

# While the main thread is busy others run code, too, and see its threads and locks.
first = gateways[0].remote_exec('''
model = channel.gateway.execmodel
done = model.Event()
lock = model.RLock()
def wait():
    with lock:
        done.set()
model.start(wait)
done.wait()
channel.send(channel.receive() * 2)
''')
second = gateways[0].remote_exec('channel.send(channel.receive() * 3)')
second.send(7)
print(second.receive())
first.send(7)
print(first.receive())
for channel in (first, second):
    channel.waitclose(60)

try:
    gateways[1].remote_exec('1 / 0').waitclose(60)
except gateways[1].newchannel().RemoteError as error:
    print('ZeroDivisionError' in str(error))
print(gateways[1].remote_status().execmodel)

# A channel in an item, and a callback.
received = []
channel = gateways[0].remote_exec('''
inner = channel.receive()
for i in range(3):
    inner.send(i)
inner.close()
''')
inner = gateways[0].newchannel()
inner.setcallback(received.append, endmarker=None)
channel.send(inner)
channel.waitclose(60)
inner.waitclose(60)
print(received)
group.terminate(5)
