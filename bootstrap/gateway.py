# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The worker's gateway: its channels, and what the messages do."""

(STATUS, RECONFIGURE, TERMINATE, EXEC, DATA, CLOSE, CLOSE_ERROR, LAST_MESSAGE, HELLO,
 INFORMATION, OUTPUT, FLOW, FLOW_BEGUN) = range(13)


class Gateway(object):
    """`channel.gateway` of the code that runs here."""

    def __init__(self, connection, name, model):
        self.id = name
        self.connection = connection
        self.reader = Reader(connection)
        self.reader.after_end = self.watch_ending
        self.coercion = (True, False)
        self.last_number = 0
        # References to the channels, and the callbacks, by number. Under the reader's lock, but
        # single steps, which Python does at once, also without.
        self.channels = {}
        self.callbacks = {}
        self.pid = os.getpid()
        self.main_thread = get_ident()
        self.callback_thread = None
        self.callback_busy = False
        self.callback_items = Box()
        self.execution = Execution(self, model)
        connection.on_end = self.end
        connection.on_message = {
            STATUS: self.on_status, RECONFIGURE: self.on_reconfigure,
            TERMINATE: self.on_terminate, EXEC: self.execution.on_exec, DATA: self.on_data,
            CLOSE: self.on_close, CLOSE_ERROR: self.on_close_error,
            LAST_MESSAGE: self.on_last_message, INFORMATION: self.on_information,
            FLOW: self.on_flow, FLOW_BEGUN: self.on_flow_begun}

    # later
    def __repr__(self):
        return "<Gateway id='%s' %s, %s model, %d active channels>" % (
            self.id, 'receive-live' if self.connection.open else 'not-receiving',
            self.execution.model, self.count_channels())

    @property
    def execmodel(self):
        return get_execution_model(self.execution.model)

    # later
    def hasreceiver(self):
        """Tells whether something can still be received."""
        return self.connection.open

    # later
    def newchannel(self):
        """Makes a channel that is nobody's yet: send it to the other side."""
        with self.reader.lock:
            self.last_number += 2
            number = self.last_number
        return self.make_channel(number)

    # later
    def reconfigure(self, py2str_as_py3str=True, py3str_as_py2str=False):
        """Sets how strings of the other Python arrive here, for channels made from now on."""
        # Here first: the other side may send as soon as it knows.
        self.coercion = (bool(py2str_as_py3str), bool(py3str_as_py2str))
        self.connection.send(RECONFIGURE, 0, dump_pieces(self.coercion))

    def count_channels(self):
        # PyPy may crash when another thread changes a dictionary meanwhile.
        with self.reader.lock:
            return len(set(self.channels) | set(self.callbacks))

    # Channels

    def make_channel(self, number):
        channel = Channel(self, number)
        with self.reader.lock:
            self.channels[number] = weak_reference(channel)
        if not self.connection.open:
            channel._ended = True
        return channel

    def find_channel(self, number):
        reference = self.channels.get(number)
        return reference and reference()

    # later
    def load_channel(self, number):
        """Gives the channel that an item mentions."""
        if number <= 0:
            raise LoadError('a channel with the number %d' % number)
        channel = self.find_channel(number)
        if channel is None:
            channel = self.make_channel(number)
            if not number & 1:
                # Made here and closed since.
                self.forget(channel)
        return channel

    def may_send(self, channel):
        return channel.gateway is self and not channel._closed

    def forget(self, channel):
        """Marks a channel as closed, and tells whether it was open."""
        with self.reader.lock:
            if channel._closed:
                return False
            channel._closed = True
            self.channels.pop(channel.id, None)
        if channel._window is not None:
            channel._window.end()
        self.end_items(channel)
        return True

    def end_items(self, channel):
        """Nothing more will come; with a callback its thread says so after the last item."""
        with self.reader.lock:
            record = self.callbacks.pop(channel.id, None)
            if record is None:
                self.reader.end(channel)
        if record is not None:
            record.end()

    def close(self, channel, error=None):
        # Whatever was queued stays, and this side sees a plain end.
        if not self.forget(channel):
            return
        if error is None:
            self.connection.send(CLOSE, channel.id, [])
        else:
            text = text_of(error if isinstance(error, (bytes, type(u''))) else str(error))
            self.connection.send(CLOSE_ERROR, channel.id, dump_pieces(text))

    def drop(self, channel):
        """A channel that nobody holds any more: from a finalizer, so no lock may be waited for."""
        number = channel.id
        if self.find_channel(number) not in (None, channel):
            # It came again before this finalizer ran.
            return
        self.channels.pop(number, None)
        record = self.callbacks.get(number)
        if record is not None:
            record._coercion = channel._coercion
        self.connection.send_later(CLOSE if record is None else LAST_MESSAGE, number)

    # later
    def wait_close(self, channel, timeout):
        if on_callback_thread(channel):
            raise ChannelError('cannot wait in the callback of %r for its end' % (channel,))
        deadline = None if timeout is None else monotonic() + timeout
        if not self.reader.wait(channel, True, deadline):
            raise TimeoutError('not closed after %r seconds' % (timeout,))
        error = channel._take_error()
        if error:
            raise error

    # Messages

    def on_data(self, number, payload):
        record = self.callbacks.get(number)
        reference = self.channels.get(number)
        channel = reference and reference()
        if channel is None and record is None:
            return
        holder = channel or record
        to_text, to_bytes = holder._coercion
        try:
            item = load_item(payload, to_text, to_bytes, self.load_channel)
        except LoadError:
            return self.refuse(number, channel, sys.exc_info()[1])
        if holder._intake is not None:
            holder._intake.add(payload)
        reader = self.reader
        if record is None:
            with reader.lock:
                # A callback that was just set has seen everything that is in the box.
                record = channel._callback
                if record is None:
                    items = channel._items
                    connection = self.connection
                    # No call, so that no signal handler runs between these two.
                    items += (item,)
                    connection.done = connection.next
                    if channel._sleepers:
                        reader.wake(channel)
        if record is not None:
            record.put(item)

    # later
    def refuse(self, number, channel, error):
        """Closes a channel because what came for it can't be understood."""
        if channel is not None:
            channel._error = error
            self.forget(channel)
        else:
            self.callbacks.pop(number).end()
        self.connection.try_send(CLOSE_ERROR, number, text_of(str(error)))

    def on_close(self, number, payload, error=None):
        channel = self.find_channel(number)
        if channel is not None:
            channel._error = error
            self.forget(channel)
        elif number in self.callbacks:
            self.callbacks.pop(number).end()

    # later
    def on_close_error(self, number, payload):
        self.on_close(number, payload, RemoteError(load_error_text(payload)))

    # later
    def on_last_message(self, number, payload):
        channel = self.find_channel(number)
        if channel is not None:
            self.end_items(channel)
        elif number in self.callbacks:
            self.callbacks.pop(number).end()

    # later
    def on_flow(self, number, payload):
        channel = self.find_channel(number)
        if channel is None or len(payload) != 8:
            return
        credit, = credit_format.unpack(payload)
        window = channel._window
        if credit < 0:
            channel._window = None
            if window is not None:
                window.end()
        elif window is not None:
            window.give(credit)
        elif not channel._closed:
            # In this order: what costs credit must come behind the answer.
            self.connection.try_send(FLOW_BEGUN, number)
            channel._window = Window(self.reader, credit)
            if channel._closed:
                channel._window.end()

    # later
    def on_flow_begun(self, number, payload):
        for holder in (self.find_channel(number), self.callbacks.get(number)):
            if holder is not None and holder._intake is not None:
                holder._intake.unbegun = max(holder._intake.unbegun - 1, 0)
                break

    # later
    def on_reconfigure(self, number, payload):
        try:
            to_text, to_bytes = load_item(payload)
        except (LoadError, TypeError, ValueError):
            return
        coercion = (bool(to_text), bool(to_bytes))
        if number == 0:
            self.coercion = coercion
        for holder in (self.find_channel(number), self.callbacks.get(number)):
            if holder is not None:
                holder._coercion = coercion

    # later
    def on_status(self, number, payload):
        self.answer(number, self.execution.get_status())

    # later
    def on_information(self, number, payload):
        self.answer(number, get_information())

    # later
    def answer(self, number, item):
        self.connection.try_send(DATA, number, item)
        self.connection.try_send(CLOSE, number)

    def on_terminate(self, number, payload):
        self.connection.end()

    # The end

    def end(self):
        """Nothing more will come for anybody."""
        with self.reader.lock:
            references = list(self.channels.values())
        for reference in references:
            channel = reference()
            if channel is not None:
                channel._error = channel._error or EOFError('the connection ended')
                self.end_items(channel)
                if channel._window is not None:
                    channel._window.end()
        while self.callbacks:
            self.callbacks.popitem()[1].end()
        with self.reader.lock:
            self.reader.end(self.execution.tasks)

    def is_busy(self):
        """Tells whether code of the other side is still running in other threads."""
        return self.execution.running or self.callback_busy or self.callback_items._items

    def watch_ending(self):
        watch_ending(self)


# later
def load_error_text(payload):
    """Gives the text of CLOSE_ERROR, which is an item or the first of three."""
    try:
        error = load_item(payload)
    except LoadError:
        error = sys.exc_info()[1]
    if isinstance(error, tuple) and error:
        error = error[0]
    return error if isinstance(error, type(u'')) else text_of(str(error))
