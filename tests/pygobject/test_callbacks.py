# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Callbacks: where they run, in which order, how they end, and what their errors do."""

import gc
import queue
import threading
import unittest
import weakref

from support import Case, Collector, LONG

END = 'the end'
ECHO = 'for item in channel: channel.send(item)'


class CallbackTest(Case):
    def setUp(self):
        super().setUp()
        self.gateway = self.makegateway()

    def test_runs_while_the_main_thread_is_blocked(self):
        items = queue.Queue()
        channel = self.gateway.remote_exec('for i in range(3): channel.send(i)')
        channel.setcallback(items.put, endmarker=END)
        self.assertEqual([items.get(timeout=LONG) for _ in range(4)], [0, 1, 2, END])

    def test_one_thread_for_each_gateway(self):
        first, second, third = Collector(), Collector(), Collector()
        other = self.makegateway()
        for gateway, collector in ((self.gateway, first), (self.gateway, second), (other, third)):
            channel = gateway.remote_exec(ECHO)
            channel.setcallback(collector)
            channel.send(1)
            collector.wait_for(1)
            collector.channel = channel
        self.assertEqual(first.threads, second.threads)
        self.assertNotEqual(first.threads, third.threads)
        self.assertNotIn(threading.main_thread(), first.threads | third.threads)

    def test_may_wait_for_another_gateway(self):
        other = self.makegateway()
        collector = Collector()
        echo = other.remote_exec(ECHO)

        def ask(item):
            echo.send(item)
            collector(echo.receive(LONG))

        channel = self.gateway.remote_exec('channel.send("question")')
        channel.setcallback(ask)
        self.assertEqual(collector.wait_for(1), ['question'])

    def test_may_wait_for_another_channel_of_its_gateway(self):
        collector = Collector()
        echo = self.gateway.remote_exec(ECHO)

        def ask(item):
            echo.send(item)
            collector(echo.receive(LONG))

        channel = self.gateway.remote_exec('channel.send("question")')
        channel.setcallback(ask)
        self.assertEqual(collector.wait_for(1), ['question'])

    def test_waiting_items_come_in_the_caller(self):
        channel = self.gateway.remote_exec('''
            for i in range(100): channel.send(i)
            channel.receive()
            for i in range(100, 200): channel.send(i)
        ''')
        while channel.wait(-1, None) != self.execnet.WaitResult.READY:
            pass
        collector = Collector()
        channel.setcallback(collector, endmarker=END)
        self.assertIn(threading.main_thread(), collector.threads)
        channel.send(None)
        channel.waitclose(LONG)
        self.assertEqual(collector.items, [*range(200), END])

    def test_order_with_late_callback(self):
        for _ in range(20):
            channel = self.gateway.remote_exec('for i in range(300): channel.send(i)')
            items = []
            channel.setcallback(items.append, endmarker=END)
            channel.waitclose(LONG)
            self.assertEqual(items, [*range(300), END])

    def test_ended_channel(self):
        channel = self.gateway.remote_exec('channel.send(1)')
        channel.waitclose(LONG)
        items = []
        channel.setcallback(items.append, endmarker=END)
        self.assertEqual(items, [1, END])

    def test_waitclose_comes_after_everything(self):
        for _ in range(50):
            channel = self.gateway.remote_exec('for i in range(10): channel.send(i)')
            items = []
            channel.setcallback(items.append, endmarker=END)
            channel.waitclose(LONG)
            self.assertEqual(items[-1], END)
            self.assertEqual(len(items), 11)

    def test_excludes_receiving(self):
        channel = self.gateway.remote_exec(ECHO)
        channel.setcallback(print)
        for call in (channel.receive, lambda: channel.receive(0), lambda: next(channel),
                     lambda: channel.setcallback(print)):
            with self.assertRaises(OSError) as caught:
                call()
            self.assertNotIsInstance(caught.exception, self.execnet.TimeoutError)

    def test_error_is_told_to_both_sides(self):
        collector = Collector()
        answers = self.gateway.newchannel()
        channel = self.gateway.remote_exec('''
            answers = channel.receive()
            channel.send(1)
            channel.send(2)
            try:
                channel.receive()
            except channel.RemoteError as error:
                answers.send(str(error))
        ''')

        def fail(item):
            collector(item)
            if item == 1:
                raise KeyError('on purpose')

        channel.setcallback(fail, endmarker=END)
        channel.send(answers)
        self.assertIn("KeyError: 'on purpose'", answers.receive(LONG))
        with self.assertRaisesRegex(self.execnet.RemoteError, "KeyError: 'on purpose'"):
            channel.waitclose(LONG)
        channel.waitclose(LONG)
        self.assertEqual(collector.items, [1, END])
        with self.assertRaises(OSError):
            channel.send(1)

    def test_error_for_the_end_marker(self):
        def fail(item):
            raise KeyError(item)

        channel = self.gateway.remote_exec('pass')
        with self.assertLogsToStderr("KeyError: 'the end'"):
            channel.setcallback(fail, endmarker=END)
            channel.waitclose(LONG)
        # The gateway goes on.
        channel = self.gateway.remote_exec('channel.send(1)')
        collector = Collector()
        channel.setcallback(collector)
        self.assertEqual(collector.wait_for(1), [1])

    def test_error_in_the_caller(self):
        channel = self.gateway.remote_exec('channel.send(1); channel.send(2); channel.receive()')
        items = []

        def fail(item):
            items.append(item)
            raise KeyError(item)

        while channel.wait(-1, None) != self.execnet.WaitResult.READY:
            pass
        with self.assertRaises(KeyError):
            channel.setcallback(fail)
        self.assertEqual(items, [1])
        self.assertTrue(channel.isclosed())

    def test_unhandled_error_is_written(self):
        def fail(item):
            raise KeyError('nobody asks')

        channel = self.gateway.remote_exec('channel.receive(); channel.send(1)')
        done = threading.Event()
        channel.setcallback(lambda item: done.set() if item == END else fail(item), endmarker=END)
        with self.assertLogsToStderr('unhandled RemoteError.*nobody asks'):
            channel.send(None)
            done.wait(LONG)
            # The marker's own call is over when waiting for the end is.
            while channel.wait_closed(-1, None) != self.execnet.WaitResult.READY:
                pass
            del channel
            gc.collect()

    def test_waiting_for_oneself(self):
        collector = Collector()
        channel = self.gateway.remote_exec(ECHO)

        def wait(item):
            try:
                channel.waitclose()
            except OSError as error:
                collector(str(error))

        channel.setcallback(wait)
        channel.send(1)
        collector.wait_for(1)
        channel = self.gateway.remote_exec('channel.send(1); channel.receive()')
        while channel.wait(-1, None) != self.execnet.WaitResult.READY:
            pass
        channel.setcallback(wait)
        self.assertEqual(len(collector.wait_for(2)), 2)

    def test_stays_when_the_channel_is_dropped(self):
        collector = Collector()
        control = self.gateway.newchannel()
        channel = self.gateway.remote_exec('''
            control = channel.receive()
            for item in control:
                channel.send(item)
        ''')
        channel.setcallback(collector, endmarker=END)
        channel.send(control)
        gone = weakref.ref(channel)
        del channel
        self.assertIsNone(gone())
        control.send('a')
        control.send(['b'])
        self.assertEqual(collector.wait_for(2), ['a', ['b']])
        control.close()
        self.assertEqual(collector.wait_for(3), ['a', ['b'], END])

    def test_the_other_side_gets_the_reason_of_a_dropped_channel(self):
        control = self.gateway.newchannel()
        channel = self.gateway.remote_exec('''
            control = channel.receive()
            # The other side has said that it sends no more.
            channel.waitclose(60)
            channel.send(control.receive())
            while not channel.isclosed():
                pass
            control.send(str(channel._getremoteerror()))
        ''')

        def fail(item):
            raise KeyError('on purpose')

        channel.setcallback(fail)
        channel.send(control)
        del channel
        with self.assertLogsToStderr('on purpose'):
            control.send(1)
            text = control.receive(LONG)
            gc.collect()
        self.assertIn('on purpose', text)
        self.assertIn('Traceback', text)

    def test_failing_after_the_channel_was_dropped(self):
        control = self.gateway.newchannel()
        channel = self.gateway.remote_exec('''
            control = channel.receive()
            channel.send(control.receive())
            try:
                channel.send(control.receive())
            except OSError:
                control.send('closed')
        ''')
        done = threading.Event()

        def fail(item):
            if item == END:
                done.set()
            else:
                raise KeyError('on purpose')

        channel.setcallback(fail, endmarker=END)
        channel.send(control)
        del channel
        with self.assertLogsToStderr('on purpose'):
            control.send(1)
            done.wait(LONG)
            control.send(2)
            self.assertEqual(control.receive(LONG), 'closed')
            self.gateway.exit()
            self.join_callback_thread()
            gc.collect()

    def test_callback_that_holds_its_channel_is_freed(self):
        channel = self.gateway.remote_exec('channel.send(1)')
        gone = weakref.ref(channel)
        channel.setcallback(lambda item: repr(channel), endmarker=END)
        channel.waitclose(LONG)
        self.gateway.exit()
        self.join_callback_thread()
        del channel
        gc.collect()
        self.assertIsNone(gone())

    def test_closing_in_the_callback(self):
        collector = Collector()
        channel = self.gateway.remote_exec(ECHO)

        def close(item):
            collector(item)
            channel.close()

        channel.setcallback(close, endmarker=END)
        channel.send(1)
        channel.waitclose(LONG)
        self.assertEqual(collector.items, [1, END])

    def test_starting_in_the_callback(self):
        collector = Collector()

        def start(item):
            channel = self.gateway.remote_exec('channel.send("inner")')
            channel.setcallback(collector, endmarker=END)

        channel = self.gateway.remote_exec('channel.send(1)')
        channel.setcallback(start)
        self.assertEqual(collector.wait_for(2), ['inner', END])

    def test_waiting_in_the_caller(self):
        """The gateway's thread stays free while the caller is called with what has been waiting."""
        collector = Collector()
        channel = self.gateway.remote_exec(
            'ready = channel.receive()\nchannel.send(1)\nready.send(None)\n'
            'channel.receive()\nchannel.send(2)')
        ready = self.gateway.newchannel()
        channel.send(ready)
        ready.receive(LONG)

        def take(item):
            collector(item)
            if item == 1:
                channel.send(None)
                inner = self.gateway.remote_exec('channel.send("inner")')
                inner.setcallback(collector)
                inner.waitclose(LONG)

        channel.setcallback(take, endmarker=END)
        channel.waitclose(LONG)
        self.assertEqual(collector.items, [1, 'inner', 2, END])

    def test_end_marker_when_terminated(self):
        collector = Collector()
        channel = self.gateway.remote_exec('channel.receive()')
        channel.setcallback(collector, endmarker=END)
        self.group.terminate(5)
        self.assertEqual(collector.wait_for(1), [END])

    def test_any_end_marker(self):
        for endmarker in (None, 0, object()):
            items = []
            channel = self.gateway.remote_exec('pass')
            channel.setcallback(items.append, endmarker)
            channel.waitclose(LONG)
            self.assertEqual(items, [endmarker])

    def join_callback_thread(self):
        self.gateway.join(LONG)
        self.gateway._callback_thread.join(LONG)

    def assertLogsToStderr(self, pattern):
        return _Stderr(self, pattern)


class _Stderr:
    """Checks what is written to sys.stderr meanwhile."""

    def __init__(self, case, pattern):
        self._case = case
        self._pattern = '(?s)' + pattern

    def __enter__(self):
        import contextlib
        import io

        self._text = io.StringIO()
        self._redirection = contextlib.redirect_stderr(self._text)
        self._redirection.__enter__()

    def __exit__(self, *error):
        self._redirection.__exit__(*error)
        if error[0] is None:
            self._case.assertRegex(self._text.getvalue(), self._pattern)


if __name__ == '__main__':
    unittest.main()
