# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the other files use from the standard library, where the Pythons differ, and the errors.

Modules that need much time to import (threading, traceback, ...) are imported where they are used.
"""

import errno
import os
import select
import sys
import time
from _collections import deque
from _weakref import ref as weak_reference

if PYTHON_2:
    from itertools import imap
else:
    imap = map

JYTHON = sys.platform.startswith('java')
monotonic = getattr(time, 'monotonic', time.time)


class RemoteError(Exception):
    """An exception on the other side; `formatted` is the text of its traceback."""

    def __init__(self, formatted):
        Exception.__init__(self, formatted)
        self.formatted = formatted

    def __str__(self):
        return self.formatted.encode('utf-8') if PYTHON_2 else self.formatted

    def __repr__(self):
        return 'RemoteError: %s' % (self,)

    def warn(self):
        """Says that nobody has handled this error."""
        sys.stderr.write('[%d] Warning: unhandled %r\n' % (os.getpid(), self))


class TimeoutError(IOError):
    """Nothing came in time."""


ChannelError = OSError
if PYTHON_2:
    class ChannelError(IOError, OSError):
        """Programs for Python 2 expect either of its bases."""


def acquire_until(lock, deadline):
    """Acquires a lock and tells whether it could before the deadline (None: without end)."""
    if deadline is None:
        return lock.acquire()
    left = deadline - monotonic()
    if not PYTHON_2:
        return lock.acquire(True, min(max(left, 0), 4000000))
    # Python 2 has no time-out here.
    pause = 0.0005
    while not lock.acquire(False):
        left = deadline - monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(pause * 2, 0.02)
    return True


def text_of(value):
    """Gives text that can be sent, whatever bytes or lone surrogates it was made of."""
    if isinstance(value, bytes):
        return value.decode('utf-8', 'replace')
    return value.encode('utf-8', 'replace' if PYTHON_2 else 'backslashreplace').decode('utf-8')


def native(text):
    """Gives text as the interpreter's own str."""
    return text.encode('utf-8') if PYTHON_2 else text


tracing = None


def start_tracing():
    """Reads EXECNET_DEBUG: 2 traces to standard error, anything else into a file."""
    global tracing
    wanted = os.environ.get('EXECNET_DEBUG')
    if wanted == '2':
        tracing = sys.stderr
    elif wanted:
        tracing = open_trace_file()


# later
def open_trace_file():
    import tempfile
    path = os.path.join(tempfile.gettempdir(), 'execnet-debug-%d' % os.getpid())
    try:
        # Everybody may write to that folder, so a link is not followed.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, 'O_NOFOLLOW', 0)
        return os.fdopen(os.open(path, flags, 0o600), 'a')
    except EnvironmentError:
        return None


# later
def trace(*words):
    try:
        tracing.write('[%d] %s\n' % (os.getpid(), ' '.join(map(str, words))))
        tracing.flush()
    except (EnvironmentError, ValueError):
        pass
