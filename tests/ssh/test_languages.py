#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Gateways behind ssh from Python and from JavaScript. The argument is who makes the connection."""

import pathlib
import subprocess
import sys
import unittest

from gi.repository import Execnet as execnet

from server import Server

CLIENT = sys.argv.pop()
PATIENCE = 60


class TestLanguages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.spec = 'ssh=test//ssh_config=%s/ssh_config//ssh_client=%s' % (
            cls.server.folder, CLIENT)

    def test_python(self):
        group = execnet.Group()
        gateway = group.makegateway(self.spec)
        channel = gateway.remote_exec('channel.send([channel.receive(), 1])')
        channel.send('here')
        self.assertEqual(channel.receive(PATIENCE), ['here', 1])
        group.terminate(PATIENCE)
        self.assertEqual(len(group), 0)

    def test_python_without_host(self):
        group = execnet.Group()
        with self.assertRaises(execnet.HostNotFound):
            group.makegateway('ssh=no-such-host.invalid//ssh_client=' + CLIENT)
        self.assertEqual(len(group), 0)

    def test_javascript(self):
        program = pathlib.Path(__file__).with_name('gateway.js')
        result = subprocess.run(['gjs', '-m', str(program), self.spec], text=True, check=False,
                                stdout=subprocess.PIPE, timeout=PATIENCE)
        self.assertEqual((result.stdout, result.returncode), ('here,1\n', 0))


if __name__ == '__main__':
    unittest.main()
