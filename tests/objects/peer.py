#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A worker that breaks the rules on purpose. It is started where an interpreter is expected.

    peer.py WHAT-IT-DOES[:NUMBER] ...    or the same in EXECNET_TEST_PEER

`script` answers as a worker does, and runs what it is given to execute with the functions of this
file, the number of its channel as `channel` and all other messages in `seen`: so that a test can
say byte by byte what the other side sends. The others do something else instead of answering.
"""

import os
import signal
import struct
import sys

(STATUS, RECONFIGURE, TERMINATE, EXEC, DATA, CLOSE, CLOSE_ERROR, LAST_MESSAGE, HELLO,
 INFORMATION) = range(10)

seen = []


# What is on the wire

def raw(data):
    view = memoryview(data)
    while len(view):
        view = view[os.write(1, view):]


def message(code, channel, payload=b'', length=None):
    return struct.pack('>bii', code, channel, len(payload) if length is None else length) + payload


def send(code, channel, payload=b''):
    raw(message(code, channel, payload))


def text(value):
    data = value.encode()
    return b'N' + struct.pack('>i', len(data)) + data


def integer(value):
    return b'F' + struct.pack('>i', value)


def item(opcodes):
    return opcodes + b'Q'


def send_text(channel, value):
    send(DATA, channel, item(text(value)))


def send_integer(channel, value):
    send(DATA, channel, item(integer(value)))


def channel_in_item(number):
    return b'B' + struct.pack('>i', number)


def hello():
    pairs = (b'J' + text('pid') + integer(os.getpid()) + b'P'
             + text('executable') + text('peer') + b'P')
    return b'1' + message(HELLO, 0, item(pairs))


def refusal(reason, length=None):
    return b'0' + struct.pack('>i', len(reason) if length is None else length) + reason


def read_exactly(size):
    data = b''
    while len(data) < size:
        chunk = os.read(0, size - len(data))
        if not chunk:
            return None
        data += chunk
    return data


def read_message():
    """Gives code, channel and payload, or None at the end of input."""
    header = read_exactly(9)
    if header is None:
        return None
    code, channel, length = struct.unpack('>bii', header)
    payload = read_exactly(length)
    return None if payload is None else (code, channel, payload)


def read_line():
    while os.read(0, 1) not in (b'\n', b''):
        pass


def wait_for_end():
    while os.read(0, 65536):
        pass


def wait_for_ever():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        signal.pause()


# What it does

def serve():
    """Runs scripts until the end of input, or until it is told to end."""
    while True:
        received = read_message()
        if received is None or received[0] == TERMINATE:
            return
        code, channel, payload = received
        if code != EXEC:
            seen.append(received)
            continue
        length, = struct.unpack_from('>i', payload, 1)
        exec(payload[5:5 + length].decode(), dict(globals(), channel=channel))


def script():
    read_line()
    raw(hello())
    serve()


def script_byte_by_byte():
    read_line()
    for i in hello():
        raw(bytes([i]))
    serve()


def patient(path):
    """Answers when somebody writes into the second of two FIFOs; the first one tells of each step."""
    with open(path + '-says', 'wb', 0) as says, open(path + '-hears', 'rb', 0) as hears:
        read_line()
        says.write(b'1')
        hears.read(1)
        raw(hello())
        says.write(b'2')
    serve()


def silent():
    wait_for_end()


def deaf():
    wait_for_ever()


def chatter():
    read_line()
    raw(b'Good morning, this is the chatty interpreter.\n')
    wait_for_end()


def chatter_and_leave():
    raw(b'Good morning, this is the chatty interpreter.\n')


def chatter_one():
    """The first byte is that of an answer."""
    read_line()
    raw(b'1 good morning\n')
    wait_for_end()


def flood():
    read_line()
    while True:
        raw(b'Good morning, this is the endless interpreter.\n' * 1000)


def leave(status='0'):
    os.write(2, b'these are my last words\n')
    os._exit(int(status))


def die(number):
    os.kill(os.getpid(), int(number))
    wait_for_ever()


def half_answer():
    read_line()
    raw(hello()[:8])
    wait_for_end()


def half_answer_and_leave():
    read_line()
    raw(hello()[:20])


def hello_of_an_int():
    read_line()
    raw(b'1' + message(HELLO, 0, item(integer(1))))
    wait_for_end()


def hello_of_garbage():
    read_line()
    raw(b'1' + message(HELLO, 0, b'\xff\xfe'))
    wait_for_end()


def too_long_hello():
    read_line()
    raw(b'1' + message(HELLO, 0, b'', 0x7fffffff))
    wait_for_end()


def refuse_for_age():
    read_line()
    raw(refusal(b'too-old\nthis is Python 1.5'))


def refuse_and_stay():
    read_line()
    raw(refusal(b'failed\nnot on a Sunday'))
    wait_for_end()


def half_refusal():
    read_line()
    raw(refusal(b'failed\nnot on a', 100))
    wait_for_end()


def too_long_refusal():
    read_line()
    raw(refusal(b'', 0x7fffffff))
    wait_for_end()


def main():
    words = sys.argv[1:]
    if not words or words[0].startswith('-'):
        words = [os.environ['EXECNET_TEST_PEER']]
    name, _, argument = words[0].partition(':')
    globals()[name](*[argument] if argument else [])


if __name__ == '__main__':
    main()
