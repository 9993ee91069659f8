# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Specifications behave as a stock execnet's, where those behave well."""

import copy
import pickle
import unittest

import execnet as stock

from gi.repository import Execnet as execnet

TEXTS = [
    'popen', 'popen//python=python3.9 -S', 'ssh=user@host//id=h//nice=5', 'popen//custom=1//bare',
    'socket=localhost:8888', 'popen//env:A=1//env:B=x=y', 'vagrant_ssh=default', 'ssh=-p 22 host',
    'popen//dont_write_bytecode//chdir=a b//execmodel=thread', 'popen//via=gw0', 'popen=x',
]
NAMES = ['popen', 'ssh', 'ssh_config', 'vagrant_ssh', 'socket', 'installvia', 'via', 'python',
         'execmodel', 'chdir', 'nice', 'dont_write_bytecode', 'id', 'env', 'custom', 'bare',
         'not_there']


class XSpecTest(unittest.TestCase):
    def test_attributes(self):
        for text in TEXTS:
            theirs, ours = stock.XSpec(text), execnet.XSpec(text)
            for name in NAMES:
                with self.subTest(text=text, name=name):
                    self.assertEqual(getattr(ours, name), getattr(theirs, name))

    def test_text(self):
        for text in TEXTS:
            theirs, ours = stock.XSpec(text), execnet.XSpec(text)
            self.assertEqual(str(ours), str(theirs))
            self.assertEqual(repr(ours), repr(theirs))
            self.assertEqual(hash(ours), hash(theirs))

    def test_equality(self):
        self.assertEqual(execnet.XSpec('popen'), execnet.XSpec('popen'))
        self.assertNotEqual(execnet.XSpec('popen'), execnet.XSpec('popen//id=1'))
        self.assertEqual(execnet.XSpec('popen'), 'popen')
        self.assertNotEqual(execnet.XSpec('popen'), 'ssh=x')
        self.assertNotEqual(execnet.XSpec('popen'), None)
        self.assertEqual(len({execnet.XSpec('popen'), execnet.XSpec('popen'), 'popen'}), 1)

    def test_private_names(self):
        with self.assertRaises(AttributeError):
            execnet.XSpec('popen')._secret

    def test_copies(self):
        spec = execnet.XSpec('popen//id=1//env:A=2')
        for twin in (copy.copy(spec), copy.deepcopy(spec), spec.copy(),
                     pickle.loads(pickle.dumps(spec))):
            self.assertIsInstance(twin, execnet.XSpec)
            self.assertIsNot(twin, spec)
            self.assertEqual(twin, spec)
            twin.id = 'other'
            self.assertEqual(spec.id, '1')

    def test_setting(self):
        spec = execnet.XSpec('popen')
        spec.chdir = 'a//b'
        spec.nice = 3
        spec.dont_write_bytecode = True
        spec.custom = 'value'
        self.assertEqual((spec.chdir, spec.nice, spec.dont_write_bytecode, spec.custom),
                         ('a//b', '3', True, 'value'))
        spec.custom = None
        spec.dont_write_bytecode = False
        self.assertIsNone(spec.custom)
        self.assertIsNone(spec.dont_write_bytecode)

    def test_environment(self):
        spec = execnet.XSpec('popen//env:A=1')
        spec.env['B'] = 'two'
        self.assertEqual(spec.env, {'A': '1', 'B': 'two'})
        self.assertEqual(execnet.XSpec(str(spec)).env, {'A': '1', 'B': 'two'})
        del spec.env['A']
        self.assertEqual(dict(spec.env), {'B': 'two'})
        spec.env = {'C': '3'}
        self.assertEqual(str(spec), 'popen//env:C=3')
        with self.assertRaises(KeyError):
            del spec.env['A']

    def test_bad_texts(self):
        for text, part in (('popen//id=1//id=2', 'id'), ('popen//_private=1', '_private'),
                           ('', ''), ('popen//popen', 'popen')):
            with self.subTest(text=text):
                with self.assertRaises(ValueError) as caught:
                    execnet.XSpec(text)
                self.assertIn(part, str(caught.exception))
        with self.assertRaises(TypeError):
            execnet.XSpec(3)


if __name__ == '__main__':
    unittest.main()
