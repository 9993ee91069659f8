# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Multi-channels: several channels that are used together."""

import os
import queue
import signal
import unittest

from support import Case, LONG


def send_double(channel, n):
    channel.send(n * 2)


class MultiChannelTest(Case):
    def setUp(self):
        super().setUp()
        self.gateways = [self.makegateway() for _ in range(2)]

    def test_sequence(self):
        multi = self.group.remote_exec('channel.receive()')
        self.assertIsInstance(multi, self.execnet.MultiChannel)
        self.assertEqual(len(multi), 2)
        self.assertEqual([channel.gateway for channel in multi], self.gateways)
        self.assertIs(multi[0], list(multi)[0])
        self.assertIs(multi[-1], multi[1])
        self.assertEqual(multi[0:1], [multi[0]])
        self.assertIn(multi[0], multi)
        self.assertNotIn(self.gateways[0].newchannel(), multi)
        with self.assertRaises(IndexError):
            multi[2]
        with self.assertRaises(TypeError):
            multi['gw0']
        self.assertEqual(multi.get_n_items(), 2)
        self.assertIs(multi.get_item(1), multi[1])

    def test_constructor(self):
        channels = [gateway.remote_exec('channel.send(channel.receive())')
                    for gateway in self.gateways]
        multi = self.execnet.MultiChannel(iter(channels))
        multi.send_each([1])
        self.assertEqual(multi.receive_each(), [[1], [1]])
        empty = self.execnet.MultiChannel([])
        self.assertEqual((len(empty), empty.receive_each()), (0, []))
        self.assertIsNone(empty.waitclose())

    def test_kinds_of_source(self):
        self.assertEqual(self.group.remote_exec('channel.send(1)').receive_each(), [1, 1])
        self.assertEqual(self.group.remote_exec(send_double, n=4).receive_each(), [8, 8])

    def test_receive_with_channel(self):
        multi = self.group.remote_exec('channel.send(channel.gateway.id)')
        self.assertEqual(multi.receive_each(withchannel=True),
                         [(multi[0], 'gw0-worker'), (multi[1], 'gw1-worker')])

    def test_waitclose_raises_the_first_error_at_the_end(self):
        multi = self.group.remote_exec('raise ValueError(channel.gateway.id)')
        with self.assertRaisesRegex(self.execnet.RemoteError, 'gw0-worker'):
            multi.waitclose()
        self.assertTrue(all(channel.isclosed() for channel in multi))
        multi.waitclose()

    def test_receive_queue(self):
        multi = self.group.remote_exec('''
            channel.send(1)
            channel.send(2)
        ''')
        items = multi.make_receive_queue(endmarker=-1)
        self.assertIsInstance(items, queue.Queue)
        self.assertIs(multi.make_receive_queue(), items)
        got = {channel: [] for channel in multi}
        for _ in range(6):
            channel, item = items.get(timeout=LONG)
            got[channel].append(item)
        self.assertEqual(list(got.values()), [[1, 2, -1], [1, 2, -1]])
        with self.assertRaises(queue.Empty):
            items.get(timeout=0.01)
        with self.assertRaises(queue.Empty):
            items.get(block=False)

    def test_receive_queue_without_marker(self):
        multi = self.group.remote_exec('channel.send(1)')
        items = multi.make_receive_queue()
        self.assertEqual({items.get(timeout=LONG) for _ in multi},
                         {(channel, 1) for channel in multi})
        multi.waitclose()
        self.assertTrue(items.empty())

    def test_receive_queue_of_killed_gateways(self):
        multi = self.group.remote_exec('import os; channel.send(os.getpid()); channel.receive()')
        items = multi.make_receive_queue(endmarker=None)
        for pid in [items.get(timeout=LONG)[1] for _ in multi]:
            os.kill(pid, signal.SIGKILL)
        self.assertEqual({items.get(timeout=LONG) for _ in multi},
                         {(channel, None) for channel in multi})
        with self.assertRaises(EOFError):
            multi.waitclose()
        self.assertTrue(items.empty())
        # They stay members, and can't run anything.
        self.assertEqual(list(self.group), self.gateways)
        with self.assertRaises(OSError):
            self.group.remote_exec('pass')

    def test_library_queue(self):
        """The library's own queue, for programs with a main loop."""
        multi = self.group.remote_exec('channel.send(1)')
        items = self.execnet.ReceiveQueue.new(True)
        for channel in multi:
            items.add(channel)
        ends = 0
        while items.wait(LONG * 1000, None) == self.execnet.WaitResult.READY:
            taken, channel, item = items.try_pop()
            self.assertTrue(taken)
            self.assertIn(channel, multi)
            ends += item is None
        self.assertEqual(ends, 2)


if __name__ == '__main__':
    unittest.main()
