# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The socket server: what it lets in, what it refuses, and that nothing hurts it."""

import binascii
import contextlib
import hashlib
import hmac
import os
import signal
import socket
import struct
import sys
import tempfile
import time
import unittest

from support import (PATIENCE, Server, ask, is_alive, line_of, read_all, refuse, wait_until)

SECRET = b'0123456789abcdef0123456789abcdef'
WHO = "import os; clientsock.sendall(str(os.getpid()).encode())"


class ServerTest(unittest.TestCase):

    def assert_serves(self, server):
        """Somebody else gets in."""
        with server.connect() as connection:
            self.assertTrue(ask(connection, WHO).isdigit())

    def assert_recovers(self, server, descriptors):
        self.assert_serves(server)
        server.wait_for_children(0)
        wait_until(lambda: server.count_descriptors() == descriptors, 'descriptors')


class AddressTest(ServerTest):

    def test_all_interfaces(self):
        with Server('--insecure', address=':0') as server:
            self.assertRegex(server.first_line, r'^Listening on (\[::\]|0\.0\.0\.0):\d+\n$')
            self.assert_serves(server)

    def test_ipv6(self):
        with Server(address='[::1]:0') as server:
            self.assertRegex(server.first_line, r'^Listening on \[::1\]:\d+\n$')
            with socket.create_connection(('::1', server.port), PATIENCE) as connection:
                self.assertTrue(ask(connection, WHO).isdigit())

    def test_name(self):
        with Server(address='localhost:0') as server:
            self.assertEqual({address.rstrip(',').rpartition(':')[2] for address in server.addresses},
                             {str(server.port)})
            self.assert_serves(server)

    def test_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'socket')
            for i in range(2):
                with Server(address='unix:' + path) as server:
                    self.assertEqual(server.first_line, 'Listening on unix:%s\n' % path)
                    self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
                    with socket.socket(socket.AF_UNIX) as connection:
                        connection.connect(path)
                        self.assertTrue(ask(connection, WHO).isdigit())
                    status, message = refuse('unix:' + path)
                    self.assertEqual(status, 2)
                    self.assertIn('in use', message)
                    if i == 0:
                        # Nobody tidies up after that.
                        server.process.kill()
                        server.process.wait()
                        self.assertTrue(os.path.exists(path))
                        server.close = lambda: (server.thread.join(), (0, ''))[1]
                        server.process.stdout.close()
                self.assertEqual(os.path.exists(path), i == 0)
                if i == 0:
                    server.process.stderr.close()

    def test_refused_addresses(self):
        for address, part in ((':80x', 'has no port'), ('8888', 'has no port'),
                              ('::1:8888', 'in brackets'), ('unix:', 'names no file'),
                              ('no-such-host.invalid:1', 'no address is known'),
                              ('192.0.2.1:8888', "can't be listened on"),
                              ('unix:/nowhere/at/all', "can't be listened on")):
            with self.subTest(address=address):
                status, message = refuse('--insecure', address)
                self.assertEqual(status, 2)
                self.assertIn(part, message)
                self.assertNotIn('Traceback', message)

    def test_port_in_use(self):
        with Server() as server:
            status, message = refuse('127.0.0.1:%d' % server.port)
            self.assertEqual(status, 2)
            self.assertIn('in use', message)

    def test_exposure(self):
        for address in (':0', '0.0.0.0:0', '[::]:0'):
            with self.subTest(address=address):
                status, message = refuse(address)
                self.assertEqual(status, 2)
                for way in ('--token-file', '--token-env', '--insecure', '127.0.0.1:'):
                    self.assertIn(way, message)
        with Server('--token-env=T', address=':0', environ={'T': SECRET.decode()}) as server:
            self.assertTrue(server.port)

    def test_bad_options(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(SECRET)
            file.flush()
            os.chmod(file.name, 0o644)
            for arguments, part in (
                    (['--token-file', file.name], 'chmod 600'),
                    (['--token-file', '/nowhere'], "can't be read"),
                    (['--token-env', 'NO_SUCH_VARIABLE'], 'is not set'),
                    (['--token-env', 'SHORT'], 'a token of 5 characters'),
                    (['--cert', file.name], "can't be used"),
                    (['--cert', '/nowhere'], "can't be used"),
                    (['--key', file.name], 'give both'),
                    (['--token-env', 'A', '--token-file', 'B'], 'not allowed with')):
                with self.subTest(arguments=arguments):
                    status, message = refuse('127.0.0.1:0', *arguments, environ={'SHORT': 'short'})
                    self.assertEqual(status, 2)
                    self.assertIn(part, message)
                    self.assertNotIn('Traceback', message)


class ClientsTest(ServerTest):

    def test_once(self):
        with Server('--once') as server:
            self.assert_serves(server)
            self.assertEqual(server.process.wait(PATIENCE), 0)

    def test_each_has_its_own_process(self):
        with tempfile.TemporaryDirectory() as folder, Server(cwd='/') as server:
            with server.connect() as first, server.connect() as second:
                first.sendall(line_of(
                    'import os, sys; os.chdir(%r); os.environ["A"] = "b"; clientsock.sendall(b"1"); '
                    'clientsock.recv(1); sys.stdout.write("printed")' % folder))
                self.assertEqual(first.recv(1), b'1')
                self.assertEqual(ask(second, 'import os; clientsock.sendall((os.getcwd() + '
                                     'os.environ.get("A", "none")).encode())'), b'/none')
            self.assertEqual(os.readlink('/proc/%d/cwd' % server.process.pid), '/')
            server.wait_for_children(0)

    def test_what_source_finds(self):
        source = '''
import socket
assert clientsock.getpeername() == address, address
parts = [execmodel.backend, execmodel.queue.Queue.__name__, execmodel.socket is socket,
         execmodel.get_ident() == execmodel.get_ident(), execmodel.Lock().acquire(),
         execmodel.RLock().acquire(), execmodel.Event().is_set(), execmodel.sleep(0)]
arrived = execmodel.queue.Queue()
execmodel.start(arrived.put, (1,))
pool = execmodel.WorkerPool(hasprimary=True)
task = pool.spawn(lambda x, y=0: x + y, 40, y=2)
other = pool.spawn(lambda: 1 / 0)
try:
    other.get()
except ZeroDivisionError:
    parts.append('raises')
pool.trigger_shutdown()
pool.integrate_as_primary_thread()
parts += [task.get(), pool.waitall(5), pool.active_count(), arrived.get()]
try:
    pool.spawn(len)
except ValueError:
    parts.append('ended')
clientsock.sendall(repr(parts).encode())
'''
        with Server() as server, server.connect() as connection:
            self.assertEqual(
                ask(connection, source).decode(),
                repr(['thread', 'Queue', True, True, True, True, False, None, 'raises', 42, True, 0,
                      1, 'ended']))

    def test_ends_of_clients(self):
        with Server() as server:
            descriptors = server.count_descriptors()
            for source, said in (('raise ValueError("told so")', 'told so'),
                                 ('import sys; sys.exit(3)', ' is gone.'),
                                 ('import os; os._exit(7)', 'exit status 7'),
                                 ('import os; os.kill(os.getpid(), 11)', 'signal 11'),
                                 ('1 +', 'sent no source')):
                with self.subTest(source=source), server.connect() as connection:
                    self.assertEqual(ask(connection, source), b'')
                    server.expect(said)
            self.assert_recovers(server, descriptors)

    def test_clients_end_with_the_server(self):
        with Server() as server:
            pids = []
            for stubborn in ('', 'import signal; signal.signal(15, signal.SIG_IGN); '):
                connection = server.connect()
                self.addCleanup(connection.close)
                connection.sendall(line_of(stubborn + 'import os\nclientsock.sendall(b"%d\\n" % '
                                           'os.getpid())\nwhile True: pass'))
                pids.append(int(connection.makefile().readline()))
            self.assertEqual(server.children(), pids)
        for pid in pids:
            wait_until(lambda: not is_alive(pid), 'the end of a client')

    def test_at_most_so_many(self):
        with Server('--clients=2') as server:
            kept = [server.connect() for _ in range(2)]
            for connection in kept:
                connection.sendall(line_of('clientsock.sendall(b"1"); clientsock.recv(1)'))
                self.assertEqual(connection.recv(1), b'1')
            with server.connect() as connection:
                answer = ask(connection, WHO)
                self.assertEqual(answer[:1], b'0')
                self.assertEqual(struct.unpack('>i', answer[1:5])[0], len(answer) - 5)
                self.assertIn(b'has 2 clients already', answer)
            for connection in kept:
                connection.close()
            server.wait_for_children(0)
            self.assert_serves(server)


class HostileTest(ServerTest):

    def test_half_a_line(self):
        with Server('--timeout=0.5') as server:
            descriptors = server.count_descriptors()
            with server.connect() as waiting, server.connect() as silent:
                waiting.sendall(b"'import os")
                self.assert_serves(server)
                self.assertEqual(read_all(waiting), b'')
                self.assertEqual(read_all(silent), b'')
            server.expect('has not ended its line in time')
            self.assert_recovers(server, descriptors)

    def test_garbage(self):
        with Server() as server:
            descriptors = server.count_descriptors()
            for data in (b'GET / HTTP/1.1\r\nHost: x\r\n\r\n', b'\0' * 100 + b'\n', b'\n',
                         b'SSH-2.0-OpenSSH_9.2\r\n', b'__import__("os").abort()\n', b'"open\n',
                         b'"a" "b" + \n', b"b'\\xff'\n", b'execnet-token 1 abc\n',
                         b'execnet-token 1 ' + b'z' * 200 + b'\n', b'\x16\x03\x01\x00\x05hello',
                         line_of('pass') + b'more', b'u' * 10000, os.urandom(5000) + b'\n',
                         b'"' + b'(' * 100000 + b'\n', line_of('(' * 100000)):
                with self.subTest(data=data[:30]), server.connect() as connection:
                    try:
                        connection.sendall(data)
                        connection.shutdown(socket.SHUT_WR)
                    except OSError:
                        # The server has let go of it already.
                        pass
                    self.assertEqual(read_all(connection)[1:], b'')
            self.assert_recovers(server, descriptors)

    def test_messages_that_nobody_reads(self):
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writing, b'x' * 4096)
        os.set_blocking(writing, True)
        with Server(stderr=writing) as server:
            for _ in range(3):
                with server.connect() as connection:
                    connection.sendall(b'garbage\n')
                    connection.settimeout(PATIENCE)
                    read_all(connection)
            self.assert_serves(server)
        os.close(reading)
        os.close(writing)

    def test_long_line(self):
        with Server() as server:
            with server.connect() as connection:
                try:
                    while True:
                        connection.sendall(b'"' + b'x' * 100000)
                except (BrokenPipeError, ConnectionResetError):
                    pass
            server.expect('Its line is too long')
            self.assert_serves(server)

    def test_1000_connections(self):
        with Server(descriptors=100) as server:
            descriptors = server.count_descriptors()
            kept = []
            for i in range(1000):
                kept.append(server.connect())
                if i % 3 == 0:
                    kept[-1].sendall(b"'half")
                if i % 250 == 249:
                    self.assert_serves(server)
            for connection in kept:
                connection.close()
            self.assert_recovers(server, descriptors)

    def test_killed_clients(self):
        """Code goes on for nobody: our own worker and execnet's see to that, and here the server's
        process is left to the code."""
        with Server() as server:
            descriptors = server.count_descriptors()
            for _ in range(20):
                connection = server.connect()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                connection.sendall(line_of('clientsock.sendall(b"1"); clientsock.recv(1)'))
                self.assertEqual(connection.recv(1), b'1')
                connection.close()
            self.assert_recovers(server, descriptors)

    def test_a_client_cannot_end_the_server(self):
        with Server() as server:
            with server.connect() as connection:
                # What a stock worker does when its client is gone while code runs.
                ask(connection, 'import os; os.kill(os.getpid(), 2)')
            with server.connect() as connection:
                ask(connection, 'import os; os.killpg(0, 15)')
            server.wait_for_children(0)
            self.assert_serves(server)


