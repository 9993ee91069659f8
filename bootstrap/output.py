# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What code prints, where the initiator wants it."""

#: How long a worker that leaves waits until all of it is sent: processes that code has started may
#: hold the descriptors.
SEND_AT_MOST = 0.5

_output_pumps = []


# later
def write_lines():
    """Lets Python's own streams write each line at once, in UTF-8, whatever the locale."""
    if PYTHON_2:
        sys.stdout = sys.__stdout__ = DescriptorFile(1)
        sys.stderr = sys.__stderr__ = DescriptorFile(2)
        return
    for name in ('stdout', 'stderr'):
        stream = getattr(sys, name)
        if hasattr(stream, 'reconfigure'):
            stream.reconfigure(encoding='utf-8', errors='backslashreplace', line_buffering=True)
        else:
            import io
            stream = io.TextIOWrapper(stream.detach(), 'utf-8', 'backslashreplace',
                                      line_buffering=True)
            setattr(sys, name, stream)
            setattr(sys, '__%s__' % name, stream)


# later
class DescriptorFile(object):
    """Standard output or error of Python 2, whose own ones fail for text beyond ASCII. With a
    connection, what is written goes there."""

    mode = 'w'
    encoding = 'utf-8'
    errors = None
    newlines = None
    closed = False
    softspace = 0

    def __init__(self, descriptor, connection=None):
        self.descriptor = descriptor
        self.connection = connection
        self.name = '<stdout>' if descriptor == 1 else '<stderr>'

    def write(self, data):
        if not isinstance(data, (bytes, bytearray)):
            data = data.encode('utf-8')
        while data:
            try:
                if self.connection:
                    return self.connection.send(OUTPUT, self.descriptor, [bytes(data)])
                data = data[write_descriptor(self.descriptor, data):]
            except EnvironmentError:
                if sys.exc_info()[1].errno != errno.EINTR:
                    return

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        pass

    close = flush

    def isatty(self):
        return False

    def fileno(self):
        return self.descriptor


# later
def write_descriptor(descriptor, data):
    if JYTHON:
        data = bytes(data[:READ_SIZE])
        return os._posix_impl.write(descriptor, data, len(data))
    return os.write(descriptor, data)


# later
def send_output(connection, output):
    """Sends what is printed to descriptor 1, and to 2 for `both`, over the connection. Processes
    that code starts print there, too."""
    if JYTHON:
        # It has no pipes; what children print still goes nowhere.
        sys.stdout = sys.__stdout__ = DescriptorFile(1, connection)
        sys.stderr = sys.__stderr__ = DescriptorFile(2, output == 'both' and connection)
        return
    for descriptor in (1, 2) if output == 'both' else (1,):
        reading, writing = os.pipe()
        keep_from_children(reading, writing)
        os.dup2(writing, descriptor)
        os.close(writing)
        pump = OutputPump(connection, descriptor, reading)
        _output_pumps.append(pump)
        start_new_thread(pump.run, ())


# later
class OutputPump(object):
    """A thread that reads a pipe for as long as somebody can write to it."""

    def __init__(self, connection, descriptor, reading):
        self.connection = connection
        self.descriptor = descriptor
        self.reading = reading
        self.pid = os.getpid()
        self.is_over = allocate_lock()
        self.is_over.acquire()

    def run(self):
        poll = select.poll()
        poll.register(self.reading, select.POLLIN)
        chunk = True
        while chunk:
            try:
                poll.poll()
                chunk = os.read(self.reading, READ_SIZE)
                if chunk:
                    self.connection.send(OUTPUT, self.descriptor, [chunk])
            except (EnvironmentError, select.error):
                # Nobody is there any more. Still, nobody who prints may block.
                pass
        self.is_over.release()


# later
def send_rest():
    """The last of what was printed, before the process leaves."""
    deadline = monotonic() + SEND_AT_MOST
    for pump in _output_pumps:
        if pump.pid == os.getpid():
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, pump.descriptor)
            os.close(null)
            acquire_until(pump.is_over, deadline)
