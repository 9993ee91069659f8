# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Every public name of a stock execnet is there, with the same signature, or listed as missing."""

import inspect
import re
import unittest

import execnet as stock

from support import Case

# What is still to come. Names only ever leave these lists.
MISSING = {
    'execnet': {
        # Collections over several gateways.
        'RSync',
        # Deprecated there since version 1.0; makegateway does what they do.
        'PopenGateway', 'SocketGateway', 'SshGateway',
    },
}

def public_names(thing):
    """Return the public names of `thing`, and those that programs use in spite of their form."""
    unlike_private = {'_rinfo', '_getremoteerror', '__version__'}
    return {name for name in dir(thing)
            if (not name.startswith('_') or name in unlike_private)
            # Some have a name whose value is an AttributeError.
            and hasattr(thing, name) and not inspect.ismodule(getattr(thing, name))}


def signature(function):
    try:
        text = str(inspect.signature(function))
    except (TypeError, ValueError):
        return None
    # A marker object is known by its place only.
    return re.sub(r' at 0x[0-9a-f]+', '', text)


class ApiTest(Case):
    def setUp(self):
        super().setUp()
        self.gateway = self.makegateway()
        self.stock_group = stock.Group()
        self.addCleanup(self.stock_group.terminate, 5)
        self.stock_gateway = self.stock_group.makegateway()

    def compare(self, name, theirs, ours):
        missing = MISSING.get(name, set())
        for attribute in sorted(public_names(theirs)):
            with self.subTest(thing=name, attribute=attribute):
                if attribute in missing:
                    self.assertFalse(hasattr(ours, attribute), 'not missing any more')
                    continue
                self.assertTrue(hasattr(ours, attribute))
                their_value = getattr(theirs, attribute)
                if callable(their_value):
                    self.assertTrue(callable(getattr(ours, attribute)))
                    self.assertEqual(signature(getattr(ours, attribute)) or '',
                                     signature(their_value) or '')
        self.assertLessEqual(missing, public_names(theirs), 'listed, but not execnet’s')

    def test_module(self):
        self.compare('execnet', stock, self.execnet)

    def test_group(self):
        self.compare('Group', self.stock_group, self.group)

    def test_gateway(self):
        self.compare('Gateway', self.stock_gateway, self.gateway)

    def test_channel(self):
        self.compare('Channel', self.stock_gateway.newchannel(), self.gateway.newchannel())

    def test_xspec(self):
        self.compare('XSpec', stock.XSpec('popen'), self.execnet.XSpec('popen'))

    def test_information(self):
        self.compare('RInfo', self.stock_gateway._rinfo(), self.gateway._rinfo())
        self.compare('RInfo', self.stock_gateway.remote_status(), self.gateway.remote_status())

    def test_exceptions(self):
        from execnet import gateway_base

        for name in ('RemoteError', 'TimeoutError', 'DataFormatError', 'DumpError', 'LoadError',
                     'HostNotFound'):
            theirs = getattr(stock, name, None) or getattr(gateway_base, name)
            ours = getattr(self.execnet, name)
            self.assertEqual([base.__name__ for base in ours.__mro__],
                             [base.__name__ for base in theirs.__mro__])
            self.compare(name, theirs('text'), ours('text'))
            self.assertEqual(str(ours('text')), str(theirs('text')))

    def test_special_methods(self):
        for theirs, ours in ((self.stock_group, self.group),
                             (self.stock_gateway.newchannel(), self.gateway.newchannel()),
                             (stock.XSpec('popen'), self.execnet.XSpec('popen'))):
            for name in ('__len__', '__iter__', '__next__', '__contains__', '__getitem__',
                         '__eq__', '__hash__'):
                with self.subTest(thing=type(ours).__name__, name=name):
                    self.assertEqual(hasattr(ours, name), hasattr(theirs, name))

    def test_representations(self):
        for group, gateway in ((self.stock_group, self.stock_gateway),
                               (self.group, self.gateway)):
            channel = gateway.newchannel()
            self.assertEqual(repr(group), "<Group ['gw0']>")
            self.assertEqual(repr(gateway), "<Gateway id='gw0' receive-live, thread model, "
                                            '1 active channels>')
            self.assertEqual(repr(channel), '<Channel id=%d open>' % channel.id)
            self.assertEqual(channel.id % 2, 1)
            channel.close()
            self.assertEqual(repr(channel), '<Channel id=%d closed>' % channel.id)
            self.assertEqual(repr(gateway.spec), "<XSpec 'popen'>")
            self.assertEqual(repr(gateway.remote_status()),
                             "<RInfo 'execmodel=thread, numchannels=0, numexecuting=0'>")
            del channel
            gateway.exit()
            gateway.join()
            self.assertEqual(repr(gateway), "<Gateway id='gw0' not-receiving, thread model, "
                                            '0 active channels>')
            self.assertEqual(repr(group), '<Group []>')

    def test_library_names_stay(self):
        channel = self.gateway.remote_exec('channel.send(1)')
        for name in ('receive_async', 'receive_finish', 'send_bytes', 'wait_close'):
            self.assertTrue(callable(getattr(channel, name)))
        self.assertEqual(channel.props.id, channel.id)
        self.assertTrue(channel.disconnect is not None)
        self.assertIs(channel.props.gateway, self.gateway)


if __name__ == '__main__':
    unittest.main()
