# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How code is run, in which thread, and what is said when it fails."""

import unittest

import interpreters
from driver import CLOSE_ERROR, EXEC, INFORMATION, Worker


@interpreters.each_interpreter
class Sources(interpreters.SharedWorker):

    def test_text(self):
        self.assertEqual(self.worker.run(
            'channel.send([__name__, "__file__" in globals(), channel.id])'),
            [['__channelexec__', False, self.worker.next_number]])

    def test_each_has_its_own_globals(self):
        self.worker.run('leftover = 1')
        self.assertEqual(self.worker.run('channel.send("leftover" in globals())'), [False])

    def test_function(self):
        self.assertEqual(self.worker.run(
            'factor = 2\ndef double(channel, number, extra=0):\n'
            '    channel.send(number * factor + extra)\n',
            function=u'double', arguments={u'number': 20, u'extra': 2}), [42])

    def test_four_members_as_execnet_sends_them(self):
        channel = self.worker.number()
        self.worker.send(EXEC, channel, (u'def f(channel, a): channel.send(a)', None, u'f',
                                         {u'a': 1}))
        self.assertEqual(self.worker.take(channel), 1)
        self.worker.take_end(channel)

    def test_missing_function(self):
        channel = self.worker.execute('pass', function=u'nothing')
        text, name, message = self.worker.take_error(channel)
        self.assertEqual((name, message),
                         ('NameError', 'the source has no function nothing()'))

    def test_declared_encoding(self):
        self.assertEqual(self.worker.run(
            u'# -*- coding: latin-1 -*-\nchannel.send(u"\xe4\u20ac")'), [u'\xe4\u20ac'])

    def test_call(self):
        self.assertEqual(self.worker.run(
            'def add(a, b=1):\n    return {"sum": a + b}\n', function=u'add',
            arguments={u'a': 1}, call=True), [{'sum': 2}])

    def test_call_that_fails(self):
        for source, expected in (
                ('def f():\n    raise EOFError("no more")', 'EOFError'),
                ('def f():\n    return object()', 'execnet.DumpError'),
                ('def f(a):\n    return a', 'TypeError')):
            channel = self.worker.execute(source, function=u'f', call=True)
            text, name, message = self.worker.take_error(channel)
            if not (self.is_python_2 and 'Dump' in name):
                self.assertEqual(name, expected)
            self.assertIn(message, text)

    def test_futures_of_the_worker_are_not_inherited(self):
        self.assertEqual(self.worker.run('channel.send(3 / 2 == 1)'), [self.is_python_2])

    def test_malformed_request(self):
        for item in (None, u'x', (u'x',) * 9, (1,), (u'x', None, None, {1: 2})):
            channel = self.worker.number()
            self.worker.send(EXEC, channel, item)
            self.assertEqual(self.worker.next_on(channel).code, CLOSE_ERROR)

    def test_information(self):
        number = self.worker.number()
        self.worker.send(INFORMATION, number)
        information = self.worker.take(number)
        self.worker.take_end(number)
        self.assertEqual(information, self.worker.hello.item)
        self.assertEqual(sorted(information), [
            'cwd', 'executable', 'implementation', 'pid', 'platform', 'protocol', 'version_info'])
        code = 'import sys, os; channel.send([tuple(sys.version_info), os.getpid(), os.getcwd()])'
        version, pid, folder = self.worker.run(code)[0]
        self.assertEqual(information['version_info'], version)
        self.assertEqual((information['pid'], information['cwd']), (pid, folder))
        self.assertEqual(information['protocol'], 1)
        self.assertIn(information['implementation'], ('cpython', 'pypy', 'jython'))


