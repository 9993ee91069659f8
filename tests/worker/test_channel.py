# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What channels do for the code that runs on the worker."""

import unittest

import interpreters
from driver import CLOSE, CLOSE_ERROR, DATA, LAST_MESSAGE, RECONFIGURE, ChannelNumber, Worker


@interpreters.each_interpreter
class Items(interpreters.SharedWorker):

    def test_both_directions(self):
        worker = self.worker
        channel = worker.execute('channel.send(channel.receive() + 1)')
        worker.give(channel, 41)
        self.assertEqual(worker.take(channel), 42)
        worker.take_end(channel)

    def test_every_type_comes_back(self):
        values = [None, True, False, 0, -1, 2**31, -2**31 - 1, 10**300, 1.5, 2j, b'bytes\0\xff',
                  u'text \xe4\u20ac\U0001f40d\0', [], [1, [2]], (), (1, (2,)), {}, {u'a': [1]},
                  {(1, u'b'): None}, {1, 2}, frozenset([b'x']), list(range(1000)), [0.5] * 100]
        channel = self.worker.execute('for item in channel: channel.send(item)')
        for value in values:
            self.worker.give(channel, value)
            received = self.worker.take(channel)
            if self.is_python_2 and value == b'bytes\0\xff':
                # The str of Python 2 is both, and arrives as text by default.
                received = received.encode('latin-1')
            if self.is_python_2 and value == frozenset([b'x']):
                received = frozenset(x.encode('latin-1') for x in received)
            self.assertEqual(received, value)
            self.assertIs(type(received), type(value))
        self.worker.send(LAST_MESSAGE, channel)
        self.worker.take_end(channel)

    def test_iteration_ends_with_the_other_side(self):
        channel = self.worker.execute('channel.send(sum(channel))')
        for i in range(10):
            self.worker.give(channel, i)
        self.worker.send(LAST_MESSAGE, channel)
        self.assertEqual(self.worker.take(channel), 45)
        self.worker.take_end(channel)

    def test_queued_items_can_be_taken_after_the_end(self):
        channel = self.worker.execute('''if 1:
            channel.send('started')
            channel.waitclose(10)
            channel.send([channel.receive(), channel.receive(), channel.isclosed()])
            for i in range(2):
                try:
                    channel.receive(1)
                except EOFError:
                    channel.send('end')
            ''')
        self.worker.take(channel)
        self.worker.give(channel, 1)
        self.worker.give(channel, 2)
        self.worker.send(LAST_MESSAGE, channel)
        self.assertEqual(self.worker.take(channel), [1, 2, False])
        self.assertEqual(self.worker.take(channel), 'end')
        self.assertEqual(self.worker.take(channel), 'end')
        self.worker.take_end(channel)

    def test_receive_times_out(self):
        sent = self.worker.run('''if 1:
            import time
            start = time.time()
            try:
                channel.receive(timeout=0.1)
            except channel.TimeoutError as error:
                channel.send((isinstance(error, IOError), str(error), time.time() - start))
            try:
                channel.waitclose(timeout=0)
            except channel.TimeoutError as error:
                channel.send(str(error))
            ''')
        is_os_error, text, seconds = sent[0]
        self.assertTrue(is_os_error)
        self.assertEqual(text, 'no item after 0.1 seconds')
        self.assertGreater(seconds, 0.09)
        self.assertEqual(sent[1], 'not closed after 0 seconds')

    def test_unserializable_values_are_named(self):
        sent = self.worker.run('''if 1:
            import collections
            Point = collections.namedtuple('Point', 'x y')
            class list(dict):
                pass
            values = [object(), [1, {'a': (2, Point(1, 2))}], list(), 10**5000]
            if %d:
                values.append(eval(r"u'\\ud800'"))
            for value in values:
                try:
                    channel.send(value)
                except Exception as error:
                    channel.send((type(error).__name__, str(error)))
            ''' % (not self.is_jython))
        self.assertEqual({name for name, text in sent}, {'DumpError'})
        texts = [text for name, text in sent]
        self.assertIn('object', texts[0])
        self.assertIn('Point', texts[1])
        self.assertIn("item[1]['a'][1]", texts[1])
        self.assertIn('__channelexec__.list', texts[2])
        self.assertIn('4300 digits', texts[3])
        if not self.is_jython:
            # Text of Java can't even be written with one.
            self.assertIn('surrogate', texts[4])

    def test_items_for_nobody_are_dropped(self):
        self.worker.give(100001, u'x')
        self.worker.send(CLOSE, 100001)
        self.worker.send(CLOSE_ERROR, 100001, u'x')
        self.worker.send(LAST_MESSAGE, 100001)
        self.assertEqual(self.worker.status()['numchannels'], 0)


