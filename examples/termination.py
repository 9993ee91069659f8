#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""End gateways, whatever their code does: asked first, then by force."""

import os

from gi.repository import Execnet as execnet


def ignore_everything(channel):
    import os
    import signal
    import time

    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, signal.SIG_IGN)
    channel.send(os.getpid())
    while True:
        time.sleep(1)


group = execnet.Group()
pid = group.makegateway('popen//id=stubborn').remote_exec(ignore_everything).receive()
group.makegateway('popen//id=idle')
print(group)
group.terminate(timeout=0.5)
print(group)
try:
    os.kill(pid, 0)
    print('It is still there.')
except ProcessLookupError:
    print('The stubborn process is gone.')