@interpreters.each_interpreter
class Errors(interpreters.SharedWorker):

    def error_of(self, source, **options):
        return self.worker.take_error(self.worker.execute(source, **options))

    def test_traceback_of_text(self):
        text, name, message = self.error_of('\ndef f():\n    raise ValueError("bad")\nf()')
        # Newer ones point at the place in the line.
        text = ''.join(line for line in text.splitlines(True) if line.strip(' ~^\n'))
        self.assertEqual(text, '''\
Traceback (most recent call last):
  File "<remote exec>", line 4, in <module>
    f()
  File "<remote exec>", line 3, in f
    raise ValueError("bad")
ValueError: bad
''')
        self.assertEqual((name, message), ('ValueError', 'bad'))

    def test_traceback_shows_the_sent_lines_of_a_file(self):
        # Also where a file of the name exists here, with something else in it.
        for file in (u'/nowhere/module.py', unittest.__file__):
            text, name, message = self.error_of(
                'def f(channel):\n    g(\n        1)\n\ndef g(x):\n    x.nothing  # comment\n',
                function=u'f', file=file, line=100)
            self.assertIn('  File "%s", line 105, in g\n    x.nothing  # comment\n' % file, text)
            self.assertTrue(text.startswith(
                'Traceback (most recent call last):\n  File "%s", line 10' % file), text)
            self.assertEqual(name, 'AttributeError')

    def test_own_frames_are_hidden(self):
        text, name, message = self.error_of('channel.receive(0)')
        self.assertEqual(text.splitlines()[:3], [
            'Traceback (most recent call last):',
            '  File "<remote exec>", line 1, in <module>',
            '    channel.receive(0)'])
        self.assertEqual(text.count('File "'), 1)
        self.assertTrue(text.endswith('TimeoutError: no item after 0 seconds\n'))

    def test_syntax_error(self):
        text, name, message = self.error_of('x = 1\ny = = 2\n')
        self.assertIn('File "<remote exec>", line 2', text)
        self.assertIn('y = = 2', text)
        self.assertEqual(name, 'SyntaxError')

    def test_chained(self):
        if self.is_python_2:
            return
        text, name, message = self.error_of(
            'try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError("x") from e')
        self.assertIn('    1 / 0\n', text)
        self.assertIn('direct cause', text)
        self.assertEqual(name, 'KeyError')

    def test_own_types_are_named_with_their_module(self):
        text, name, message = self.error_of(
            'class Trouble(Exception): pass\nraise Trouble("here")')
        self.assertEqual((name, message), ('__channelexec__.Trouble', 'here'))

    def test_whatever_is_raised(self):
        for source, expected in (
                ('raise SystemExit(3)', 'SystemExit'),
                ('import sys; sys.exit("text")', 'SystemExit'),
                ('raise GeneratorExit', 'GeneratorExit'),
                ('def f(): f()\nf()', ('RuntimeError', 'RecursionError')),
                ('class E(Exception):\n def __str__(self): 1/0\nraise E', '__channelexec__.E')):
            if 'f()' in source and self.is_jython:
                continue
            text, name, message = self.error_of(source)
            self.assertIn(name, expected)

    def test_texts_that_cannot_be_sent_as_they_are(self):
        text, name, message = self.error_of(
            u'raise ValueError(u"\xe4\\u20ac")' if self.is_jython else
            u'raise ValueError(u"\xe4\\u20ac" + eval(r"u\'\\\\ud800\'"))')
        self.assertEqual(name, 'ValueError')
        self.assertIn(u'\xe4\u20ac', message)

    def test_end_of_file_is_a_normal_end(self):
        self.assertEqual(self.worker.run('channel.send(1)\nraise EOFError'), [1])
        self.assertEqual(self.worker.run('channel.send(1)\nopen("/dev/null").read()\n'
                                         'import sys\nif sys.version_info < (3,): '
                                         'input = raw_input\ninput()'), [1])

    def test_error_received_and_not_caught(self):
        channel = self.worker.execute('channel.receive()')
        self.worker.send(CLOSE_ERROR, channel, u'the reason')
        # The channel is closed on both sides, nothing more comes on it.
        while self.worker.status()['numexecuting']:
            pass
        self.assertEqual(self.worker.messages, [])


