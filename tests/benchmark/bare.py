# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The other side of raw-gateway: loops that do nothing but what has to be done.

Messages have the size that they have with execnet, and small ones hold an int at their end. What
is done with them is what the code that the benchmark runs on a worker does.
"""

import io
import os
import struct
import sys

MESSAGE = struct.Struct('>9sci')
COUNT = struct.Struct('=q')
BULK_SIZE = 1024 * 1024
BULK_MESSAGE_SIZE = 14 + BULK_SIZE
READ_SIZE = 0x10000


def read_count():
    data = os.read(0, COUNT.size)
    if not data:
        sys.exit()
    return COUNT.unpack(data)[0]


def write_total(total):
    os.write(1, COUNT.pack(total))


def echo():
    while True:
        data = os.read(0, READ_SIZE)
        if not data:
            return
        os.write(1, data)


def take():
    while True:
        left = read_count()
        total = 0
        data = b''
        while left:
            data += os.read(0, READ_SIZE)
            end = len(data) - len(data) % MESSAGE.size
            for header, code, value in MESSAGE.iter_unpack(data[:end]):
                total += value
                left -= 1
            data = data[end:]
        write_total(total)


def give():
    while True:
        for value in range(read_count()):
            os.write(1, MESSAGE.pack(b'', b'F', value))


def take_bulk():
    memory = memoryview(bytearray(BULK_MESSAGE_SIZE))
    while True:
        total = 0
        for _ in range(read_count()):
            filled = 0
            while filled < BULK_MESSAGE_SIZE:
                filled += os.readv(0, [memory[filled:]])
            total += BULK_SIZE
        write_total(total)


def take_objects():
    """As take_bulk, but what arrives becomes a new bytes object, as an item must be one."""
    head = memoryview(bytearray(14))
    while True:
        total = 0
        for _ in range(read_count()):
            item = io.BytesIO(bytes(BULK_SIZE))
            with item.getbuffer() as memory:
                filled = os.readv(0, [head, memory]) - len(head)
                while filled < BULK_SIZE:
                    filled += os.readv(0, [memory[filled:]])
            total += len(item.getvalue())
        write_total(total)


def give_bulk():
    memory = memoryview(bytearray(BULK_MESSAGE_SIZE))
    while True:
        for _ in range(read_count()):
            rest = memory
            while rest:
                rest = rest[os.write(1, rest):]


if __name__ == '__main__':
    {'echo': echo, 'sending': take, 'receiving': give,
     'sending-bulk': take_bulk, 'sending-objects': take_objects,
     'receiving-bulk': give_bulk}[sys.argv[1]]()
