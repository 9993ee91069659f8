#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Generated values go both ways between a stock execnet and this library.

Usage: compare-with-execnet.py ITEMS_PEER

The seed is printed; EXECNET_TEST_SEED sets it, EXECNET_TEST_COUNT how many values there are.
"""

import os
import random
import struct
import subprocess
import sys

import execnet

from values import Generator, Renderer, render

COUNT = int(os.environ.get('EXECNET_TEST_COUNT', 10000))
STRANGE_COUNT = COUNT // 2
PY2STR_AS_PY3STR, PY3STR_AS_PY2STR = 1, 2
FAULTS_SHOWN = 5


def with_length(data):
    return struct.pack('>I', len(data)) + data


class Peer:
    """Collects requests, asks the program once, and gives the answers in order."""

    def __init__(self, program):
        self.program = program
        self.requests = []

    def ask(self, kind, data, flags=0):
        self.requests.append(kind + bytes([flags]) + with_length(data))

    def answers(self):
        output = subprocess.run([self.program], input=b''.join(self.requests), check=True,
                                stdout=subprocess.PIPE).stdout
        position = 0
        while position < len(output):
            size, = struct.unpack_from('>I', output, position)
            yield output[position + 4:position + 4 + size]
            position += 4 + size


class OldWriter:
    """Writes values as older writers and stranger ones did: Python 2's opcodes, list members in any
    order and more than once, keys that are there already."""

    def __init__(self, random):
        self.random = random

    def number(self, opcode, value):
        return opcode + struct.pack('>i', value)

    def string(self, opcode, data):
        return opcode + struct.pack('>i', len(data)) + data

    def write(self, value):
        return getattr(self, type(value).__name__)(value)

    def NoneType(self, value):
        return b'L'

    def bool(self, value):
        return b'R' if value else b'C'

    def int(self, value):
        if -2 ** 31 <= value < 2 ** 31 and self.random.random() < 0.7:
            return self.number(self.random.choice([b'F', b'G']), value)
        digits = b'%d' % value
        if len(digits) < 4000 and self.random.random() < 0.2:
            digits = (b'-' if value < 0 else b'+') + b'00' + b'%d' % abs(value)
        return self.string(self.random.choice([b'H', b'I']), digits)

    def float(self, value):
        return b'D' + struct.pack('>d', value)

    def complex(self, value):
        return b'T' + struct.pack('>dd', value.real, value.imag)

    def str(self, value):
        return self.string(self.random.choice([b'N', b'S']), value.encode())

    def bytes(self, value):
        return self.string(self.random.choice([b'A', b'M']), value)

    def list(self, value):
        order = list(enumerate(map(self.write, value)))
        if self.random.random() < 0.5:
            self.random.shuffle(order)
        order = order[:len(order) - (self.random.random() < 0.1)]
        order += [(index, self.write(None)) for index, _ in order if self.random.random() < 0.03]
        return self.number(b'K', len(value)) + b''.join(
            self.number(b'F', index - self.random.choice([0, 0, 0, len(value)])) + member + b'P'
            for index, member in order)

    def tuple(self, value):
        return b''.join(map(self.write, value)) + self.number(b'@', len(value))

    def again(self, key):
        """A key that equals this one, perhaps of another type."""
        if isinstance(key, (int, float)) and key in (0, 1):
            return self.random.choice([bool(key), int(key), float(key), complex(key)])
        if type(key) is int and abs(key) < 2 ** 53:
            return float(key)
        if type(key) is tuple:
            return tuple(map(self.again, key))
        return key

    def doubled(self, keys):
        keys = list(keys)
        return keys + [self.again(key) for key in keys if self.random.random() < 0.1]

    def dict(self, value):
        return b'J' + b''.join(
            self.write(key) + self.write(value.get(key)) + b'P' for key in self.doubled(value))

    def set(self, value, opcode=b'O'):
        keys = self.doubled(value)
        return b''.join(map(self.write, keys)) + self.number(opcode, len(keys))

    def frozenset(self, value):
        return self.set(value, b'E')


class Report:
    def __init__(self):
        self.count = 0
        self.all_well = True

    def point(self, name, looked_at, faults):
        self.count += 1
        if not looked_at:
            faults = ['there was nothing to compare']
        for fault in faults[:FAULTS_SHOWN]:
            print('# ' + fault[:1500])
        print('%s %d %s (%d values)' % ('not ok' if faults else 'ok', self.count, name, looked_at))
        self.all_well = self.all_well and not faults

    def end(self):
        print('1..%d' % self.count)
        return 0 if self.all_well else 1


def compare_loads(report, program, generator):
    """Its dumps are read here as the mapping says, and written again byte for byte."""
    peer = Peer(program)
    values = [generator.value() for _ in range(COUNT)]
    dumps = [execnet.dumps(value) for value in values]
    for dump in dumps:
        peer.ask(b'L', dump)
    faults = []
    answers = peer.answers()
    for value, dump in zip(values, dumps):
        status, again = next(answers), next(answers)
        text = next(answers) if status == b'+' else b''
        if status != b'+':
            faults.append('%r is refused: %s' % (value, again.decode()))
        elif again != dump:
            faults.append('%r is written as %r instead of %r' % (value, again, dump))
        elif text != render(value).encode():
            faults.append('%r is %s instead of %s' % (value, text.decode(), render(value)))
    report.point("a stock execnet's dumps load and dump here", len(values), faults)


def compare_dumps(report, program, generator):
    """What is written here, from any accepted form, are its bytes, or at least its value."""
    peer = Peer(program)
    renderer = Renderer(generator.random)
    values = [generator.value() for _ in range(COUNT)]
    for value in values:
        peer.ask(b'D', renderer.render(value).encode())
    faults = []
    by_bytes = 0
    answers = peer.answers()
    for value in values:
        status, dump = next(answers), next(answers)
        if status != b'+':
            faults.append('%r is refused: %s' % (value, dump.decode()))
            continue
        try:
            expected = execnet.dumps(value)
        except struct.error:  # an int below -2**31
            same = in_any_order(render(execnet.loads(dump)), render(value))
        else:
            by_bytes += 1
            same = dump == expected
        if not same:
            faults.append('%r is written as %r' % (value, dump))
    report.point('dumps from here load in a stock execnet', len(values), faults)
    print('# %d of them are compared byte by byte' % by_bytes)


def compare_flags(report, program, generator):
    """Opcodes of Python 2 and strange ones, with each way to convert strings."""
    peer = Peer(program)
    writer = OldWriter(generator.random)
    # execnet 1.9 on Python 3 knows the second flag, but does nothing with it.
    flags_known = 4 if execnet.loads(execnet.dumps('a'), py3str_as_py2str=True) == b'a' else 2
    requests = [(b'\x01' + writer.write(generator.value()) + b'Q',
                 generator.random.randrange(flags_known)) for _ in range(STRANGE_COUNT)]
    for dump, flags in requests:
        peer.ask(b'L', dump, flags)
    faults = []
    answers = peer.answers()
    for dump, flags in requests:
        status, again = next(answers), next(answers)
        if status != b'+':
            faults.append('%r is refused: %s' % (dump, again.decode()))
            continue
        text = next(answers).decode()
        value = execnet.loads(dump, py2str_as_py3str=bool(flags & PY2STR_AS_PY3STR),
                              py3str_as_py2str=bool(flags & PY3STR_AS_PY2STR))
        if in_any_order(text, render(value)):
            continue
        faults.append('%r with flags %d is %s instead of %s' % (dump, flags, text, render(value)))
    report.point('opcodes of older writers load as in a stock execnet', len(requests), faults)


def damaged(random, dump):
    data = bytearray(dump)
    for _ in range(random.randint(1, 3)):
        place = random.randrange(1, len(data))
        data[place] = random.choice([random.randrange(256), data[place] ^ 1 << random.randrange(8),
                                     ord(random.choice('@ABCDEFGHIJKLMNOPQRST'))])
    return bytes(data)


def compare_damaged(report, program, generator):
    """What is still taken after damage is what a stock execnet takes it for."""
    peer = Peer(program)
    dumps = [damaged(generator.random, execnet.dumps(generator.value()))
             for _ in range(STRANGE_COUNT)]
    for dump in dumps:
        peer.ask(b'L', dump)
    faults = []
    looked_at = 0
    answers = peer.answers()
    for dump in dumps:
        status, _ = next(answers), next(answers)
        if status != b'+':
            continue
        text = next(answers).decode()
        looked_at += 1
        try:
            expected = render(execnet.loads(dump))
        except Exception as error:  # it raises all kinds of them
            expected = repr(error)
        if not in_any_order(text, expected):
            faults.append('%r is %s instead of %s' % (dump, text, expected))
    report.point('what is taken of damaged dumps is the same', looked_at, faults)


def in_any_order(text, expected):
    """Python's sets have an order of their own, which the wire has not: then only what there is
    can be compared."""
    return text == expected or ('736574;v' in expected and sorted(text) == sorted(expected))


def main():
    seed = int(os.environ.get('EXECNET_TEST_SEED', random.randrange(1 << 32)))
    print('# EXECNET_TEST_SEED=%d, execnet %s' % (seed, execnet.__version__))
    generator = random.Random(seed)
    report = Report()
    compare_loads(report, sys.argv[1], Generator(generator))
    compare_dumps(report, sys.argv[1], Generator(generator, large_negatives=True))
    compare_flags(report, sys.argv[1], Generator(generator, large_negatives=True))
    compare_damaged(report, sys.argv[1], Generator(generator))
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