@interpreters.each_interpreter
class Ends(interpreters.SharedWorker):

    def test_own_close_is_refused_and_the_code_goes_on(self):
        sent = self.worker.run('''if 1:
            try:
                channel.close()
            except OSError as error:
                channel.send(str(error))
            try:
                channel.close('text')
            except IOError:
                channel.send('still here')
            ''')
        self.assertIn('cannot close', sent[0])
        self.assertEqual(sent[1], 'still here')

    def test_close_by_the_other_side(self):
        channel = self.worker.execute('''if 1:
            c = channel.gateway.newchannel()
            channel.send(c)
            c.waitclose()
            channel.send((c.isclosed(), repr(c)))
            try:
                c.send(1)
            except OSError as error:
                channel.send(str(error))
            try:
                c.receive()
            except EOFError:
                channel.send('end')
            ''')
        number = self.worker.take(channel).id
        self.worker.send(CLOSE, number)
        self.assertEqual(self.worker.take(channel), (True, '<Channel id=%d closed>' % number))
        self.assertIn('cannot send', self.worker.take(channel))
        self.assertEqual(self.worker.take(channel), 'end')
        self.worker.take_end(channel)

    def test_error_of_the_other_side_is_raised_once(self):
        for waiting in ('receive', 'waitclose'):
            for error in (u'the text', (u'the text', u'ValueError', u'text')):
                channel = self.worker.execute('''if 1:
                    c = channel.gateway.newchannel()
                    channel.send(c)
                    try:
                        c.%s()
                    except c.RemoteError as error:
                        channel.send([error.formatted, str(error)])
                    c.waitclose()
                    try:
                        c.receive()
                    except EOFError:
                        channel.send('end')
                    ''' % waiting)
                self.worker.send(CLOSE_ERROR, self.worker.take(channel).id, error)
                self.assertEqual(self.worker.take(channel), ['the text', 'the text'])
                self.assertEqual(self.worker.take(channel), 'end')
                self.worker.take_end(channel)

    def test_own_close_with_error(self):
        channel = self.worker.execute('''if 1:
            c = channel.gateway.newchannel()
            channel.send(c)
            c.close('what happened')
            c.close()
            c.waitclose()
            try:
                c.receive()
            except EOFError:
                channel.send(c.isclosed())
            ''')
        number = self.worker.take(channel).id
        self.assertEqual(self.worker.take_error(number), 'what happened')
        self.assertIs(self.worker.take(channel), True)
        self.worker.take_end(channel)
        self.assertEqual([m for m in self.worker.messages if m.channel == number], [])

    def test_dropped_channel_says_so(self):
        channel = self.worker.execute('''if 1:
            import gc
            c = channel.gateway.newchannel()
            d = channel.gateway.newchannel()
            d.setcallback(lambda item: channel.send(item))
            channel.send([c, d])
            channel.receive()
            del c, d
            gc.collect()
            gc.collect()
            channel.receive()
            ''')
        c, d = self.worker.take(channel)
        self.worker.give(channel, None)
        self.assertEqual(self.worker.next_on(c.id).code, CLOSE)
        self.assertEqual(self.worker.next_on(d.id).code, LAST_MESSAGE)
        # The callback is still there.
        self.worker.give(d.id, 5)
        self.assertEqual(self.worker.take(channel), 5)
        self.worker.send(CLOSE, d.id)
        self.worker.give(channel, None)
        self.worker.take_end(channel)

    def test_a_close_ends_the_wait_of_another_thread(self):
        # Also of one that reads the connection itself.
        sent = self.worker.run('''if 1:
            import threading
            c = channel.gateway.newchannel()
            waiting = threading.Event()
            def close():
                waiting.wait()
                c.close()
            thread = threading.Thread(target=close)
            thread.start()
            waiting.set()
            try:
                c.receive()
            except EOFError:
                channel.send('end')
            thread.join()
            ''')
        self.assertEqual(sent, ['end'])


