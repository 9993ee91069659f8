# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Standard input and output on Jython, whose os module has no dup() or poll()."""


# later
def make_jython_connection(output):
    import jarray
    system = os._posix_impl

    class JythonConnection(Connection):
        """One thread reads all the time, because waiting for input can't be interrupted."""

        takes_turns = False

        def prepare(self):
            self.space = jarray.zeros(READ_SIZE, 'b')
            self.read_arguments = (self.read_chunk, (READ_SIZE,))

        def await_input(self, deadline):
            self.read()
            return True

        def read_chunk(self, size):
            while True:
                count = system.read(self.reading, self.space, size)
                if count >= 0:
                    return self.space[:count].tostring()
                if system.errno() != errno.EINTR:
                    return b''

        def fill(self, space):
            # A slice of a memoryview takes nothing here, so past it.
            chunk = self.read_chunk(min(READ_SIZE, len(space)))
            start = self.long.counts[0]
            if chunk:
                # Jython refuses to put nothing there while there is a memoryview.
                self.long.buffer[start:start + len(chunk)] = chunk
            return [len(chunk)]

        def interrupt_reading(self):
            pass

        def write(self, buffers):
            for data in buffers:
                rest = data
                while rest:
                    piece = rest[:READ_SIZE]
                    count = system.write(self.writing, piece, len(piece))
                    if count >= 0:
                        rest = rest[count:]
                    elif system.errno() != errno.EINTR:
                        raise ChannelError('cannot send: the other side is gone (error %d)'
                                           % system.errno())

    reading, writing = system.dup(0), system.dup(0 if output == 'inherited' else 1)
    null = system.open(os.devnull, os.O_RDWR, 0)
    system.dup2(null, 0)
    sys.stdin = sys.__stdin__ = open(os.devnull)
    if output == 'inherited':
        write_lines()
    else:
        system.dup2(null, 1)
        sys.stdout = sys.__stdout__ = NullFile()
    return JythonConnection(reading, writing)
