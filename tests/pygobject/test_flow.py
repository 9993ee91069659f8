# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Flow control of channels with a receive limit: who sends waits for who receives."""

import threading
import unittest

from support import Case, Collector, LONG

ITEM = b'x' * 1000
LIMIT = 10000

# Sends until it is held back, and says how far it is when asked over another channel.
PRODUCE = '''
import threading
ask, limit = channel.receive()
counts = []
def answer(question):
    ask.send(len(counts))
ask.setcallback(answer)
while len(counts) < limit:
    channel.send(b'x' * 1000)
    counts.append(1)
'''
CONSUME = '''
channel.receive_limit = channel.receive()
channel.send('ready')
for wanted in control:
    for i in range(wanted):
        channel.receive()
    control.send('taken')
'''


class FlowTest(Case):
    def setUp(self):
        super().setUp()
        self.gateway = self.makegateway()

    def produce(self, n_items):
        channel = self.gateway.remote_exec(PRODUCE)
        channel.receive_limit = LIMIT
        ask = self.gateway.newchannel()
        channel.send((ask, n_items))
        return channel, ask

    def wait_until_held_back(self, ask):
        """Return how much was sent when that doesn't change any more."""
        count = -1
        steady = 0
        while steady < 20:
            ask.send(None)
            before, count = count, ask.receive(LONG)
            steady = steady + 1 if count == before and count else 0
        return count

    def test_worker_is_held_back(self):
        channel, ask = self.produce(100)
        self.assertEqual(self.wait_until_held_back(ask), 10)
        for i in range(100):
            self.assertEqual(channel.receive(LONG), ITEM)
        channel.waitclose(LONG)
        with self.assertRaises(EOFError):
            channel.receive()

    def test_other_channels_go_on(self):
        channel, ask = self.produce(100)
        self.wait_until_held_back(ask)
        other = self.gateway.remote_exec('for item in channel: channel.send(item)')
        for i in range(100):
            other.send(ITEM)
            self.assertEqual(other.receive(LONG), ITEM)
        self.assertEqual(self.gateway.remote_status().numexecuting, 2)

    def test_limit_is_removed(self):
        channel, ask = self.produce(100)
        self.wait_until_held_back(ask)
        channel.receive_limit = 0
        channel.waitclose(LONG)
        self.assertEqual(sum(1 for item in channel), 100)

    def test_limit_grows_and_shrinks(self):
        channel, ask = self.produce(1000)
        self.assertEqual(self.wait_until_held_back(ask), 10)
        channel.receive_limit = 2 * LIMIT
        self.assertEqual(channel.receive_limit, 2 * LIMIT)
        self.assertEqual(self.wait_until_held_back(ask), 20)
        channel.receive_limit = 1
        for i in range(20):
            channel.receive(LONG)
        self.assertEqual(self.wait_until_held_back(ask), 21)
        channel.receive_limit = 0
        channel.receive_limit = LIMIT
        self.assertEqual(sum(1 for item in channel), 980)

    def test_callback_takes(self):
        channel, ask = self.produce(500)
        self.wait_until_held_back(ask)
        collector = Collector()
        channel.setcallback(collector, endmarker=None)
        self.assertEqual(collector.wait_for(501), [ITEM] * 500 + [None])

    def test_signal_takes(self):
        from gi.repository import GLib
        channel, ask = self.produce(500)
        self.wait_until_held_back(ask)
        loop = GLib.MainLoop()
        items = []
        channel.connect('received', lambda channel, item: items.append(item))
        channel.connect('closed', lambda channel, error: loop.quit())
        loop.run()
        self.assertEqual(len(items), 500)

    def test_close_releases_the_sender(self):
        channel, ask = self.produce(500)
        self.wait_until_held_back(ask)
        channel.close()
        # Its code ends with the error that the channel is closed.
        while self.gateway.remote_status().numexecuting:
            pass

    def test_dropping_releases_the_sender(self):
        channel, ask = self.produce(500)
        self.wait_until_held_back(ask)
        del channel
        while self.gateway.remote_status().numexecuting:
            pass

    def test_terminate_releases_the_sender(self):
        channel, ask = self.produce(500)
        self.wait_until_held_back(ask)
        self.group.terminate(LONG)
        self.assertEqual(len(self.group), 0)

    def consumer(self):
        channel = self.gateway.newchannel()
        control = self.gateway.remote_exec('control = channel; channel = control.receive()' + CONSUME)
        control.send(channel)
        channel.send(LIMIT)
        self.assertEqual(channel.receive(LONG), 'ready')
        return channel, control

    def send_in_thread(self, channel, n_items):
        errors = []

        def send():
            try:
                for i in range(n_items):
                    channel.send(ITEM)
                    sent.append(i)
            except OSError as error:
                errors.append(error)

        sent = []
        thread = threading.Thread(target=send)
        thread.start()
        self.addCleanup(thread.join)
        return thread, sent, errors

    def wait_for_steady(self, sent):
        # Round trips take as long as the sender would need for more.
        count = -1
        steady = 0
        while steady < 50:
            self.gateway.remote_status()
            before, count = count, len(sent)
            steady = steady + 1 if count == before and count else 0
        return count

    def test_program_is_held_back(self):
        channel, control = self.consumer()
        thread, sent, errors = self.send_in_thread(channel, 100)
        self.assertEqual(self.wait_for_steady(sent), 10)
        control.send(4)
        self.assertEqual(control.receive(LONG), 'taken')
        self.assertEqual(self.wait_for_steady(sent), 10)
        control.send(4)
        self.assertEqual(control.receive(LONG), 'taken')
        self.assertIn(self.wait_for_steady(sent), (15, 16, 17, 18))
        control.send(92)
        self.assertEqual(control.receive(LONG), 'taken')
        thread.join(LONG)
        self.assertEqual((len(sent), errors), (100, []))

    def test_close_releases_the_program(self):
        for how in ('here', 'there', 'gateway'):
            with self.subTest(how):
                channel, control = self.consumer()
                thread, sent, errors = self.send_in_thread(channel, 100)
                self.wait_for_steady(sent)
                if how == 'here':
                    channel.close()
                elif how == 'there':
                    control.close()
                    control.waitclose(LONG)
                else:
                    self.gateway.exit()
                thread.join(LONG)
                self.assertFalse(thread.is_alive())
                self.assertEqual(len(errors), 1)

    def test_one_item_is_never_too_large(self):
        channel = self.gateway.remote_exec('''
channel.receive_limit = 1
channel.send(len(channel.receive()))
channel.send(len(channel.receive()))
''')
        channel.receive_limit = 1
        channel.send(bytes(10 ** 6))
        channel.send(bytes(10 ** 7))
        self.assertEqual(channel.receive(LONG), 10 ** 6)
        self.assertEqual(channel.receive(LONG), 10 ** 7)

    def test_files_have_a_limit(self):
        channel = self.gateway.remote_exec('''
channel.makefile('r')
channel.send(channel.receive_limit)
''')
        self.assertEqual(channel.receive(LONG), 2 ** 20)
        channel = self.gateway.newchannel()
        channel.receive_limit = 5
        channel.makefile('r')
        self.assertEqual(channel.receive_limit, 5)
        channel.close()
        channel.receive_limit = 0
        channel.makefile('r')

    def test_wrong_limits(self):
        channel = self.gateway.remote_exec('''
for limit in channel:
    try:
        channel.receive_limit = limit
        channel.send(channel.receive_limit)
    except Exception as error:
        channel.send(type(error).__name__)
''')
        for limit, expected in ((-1, 'ValueError'), ('x', 'ValueError'), (None, 0), (5, 5),
                                (2 ** 70, 2 ** 60)):
            channel.send(limit)
            self.assertEqual(channel.receive(LONG), expected)
        for limit, error in ((-1, (ValueError, OverflowError)), ('x', TypeError)):
            with self.assertRaises(error):
                channel.receive_limit = limit
        channel.receive_limit = 2 ** 64 - 1
        self.assertEqual(channel.receive_limit, 2 ** 60)


if __name__ == '__main__':
    unittest.main()
