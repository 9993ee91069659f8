# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Callbacks of channels, in a thread of each gateway's own.

execnet's programs expect their callbacks to run while the main thread is blocked in something
else, and one gateway's callback to be able to wait for another's.
"""

import collections
import itertools
import os
import threading
import traceback
import weakref

from gi.repository import GLib

from ..module import get_introspection_module
from ._execnet_errors import RemoteError, checked
from ._execnet_items import load_received
from ._execnet_wait import wait

Execnet = get_introspection_module('Execnet')

_DOMAIN = GLib.quark_to_string(Execnet.error_quark())

_lock = threading.Lock()
_running = set()


class CallbackThread:
    """A main context and, while there is a callback or may be one, the thread that runs it."""

    def __init__(self, name):
        self.context = GLib.MainContext.new()
        self._name = name
        self._n_callbacks = 0
        self._may_end = False
        self._thread = None

    def hold(self):
        """Keep the thread for one more callback; starts it."""
        with _lock:
            self._n_callbacks += 1
            if self._thread is not None:
                return
            owns = threading.Event()
            # A daemon, because the interpreter joins others before our exit handler runs.
            self._thread = threading.Thread(target=self._run, args=(owns,), name=self._name,
                                            daemon=True)
            _running.add(self)
            self._thread.start()
            # Who waits for a channel's end runs a callback whose context nobody owns.
            owns.wait()

    def release(self):
        """Take back one `hold`."""
        with _lock:
            self._n_callbacks -= 1
        self.context.wakeup()

    def finish(self):
        """Let the thread end once it has no callback."""
        with _lock:
            self._may_end = True
        self.context.wakeup()

    def join(self, timeout):
        """Wait for the end of the thread, at most `timeout` seconds."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _run(self, owns):
        self.context.push_thread_default()
        owns.set()
        while not self._has_ended():
            self.context.iteration(True)

    def _has_ended(self):
        with _lock:
            if self._n_callbacks or not self._may_end:
                return False
            self.context.pop_thread_default()
            self._thread = None
            _running.discard(self)
            return True


class Receiver:
    """What the library calls with the items of one channel.

    It holds no reference to the channel, which would then never be dropped.
    """

    def __init__(self, channel, callback, endmarker, wants_endmarker, thread):
        self._channel = weakref.ref(channel)
        self._load_flags = channel.get_load_flags()
        self._gateway = channel.gateway
        self._callback = callback
        self._endmarker = endmarker
        self._wants_endmarker = wants_endmarker
        self._thread = thread
        self._has_failed = False
        self._error = None
        # The thread that delivers what has been waiting, and what came meanwhile: the gateway's
        # thread leaves that to it, because the callback may wait for something else of the gateway.
        self._deliverer = None
        self._backlog = collections.deque()
        self._turn = threading.Condition()

    def __call__(self, data, *unused):
        with self._turn:
            if self._deliverer is not None:
                self._backlog.append(data)
                return True
        try:
            self._take(data)
            return True
        except BaseException:
            if self._fail():
                return True
            reason = self._error.formatted
        # The one way to give the library a reason.
        raise GLib.Error(reason, _DOMAIN, Execnet.Error.FAILED)

    def start(self, channel):
        """Become the channel's callback, and deliver here what has been waiting."""
        self._deliverer = threading.get_ident()
        self._thread.hold()
        try:
            _, queued = checked(self._gateway, channel.set_bytes_callback,
                                self._thread.context, True, self)
        except BaseException:
            self._thread.release()
            raise
        channel._receiver = self
        failure = None
        queued = iter(queued or ())
        while self._deliverer is not None:
            try:
                for data in itertools.chain(queued, self._take_backlog()):
                    self._take(data)
            except BaseException as error:
                self._fail()
                failure = failure or error
        if failure is not None:
            # The caller gets it; nobody else needs to.
            self._error = None
            raise failure

    def wait_delivered(self, timeout=None):
        """Wait until nothing is left to `start`, and tell whether it came to that in time."""
        with self._turn:
            return self._turn.wait_for(lambda: self._deliverer is None, timeout)

    def is_delivered_by_caller(self):
        """Tell whether the caller is called by `start`, so that waiting can't end."""
        return self._deliverer == threading.get_ident()

    def take_error(self):
        """Return the RemoteError of a callback that has failed, once."""
        error, self._error = self._error, None
        return error

    def _take_backlog(self):
        while True:
            with self._turn:
                if not self._backlog:
                    self._deliverer = None
                    self._turn.notify_all()
                    return
                data = self._backlog.popleft()
            yield data

    def _take(self, data):
        if data is None:
            self._end()
        elif not self._has_failed:
            self._deliver(data)

    def _deliver(self, data):
        channel = self._channel()
        if channel is not None:
            self._load_flags = channel.get_load_flags()
            # Not kept while the callback runs: the program may drop it meanwhile.
            channel = None
        self._callback(load_received(data, self._load_flags, self._gateway))

    def _fail(self):
        """Close the channel with the error at hand; returns False when the library has to do it."""
        self._has_failed = True
        text = traceback.format_exc()
        self._error = RemoteError(text)
        channel = self._channel()
        if channel is None:
            # Dropped: nobody can close it here.
            return False
        try:
            channel.close(text)
        except OSError:
            # The gateway is gone: there is nobody to tell.
            pass
        return True

    def _end(self):
        callback, self._callback = self._callback, None
        try:
            if self._wants_endmarker:
                callback(self._endmarker)
        except BaseException:
            traceback.print_exc()
        finally:
            self._thread.release()

    def __del__(self):
        error = self.take_error()
        if error is not None:
            error.warn()


def set_callback(channel, callback, endmarker, wants_endmarker):
    """Make `callback` the channel's, which has a Receiver from then on."""
    receiver = Receiver(channel, callback, endmarker, wants_endmarker,
                        _get_thread(channel.gateway))
    receiver.start(channel)
    if channel.get_state() != Execnet.ChannelState.OPEN:
        # As with execnet, what comes of an ended channel has come when setcallback returns.
        wait(channel.wait_closed)


def _get_thread(gateway):
    with _lock:
        if gateway._callback_thread is None:
            gateway._callback_thread = CallbackThread('callbacks of %s' % gateway.id)
        return gateway._callback_thread


def finish(gateway):
    """Let the gateway's thread end with its last callback."""
    thread = gateway._callback_thread
    if thread is not None:
        thread.finish()


def finish_all(timeout):
    """End every thread, waiting for each at most `timeout` seconds; for an exit handler."""
    with _lock:
        threads = list(_running)
    for thread in threads:
        thread.finish()
    for thread in threads:
        thread.join(timeout)


def _forget_all():
    # The threads are the parent's, and so are the descriptors that wake them.
    global _lock
    _lock = threading.Lock()
    _running.clear()


os.register_at_fork(after_in_child=_forget_all)
