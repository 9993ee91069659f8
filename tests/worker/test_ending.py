# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The worker ends with the connection, soon, whatever its code does."""

import os
import subprocess
import sys
import tempfile
import time
import unittest

import interpreters
from driver import TERMINATE, Ended, Worker

#: What is promised, in seconds, and a bit for a busy machine.
SOON = 2 + 3
AT_LATEST = 5 + 3


class Ending:
    """What holds for each way to end the connection."""

    #: Code, how many seconds it may live on, and the statuses that the worker may end with.
    lives = [
        # Waits for items.
        ('channel.send("ready")\nchannel.receive()', SOON, (0,)),
        ('channel.send("ready")\nchannel.gateway.newchannel().waitclose()', SOON, (0,)),
        ('channel.setcallback(str)\nchannel.send("ready")\nchannel.waitclose()', SOON, (0,)),
        # Waits for something else.
        ('import time\nchannel.send("ready")\ntime.sleep(1000)', SOON, (0, 1)),
        # Computes.
        ('channel.send("ready")\nwhile True: pass', AT_LATEST, (0, 1)),
    ]

    def test_code_ends(self):
        # Java starts slowly.
        lives = self.lives[::3] if self.is_jython else self.lives
        workers = [Worker(self.python) for life in lives]
        try:
            for worker, (source, seconds, statuses) in zip(workers, lives):
                self.assertEqual(worker.take(worker.execute(source)), 'ready')
            # All at once, because some take their time.
            start = time.monotonic()
            for worker in workers:
                self.end(worker)
            for worker, (source, seconds, statuses) in zip(workers, lives):
                status = worker.wait()[0]
                self.assertLess(time.monotonic() - start, seconds, source)
                self.assertIn(status, statuses, source)
        finally:
            for worker in workers:
                worker.close()

    def test_idle(self):
        with Worker(self.python) as worker:
            worker.run('channel.send(1)')
            self.end(worker)
            status, elapsed = worker.wait()
            self.assertEqual(status, 0)
            self.assertLess(elapsed, SOON)

    def test_before_anything_ran(self):
        with Worker(self.python) as worker:
            self.end(worker)
            self.assertEqual(worker.wait()[0], 0)


@interpreters.each_interpreter
class EndOfInput(Ending):

    lives = Ending.lives + [
        # Waits where Python 2 can't be interrupted.
        ('import threading\nlock = threading.Lock()\nlock.acquire()\n'
         'channel.send("ready")\nlock.acquire()', SOON, (0, 1)),
        ("""if 1:
            channel.send('ready')
            while True:
                try:
                    while True:
                        pass
                except KeyboardInterrupt:
                    pass
            """, AT_LATEST, (1,)),
        ("""if 1:
            import signal, time
            for name in ('SIGINT', 'SIGTERM', 'SIGHUP'):
                try:
                    signal.signal(getattr(signal, name), signal.SIG_IGN)
                except ValueError:
                    # Java keeps some for itself.
                    pass
            channel.send('ready')
            while True:
                time.sleep(1000)
            """, AT_LATEST, (1,)),
        # In other threads.
        ("""if 1:
            import threading, time
            def wait():
                while True:
                    time.sleep(1000)
            thread = threading.Thread(target=wait)
            thread.start()
            channel.send('ready')
            """, SOON, (0, 1)),
    ]

    def end(self, worker):
        worker.end_input()

    def test_code_in_other_threads(self):
        with Worker(self.python) as worker:
            channels = [worker.execute('import time\nchannel.send(0)\n' + wait)
                        for wait in ('time.sleep(1000)', 'channel.receive()', 'time.sleep(1000)',
                                     'while True: time.sleep(0)')]
            for channel in channels:
                worker.take(channel)
            self.end(worker)
            self.assertLess(worker.wait()[1], AT_LATEST)

    def test_what_is_still_done(self):
        with tempfile.TemporaryDirectory() as folder:
            with Worker(self.python) as worker:
                worker.run("""if 1:
                    import atexit
                    folder = %r
                    def write(name):
                        with open('%%s/%%s' %% (folder, name), 'w') as file:
                            file.write(name)
                    atexit.register(write, 'by an exit function')
                    c = channel.gateway.newchannel()
                    c.setcallback(write, endmarker='by a callback')
                    write.channel = c
                    """ % folder)
                channel = worker.execute("""if 1:
                    import time
                    channel.send('ready')
                    try:
                        channel.receive()
                    except EOFError:
                        channel.send(b'x' * 3000000)
                        time.sleep(0.2)
                        open(%r, 'w').close()
                    """ % (folder + '/by code'))
                worker.take(channel)
                # This comes before the end, so it is done.
                worker.execute('open(%r, "w").close()' % (folder + '/by the last code'))
                self.end(worker)
                self.assertEqual(len(worker.take(channel)), 3000000)
                worker.take_end(channel)
                self.assertEqual(worker.wait()[0], 0)
            self.assertEqual(sorted(os.listdir(folder)), [
                'by a callback', 'by an exit function', 'by code', 'by the last code'])


