# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Channels: items both ways, ends, errors, and what dropping one does."""

import contextlib
import gc
import io
import threading
import unittest
import weakref

from support import Case, LONG

ECHO = 'for item in channel: channel.send(item)'


class ChannelTest(Case):
    def setUp(self):
        super().setUp()
        self.gateway = self.makegateway()

    def test_main_job(self):
        channel = self.gateway.remote_exec('channel.send(channel.receive()+1)')
        channel.send(1)
        self.assertEqual(channel.receive(), 2)
        channel.waitclose(LONG)
        self.assertTrue(channel.isclosed())

    def test_values(self):
        channel = self.gateway.remote_exec(ECHO)
        for value in (None, True, 2 ** 70, -2 ** 40, 1.5, 1j, 'ä\0', b'\xff', [1, [2]], (1,),
                      {'a': {2: None}}, {1, 2}, frozenset([3]), [], {}, (), 'x' * 100000):
            channel.send(value)
            received = channel.receive(LONG)
            self.assertEqual(received, value)
            self.assertIs(type(received), type(value))

    def test_iteration(self):
        channel = self.gateway.remote_exec('for i in range(3): channel.send(i)')
        self.assertEqual(next(channel), 0)
        self.assertEqual(channel.next(), 1)
        self.assertEqual(list(channel), [2])
        with self.assertRaises(StopIteration):
            next(channel)

    def test_identity(self):
        channel = self.gateway.remote_exec('channel.send(1)')
        self.assertIs(channel.gateway, self.gateway)
        self.assertEqual(channel, channel)
        self.assertNotEqual(channel, self.gateway.newchannel())
        self.assertEqual(len({channel, self.gateway.newchannel(), channel}), 2)

    def test_timeouts(self):
        channel = self.gateway.remote_exec(ECHO)
        for timeout in (0, 0.01, 0.15):
            with self.assertRaises(self.execnet.TimeoutError):
                channel.receive(timeout)
            with self.assertRaises(channel.TimeoutError):
                channel.waitclose(timeout)
        with self.assertRaises(OSError):
            channel.receive(timeout=0)
        with self.assertRaises(ValueError):
            channel.receive(-1)
        with self.assertRaises(TypeError):
            channel.receive('soon')
        channel.send(1)
        self.assertEqual(channel.receive(timeout=1e9), 1)

    def test_end(self):
        channel = self.gateway.remote_exec('channel.send(1)')
        channel.waitclose(LONG)
        self.assertEqual(channel.receive(), 1)
        for _ in range(2):
            with self.assertRaises(EOFError):
                channel.receive()
        channel.waitclose()
        with self.assertRaises(OSError):
            channel.send(1)

    def test_remote_error_once(self):
        channel = self.gateway.remote_exec('channel.send(1); raise KeyError("k")')
        self.assertEqual(channel.receive(LONG), 1)
        with self.assertRaises(channel.RemoteError) as caught:
            channel.receive(LONG)
        self.assertIs(type(caught.exception), self.execnet.RemoteError)
        self.assertIn("KeyError: 'k'", caught.exception.formatted)
        self.assertEqual(str(caught.exception), caught.exception.formatted)
        self.assertEqual(caught.exception.type_name, 'KeyError')
        with self.assertRaises(EOFError):
            channel.receive(LONG)
        channel.waitclose(LONG)

        channel = self.gateway.remote_exec('raise KeyError("k")')
        with self.assertRaises(channel.RemoteError):
            channel.waitclose(LONG)
        channel.waitclose(LONG)

        channel = self.gateway.remote_exec('raise KeyError("k")')
        with self.assertRaises(self.execnet.TimeoutError):
            while channel._getremoteerror() is None:
                channel.gateway.newchannel().receive(0.01)
        error = None
        while error is None:
            error = channel._getremoteerror()
        self.assertIsNone(channel._getremoteerror())

    def test_unhandled_remote_error_is_written_once(self):
        gc.disable()
        self.addCleanup(gc.enable)
        text = io.StringIO()
        with contextlib.redirect_stderr(text):
            channel = self.gateway.remote_exec('raise KeyError("nobody asks")')
            channel.wait_closed(-1, None)
            del channel
            channel = self.gateway.remote_exec('raise KeyError("somebody asks")')
            self.assertRaises(channel.RemoteError, channel.waitclose, LONG)
            del channel
        self.assertRegex(text.getvalue(), 'Warning: unhandled RemoteError: Traceback')
        self.assertEqual(text.getvalue().count("KeyError: 'nobody asks'"), 1)
        self.assertNotIn('somebody', text.getvalue())

    def test_send_only_after_the_last_message(self):
        channel = self.gateway.remote_exec('''
            import threading
            taken, done = [], threading.Event()
            other = channel.gateway.newchannel()
            other.setcallback(lambda item: done.set() if item is None else taken.append(item), None)
            channel.send(other)
            other.send('last')
            del other
            done.wait()
            channel.send(taken)
        ''')
        other = channel.receive(LONG)
        other.waitclose(LONG)
        self.assertFalse(other.isclosed())
        self.assertEqual(other.receive(LONG), 'last')
        self.assertRaises(EOFError, other.receive, LONG)
        other.send(1)
        other.send(2)
        other.close()
        self.assertEqual(channel.receive(LONG), [1, 2])

    def test_ends_of_remote_code(self):
        for source, error in (('raise EOFError', None), ('raise SystemExit(3)', 'SystemExit'),
                              ('raise KeyboardInterrupt', 'keyboard-interrupted'),
                              ('x = (', 'SyntaxError')):
            with self.subTest(source=source):
                channel = self.gateway.remote_exec(source)
                if error is None:
                    channel.waitclose(LONG)
                else:
                    with self.assertRaisesRegex(self.execnet.RemoteError, error):
                        channel.waitclose(LONG)

    def test_close(self):
        channel = self.gateway.remote_exec(ECHO)
        channel.close('my words')
        channel.close('again')
        self.assertTrue(channel.isclosed())
        channel.waitclose()
        with self.assertRaises(EOFError):
            channel.receive()

    def test_error_for_the_other_side(self):
        channel = self.gateway.remote_exec('''
            other = channel.receive()
            try:
                other.receive()
            except other.RemoteError as error:
                channel.send(str(error))
        ''')
        other = self.gateway.newchannel()
        channel.send(other)
        other.close('my words')
        self.assertEqual(channel.receive(LONG), 'my words')

    def test_error_from_the_other_side(self):
        channel = self.gateway.remote_exec('''
            other = channel.gateway.newchannel()
            channel.send(other)
            other.close('its words')
        ''')
        other = channel.receive(LONG)
        self.assertEqual(other.id % 2, 0)
        with self.assertRaises(self.execnet.RemoteError) as caught:
            other.receive(LONG)
        self.assertEqual(caught.exception.formatted, 'its words')
        with self.assertRaises(EOFError):
            other.receive(LONG)

    def test_channels_in_items(self):
        channel = self.gateway.remote_exec('''
            first, rest = channel.receive()
            first.send('to the first')
            rest['second'].send(first)
        ''')
        first, second = self.gateway.newchannel(), self.gateway.newchannel()
        channel.send((first, {'second': second}))
        self.assertEqual(first.receive(LONG), 'to the first')
        self.assertIs(second.receive(LONG), first)

    def test_closed_channel_in_an_item(self):
        channel = self.gateway.remote_exec('''
            first = channel.receive()
            channel.send([first, first])
            first.close()
        ''')
        first = self.gateway.newchannel()
        channel.send(first)
        first.waitclose(LONG)
        received = channel.receive(LONG)
        self.assertIs(received[0], first)
        self.assertIs(received[1], first)
        self.assertTrue(first.isclosed())

        channel = self.gateway.remote_exec('''
            other = channel.gateway.newchannel()
            channel.send(other)
            channel.send(other)
            other.send('kept')
            other.close()
        ''')
        channel.waitclose(LONG)
        other = channel.receive(LONG)
        self.assertIs(channel.receive(LONG), other)
        self.assertEqual(other.receive(LONG), 'kept')

    def test_channels_that_cannot_be_sent(self):
        channel = self.gateway.remote_exec(ECHO)
        foreign = self.makegateway().newchannel()
        closed = self.gateway.newchannel()
        closed.close()
        for value in (foreign, [foreign], closed, {'k': closed}):
            with self.assertRaises(self.execnet.DumpError):
                channel.send(value)
        with self.assertRaises(self.execnet.DumpError):
            self.execnet.dumps(channel)
        channel.send('still there')
        self.assertEqual(channel.receive(LONG), 'still there')

    def test_unserializable(self):
        channel = self.gateway.remote_exec(ECHO)
        with self.assertRaisesRegex(self.execnet.DumpError, r"object.*item\[1\]\['k'\]"):
            channel.send([0, {'k': object()}])
        channel.send(1)
        self.assertEqual(channel.receive(LONG), 1)
        with self.assertRaisesRegex(self.execnet.RemoteError, 'DumpError'):
            self.gateway.remote_exec('channel.send(object())').receive(LONG)

    def test_malformed_item(self):
        from gi.repository import GLib

        channel = self.gateway.remote_exec('channel.receive()')
        channel.queue_bytes(GLib.Bytes.new(b'\xff\xff'))
        with self.assertRaises(self.execnet.RemoteError):
            channel.waitclose(LONG)

        answers = self.gateway.newchannel()
        channel = self.gateway.remote_exec('''
            answers = channel.receive()
            # Past the serializer.
            channel.gateway.connection.send(4, channel.id, [b'F\\0\\0'])
            try:
                channel.receive()
            except channel.RemoteError as error:
                answers.send(str(error))
        ''')
        channel.send(answers)
        with self.assertRaises(self.execnet.LoadError) as caught:
            channel.receive(LONG)
        self.assertTrue(channel.isclosed())
        self.assertEqual(answers.receive(LONG), str(caught.exception))

    def test_reconfigure(self):
        channel = self.gateway.remote_exec(ECHO)
        channel.reconfigure(py3str_as_py2str=True)
        channel.send({'key': 'text'})
        self.assertEqual(channel.receive(LONG), {b'key': b'text'})
        channel.reconfigure()
        channel.send('text')
        self.assertEqual(channel.receive(LONG), 'text')
        self.gateway.reconfigure(py3str_as_py2str=True)
        channel = self.gateway.remote_exec('channel.send("text")')
        self.assertEqual(channel.receive(LONG), b'text')

    def test_dropping_closes(self):
        listener = self.gateway.remote_exec('''
            other = channel.receive()
            channel.send('ready')
            try:
                other.receive()
            except EOFError:
                channel.send('ended')
        ''')
        other = self.gateway.newchannel()
        listener.send(other)
        self.assertEqual(listener.receive(LONG), 'ready')
        gone = weakref.ref(other)
        gc.disable()
        self.addCleanup(gc.enable)
        del other
        self.assertIsNone(gone(), 'it is in a cycle')
        self.assertEqual(listener.receive(LONG), 'ended')

    def test_used_channels_are_in_no_cycle(self):
        gc.disable()
        self.addCleanup(gc.enable)

        def use(channel):
            channel.send(1)
            channel.receive(LONG)
            try:
                channel.receive(0)
            except channel.TimeoutError:
                pass
            channel.isclosed(), channel.gateway, repr(channel)

        def use_end(channel):
            for _ in channel:
                pass
            try:
                channel.waitclose(LONG)
            except channel.RemoteError:
                pass

        def use_callback(channel):
            done = threading.Event()
            channel.setcallback(lambda item: done.set(), endmarker=None)
            channel.send(1)
            done.wait(LONG)
            channel.close()
            channel.waitclose(LONG)

        for action, source in ((use, ECHO), (use_end, 'channel.send(1)'),
                               (use_end, 'channel.send(1); channel.close'), (use_callback, ECHO)):
            with self.subTest(action=action.__name__):
                channel = self.gateway.remote_exec(source)
                gone = weakref.ref(channel)
                action(channel)
                del channel
                self.assertIsNone(gone())

    def test_threads(self):
        n_threads, n_items = 8, 50
        failures = []

        def work(number):
            try:
                channel = self.gateway.remote_exec(ECHO)
                for i in range(n_items):
                    channel.send((number, i))
                    if channel.receive(LONG) != (number, i):
                        failures.append((number, i))
                channel.close()
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(n_threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_two_threads_on_one_channel(self):
        channel = self.gateway.remote_exec('for i in range(1000): channel.send(i)')
        received = [[], []]
        threads = [threading.Thread(target=lambda items=items: items.extend(channel))
                   for items in received]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(received[0] + received[1]), list(range(1000)))
        for items in received:
            self.assertEqual(items, sorted(items))

    def test_signals(self):
        from gi.repository import GLib

        loop = GLib.MainLoop()
        received = []
        channel = self.gateway.remote_exec('for i in range(3): channel.send(i)')
        channel.connect('received', lambda channel, item: received.append(item.unpack()))
        channel.connect('closed', lambda channel, error: loop.quit())
        with self.assertRaises(OSError):
            channel.receive(0)
        loop.run()
        self.assertEqual(received, [0, 1, 2])

    def test_asynchronous_calls(self):
        from gi.repository import GLib

        loop = GLib.MainLoop()
        results = []

        def on_received(channel, result):
            results.append(channel.receive_finish(result).unpack())
            loop.quit()

        channel = self.gateway.remote_exec('channel.send({"a": [1]})')
        channel.receive_async(-1, None, on_received)
        loop.run()
        self.assertEqual(results, [{'a': [1]}])


if __name__ == '__main__':
    unittest.main()
