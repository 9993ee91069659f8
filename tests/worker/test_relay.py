# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What leads from a worker to another interpreter: bootstrap/relay.py, as it is packed."""

import os
import signal
import socket
import sys
import tempfile
import threading
import unittest

import interpreters
from driver import CLOSE, CLOSE_ERROR, DATA, EXEC, LAST_MESSAGE, Worker

with open(os.environ['EXECNET_RELAY']) as relay_file:
    RELAY = relay_file.read()

KILL = '''
import sys
relays = vars(sys.modules['_execnet_worker']).setdefault('relays', {})
if relays.setdefault(%d): relays[%d].kill()
'''


def execute_apart(worker, source, function=None, arguments=None):
    channel = worker.number()
    worker.send(EXEC, channel, (source, '<relay>', function, arguments or {}, 1, False, False, True))
    return channel


def start(worker, code, *words):
    command = list(words) or [None, '-u', '-c', code]
    return execute_apart(worker, RELAY, 'relay_process', {'command': command})


def take_all(worker, channel):
    """Gives (bytes, how they ended, stderr, what came last) of a relay."""
    output, errors, ends, last = b'', b'', 0, None
    while True:
        message = worker.next_on(channel)
        if message.code != DATA:
            assert message.code == CLOSE, message
            return output, ends, errors, last
        item = message.item
        if isinstance(item, bytes):
            assert not ends
            output += item
        elif item is None:
            ends += 1
        elif item[0] == 'stderr':
            # Python 2 has no other bytes.
            errors += item[1] if isinstance(item[1], bytes) else item[1].encode()
        else:
            last = item
            # As the other side does, which needs no more.
            worker.send(CLOSE, channel)
            return output, ends, errors, last


