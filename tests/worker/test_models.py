# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Execution models: which thread, also which green one, runs what."""

import os
import signal
import subprocess
import sys
import unittest

import interpreters
from driver import CLOSE_ERROR, Ended, Worker

DEADLOCK = u'concurrent remote_exec would cause deadlock for main_thread_only execmodel'
WHICH_THREAD = '''if 1:
    import threading
    channel.send(threading.current_thread() is threading.main_thread()
                 if hasattr(threading, 'main_thread')
                 else isinstance(threading.currentThread(), threading._MainThread))
    '''
BUSY = 'channel.send("busy")\nchannel.receive()\n'


@interpreters.each_interpreter
class MainThread:
    """Asking for the main thread."""

    def ask(self, worker, source):
        number = worker.number()
        worker.send(3, number, (source, None, None, {}, 1, False, True))
        return number

    def test_waits_for_it(self):
        for model in (u'thread', u'main_thread_only'):
            with Worker(self.python, execmodel=model) as worker:
                busy = worker.execute(BUSY + WHICH_THREAD)
                self.assertEqual(worker.take(busy), 'busy')
                first = self.ask(worker, 'order = 1\n' + WHICH_THREAD)
                second = self.ask(worker, WHICH_THREAD)
                if model == 'thread':
                    self.assertEqual(worker.run(WHICH_THREAD), [False])
                else:
                    # Longer than others wait.
                    refused = worker.execute('channel.send(1)')
                    self.assertEqual(worker.take_error(refused), DEADLOCK)
                self.assertEqual(worker.status()['numqueued'], 2)
                worker.give(busy, 1)
                ends = [worker.next() for _ in range(6)]
                self.assertEqual([(message.channel, message.item) for message in ends],
                                 [(busy, True), (busy, None), (first, True), (first, None),
                                  (second, True), (second, None)])

    def test_is_free(self):
        with Worker(self.python) as worker:
            channel = self.ask(worker, WHICH_THREAD)
            self.assertIs(worker.take(channel), True)
            worker.take_end(channel)


@interpreters.each_interpreter
class MainThreadOnly:

    def test_second_code_fails_after_a_second(self):
        with Worker(self.python, execmodel=u'main_thread_only') as worker:
            busy = worker.execute(BUSY)
            worker.take(busy)
            second = worker.execute('channel.send(1)')
            message = worker.next()
            self.assertEqual((message.code, message.channel, message.item),
                             (CLOSE_ERROR, second, DEADLOCK))
            worker.give(busy, 1)
            worker.take_end(busy)
            self.assertEqual(worker.run(WHICH_THREAD), [True])

    def test_second_code_runs_when_the_first_ends_soon(self):
        with Worker(self.python, execmodel=u'main_thread_only') as worker:
            busy = worker.execute(BUSY)
            worker.take(busy)
            second = worker.execute(WHICH_THREAD)
            worker.give(busy, 1)
            worker.take_end(busy)
            self.assertIs(worker.take(second), True)


def has_module(python, name):
    run = subprocess.run([python, '-c', 'import %s' % name], capture_output=True)
    return run.returncode == 0


