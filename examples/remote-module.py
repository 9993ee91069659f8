#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run a module on the other side, where it need not be installed."""

from gi.repository import Execnet as execnet

import remote_module

channel = execnet.makegateway().remote_exec(remote_module)
print(channel.receive())
channel.send('spoken softly')
print(channel.receive())
