# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Talks to a worker: starts an interpreter, sends the line and speaks the protocol, byte by byte.

It has its own framing; for items it uses the serializer, which test_serializer.py compares with a
real execnet.
"""

import base64
import collections
import os
import selectors
import socket
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
BOOTSTRAP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'bootstrap')
sys.path.insert(0, BOOTSTRAP)

import serializer  # noqa: E402

LINE_FILE = os.environ['EXECNET_WORKER_LINE']

(STATUS, RECONFIGURE, TERMINATE, EXEC, DATA, CLOSE, CLOSE_ERROR, LAST_MESSAGE, HELLO,
 INFORMATION, OUTPUT, FLOW, FLOW_BEGUN) = range(13)

#: Nothing here takes nearly as long, except on a machine that is busy with something else.
PATIENCE = 60

Message = collections.namedtuple('Message', 'code channel item')
ChannelNumber = collections.namedtuple('ChannelNumber', 'id')
serializer.register_channel_type(ChannelNumber)


class Ended(Exception):
    """The worker's output has ended."""


class Worker:
    """A worker behind a socket pair, or behind two pipes. `environ`, `cwd` and `stderr` are for the
    process, and `stdout` where that is not a part of the connection; `options` are those in the
    line."""

    def __init__(self, python, pipes=False, environ=None, cwd=None, stdout=None, stderr=None,
                 **options):
        options = dict({'id': 'test', 'execmodel': 'thread'}, **options)
        self.next_number = -1
        self.data = b''
        self.messages = []
        # (channel, credit) of each message for flow control.
        self.credits = []
        self.start(list(python), pipes, dict(os.environ, **(environ or {})), cwd, stdout, stderr)
        with open(LINE_FILE) as file:
            line = file.read()
        self.write(line.replace(
            '@OPTIONS@', base64.b64encode(serializer.dumps(options)).decode()).encode())
        self.answer = self.read(1)
        self.reason = self.hello = None
        if self.answer == b'1':
            self.hello = self.next()
            assert self.hello.code == HELLO, self.hello
        else:
            assert self.answer == b'0', self.data
            self.reason = self.read(struct.unpack('>i', self.read(4))[0]).decode().split('\n', 1)

    def start(self, python, pipes, env, cwd, stdout, stderr):
        command = python + ['-c', 'import sys;exec(eval(sys.stdin.readline()))']
        if pipes:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=stderr, env=env, cwd=cwd, bufsize=0)
            self.reading = self.process.stdout.fileno()
            self.writing = self.process.stdin.fileno()
            self.socket = None
        else:
            self.socket, other = socket.socketpair()
            self.process = subprocess.Popen(command, stdin=other, stdout=stdout or other,
                                            stderr=stderr, env=env, cwd=cwd)
            other.close()
            self.reading = self.writing = self.socket.fileno()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.reading, selectors.EVENT_READ)

    # Bytes

    def write(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self.writing, view):]

    def has_input(self, seconds):
        return bool(self.data or self.selector.select(seconds))

    def read_some(self):
        if not self.selector.select(PATIENCE):
            raise AssertionError('nothing came; there is %r' % self.data[:1000])
        try:
            chunk = os.read(self.reading, 1 << 20)
        except ConnectionResetError:
            chunk = b''
        if not chunk:
            raise Ended(self.data)
        self.data += chunk

    def read(self, size):
        if len(self.data) < size:
            parts = [self.data]
            missing = size - len(self.data)
            while missing > 0:
                self.data = b''
                self.read_some()
                parts.append(self.data)
                missing -= len(self.data)
            self.data = b''.join(parts)
        data = self.data[:size]
        self.data = self.data[size:]
        return data

    # Messages

    def send(self, code, channel, *items):
        self.send_raw(code, channel, b''.join(
            serializer.dump_item(item, lambda _: True) for item in items))

    def send_raw(self, code, channel, payload):
        self.write(struct.pack('>bii', code, channel, len(payload)) + payload)

    def next(self):
        """Gives the next message, in the order in which they come."""
        if self.messages:
            return self.messages.pop(0)
        return self.read_message()

    def read_message(self):
        while True:
            code, channel, size = struct.unpack('>bii', self.read(9))
            payload = self.read(size)
            if code != FLOW:
                break
            # Most tests have no use for it.
            self.credits.append((channel,) + struct.unpack('>q', payload))
        if code == OUTPUT:
            item = payload
        else:
            item = serializer.load_item(payload, load_channel=ChannelNumber) if payload else None
        return Message(code, channel, item)

    def next_on(self, channel):
        """Gives the next message for a channel and keeps what comes for others."""
        for i, message in enumerate(self.messages):
            if message.channel == channel:
                return self.messages.pop(i)
        while True:
            message = self.read_message()
            if message.channel == channel:
                return message
            self.messages.append(message)

    # What tests do most

    def number(self):
        self.next_number += 2
        return self.next_number

    def execute(self, source, function=None, arguments=None, file=None, line=1, call=False):
        """Runs code and gives the number of its channel."""
        number = self.number()
        self.send(EXEC, number, (source, file, function, arguments or {}, line, call))
        return number

    def give(self, channel, item):
        self.send(DATA, channel, item)

    def give_credit(self, channel, credit):
        self.send_raw(FLOW, channel, struct.pack('>q', credit))

    def take(self, channel):
        """Gives the next item of a channel."""
        message = self.next_on(channel)
        if message.code != DATA:
            raise AssertionError('no item but %r' % (message,))
        return message.item

    def take_end(self, channel):
        """Takes the plain end of a channel."""
        message = self.next_on(channel)
        if message.code != CLOSE:
            raise AssertionError('no plain end but %r' % (message,))

    def take_error(self, channel):
        message = self.next_on(channel)
        if message.code != CLOSE_ERROR:
            raise AssertionError('no error but %r' % (message,))
        return message.item

    def run(self, source, **options):
        """Runs code to its end and gives the list of what it sent."""
        channel = self.execute(source, **options)
        items = []
        while True:
            message = self.next_on(channel)
            if message.code == CLOSE:
                return items
            if message.code != DATA:
                raise AssertionError('the code failed: %s' % (message,))
            items.append(message.item)

    def status(self):
        number = self.number()
        self.send(STATUS, number)
        status = self.take(number)
        self.take_end(number)
        return status

    # The end

    def end_input(self):
        """Ends the direction to the worker."""
        if self.socket:
            self.socket.shutdown(socket.SHUT_WR)
        else:
            self.process.stdin.close()

    def wait(self, seconds=PATIENCE):
        """Waits for the process and gives its status and how long that took."""
        start = time.monotonic()
        status = self.process.wait(seconds)
        return status, time.monotonic() - start

    def close(self):
        self.selector.close()
        if self.socket:
            self.socket.close()
        else:
            for file in (self.process.stdin, self.process.stdout):
                file.close()
        for file in (self.process.stdout, self.process.stderr):
            if file:
                file.close()
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
