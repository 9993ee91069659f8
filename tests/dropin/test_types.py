# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The types that the package `execnet` declares are those it has, and mypy finds mistakes."""

import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

from support import DROPIN, LONG, environment

RIGHT = '''
    import execnet
    from execnet.gateway_base import Channel, DumpError, dumps
    from execnet.xspec import XSpec

    def remote(channel: Channel, factor: int) -> None:
        for item in channel:
            channel.send(item * factor)

    group = execnet.Group(["popen"] * 2, execmodel="thread")
    gateway = group.makegateway(XSpec("popen//id=one"))
    channel = gateway.remote_exec(remote, factor=2)
    channel.setcallback(print, endmarker=None)
    try:
        channel.waitclose(timeout=1.5)
    except (channel.RemoteError, execnet.TimeoutError, DumpError):
        pass
    data: bytes = dumps({"a": 1})
    queue = execnet.MultiChannel([channel]).make_receive_queue()
    sender, item = queue.get()
    sender.makefile("w").write("text")
    print(sender.gateway.id.upper(), group["one"].spec.chdir, sender.makefile("r").readline())
    execnet.default_group.terminate(timeout=2.0)
'''

WRONG = '''
    import execnet
    execnet.makegateway(1)
    execnet.makegateway().remote_exec("").receive(timeout="1")
    execnet.loads("text")
    execnet.makegateway().identity
    execnet.Group().terminate(timeout=None) + 1
    execnet.makegateway().newchannel().makefile("r").write("")
'''


class TypesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def run_module(self, *arguments):
        done = subprocess.run([sys.executable, '-m', *arguments], cwd=self.folder, text=True,
                              env=dict(environment(True), MYPYPATH=DROPIN), timeout=LONG,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def check(self, text):
        path = os.path.join(self.folder, 'program.py')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(textwrap.dedent(text))
        return self.run_module('mypy', '--strict', path)

    def test_package(self):
        status, output = self.run_module('mypy', '--strict', '-p', 'execnet')
        self.assertEqual(status, 0, output)

    def test_program(self):
        status, output = self.check(RIGHT)
        self.assertEqual(status, 0, output)

    def test_mistakes(self):
        status, output = self.check(WRONG)
        self.assertEqual(status, 1)
        faulty = {line.split(':')[1] for line in output.splitlines() if ': error: ' in line}
        # All but the empty line and the import.
        self.assertEqual(faulty, {str(number) for number in range(3, 9)}, output)

    def test_what_is_there(self):
        allowlist = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'stubtest-allowlist')
        # The binding may have more than execnet.
        status, output = self.run_module('mypy.stubtest', '--concise', '--ignore-missing-stub',
                                         '--ignore-unused-allowlist', '--allowlist', allowlist,
                                         'execnet')
        self.assertEqual(status, 0, output)


if __name__ == '__main__':
    unittest.main()
