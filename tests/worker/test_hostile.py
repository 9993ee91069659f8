# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bytes that no honest initiator sends."""

import random
import struct
import subprocess
import sys
import unittest

import interpreters
from driver import (CLOSE, CLOSE_ERROR, DATA, EXEC, LAST_MESSAGE, RECONFIGURE, Ended, Worker,
                    serializer)


@interpreters.each_interpreter
class Items(interpreters.SharedWorker):

    broken = [
        b'', b'Q', b'F\0\0\0\1', b'F\0\0Q', b'LLQ', b'\xffQ', b'2Q', b'LPQ', b'LLPQ', b'LLLPQ',
        b'A\xff\xff\xff\xff' b'Q', b'A\x7f\xff\xff\xffxQ', b'N\0\0\0\2\xc3\x28Q',
        b'K\x7f\xff\xff\xffQ', b'K\xff\xff\xff\xffQ', b'@\0\0\0\1Q', b'O\xff\xff\xff\xffQ',
        b'JK\0\0\0\0LPQ', b'K\0\0\0\1F\0\0\0\1LPQ', b'H\0\0\0\3a12Q', b'H\0\0\0\0Q',
        b'B\0\0\0\0Q', b'B\xff\xff\xff\xffQ', b'J' * 1000 + b'Q', b'@\0\0\0\0' + b'@\0\0\0\1' * 300 + b'Q',
        b'L' * 10 + b'E\0\0\0\x0b' b'Q', b'K\0\0\0\1' * 300 + b'Q',
    ]

    def test_close_their_channel_with_an_error_on_both_sides(self):
        for payload in self.broken:
            channel = self.worker.execute('''if 1:
                c = channel.gateway.newchannel()
                channel.send(c)
                try:
                    c.receive()
                except Exception as error:
                    channel.send([type(error).__name__, str(error), c.isclosed()])
                ''')
            number = self.worker.take(channel).id
            self.worker.send_raw(DATA, number, payload)
            text = self.worker.take_error(number)
            self.assertRegex(text, r'^invalid data at byte \d+: ')
            self.assertEqual(self.worker.take(channel), ['LoadError', text, True])
            self.worker.take_end(channel)

    def test_on_the_channel_of_code(self):
        channel = self.worker.execute('channel.receive()')
        self.worker.send_raw(DATA, channel, b'\xff')
        self.worker.take_error(channel)
        self.assertEqual(self.worker.run('channel.send(1)'), [1])
        self.assertEqual([m for m in self.worker.messages if m.channel == channel], [])

    def test_with_a_callback(self):
        channel = self.worker.execute('''if 1:
            c = channel.gateway.newchannel()
            c.setcallback(channel.send, endmarker='end')
            channel.send(c)
            try:
                c.waitclose()
            except Exception as error:
                channel.send(type(error).__name__)
            ''')
        number = self.worker.take(channel).id
        self.worker.send_raw(DATA, number, b'\xff')
        self.worker.take_error(number)
        self.assertEqual(self.worker.take(channel), 'end')
        self.assertEqual(self.worker.take(channel), 'LoadError')
        self.worker.take_end(channel)

    def test_in_other_messages(self):
        for payload in self.broken:
            for code in (RECONFIGURE, CLOSE_ERROR, EXEC):
                number = self.worker.number()
                self.worker.send_raw(code, number, payload)
                if code == EXEC:
                    self.worker.take_error(number)
        self.assertEqual(self.worker.run('channel.send(1)'), [1])

    def test_behind_what_needs_none(self):
        self.worker.send_raw(CLOSE, 99999, b'rubbish')
        self.worker.send_raw(LAST_MESSAGE, 99999, b'rubbish')
        self.assertEqual(self.worker.run('channel.send(1)'), [1])

    def test_exec_on_a_number_in_use(self):
        channel = self.worker.execute('channel.send(channel.receive())')
        self.worker.send(EXEC, channel, (u'channel.send(2)', None, None, {}, 1, False))
        self.assertIn('already', self.worker.take_error(channel))
        even = self.worker.run('channel.send(channel.gateway.newchannel().id)')[0] + 2
        self.worker.send(EXEC, even, (u'channel.send(2)', None, None, {}, 1, False))
        self.worker.take_error(even)
        self.worker.give(channel, 1)
        self.assertEqual(self.worker.take(channel), 1)
        self.worker.take_end(channel)

    def test_a_dead_channel_in_an_item_is_closed(self):
        channel = self.worker.execute('''if 1:
            number = channel.gateway.newchannel().id
            import gc
            gc.collect()
            channel.send(number)
            c = channel.receive()
            channel.send([c.id, c.isclosed()])
            try:
                c.receive()
            except EOFError:
                channel.send('end')
            ''')
        number = self.worker.take(channel)
        self.worker.send_raw(DATA, channel, b'B' + struct.pack('>i', number) + b'Q')
        if self.is_jython or self.is_pypy:
            # There it may live on for a while.
            self.worker.take(channel)
            self.worker.send(CLOSE, number)
        else:
            self.assertEqual(self.worker.take(channel), [number, True])
        self.assertEqual(self.worker.take(channel), 'end')
        self.worker.take_end(channel)

    def test_random_changes(self):
        """Whatever comes: an item or an error, and the worker lives."""
        seed = random.randrange(1 << 32)
        print('seed %d' % seed, file=sys.stderr)
        generator = random.Random(seed)
        good = serializer.dump_item(
            [1, u'text', b'bytes', {u'a': (1.5, None, True)}, {1, 2}, 10**20, [0.5] * 20, 2j])
        channel = self.worker.execute('''if 1:
            while channel.receive():
                c = channel.gateway.newchannel()
                channel.send(c)
                try:
                    c.receive()
                    channel.send('item')
                except Exception as error:
                    channel.send(type(error).__name__)
                c.close()
            ''')
        outcomes = set()
        for i in range(30 if self.is_jython else 300):
            self.worker.give(channel, True)
            number = self.worker.take(channel).id
            data = bytearray(good)
            for change in range(generator.randrange(1, 4)):
                place = generator.randrange(len(data))
                data[place:place + generator.randrange(3)] = bytes(
                    generator.randrange(256) for k in range(generator.randrange(3)))
            self.worker.send_raw(DATA, number, bytes(data))
            outcomes.add(self.worker.take(channel))
            self.assertIn(self.worker.next_on(number).code, (CLOSE, CLOSE_ERROR))
        self.worker.give(channel, False)
        self.worker.take_end(channel)
        self.assertLessEqual(outcomes, {'item', 'LoadError'})


