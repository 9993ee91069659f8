#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The socket server, from its parts in the folder `server`.

    socketserver.py [OPTIONS] [ADDRESS]     runs it
    socketserver.py --join OUTPUT           joins the parts to the one file that is installed

That file needs nothing but Python, from 2.7 on, and can be copied anywhere.
"""

import os
import sys

#: In the order in which they are joined.
PARTS = ('basics', 'addresses', 'token', 'client', 'process', 'tls', 'models', 'keepalive', 'server',
         'program')


def join():
    """Gives the source of the one file."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'server')
    sources = []
    for name in PARTS:
        with open(os.path.join(folder, name + '.py')) as file:
            source = file.read()
        # The licence stands at the top, once.
        sources.append(source.split('\n', 2)[2] if sources else source)
    return '\n\n'.join(sources)


if sys.argv[1:2] == ['--join']:
    with open(sys.argv[2], 'w') as joined:
        joined.write(join())
    os.chmod(sys.argv[2], 0o755)
else:
    exec(compile(join(), __file__, 'exec'))
