#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The server that the tests of ssh start: it works as a program, and leaves nothing."""

import os
import pathlib
import subprocess
import sys
import unittest

PROGRAM = pathlib.Path(__file__).with_name('server.py')


def read_facts(stream):
    facts = {}
    for line in iter(stream.readline, '\n'):
        name, _, value = line.rstrip('\n').partition('=')
        facts[name] = value
    return facts


class TestServer(unittest.TestCase):
    def start(self, *arguments):
        server = subprocess.Popen([sys.executable, str(PROGRAM), *arguments], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
        facts = read_facts(server.stdout)
        return server, facts

    def end(self, server, facts):
        output, errors = server.communicate()
        self.assertEqual((output, errors, server.returncode), ('', '', 0))
        self.assertFalse(os.path.exists(facts['folder']))
        self.assertFalse(os.path.exists('/proc/' + facts['pid']))

    def run_client(self, facts, *command):
        return subprocess.run(['ssh', '-F', facts['ssh_config'], 'test', *command], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)

    def test_login(self):
        server, facts = self.start()
        client = self.run_client(facts, 'echo', 'here')
        self.assertEqual((client.stdout, client.returncode), ('here\n', 0), client.stderr)
        self.end(server, facts)

    def test_cut(self):
        server, facts = self.start()
        client = subprocess.Popen(['ssh', '-F', facts['ssh_config'], 'test', 'echo here; cat'],
                                  text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        self.assertEqual(client.stdout.readline(), 'here\n')
        server.stdin.write('cut\n')
        server.stdin.flush()
        self.assertEqual(server.stdout.readline(), 'done\n')
        client.communicate()
        self.assertEqual(client.returncode, 255)
        self.end(server, facts)

    @unittest.skipIf(os.geteuid() != 0, 'only root can make a user with a password')
    def test_account(self):
        server, facts = self.start('--account')
        client = self.run_client(facts, 'id', '-un')
        self.assertEqual(client.stdout, facts['user'] + '\n', client.stderr)
        self.end(server, facts)
        self.assertNotIn(facts['user'], pathlib.Path('/etc/passwd').read_text(encoding='utf-8'))


if __name__ == '__main__':
    unittest.main()
