# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The reader role: who waits for something reads for all.

A thread that waits reads the connection itself when nobody else does, so that no other thread has
to be woken for it. When nobody has read for a while, because all code computes, a background
thread takes the role. It and other threads that only serve leave it as soon as they have delivered
something to a thread that waits, because that one will want it next.
"""

#: The background thread takes the role when it has been free for so many seconds; the shorter time
#: holds while others sleep until something is read for them.
TAKE_OVER = 0.005
TAKE_OVER_AWAITED = 0.0005


class Box(object):
    """A place where items wait for threads, and threads for items."""

    _ended = False

    def __init__(self):
        self._items = deque()
        self._sleepers = []


class Reader(object):
    """Who reads from a connection. The lock is for the role and for what is in all boxes."""

    def __init__(self, connection):
        self.connection = connection
        connection.on_signal = self.wake_for_signal
        self.lock = allocate_lock()
        # The box that the holder waits for.
        self.held = None
        # How often the role was left, and for which threads others read.
        self.turns = 0
        self.waiting = []
        # Whether the holder has woken somebody.
        self.woken = False
        self.background = False
        # Where the background thread sleeps while somebody holds the role for long.
        self.beds = []

    def wait(self, box, to_end=False, deadline=None, serving=False):
        """Waits until there is something in the box, or only until its end, and tells whether
        it came to that before the deadline."""
        may_read = self.connection.takes_turns
        while True:
            reads = sleeper = None
            try:
                with self.lock:
                    if box._ended or box._items and not to_end:
                        return True
                    if may_read and not self.held and self.connection.open:
                        self.held = reads = box
                    else:
                        sleeper = self.lie_down(box)
                if reads:
                    in_time = self.read(box, to_end, deadline, serving)
                    may_read = not serving
                else:
                    in_time = acquire_until(sleeper, deadline)
            finally:
                if reads:
                    # Not in a function: a signal handler could raise before it begins.
                    self.held = None
                    self.turns += 1
                    if self.beds:
                        self.wake_background()
                elif sleeper:
                    self.get_up(box, sleeper)
            if not in_time or box._ended or box._items and not to_end:
                return bool(box._ended or box._items and not to_end)

    def lie_down(self, box):
        sleeper = allocate_lock()
        sleeper.acquire()
        box._sleepers.append(sleeper)
        self.waiting.append(sleeper)
        return sleeper

    def get_up(self, box, sleeper):
        with self.lock:
            for sleepers in (box._sleepers, self.waiting):
                if sleeper in sleepers:
                    sleepers.remove(sleeper)

    def read(self, box, to_end, deadline, serving):
        """Reads in the role until the box has something, or this thread should give the role
        away. Gives False at the deadline."""
        connection = self.connection
        self.woken = False
        if connection.pending or connection.long:
            connection.resume()
        while not (box._ended or box._items and not to_end):
            if serving and self.woken or not connection.open:
                break
            if not connection.await_input(deadline):
                return False
        return True

    def wake_background(self):
        """After leaving the role: somebody must look whether it stays free for long."""
        try:
            self.beds.pop().release()
        except IndexError:
            # Another thread had the role in between and did it.
            pass

    def put(self, box, item):
        with self.lock:
            box._items.append(item)
            if box._sleepers:
                self.wake(box)

    def end(self, box):
        """Says that nothing more will come into the box. The caller holds the lock."""
        box._ended = True
        self.wake(box)
        if self.held is box:
            self.connection.interrupt_reading()

    def wake(self, box):
        for sleeper in box._sleepers:
            if sleeper.locked():
                sleeper.release()
            self.woken = True
        del box._sleepers[:]

    # later
    def wake_for_signal(self):
        """Lets the main thread run a signal's handler, which it does between two steps."""
        with self.lock:
            for sleeper in self.waiting:
                if sleeper.locked():
                    sleeper.release()

    def start_background(self):
        self.background = True
        start_new_thread(self.run_background, ())

    def run_background(self):
        nothing = Box()
        connection = self.connection
        while connection.open:
            if connection.takes_turns and not self.get_free_role(nothing):
                continue
            try:
                self.read(nothing, False, None, connection.takes_turns)
            except BaseException:
                # There are no signal handlers here, so no memory, or worse.
                sys.stderr.write(describe_error()[0])
                connection.end()
            finally:
                self.held = None
                self.turns += 1
                if self.beds:
                    self.wake_background()
        self.after_end()

    def get_free_role(self, box):
        turns = self.turns
        time.sleep(TAKE_OVER_AWAITED if self.waiting else TAKE_OVER)
        with self.lock:
            if turns != self.turns:
                return False
            if not self.held:
                self.held = box
                return True
        # Somebody holds it and waits for long: no need to look again until that ends.
        bed = allocate_lock()
        bed.acquire()
        self.beds.append(bed)
        if self.held and self.connection.open:
            bed.acquire()
        else:
            del self.beds[:]
        return False