@interpreters.each_interpreter
class Callbacks(interpreters.SharedWorker):

    def test_items_and_end_marker(self):
        channel = self.worker.execute('''if 1:
            import threading
            c = channel.gateway.newchannel()
            channel.send(c)
            channel.receive()
            got = []
            names = set()
            def callback(item):
                names.add(threading.current_thread() is threading.main_thread()
                          if hasattr(threading, 'main_thread') else False)
                got.append(item)
            c.setcallback(callback, endmarker='end')
            queued = list(got)
            c.waitclose()
            channel.send([queued, got, len(names)])
            try:
                c.receive()
            except OSError as error:
                channel.send(str(error))
            ''')
        number = self.worker.take(channel).id
        self.worker.give(number, 1)
        self.worker.give(number, 2)
        self.worker.give(channel, None)
        for i in range(3, 100):
            self.worker.give(number, i)
        self.worker.send(CLOSE, number)
        queued, got, threads = self.worker.take(channel)
        self.assertEqual(queued[:2], [1, 2])
        self.assertEqual(got, list(range(1, 100)) + ['end'])
        self.assertIn('callback', self.worker.take(channel))
        self.worker.take_end(channel)

    def test_runs_while_the_main_thread_computes(self):
        channel = self.worker.execute('''if 1:
            got = []
            c = channel.gateway.newchannel()
            c.setcallback(got.append)
            channel.send(c)
            while not got:
                pass
            channel.send(got)
            ''')
        self.worker.give(self.worker.take(channel).id, u'x')
        self.assertEqual(self.worker.take(channel), ['x'])
        self.worker.take_end(channel)

    def test_exceptions_of_queued_items_reach_the_caller(self):
        channel = self.worker.execute('''if 1:
            c = channel.gateway.newchannel()
            channel.send(c)
            channel.receive()
            def callback(item):
                raise ValueError(item)
            try:
                c.setcallback(callback)
            except ValueError as error:
                channel.send(str(error))
            try:
                c.setcallback(None)
            except TypeError as error:
                channel.send('not callable')
            channel.send(c.receive())
            ''')
        number = self.worker.take(channel).id
        self.worker.give(number, 1)
        self.worker.give(number, 2)
        self.worker.give(channel, None)
        self.assertEqual(self.worker.take(channel), '1')
        self.assertEqual(self.worker.take(channel), 'not callable')
        self.assertEqual(self.worker.take(channel), 2)
        self.worker.take_end(channel)

    def test_a_callback_that_raises_closes_the_channel(self):
        channel = self.worker.execute('''if 1:
            def callback(item):
                if item == 'end':
                    channel.send(item)
                else:
                    raise ValueError(item)
            c = channel.gateway.newchannel()
            c.setcallback(callback, 'end')
            channel.send(c)
            try:
                c.waitclose()
            except c.RemoteError as error:
                channel.send(error.formatted)
            c.waitclose()
            ''')
        number = self.worker.take(channel).id
        self.worker.give(number, 1)
        self.worker.give(number, 2)
        text, name, message = self.worker.take_error(number)
        self.assertIn('ValueError: 1', text)
        self.assertEqual((name, message), ('ValueError', '1'))
        self.assertEqual(self.worker.take(channel), 'end')
        self.assertIn('ValueError: 1', self.worker.take(channel))
        self.worker.take_end(channel)

    def test_a_callback_may_wait_for_other_channels_but_not_for_its_own(self):
        channel = self.worker.execute('''if 1:
            def callback(item):
                channel.send('called')
                channel.send(channel.receive() + item)
                try:
                    c.waitclose()
                except OSError as error:
                    channel.send(str(error))
            c = channel.gateway.newchannel()
            c.setcallback(callback)
            channel.send(c)
            c.waitclose()
            ''')
        number = self.worker.take(channel).id
        self.worker.give(number, 1)
        self.assertEqual(self.worker.take(channel), 'called')
        self.worker.give(channel, 2)
        self.assertEqual(self.worker.take(channel), 3)
        self.assertIn('cannot wait', self.worker.take(channel))
        self.worker.send(CLOSE, number)
        self.worker.take_end(channel)

    def test_set_on_the_channel_of_the_code(self):
        channel = self.worker.execute('''if 1:
            channel.setcallback(lambda item: channel.send(item and item * 2), endmarker=None)
            channel.waitclose()
            ''')
        self.worker.give(channel, 21)
        self.assertEqual(self.worker.take(channel), 42)
        self.worker.send(LAST_MESSAGE, channel)
        self.assertIsNone(self.worker.take(channel))
        self.worker.take_end(channel)


