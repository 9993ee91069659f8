# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Runs each example in Python, and compares what it writes."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

EXAMPLES = os.environ['EXECNET_EXAMPLES']

# Longer than anything here takes on a slow machine; a test that needs it has failed.
LONG = 120

# What each example writes.
OUTPUT = {
    'multiplier': '''\
1 times ten is 10.
2 times ten is 20.
3 times ten is 30.
''',
    'remote-module': '''\
The module is ready.
SPOKEN SOFTLY!
''',
    'command-loop': '''\
add(2, 3) is 5
add('a', 'b') is ab
divide(1, 0) fails with ZeroDivisionError: division by zero
''',
    'callbacks': '''\
Everything that came, and the end marker: [0, 1, 2, 3, 4, None]
One after the other: 0 1 2
''',
    'channels-over-channels': 'hello world\n',
    'receive-queue': '''\
From each: [42, 42, 42]
Answers: 1 from one, 2 from two, 3 from three
Ended: one, three, two
<Group []>
''',
    'groups': '''\
<Group ['gw0', 'gw1']> 2
<Gateway id='gw0' receive-live, thread model, 0 active channels>
<Gateway id='gw1' receive-live, thread model, 0 active channels>
True True
helper True
True
factory-made
True popen
<Group []>
''',
    'proxies': '''\
<Group ['master', 'gw0']> <Gateway id='gw0' receive-live, thread model, 0 active channels>
True there
42
<Group []>
''',
    'termination': '''\
<Group ['stubborn', 'idle']>
<Group []>
The stubborn process is gone.
''',
    'redirected-output': '''\
remote line 0
remote line 1
remote line 2
Read: remote line 0
Read: remote line 1
Read: remote line 2
''',
    'own-stream': '''\
hello from far-worker
The process ended with status 0.
''',
    'places': '''\
In the same folder for me, 0 nicer than here, with bytecode.
In the same folder for nobody, 5 nicer than here, without bytecode.
In workplace for nobody, 0 nicer than here, without bytecode.
''',
}

# The models that need no library.
THREADS = ('thread', 'main_thread_only')

KEPT = "82 bytes hold ['hello', 'world', {1, 2}, 2.5, None]\n"

JYTHON = '''\
Jython with the language of Python 2
  From Java: aaa bbb
  str arrives as 'hello'
  str arrives as b'hello'
  text arrives there as unicode
  text arrives there as str, when asked for
'''


def start(name, *arguments, **variables):
    environment = dict(os.environ, **variables)
    environment.pop('WHO', None)
    return subprocess.Popen([sys.executable, os.path.join(EXAMPLES, name + '.py'), *arguments],
                            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


class ExamplesTest(unittest.TestCase):
    maxDiff = None

    def run_example(self, name, *arguments, **variables):
        with start(name, *arguments, **variables) as process:
            output, _ = process.communicate(timeout=LONG)
        self.assertEqual(process.returncode, 0, output)
        return output

    def test_output(self):
        for name, expected in OUTPUT.items():
            with self.subTest(example=name):
                # One of them says what it does without this variable.
                variables = {'PYTHONDONTWRITEBYTECODE': ''} if name == 'places' else {}
                self.assertEqual(self.run_example(name, **variables), expected)

    def test_every_example_is_here(self):
        programs = {name[:-3] for name in os.listdir(EXAMPLES)
                    # A name with an underscore is a module for the one with a hyphen.
                    if name.endswith('.py') and '_' not in name}
        self.assertEqual(programs, {*OUTPUT, 'execution-models', 'file-server', 'hybrid', 'main-job', 'task-server'})

    def test_main_job(self):
        output = self.run_example('main-job')
        self.assertIn('Sent 21, received 42.\n', output)
        self.assertIn('ZeroDivisionError', output)

    def test_file_server(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b'\0\xff' * 50000)
            file.flush()
            output = self.run_example('file-server', 'popen', file.name, '/no/such/file')
        first, second = output.splitlines()
        self.assertEqual(first, '%s: 100000 bytes' % file.name)
        self.assertRegex(second, 'There is no content: .*/no/such/file')

    def test_execution_models(self):
        for here, there in (('thread', 'main_thread_only'), ('eventlet', 'thread'),
                            ('gevent', 'eventlet')):
            if all(model in THREADS or importlib.util.find_spec(model) for model in (here, there)):
                with self.subTest(here=here, there=there):
                    self.assertEqual(
                        self.run_example('execution-models', here, there),
                        "<Gateway id='gw0' receive-live, %s model, 0 active channels>\n"
                        "<RInfo 'execmodel=%s, numchannels=0, numexecuting=0'>\n1\n"
                        % (here, there))

    def test_hybrid(self):
        self.assertEqual(self.run_example('hybrid'),
                         'CPython with the language of Python 3\n' + KEPT)

    @unittest.skipUnless(shutil.which('pypy3'), 'there is no PyPy')
    def test_hybrid_with_pypy(self):
        self.assertEqual(self.run_example('hybrid', 'pypy3'),
                         'PyPy with the language of Python 3\n' + KEPT)

    @unittest.skipUnless(shutil.which('jython'), 'there is no Jython')
    def test_hybrid_with_jython(self):
        self.assertEqual(self.run_example('hybrid', 'jython'), JYTHON + KEPT)


if __name__ == '__main__':
    unittest.main()
