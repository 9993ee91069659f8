#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fetch files from where a gateway is.

file-server.py [SPEC [PATH...]]     such as: file-server.py ssh=user@host /etc/hostname
"""

import sys

from gi.repository import Execnet as execnet

import file_server

spec = sys.argv[1] if len(sys.argv) > 1 else 'popen'
channel = execnet.makegateway(spec).remote_exec(file_server)
for path in sys.argv[2:] or [file_server.__file__]:
    channel.send(path)
    content = channel.receive()
    if isinstance(content, bytes):
        print('%s: %d bytes' % (path, len(content)))
    else:
        print('There is no content: %s' % content)
