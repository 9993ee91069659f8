# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Standard input and output belong to the protocol; code gets the null device in their place.

Where the initiator wants what is printed, `output` says how it gets there: `inherited` means that
descriptor 1 leads there, so that the protocol has only descriptor 0, for both directions; `stdout`
and `both` that the connection has to carry it, see output.py.
"""


def take_standard_descriptors(output):
    """Gives the two descriptors of the protocol. Children of this process don't get them."""
    reading, writing = os.dup(0), os.dup(0 if output == 'inherited' else 1)
    keep_from_children(reading, writing)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    if output != 'inherited':
        os.dup2(null, 1)
    os.close(null)
    if output:
        write_lines()
    else:
        replace_standard_output()
    return reading, writing


# later
def leave_the_server():
    """After a fork in a socket server that isn't ours: its copy here lets go of what it has."""
    os.setsid()
    exits = sys.modules.get('atexit')
    if hasattr(exits, '_clear'):
        exits._clear()
    elif exits:
        del exits._exithandlers[:]
    try:
        descriptors = list(map(int, os.listdir('/proc/self/fd')))
    except EnvironmentError:
        descriptors = range(3, 1024)
    for descriptor in descriptors:
        if descriptor > 2 and descriptor != CLIENT.fileno():
            try:
                os.close(descriptor)
            except EnvironmentError:
                pass


# later
def take_client(client, output):
    """Gives the two descriptors of the protocol in a socket server, which are the same."""
    import socket
    client.settimeout(None)
    descriptor = os.dup(client.fileno())
    keep_from_children(descriptor)
    if client.family != getattr(socket, 'AF_UNIX', None):
        Connection.atomic_size = 0
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Ours has set more than that.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.close()
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    if output:
        write_lines()
    else:
        replace_standard_output()
    return descriptor, descriptor


def keep_from_children(*descriptors):
    # Since 3.4 new descriptors are like this.
    if PYTHON_2:
        import fcntl
        for descriptor in descriptors:
            fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)


def replace_standard_output():
    """Printing must never fail, whatever the characters and the locale."""
    if PYTHON_2:
        sys.stdout = sys.__stdout__ = NullFile()
    elif hasattr(sys.stdout, 'reconfigure'):
        sys.stdout.reconfigure(errors='backslashreplace')
    else:
        import io
        sys.stdout = sys.__stdout__ = io.TextIOWrapper(
            sys.stdout.detach(), 'utf-8', 'backslashreplace', line_buffering=True)


# later
class NullFile(object):
    """Standard output of Python 2, whose own one fails for text beyond ASCII."""

    name = '<stdout>'
    mode = 'w'
    encoding = 'utf-8'
    errors = None
    newlines = None
    closed = False
    softspace = 0

    def write(self, data):
        pass

    def writelines(self, lines):
        for line in lines:
            pass

    def flush(self):
        pass

    close = flush

    def isatty(self):
        return False

    def fileno(self):
        return 1
