# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What execnet's introduction shows, one after the other, with only the import changed."""

import os
import tempfile
import unittest

from gi.repository import Execnet as execnet

from support import LONG


def multiply(channel, factor):
    while not channel.isclosed():
        channel.send(channel.receive() * factor)


def serve_commands(channel):
    import os

    for command, argument in channel:
        if command == 'listdir':
            channel.send(os.listdir(argument))
        elif command == 'quit':
            break


def tell_where(channel):
    import os
    channel.send((os.getcwd(), os.getpid()))


class ExamplesTest(unittest.TestCase):
    def setUp(self):
        self.addCleanup(execnet.default_group.terminate, timeout=5)

    def test_execute_text(self):
        gateway = execnet.makegateway()
        channel = gateway.remote_exec('channel.send(channel.receive() + 1)')
        channel.send(1)
        self.assertEqual(channel.receive(), 2)

    def test_execute_function(self):
        gateway = execnet.makegateway()
        channel = gateway.remote_exec(multiply, factor=10)
        for i in range(5):
            channel.send(i)
            self.assertEqual(channel.receive(), i * 10)
        gateway.exit()

    def test_execute_module(self):
        import a_module

        channel = execnet.makegateway().remote_exec(a_module)
        self.assertEqual(channel.receive()[0], '__channelexec__')

    def test_command_loop(self):
        channel = execnet.makegateway().remote_exec(serve_commands)
        channel.send(('listdir', os.path.dirname(__file__)))
        self.assertIn(os.path.basename(__file__), channel.receive())
        channel.send(('quit', None))
        channel.waitclose(LONG)

    def test_folder_and_environment(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(os.path.realpath(folder), 'hello')
            gateway = execnet.makegateway('popen//chdir=%s//env:WHO=me' % path)
            cwd, pid = gateway.remote_exec(tell_where).receive()
            self.assertEqual(cwd, path)
            self.assertNotEqual(pid, os.getpid())
            channel = gateway.remote_exec('import os; channel.send(os.environ["WHO"])')
            self.assertEqual(channel.receive(), 'me')

    def test_several_gateways(self):
        group = execnet.Group(['popen'] * 2)
        self.addCleanup(group.terminate, 5)
        channels = [gateway.remote_exec(tell_where) for gateway in group]
        pids = {channel.receive()[1] for channel in channels}
        self.assertEqual(len(pids), 2)

    def test_callback(self):
        items = []
        channel = execnet.makegateway().remote_exec('for i in range(10): channel.send(i)')
        channel.setcallback(items.append, endmarker=None)
        channel.waitclose()
        self.assertEqual(items, [*range(10), None])

    def test_channels_over_channels(self):
        gateway = execnet.makegateway()
        channel = gateway.remote_exec('''
            first, second = channel.receive()
            second.send('world')
            first.send('hello')
        ''')
        first, second = gateway.newchannel(), gateway.newchannel()
        channel.send((first, second))
        self.assertEqual((first.receive(), second.receive()), ('hello', 'world'))

    def test_iteration(self):
        channel = execnet.makegateway().remote_exec('for i in "abc": channel.send(i)')
        self.assertEqual(''.join(channel), 'abc')

    def test_remote_errors(self):
        channel = execnet.makegateway().remote_exec('unknown')
        with self.assertRaises(channel.RemoteError) as caught:
            channel.receive()
        self.assertIn('NameError', str(caught.exception))

    def test_data_format_errors(self):
        channel = execnet.makegateway().newchannel()
        with self.assertRaises(execnet.DataFormatError):
            channel.send(channel.send)
        with self.assertRaises(execnet.DataFormatError):
            execnet.loads(execnet.dumps('text')[:-2])
        self.assertEqual(execnet.loads(execnet.dumps({'a': (1, None)})), {'a': (1, None)})

    def test_termination(self):
        group = execnet.Group()
        gateway = group.makegateway('popen//id=sleeper')
        gateway.remote_exec('import time; time.sleep(1000)')
        group.terminate(timeout=0.1)
        self.assertFalse(gateway.hasreceiver())
        self.assertEqual(len(group), 0)

    def test_status(self):
        gateway = execnet.makegateway()
        channel = gateway.remote_exec('channel.send(1); channel.receive()')
        channel.receive()
        status = gateway.remote_status()
        self.assertEqual((status.numchannels, status.numexecuting, status.execmodel),
                         (1, 1, 'thread'))
        channel.send(None)


if __name__ == '__main__':
    unittest.main()