@interpreters.each_interpreter
class Framing:

    def check(self, data):
        with Worker(self.python, stderr=subprocess.PIPE) as worker:
            worker.run('channel.send(1)')
            worker.write(data)
            with self.assertRaises(Ended):
                worker.next()
            worker.wait()
            return worker.process.stderr.read().decode()

    def test_broken_ends_the_connection_with_a_word(self):
        for code, channel, size in ((77, 1, 0), (-1, 1, 0), (8, 0, 0), (13, 1, 0), (DATA, 1, -1),
                                    (DATA, -3, 0)):
            text = self.check(struct.pack('>bii', code, channel, size))
            self.assertIn('the message %d for channel %d with %d bytes' % (code, channel, size),
                          text)

    def test_an_end_inside_a_message(self):
        with Worker(self.python) as worker:
            for data in (b'', b'\4\0\0', struct.pack('>bii', DATA, 1, 1000) + b'x',
                         struct.pack('>bii', DATA, 1, 1000000) + b'x' * 300000):
                with Worker(self.python, stderr=subprocess.PIPE) as worker:
                    worker.write(data)
                    worker.end_input()
                    self.assertEqual(worker.process.stderr.read(), b'')
                    self.assertEqual(worker.wait()[0], 0)


class Memory(unittest.TestCase):

    def test_announced_lengths_take_none(self):
        with Worker([sys.executable]) as worker:
            worker.run('''if 1:
                import resource
                resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))
                ''')
            channel = worker.execute('channel.receive()')
            for payload in (b'K\x0f\xff\xff\xffQ', b'A\x7f\xff\xff\xff', b'@\x7f\xff\xff\xffQ'):
                worker.send_raw(DATA, channel, payload)
            worker.take_error(channel)
            self.assertEqual(worker.run('channel.send(1)'), [1])
            # A message that is said to be huge only waits for its bytes.
            worker.write(struct.pack('>bii', DATA, channel, 0x7fffffff) + b'x' * 1000000)
            worker.end_input()
            self.assertEqual(worker.wait()[0], 0)

    def test_many_lists_take_no_more_than_their_bytes(self):
        size = 100000
        data = (b'K' + struct.pack('>i', size)) * size + b'Q'
        with self.assertRaisesRegex(serializer.LoadError, 'a list of 100000 elements'):
            serializer.load_item(data)


if __name__ == '__main__':
    interpreters.main()
