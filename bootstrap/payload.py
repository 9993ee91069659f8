# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Long payloads, which are read piece by piece to where they will stay.

Signal handlers may raise between two steps of Python, so the numbers of bytes that came go into a
list, `counts`, in the step that reads them.
"""

#: The buffer of a payload is made that large at once and then grows with what really comes.
FIRST_SIZE = 0x400000

#: Whether io.BytesIO gives away its memory without a copy.
BYTES_IO_GIVES = not PYTHON_2 and sys.implementation.name == 'cpython' and sys.version_info >= (3, 5)


# later
def make_payload(message, data):
    """Gives the payload for a message (its code, channel and length) of which data has come."""
    if data[:5] != _pack_head(BYTES, message[2] - 6):
        return Payload(message, data, False)
    if BYTES_IO_GIVES:
        try:
            return BytesPayload(message, data)
        except MemoryError:
            # So much at once can't be had, and maybe will not come.
            pass
    return Payload(message, data, True)


# later
class Payload(object):
    """Any item: read into a buffer, and copied from there."""

    def __init__(self, message, data, is_only_bytes):
        self.message = message
        self.length = message[2]
        self.is_only_bytes = is_only_bytes
        self.buffer = bytearray(min(self.length, FIRST_SIZE))
        self.buffer[:len(data)] = data
        self.counts = [len(data)]

    def get_space(self):
        """Gives the memory for what comes next, or nothing when all is there."""
        filled = sum(self.counts)
        self.counts[:] = [filled]
        if filled == len(self.buffer) < self.length:
            buffer = bytearray(min(self.length, 2 * filled))
            buffer[:filled] = self.buffer
            self.buffer = buffer
        return memoryview(self.buffer)[filled:]

    def get(self):
        """Gives what load_item() takes."""
        view = memoryview(self.buffer)
        if self.is_only_bytes:
            return [view[:5].tobytes(), view[5:-1].tobytes(), view[-1:].tobytes()]
        return view.tobytes()


# later
class BytesPayload(object):
    """An item that is nothing but bytes: read into memory that becomes these bytes."""

    def __init__(self, message, data):
        import io
        self.message = message
        self.size = message[2] - 6
        # The system gives fresh memory page by page, as it is used.
        self.buffer = io.BytesIO(bytes(self.size))
        self.view = self.buffer.getbuffer()
        self.view[:len(data) - 5] = data[5:]
        self.stop = bytearray(1)
        self.counts = [len(data) - 5]

    def get_space(self):
        filled = sum(self.counts)
        self.counts[:] = [filled]
        if filled < self.size:
            return self.view[filled:]
        return memoryview(self.stop)[filled - self.size:]

    def get(self):
        self.view.release()
        return [_pack_head(BYTES, self.size), self.buffer.getvalue(), bytes(self.stop)]
