#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Use green threads on this side, and others on the other.

execution-models.py [MODEL [REMOTE-MODEL]]     such as: execution-models.py eventlet thread
"""

import sys

from gi.repository import Execnet as execnet

models = sys.argv[1:3] or ['thread', 'main_thread_only']
execnet.set_execmodel(*models)
gateway = execnet.makegateway()
print(gateway)
print(gateway.remote_status())
print(gateway.remote_exec('channel.send(1)').receive())