def prove(role, client_nonce, server_nonce, secret=SECRET):
    message = b'execnet-token 1 ' + role + b' ' + client_nonce + b' ' + server_nonce
    return binascii.hexlify(hmac.new(secret, message, hashlib.sha256).digest())


class TokenTest(ServerTest):
    """The talk as docs/protocol.md has it."""

    def setUp(self):
        self.server = Server('--token-env=T', environ={'T': SECRET.decode()})
        self.addCleanup(self.server.close)

    def begin(self, nonce):
        connection = self.server.connect()
        self.addCleanup(connection.close)
        file = connection.makefile('rb')
        self.addCleanup(file.close)
        connection.sendall(b'execnet-token 1 ' + nonce + b'\n')
        return connection, file, file.readline().strip()

    def test_right(self):
        nonce = b'ab' * 32
        connection, file, theirs = self.begin(nonce)
        self.assertRegex(theirs, b'^[0-9a-f]{64}$')
        connection.sendall(prove(b'client', nonce, theirs) + b'\n')
        self.assertEqual(file.readline().strip(), prove(b'server', nonce, theirs))
        connection.sendall(line_of('import os; clientsock.sendall(os.environ.get("T", "?").encode())'))
        self.assertEqual(file.read(), b'?')

    def test_replayed(self):
        nonce = b'ab' * 32
        connection, file, theirs = self.begin(nonce)
        proof = prove(b'client', nonce, theirs)
        connection.sendall(proof + b'\n')
        self.assertEqual(len(file.readline()), 65)
        connection, file, others = self.begin(nonce)
        self.assertNotEqual(others, theirs)
        connection.sendall(proof + b'\n')
        self.assert_refused(file)

    def test_other_role(self):
        nonce = b'ab' * 32
        connection, file, theirs = self.begin(nonce)
        connection.sendall(prove(b'server', nonce, theirs) + b'\n')
        self.assert_refused(file)

    def test_wrong(self):
        nonce = b'ab' * 32
        for secret in (b'', SECRET + b'x', SECRET.upper()):
            connection, file, theirs = self.begin(nonce)
            connection.sendall(prove(b'client', nonce, theirs, secret) + b'\n')
            self.assert_refused(file)

    def test_source_without(self):
        with self.server.connect() as connection:
            self.assertIn(b'token\nThe server wants a token', ask(connection, WHO))
        connection, file, _ = self.begin(b'ab' * 32)
        connection.sendall(line_of(WHO))
        self.assertIn(b'wants a token', file.read())

    def test_source_without_is_not_kept(self):
        with self.server.connect() as connection:
            # No end of line: else a mebibyte would be held for each connection.
            connection.sendall(b'"half')
            connection.settimeout(10)
            self.assertIn(b'wants a token', read_all(connection))

    def test_proof_twice(self):
        nonce = b'ab' * 32
        connection, file, theirs = self.begin(nonce)
        connection.sendall(prove(b'client', nonce, theirs) + b'\n')
        file.readline()
        connection.sendall(prove(b'client', nonce, theirs) + b'\n')
        self.assert_refused(file)

    def assert_refused(self, file):
        answer = file.read()
        self.assertEqual(answer[:1], b'0')
        self.assertIn(b'token\nThe token is not the one of the server', answer)
        self.assertEqual(self.server.children(), [])


if __name__ == '__main__':
    unittest.main(verbosity=1)
