# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages in and out of the two descriptors."""

#: So much is read at once. The payload of a message with more missing than that is long.
READ_SIZE = 0x10000
#: Pieces of an item up to this length are joined and written at once.
JOINED_SIZE = 0x10000

#: Pipes take so much in one piece or not at all.
PIPE_BUF = getattr(select, 'PIPE_BUF', 512)

message_header = Struct('>bii')


class Connection(object):
    """The two descriptors: messages in and out."""

    #: Whether a thread that waits may read. With Java's streams only one thread ever can.
    takes_turns = True

    #: So much is written in one piece or not at all. A TCP connection takes any part of it.
    atomic_size = PIPE_BUF

    def __init__(self, reading, writing):
        self.reading = reading
        self.writing = writing
        self.open = True
        self.on_message = self.on_end = self.on_signal = None
        # Held from the first to the last byte of a message.
        self.write_lock = allocate_lock()
        self.postponed = deque()
        # Signal handlers may raise anywhere between two steps of Python, and no byte may be lost. So
        # what a system call gives goes into a list in the same step, and stays there until it was
        # made use of: here bytes that were not handled yet.
        self.pending = []
        # The one long payload that is being read.
        self.long = None
        # How much of the bytes at hand is done, and how much it is with the message that is being
        # handled. That one is handled again after an exception, unless its item is in a box.
        self.done = self.next = 0
        self.prepare()

    def prepare(self):
        self.wake_reading, self.wake_writing = os.pipe()
        keep_from_children(self.wake_reading, self.wake_writing)
        watch_signals(self.wake_writing)
        poll = select.poll()
        poll.register(self.reading, select.POLLIN)
        poll.register(self.wake_reading, select.POLLIN)
        self.poll = poll.poll
        self.read_arguments = (os.read, (self.reading,), (READ_SIZE,))
        self.file = None

    def await_input(self, deadline):
        """Reads what comes and handles it. Gives False at the deadline."""
        timeout = None
        if deadline is not None:
            timeout = int((deadline - monotonic()) * 1000) + 1
            if timeout <= 0:
                return False
            timeout = min(timeout, 0x7fffffff)
        try:
            for fd, events in self.poll(timeout):
                if fd == self.reading:
                    self.read()
                else:
                    self.after_waking(os.read(fd, 4096))
        except (EnvironmentError, select.error):
            error = sys.exc_info()[1]
            number = error.args[0] if error.args else None
            if not isinstance(number, int):
                # Not from the system but from a signal handler.
                raise
            if number not in (errno.EINTR, errno.EAGAIN):
                self.end()
        return True

    # later
    def interrupt_reading(self):
        try:
            os.write(self.wake_writing, b'\0')
        except EnvironmentError:
            # It is full, so whoever reads will not wait.
            pass

    # later
    def after_waking(self, numbers):
        if numbers.strip(b'\0'):
            self.on_signal()

    def read(self):
        """Reads once and handles what is complete."""
        if self.long:
            return self.read_long()
        pending = self.pending
        pending.extend(imap(*self.read_arguments))
        if pending[-1]:
            self.handle_messages()
        else:
            self.end()

    # later
    def read_long(self):
        # The beginning of the message stays here when a handler raised while `long` was made.
        del self.pending[:]
        long = self.long
        space = long.get_space()
        if space:
            long.counts.extend(self.fill(space))
            if not long.counts[-1]:
                return self.end()
            if long.get_space():
                return
        code, channel_id, length = long.message
        self.next = long
        if self.done is not long:
            self.on_message[code](channel_id, long.get())
        # In this order: what is done must be known until it is forgotten.
        self.long = None
        self.done = 0

    # later
    def fill(self, space):
        """Gives a list, made in the step that reads."""
        if self.file is None:
            import io
            self.file = io.FileIO(self.reading, 'rb', closefd=False)
        return imap(self.file.readinto, (space,))

    def resume(self):
        """Handles what an exception of a signal handler has left."""
        if self.long:
            if not self.long.get_space():
                self.read_long()
        elif self.pending:
            self.handle_messages()

    def handle_messages(self):
        pending = self.pending
        data = pending[0] if len(pending) == 1 else b''.join(pending)
        size = len(data)
        self.done = 0
        try:
            # Apart, because CPython 3.13 skips a `finally` for an exception between two turns of a
            # loop that stands in the same function.
            self.handle_each(data)
        finally:
            pending[:] = [data[self.done:]] if self.done < size else ()

    def handle_each(self, data):
        size = len(data)
        pos = 0
        while size - pos >= 9 and self.open:
            code, channel_id, length = message_header.unpack_from(data, pos)
            handle = self.on_message.get(code)
            if length < 0 or channel_id < 0 or handle is None:
                return self.break_off(code, channel_id, length)
            end = pos + 9 + length
            if end > size:
                if end - size > READ_SIZE:
                    self.long = make_payload((code, channel_id, length), data[pos + 9:])
                    self.done = size
                return
            if tracing:
                trace('got message', code, 'for channel', channel_id, 'with', length, 'bytes')
            self.next = end
            handle(channel_id, data[pos + 9:end])
            self.done = pos = end

    def end(self):
        """Nothing more is read."""
        if self.open:
            self.open = False
            self.on_end()

    # later
    def break_off(self, code, channel_id, length):
        self.end()
        sys.stderr.write("execnet worker: the message %d for channel %d with %d bytes can't be "
                         "understood, the connection ends\n" % (code, channel_id, length))

    def send(self, code, channel_id, pieces):
        """Sends a message. When it returns, the operating system has the bytes."""
        length = sum(map(len, pieces))
        if length > 0x7fffffff:
            raise DumpError("can't send an item of more than 2147483647 bytes")
        buffers = [message_header.pack(code, channel_id, length)] + pieces
        if length <= JOINED_SIZE:
            buffers = [b''.join(buffers)]
        if tracing:
            trace('sends message', code, 'for channel', channel_id, 'with', length, 'bytes')
        try:
            with self.write_lock:
                self.write(buffers)
        finally:
            if self.postponed:
                self.send_postponed()

    def try_send(self, code, channel_id, *items):
        """Sends a message that has at most one item, if there is anybody to send it to."""
        self.try_send_bytes(code, channel_id, *(dump_pieces(*items) if items else ()))

    def try_send_bytes(self, code, channel_id, *pieces):
        """Sends a message with that payload, if there is anybody to send it to."""
        try:
            self.send(code, channel_id, list(pieces))
        except EnvironmentError:
            if tracing:
                trace("can't send message", code, 'for channel', channel_id)

    # later
    def send_later(self, code, channel_id):
        """Sends a message without waiting for the lock, which this thread may hold itself: for
        finalizers, which run anywhere."""
        self.postponed.append((code, channel_id))
        self.send_postponed()

    # later
    def send_postponed(self):
        # Who can't have the lock leaves the work to its holder, who comes here after releasing it.
        while self.postponed and self.write_lock.acquire(False):
            try:
                code, channel_id = self.postponed.popleft()
                self.write([message_header.pack(code, channel_id, 0)])
            except (IndexError, EnvironmentError):
                pass
            finally:
                self.write_lock.release()

    def write(self, buffers):
        """Writes all of it, even if a signal handler raises in between: half a message would be
        the end of the connection. The caller holds the lock."""
        if len(buffers) == 1 and len(buffers[0]) <= self.atomic_size:
            while True:
                try:
                    os.write(self.writing, buffers[0])
                    return
                except EnvironmentError:
                    if not self.try_again(sys.exc_info()[1]):
                        raise
        size = sum(map(len, buffers))
        counts = []
        interruption = None
        while sum(counts) < size:
            try:
                self.write_rest(buffers, counts)
            except BaseException:
                error = sys.exc_info()[1]
                if not self.try_again(error):
                    if not counts:
                        raise
                    interruption = interruption or error
        if interruption:
            raise interruption

    # later
    def write_rest(self, buffers, counts):
        start = sum(counts)
        for data in buffers:
            if start < len(data):
                view = memoryview(data)
                while start < len(data):
                    counts.extend(imap(os.write, (self.writing,), (view[start:],)))
                    start += counts[-1]
            start -= len(data)

    # later
    def try_again(self, error):
        """Tells whether to write again after an error, once that can be."""
        number = isinstance(error, EnvironmentError) and error.errno
        if number == errno.EAGAIN:
            poll = select.poll()
            poll.register(self.writing, select.POLLOUT)
            poll.poll()
        elif number and number != errno.EINTR:
            raise ChannelError('cannot send: the other side is gone (%s)' % os.strerror(number))
        return bool(number)
