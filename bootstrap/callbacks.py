# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Callbacks of channels. They run in one thread of their own, which never is the main thread, in
the order in which the items came; it reads for itself while it has nothing to do."""

END = object()


def on_callback_thread(channel):
    return channel._callback is not None and get_ident() == channel.gateway.callback_thread


# later
def set_callback(channel, function, endmarker):
    gateway = channel.gateway
    record = Callback(channel, function, endmarker)
    start_callback_thread(gateway)
    while True:
        with gateway.reader.lock:
            if channel._callback is not None:
                raise ChannelError('%r has a callback already' % (channel,))
            if not channel._items:
                channel._callback = record
                ended = channel._ended
                if not ended:
                    gateway.callbacks[channel.id] = record
                gateway.reader.wake(channel)
                break
            item = channel._items.popleft()
        if channel._intake is not None:
            channel._intake.settle(channel._items)
        function(item)
    if ended and endmarker is not NO_ENDMARKER:
        function(endmarker)


# later
def start_callback_thread(gateway):
    with gateway.reader.lock:
        if gateway.callback_thread is not None:
            return
        gateway.callback_thread = 0
    prepare_threading(gateway.main_thread)
    start_new_thread(run_callbacks, (gateway,))


# later
def run_callbacks(gateway):
    gateway.callback_thread = get_ident()
    box = gateway.callback_items
    while True:
        gateway.reader.wait(box, serving=True)
        gateway.callback_busy = True
        record, item = box._items.popleft()
        record.run(item)
        del record, item
        gateway.callback_busy = bool(box._items)


# later
class Callback(object):
    """What is left to call when the channel object is gone."""

    def __init__(self, channel, function, endmarker):
        if not callable(function):
            raise TypeError('%r is not callable' % (function,))
        self.gateway = channel.gateway
        self.number = channel.id
        self.channel = weak_reference(channel)
        self.function = function
        self.endmarker = endmarker
        self._coercion = channel._coercion
        self._intake = channel._intake

    def put(self, item):
        self.gateway.reader.put(self.gateway.callback_items, (self, item))

    def end(self):
        self.put(END)

    def run(self, item):
        if self._intake is not None and item is not END:
            self._intake.take()
        if self.function is None:
            return
        try:
            if item is not END:
                return self.function(item)
        except BaseException:
            self.fail(describe_error())
        self.finish()

    def fail(self, error):
        """The function raised: the channel is closed, with the error for both sides."""
        gateway = self.gateway
        channel = self.channel()
        gateway.callbacks.pop(self.number, None)
        gateway.channels.pop(self.number, None)
        if channel is not None:
            if channel._closed:
                return
            channel._closed = True
            channel._error = RemoteError(error[0])
        gateway.connection.try_send(CLOSE_ERROR, self.number, error)

    def finish(self):
        try:
            if self.endmarker is not NO_ENDMARKER:
                self.function(self.endmarker)
        except BaseException:
            sys.stderr.write(describe_error()[0])
        self.function = None
        channel = self.channel()
        if channel is not None:
            with self.gateway.reader.lock:
                self.gateway.reader.end(channel)
