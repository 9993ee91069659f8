# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Ends: of workers, of the program, of a fork's child."""

import os
import signal
import tempfile
import unittest

from support import Case, Collector, LONG, program, run, wait_for_end


class DeathTest(Case):
    def check_reason(self, error, kind, exit_status, term_signal, output):
        self.assertIs(type(error), kind)
        self.assertEqual((error.exit_status, error.term_signal, error.last_output.strip()),
                         (exit_status, term_signal, output))
        self.assertIn(output, str(error))

    def die(self, source):
        """Return a gateway whose worker has run `source`, and channels of it."""
        gateway = self.makegateway()
        channel = gateway.remote_exec('channel.send(1); channel.receive(); import os, sys; '
                                      + source)
        others = [gateway.newchannel() for _ in range(3)]
        channel.send(None)
        return gateway, channel, others

    def check_dead(self, gateway, channel, others, *reason):
        self.assertEqual(channel.receive(LONG), 1)
        for call in (channel.receive, others[0].receive, lambda: others[1].receive(LONG),
                     channel.waitclose, others[2].waitclose):
            for _ in range(2):
                with self.assertRaises(EOFError) as caught:
                    call()
                self.check_reason(caught.exception, EOFError, *reason)
        self.assertEqual(list(others[0]), [])
        for call in (lambda: channel.send(1), gateway.newchannel,
                     lambda: gateway.remote_exec('pass'), gateway.remote_status,
                     gateway.reconfigure, lambda: gateway._rinfo(update=True),
                     lambda: gateway.call('def f(): pass')):
            with self.assertRaises(OSError) as caught:
                call()
            self.check_reason(caught.exception, OSError, *reason)
        self.assertFalse(gateway.hasreceiver())
        self.assertTrue(repr(gateway).startswith("<Gateway id='%s' not-receiving" % gateway.id))
        gateway._rinfo()

    def test_killed(self):
        self.check_dead(*self.die('os.kill(os.getpid(), 9)'), -1, signal.SIGKILL, '')

    def test_left(self):
        self.check_dead(*self.die('sys.stderr.write("last words\\n"); sys.stderr.flush(); '
                                  'os._exit(7)'), 7, 0, 'last words')

    def test_callback_gets_its_end(self):
        gateway, channel, others = self.die('os.kill(os.getpid(), 9)')
        collector = Collector()
        others[0].setcallback(collector, endmarker='end')
        self.assertEqual(collector.wait_for(1), ['end'])

    def test_sending_to_a_worker_that_dies(self):
        gateway = self.makegateway()
        channel = gateway.remote_exec('import os, sys\nsys.stderr.write("enough\\n")\n'
                                      'channel.receive(); os._exit(3)')
        with self.assertRaises(OSError) as caught:
            while True:
                channel.send(b'x' * 1000000)
        self.check_reason(caught.exception, OSError, 3, 0, 'enough')

    def test_stays_in_its_group(self):
        gateway, channel, others = self.die('os.kill(os.getpid(), 9)')
        gateway.join(LONG)
        self.assertEqual(list(self.group), [gateway])
        self.assertIs(self.group[gateway.id], gateway)
        with self.assertRaises(ValueError):
            self.makegateway('popen//id=' + gateway.id)
        gateway.exit()
        self.assertEqual(list(self.group), [])
        gateway, channel, others = self.die('os.kill(os.getpid(), 9)')
        gateway.join(LONG)
        self.group.terminate(5)
        self.assertEqual(len(self.group), 0)

    def test_exited(self):
        gateway = self.makegateway()
        channel = gateway.newchannel()
        gateway.exit()
        gateway.exit()
        gateway.join()
        with self.assertRaises(EOFError):
            channel.receive()
        for call in (lambda: channel.send(1), gateway.newchannel,
                     lambda: gateway.remote_exec('pass')):
            with self.assertRaises(OSError):
                call()

    def test_failures_to_start(self):
        with tempfile.TemporaryDirectory() as folder:
            missing = os.path.join(folder, 'python')
            for spec, kind, part in (
                    ('popen//python=' + missing, FileNotFoundError, missing),
                    ('popen//python=sh -c "echo broken >&2; exit 5"', OSError, 'broken'),
                    ('popen//python=echo', OSError, '-c'),
                    ('popen//chdir=%s/a/b/c' % folder, OSError, 'a/b'),
                    ('popen//nice=much', ValueError, 'much'),
                    ('popen//popen', ValueError, 'popen'),
                    ('nonsense', ValueError, 'nonsense')):
                with self.subTest(spec=spec):
                    with self.assertRaises(kind) as caught:
                        self.makegateway(spec)
                    self.assertIn(part, str(caught.exception))
                    self.assertEqual(len(self.group), 0)

    def test_reason_of_a_failed_start(self):
        with self.assertRaises(OSError) as caught:
            self.makegateway('popen//python=sh -c "echo broken >&2; exit 5"')
        self.check_reason(caught.exception, OSError, 5, 0, 'broken')