@interpreters.each_interpreter
class Interrupts(interpreters.SharedWorker):

    def test_keyboard_interrupt(self):
        channel = self.worker.execute('raise KeyboardInterrupt')
        self.assertEqual(self.worker.take_error(channel)[:2],
                         ('keyboard-interrupted', 'KeyboardInterrupt'))

    def test_signal_while_waiting(self):
        if self.is_jython:
            return
        for waiting in ('channel.receive()', 'channel.waitclose()', 'channel.receive(60)',
                        'import time; time.sleep(60)'):
            channel = self.worker.execute('channel.send(0)\n' + waiting)
            self.worker.take(channel)
            self.worker.process.send_signal(2)
            while 'sleep' in waiting and not self.worker.has_input(1):
                # Python goes on to sleep when the signal comes just before that.
                self.worker.process.send_signal(2)
            self.assertEqual(self.worker.take_error(channel)[0], 'keyboard-interrupted')
            self.assertEqual(self.worker.run('channel.send(1)'), [1])

    def test_signal_while_idle_is_nothing(self):
        if self.is_jython:
            return
        self.worker.status()
        self.worker.process.send_signal(2)
        self.assertEqual(self.worker.run('channel.send(1)'), [1])

    def test_handler_that_code_has_left(self):
        if self.is_jython:
            return
        with Worker(self.python, stderr=-1) as worker:
            worker.run('import signal\ndef handler(*args): raise ValueError("left behind")\n'
                       'signal.signal(signal.SIGUSR1, handler)')
            for i in range(3):
                worker.process.send_signal(10)
                while b'ValueError: left behind' not in worker.process.stderr.readline():
                    pass
                self.assertEqual(worker.run('channel.send(1)'), [1])
            worker.end_input()
            self.assertEqual(worker.wait()[0], 0)

    prepare = '''if 1:
        import signal
        class Alarm(Exception):
            pass
        def alarm(number, frame):
            if armed:
                raise Alarm
        signal.signal(signal.SIGALRM, alarm)
        alarms = 0
        '''

    def test_handlers_that_raise_while_items_are_received(self):
        if self.is_jython:
            return
        count = 5000
        channel = self.worker.execute(self.prepare + '''
        got = []
        def collect():
            # A function, because CPython 3.13 catches nothing between two turns of a loop.
            while len(got) < %d:
                item = channel.receive()
                got.append(item)
        channel.send('ready')
        while len(got) < %d:
            try:
                armed = True
                signal.setitimer(signal.ITIMER_REAL, 0.0005)
                collect()
                armed = False
            except Alarm:
                alarms += 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        channel.send(alarms)
        channel.send(got)
        ''' % (count, count))
        self.worker.take(channel)
        # What the exception hits between receive() and append() is in the hands of the code, so
        # there are more than it wants.
        for i in range(2 * count):
            self.worker.give(channel, i)
        alarms = self.worker.take(channel)
        got = self.worker.take(channel)
        self.worker.take_end(channel)
        self.assertGreater(alarms, 0)
        self.assertLessEqual(got[-1] - count, alarms)
        information = self.worker.hello.item
        if information['implementation'] == 'cpython' and information['version_info'] >= (3, 11):
            # Older ones let a handler run between any two instructions.
            self.assertEqual(got, sorted(set(got)))

    def test_exception_at_each_step_of_reading_something_long(self):
        """At every instruction, where signal handlers may raise only at some of them."""
        size = 150000
        text = self.prepare_step + self.read_in_steps
        information = self.worker.hello.item
        if information['implementation'] != 'cpython' or information['version_info'] < (3, 7):
            # Only there can every instruction be traced.
            return
        step = was_hit = 1
        while was_hit:
            channel = self.worker.execute(text)
            self.worker.give(channel, step)
            self.worker.take(channel)
            for number in range(2):
                self.worker.give(channel, b'%d' % number * size)
            was_hit, got = self.worker.take(channel)
            self.worker.take_end(channel)
            self.assertEqual(got, [(b'0', size), (b'1', size)], 'at step %d' % step)
            step += 1
        self.assertGreater(step, 100)

    prepare_step = '''if 1:
        import sys
        class Alarm(Exception):
            pass
        step = channel.receive()
        steps = was_hit = 0
        def trace_call(frame, event, argument):
            code = frame.f_code
            if code.co_filename == '<execnet worker>' and code.co_name in (
                    'await_input', 'read', 'read_long', 'fill', 'resume', 'handle_messages',
                    'handle_each', 'get_space', 'get'):
                frame.f_trace_opcodes = True
                return trace_step
        def trace_step(frame, event, argument):
            global steps
            if event == 'opcode':
                steps += 1
                if steps == step:
                    sys.settrace(None)
                    raise Alarm
            return trace_step
        '''

    read_in_steps = '''
        got = []
        channel.send('ready')
        while len(got) < 2:
            try:
                if not was_hit:
                    sys.settrace(trace_call)
                item = channel.receive()
                sys.settrace(None)
                got.append((item[:1], len(item)))
            except Alarm:
                was_hit = 1
        channel.send((bool(was_hit), got))
        '''

    def test_handlers_that_raise_while_something_big_is_sent(self):
        if self.is_jython:
            return
        size = 3000000
        channel = self.worker.execute(self.prepare + '''
        for i in range(50):
            try:
                armed = True
                signal.setitimer(signal.ITIMER_REAL, 0.001)
                channel.send(b'x' * %d)
                armed = False
            except Alarm:
                alarms += 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        channel.send(alarms)
        ''' % size)
        # Whole messages only.
        while True:
            item = self.worker.take(channel)
            if isinstance(item, int):
                break
            self.assertEqual(len(item), size)
        self.worker.take_end(channel)


