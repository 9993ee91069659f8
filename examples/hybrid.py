#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Use another Python, and what only that one has: Java's classes, or text of Python 2.

hybrid.py [INTERPRETER...]     such as: hybrid.py pypy3 jython
"""

import sys

from gi.repository import Execnet as execnet


def describe():
    import platform
    import sys
    return platform.python_implementation(), sys.version_info[0]


def use_java(channel):
    from java.util import Vector

    vector = Vector()
    vector.add('aaa')
    vector.add('bbb')
    for value in vector:
        channel.send(value)


def show_strings(gateway):
    """What Python 2 has as str arrives as text, unless that is set otherwise."""
    print('  str arrives as %r' % gateway.remote_exec("channel.send('hello')").receive())
    gateway.reconfigure(py2str_as_py3str=False)
    print('  str arrives as %r' % gateway.remote_exec("channel.send('hello')").receive())
    name = "channel.send(type(channel.receive()).__name__.encode('ascii'))"
    channel = gateway.remote_exec(name)
    channel.send('text')
    print('  text arrives there as %s' % channel.receive().decode())
    channel = gateway.remote_exec(name)
    channel.reconfigure(py3str_as_py2str=True, py2str_as_py3str=False)
    channel.send('text')
    print('  text arrives there as %s, when asked for' % channel.receive().decode())


for interpreter in sys.argv[1:] or [sys.executable]:
    gateway = execnet.makegateway('popen//python=' + interpreter)
    implementation, version = gateway.call(describe)
    print('%s with the language of Python %d' % (implementation, version))
    if implementation == 'Jython':
        print('  From Java:', *gateway.remote_exec(use_java))
    if version == 2:
        show_strings(gateway)

# Values can be kept for another interpreter, too.
kept = execnet.dumps(['hello', 'world', {1, 2}, 2.5, None])
print('%d bytes hold %r' % (len(kept), execnet.loads(kept)))
