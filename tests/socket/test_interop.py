# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Our server on each interpreter, with clients of each kind: Debian's execnet, PyGObject and GJS.
And theirs into Debian's server."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'worker'))

from certificates import make  # noqa: E402
from interpreters import interpreters  # noqa: E402
from support import PATIENCE, Server, wait_until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SECRET = '0123456789abcdef0123456789abcdef'
EXPECTED = '42\n42\n21\n14\nTrue\nthread\n[0, 1, 2, None]\n'

BUSY = '''
import execnet, sys
gateway = execnet.makegateway(sys.argv[1])
channel = gateway.remote_exec('channel.send(1)\\nwhile True: pass')
channel.receive()
print('busy', flush=True)
channel.receive()
'''


def run(*command):
    # Any execnet of ours on the path would stand in for theirs.
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


class InterpretersTest(unittest.TestCase):

    def test_clients_of_each_kind(self):
        for name, path in sorted(interpreters().items()):
            if 'jython' in name:
                continue
            with self.subTest(name), Server(python=path) as server:
                before = server.count_descriptors()
                spec = 'socket=127.0.0.1:%d' % server.port
                for kind in ('stock', 'ours'):
                    self.assertEqual(
                        run(sys.executable, os.path.join(HERE, 'client.py'), kind, spec), EXPECTED)
                server.wait_for_children(0)
                wait_until(lambda: server.count_descriptors() == before, 'descriptors')

    def test_tls_and_token(self):
        with tempfile.TemporaryDirectory() as folder:
            make(folder)
            for name, path in sorted(interpreters().items()):
                if 'jython' in name:
                    continue
                with self.subTest(name), Server(
                        '--cert', os.path.join(folder, 'server.pem'), '--token-env', 'T',
                        python=path, environ={'T': SECRET}) as server:
                    before = server.count_descriptors()
                    os.environ['T'] = SECRET
                    spec = 'socket=127.0.0.1:%d//tls_ca=%s/authority.crt//token_env=T' % (
                        server.port, folder)
                    self.assertEqual(
                        run(sys.executable, os.path.join(HERE, 'client.py'), 'ours', spec), EXPECTED)
                    server.wait_for_children(0)
                    wait_until(lambda: server.count_descriptors() == before, 'descriptors')

    def test_gjs(self):
        with Server() as server:
            self.assertEqual(run('gjs', '-m', os.path.join(HERE, 'client.js'),
                                 'socket=localhost:%d' % server.port), '42\n')

    def test_jython_says_why_not(self):
        path = shutil.which('jython')
        if path is None:
            self.skipTest('there is no jython here')
        done = subprocess.run([path, os.environ['EXECNET_SOCKET_SERVER'], '127.0.0.1:0'],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 2)
        self.assertIn("can't fork", done.stderr)


class KilledTest(unittest.TestCase):

    def test_stock_client_that_is_killed(self):
        """Its worker interrupts itself after five seconds, which must not reach the server."""
        with Server() as server:
            client = subprocess.Popen(
                [sys.executable, '-c', BUSY, 'socket=127.0.0.1:%d' % server.port],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            self.assertEqual(client.stdout.readline(), b'busy\n')
            self.assertEqual(len(server.children()), 1)
            client.send_signal(signal.SIGKILL)
            client.wait()
            client.stdout.close()
            server.wait_for_children(0)
            self.assertEqual(run(sys.executable, os.path.join(HERE, 'client.py'), 'stock',
                                 'socket=127.0.0.1:%d' % server.port), EXPECTED)


if __name__ == '__main__':
    unittest.main(verbosity=1)
