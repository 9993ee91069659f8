# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who reads, and that nobody waits for a message that is there."""

import threading
import unittest

import interpreters
from driver import CLOSE, DATA, INFORMATION, Worker


@interpreters.each_interpreter
class Reading(interpreters.SharedWorker):

    def test_messages_are_served_while_code_computes(self):
        channel = self.worker.execute('''if 1:
            channel.send('ready')
            c = channel.gateway.newchannel()
            channel.send(c)
            while not c.isclosed():
                pass
            ''')
        self.worker.take(channel)
        number = self.worker.take(channel).id
        for i in range(5):
            self.assertEqual(self.worker.status()['numexecuting'], 1)
            asked = self.worker.number()
            self.worker.send(INFORMATION, asked)
            self.assertEqual(self.worker.take(asked)['pid'], self.worker.hello.item['pid'])
            self.worker.take_end(asked)
            self.assertEqual(self.worker.run('channel.send(channel.id)'),
                             [self.worker.next_number])
        self.worker.send(CLOSE, number)
        self.worker.take_end(channel)

    def test_threads_wait_on_different_channels(self):
        # In each order of who comes first, who gets something first and who leaves first.
        channel = self.worker.execute('''if 1:
            import threading
            channels = [channel.gateway.newchannel() for i in range(5)]
            def serve(c):
                for item in c:
                    c.send(item * 2)
            threads = [threading.Thread(target=serve, args=(c,)) for c in channels]
            for thread in threads:
                thread.start()
            channel.send(channels)
            for thread in threads:
                thread.join()
            ''')
        numbers = [c.id for c in self.worker.take(channel)]
        for turn in range(100):
            for i in range(len(numbers)):
                number = numbers[(turn * 7 + i * 3) % len(numbers)]
                self.worker.give(number, turn)
                self.assertEqual(self.worker.take(number), turn * 2)
        for number in numbers:
            self.worker.send(CLOSE, number)
        self.worker.take_end(channel)

    def test_threads_wait_on_one_channel(self):
        channel = self.worker.execute('''if 1:
            import threading
            c = channel.gateway.newchannel()
            def serve():
                for item in c:
                    channel.send(item)
            threads = [threading.Thread(target=serve) for i in range(4)]
            for thread in threads:
                thread.start()
            channel.send(c)
            for thread in threads:
                thread.join()
            ''')
        number = self.worker.take(channel).id
        for i in range(500):
            self.worker.give(number, i)
        got = [self.worker.take(channel) for i in range(500)]
        self.assertEqual(sorted(got), list(range(500)))
        self.worker.send(CLOSE, number)
        self.worker.take_end(channel)

    def test_one_waits_while_another_computes(self):
        first = self.worker.execute('''if 1:
            channel.send('ready')
            c = channel.gateway.newchannel()
            channel.send(c)
            while not c.isclosed():
                pass
            ''')
        self.worker.take(first)
        number = self.worker.take(first).id
        second = self.worker.execute('for item in channel: channel.send(item)')
        for i in range(20):
            self.worker.give(second, i)
            self.assertEqual(self.worker.take(second), i)
        self.worker.send(CLOSE, number)
        self.worker.take_end(first)
        self.worker.send(CLOSE, second)

    def test_timeouts_while_others_read(self):
        channel = self.worker.execute('''if 1:
            import threading
            c = channel.gateway.newchannel()
            results = []
            def wait(seconds):
                try:
                    c.receive(seconds)
                except c.TimeoutError:
                    results.append(seconds)
            threads = [threading.Thread(target=wait, args=(0.05 * i,)) for i in (3, 2, 1)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            channel.send(sorted(results) == [0.05, 0.1, 0.05 * 3])
            ''')
        self.assertIs(self.worker.take(channel), True)
        self.worker.take_end(channel)

    def test_many_messages_in_pieces(self):
        channel = self.worker.execute('channel.send([channel.receive() for i in range(300)])')
        sizes = [0, 1, 100, 65535, 65536, 70000, 200000] * 43
        data = b''
        for i in range(300):
            payload = b'A' + sizes[i].to_bytes(4, 'big') + b'x' * sizes[i] + b'Q'
            data += bytes([DATA]) + channel.to_bytes(4, 'big')
            data += len(payload).to_bytes(4, 'big') + payload
        if self.is_jython:
            size = 1 << 16
        else:
            size = 4099
        sender = threading.Thread(target=lambda: [
            self.worker.write(data[i:i + size]) for i in range(0, len(data), size)])
        sender.start()
        got = self.worker.take(channel)
        sender.join()
        self.worker.take_end(channel)
        self.assertEqual([len(item) for item in got], sizes[:300])

    def test_byte_by_byte(self):
        channel = self.worker.execute('channel.send(channel.receive())')
        for byte in bytes([DATA]) + channel.to_bytes(4, 'big') + b'\0\0\0\7N\0\0\0\1xQ':
            self.worker.write(bytes([byte]))
        self.assertEqual(self.worker.take(channel), 'x')
        self.worker.take_end(channel)