@interpreters.each_interpreter
class Threads:

    where = ('import threading\nchannel.send([threading.current_thread().name == "MainThread", '
             'isinstance(threading.current_thread(), threading._MainThread)])\n')

    def setUp(self):
        self.worker = Worker(self.python)

    def tearDown(self):
        self.worker.close()

    def test_first_code_runs_in_the_main_thread(self):
        for i in range(20):
            # Also the next one, as soon as the end of the first is known.
            self.assertEqual(self.worker.run(self.where), [[True, True]])

    def test_more_code_runs_in_other_threads(self):
        worker = self.worker
        first = worker.execute('channel.send(0)\nchannel.receive()')
        worker.take(first)
        self.assertEqual(worker.run(self.where), [[False, False]])
        self.assertEqual(worker.status()['numexecuting'], 1)
        worker.give(first, None)
        worker.take_end(first)
        self.assertEqual(worker.run(self.where), [[True, True]])

    def check_main_thread(self, first_source):
        """The module threading knows the main thread, whoever imports it first."""
        worker = self.worker
        first = worker.execute(first_source)
        worker.take(first)
        second = worker.run('''if 1:
            import threading
            main = [t for t in threading.enumerate() if isinstance(t, threading._MainThread)]
            channel.send([len(main), main[0] is threading.current_thread(),
                          (main[0].is_alive if hasattr(main[0], 'is_alive') else main[0].isAlive)(),
                          getattr(threading, 'main_thread', lambda: main[0])() is main[0],
                          getattr(main[0], 'native_id', None), main[0].name])
            ''')[0]
        count, is_current, alive, is_main, native, name = second
        self.assertEqual((count, is_current, alive, is_main, name),
                         (1, False, True, True, 'MainThread'))
        if native is not None:
            self.assertEqual(native, worker.process.pid)
        worker.give(first, None)
        self.assertEqual(worker.take(first), [True, True, True])
        worker.take_end(first)

    then = '''if 1:
        import threading
        main = [t for t in threading.enumerate() if isinstance(t, threading._MainThread)]
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
        channel.send([len(main) == 1, main[0] is threading.current_thread(), main[0].is_alive()])
        '''

    def test_main_thread_when_it_waits(self):
        self.check_main_thread('channel.send(0)\nchannel.receive()\n' + self.then)

    def test_main_thread_when_it_computes(self):
        if self.is_jython:
            return
        self.check_main_thread('''if 1:
            channel.send(0)
            while not channel._items:
                pass
            ''' + self.then[len('if 1:\n    '):].replace('\n    ', '\n        '))

    def test_main_thread_when_it_knows_already(self):
        self.check_main_thread(
            'import threading\nchannel.send(0)\nchannel.receive()\n' + self.then)

    def test_a_hundred_at_once(self):
        worker = self.worker
        channels = [worker.execute('channel.send(channel.receive() * 2)') for i in range(100)]
        self.assertEqual(worker.status()['numexecuting'], 100)
        for i, channel in reversed(list(enumerate(channels))):
            worker.give(channel, i)
        for i, channel in enumerate(channels):
            self.assertEqual(worker.take(channel), 2 * i)
            worker.take_end(channel)
        status = worker.status()
        self.assertEqual(status, {'numchannels': 0, 'numexecuting': 0, 'numqueued': 0,
                                  'execmodel': 'thread'})


@interpreters.each_interpreter
class MainThreadOnly:

    def setUp(self):
        self.worker = Worker(self.python, execmodel=u'main_thread_only')

    def tearDown(self):
        self.worker.close()

    def test_code_waits_for_its_turn(self):
        worker = self.worker
        first = worker.execute('channel.send(0)\nchannel.receive()')
        worker.take(first)
        second = worker.execute(Threads.where)
        status = worker.status()
        self.assertEqual((status['numexecuting'], status['numqueued'], status['execmodel']),
                         (1, 1, 'main_thread_only'))
        worker.give(first, None)
        worker.take_end(first)
        self.assertEqual(worker.take(second), [True, True])
        worker.take_end(second)

    def test_but_not_for_long(self):
        worker = self.worker
        first = worker.execute('channel.send(0)\nchannel.send(channel.receive())')
        worker.take(first)
        second = worker.execute('channel.send(1)')
        self.assertEqual(worker.take_error(second), 'concurrent remote_exec would cause deadlock '
                                                    'for main_thread_only execmodel')
        worker.give(first, 5)
        self.assertEqual(worker.take(first), 5)
        worker.take_end(first)
        self.assertEqual(worker.run('channel.send(1)'), [1])
        self.assertEqual(worker.status()['numexecuting'], 0)


if __name__ == '__main__':
    interpreters.main()