class ExitTest(unittest.TestCase):
    def check_ends(self, text, status, lines=()):
        """Run a program that prints its workers' pids first, and see that they end."""
        exit_status, output = run(text, stderr=-3)
        pids, *rest = output.splitlines()
        self.assertEqual((exit_status, rest), (status, list(lines)))
        for pid in pids.split():
            wait_for_end(int(pid))

    def test_workers_end_with_the_program(self):
        start = '''
            groups = [execnet.default_group, execnet.Group()]
            gateways = [group.makegateway() for group in groups]
            busy = gateways[0].remote_exec('while True: pass')
            print(*[gateway._rinfo().pid for gateway in gateways], flush=True)
        '''
        for end, status in (('', 0), ('sys.exit(3)', 3), ('1/0', 1), ('os._exit(4)', 4),
                            ('os.kill(os.getpid(), 9)', -9), ('os.abort()', -6)):
            with self.subTest(end=end):
                self.check_ends(start + '\n            ' + end, status)

    def test_callbacks_run_to_the_end(self):
        self.check_ends('''
            gateway = execnet.makegateway()
            print(gateway._rinfo().pid, flush=True)
            channel = gateway.remote_exec('channel.send(1); channel.receive()')
            channel.setcallback(lambda item: print(item, flush=True), endmarker='end')
        ''', 0, ['1', 'end'])

    def test_thread_that_waits_does_not_hold_up_the_exit(self):
        self.check_ends('''
            gateway = execnet.makegateway()
            print(gateway._rinfo().pid, flush=True)
            channel = gateway.newchannel()
            started = threading.Event()
            def wait():
                started.set()
                channel.receive()
            threading.Thread(target=wait, daemon=True).start()
            started.wait()
        ''', 0)

    def test_what_was_sent_arrives(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'size')
            os.mkfifo(path)
            with program('''
                channel = execnet.makegateway().remote_exec("""
                    path = channel.receive()
                    item = channel.receive()
                    with open(path, 'w') as stream:
                        stream.write('%d %d' % (len(item), sum(item[::1000000])))
                """)
                channel.send(sys.argv[1])
                channel.send(b'\\1' * 30000000)
                os._exit(0)
            ''', path) as process, open(path) as stream:
                self.assertEqual(stream.read(), '30000000 30')
            self.assertEqual(process.returncode, 0)

    def test_fork(self):
        for end in ('sys.exit(0)', 'os._exit(0)', 'raise SystemExit'):
            with self.subTest(end=end):
                self.check_ends('''
                    gateway = execnet.makegateway()
                    print(gateway._rinfo().pid, flush=True)
                    channel = gateway.remote_exec('for item in channel: channel.send(item)')
                    items = []
                    heard = threading.Event()
                    called = gateway.remote_exec('for item in channel: channel.send(item)')
                    called.setcallback(lambda item: (items.append(item), heard.set()))
                    channel.send(1)
                    pid = os.fork()
                    if pid == 0:
                        %s
                    assert os.waitpid(pid, 0)[1] == 0
                    assert channel.receive(60) == 1
                    channel.send(2)
                    assert channel.receive(60) == 2
                    called.send(3)
                    assert heard.wait(60) and items == [3]
                    assert gateway.hasreceiver()
                    print('fine')
                ''' % end, 0, ['fine'])

    def test_calls_in_the_child_of_a_fork(self):
        self.check_ends('''
            gateway = execnet.makegateway()
            print(gateway._rinfo().pid, flush=True)
            channel = gateway.remote_exec('for item in channel: channel.send(item)')
            pid = os.fork()
            if pid == 0:
                for call in (lambda: channel.send(1), channel.receive, gateway.newchannel,
                             channel.waitclose, gateway.remote_status):
                    try:
                        call()
                    except (OSError, EOFError):
                        pass
                    else:
                        os._exit(1)
                gateway.exit()
                execnet.default_group.terminate(1)
                del channel, gateway
                sys.exit(0)
            assert os.waitpid(pid, 0)[1] == 0
            channel.send(2)
            assert channel.receive(60) == 2
        ''', 0)

    def test_gateway_of_the_child_of_a_fork(self):
        self.check_ends('''
            gateway = execnet.makegateway()
            read, write = os.pipe()
            pid = os.fork()
            if pid == 0:
                own = execnet.Group().makegateway()
                os.write(write, b'%d' % own._rinfo().pid)
                items = []
                channel = own.remote_exec('channel.send(1)')
                channel.setcallback(items.append, endmarker=2)
                channel.waitclose(60)
                sys.exit(items != [1, 2])
            assert os.waitpid(pid, 0)[1] == 0
            print(gateway._rinfo().pid, os.read(read, 100).decode(), flush=True)
            assert gateway.remote_exec('channel.send(1)').receive(60) == 1
        ''', 0)


if __name__ == '__main__':
    unittest.main()
