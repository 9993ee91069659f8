#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The main job from Python: start interpreters, run code in them, talk to it over channels.

main-job.py [SPEC...]     such as: main-job.py popen//python=python3 popen//python=pypy3
"""

import queue
import sys

from gi.repository import Execnet as execnet

# Code for the other side is text. It finds its channel under that name.
DOUBLE_EVERYTHING = '''
for number in channel:
    channel.send(number * 2)
'''


# Or it is a function of this program: only its source travels, so it imports what it needs.
def describe_interpreter():
    import platform
    return '%s %s' % (platform.python_implementation(), platform.python_version())


def describe(name, year):
    return '%s is from %d' % (name, year)


# A function that is not called but run gets the channel as its first argument.
def count_down(channel, start):
    for number in range(start, 0, -1):
        channel.send(number)


def stumble(channel):
    def divide(one, other):
        return one / other
    divide(1, 0)


def send_and_receive(gateway):
    channel = gateway.remote_exec(DOUBLE_EVERYTHING)
    channel.send(21)
    print('  Sent 21, received %d.' % channel.receive())


def let_items_come(gateway):
    """Items go to a callback, in a thread of its own, while this one does something else."""
    items = queue.Queue()
    channel = gateway.remote_exec(count_down, start=3)
    channel.setcallback(items.put, endmarker=None)
    print('  Items that came by themselves:', *iter(items.get, None))


def call_a_function(gateway):
    """The shortest way: arguments in, the function's value out."""
    value = gateway.call(describe, name='Python', year=1991)
    print('  Called a function, which answered: %s.' % value)


def see_an_error(gateway):
    """An exception over there is one here, and says where it happened."""
    try:
        gateway.remote_exec(stumble).waitclose()
    except execnet.RemoteError as error:
        print('  Ran code with a mistake in it:\n%s' % error.formatted)


def do_the_main_job(spec):
    gateway = execnet.makegateway(spec)
    print('Started %s.' % gateway.call(describe_interpreter))
    send_and_receive(gateway)
    let_items_come(gateway)
    call_a_function(gateway)
    see_an_error(gateway)
    gateway.exit()


if __name__ == '__main__':
    for spec in sys.argv[1:] or ['popen']:
        do_the_main_job(spec)
