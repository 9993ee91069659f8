# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The models eventlet and gevent: green threads, which switch where one of them waits.

The worker itself is written with a handful of primitives: locks, threads, sleeping and polling. In
these models they are the library's, and everything else stays as it is: a thread that waits for an
item reads the connection, only that a green one lets others run meanwhile.
"""

GREEN_MODELS = ('eventlet', 'gevent')

#: The interpreter's own primitives, in these models.
_native = {}

#: From Linux: the other side will send nothing more.
POLLRDHUP = 0x2000


# later
def adopt_green_threads(name):
    """Takes the primitives of the library `name`. Gives None, or why that can't be."""
    try:
        if name == 'gevent':
            from gevent import select as green_select, sleep, thread
        else:
            from eventlet import sleep
            from eventlet.green import select as green_select, thread
    except ImportError:
        return SetupError('failed', "The execution model '%s' needs the package %s, which %s can't "
                          "import: %s" % (name, name, sys.executable, sys.exc_info()[1]))
    names = globals()
    _native.update((key, names[key]) for key in (
        'allocate_lock', 'get_ident', 'select', 'start_new_thread', 'time'))
    names.update(
        allocate_lock=thread.allocate_lock, get_ident=thread.get_ident,
        start_new_thread=thread.start_new_thread,
        select=make_green_select(green_select.select), time=make_green_time(sleep))


# later
def make_green_time(green_sleep):
    native_sleep = time.sleep
    native_ident = get_ident
    main_thread = get_ident()

    class GreenTime(object):
        """The module time, whose sleep() lets other green threads run."""

        time = staticmethod(time.time)

        @staticmethod
        def sleep(seconds):
            # The thread that watches the connection isn't green.
            if native_ident() == main_thread:
                green_sleep(seconds)
            else:
                native_sleep(seconds)

    return GreenTime


# later
def make_green_select(green_select):

    class GreenPoll(object):
        """select.poll, which eventlet doesn't have."""

        def __init__(self):
            self.reading = []
            self.writing = []

        def register(self, descriptor, events):
            (self.reading if events == select.POLLIN else self.writing).append(descriptor)

        def poll(self, timeout=None):
            seconds = None if timeout is None else timeout / 1000.0
            reading, writing, _ = green_select(self.reading, self.writing, [], seconds)
            return ([(descriptor, select.POLLIN) for descriptor in reading]
                    + [(descriptor, select.POLLOUT) for descriptor in writing])

    class GreenSelect(object):
        """What the worker uses of the module select."""

        POLLIN = select.POLLIN
        POLLOUT = select.POLLOUT
        error = select.error
        poll = GreenPoll

    return GreenSelect


# later
def watch_green_connection(gateway):
    """Green threads don't notice the connection's end while one of them computes. A thread of the
    system does, and sees to it that the process ends."""
    connection = gateway.connection
    import fcntl
    flags = fcntl.fcntl(connection.writing, fcntl.F_GETFL)
    fcntl.fcntl(connection.writing, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    # It does what the background reader does elsewhere.
    gateway.reader.after_end = list

    def watch():
        poll = _native['select'].poll()
        poll.register(connection.reading, POLLRDHUP)
        while True:
            try:
                poll.poll()
                break
            except EnvironmentError:
                pass
        watch_ending(gateway)

    _native['start_new_thread'](watch, ())
