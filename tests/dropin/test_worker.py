# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Code that a gateway runs gets the worker's own classes from the package `execnet`."""

import os
import sys
import unittest

from gi.repository import Execnet

from support import DROPIN

sys.path.append(os.path.join(os.path.dirname(__file__), os.pardir, 'worker'))

from interpreters import interpreters  # noqa: E402

LOOK = '''
    import sys
    import execnet
    from execnet.gateway_base import Channel, ChannelFileWrite, DumpError, dumps, loads

    assert execnet.__file__.startswith(%r), execnet.__file__
    assert 'gi' not in sys.modules
    assert type(channel) is Channel
    assert isinstance(channel.makefile('w'), ChannelFileWrite)
    assert channel.RemoteError is execnet.RemoteError
    assert loads(dumps([1, 2.5])) == [1, 2.5]
    try:
        channel.send(object())
    except DumpError:
        channel.send(loads(dumps((True, None))))
''' % DROPIN

REFUSE = '''
    import execnet
    try:
        execnet.makegateway
    except AttributeError:
        import sys
        channel.send(str(sys.exc_info()[1]))
'''


class WorkerTest(unittest.TestCase):
    def setUp(self):
        self.group = Execnet.Group()
        self.addCleanup(self.group.terminate, 5)

    def makegateway(self, path):
        return self.group.makegateway('popen//python=%s//env:PYTHONPATH=%s' % (path, DROPIN))

    def test_classes_are_the_workers(self):
        for name, path in interpreters().items():
            with self.subTest(interpreter=name):
                # Some interpreters read PYTHONPATH only before they start.
                channel = self.makegateway(path).remote_exec(
                    'import sys; sys.path.insert(0, %r)\n' % DROPIN
                    + 'if 1:\n' + LOOK)
                self.assertEqual(channel.receive(), (True, None))
                channel.waitclose()

    def test_no_gateways_from_gateways(self):
        channel = self.makegateway(sys.executable).remote_exec(
            'import sys; sys.path.insert(0, %r)\n' % DROPIN + 'if 1:\n' + REFUSE)
        self.assertEqual(channel.receive(), "'execnet' has no 'makegateway': code that a gateway "
                                            'runs has only what needs no PyGObject')


if __name__ == '__main__':
    unittest.main()
