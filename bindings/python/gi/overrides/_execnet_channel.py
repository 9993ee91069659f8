# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Channels as execnet has them."""

from gi.repository import Gio, GLib

from ..module import get_introspection_module
from ..overrides import override
from . import _execnet_callbacks as callbacks
from . import _execnet_channel_files as channel_files
from . import _execnet_serializer as serializer
from ._execnet_errors import RemoteError, TimeoutError, checked, from_glib, from_remote
from ._execnet_items import LoadError, dump_sent, load_received, remember_named
from ._execnet_wait import check_timeout, wait

Execnet = get_introspection_module('Execnet')

NO_ENDMARKER_WANTED = object()

# Seconds in which a gateway whose connection broke says why.
_REASON_TIMEOUT = 2.0

_READY = Execnet.WaitResult.READY
_TIMED_OUT = Execnet.WaitResult.TIMED_OUT
_try_receive_bytes = Execnet.Channel.try_receive_bytes
_CLOSED = Execnet.ChannelState.CLOSED


def load_flags(py2str_as_py3str, py3str_as_py2str):
    """Return the Execnet.LoadFlags for execnet's two settings."""
    flags = Execnet.LoadFlags.DEFAULT
    if py2str_as_py3str:
        flags |= Execnet.LoadFlags.PY2STR_AS_PY3STR
    if py3str_as_py2str:
        flags |= Execnet.LoadFlags.PY3STR_AS_PY2STR
    return flags


