# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files on channels: each write is an item, and reading joins what the items hold."""


# later
def make_channel_file(channel, mode, proxyclose):
    if mode == 'w':
        return ChannelFileWrite(channel, proxyclose)
    if mode == 'r':
        return ChannelFileRead(channel, proxyclose)
    raise ValueError("the mode of a channel's file is 'r' or 'w', not %r" % (mode,))


# later
class ChannelFileWrite(object):
    """A file whose writes are sent as items."""

    mode = 'w'

    def __init__(self, channel, proxyclose=False):
        self.channel = channel
        self.closed = False
        self._proxyclose = proxyclose

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def write(self, data):
        if self.closed:
            raise ValueError('write to a closed file')
        self.channel.send(data)
        return len(data)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    def isatty(self):
        return False

    def close(self):
        """Closes the file, and with `proxyclose` the channel too."""
        if not self.closed:
            self.closed = True
            if self._proxyclose:
                self.channel.close()


# later
class ChannelFileRead(object):
    """A file that reads items of text, or of bytes, one behind the other."""

    mode = 'r'

    def __init__(self, channel, proxyclose=False):
        self.channel = channel
        self.closed = False
        self._proxyclose = proxyclose
        self._rest = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __iter__(self):
        return iter(self.readline, self._rest[:0] if self._rest is not None else '')

    def _collect(self, enough):
        """Gives what is left and comes, until `enough` says that a piece is sufficient."""
        if self.closed:
            raise ValueError('read from a closed file')
        pieces = [] if self._rest is None else [self._rest]
        try:
            while not pieces or not enough(pieces[-1]):
                pieces.append(self.channel.receive())
        except EOFError:
            pass
        return pieces[0][:0].join(pieces) if pieces else ''

    def _take(self, data, size):
        self._rest = data[size:]
        return data[:size]

    def read(self, size=-1):
        """Gives `size` characters or bytes, or all up to the end of the channel."""
        if size is None or size < 0:
            data = self._collect(lambda piece: False)
            return self._take(data, len(data))
        missing = [size]

        def enough(piece):
            missing[0] -= len(piece)
            return missing[0] <= 0

        return self._take(self._collect(enough), size)

    def readline(self):
        """Gives a line with its end, or what is left at the end of the channel."""
        data = self._collect(lambda piece: newline_of(piece) in piece)
        return self._take(data, data.find(newline_of(data)) + 1 or len(data))

    def isatty(self):
        return False

    def close(self):
        """Closes the file, and with `proxyclose` the channel too."""
        if not self.closed:
            self.closed = True
            if self._proxyclose:
                self.channel.close()


# later
def newline_of(data):
    return b'\n' if isinstance(data, bytes) else u'\n'
