#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Questions of gateways behind ssh, asked and answered in JavaScript (asking.js).

The argument is who makes the connection: libssh2 or openssh."""

import pathlib
import subprocess
import sys

from server import Server

PASSPHRASE = 'open sesame'


def main():
    with Server(user_keys=(), passphrase=PASSPHRASE) as server:
        spec = 'ssh=-i %s -o IdentitiesOnly=yes test//ssh_config=%s/ssh_config//ssh_client=%s' % (
            server.user_keys['encrypted'], server.folder, sys.argv[1])
        program = pathlib.Path(__file__).with_name('asking.js')
        # Its report is this program's.
        return subprocess.run(['gjs', '-m', str(program), spec, PASSPHRASE],
                              check=False).returncode


if __name__ == '__main__':
    sys.exit(main())
