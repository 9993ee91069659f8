#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make gateways via another one: it starts them in its own folder and environment."""

from gi.repository import Execnet as execnet

group = execnet.Group()
group.defaultspec = 'popen//via=master'
master = group.makegateway('popen//id=master//env:PLACE=there')
worker = group.makegateway()
print(group, worker)

# The worker is a child of the master, and has what that has.
pid = master.remote_exec('import os; channel.send(os.getpid())').receive()
parent, place = worker.remote_exec(
    'import os; channel.send((os.getppid(), os.environ["PLACE"]))').receive()
print(parent == pid, place)

# One more step.
far = group.makegateway('popen//via=%s//id=far' % worker.id)
print(far.remote_exec('channel.send(6 * 7)').receive())

# Those behind others end first.
group.terminate(timeout=5)
print(group)
