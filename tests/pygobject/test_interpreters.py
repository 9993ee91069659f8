# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Other interpreters than this one, and strings of Python 2."""

import shutil
import unittest

from support import Case, LONG


def use_java(channel):
    from java.util import Vector
    vector = Vector()
    vector.add('aaa')
    vector.add('bbb')
    for value in vector:
        channel.send(value)


class Needs:
    """A case whose interpreter `python` may be missing."""

    def setUp(self):
        if shutil.which(self.python) is None:
            self.skipTest('there is no ' + self.python)
        super().setUp()
        self.gateway = self.makegateway('popen//python=' + self.python)


class JythonTest(Needs, Case):
    python = 'jython'

    def test_java(self):
        channel = self.gateway.remote_exec(use_java)
        self.assertEqual(list(channel), ['aaa', 'bbb'])

    def test_information(self):
        self.assertEqual(self.gateway._rinfo().implementation, 'jython')
        self.assertEqual(self.gateway._rinfo().version_info[:2], (2, 7))

    def echo(self):
        return self.gateway.remote_exec('''if 1:
            for item in channel:
                channel.send((type(item).__name__, item))
                channel.send('a str')
                channel.send(u'unicode')
            ''')

    def exchange(self, channel, item):
        channel.send(item)
        return [channel.receive(LONG) for _ in range(3)]

    def test_strings_by_default(self):
        # A str of Python 3 is text there, and one of Python 2 text here.
        self.assertEqual(self.exchange(self.echo(), 'text'),
                         [('unicode', 'text'), 'a str', 'unicode'])
        self.assertEqual(self.exchange(self.echo(), b'bytes'),
                         [('str', 'bytes'), 'a str', 'unicode'])

    def test_strings_reconfigured(self):
        self.gateway.reconfigure(py2str_as_py3str=False)
        self.assertEqual(self.exchange(self.echo(), 'text'),
                         [(b'unicode', 'text'), b'a str', 'unicode'])
        self.gateway.reconfigure(py2str_as_py3str=True, py3str_as_py2str=True)
        self.assertEqual(self.exchange(self.echo(), 'text'),
                         [('str', 'text'), 'a str', 'unicode'])

    def test_one_channel_reconfigured(self):
        channel, other = self.echo(), self.echo()
        channel.reconfigure(py2str_as_py3str=False, py3str_as_py2str=True)
        self.assertEqual(self.exchange(channel, 'text'),
                         [(b'str', b'text'), b'a str', 'unicode'])
        self.assertEqual(self.exchange(other, 'text'), [('unicode', 'text'), 'a str', 'unicode'])

    def test_reconfigured_from_there(self):
        channel = self.gateway.remote_exec('''if 1:
            channel.reconfigure(py2str_as_py3str=False, py3str_as_py2str=True)
            channel.send('a str')
            channel.send(type(channel.receive()).__name__)
            ''')
        self.assertEqual(channel.receive(LONG), b'a str')
        channel.send('text')
        self.assertEqual(channel.receive(LONG), b'str')


class PyPyTest(Needs, Case):
    python = 'pypy3'

    def test_strings_and_bytes(self):
        channel = self.gateway.remote_exec('channel.send(channel.receive())')
        item = {'text': b'bytes', 'more': [1.5, None, 2 ** 70, (True, {'x'})]}
        channel.send(item)
        self.assertEqual(channel.receive(LONG), item)
        self.assertEqual(self.gateway._rinfo().implementation, 'pypy')


if __name__ == '__main__':
    unittest.main()
