# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Make, use and end gateways many times; nothing may be left of them.

Takes the number of cycles.
"""

import gc
import os
import sys

from gi.repository import Execnet as execnet

# The bound of the memory that may be left, in bytes.
ALLOWED = 1024 * 1024


def multiply(channel, factor):
    for item in channel:
        channel.send(item * factor)


def cycle(number):
    """The main job, a callback, errors, and each way to end a gateway."""
    group = execnet.Group()
    gateway = group.makegateway()
    channel = gateway.remote_exec(multiply, factor=2)
    for item in (number, 'text', [number]):
        channel.send(item)
        assert channel.receive() == item * 2
    items = []
    called = gateway.remote_exec('for i in range(10): channel.send(i)')
    called.setcallback(items.append, endmarker=None)
    called.waitclose()
    assert items == [*range(10), None]
    try:
        gateway.remote_exec('1/0').waitclose()
    except execnet.RemoteError:
        pass
    assert gateway.call('def f(): return 1') == 1
    if number % 3 == 0:
        gateway.exit()
        gateway.join()
    elif number % 3 == 1:
        gateway.remote_exec('import os; os.kill(os.getpid(), 9)')
        gateway.join()
    group.terminate(5)
    # The list has what is still to be waited for; a thread ends soon after its last callback.
    gateway._callback_thread.join(60)


def resources():
    """Return how many descriptors, threads and child processes this process has."""
    with open('/proc/self/task/%d/children' % os.getpid()) as children:
        n_children = len(children.read().split())
    return {'descriptors': len(os.listdir('/proc/self/fd')),
            'threads': len(os.listdir('/proc/self/task')), 'children': n_children}


def memory():
    """Return the memory that this process has written to, in bytes.

    Clean pages of files are left out: when another process stops using them they become private.
    """
    gc.collect()
    with open('/proc/self/smaps_rollup') as maps:
        return sum(int(line.split()[1]) * 1024 for line in maps if line.startswith('Private_Dirty'))


def main():
    n_cycles = int(sys.argv[1])
    # Whatever is made once is there after these: the loader's, GLib's thread, the allocator's.
    for number in range(30):
        cycle(number)
    before, memory_before = resources(), memory()
    for number in range(n_cycles):
        cycle(number)
    after, memory_after = resources(), memory()
    more = memory_after - memory_before
    print('%d cycles: %s before, %s after, %d KiB more memory'
          % (n_cycles, before, after, more // 1024))
    for name in before:
        assert after[name] <= before[name], name
    assert more <= ALLOWED


if __name__ == '__main__':
    main()
