# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Text, functions and modules as source: what is sent, and what is refused."""

import functools
import os
import unittest

from support import Case
import a_module

A_GLOBAL = 3


def pure(channel, a, b=2):
    channel.send((a, b))


def pure_with_import(channel):
    import os.path
    channel.send(os.path.basename('/x/y'))


def pure_with_comprehensions(channel):
    limit = 3

    class Local:
        size = limit
        double = size * 2

    def inner(n):
        return [x + Local.double for x in range(n) if x in {y for y in range(limit)}]
    channel.send(inner(5))


def recursive(channel, n=3):
    if n:
        recursive(channel, n - 1)
    channel.send(n)


def uses_builtins(channel):
    channel.send((__name__, sorted(dict(a=1)), len([None])))


def raises(channel):
    # The line that a traceback names.
    raise LookupError('on purpose')


def uses_global(channel):
    channel.send(A_GLOBAL)


def uses_module(channel):
    channel.send(os.getpid())


def uses_global_inside(channel):
    def inner():
        return A_GLOBAL
    channel.send(inner())


def uses_global_as_default(channel, a=A_GLOBAL):
    channel.send(a)


def annotated_with_global(channel: 'str', a: A_GLOBAL = 1):
    channel.send(a)


def sets_global(channel):
    global anything
    anything = 1


def without_arguments():
    pass


def with_another_name(c):
    pass


def only_by_keyword(*, channel):
    pass


def with_wrapper(function):
    @functools.wraps(function)
    def wrapper(channel):
        return function(channel)
    return wrapper


@with_wrapper
def wrapped(channel):
    pass


def make_closure():
    value = 1

    def closure(channel):
        channel.send(value)
    return closure


def make_nested():
    def nested(channel):
        text = '''flush left
    and indented'''
        channel.send(text)
    return nested


class Holder:
    def method(self, channel):
        pass

    @staticmethod
    def static(channel):
        channel.send('static')


def add(a, b):
    return a + b


def fail():
    raise ValueError('no value')


