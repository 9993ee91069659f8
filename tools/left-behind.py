#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds the processes that still run with a mark in their environment.

left-behind.py MARK: names each one that is still there after a while in which
it may end, ends it, and exits with 1; exits with 0 when there is none.
"""

import os
import select
import signal
import sys
import time

PATIENCE = 10  # seconds for all of them together


def read(pid, name):
    try:
        with open('/proc/%d/%s' % (pid, name), 'rb') as file:
            return file.read()
    except OSError:  # it ended, or is somebody else's
        return b''


def marked_processes(mark):
    setting = b'EXECNET_TESTS_MARK=' + os.fsencode(mark)
    pids = [int(name) for name in os.listdir('/proc') if name.isdigit()]
    return [pid for pid in pids
            if pid != os.getpid() and setting in read(pid, 'environ').split(b'\0')]


def wait_for_end(pid, deadline):
    """Tells whether the process ended in time."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(max(0, deadline - time.monotonic()) * 1000))
    finally:
        os.close(descriptor)


def main():
    deadline = time.monotonic() + PATIENCE
    left = [pid for pid in marked_processes(sys.argv[1]) if not wait_for_end(pid, deadline)]
    for pid in left:
        command = read(pid, 'cmdline').replace(b'\0', b' ')[:200]
        print('process %d still runs: %s' % (pid, command.decode(errors='replace')))
        os.kill(pid, signal.SIGKILL)
    return 1 if left else 0


if __name__ == '__main__':
    sys.exit(main())
