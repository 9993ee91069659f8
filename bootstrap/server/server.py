# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Accepts, and waits for all connections' lines at once; starts a process for each line."""


class Server(object):
    """Accepts, and waits for all connections' lines at once; starts a process for each line."""

    def __init__(self, listeners, options, token=None, tls=None):
        self.listeners = dict((listener.fileno(), listener) for listener in listeners)
        self.options = options
        self.token = token
        self.tls = tls
        self.clients = {}
        # {process: the client that it serves}
        self.children = {}
        self.looks_at = None
        self.stopped_by = None
        self.is_done = False
        self.pauses_until = 0
        self.poll = select.poll()
        self.wake_reading, self.wake_writing = os.pipe()

    def prepare(self):
        """From here on a signal ends it in good order."""
        for descriptor in (self.wake_reading, self.wake_writing):
            set_alone(descriptor)
            set_non_blocking(descriptor)
        signal.set_wakeup_fd(self.wake_writing)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.on_signal)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self.poll.register(self.wake_reading, select.POLLIN)
        for listener in self.listeners.values():
            listener.setblocking(False)
            self.poll.register(listener, select.POLLIN)

    def serve(self):
        """Returns after a signal to end, or with `--once` after the end of the one client."""
        while not self.stopped_by and not self.is_done:
            self.turn()
        self.end()

    def on_signal(self, number, frame):
        self.stopped_by = number

    def turn(self):
        try:
            ready = self.poll.poll(self.get_timeout())
        except (EnvironmentError, select.error):
            ready = ()
        for descriptor, _ in ready:
            if descriptor in self.listeners:
                self.accept(self.listeners[descriptor])
            elif descriptor in self.clients:
                self.advance(self.clients[descriptor])
            elif descriptor == self.wake_reading:
                attempt(os.read, descriptor, 4096)
        self.reap()
        now = monotonic()
        for client in list(self.clients.values()):
            if client.deadline <= now:
                self.drop(client, None if client.step == client.leave
                          else 'It has not ended its line in time.')
        if self.pauses_until and self.pauses_until <= now:
            self.pause_accepting(False)
        if self.looks_at and self.looks_at <= now:
            self.look()

    def get_timeout(self):
        """Milliseconds to the next deadline."""
        deadlines = [client.deadline for client in self.clients.values()]
        deadlines += [time for time in (self.pauses_until, self.looks_at) if time]
        if deadlines:
            return max(int((min(deadlines) - monotonic()) * 1000) + 1, 0)

    def pause_accepting(self, pauses):
        """When there are no descriptors left."""
        self.pauses_until = monotonic() + 0.2 if pauses else 0
        for listener in self.listeners.values():
            self.poll.modify(listener, 0 if pauses else select.POLLIN)

    # Connections

    def accept(self, listener):
        try:
            connection, address = listener.accept()
        except EnvironmentError:
            if sys.exc_info()[1].errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                if self.clients:
                    self.drop(self.get_oldest(), 'There are no descriptors left.')
                else:
                    self.pause_accepting(True)
            return
        if len(self.clients) >= MOST_WAITING:
            self.drop(self.get_oldest(), 'Too many connections wait.')
        set_alone(connection.fileno())
        connection.setblocking(False)
        if connection.family != socket.AF_UNIX:
            set_keepalive(connection, self.options.keepalive)
        client = Client(self, connection, address)
        self.clients[client.descriptor] = client
        self.poll.register(client.descriptor, client.events)
        self.advance(client)

    def get_oldest(self):
        return min(self.clients.values(), key=lambda client: client.deadline)

    def advance(self, client):
        try:
            if client.advance():
                self.poll.modify(client.descriptor, client.events)
            else:
                self.start(client)
        except Dropped:
            self.drop(client, sys.exc_info()[1].args[0])
        except Exception:
            # One client's oddity must not be the end of all.
            self.drop(client, 'Unexpectedly: %r' % (sys.exc_info()[1],))

    def forget(self, client):
        self.poll.unregister(client.descriptor)
        del self.clients[client.descriptor]

    def drop(self, client, reason):
        if reason:
            say('%s was dropped. %s' % (client.name, reason))
        self.forget(client)
        client.socket.close()

    def start(self, client):
        self.forget(client)
        try:
            pid = os.fork()
        except EnvironmentError:
            say('%s was dropped: no process can be made for it: %s.' % (
                client.name, sys.exc_info()[1]))
            client.socket.close()
            return
        if pid == 0:
            try:
                status = self.be_client(client)
                sys.stdout.flush()
                sys.stderr.flush()
            except BaseException:
                status = 1
            finally:
                os._exit(status)
        self.children[pid] = client
        if client.socket.family == socket.AF_UNIX or not self.options.keepalive:
            client.socket.close()
        else:
            # Kept, to see whether anybody is there.
            self.looks_at = self.looks_at or monotonic() + self.options.keepalive / 4.0
        say('%s is in, as process %d.' % (client.name, pid))
        if self.options.once:
            self.stop_listening()

    def be_client(self, client):
        """The new process."""
        signal.set_wakeup_fd(-1)
        os.close(self.wake_reading)
        os.close(self.wake_writing)
        for other in list(self.clients.values()) + list(self.children.values()):
            other.socket.close()
        for listener in self.listeners.values():
            listener.close()
        # Only now: there may have been no descriptor left.
        forget_the_server()
        connection = client.socket
        connection.setblocking(True)
        if self.tls:
            connection = pass_through_tls(connection)
        return run_source(client.line, connection, client.address)

    def look(self):
        """Ends the connections to machines that have vanished."""
        seconds = self.options.keepalive
        for client in self.children.values():
            if client.descriptor >= 0 and is_silent(client.socket, seconds):
                say('%s has vanished.' % client.name)
                client.descriptor = -1
                attempt(socket.socket.shutdown, client.socket, socket.SHUT_RDWR)
        self.looks_at = monotonic() + seconds / 4.0 if self.children else None

    # Ends

    def reap(self):
        while self.children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except EnvironmentError:
                return
            if pid == 0:
                return
            client = self.children.pop(pid, None)
            if client:
                client.socket.close()
                say('%s is gone%s.' % (client.name, '' if status == 0 else ', with %s' % (
                    'signal %d' % os.WTERMSIG(status) if os.WIFSIGNALED(status)
                    else 'exit status %d' % os.WEXITSTATUS(status))))
                self.is_done = self.options.once

    def stop_listening(self):
        for listener in self.listeners.values():
            self.poll.unregister(listener)
            path = listener.getsockname() if listener.family == socket.AF_UNIX else None
            listener.close()
            if path:
                attempt(os.unlink, path)
        self.listeners = {}

    def end(self):
        """Nobody is left behind."""
        self.stop_listening()
        for client in list(self.clients.values()):
            self.drop(client, None)
        self.kill_children(signal.SIGTERM)
        deadline = monotonic() + ENDING_TIME
        while self.children and monotonic() < deadline:
            time.sleep(0.01)
            self.reap()
        self.kill_children(signal.SIGKILL)
        while self.children:
            time.sleep(0.001)
            self.reap()
        signal.set_wakeup_fd(-1)
        os.close(self.wake_reading)
        os.close(self.wake_writing)

    def kill_children(self, number):
        for pid in self.children:
            for kill in (os.killpg, os.kill):
                # The group is there a moment after the process.
                attempt(kill, pid, number)


def set_alone(descriptor):
    """Keeps it from programs that are started. Since 3.4 all are like this."""
    import fcntl
    fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)


def set_non_blocking(descriptor):
    import fcntl
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_NONBLOCK)


def say(text):
    """To whoever looks. Where nobody reads, it is lost: a full pipe must not stop the server."""
    if not takes_more(sys.stderr):
        return
    try:
        sys.stderr.write('socketserver: %s\n' % text)
        sys.stderr.flush()
    except (EnvironmentError, ValueError):
        pass


def takes_more(file):
    try:
        return bool(select.select([], [file], [], 0)[1])
    except (EnvironmentError, ValueError, TypeError, select.error):
        # Jython knows that of sockets alone.
        return True