@override
class Channel(Execnet.Channel):
    """Carries items between this program and code on the other side, both ways and in order.

    An item is a value of Python's built-in types, also nested, and may hold channels of the same
    gateway. Dropping the last reference to an open channel closes it for the other side, too.

    Thread: any. Ctrl-C ends a call that waits, and no item is lost by it. When the gateway has
    died, what receives raises EOFError and what sends OSError, with the attributes
    `exit_status`, `term_signal` and `last_output`.
    """

    # The only module from which PyGObject takes a class for one of the library's.
    __module__ = 'gi.overrides.Execnet'

    RemoteError = RemoteError
    TimeoutError = TimeoutError

    # Objects that are made in C skip __init__.
    _receiver = None
    _unread = None

    @property
    def id(self):
        """The channel's number on its gateway, an int."""
        return self.get_id()

    @property
    def gateway(self):
        """The Gateway that the channel belongs to."""
        return self.get_gateway()

    def __repr__(self):
        return '<Channel id=%d %s>' % (self.id, 'closed' if self.isclosed() else 'open')

    # Sending

    def send(self, item):
        """Send `item`; returns when the operating system has taken all of it.

        Raises DumpError, which names the type and the place of what can't be sent, or OSError
        when the channel is closed or the gateway has ended.
        """
        data = dump_sent(item, self._may_send)
        while not self._queue(data):
            wait(self.wait_sendable)
        if wait(self.wait_sent) != _READY:
            self._raise_unsent()

    def _queue(self, data):
        try:
            return self.queue_bytes(data)
        except GLib.Error as error:
            if error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.WOULD_BLOCK):
                return False
            raise from_glib(error, self.gateway) from None

    @property
    def receive_limit(self):
        """How many bytes of items may wait here before the other side's `send` waits; 0 for any.

        A file to read from sets it to 1 MiB when it is 0.
        """
        return self.get_receive_limit()

    @receive_limit.setter
    def receive_limit(self, limit):
        self.set_receive_limit(limit)

    def _raise_unsent(self):
        gateway = self.gateway
        # Broken, but the reason is known a moment later.
        gateway.join(_REASON_TIMEOUT)
        checked(gateway, gateway.new_channel)
        raise OSError('not everything could be sent over %r' % self)

    def _may_send(self, channel):
        if channel.gateway is not self.gateway or channel.isclosed():
            return False
        remember_named(channel)
        return True

    # Receiving

    def receive(self, timeout=None):
        """Wait for the next item and return it.

        `timeout` is in seconds; None waits without end. Raises TimeoutError, RemoteError (once)
        when remote code has raised an exception, EOFError when no more items will come, LoadError
        when what came is none, or OSError when the items go to a callback or a signal handler.
        """
        check_timeout(timeout)
        taken = self._take_unread()
        try:
            while not taken:
                result = wait(self.wait, timeout)
                if result == _TIMED_OUT:
                    raise TimeoutError('no item after %r seconds' % timeout)
                if result != _READY:
                    self._raise_end()
                # Built-ins all the way: an exception of a signal handler comes between two of
                # Python's instructions, and by then the item is in the list.
                taken.extend(filter(None, map(_try_receive_bytes, (self,))))
            return load_received(taken[0], self.get_load_flags(), self.gateway)
        except LoadError as error:
            self.close(error)
            raise
        except GLib.Error as error:
            # Another thread was faster, and the end is next.
            raise from_glib(error, self.gateway, EOFError) from None
        except BaseException:
            if taken:
                self._unread = taken
            raise

    def _take_unread(self):
        taken = self._unread
        if taken is None:
            return []
        self._unread = None
        return taken

    def _raise_end(self):
        if self._receiver is not None:
            raise OSError('cannot receive from %r: its items go to a callback' % self)
        self._raise(self._getremoteerror())
        checked(self.gateway, self.try_receive_bytes, lost=EOFError)

    @staticmethod
    def _raise(error):
        """Raise `error`, unless it is None, and keep it in no frame of its own traceback."""
        try:
            if error is not None:
                raise error
        finally:
            del error

    def __iter__(self):
        return self

    def next(self):
        """Return the next item; the iteration ends when no more will come."""
        try:
            return self.receive()
        except EOFError:
            raise StopIteration from None

    __next__ = next

    def setcallback(self, callback, endmarker=NO_ENDMARKER_WANTED):
        """Call `callback` with each item from now on, and at last with `endmarker` if it is given.

        Items that wait already are delivered before this returns, in the caller's thread, and
        what the callback raises for them is raised here. Later ones are delivered in a thread of
        the gateway's own. A callback that raises closes the channel with an error, which the
        other side and `waitclose` raise. Raises OSError when the channel has a callback.
        """
        callbacks.set_callback(self, callback, endmarker, endmarker is not NO_ENDMARKER_WANTED)

    def makefile(self, mode='w', proxyclose=False):
        """Return a file: with 'w' each `write` sends one item, with 'r' items are read in a row.

        Items are text or bytes, and so is what `read`, `readline` and iteration return. Closing
        the file closes the channel only with `proxyclose`.
        """
        return channel_files.make_channel_file(self, mode, proxyclose)

    def reconfigure(self, py2str_as_py3str=True, py3str_as_py2str=False):
        """Set, on both sides, how strings of Python 2 and 3 in items are read; see `loads`."""
        checked(self.gateway, super().reconfigure,
                load_flags(py2str_as_py3str, py3str_as_py2str))

    # Closing

    def close(self, error=None):
        """Close the channel for both sides; the other one gets `error`, a str, as a RemoteError.

        What has come can still be received. Closing a closed channel does nothing.
        """
        checked(self.gateway, super().close, None if error is None else str(error))

    def isclosed(self):
        """Tell whether the channel is closed, so that nothing can be sent."""
        return self.get_state() == _CLOSED

    def waitclose(self, timeout=None):
        """Wait until the other side has closed the channel, or says that it will send no more.

        `timeout` is in seconds; None waits without end. A callback has had everything, its end
        marker too, when this returns. Raises TimeoutError, RemoteError (once) when remote code,
        or the callback, has raised an exception, or EOFError when the gateway has died.
        """
        check_timeout(timeout)
        receiver = self._receiver
        if receiver is not None and receiver.is_delivered_by_caller():
            raise OSError('waiting for the end of %r in its own callback would never end' % self)
        if wait(self.wait_closed, timeout) == _TIMED_OUT \
                or receiver is not None and not receiver.wait_delivered(timeout):
            raise TimeoutError('Timeout after %r seconds' % timeout)
        if receiver is not None:
            self._raise(receiver.take_error())
        self._raise(self._getremoteerror())
        checked(self.gateway, self.wait_close, 0, None, lost=EOFError)

    def __del__(self):
        error = self._getremoteerror()
        if error is not None:
            error.warn()

    def _getremoteerror(self):
        """Return the RemoteError that nobody has got yet, or None."""
        error = self.take_remote_error()
        return None if error is None else from_remote(error)


serializer.register_channel_type(Channel)
