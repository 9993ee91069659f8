#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""proxy.py HOST PORT: carries its stdin and stdout to a TCP port, as a ProxyCommand does."""

import os
import select
import socket
import sys


def main():
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as there:
        routes = {0: there.sendall, there.fileno(): lambda data: os.write(1, data)}
        while True:
            for descriptor in select.select(list(routes), [], [])[0]:
                data = os.read(descriptor, 65536)
                if not data:
                    return
                while data:
                    sent = routes[descriptor](data)
                    data = data[sent:] if sent is not None else b''


if __name__ == '__main__':
    main()
