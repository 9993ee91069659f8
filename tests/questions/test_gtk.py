#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Questions of gateways behind ssh, shown by GTK's own dialogs (dialogs.py) on a real display.

The argument is who makes the connection: libssh2 or openssh."""

import os
import pathlib
import subprocess
import sys
import unittest

from server import Server, Unavailable
from xvfb import Display

CLIENT = sys.argv.pop()
PATIENCE = 60
PASSPHRASE = 'open sesame'
PROGRAM = pathlib.Path(__file__).with_name('dialogs.py')


class TestDialogs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        display = Display()
        # What is drawn with is this machine's processor, whatever else there is.
        cls.environment = dict(os.environ, DISPLAY=display.__enter__(), GDK_BACKEND='x11',
                               GSK_RENDERER='cairo', GTK_A11Y='none', GSETTINGS_BACKEND='memory',
                               DBUS_SESSION_BUS_ADDRESS='disabled:', NO_AT_BRIDGE='1')
        cls.addClassCleanup(display.__exit__)
        cls.server = Server(user_keys=(), passphrase=PASSPHRASE)
        cls.addClassCleanup(cls.server.stop)

    def spec(self, options=''):
        return 'ssh=-i %s -o IdentitiesOnly=yes %s test//ssh_config=%s/ssh_config//ssh_client=%s' % (
            self.server.user_keys['encrypted'], options, self.server.folder, CLIENT)

    def run_application(self, spec, *deeds):
        result = subprocess.run([sys.executable, str(PROGRAM), spec, *deeds], check=False,
                                env=self.environment, stdout=subprocess.PIPE, text=True,
                                timeout=PATIENCE)
        return result.returncode, result.stdout.splitlines()

    def test_passphrase(self):
        status, lines = self.run_application(self.spec(), 'type:close sesame', 'type:' + PASSPHRASE)
        self.assertEqual((status, len(lines)), (0, 6), lines)
        for line in lines[0], lines[2]:
            self.assertRegex(line, '^shown: .*“test.*id_encrypted')
        self.assertEqual(lines[1], 'hidden: True')
        self.assertEqual(lines[4:], ['up: 1', 'left: 1 window'])

    def test_closed(self):
        status, lines = self.run_application(self.spec(), 'close')
        self.assertEqual((status, len(lines)), (1, 3), lines)
        self.assertRegex(lines[1], '^failed: execnet-error-quark .*“test')

    def test_cancelled(self):
        """The dialog goes away by itself."""
        status, lines = self.run_application(self.spec(), 'cancel')
        self.assertEqual((status, len(lines)), (1, 3), lines)
        self.assertRegex(lines[1], '^failed: g-io-error-quark')
        self.assertEqual(lines[2], 'left: 1 window')

    def test_host_key(self):
        known = self.server.folder / 'gtk_known'
        spec = self.spec('-o UserKnownHostsFile=%s -o StrictHostKeyChecking=ask' % known)
        status, lines = self.run_application(spec, 'press:Do not connect')
        self.assertEqual((status, len(lines)), (1, 3), lines)
        self.assertRegex(lines[0], '^shown: .*ED25519 SHA256:')
        self.assertFalse(known.exists() and known.read_text())

        status, lines = self.run_application(spec, 'press:Connect', 'type:' + PASSPHRASE)
        self.assertEqual((status, lines[-2:]), (0, ['up: 1', 'left: 1 window']), lines)
        self.assertTrue(known.read_text())

    def test_password(self):
        try:
            server = Server(user_keys=(), account=True)
        except Unavailable as reason:
            self.skipTest(str(reason))
        self.addCleanup(server.stop)
        spec = 'ssh=-o PubkeyAuthentication=no test//ssh_config=%s/ssh_config//ssh_client=%s' % (
            server.folder, CLIENT)
        status, lines = self.run_application(spec, 'type:' + server.account.password)
        self.assertEqual((status, lines[-2:]), (0, ['up: 1', 'left: 1 window']), lines)


if __name__ == '__main__':
    unittest.main()
