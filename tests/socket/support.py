# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A socket server as a child process, and what can be sent to it."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
SERVER = os.environ['EXECNET_SOCKET_SERVER']

#: Nothing here takes nearly as long, except on a machine that is busy with something else.
PATIENCE = 60


def wait_until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError('never came true: ' + what)
        os.sched_yield()


class Server:
    """Ours, at an address with a port that the system chooses, or where `address` says."""

    def __init__(self, *arguments, python=sys.executable, address='127.0.0.1:0', cwd=None,
                 environ=None, descriptors=None, stderr=None):
        command = [python, SERVER, address] + list(arguments)
        if descriptors:
            command = ['sh', '-c', 'ulimit -n %d; exec "$@"' % descriptors, 'sh'] + command
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if stderr is None else stderr,
            cwd=cwd, env=dict(os.environ, **(environ or {})), text=True)
        self.first_line = self.process.stdout.readline()
        self.lines = []
        self.said = threading.Condition()
        self.thread = threading.Thread(target=self.read_messages)
        self.thread.start()
        assert self.first_line.startswith('Listening on '), (self.first_line, self.close())
        self.addresses = self.first_line.split()[2:]
        found = re.search(r':(\d+)$', self.first_line)
        self.port = found and int(found.group(1))

    def read_messages(self):
        for line in self.process.stderr or ():
            with self.said:
                self.lines.append(line)
                self.said.notify_all()

    def expect(self, text):
        """Waits until it has said that, and gives all of the line."""
        def find():
            return [line for line in self.lines if text in line]
        with self.said:
            if not self.said.wait_for(find, PATIENCE):
                raise AssertionError('%r is not in %r' % (text, self.lines))
            return find()[0]

    def connect(self):
        return socket.create_connection(('127.0.0.1', self.port), PATIENCE)

    def count_descriptors(self):
        return len(os.listdir('/proc/%d/fd' % self.process.pid))

    def children(self):
        with open('/proc/%d/task/%d/children' % ((self.process.pid,) * 2)) as file:
            return [int(word) for word in file.read().split()]

    def wait_for_children(self, count):
        wait_until(lambda: len(self.children()) == count, '%d children' % count)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        self.thread.join()
        self.process.stdout.close()
        if self.process.stderr:
            self.process.stderr.close()
        return status, ''.join(self.lines)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        status, messages = self.close()
        if exception[0] is None:
            assert status == 0, (status, messages)
            assert 'Unexpectedly' not in messages, messages


def refuse(*arguments, environ=None):
    """Gives the exit status and the message of a server that does not start."""
    run = subprocess.run([sys.executable, SERVER] + list(arguments), stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, timeout=PATIENCE,
                         env=dict(os.environ, **(environ or {})))
    assert run.stdout == '', run.stdout
    return run.returncode, run.stderr


def line_of(source):
    return repr(source).encode() + b'\n'


def ask(connection, source):
    """Runs source in a server, and gives all that it sends."""
    connection.sendall(line_of(source))
    return read_all(connection)


def read_all(connection):
    chunks = []
    try:
        chunk = connection.recv(0x10000)
        while chunk:
            chunks.append(chunk)
            chunk = connection.recv(0x10000)
    except ConnectionResetError:
        pass
    return b''.join(chunks)


def is_alive(pid):
    try:
        with open('/proc/%d/stat' % pid) as file:
            return file.read().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False
