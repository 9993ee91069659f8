# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Groups: making gateways, finding them, and ending them together."""

import os
import socket
import sys
import tempfile
import threading
import unittest

from gi.repository import Gio

from support import Case, LONG, run, wait_for_end


class GroupTest(Case):
    def test_sequence(self):
        first, second = self.makegateway(), self.makegateway('popen//id=other')
        self.assertEqual(list(self.group), [first, second])
        self.assertEqual(len(self.group), 2)
        self.assertIs(self.group[0], first)
        self.assertIs(self.group[-1], second)
        self.assertIs(self.group['other'], second)
        self.assertIs(self.group[second], second)
        for key in ('gw0', 0, first):
            self.assertIn(key, self.group)
        for key in ('gw7', 7, None, self.execnet):
            self.assertNotIn(key, self.group)
        with self.assertRaises(KeyError):
            self.group['gw7']
        with self.assertRaises(IndexError):
            self.group[2]
        self.assertEqual(repr(self.group), "<Group ['gw0', 'other']>")
        first.exit()
        self.assertEqual(list(self.group), [second])

    def test_constructor(self):
        group = self.execnet.Group(['popen'] * 2)
        self.addCleanup(group.terminate, 5)
        self.assertEqual([gateway.id for gateway in group], ['gw0', 'gw1'])
        with self.assertRaises(ValueError):
            self.execnet.Group(execmodel='unknown')
        with self.assertRaises(ValueError):
            self.execnet.Group('popen')

    def test_many_at_once(self):
        seen = []
        gateways = self.group.makegateways(['popen', 'popen//id=mine', self.execnet.XSpec('popen')],
                                           max_parallel=2, progress=lambda *n: seen.append(n))
        self.assertEqual([gateway.id for gateway in gateways], ['gw0', 'mine', 'gw1'])
        self.assertEqual(seen, [(1, 3), (2, 3), (3, 3)])
        self.assertEqual(list(self.group), gateways)
        gateways += self.group.makegateways([self.execnet.XSpec('popen')] * 2)
        self.assertEqual([gateway.id for gateway in gateways[3:]], ['gw2', 'gw3'])
        with self.assertRaises(FileNotFoundError):
            self.group.makegateways(['popen', 'popen//python=no-such-python'])
        with self.assertRaises(ValueError):
            self.group.makegateways(['popen', 'popen//id=mine'])
        self.assertEqual(list(self.group), gateways)

    def test_models(self):
        self.assertEqual(repr(self.group.execmodel), "<ExecModel 'thread'>")
        self.group.set_execmodel('main_thread_only')
        self.assertEqual((self.group.execmodel.backend, self.group.remote_execmodel.backend),
                         ('main_thread_only', 'main_thread_only'))
        self.group.set_execmodel('thread', 'main_thread_only')
        with self.assertRaises(ValueError):
            self.group.set_execmodel('unknown')
        gateway = self.makegateway()
        # As with execnet, that of this side.
        self.assertIn('thread model', repr(gateway))
        self.assertEqual(gateway.execmodel, self.group.execmodel)
        self.assertEqual(gateway.remote_status().execmodel, 'main_thread_only')
        with self.assertRaises(ValueError):
            self.group.set_execmodel('thread')
        self.assertEqual(self.execnet.Group(execmodel='main_thread_only').execmodel.backend,
                         'main_thread_only')
        self.assertEqual(self.execnet.set_execmodel, self.execnet.default_group.set_execmodel)

    def test_a_lost_gateway_stays_a_member(self):
        gateway = self.makegateway()
        gateway.kill()
        gateway.join(LONG)
        self.assertEqual(list(self.group), [gateway])
        self.assertIn('not-receiving', repr(gateway))
        self.assertEqual(list(self.group.get_gateways()), [])
        gateway.exit()
        self.assertEqual(list(self.group), [])

    def test_specifications(self):
        spec = self.execnet.XSpec('popen//id=one')
        self.assertEqual(self.makegateway(spec).id, 'one')
        with self.assertRaises(ValueError):
            self.makegateway(spec)
        self.assertEqual(self.group.defaultspec, 'popen')
        self.group.defaultspec = 'popen//dont_write_bytecode'
        for spec in (None, ''):
            gateway = self.makegateway(spec)
            self.assertTrue(gateway.spec.dont_write_bytecode)

    def test_ids(self):
        self.assertEqual([self.makegateway().id for _ in range(3)], ['gw0', 'gw1', 'gw2'])
        spec = self.execnet.XSpec('popen')
        self.group.allocate_id(spec)
        self.assertEqual(spec.id, 'gw3')
        self.assertEqual(str(spec), 'popen')
        self.assertEqual(self.makegateway().id, 'gw4')
        gateway = self.makegateway(spec)
        self.assertEqual(gateway.id, 'gw3')

        # As tools do that replace a gateway.
        self.assertIs(gateway.spec, spec)
        spec.id = None
        self.group.allocate_id(spec)
        self.assertEqual(self.makegateway(spec).id, 'gw5')
        self.assertEqual(gateway.id, 'gw3')
        with self.assertRaisesRegex(ValueError, 'gw1'):
            self.makegateway('popen//id=gw1')

    def test_own_interpreter(self):
        self.assertEqual(self.makegateway()._rinfo().executable, sys.executable)

    def test_settings(self):
        with tempfile.TemporaryDirectory() as folder:
            gateway = self.makegateway('popen//chdir=%s/new//nice=3//env:GREETING=a b' % folder)
            self.assertEqual(os.path.realpath(gateway._rinfo().cwd),
                             os.path.realpath(folder) + '/new')
            self.assertEqual(gateway.call('''
                def f():
                    import os
                    return os.environ['GREETING'], os.nice(0)
            '''), ('a b', os.nice(0) + 3))

    def test_information(self):
        gateway = self.makegateway()
        information = gateway._rinfo()
        self.assertEqual((information.executable, information.cwd, information.platform,
                          information.version_info),
                         (sys.executable, os.getcwd(), sys.platform, tuple(sys.version_info)))
        gateway.remote_exec('import os; os.chdir("/")').waitclose(LONG)
        self.assertEqual(gateway._rinfo().cwd, os.getcwd())
        self.assertEqual(gateway._rinfo(update=True).cwd, '/')
        self.assertEqual(gateway._rinfo().cwd, '/')

    def test_status(self):
        gateway = self.makegateway()
        channels = [gateway.remote_exec('channel.send(1); channel.receive()') for _ in range(2)]
        for channel in channels:
            channel.receive(LONG)
        status = gateway.remote_status()
        self.assertEqual((status.execmodel, status.numexecuting, status.numqueued),
                         ('thread', 2, 0))
        self.assertEqual(status.numchannels, 2)
        self.assertFalse(hasattr(status, 'pid'))

    def test_termination(self):
        gateways = [self.makegateway() for _ in range(3)]
        gateways[0].remote_exec('while True: pass')
        channel = gateways[1].remote_exec('import signal; signal.signal(2, signal.SIG_IGN)\n'
                                          'channel.send(1)\nwhile True: pass')
        channel.receive(LONG)
        pids = [gateway._rinfo().pid for gateway in gateways]
        self.group.terminate(timeout=0.2)
        self.assertEqual(len(self.group), 0)
        for pid in pids:
            wait_for_end(pid)
        for gateway in gateways:
            self.assertFalse(gateway.hasreceiver())
        self.group.terminate()
        self.group.terminate(timeout=1)
        # It can be used again.
        self.assertEqual(self.makegateway().call('def f(): return 1'), 1)
        with self.assertRaises(ValueError):
            self.group.terminate(-1)

    def test_making_in_many_threads(self):
        errors = []

        def make():
            try:
                gateway = self.makegateway()
                assert gateway.call('def f(a): return a', a=gateway.id) == gateway.id
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=make) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertEqual(len(self.group), 6)
        self.assertEqual({gateway.id for gateway in self.group},
                         {'gw%d' % number for number in range(6)})

    def test_default_group(self):
        status, output = run('''
            gateway = execnet.makegateway()
            assert gateway in execnet.default_group
            assert gateway.dup_group() is execnet.default_group
            assert execnet.Group.get_default() is execnet.default_group
            execnet.default_group.terminate()
            print(execnet.default_group)
        ''')
        self.assertEqual((status, output), (0, '<Group []>\n'))

    def test_gateway_for_stream(self):
        def start():
            process = Gio.Subprocess.new(
                [sys.executable, '-u', '-c', 'import sys;exec(eval(sys.stdin.readline()))'],
                Gio.SubprocessFlags.STDIN_PIPE | Gio.SubprocessFlags.STDOUT_PIPE)
            return process, Gio.SimpleIOStream.new(
                Gio.BufferedInputStream.new(process.get_stdout_pipe()),
                Gio.BufferedOutputStream.new(process.get_stdin_pipe()))

        process, stream = start()
        gateway = self.group.makegateway_for_stream(stream, 'id=far//env:COLOUR=green')
        self.assertIs(self.group['far'], gateway)
        self.assertEqual(gateway.spec.id, 'far')
        channel = gateway.remote_exec('import os; channel.send(os.environ["COLOUR"])')
        self.assertEqual(channel.receive(), 'green')
        other, stream = start()
        with self.assertRaisesRegex(ValueError, 'leave that out'):
            self.group.makegateway_for_stream(stream, 'popen')
        self.assertEqual(self.group.makegateway_for_stream(stream).id, 'gw0')
        self.group.terminate(LONG)
        for ended in process, other:
            ended.wait()
            self.assertEqual(ended.get_exit_status(), 0)

    def test_stream_that_says_nothing(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            end = Gio.Socket.new_from_fd(os.dup(ours.fileno()))
            stream = end.connection_factory_create_connection()
            with self.assertRaisesRegex(OSError, 'not up within 1 second'):
                self.group.makegateway_for_stream(stream, 'timeout=1')
        self.assertEqual(len(self.group), 0)

    def test_dropped_group_keeps_its_gateways(self):
        status, output = run('''
            import gc
            gateway = execnet.Group().makegateway()
            gc.collect()
            print(gateway.call('def f(): return 1'))
        ''')
        self.assertEqual((status, output), (0, '1\n'))


if __name__ == '__main__':
    unittest.main()