class BrokenEndMarker:

    def test_is_reported_and_the_worker_goes_on(self):
        with Worker(self.python, stderr=-1) as worker:
            channel = worker.execute('''if 1:
                def callback(item):
                    raise ValueError(item)
                c = channel.gateway.newchannel()
                c.setcallback(callback, 'the end marker')
                channel.send(c)
                try:
                    c.waitclose()
                except c.RemoteError:
                    channel.send('closed')
                ''')
            number = worker.take(channel).id
            worker.give(number, 1)
            worker.take_error(number)
            self.assertEqual(worker.take(channel), 'closed')
            worker.take_end(channel)
            worker.end_input()
            self.assertIn(b'ValueError: the end marker', worker.process.stderr.read())


interpreters.each_interpreter(BrokenEndMarker)


class UnhandledError:

    def test_is_written_when_its_channel_goes(self):
        with Worker(self.python, stderr=-1) as worker:
            channel = worker.execute('''if 1:
                import gc
                c = channel.gateway.newchannel()
                d = channel.gateway.newchannel()
                channel.send([c, d])
                try:
                    c.waitclose()
                except c.RemoteError:
                    pass
                channel.receive()
                del c, d
                while True:
                    gc.collect()
                    try:
                        channel.receive(0.05)
                        break
                    except channel.TimeoutError:
                        pass
                ''')
            c, d = worker.take(channel)
            worker.send(CLOSE_ERROR, c.id, u'somebody asks')
            worker.send(CLOSE_ERROR, d.id, u'nobody asks')
            worker.give(channel, None)
            # A collector may finalize later, in a thread of its own: Jython's does.
            written = worker.process.stderr.readline()
            worker.give(channel, None)
            worker.take_end(channel)
            worker.end_input()
            written += worker.process.stderr.read()
            self.assertEqual(written.count(b'unhandled RemoteError: nobody asks'), 1)
            self.assertNotIn(b'somebody', written)


interpreters.each_interpreter(UnhandledError)


