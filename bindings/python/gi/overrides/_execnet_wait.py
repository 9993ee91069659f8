# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Waiting such that Ctrl-C ends it.

Python runs signal handlers in the main thread, between two of its own instructions. A call into
the library that waits keeps them waiting too, so the main thread waits in slices.
"""

import math
import threading
import time

from gi.repository import Gio, GLib

from ..module import get_introspection_module
from . import _execnet_green as green

Execnet = get_introspection_module('Execnet')

SLICE_MS = 100
_MAX_MS = 2 ** 31 - 1
_TIMED_OUT = Execnet.WaitResult.TIMED_OUT


def in_main_thread():
    """Tell whether this is the thread in which Python runs signal handlers."""
    return threading.get_ident() == threading.main_thread().ident


def wait(function, timeout=None):
    """Call the wait `function (timeout_ms, cancellable)` until it has a result.

    `timeout` is in seconds; None waits without end. Returns the Execnet.WaitResult. Takes
    nothing, so that an exception of a signal handler loses nothing.
    """
    if green.is_active():
        function, longest = _in_pool(function), green.slice_ms
    else:
        longest = SLICE_MS if in_main_thread() else _MAX_MS
    if timeout is None:
        result = _TIMED_OUT
        while result == _TIMED_OUT:
            result = function(longest, None)
        return result
    end = time.monotonic() + timeout
    while True:
        left = math.ceil(max(end - time.monotonic(), 0) * 1000)
        result = function(min(left, longest), None)
        if result != _TIMED_OUT or time.monotonic() >= end:
            return result


def _in_pool(function):
    """Return a wait function that lets other green threads run, and any of them be killed."""
    def wait_in_pool(timeout_ms, _cancellable):
        cancellable = Gio.Cancellable()
        try:
            return green.run(function, timeout_ms, cancellable)
        except BaseException:
            cancellable.cancel()
            raise
    return wait_in_pool


def check_timeout(timeout):
    """Raise what execnet raises for a time-out that is none."""
    if timeout is not None and timeout < 0:
        raise ValueError("'timeout' must be a non-negative number, not %r" % (timeout,))


def complete(start, finish, *arguments):
    """Run an asynchronous call to its end, in a main context of its own.

    `start (*arguments, cancellable, callback)` begins it, `finish (result)` is its other half. An
    exception of a signal handler cancels the call, and is raised when it has ended.
    """
    context = GLib.MainContext.new()
    cancellable = Gio.Cancellable()
    # A built-in takes the result: a signal handler that is due would raise its exception inside a
    # function of Python's, and GLib can't pass it on.
    results = {}
    context.push_thread_default()
    try:
        start(*arguments, cancellable, results.__setitem__)
    finally:
        context.pop_thread_default()
    ticks = _attach_ticks(context)
    try:
        while not results:
            green.run(context.iteration, True)
    except BaseException:
        cancellable.cancel()
        while not results:
            green.run(context.iteration, True)
        raise
    finally:
        if ticks is not None:
            ticks.destroy()
    return finish(*results.values())


def _attach_ticks(context):
    """In the main thread, wake `context` once in each slice, so that signal handlers run."""
    if not in_main_thread():
        return None
    ticks = GLib.timeout_source_new(SLICE_MS)
    # Any built-in that takes an argument and returns something true.
    ticks.set_callback(id)
    ticks.attach(context)
    return ticks