class Relays:

    def test_bytes_both_ways(self):
        channel = start(self.worker, 'import os\nwhile 1:\n'
                        ' data = os.read(0, 100000)\n if not data: break\n os.write(1, data)')
        data = bytes(range(256)) * 2000
        for i in range(0, len(data), 50000):
            self.worker.give(channel, data[i:i + 50000])
        self.worker.send(LAST_MESSAGE, channel)
        self.assertEqual(take_all(self.worker, channel), (data, 1, b'', ('end', 0, 0)))

    def test_exit_status_and_errors(self):
        channel = start(self.worker, 'import os; os.write(2, b"oh"); os.write(1, b"a"); os._exit(3)')
        self.assertEqual(take_all(self.worker, channel), (b'a', 1, b'oh', ('end', 3, 0)))

    def test_signal(self):
        channel = start(self.worker, 'import os; os.kill(os.getpid(), 15); os.read(0, 1)')
        self.assertEqual(take_all(self.worker, channel), (b'', 1, b'', ('end', -1, signal.SIGTERM)))

    def test_own_interpreter_folder_and_session(self):
        channel = start(self.worker, 'import os, sys; os.write(1, ("%s %s %d" % (sys.executable, '
                        'os.getcwd(), os.getsid(0) == os.getpid())).encode())')
        executable, folder = self.worker.run(
            'import os, sys; channel.send(sys.executable); channel.send(os.getcwd())')
        self.assertEqual(take_all(self.worker, channel)[0].decode(),
                         '%s %s 1' % (executable, folder))

    def test_missing_program(self):
        channel = start(self.worker, None, '/no/such/program', 'x')
        self.assertEqual(self.worker.take(channel)[:2], ('failed', 'ENOENT'))
        self.worker.take_end(channel)

    def test_kill(self):
        channel = start(self.worker, 'import os; os.write(1, b"x")\nwhile 1: os.read(0, 1)')
        self.assertEqual(self.worker.take(channel), b'x')
        # Nobody reads this fast: it waits, and is not in the way of the kill.
        self.worker.give(channel, b'y' * 1000000)
        execute_apart(self.worker, KILL % (channel, channel))
        self.assertEqual(take_all(self.worker, channel), (b'', 1, b'', ('end', -1, signal.SIGKILL)))

    def test_kill_before_the_start(self):
        channel = self.worker.number() + 4
        self.worker.take_end(execute_apart(self.worker, KILL % (channel, channel)))
        self.assertEqual(start(self.worker, 'import time; time.sleep(1000)'), channel)
        self.assertEqual(take_all(self.worker, channel)[3], ('end', -1, signal.SIGKILL))

    def test_close_kills(self):
        channel = start(self.worker, 'import os, time; os.write(1, str(os.getpid()).encode())\n'
                        'while 1: time.sleep(1000)')
        pid = int(self.worker.take(channel))
        self.worker.send(CLOSE, channel)
        while os.path.exists('/proc/%d' % pid):
            self.worker.status()

    def test_those_that_hold_the_pipes_on(self):
        channel = start(self.worker, 'import os, subprocess\nos.write(1, b"z")\n'
                        'p = subprocess.Popen(["sleep", "1000"])\n'
                        'os.write(2, str(p.pid).encode()); os._exit(0)')
        output, ends, errors, last = take_all(self.worker, channel)
        self.assertEqual((output, ends, last), (b'z', 1, ('end', 0, 0)))
        os.kill(int(errors), signal.SIGKILL)

    def test_main_thread_stays_free(self):
        channel = start(self.worker, 'import os; os.read(0, 1)')
        self.assertEqual(self.worker.status()['numexecuting'], 0)
        self.assertEqual(self.worker.run(
            'import threading; channel.send(isinstance(threading.current_thread(), '
            'threading._MainThread))'), [True])
        self.worker.send(LAST_MESSAGE, channel)
        self.assertEqual(take_all(self.worker, channel)[3], ('end', 0, 0))

    def test_flow(self):
        channel = start(self.worker, 'import os\nfor i in range(64): os.write(1, b"x" * 65536)\n'
                        'os.read(0, 1)')
        # The relay's own first credit says that it is there.
        while not [credit for credit in self.worker.credits if credit[0] == channel]:
            self.worker.status()
        self.worker.give_credit(channel, 1)
        self.worker.give_credit(channel, 2**40)
        self.worker.send(LAST_MESSAGE, channel)
        output = b''
        while len(output) < 64 * 65536:
            message = self.worker.next_on(channel)
            if message.code == DATA:
                output += message.item
        self.assertEqual(take_all(self.worker, channel)[3], ('end', 0, 0))

    def test_connection(self):
        listener = socket.create_server(('127.0.0.1', 0))
        channel = execute_apart(self.worker, RELAY, 'relay_connection', {
            'address': ['localhost', listener.getsockname()[1]], 'timeout': 60})
        self.worker.give(channel, b'hello')
        accepted, _ = listener.accept()
        self.assertEqual(self.worker.take(channel), ('connected',))
        self.assertEqual(accepted.recv(5), b'hello')
        accepted.sendall(b'world')
        self.worker.send(LAST_MESSAGE, channel)
        self.assertEqual(accepted.recv(5), b'')
        accepted.close()
        listener.close()
        self.assertEqual(self.worker.take(channel), b'world')
        self.assertEqual(self.worker.take(channel), None)
        self.worker.take_end(channel)

    def test_connection_to_a_path(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'socket')
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path)
                listener.listen(1)
                channel = execute_apart(self.worker, RELAY, 'relay_connection', {
                    'address': [path], 'timeout': 60})
                accepted, _ = listener.accept()
                accepted.sendall(b'there')
                self.assertEqual(self.worker.take(channel), ('connected',))
                self.assertEqual(self.worker.take(channel), b'there')
                self.worker.send(CLOSE, channel)
                self.assertEqual(accepted.recv(1), b'')
                accepted.close()

    def test_refused_connection(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            port = listener.getsockname()[1]
        channel = execute_apart(self.worker, RELAY, 'relay_connection', {
            'address': ['127.0.0.1', port], 'timeout': 60})
        self.assertEqual(self.worker.take(channel)[:2], ('failed', 'ECONNREFUSED'))
        self.worker.take_end(channel)

    def test_unknown_host(self):
        channel = execute_apart(self.worker, RELAY, 'relay_connection', {
            'address': ['no.such.host.invalid', 1], 'timeout': 60})
        self.assertEqual(self.worker.take(channel)[:2], ('failed', 'gaierror'))
        self.worker.take_end(channel)

    def test_end_of_the_worker_ends_the_other(self):
        with Worker(self.python, execmodel=self.model) as worker:
            channel = start(worker, 'import os; os.write(1, str(os.getpid()).encode())\n'
                            'os.read(0, 1)')
            pid = int(worker.take(channel))
            worker.process.kill()
            worker.wait()
            while os.path.exists('/proc/%d' % pid):
                with open('/proc/%d/stat' % pid) as file:
                    if file.read().rpartition(')')[2].split()[0] == 'Z':
                        break


def for_models(names):
    def decorate(case):
        for name in names:
            made = type('%s_%s' % (case.__name__, name), (case,), {
                'model': name, '__module__': case.__module__})
            interpreters.each_interpreter(made)
        return case
    return decorate


@for_models(['thread', 'main_thread_only'])
class Threads(Relays):

    @classmethod
    def setUpClass(cls):
        if cls.is_jython:
            raise unittest.SkipTest('Jython has no pipes that could be waited for')
        cls.worker = Worker(cls.python, execmodel=cls.model)

    @classmethod
    def tearDownClass(cls):
        cls.worker.close()


class Green(Relays):

    python = [sys.executable]
    is_python_2 = is_jython = is_pypy = False

    @classmethod
    def setUpClass(cls):
        cls.worker = Worker(cls.python, execmodel=cls.model)

    @classmethod
    def tearDownClass(cls):
        cls.worker.close()


class Gevent(Green, unittest.TestCase):
    model = 'gevent'


class Eventlet(Green, unittest.TestCase):
    model = 'eventlet'


if __name__ == '__main__':
    interpreters.main()
