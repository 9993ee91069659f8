# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Every name of a stock execnet is there, or listed as missing, and says so when it is used."""

import ast
import unittest

from support import run, run_text

MODULES = ('execnet', 'execnet.gateway', 'execnet.gateway_base', 'execnet.gateway_bootstrap',
           'execnet.gateway_io', 'execnet.gateway_socket', 'execnet.multi', 'execnet.rsync',
           'execnet.rsync_remote', 'execnet.xspec')

# The names that a module has of its own.
OF_STOCK = '''
import importlib, inspect
print({module: sorted(name for name, value in vars(importlib.import_module(module)).items()
                      if not name.startswith('_') and not inspect.ismodule(value)
                      and (module == 'execnet'
                           or getattr(value, '__module__', module) == module))
       for module in %r})
''' % (MODULES,)

OF_OURS = '''
import importlib
from execnet import _names
modules = {name: importlib.import_module(name) for name in %r}
print({'there': {name: sorted(public for public in dir(module)
                              if not public.startswith('_') and hasattr(module, public))
                 for name, module in modules.items()},
       'missing': {name: sorted(_names.MISSING.get(name, ())) for name in modules},
       'to come': {name: [public for public in _names._IN_PROGRAMS.get(name, ())
                          if not hasattr(module, public)] for name, module in modules.items()}})
''' % (MODULES,)


class NamesTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stock = ast.literal_eval(run_text(OF_STOCK, with_dropin=False))
        cls.ours = ast.literal_eval(run_text(OF_OURS))

    def test_each_name_is_there_or_listed(self):
        for module in MODULES:
            with self.subTest(module=module):
                expected = {name for name in self.stock[module]
                            # Only the constants of its inside, which nobody imports.
                            if not name.startswith('_')}
                known = set(self.ours['there'][module]) | set(self.ours['missing'][module]) \
                    | set(self.ours['to come'][module])
                self.assertEqual(sorted(expected - known), [])

    def test_what_is_listed_as_missing_is(self):
        for module in MODULES:
            with self.subTest(module=module):
                both = set(self.ours['there'][module]) & set(self.ours['missing'][module])
                self.assertEqual(both, set())

    def test_the_library_has_what_it_should(self):
        self.assertEqual({module: names for module, names in self.ours['to come'].items() if names},
                         {})

    def test_missing_names_say_so(self):
        status, output = run(['-c', 'import execnet; execnet.SshGateway'])
        self.assertEqual(status, 1)
        self.assertIn("AttributeError: 'execnet' has no 'SshGateway': execnet has deprecated",
                      output)
        status, output = run(['-c', 'from execnet.gateway_base import Message'])
        self.assertEqual(status, 1)
        self.assertIn("ImportError: cannot import name 'Message' from 'execnet.gateway_base'",
                      output)
        status, output = run(['-m', 'execnet.script.shell'])
        self.assertEqual(status, 1)
        self.assertIn('ImportError: There is no execnet.script.shell: ', output)

    def test_socket_server(self):
        for name in ('socketserver', 'loop_socketserver'):
            status, output = run(['-m', 'execnet.script.' + name, '0.0.0.0:0'])
            self.assertEqual(status, 2)
            self.assertIn('or say that this is what you want with --insecure', output)
        status, output = run(['-m', 'execnet.script.quitserver'])
        self.assertIn("ImportError: There is no execnet.script.quitserver: a client can't", output)

    def test_is_not_found_by_accident(self):
        self.assertNotIn('dropin', run_text('import execnet; print(execnet.__file__)',
                                            with_dropin=False))

    def test_is_the_library(self):
        output = run_text('''
            import execnet, execnet.gateway, execnet.gateway_base, execnet.multi
            from gi.repository import Execnet
            print(execnet.Group is Execnet.Group is execnet.multi.Group,
                  isinstance(execnet.makegateway(), execnet.gateway.Gateway),
                  execnet.gateway_base.RemoteError is execnet.RemoteError)
        ''')
        self.assertEqual(output, 'True True True\n')

    def test_star(self):
        output = run_text('''
            from execnet import *
            print(loads(dumps([1, 'a'])), makegateway is not None, HostNotFound.__name__)
        ''')
        self.assertEqual(output, "[1, 'a'] True HostNotFound\n")


if __name__ == '__main__':
    unittest.main()
