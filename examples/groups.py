#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keep gateways together: names, look-up, and what a plain makegateway() means."""

from gi.repository import Execnet as execnet

group = execnet.Group(['popen'] * 2)
print(group, len(group))
print(*group, sep='\n')
print('gw0' in group and 'gw1' in group, group['gw0'] is group[0])

# A name of one's own.
print(group.makegateway('popen//id=helper').id, group['helper'] in group)

# A name that is known before the gateway is there.
spec = execnet.XSpec('popen')
group.allocate_id(spec)
allocated = spec.id
print(group.makegateway(spec).id == allocated)

# What makegateway() means without a specification.
group.defaultspec = 'popen//env:KIND=factory-made'
gateway = group.makegateway()
print(gateway.remote_exec('import os; channel.send(os.environ["KIND"])').receive())

# The functions of the module use a group, too.
print(execnet.makegateway() in execnet.default_group, execnet.default_group.defaultspec)

group.terminate(timeout=5)
print(group)
