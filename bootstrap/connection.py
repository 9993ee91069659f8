# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages in and out of the two descriptors."""

READ_SIZE = 0x10000
READ_SIZE_BIG = 0x100000
#: Pieces of an item up to this length are joined and written at once.
JOINED_SIZE = 0x10000

#: Pipes take so much in one piece or not at all.
PIPE_BUF = getattr(select, 'PIPE_BUF', 512)

message_header = Struct('>bii')


class Connection(object):
    """The two descriptors: messages in and out."""

    #: Whether a thread that waits may read. With Java's streams only one thread ever can.
    takes_turns = True

    def __init__(self, reading, writing):
        self.reading = reading
        self.writing = writing
        self.open = True
        self.on_message = self.on_end = None
        # Held from the first to the last byte of a message.
        self.write_lock = allocate_lock()
        self.postponed = deque()
        # Bytes of messages that are not complete: long ones in parts, which are joined only once.
        self.data = b''
        self.parts = []
        self.missing = 0
        self.prepare()

    def prepare(self):
        self.wake_reading, self.wake_writing = os.pipe()
        keep_from_children(self.wake_reading, self.wake_writing)
        poll = select.poll()
        poll.register(self.reading, select.POLLIN)
        poll.register(self.wake_reading, select.POLLIN)
        self.poll = poll.poll
        self.small_reads = imap(os.read, repeat(self.reading), repeat(READ_SIZE))
        self.big_reads = imap(os.read, repeat(self.reading), repeat(READ_SIZE_BIG))

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
                    os.read(fd, 4096)
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
        os.write(self.wake_writing, b'-')

    def read(self):
        # A `for`, so that no signal handler runs before the bytes are stored.
        for chunk in self.big_reads if self.missing > READ_SIZE else self.small_reads:
            break
        if chunk:
            self.take(chunk)
        else:
            self.end()

    def take(self, chunk):
        """Takes bytes that were read."""
        if self.missing > len(chunk):
            self.parts.append(chunk)
            self.missing -= len(chunk)
        else:
            if self.parts:
                self.parts.append(chunk)
                chunk = b''.join(self.parts)
                self.parts = []
            self.missing = 0
            self.data = self.data + chunk if self.data else chunk
            self.handle_messages()

    def handle_messages(self):
        data = self.data
        size = len(data)
        pos = 0
        try:
            while size - pos >= 9 and self.open:
                code, channel_id, length = message_header.unpack_from(data, pos)
                handle = self.on_message.get(code)
                if length < 0 or channel_id < 0 or handle is None:
                    self.break_off(code, channel_id, length)
                    break
                end = pos + 9 + length
                if end > size:
                    self.missing = end - size
                    break
                if tracing:
                    trace('got message', code, 'for channel', channel_id, 'with', length, 'bytes')
                handle(channel_id, data[pos + 9:end])
                pos = end
        finally:
            self.data = data[pos:] if pos < size else b''
        if self.missing > READ_SIZE:
            self.parts = [self.data]
            self.data = b''

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
        try:
            self.send(code, channel_id, dump_pieces(*items) if items else [])
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
        if len(buffers) == 1 and len(buffers[0]) <= PIPE_BUF:
            while True:
                try:
                    os.write(self.writing, buffers[0])
                    return
                except EnvironmentError:
                    if not self.try_again(sys.exc_info()[1]):
                        raise
        started = False
        interruption = None
        for data in buffers:
            rest = memoryview(data)
            while len(rest):
                try:
                    # A `for`, so that no signal handler runs before the count is stored.
                    for count in imap(os.write, (self.writing,), (rest,)):
                        rest = rest[count:]
                        started = True
                except BaseException:
                    error = sys.exc_info()[1]
                    if not self.try_again(error):
                        if not started:
                            raise
                        interruption = interruption or error
        if interruption:
            raise interruption

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
