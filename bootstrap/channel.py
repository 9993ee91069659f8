# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Channels, as the code that runs here sees them."""

NO_ENDMARKER = object()


class Channel(Box):
    """Items go both ways between this and the channel of the same number on the other side."""

    RemoteError = RemoteError
    TimeoutError = TimeoutError

    _closed = False
    _executing = False
    _callback = None
    _error = None
    # Flow control, where there is any: of what arrives, and of what is sent.
    _intake = None
    _window = None

    def __init__(self, gateway, number):
        Box.__init__(self)
        self.id = number
        self.gateway = gateway
        self._coercion = gateway.coercion

    # later
    def __repr__(self):
        return '<Channel id=%d %s>' % (self.id, 'closed' if self._closed else 'open')

    def __del__(self):
        if not self._closed:
            self.gateway.drop(self)
        elif isinstance(self._error, RemoteError):
            self._error.warn()

    def __iter__(self):
        return self

    def __next__(self):
        try:
            return self.receive()
        except EOFError:
            raise StopIteration

    next = __next__

    def send(self, item):
        """Sends an item; returns when the operating system took it."""
        if self._closed:
            raise ChannelError('cannot send to %r' % (self,))
        gateway = self.gateway
        pieces = dump_pieces(item, gateway.may_send)
        if self._window is not None:
            return send_limited(self, self._window, pieces)
        gateway.connection.send(DATA, self.id, pieces)

    def receive(self, timeout=None):
        """Gives the next item, or raises EOFError, RemoteError or, after `timeout` seconds,
        TimeoutError."""
        deadline = None if timeout is None else monotonic() + timeout
        items = self._items
        while True:
            if self._callback is not None:
                raise ChannelError('cannot receive from %r, which has a callback' % (self,))
            if items:
                try:
                    if self._intake is not None:
                        return self._intake.take_from(items)
                    return items.popleft()
                except IndexError:
                    # Another thread was faster.
                    continue
            if self._ended:
                if not items:
                    raise self._take_error() or EOFError('no more items on %r' % (self,))
            elif not self.gateway.reader.wait(self, False, deadline):
                raise TimeoutError('no item after %r seconds' % (timeout,))

    def isclosed(self):
        """Tells whether the channel is closed; it may still hold items."""
        return self._closed

    def close(self, error=None):
        """Closes the channel; with an error, receiving on the other side raises a RemoteError."""
        if self._executing:
            raise ChannelError('cannot close %r: it is closed when the code that was started '
                               'with it ends' % (self,))
        self.gateway.close(self, error)

    def waitclose(self, timeout=None):
        """Waits until no more items will come, and raises a pending RemoteError."""
        self.gateway.wait_close(self, timeout)

    def setcallback(self, callback, endmarker=NO_ENDMARKER):
        """Has the callback called with each item, the queued ones at once, and at the end with
        the end marker."""
        set_callback(self, callback, endmarker)

    def makefile(self, mode='w', proxyclose=False):
        """Makes a file whose writes are items, or that reads items one after the other."""
        return make_channel_file(self, mode, proxyclose)

    @property
    def receive_limit(self):
        """How many bytes of items may wait here before the other side is held back; 0, which it is
        at first, for any number."""
        return self._intake.limit if self._intake is not None else 0

    @receive_limit.setter
    def receive_limit(self, limit):
        set_receive_limit(self, limit)

    def reconfigure(self, py2str_as_py3str=True, py3str_as_py2str=False):
        """Sets how strings of the other Python arrive here, and tells the other side."""
        self._coercion = (bool(py2str_as_py3str), bool(py3str_as_py2str))
        self.gateway.connection.send(RECONFIGURE, self.id, dump_pieces(self._coercion))

    def _getremoteerror(self):
        return self._take_error()

    def _take_error(self):
        error = self._error
        self._error = None
        return error


register_channel_type(Channel)