@interpreters.each_interpreter
class Channels(interpreters.SharedWorker):

    def test_over_channels(self):
        channel = self.worker.execute('''if 1:
            one, two = channel.receive()
            two.send('world')
            one.send('hello')
            channel.send([one, one.gateway is channel.gateway, one.id, channel])
            channel.send(one is channel.receive())
            ''')
        one, two = (ChannelNumber(self.worker.number()) for i in range(2))
        self.worker.give(channel, (one, two))
        self.assertEqual(self.worker.take(two.id), 'world')
        self.assertEqual(self.worker.take(one.id), 'hello')
        self.assertEqual(self.worker.take(channel), [one, True, one.id, ChannelNumber(channel)])
        self.worker.give(channel, one)
        self.assertIs(self.worker.take(channel), True)
        self.worker.take_end(channel)

    def test_made_here_have_even_numbers(self):
        first, second = self.worker.run(
            'for i in range(2): channel.send(channel.gateway.newchannel().id)')
        self.assertEqual(first % 2, 0)
        self.assertEqual(second, first + 2)

    def test_closed_ones_are_not_sent(self):
        sent = self.worker.run('''if 1:
            c = channel.gateway.newchannel()
            c.close()
            try:
                channel.send([c])
            except Exception as error:
                channel.send((type(error).__name__, str(error)))
            ''')
        self.assertEqual(sent[0][0], 'DumpError')
        self.assertIn('channel that is closed', sent[0][1])

    def test_gateway(self):
        name, text, backend, model, live = self.worker.run('''if 1:
            gateway = channel.gateway
            queue = gateway.execmodel.queue.Queue()
            queue.put(1)
            channel.send([gateway.id, repr(gateway), gateway.execmodel.backend,
                          repr(gateway.execmodel), gateway.hasreceiver()])
            ''')[0]
        self.assertEqual(name, 'test-worker')
        self.assertEqual(
            text, "<Gateway id='test-worker' receive-live, thread model, 1 active channels>")
        self.assertEqual((backend, model, live), ('thread', "<ExecModel 'thread'>", True))


@interpreters.each_interpreter
class Coercion:

    def setUp(self):
        self.worker = Worker(self.python)

    def tearDown(self):
        self.worker.close()

    def test_of_one_channel(self):
        channel = self.worker.execute('''if 1:
            channel.reconfigure(py2str_as_py3str=False, py3str_as_py2str=True)
            for i in range(2):
                channel.send(type(channel.receive()) is bytes)
            ''')
        self.assertEqual(self.worker.next_on(channel)[::2], (RECONFIGURE, (False, True)))
        self.worker.give(channel, u'x')
        self.assertIs(self.worker.take(channel), True)
        self.worker.send_raw(DATA, channel, b'M\0\0\0\1xQ')
        self.assertIs(self.worker.take(channel), True)
        self.worker.take_end(channel)

    def test_of_the_gateway_holds_for_later_channels(self):
        channel = self.worker.execute('''if 1:
            before = channel.gateway.newchannel()
            channel.gateway.reconfigure(py3str_as_py2str=True)
            after = channel.gateway.newchannel()
            channel.send([before, after])
            channel.send([type(c.receive()) is bytes for c in (before, after)])
            ''')
        self.assertEqual(self.worker.next_on(0)[::2], (RECONFIGURE, (True, True)))
        before, after = self.worker.take(channel)
        self.worker.give(before.id, u'x')
        self.worker.give(after.id, u'x')
        self.assertEqual(self.worker.take(channel), [False, True])
        self.worker.take_end(channel)

    def test_by_the_other_side(self):
        self.worker.send(RECONFIGURE, 0, (True, True))
        channel = self.worker.execute('channel.send(type(channel.receive()) is bytes)')
        self.worker.give(channel, u'x')
        self.assertIs(self.worker.take(channel), True)
        self.worker.take_end(channel)
        channel = self.worker.execute('channel.send(0)\n' * 2 + '''if 1:
            channel.receive()
            channel.send(type(channel.receive()) is bytes)
            ''')
        self.worker.take(channel)
        self.worker.send(RECONFIGURE, channel, (True, False))
        self.worker.give(channel, None)
        self.worker.give(channel, u'x')
        self.worker.take(channel)
        self.assertIs(self.worker.take(channel), False)
        self.worker.take_end(channel)


if __name__ == '__main__':
    interpreters.main()
