# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Gateways via other gateways, as programs for execnet use them."""

import os
import signal
import unittest

from support import Case, run, wait_for_end


class ViaTest(Case):
    def setUp(self):
        super().setUp()
        self.master = self.makegateway('popen//id=master')

    def pid(self, gateway):
        return gateway.remote_exec('import os; channel.send(os.getpid())').receive()

    def test_default_specification(self):
        self.group.defaultspec = 'popen//via=master'
        worker = self.group.makegateway()
        self.assertEqual(repr(self.group), "<Group ['master', 'gw0']>")
        self.assertEqual(worker.spec.via, 'master')
        self.assertEqual(worker._rinfo().pid, self.pid(worker))
        self.assertEqual(worker.remote_exec('import os; channel.send(os.getppid())').receive(),
                         self.pid(self.master))

    def test_channels_and_callbacks(self):
        worker = self.makegateway('popen//via=master')
        channel = worker.remote_exec('for x in channel: channel.send(x)')
        got = []
        channel.setcallback(got.append, endmarker=None)
        values = [1, 'a', [b'x' * 100000], {'a': (1, 2)}]
        for value in values:
            channel.send(value)
        while len(got) < len(values):
            os.sched_yield()
        channel.close()
        channel.waitclose()
        self.assertEqual(got[:len(values)], values)

    def test_many_at_once(self):
        gateways = self.group.makegateways(
            ['popen//id=a//via=master', 'popen//id=b//via=a', 'popen//via=b'])
        multi = self.group.remote_exec('channel.send(1)')
        self.assertEqual([item for _, item in multi.receive_each(True)], [1] * 4)
        self.assertEqual(len(gateways), 3)

    def test_errors(self):
        for spec in 'popen//via=nobody', 'popen//id=x//via=x':
            with self.assertRaises(ValueError):
                self.makegateway(spec)
        with self.assertRaisesRegex(FileNotFoundError, 'no-such-python'):
            self.makegateway('popen//via=master//python=no-such-python')

    def test_lost_with_its_master(self):
        worker = self.makegateway('popen//via=master')
        pid = self.pid(worker)
        channel = worker.remote_exec('channel.receive()')
        os.kill(self.pid(self.master), signal.SIGKILL)
        with self.assertRaises(EOFError):
            channel.receive()
        wait_for_end(pid)

    def test_exit_of_the_master(self):
        worker = self.makegateway('popen//via=master')
        pid = self.pid(worker)
        self.master.exit()
        worker.join(60)
        self.assertNotIn(self.master, self.group)
        wait_for_end(pid)

    def test_program_without_an_end(self):
        status, output = run('''
            group = execnet.Group()
            group.makegateway('popen//id=a')
            for spec in 'popen//id=b//via=a', 'popen//via=b':
                gateway = group.makegateway(spec)
                channel = gateway.remote_exec('import os; channel.send(os.getpid())')
                print(channel.receive())
            ''')
        self.assertEqual(status, 0)
        for pid in output.split():
            wait_for_end(int(pid))


if __name__ == '__main__':
    unittest.main()
