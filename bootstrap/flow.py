# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Flow control of channels: the side that receives gives credit, in bytes, and gives more as items
are taken; the side that sends waits before an item once its credit is used up.

A message that is handled twice, because a signal handler raised in between, or an item whose size is
not counted makes the credit too large by that: harmless, and never too small, which would stop a
channel for good."""

credit_format = Struct('>q')


# later
class Intake(object):
    """How much of a channel's items waits here. It stays with a callback when the channel goes."""

    def __init__(self, channel):
        self.gateway = channel.gateway
        self.number = channel.id
        self.limit = 0
        # What the other side may still send, or has sent and nobody took.
        self.given = 0
        # How often the other side has not answered yet to its first credit: what it sent before
        # that has cost it none.
        self.unbegun = 0
        # Of what waits, in its order.
        self.sizes = deque([0] * len(channel._items))

    def set_limit(self, limit):
        with self.gateway.reader.lock:
            begins = limit and not self.limit
            ends = self.limit and not limit
            self.limit = limit
            if begins:
                self.unbegun += 1
                self.given = 0
            elif ends:
                self.sizes = deque([0] * len(self.sizes))
        if ends:
            self.send(-1)
        else:
            self.give()

    def send(self, credit):
        self.gateway.connection.try_send_bytes(FLOW, self.number, credit_format.pack(credit))

    def add(self, payload):
        """Counts an item that has come."""
        size = len(payload) if isinstance(payload, bytes) else sum(map(len, payload))
        self.sizes.append(size if self.limit and not self.unbegun else 0)

    def take_from(self, items):
        """Gives the first of the items, and credit. Raises IndexError when there is none."""
        taken = []
        try:
            # In one step, because a signal handler may raise behind it.
            taken.extend(imap(deque.popleft, (items,)))
            self.settle(items)
            return taken.pop()
        except BaseException:
            items.extendleft(taken)
            raise

    def settle(self, items):
        """Items were taken, and these are left."""
        if len(self.sizes) > len(items):
            with self.gateway.reader.lock:
                while len(self.sizes) > len(items):
                    self.given -= self.sizes.popleft()
            self.give()

    def take(self):
        """The first item goes to a callback."""
        with self.gateway.reader.lock:
            if self.sizes:
                self.given -= self.sizes.popleft()
        self.give()

    def give(self):
        """Gives credit, but not for each item: half of the limit at once."""
        with self.gateway.reader.lock:
            missing = self.limit - self.given
            if not self.limit or missing < max(self.limit // 2, 1):
                return
            self.given += missing
        self.send(missing)


# later
class Window(Box):
    """What a channel may send. It has an item in it while that is not used up."""

    def __init__(self, reader, credit):
        Box.__init__(self)
        self.reader = reader
        self.left = 0
        self.give(credit)

    def give(self, credit):
        with self.reader.lock:
            self.left += credit
            if self.left > 0 and not self._items:
                self._items.append(True)
                self.reader.wake(self)
                if self.reader.held is self:
                    self.reader.connection.interrupt_reading()

    def take(self, channel, size):
        """Waits until something may be sent, and counts its size."""
        while True:
            with self.reader.lock:
                if channel._closed:
                    raise ChannelError('cannot send to %r' % (channel,))
                if self._ended or self.left > 0:
                    self.left -= size
                    if self.left <= 0:
                        self._items.clear()
                    return
            self.reader.wait(self)

    def end(self):
        with self.reader.lock:
            self.reader.end(self)


# later
def send_limited(channel, window, pieces):
    size = sum(map(len, pieces))
    window.take(channel, size)
    try:
        channel.gateway.connection.send(DATA, channel.id, pieces)
    except BaseException:
        # Maybe it was sent all the same: see above.
        window.give(size)
        raise


# later
def set_receive_limit(channel, limit):
    limit = int(limit or 0)
    if limit < 0:
        raise ValueError('a receive limit is a number of bytes, or 0 for none, not %r' % (limit,))
    intake = channel._intake
    if intake is None:
        if not limit:
            return
        intake = Intake(channel)
        with channel.gateway.reader.lock:
            # Of what came just now nothing was counted.
            if channel._intake is None:
                channel._intake = intake
                record = channel._callback
                if record is not None:
                    record._intake = intake
            intake = channel._intake
    intake.set_limit(min(limit, 1 << 60))
