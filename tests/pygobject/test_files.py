# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Files on channels: the same table on both sides."""

import unittest

from file_table import READING, RUN, WRITING
from support import Case, LONG

namespace = {}
exec(RUN, namespace)
run = namespace['run']

# The other side of a reading file, and of a writing one.
GIVE = '''
for item in channel.receive():
    channel.send(item)
'''
TAKE = '''
c = channel.receive()
channel.send(list(c))
'''
RUN_THERE = '''
mode, calls = channel.receive()
c = channel.receive()
channel.send(run(c.makefile(mode), calls))
'''


class FilesTest(Case):
    def setUp(self):
        super().setUp()
        self.gateway = self.makegateway()

    def test_reading_here(self):
        for name, (items, calls, results) in READING.items():
            with self.subTest(name):
                channel = self.gateway.remote_exec(GIVE)
                channel.send(items)
                self.assertEqual(run(channel.makefile('r'), calls), results)

    def test_text_and_bytes(self):
        channel = self.gateway.remote_exec(GIVE)
        channel.send(['ab', b'cd', 'ef'])
        file = channel.makefile('r')
        with self.assertRaisesRegex(TypeError, "b'cd'"):
            file.read()
        self.assertEqual(file.read(), 'abef')

    def test_reading_there(self):
        for name, (items, calls, results) in READING.items():
            with self.subTest(name):
                channel = self.gateway.remote_exec(RUN + RUN_THERE)
                channel.send(('r', calls))
                carrier = self.gateway.newchannel()
                channel.send(carrier)
                file = carrier.makefile('w', proxyclose=True)
                for item in items:
                    # A file would ask for its length.
                    carrier.send(item)
                file.close()
                self.assertEqual(channel.receive(LONG), results)

    def test_writing_here(self):
        for name, (calls, results, items) in WRITING.items():
            with self.subTest(name):
                channel = self.gateway.remote_exec(TAKE)
                carrier = self.gateway.newchannel()
                channel.send(carrier)
                self.assertEqual(run(carrier.makefile(), calls), results)
                carrier.close()
                self.assertEqual(channel.receive(LONG), items)

    def test_writing_there(self):
        for name, (calls, results, items) in WRITING.items():
            with self.subTest(name):
                channel = self.gateway.remote_exec(RUN + RUN_THERE)
                channel.send(('w', calls))
                carrier = self.gateway.newchannel()
                channel.send(carrier)
                self.assertEqual(channel.receive(LONG), results)
                channel.waitclose(LONG)
                self.assertEqual([carrier.receive(LONG) for item in items], items)

    def test_both_ends_are_files(self):
        channel = self.gateway.remote_exec('''
import sys
file = channel.makefile('w')
for line in channel.makefile('r'):
    if line == 'end\\n':
        break
    file.write(line.upper())
''')
        writing = channel.makefile()
        writing.write('one\ntwo')
        writing.writelines(['\n', 'three\n', 'end\n'])
        self.assertEqual(list(channel.makefile('r')), ['ONE\n', 'TWO\n', 'THREE\n'])

    def test_print(self):
        channel = self.gateway.remote_exec('channel.send(channel.makefile("r").readline())')
        print('hello', 5, file=channel.makefile())
        self.assertEqual(channel.receive(LONG), 'hello 5\n')

    def test_closing(self):
        for mode in 'rw':
            for proxyclose in (False, True):
                with self.subTest(mode=mode, proxyclose=proxyclose):
                    channel = self.gateway.newchannel()
                    with channel.makefile(mode, proxyclose=proxyclose) as file:
                        self.assertEqual(repr(file), '<ChannelFile %d open>' % channel.id)
                    self.assertTrue(file.closed)
                    self.assertEqual(channel.isclosed(), proxyclose)
        file = self.gateway.newchannel().makefile('w', True)
        file.close()
        with self.assertRaises(OSError):
            file.write('x')

    def test_errors(self):
        channel = self.gateway.remote_exec('channel.send("kept"); 1 / 0')
        file = channel.makefile('r')
        with self.assertRaises(self.execnet.RemoteError):
            file.read()
        self.assertEqual(file.read(), 'kept')
        with self.assertRaises(ValueError):
            channel.makefile('rb')
        with self.assertRaises(self.execnet.DumpError):
            self.gateway.newchannel().makefile().write(object())


if __name__ == '__main__':
    unittest.main()
