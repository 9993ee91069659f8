#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ssh in this process beside the OpenSSH client, on a server of its own, in one run.

Each line has both times and their ratio. With --smoke, little is done, and only that it works is
looked at.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'ssh'))

import server as ssh_server  # noqa: E402
from gi.repository import Execnet as execnet  # noqa: E402

PYTHON = sys.executable
ECHO = 'while True: channel.send(channel.receive())'


class Client:
    """The OpenSSH client, with a command at the other end of its pipes."""

    def __init__(self, config, *command):
        self.process = subprocess.Popen(['ssh', '-F', config, 'test', *command], bufsize=0,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self.process

    def __exit__(self, *details):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def timed(function, times):
    """The best of several."""
    best = float('inf')
    for _ in range(times):
        begin = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - begin)
    return best


def start_client(config):
    with Client(config, PYTHON, '-c', '"print(1)"') as client:
        assert client.stdout.read() == b'1\n'


class Gateways:
    def __init__(self, config, client):
        self.spec = 'ssh=-F %s test//python=%s//ssh_client=%s' % (config, PYTHON, client)
        self.group = execnet.Group()

    def start(self):
        gateway = self.group.makegateway(self.spec)
        assert gateway.remote_exec('channel.send(1)').receive() == 1
        return gateway

    def end(self):
        self.group.terminate(timeout=10)


def first_answers(config, times):
    gateways = Gateways(config, 'libssh2')
    ours = float('inf')
    for _ in range(times):
        ours = min(ours, timed(gateways.start, 1))
        gateways.end()
    gateways.start()
    further = timed(gateways.start, min(times, 8))
    gateways.end()
    return ours, further


def client_bulk(config, size):
    with Client(config, 'head', '-c', str(size), '/dev/zero') as client:
        left = size
        while left:
            left -= len(client.stdout.read(min(left, 1 << 20)))


def our_bulk(gateway, size):
    piece = 1 << 20
    channel = gateway.remote_exec('''
        size, piece = channel.receive()
        data = b'x' * piece
        for _ in range(size // piece):
            channel.send(data)
    ''')
    channel.send((size, piece))
    for _ in range(size // piece):
        channel.receive()


def client_ping_pong(process, count):
    for _ in range(count):
        process.stdin.write(b'x')
        process.stdout.read(1)


def our_ping_pong(channel, count):
    for _ in range(count):
        channel.send(1)
        channel.receive()


def show(title, ours, theirs, unit, goal):
    print('%-46s %8.2f %8.2f %s   %.2f (goal: at most %.2f)'
          % (title, ours, theirs, unit, ours / theirs, goal))


def measure(config, smoke):
    times, size, count = (1, 4 << 20, 50) if smoke else (7, 256 << 20, 5000)
    client_start = timed(lambda: start_client(config), times)
    first, further = first_answers(config, times)
    show('up to the first answer', first * 1000, client_start * 1000, 'ms', 0.35)
    show('each further one on the same session', further * 1000, client_start * 1000, 'ms', 0.15)

    gateways = Gateways(config, 'libssh2')
    gateway = gateways.start()
    ours = timed(lambda: our_bulk(gateway, size), 3)
    # Starting is not what is compared.
    theirs = timed(lambda: client_bulk(config, size), 3) - timed(
        lambda: client_bulk(config, 1), 3)
    show('bulk', ours * 1000, theirs * 1000, 'ms', 1 / 0.95)

    channel = gateway.remote_exec(ECHO)
    our_ping_pong(channel, 10)
    ours = timed(lambda: our_ping_pong(channel, count), 3) / count
    with Client(config, 'cat') as client:
        client_ping_pong(client, 10)
        theirs = timed(lambda: client_ping_pong(client, count), 3) / count
    show('ping-pong', ours * 1e6, theirs * 1e6, 'µs', 1.1)
    gateways.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--smoke', action='store_true')
    arguments = parser.parse_args()
    # A new user's login shell reads nothing that takes time.
    with ssh_server.Server(account=os.geteuid() == 0) as server:
        measure(str(server.folder / 'ssh_config'), arguments.smoke)


if __name__ == '__main__':
    main()