@interpreters.each_interpreter
class Terminate(Ending):

    def end(self, worker):
        worker.send(TERMINATE, 0)


@interpreters.each_interpreter
class ClosedConnection:
    """The other side is gone altogether."""

    def test_send_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, 'file')
            with Worker(self.python) as worker:
                channel = worker.execute('''if 1:
                    channel.send('ready')
                    try:
                        channel.receive()
                    except EOFError:
                        pass
                    try:
                        while True:
                            channel.send(b'x' * 100000)
                    except OSError as error:
                        with open(%r, 'w') as file:
                            file.write(str(error))
                    ''' % name)
                worker.take(channel)
                if worker.socket:
                    worker.selector.close()
                    worker.socket.close()
                self.assertLess(worker.wait()[1], AT_LATEST)
            with open(name) as file:
                self.assertIn('the other side is gone', file.read())

    def test_blocked_in_send(self):
        with Worker(self.python) as worker:
            channel = worker.execute(
                'channel.send("ready")\nwhile True: channel.send(b"x" * 1000000)')
            worker.take(channel)
            worker.selector.close()
            worker.socket.close()
            self.assertLess(worker.wait()[1], AT_LATEST)

    def test_killed_initiator(self):
        # A process between this one and the worker, as an initiator is.
        program = '''if 1:
            import os, sys
            sys.path.insert(0, %r)
            from driver import Worker
            worker = Worker(%r)
            worker.take(worker.execute('channel.send(0)\\nwhile True: pass'))
            sys.stdout.write('%%d\\n' %% worker.process.pid)
            sys.stdout.flush()
            sys.stdin.read()
            ''' % (os.path.dirname(os.path.abspath(__file__)), self.python)
        initiator = subprocess.Popen([sys.executable, '-c', program], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)
        pid = int(initiator.stdout.readline())
        worker = os.pidfd_open(pid)
        try:
            initiator.kill()
            initiator.wait()
            import select
            ended = select.select([worker], [], [], AT_LATEST)[0]
            self.assertTrue(ended)
        finally:
            os.close(worker)
            initiator.stdin.close()
            initiator.stdout.close()


@interpreters.each_interpreter
class SentBeforeTheEnd:

    def test_everything_that_send_returned_from_arrives(self):
        with Worker(self.python) as worker:
            channel = worker.execute('''if 1:
                import os
                for i in range(30):
                    channel.send(b'x' * 1000000)
                os._exit(0)
                ''')
            for i in range(30):
                self.assertEqual(len(worker.take(channel)), 1000000)
            with self.assertRaises(Ended):
                worker.next()
            self.assertEqual(worker.wait()[0], 0)


class Forks(unittest.TestCase):

    def test_a_child_that_comes_to_the_end_of_the_code_just_leaves(self):
        with Worker([sys.executable]) as worker:
            sent = worker.run('''if 1:
                import os
                pid = os.fork()
                if pid:
                    channel.send(os.waitpid(pid, 0)[1])
                ''')
            self.assertEqual(sent, [0])
            self.assertEqual(worker.run('channel.send(1)'), [1])


if __name__ == '__main__':
    interpreters.main()
