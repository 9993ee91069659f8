# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""pytest-xdist comes to the same end on the library as on stock execnet."""

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest

import server as ssh_server
from support import LONG, run, start

PROJECT = {
    'test_one.py': '''
        import pytest

        @pytest.mark.parametrize('number', range(12))
        def test_number(number):
            assert number != 7

        @pytest.mark.skip
        def test_skipped():
            pass

        @pytest.mark.xfail
        def test_expected_to_fail():
            assert 0
    ''',
    'test_two.py': '''
        import warnings
        import pytest

        class TestClass:
            def test_prints(self):
                print('text that is captured: \\u2603')
                warnings.warn('a warning')

            def test_fails_too(self):
                print('text that is shown: \\u2603')
                assert {'a': (1, 2)} == {'a': (1, 3)}

        @pytest.fixture
        def broken():
            raise OSError('no fixture')

        def test_error(broken):
            pass
    ''',
}

WHERE = {
    'test_where.py': '''
        import os

        def test_where():
            assert os.environ.get('WHO') == 'me'
    ''',
}

# The pause is for xdist to send what it has to send: to a worker that has just died that fails, with
# stock execnet too, and nothing tells when it has.
CRASHING = {
    'test_crashing.py': '''
        import os, signal, time

        def test_before(): pass
        def test_killed():
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGKILL)
        def test_between(): pass
        def test_exits():
            time.sleep(0.5)
            os._exit(3)
        def test_after(): pass
        def test_last(): pass
    ''',
}

FAILING = {
    'test_failing.py': '''
        import pytest

        @pytest.mark.parametrize('number', range(6))
        def test_number(number):
            assert 0
    ''',
}

BROKEN = {'test_broken.py': 'import a_module_that_is_nowhere\n'}

SLOW = {
    'test_slow.py': '''
        import os, time

        def test_slow():
            with open(os.environ['STARTED'], 'w') as started:
                started.write('now')
            time.sleep(1000)
    ''',
}


def summary(output):
    """Return the counts of pytest's last line, such as {'passed': '3', 'failed': '1'}."""
    # Stock execnet may write behind it that it forgot to close a socket.
    lines = [line for line in output.splitlines() if re.search(r' in [\d.:]+m?s', line)]
    if not lines:
        raise AssertionError(output)
    counts = lines[-1].rpartition(' in ')[0]
    return {word: count for count, word in re.findall(r'(\d+) (\w+)', counts)}


class XdistTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)

    def write(self, files):
        for name, text in files.items():
            with open(os.path.join(self.folder, name), 'w', encoding='utf-8') as file:
                file.write(textwrap.dedent(text))

    def arguments(self, *arguments):
        return ['-m', 'pytest', '-p', 'no:cacheprovider', '-c', '/dev/null',
                '--rootdir', self.folder, *arguments, self.folder]

    def pytest(self, with_dropin, *arguments):
        return run(self.arguments(*arguments), with_dropin, cwd=self.folder)

    def compare(self, files, *arguments, counts=None):
        """Check that both come to the same end, and to these counts; return our output."""
        self.write(files)
        their_status, theirs = self.pytest(False, *arguments)
        status, ours = self.pytest(True, *arguments)
        self.assertEqual((status, summary(ours)), (their_status, summary(theirs)), ours)
        if counts is not None:
            self.assertEqual(summary(ours), counts, ours)
        return ours

    def compare_project(self, *arguments, times=1):
        counts = {'failed': 2, 'passed': 12, 'skipped': 1, 'xfailed': 1, 'error': 1, 'warning': 1}
        counts = {self.plural(name, count * times): str(count * times)
                  for name, count in counts.items()}
        output = self.compare(PROJECT, *arguments, counts=counts)
        self.assertIn('text that is shown: ☃', output)
        self.assertNotIn('text that is captured', output)

    @staticmethod
    def plural(name, count):
        return name + 's' if name in ('error', 'warning') and count > 1 else name

    def test_two_workers(self):
        self.compare_project('-n', '2')

    def test_distribution_modes(self):
        for mode in 'load', 'loadscope', 'loadfile', 'loadgroup':
            with self.subTest(mode=mode):
                self.compare_project('-n', '2', '--dist', mode)

    def test_each(self):
        self.compare_project('--dist', 'each', '--tx', '2*popen', times=2)

    def test_no_distribution(self):
        self.compare_project('-n', '2', '--dist', 'no')

    def test_several_specifications(self):
        self.compare_project('--dist', 'load', '--tx', 'popen//id=one',
                             '--tx', 'popen//python=' + sys.executable)

    def test_via(self):
        self.compare_project('--dist', 'load', '--tx', 'popen//id=master',
                             '--tx', '2*popen//via=master')

    def test_environment(self):
        self.compare(WHERE, '--dist', 'load', '--tx', 'popen//env:WHO=me', counts={'passed': '1'})

    def compare_elsewhere(self, way):
        """Compare with workers in a folder that pytest and the tests are copied to."""
        copies = os.path.join(self.folder, 'copies-%s')
        tests = os.path.join(self.folder, 'project')
        os.mkdir(tests)
        with open(os.path.join(tests, 'pytest.ini'), 'w') as file:
            file.write('[pytest]\n')
        with open(os.path.join(tests, 'test_cwd.py'), 'w') as file:
            file.write('import os\ndef test_cwd(): '
                       'assert os.getcwd() == os.path.dirname(os.path.dirname(__file__))\n')
        ends = []
        for with_dropin in False, True:
            spec = '%s//chdir=%s' % (way, copies % with_dropin)
            status, output = run(
                ['-m', 'pytest', '-p', 'no:cacheprovider', '--dist', 'load', '--tx', spec,
                 '--rsyncdir', tests, tests], with_dropin, cwd=self.folder)
            ends.append((status, summary(output)))
        self.assertEqual(ends[1], ends[0], output)
        self.assertEqual((ends[1][0], ends[1][1]['passed']), (0, '1'), output)

    def test_folder(self):
        self.compare_elsewhere('popen')

    def test_socket(self):
        with subprocess.Popen([sys.executable, os.environ['EXECNET_SOCKET_SERVER'], '127.0.0.1:0'],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True) as server:
            try:
                address = server.stdout.readline().split()[-1]
                self.compare_elsewhere('socket=' + address)
            finally:
                server.terminate()

    def test_ssh(self):
        with ssh_server.Server() as server:
            self.compare_elsewhere('ssh=-F %s test//python=%s'
                                   % (server.folder / 'ssh_config', sys.executable))

    def test_crashing_workers_are_replaced(self):
        output = self.compare(CRASHING, '-n', '2', counts={'failed': '2', 'passed': '4'})
        self.assertEqual(output.count('replacing crashed worker'), 2)
        self.assertRegex(output, "worker 'gw[0-9]' crashed while running '.*::test_killed'")

    def test_no_replacement(self):
        self.compare(CRASHING, '-n', '1', '--max-worker-restart', '0')

    def test_first_failure_ends_all(self):
        output = self.compare(FAILING, '-n', '1', '-x', counts={'failed': '1'})
        self.assertIn('stopping after 1 failures', output)

    def test_nothing_to_run(self):
        self.compare({}, '-n', '2')

    def test_collection_fails(self):
        self.compare(BROKEN, '-n', '2')

    def test_verbose(self):
        output = self.compare(WHERE, '-n', '1', '-v', counts={'failed': '1'})
        self.assertRegex(output, r'\[gw0\] linux Python 3\.\d+\.\d+ cwd: ' + self.folder)

    def test_interrupt(self):
        self.write(SLOW)
        ends = [self.interrupted(with_dropin) for with_dropin in (False, True)]
        self.assertEqual(ends[1], ends[0])
        self.assertEqual(ends[1][0], 2)

    def interrupted(self, with_dropin):
        started = os.path.join(self.folder, 'started-%s' % with_dropin)
        os.mkfifo(started)
        os.environ['STARTED'] = started
        with start(self.arguments('-n', '1'), with_dropin, cwd=self.folder) as process:
            self.wait_for_writer(started)
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=LONG)
        self.assertIn('KeyboardInterrupt', output)
        return process.returncode, summary(output)

    def wait_for_writer(self, path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            self.assertTrue(select.select([descriptor], [], [], LONG)[0], 'no test has started')
        finally:
            os.close(descriptor)


if __name__ == '__main__':
    unittest.main()
