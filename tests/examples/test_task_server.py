# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The task server loses no result in any language, also when a worker dies.

test_task_server.py PROGRAM: the one in C.
"""

import glob
import os
import signal
import subprocess
import sys
import unittest

EXAMPLES = os.environ['EXECNET_EXAMPLES']
COMMANDS = {
    'C': [sys.argv.pop(1)],
    'Python': [sys.executable, os.path.join(EXAMPLES, 'task-server.py')],
    'JavaScript': ['gjs', '-m', os.path.join(EXAMPLES, 'task-server.js')],
}

# Longer than anything here takes on a slow machine; a test that needs it has failed.
LONG = 120


def expected(n_tasks):
    total = sum(sum(i * i for i in range(task)) for task in range(n_tasks))
    return '%d of %d tasks are done; the sum of their results is %d.\n' % (n_tasks, n_tasks, total)


def children(pid):
    """Return the numbers of the processes that any thread of `pid` has started."""
    found = []
    for path in glob.glob('/proc/%d/task/*/children' % pid):
        with open(path) as file:
            found += map(int, file.read().split())
    return found


class TaskServerTest(unittest.TestCase):
    def start(self, language, *arguments):
        return subprocess.Popen(COMMANDS[language] + [str(number) for number in arguments],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def test_all_tasks_are_done(self):
        for language in COMMANDS:
            for n_tasks, n_workers in (20, 1), (20, 3), (0, 1):
                with self.subTest(language=language, n_tasks=n_tasks, n_workers=n_workers), \
                        self.start(language, n_tasks, n_workers) as process:
                    output, _ = process.communicate(timeout=LONG)
                    self.assertEqual(output, '%d interpreters work.\n%s'
                                     % (n_workers, expected(n_tasks)))
                    self.assertEqual(process.returncode, 0)

    def test_a_worker_dies(self):
        n_tasks = 4000
        for language in COMMANDS:
            with self.subTest(language=language), self.start(language, n_tasks, 2) as process:
                # While the tasks are at work: they take longer than this.
                os.read(process.stdout.fileno(), 1)
                os.kill(children(process.pid)[0], signal.SIGKILL)
                output, _ = process.communicate(timeout=LONG)
                self.assertTrue(output.endswith(expected(n_tasks)), output)
                self.assertEqual(process.returncode, 0)


if __name__ == '__main__':
    unittest.main()
