# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Flow control of the worker's channels."""

import struct
import unittest

import interpreters
from driver import CLOSE, FLOW, FLOW_BEGUN, LAST_MESSAGE

#: What an item of 100 bytes costs.
SIZE = 106


@interpreters.each_interpreter
class Flow(interpreters.SharedWorker):

    def produce(self, credit):
        """Starts code that sends 50 items, numbered, and has that credit."""
        channel = self.worker.execute('''if 1:
            channel.receive()
            for i in range(50):
                channel.send((u'%d ' % i).ljust(100))
            ''')
        self.worker.give_credit(channel, credit)
        self.assertEqual(self.worker.next_on(channel).code, FLOW_BEGUN)
        self.worker.give(channel, None)
        return channel

    def take_numbers(self, channel, numbers):
        for number in numbers:
            self.assertEqual(int(self.worker.take(channel)), number)

    def assert_held_back(self, channel):
        # What comes later than two answers was not sent before.
        for i in range(2):
            self.worker.status()
        self.assertEqual([message for message in self.worker.messages
                          if message.channel == channel], [])

    def test_sending_waits_for_credit(self):
        channel = self.produce(3 * SIZE)
        self.take_numbers(channel, range(3))
        self.assert_held_back(channel)
        self.worker.give_credit(channel, 1)
        self.take_numbers(channel, range(3, 4))
        self.assert_held_back(channel)
        self.worker.give_credit(channel, SIZE - 1)
        self.assert_held_back(channel)
        self.worker.give_credit(channel, 10 * SIZE)
        self.take_numbers(channel, range(4, 14))
        self.assert_held_back(channel)
        self.worker.give_credit(channel, -1)
        self.take_numbers(channel, range(14, 50))
        self.worker.take_end(channel)

    def test_no_credit_to_begin_with(self):
        channel = self.produce(0)
        self.assert_held_back(channel)
        self.worker.give_credit(channel, 2**62)
        self.worker.give_credit(channel, 2**62)
        self.worker.give_credit(channel, 2**62)
        self.take_numbers(channel, range(50))
        self.worker.take_end(channel)

    def test_closing_wakes_the_sender(self):
        channel = self.produce(1)
        self.take_numbers(channel, range(1))
        self.assert_held_back(channel)
        self.worker.send(CLOSE, channel)
        while self.worker.status()['numexecuting']:
            pass

    def test_last_message_leaves_the_sender(self):
        channel = self.produce(1)
        self.worker.send(LAST_MESSAGE, channel)
        self.take_numbers(channel, range(1))
        self.assert_held_back(channel)
        self.worker.give_credit(channel, 1000 * SIZE)
        self.take_numbers(channel, range(1, 50))
        self.worker.take_end(channel)

    def test_malformed(self):
        # As for other messages that mean nothing.
        channel = self.produce(1)
        for payload in (b'', b'x', b'123456789', b'\xff' * 7):
            self.worker.send_raw(FLOW, channel, payload)
        self.worker.send_raw(FLOW, 99999, struct.pack('>q', 1))
        self.worker.send_raw(FLOW_BEGUN, channel, b'')
        self.worker.send_raw(FLOW_BEGUN, 99999, b'')
        self.take_numbers(channel, range(1))
        self.assert_held_back(channel)
        self.worker.give_credit(channel, 1000 * SIZE)
        self.take_numbers(channel, range(1, 50))
        self.worker.take_end(channel)

    def consume(self, how):
        channel = self.worker.execute('''if 1:
            channel.receive_limit = 1000
            channel.send(channel.receive_limit)
            %s
            channel.send(u'end')
            ''' % how)
        self.assertEqual(self.worker.take(channel), 1000)
        self.assertEqual(self.take_credit(channel), 1000)
        return channel

    def take_credit(self, channel):
        credit = sum(credit for number, credit in self.worker.credits if number == channel)
        del self.worker.credits[:]
        return credit

    def test_receiving_gives_credit(self):
        for how in ('for i in range(20): channel.receive()',
                    'sum(1 for i in range(20) if next(channel))',
                    '[channel.makefile("r").read(2000)]'):
            channel = self.consume(how)
            # This costs none: the answer comes after it.
            self.worker.give(channel, u'x' * 100)
            self.worker.send(FLOW_BEGUN, channel)
            for i in range(19):
                self.worker.give(channel, u'x' * 100)
            self.assertEqual(self.worker.take(channel), u'end')
            self.worker.take_end(channel)
            credit = self.take_credit(channel)
            self.assertGreater(credit, 19 * SIZE - 500)
            self.assertLessEqual(credit, 19 * SIZE)

    def test_a_callback_gives_credit(self):
        channel = self.consume('channel.setcallback(lambda item: None); channel.waitclose()')
        self.worker.send(FLOW_BEGUN, channel)
        for i in range(20):
            self.worker.give(channel, u'x' * 100)
        self.worker.send(LAST_MESSAGE, channel)
        self.assertEqual(self.worker.take(channel), u'end')
        self.worker.take_end(channel)
        self.assertGreater(self.take_credit(channel), 20 * SIZE - 500)

    def test_what_nobody_takes_gives_none(self):
        channel = self.consume('channel.waitclose()')
        self.worker.send(FLOW_BEGUN, channel)
        for i in range(20):
            self.worker.give(channel, u'x' * 100)
        self.worker.send(LAST_MESSAGE, channel)
        self.assertEqual(self.worker.take(channel), u'end')
        self.worker.take_end(channel)
        self.assertEqual(self.take_credit(channel), 0)

    def test_the_limit_ends(self):
        channel = self.consume('channel.receive_limit = 0; channel.receive(); '
                               'channel.receive_limit = 50')
        self.worker.give(channel, u'x')
        self.assertEqual(self.worker.take(channel), u'end')
        self.worker.take_end(channel)
        self.assertEqual([credit for _, credit in self.worker.credits], [-1, 50])


if __name__ == '__main__':
    interpreters.main()
