# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds the interpreters that the worker is tested on, and makes a test case for each."""

import functools
import os
import re
import shutil
import subprocess
import sys
import unittest

from driver import Worker

NAMES = (['pypy3', 'jython', 'python2.7']
         + ['python3.%d' % minor for minor in range(4, 15)])
PROBE = 'import sys; sys.stdout.write("%d.%d %s" % (sys.version_info[:2] + (sys.platform,)))'


def version_of(path):
    """Gives the interpreter's version and platform, or None when it doesn't run."""
    try:
        run = subprocess.run([path, '-c', PROBE], stdin=subprocess.DEVNULL, capture_output=True,
                             timeout=60, text=True)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout if run.returncode == 0 else None


@functools.lru_cache(None)
def interpreters():
    """Gives {name for tests: path}: the one that runs this, those on PATH, and those that are named
    in EXECNET_TEST_PYTHONS."""
    paths = [sys.executable] + [shutil.which(name) for name in NAMES]
    paths += os.environ.get('EXECNET_TEST_PYTHONS', '').split(':')
    found = {}
    seen = set()
    for path in filter(None, paths):
        real = os.path.realpath(path)
        version = version_of(path) if real not in seen else None
        seen.add(real)
        if version:
            name = re.sub(r'\W', '_', os.path.basename(path) + '_' + version.split()[0])
            while name in found:
                name += '_'
            found[name] = path
    return found


def each_interpreter(case):
    """Makes a test case for each interpreter of one that expects `self.python`."""
    module = sys.modules[case.__module__]
    for name, path in interpreters().items():
        made = type(case.__name__ + '_' + name, (case, unittest.TestCase), {
            '__module__': case.__module__, 'python': [path],
            'is_jython': 'jython' in name, 'is_pypy': 'pypy' in name,
            'is_python_2': name.endswith('_2_7')})
        setattr(module, made.__name__, made)
    return case


class SharedWorker:
    """For tests that leave the worker as it was: one for all of them."""

    @classmethod
    def setUpClass(cls):
        cls.worker = Worker(cls.python)

    @classmethod
    def tearDownClass(cls):
        cls.worker.close()


def main():
    print('interpreters: %s' % ', '.join(sorted(interpreters().values())), file=sys.stderr)
    unittest.main(verbosity=1)