class SourceTest(Case):
    @classmethod
    def setUpClass(cls):
        from gi.repository import Execnet as execnet

        cls.shared = execnet.Group()
        cls.gateway = cls.shared.makegateway()

    @classmethod
    def tearDownClass(cls):
        cls.shared.terminate(5)

    def receive_from(self, source, **kwargs):
        return self.gateway.remote_exec(source, **kwargs).receive(30)

    def test_text(self):
        self.assertEqual(self.receive_from('channel.send(1)'), 1)
        self.assertEqual(self.receive_from('''
            for i in range(1):
                channel.send('indented')
        '''), 'indented')

    def test_text_takes_no_arguments(self):
        with self.assertRaises(TypeError):
            self.gateway.remote_exec('channel.send(a)', a=1)

    def test_functions(self):
        self.assertEqual(self.receive_from(pure, a=1), (1, 2))
        self.assertEqual(self.receive_from(pure, a=[None], b={'k': 1.5}), ([None], {'k': 1.5}))
        self.assertEqual(self.receive_from(pure_with_import), 'y')
        self.assertEqual(self.receive_from(pure_with_comprehensions), [6, 7, 8])
        self.assertEqual(self.receive_from(recursive), 0)
        self.assertEqual(self.receive_from(uses_builtins), ('__channelexec__', ['a'], 1))
        self.assertEqual(self.receive_from(Holder.static), 'static')

    def test_nested_function_keeps_its_texts(self):
        self.assertEqual(self.receive_from(make_nested()), 'flush left\n    and indented')

    def test_wrong_arguments(self):
        with self.assertRaisesRegex(self.execnet.RemoteError, 'TypeError'):
            self.receive_from(pure)
        with self.assertRaises(self.execnet.DumpError):
            self.gateway.remote_exec(pure, a=object())

    def test_impure_functions(self):
        for function, part in ((uses_global, 'A_GLOBAL'), (uses_module, 'os'),
                               (uses_global_inside, 'A_GLOBAL'),
                               (uses_global_as_default, 'A_GLOBAL'),
                               (annotated_with_global, 'A_GLOBAL'), (sets_global, 'anything'),
                               (without_arguments, 'channel'), (with_another_name, 'channel'),
                               (only_by_keyword, 'channel'), (wrapped, 'function'),
                               (make_closure(), 'value'), (Holder.method, 'channel'),
                               (lambda channel: None, 'lambda')):
            with self.subTest(function=function):
                with self.assertRaisesRegex(ValueError, part):
                    self.gateway.remote_exec(function)

    def test_function_without_source(self):
        names = {}
        exec('def unseen(channel): pass', names)
        with self.assertRaisesRegex(ValueError, 'unseen'):
            self.gateway.remote_exec(names['unseen'])

    def test_what_is_no_source(self):
        for thing in (len, Holder().method, Holder, None, 3, b'channel.send(1)'):
            with self.subTest(thing=thing):
                with self.assertRaises(TypeError):
                    self.gateway.remote_exec(thing)

    def test_module(self):
        channel = self.gateway.remote_exec(a_module)
        self.assertEqual(channel.receive(30), ('__channelexec__', 'of the module'))

    def test_tracebacks_name_file_and_line(self):
        line = raises.__code__.co_firstlineno + 2
        with self.assertRaises(self.execnet.RemoteError) as caught:
            self.receive_from(raises)
        self.assertIn('File "%s", line %d, in raises' % (__file__, line),
                      caught.exception.formatted)
        self.assertIn("raise LookupError('on purpose')", caught.exception.formatted)
        with self.assertRaises(self.execnet.RemoteError) as caught:
            channel = self.gateway.remote_exec(a_module)
            channel.receive(30)
            channel.waitclose(30)
        self.assertIn('File "%s", line 10' % a_module.__file__, caught.exception.formatted)

    def test_call(self):
        self.assertEqual(self.gateway.call(add, a=1, b=2), 3)
        self.assertEqual(self.gateway.call('def twice(text):\n    return text * 2', text='ab'),
                         'abab')
        source = self.execnet.Source.new_function('def one(): return 1\ndef two(): return 2',
                                                  'two')
        self.assertEqual(self.gateway.call(source), 2)

    def test_call_fails(self):
        with self.assertRaises(self.execnet.RemoteError) as caught:
            self.gateway.call(fail)
        self.assertEqual((caught.exception.type_name, caught.exception.message),
                         ('ValueError', 'no value'))
        with self.assertRaises(self.execnet.RemoteError):
            self.gateway.call('def f(): return object()')
        for text in ('1 + 1', 'def a(): pass\ndef b(): pass'):
            with self.assertRaises(ValueError):
                self.gateway.call(text)
        with self.assertRaisesRegex(ValueError, 'A_GLOBAL'):
            self.gateway.call(uses_global)
        with self.assertRaises(TypeError):
            self.gateway.call(len)


def in_which_thread(channel, name='nothing'):
    import threading
    channel.send((threading.current_thread() is threading.main_thread(), name))


class MainThreadTest(Case):
    def test_waits_for_it(self):
        in_main_thread = self.execnet.in_main_thread
        for spec in ('popen', 'popen//execmodel=main_thread_only'):
            gateway = self.makegateway(spec)
            busy = gateway.remote_exec('channel.send(1); channel.receive()')
            busy.receive(60)
            waiting = gateway.remote_exec(in_main_thread(in_which_thread), name='a function')
            text = gateway.remote_exec(in_main_thread('channel.send(2)'))
            self.assertEqual(gateway.remote_status().numqueued, 2)
            busy.send(1)
            self.assertEqual(waiting.receive(60), (True, 'a function'))
            self.assertEqual(text.receive(60), 2)

    def test_others_do_not_wait(self):
        gateway = self.makegateway()
        busy = gateway.remote_exec('channel.send(1); channel.receive()')
        busy.receive(60)
        self.assertEqual(gateway.remote_exec(in_which_thread).receive(60), (False, 'nothing'))

    def test_others_fail_where_there_is_no_other(self):
        gateway = self.makegateway('popen//execmodel=main_thread_only')
        busy = gateway.remote_exec('channel.send(1); channel.receive()')
        busy.receive(60)
        with self.assertRaisesRegex(self.execnet.RemoteError,
                                    'concurrent remote_exec would cause deadlock'):
            gateway.remote_exec('pass').waitclose(60)


if __name__ == '__main__':
    unittest.main()
