# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Waiting in the execution models gevent and eventlet: other green threads go on meanwhile.

What blocks then runs in the library's own thread pool. The models belong to the thread that set
one; in other threads of the system a call that waits just waits.
"""

import queue
import threading
import time

# More may wait at once than the libraries' pools have threads.
_POOL_SIZE = 1000
_SLICE_MS = 100
_LONGEST_MS = 2 ** 31 - 1

_thread = None
_run = None

#: How long one call in the pool waits at most, in milliseconds.
slice_ms = _LONGEST_MS


def set_model(name):
    """Make waiting in this thread that of the execution model `name`.

    Raises ImportError when the model's library is not there.
    """
    global _run, _thread, slice_ms
    if name == 'gevent':
        from gevent.threadpool import ThreadPool

        _run, slice_ms = ThreadPool(_POOL_SIZE).apply, _LONGEST_MS
    elif name == 'eventlet':
        from eventlet import tpool

        # Its pool has a fixed size, so that those who wait must take turns.
        _run, slice_ms = _as_apply(tpool.execute), _SLICE_MS
    else:
        return
    # Not get_ident(), which the libraries can replace.
    _thread = threading.get_native_id()


def _as_apply(execute):
    return lambda function, arguments: execute(function, *arguments)


def is_active():
    """Tell whether this thread has green threads that want to run."""
    return _thread is not None and threading.get_native_id() == _thread


def run(function, *arguments):
    """Call a function that may block, and let other green threads run meanwhile."""
    if is_active():
        return _run(function, arguments)
    return function(*arguments)


class Queue(queue.Queue):
    """A queue.Queue whose `get` lets other green threads run while it waits."""

    def get(self, block=True, timeout=None):
        """Remove and return an item; raises queue.Empty when none comes in `timeout` seconds."""
        if not block or not is_active():
            return super().get(block, timeout)
        if timeout is not None and timeout < 0:
            raise ValueError("'timeout' must be a non-negative number")
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                return super().get(False)
            except queue.Empty:
                left = _SLICE_MS / 1000
                if end is not None:
                    left = min(left, end - time.monotonic())
                    if left <= 0:
                        raise
            # It takes nothing, so that nothing is lost when this green thread is killed.
            run(self._await_item, left)

    def _await_item(self, seconds):
        with self.not_empty:
            if not self._qsize():
                self.not_empty.wait(seconds)
