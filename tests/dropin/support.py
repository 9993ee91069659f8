# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the tests of the package `execnet` share: programs that get it, or get stock execnet."""

import os
import subprocess
import sys
import textwrap

# Longer than anything here takes on a slow machine; a test that needs it has failed.
LONG = 120

DROPIN = os.environ['EXECNET_DROPIN']


def environment(with_dropin):
    """Return the variables of a program that imports `execnet`: ours, or the stock one."""
    there = dict(os.environ)
    if with_dropin:
        there['PYTHONPATH'] = os.pathsep.join([DROPIN, os.environ['PYTHONPATH']])
    else:
        del there['PYTHONPATH']
    return there


def start(arguments, with_dropin, **options):
    """Start Python with `arguments`; its standard output and error are one."""
    return subprocess.Popen([sys.executable, *arguments], env=environment(with_dropin), text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, **options)


def run(arguments, with_dropin=True, **options):
    """Run Python with `arguments` to its end; returns its exit status and its output."""
    with start(arguments, with_dropin, **options) as process:
        output, _ = process.communicate(timeout=LONG)
    return process.returncode, output


def run_text(text, with_dropin=True):
    """Run a program; returns its output, and fails with that when the program does."""
    status, output = run(['-c', textwrap.dedent(text)], with_dropin)
    if status:
        raise AssertionError(output)
    return output