@interpreters.each_interpreter
class BigItems(interpreters.SharedWorker):

    def test_both_sides_send_at_once(self):
        size, count = (1000000, 3) if self.is_jython else (10000000, 5)
        channel = self.worker.execute('''if 1:
            for i in range(%d):
                channel.send(b'w' * %d)
            for i in range(%d):
                item = channel.receive()
            channel.send(len(item))
            ''' % (count, size, count))
        # All of it is written before anything is read here.
        item = b'i' * size
        sender = threading.Thread(
            target=lambda: [self.worker.give(channel, item) for i in range(count)])
        sender.start()
        for i in range(count):
            self.assertEqual(len(self.worker.take(channel)), size)
        self.assertEqual(self.worker.take(channel), size)
        sender.join()
        self.worker.take_end(channel)

    def test_other_items_than_bytes(self):
        item = {u'text': u'\xe4' * 300000, u'list': [float(i) for i in range(20000)],
                u'mixed': [(i, u'x') for i in range(5000)]}
        channel = self.worker.execute('channel.send(channel.receive())')
        self.worker.give(channel, item)
        self.assertEqual(self.worker.take(channel), item)
        self.worker.take_end(channel)

    def test_threads_send_at_once(self):
        channel = self.worker.execute('''if 1:
            import threading
            def send(number):
                for i in range(20):
                    channel.send((number, i, b'x' * (number * 10007)))
            threads = [threading.Thread(target=send, args=(i,)) for i in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            ''')
        seen = [0] * 8
        for i in range(160):
            number, count, data = self.worker.take(channel)
            self.assertEqual(count, seen[number])
            self.assertEqual(len(data), number * 10007)
            seen[number] += 1
        self.worker.take_end(channel)


class Waking(unittest.TestCase):

    def test_an_idle_worker_sleeps(self):
        """Neither before nor after code ran does it wake up without a message."""
        import sys
        with Worker([sys.executable]) as worker:
            worker.run('channel.send(1)')
            second = worker.execute('channel.send(channel.receive())')
            count = worker.execute('''if 1:
                import time
                def switches():
                    import glob
                    total = 0
                    for name in glob.glob('/proc/self/task/*/status'):
                        with open(name) as file:
                            total += sum(int(line.split()[1]) for line in file
                                         if 'voluntary_ctxt_switches' in line)
                    return total
                channel.send(switches())
                channel.receive()
                channel.send(switches())
                ''')
            before = worker.take(count)
            # Long enough for a hundred of the background thread's looks.
            import select
            select.select([worker.reading], [], [], 0.5)
            worker.give(count, None)
            self.assertLess(worker.take(count) - before, 40)
            worker.give(second, 1)
            worker.take(second)


if __name__ == '__main__':
    interpreters.main()
