#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Make a gateway over a stream of one's own.

    own-stream.py [COMMAND...]

The command gets at an interpreter somewhere, as `podman exec -i NAME python3` does, and leads
standard input and output there. Without one it is the interpreter of this program.
"""

import sys

from gi.repository import Execnet as execnet
from gi.repository import Gio

# What the other side has to run.
WAIT_FOR_SOURCE = 'import sys;exec(eval(sys.stdin.readline()))'

command = sys.argv[1:] or [sys.executable]
process = Gio.Subprocess.new(command + ['-u', '-c', WAIT_FOR_SOURCE],
                             Gio.SubprocessFlags.STDIN_PIPE | Gio.SubprocessFlags.STDOUT_PIPE)
stream = Gio.SimpleIOStream.new(process.get_stdout_pipe(), process.get_stdin_pipe())

gateway = execnet.default_group.makegateway_for_stream(stream, 'id=far//timeout=60')
print(gateway.remote_exec('channel.send("hello from %s" % channel.gateway.id)').receive())

# The stream is the gateway's, the process is ours.
gateway.exit()
process.wait()
print('The process ended with status %d.' % process.get_exit_status())
