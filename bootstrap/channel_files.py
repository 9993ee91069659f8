# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files on channels: each write is an item, and reading joins what the items hold.

This file stands alone: the worker and the Python binding both use it.
"""

from _collections import deque


# later
def make_channel_file(channel, mode, proxyclose):
    if mode == 'w':
        return ChannelFileWrite(channel, proxyclose)
    if mode == 'r':
        return ChannelFileRead(channel, proxyclose)
    raise ValueError("the mode of a channel's file is 'r' or 'w', not %r" % (mode,))

#: The receive limit of a channel that a file reads, unless it has one already, in bytes.
FILE_RECEIVE_LIMIT = 0x100000


class ChannelFile(object):
    """What both kinds of files have. (Not later: a class that is must find its bases.)"""

    closed = False

    def __init__(self, channel, proxyclose=False):
        self.channel = channel
        self._proxyclose = proxyclose

    def __repr__(self):
        return '<ChannelFile %d %s>' % (self.channel.id, 'closed' if self.closed else 'open')

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def isatty(self):
        """Tells that this is no terminal."""
        return False

    def flush(self):
        """Does nothing: each write is sent at once."""

    def readable(self):
        """Tells whether this is a file to read from."""
        return self.mode == 'r'

    def writable(self):
        """Tells whether this is a file to write to."""
        return self.mode == 'w'

    def seekable(self):
        """Tells that there is no way back."""
        return False

    def close(self):
        """Closes the file, and with `proxyclose` the channel too."""
        if not self.closed:
            self.closed = True
            if self._proxyclose:
                self.channel.close()

    def _check_open(self):
        if self.closed:
            raise ValueError('%r: the file was closed' % (self,))


# later
class ChannelFileWrite(ChannelFile):
    """A file whose writes are sent as items."""

    mode = 'w'

    def write(self, data):
        """Sends text or bytes as one item, and gives their length."""
        if not self._proxyclose:
            self._check_open()
        # With the file its channel was closed, which then refuses with an error of its own.
        self.channel.send(data)
        return len(data)

    def writelines(self, lines):
        """Sends each of the lines as one item."""
        for line in lines:
            self.write(line)


# later
class ChannelFileRead(ChannelFile):
    """A file that reads items of text, or of bytes, one behind the other."""

    mode = 'r'

    def __init__(self, channel, proxyclose=False):
        ChannelFile.__init__(self, channel, proxyclose)
        # What came and was not read yet: pieces, of the first only what is behind the position.
        self._pieces = deque()
        self._position = 0
        self._size = 0
        self._nothing = ''
        # Who writes waits for who reads.
        if not channel.receive_limit:
            channel.receive_limit = FILE_RECEIVE_LIMIT

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    next = __next__

    def _receive(self):
        """Gives the next piece, which is kept, or nothing at the end."""
        try:
            piece = self.channel.receive()
        except EOFError:
            return None
        if not isinstance(piece, (bytes, type(u''))):
            raise TypeError('cannot read from %r: the item %.100r is neither text nor bytes'
                            % (self, piece))
        # What came before stays to be read. Python 2 joins both.
        if self._pieces and bytes is not str and type(piece) is not type(self._pieces[0]):
            raise TypeError('cannot read from %r: the item %.100r is not of the type of what is '
                            'before it' % (self, piece))
        self._nothing = piece[:0]
        self._pieces.append(piece)
        self._size += len(piece)
        return piece

    def _take(self, size):
        taken = []
        self._size -= size
        while size > 0:
            piece = self._pieces[0]
            end = self._position + size
            taken.append(piece[self._position:end])
            size -= len(taken[-1])
            if end < len(piece):
                self._position = end
            else:
                self._pieces.popleft()
                self._position = 0
        return taken[0] if len(taken) == 1 else self._nothing.join(taken)

    def read(self, size=-1):
        """Gives `size` characters or bytes, or all up to the end of the channel."""
        self._check_open()
        wanted = None if size is None or size < 0 else size
        while wanted is None or self._size < wanted:
            if self._receive() is None:
                break
        return self._take(self._size if wanted is None else min(wanted, self._size))

    def readline(self):
        """Gives a line with its end, or what is left at the end of the channel."""
        self._check_open()
        size = 0
        start = self._position
        for piece in list(self._pieces):
            found = piece.find(newline_of(piece), start) + 1
            if found:
                return self._take(size + found - start)
            size += len(piece) - start
            start = 0
        while True:
            piece = self._receive()
            if piece is None:
                return self._take(size)
            found = piece.find(newline_of(piece)) + 1
            if found:
                return self._take(size + found)
            size += len(piece)

    def readlines(self):
        """Gives all lines up to the end of the channel."""
        return list(self)


# later
def newline_of(data):
    return b'\n' if isinstance(data, bytes) else u'\n'