class Green:
    """Tests for both libraries, on the interpreter that runs this, which has Debian's packages."""

    python = [sys.executable]

    def setUp(self):
        if not has_module(sys.executable, self.model):
            self.skipTest('%s has no %s' % (sys.executable, self.model))
        self.worker = self.start()
        self.addCleanup(self.worker.close)

    def start(self, **options):
        return Worker(self.python, execmodel=self.model, **options)

    def test_model_of_the_code(self):
        sent = self.worker.run('''if 1:
            import sys
            model = channel.gateway.execmodel
            channel.send([model.backend, repr(model), model.queue.__name__,
                          model.socket.__name__, model.subprocess.__name__])
            results = model.queue.Queue()
            event = model.Event()
            def other():
                with model.Lock(), model.RLock(), model.Semaphore(2):
                    model.sleep(0.001)
                results.put(model.get_ident())
                event.set()
            model.start(other)
            event.wait()
            channel.send(results.get() != model.get_ident())
            ''')
        self.assertEqual(sent[0][:2], [self.model, '<ExecModel %r>' % str(self.model)])
        for name in sent[0][2:]:
            self.assertIn(self.model, name)
        self.assertEqual(sent[1:], [True])
        self.assertEqual(self.worker.status()['execmodel'], self.model)

    def test_green_threads_run_while_code_waits(self):
        # All in one thread of the system.
        worker = self.worker
        source = '''if 1:
            import _thread
            ident = __import__('gevent.monkey').monkey.get_original('_thread', 'get_ident')() \\
                if %r else _thread.get_ident()
            channel.send(ident)
            channel.send(channel.receive() + 1)
            ''' % (self.model == 'gevent')
        channels = [worker.execute(source) for _ in range(20)]
        idents = set(worker.take(channel) for channel in channels)
        self.assertEqual(len(idents), 1)
        self.assertEqual(worker.status()['numexecuting'], 20)
        for i, channel in reversed(list(enumerate(channels))):
            worker.give(channel, i)
            self.assertEqual(worker.take(channel), i + 1)
            worker.take_end(channel)

    def test_code_sleeps_while_another_receives(self):
        worker = self.worker
        sleeper = worker.execute('''if 1:
            model = channel.gateway.execmodel
            ticks = 0
            while not channel.isclosed() and ticks < 100:
                model.sleep(0.001)
                ticks += 1
            channel.send(ticks)
            ''')
        waiting = worker.execute('channel.send(channel.receive())')
        self.assertEqual(worker.take(sleeper), 100)
        worker.give(waiting, 5)
        self.assertEqual(worker.take(waiting), 5)

    def test_time_outs_and_callbacks(self):
        sent = self.worker.execute('''if 1:
            import time
            start = time.time()
            try:
                channel.receive(0.05)
            except channel.TimeoutError:
                channel.send(time.time() - start)
            model = channel.gateway.execmodel
            items = model.queue.Queue()
            channel.setcallback(items.put, endmarker=None)
            channel.send('set')
            channel.send([items.get() for _ in range(3)])
            ''')
        self.assertGreaterEqual(self.worker.take(sent), 0.05)
        self.assertEqual(self.worker.take(sent), 'set')
        for i in range(3):
            self.worker.give(sent, i)
        self.assertEqual(self.worker.take(sent), [0, 1, 2])

    def test_much_in_both_directions(self):
        # More than the connection holds: sending must not stop the green threads that receive.
        worker = self.worker
        channel = worker.execute('''if 1:
            other = channel.gateway.newchannel()
            channel.send(other)
            model = channel.gateway.execmodel
            def send():
                for i in range(300):
                    other.send(b'x' * 100000)
                other.close()
            model.start(send)
            total = 0
            for i in range(300):
                total += len(channel.receive())
            channel.send(total)
            ''')
        other = worker.take(channel).id
        for i in range(300):
            worker.give(channel, b'y' * 1000)
        self.assertEqual(worker.take(channel), 300000)
        self.assertEqual(sum(len(worker.take(other)) for _ in range(300)), 30000000)

    def test_printing_and_output(self):
        with self.start(output=u'both') as worker:
            channel = worker.execute('import os; os.system("echo by a child")\nprint("x")')
            worker.end_input()
            printed = b''
            try:
                while True:
                    message = worker.next()
                    if message.channel == 1 and message.code == 10:
                        printed += message.item
                    else:
                        self.assertEqual(message.channel, channel)
            except Ended:
                self.assertEqual(printed, b'by a child\nx\n')

    def test_ends_with_the_connection(self):
        for pipes in (False, True):
            with self.start(pipes=pipes) as worker:
                for source in ('channel.receive()', 'channel.gateway.execmodel.sleep(1000)'):
                    worker.execute(BUSY.replace('channel.receive()', source))
                    worker.next()
                worker.end_input()
                self.assertLess(worker.wait()[1], 5)

    def test_ends_while_it_computes(self):
        for source in ('while True: pass', 'import time; time.sleep(1000)',
                       'try:\n while True: pass\nexcept KeyboardInterrupt:\n while True: pass'):
            for pipes in (False, True):
                with self.start(pipes=pipes) as worker:
                    worker.next_on(worker.execute('channel.send(1)\n' + source))
                    worker.end_input()
                    self.assertLess(worker.wait()[1], 5)

    def test_interrupted(self):
        worker = self.worker
        for source in ('channel.receive()', 'while True: pass'):
            channel = worker.execute('channel.send(1)\n' + source)
            worker.take(channel)
            worker.process.send_signal(signal.SIGINT)
            self.assertEqual(worker.take_error(channel)[0], 'keyboard-interrupted')
        self.assertEqual(worker.run('channel.send(2)'), [2])


class Gevent(Green, unittest.TestCase):
    model = u'gevent'


class Eventlet(Green, unittest.TestCase):
    model = u'eventlet'


@interpreters.each_interpreter
class WithoutTheLibrary:

    def test_says_so(self):
        for model in (u'gevent', u'eventlet'):
            if has_module(self.python[0], model):
                continue
            with Worker(self.python, execmodel=model) as worker:
                self.assertEqual(worker.answer, b'0')
                self.assertEqual(worker.reason[0], 'failed')
                self.assertIn("'%s'" % model, worker.reason[1])
                self.assertNotIn('Traceback', worker.reason[1])


if __name__ == '__main__':
    interpreters.main()
