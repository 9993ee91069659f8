# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a gateway, and items, cost a program in Python: one program for both libraries.

    program.py ours|stock SUBJECT SPEC SOURCE     the source is what runs on the other side
    program.py ours|stock dumps|loads VALUES      ints, floats or records
"""

import hashlib
import sys
from time import perf_counter

if sys.argv[1] == 'ours':
    from gi.repository import Execnet as execnet
else:
    import execnet

SUBJECT = sys.argv[2]
BULK = b'b' * (1024 * 1024)


class Start:
    def __init__(self, spec, source):
        self.spec = spec
        self.source = source

    def measure(self, count):
        seconds = total = 0
        for _ in range(count):
            group = execnet.Group()
            begun = perf_counter()
            channel = group.makegateway(self.spec).remote_exec(self.source)
            total += channel.receive()
            seconds += perf_counter() - begun
            group.terminate(10)
        return seconds, total

    def close(self):
        pass


class Talk:
    """Anything over one channel."""

    def __init__(self, spec, source):
        self.group = execnet.Group()
        if spec.endswith('//via=master'):
            self.group.makegateway(spec.replace('//via=', '//id='))
        self.channel = self.group.makegateway(spec).remote_exec(source)
        self.talk = {'echo': self.echo, 'sending': self.send, 'receiving': self.receive,
                     'sending-bulk': self.send_bulk, 'sending-objects': self.send_bulk,
                     'receiving-bulk': self.receive_bulk}[SUBJECT]

    def measure(self, count):
        begun = perf_counter()
        total = self.talk(count)
        return perf_counter() - begun, total

    def close(self):
        self.group.terminate(10)

    def echo(self, count):
        total = 0
        channel = self.channel
        for i in range(count):
            channel.send(i)
            total += channel.receive()
        return total

    def send(self, count):
        channel = self.channel
        channel.send(count)
        for i in range(count):
            channel.send(i)
        return channel.receive()

    def receive(self, count):
        total = 0
        channel = self.channel
        channel.send(count)
        for _ in range(count):
            total += channel.receive()
        return total

    def send_bulk(self, count):
        channel = self.channel
        channel.send(count)
        for _ in range(count):
            channel.send(BULK)
        return channel.receive()

    def receive_bulk(self, count):
        total = 0
        channel = self.channel
        channel.send(count)
        for _ in range(count):
            total += len(channel.receive())
        return total


class Items:
    """The same values as in ours-items.c and raw-items.c."""

    def __init__(self, kind):
        self.make = {'ints': self.make_int, 'floats': self.make_float,
                     'records': self.make_record}[kind]
        self.value = []

    def make_int(self, i):
        return i * 7919 % 2147483647

    def make_float(self, i):
        return i * 0.25

    def make_record(self, i):
        return {'id': self.make_int(i), 'name': 'record %d' % i, 'score': self.make_float(i),
                'active': i % 2 == 1}

    def measure(self, count):
        if len(self.value) != count:
            self.value = [self.make(i) for i in range(count)]
            self.dump = execnet.dumps(self.value)
        begun = perf_counter()
        if SUBJECT == 'dumps':
            dump = execnet.dumps(self.value)
        else:
            value = execnet.loads(self.dump)
        seconds = perf_counter() - begun
        if SUBJECT == 'loads':
            assert value == self.value
            dump = self.dump
        return seconds, hashlib.md5(dump[1:]).hexdigest()

    def close(self):
        pass


def main():
    kind = {'start': Start, 'start-many': Start, 'dumps': Items, 'loads': Items}.get(SUBJECT, Talk)
    measured = kind(*sys.argv[3:])
    for line in sys.stdin:
        print('%.9f %s' % measured.measure(int(line)), flush=True)
    measured.close()


if __name__ == '__main__':
    main()
