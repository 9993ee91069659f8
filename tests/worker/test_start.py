# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""From the line to the answer."""

import os
import subprocess
import sys
import tempfile
import unittest

import interpreters
from driver import LINE_FILE, Worker


@interpreters.each_interpreter
class Answers:

    def refused(self, kind, **options):
        with Worker(self.python, **options) as worker:
            self.assertEqual(worker.answer, b'0')
            self.assertEqual(worker.reason[0], kind)
            self.assertEqual(worker.wait()[0], 1)
            return worker.reason[1]

    def test_over_pipes(self):
        with Worker(self.python, pipes=True) as worker:
            channel = worker.execute('channel.send(channel.receive())')
            worker.give(channel, u'x' * 3000000)
            self.assertEqual(worker.take(channel), 'x' * 3000000)
            worker.take_end(channel)
            worker.end_input()
            self.assertEqual(worker.wait()[0], 0)

    def test_all_options(self):
        if self.is_jython:
            # There is no os.nice().
            return
        with tempfile.TemporaryDirectory() as folder:
            options = {'chdir': u'made', 'nice': 3, 'env': {u'EXECNET_TEST': u'v\xe4lue'}}
            with Worker(self.python, cwd=folder, environ={'LC_ALL': 'C.UTF-8'}, **options) as worker:
                where, niceness, value = worker.run('''if 1:
                    import os, sys
                    value = os.environ['EXECNET_TEST']
                    channel.send([os.getcwd(), os.nice(0),
                                  value if sys.version_info >= (3,) else value.decode('utf-8')])
                    ''')[0]
                self.assertEqual(where, os.path.join(os.path.realpath(folder), 'made'))
                self.assertEqual(worker.hello.item['cwd'], where)
                self.assertEqual(niceness, os.nice(0) + 3)
                self.assertEqual(value, u'v\xe4lue')

    def test_folder_and_environment(self):
        with tempfile.TemporaryDirectory() as folder:
            for i in range(2):
                # The folder is made, and the next time it is there.
                with Worker(self.python, cwd=folder, chdir=u'made') as worker:
                    self.assertEqual(worker.run('import os; channel.send(os.getcwd())'),
                                     [os.path.join(os.path.realpath(folder), 'made')])

    def test_folder_that_cannot_be_made(self):
        reason = self.refused('chdir', chdir=u'/dev/null/deeper')
        self.assertIn('/dev/null/deeper', reason)

    def test_niceness_that_is_not_allowed(self):
        if self.is_jython or os.geteuid() == 0:
            return
        self.assertIn('-5', self.refused('nice', nice=-5))

    def test_unknown_model(self):
        reason = self.refused('failed', execmodel=u'fibers')
        self.assertIn("'fibers'", reason)
        self.assertIn('thread', reason)

    def test_broken_options(self):
        self.refused('failed', env=5)


class TooOld(unittest.TestCase):
    """The first statements run on whatever calls itself Python."""

    def answer_of(self, version, python=sys.executable):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, 'sitecustomize.py'), 'w') as file:
                file.write('import sys\nsys.version_info = %r\n' % (version,))
            with open(LINE_FILE) as line:
                return subprocess.run(
                    [python, '-c', 'import sys;exec(eval(sys.stdin.readline()))'],
                    stdin=line, stdout=subprocess.PIPE, env=dict(os.environ, PYTHONPATH=folder),
                    check=True, timeout=60).stdout

    def test_too_old(self):
        for version in ((2, 6, 9, 'final', 0), (3, 3, 7, 'final', 0), (3, 0, 0, 'final', 0)):
            answer = self.answer_of(version)
            self.assertEqual(answer[:1], b'0')
            self.assertEqual(int.from_bytes(answer[1:5], 'big'), len(answer) - 5)
            kind, reason = answer[5:].decode().split('\n')
            self.assertEqual(kind, 'too-old')
            self.assertIn('Python %d.%d' % version[:2], reason)
            self.assertIn('2.7 or 3.4', reason)

    def test_old_ones_can_read_the_statements(self):
        path = [p for n, p in interpreters.interpreters().items() if n.endswith('_2_7')]
        for python in path:
            if 'jython' not in python:
                self.assertEqual(self.answer_of((2, 5, 2), python)[5:12], b'too-old')


class Tracing(unittest.TestCase):

    def test_into_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            with Worker([sys.executable], environ={'EXECNET_DEBUG': '1', 'TMPDIR': folder}) as worker:
                worker.run('channel.send(1)')
                with open('%s/execnet-debug-%d' % (folder, worker.process.pid)) as file:
                    text = file.read()
            self.assertIn('[%d] got message 3 for channel 1' % worker.process.pid, text)
            self.assertIn('runs code for channel 1', text)

    def test_to_stderr_also_by_an_option(self):
        with Worker([sys.executable], stderr=subprocess.PIPE,
                    env={u'EXECNET_DEBUG': u'2'}) as worker:
            worker.run('channel.send(1)')
            worker.end_input()
            self.assertIn(b'] sends message 4 for channel 1 with', worker.process.stderr.read())

    def test_not_at_all(self):
        with Worker([sys.executable], stderr=subprocess.PIPE) as worker:
            worker.run('channel.send(1)')
            worker.end_input()
            self.assertEqual(worker.process.stderr.read(), b'')


class Quick(unittest.TestCase):

    def test_modules_that_take_long_are_not_imported(self):
        probe = 'import sys; print(" ".join(sys.modules))'
        run = subprocess.run([sys.executable, '-c', probe], capture_output=True, text=True)
        with Worker([sys.executable]) as worker:
            loaded = worker.run('import sys; channel.send(sorted(sys.modules))')[0]
        self.assertLessEqual(
            set(loaded) - set(run.stdout.split()),
            {'_execnet_worker', '_struct', 'binascii', 'errno', 'itertools', 'select', 'struct',
             'zlib', '_collections'})
        self.assertNotIn('threading', loaded)


if __name__ == '__main__':
    interpreters.main()
