# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the tests of the PyGObject override share."""

import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
import unittest

# Longer than anything here takes on a slow machine; a test that needs it has failed.
LONG = 60


def program(text, *arguments, **options):
    """Start a Python program, whose standard output is read; returns its Popen."""
    prologue = 'from gi.repository import Execnet as execnet\nimport os, sys, threading\n'
    return subprocess.Popen([sys.executable, '-c', prologue + textwrap.dedent(text), *arguments],
                            stdout=subprocess.PIPE, text=True, **options)


def run(text, *arguments, **options):
    """Run a Python program to its end; returns its exit status and its output."""
    with program(text, *arguments, **options) as process:
        output, _ = process.communicate(timeout=LONG)
    return process.returncode, output


def wait_until_blocked(process):
    """Wait until the main thread of `process` sleeps in the kernel."""
    while True:
        with open('/proc/%d/stat' % process.pid) as stat:
            state = stat.read().rpartition(')')[2].split()[0]
        if state == 'S':
            return
        os.sched_yield()


def interrupt_when_blocked(process):
    """Send SIGINT, as a terminal does for Ctrl-C, once the line 'waiting' came."""
    line = process.stdout.readline()
    if line != 'waiting\n':
        raise AssertionError('the program said %r' % line)
    wait_until_blocked(process)
    process.send_signal(signal.SIGINT)


def wait_for_end(pid):
    """Wait until the process `pid`, which need not be a child, is gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = select.select([descriptor], [], [], LONG)
    finally:
        os.close(descriptor)
    if not ready:
        raise AssertionError('the process %d is still there' % pid)


class Case(unittest.TestCase):
    """A test with a group of its own, which leaves no gateway behind."""

    def setUp(self):
        from gi.repository import Execnet as execnet

        self.execnet = execnet
        self.group = execnet.Group()
        self.addCleanup(self.group.terminate, 5)

    def makegateway(self, spec='popen'):
        return self.group.makegateway(spec)


class Collector:
    """A callback that keeps what it gets, and can be waited for."""

    def __init__(self):
        self.items = []
        self.threads = set()
        self._changed = threading.Condition()

    def __call__(self, item):
        with self._changed:
            self.items.append(item)
            self.threads.add(threading.current_thread())
            self._changed.notify_all()

    def wait_for(self, n_items):
        """Wait until `n_items` have come; returns all of them."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.items) >= n_items, LONG):
                raise AssertionError('only %r came' % self.items)
            return list(self.items)
