# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What runs in a worker for a gateway behind it: it starts the other interpreter here, or connects
to it from here, and carries what goes to and comes from it over the channel.

From the initiator come bytes, and at their end the channel's last message; a channel that it closes
ends the other side by force. To it go ('connected',) where it is a connection, bytes, None at their
end, ('stderr', bytes), ('ask', number, question), which (number, answer or None) answers, and at last ('end', exit status or -1, signal or 0) for a process that has
ended; or only ('failed', kind, message, program).
"""

import errno
import os
import sys

#: The worker's own names: this runs beside it, with its primitives, whatever its model.
worker = sys.modules['_execnet_worker']
#: By the channel's number. None: it is to be killed as soon as it is there.
relays = vars(worker).setdefault('relays', {})

#: How many bytes may wait here for the other side.
LIMIT = 0x100000
#: So much is read at once, and a pipe holds so much where that can be had.
READ_SIZE = 0x20000
PIPE_SIZE = 0x40000
F_SETPIPE_SZ = 1031

#: Seconds for which more is read after a process has ended: others may hold its pipes.
REST = 0.1


def relay_process(channel, command, asks=False):
    """Runs a program: a list of words, None at the beginning for this interpreter. An ssh client
    `asks` the initiator."""
    command = [words and worker.native(worker.text_of(words)) for words in command]
    program = command[0] = command[0] or sys.executable
    try:
        if worker.JYTHON or not program:
            raise OSError(errno.ENOSYS, 'this interpreter starts no others')
        other = Process(channel, command, Asker(channel) if asks else None)
    except EnvironmentError:
        return fail(channel, program or u'')
    relay(channel, other)


def relay_connection(channel, address, timeout):
    """Connects to an address: a host and a port, or the path of a socket."""
    try:
        other = Connection(channel, address, timeout)
    except EnvironmentError:
        return fail(channel, ':'.join(str(part) for part in address))
    channel.send((u'connected',))
    relay(channel, other)


def fail(channel, what):
    error = sys.exc_info()[1]
    relays.pop(channel.id, None)
    number = error.errno if isinstance(error.errno, int) else 0
    reason = error.strerror or str(error)
    kind = type(error).__name__
    if kind not in ('gaierror', 'herror'):
        kind = errno.errorcode.get(number, 'timeout' if kind == 'timeout' else '')
    channel.send((u'failed', worker.text_of(kind), worker.text_of(str(reason)),
                  worker.text_of(what)))


def relay(channel, other):
    """Carries both ways until both ends have ended."""
    if relays.setdefault(channel.id, other) is None:
        other.kill()
    channel.receive_limit = LIMIT
    worker.start_new_thread(other.carry_output, ())
    try:
        carry_input(channel, other)
        if channel.isclosed() and channel.gateway.connection.open:
            other.kill()
        worker.acquire_until(other.done, None)
    finally:
        relays.pop(channel.id, None)
        other.close()


def carry_input(channel, other):
    takes_more = True
    try:
        for data in channel:
            if isinstance(data, tuple):
                other.asker.answer(*data)
                continue
            takes_more = takes_more and write_all(other.input, data)
    except channel.RemoteError:
        pass
    other.close_input()


def send_bytes(channel, data):
    # The same from every Python, and without a copy.
    pieces = [worker._pack_head(worker.BYTES, len(data)), data, b'Q']
    if channel._window is not None:
        worker.send_limited(channel, channel._window, pieces)
    else:
        channel.gateway.connection.send(worker.DATA, channel.id, pieces)


def write_all(descriptor, data):
    """Gives False when nobody reads any more."""
    view = memoryview(data)
    start = 0
    while start < len(data):
        try:
            start += os.write(descriptor, view[start:])
        except EnvironmentError:
            number = sys.exc_info()[1].errno
            if number == errno.EAGAIN:
                Poll(worker.select.POLLOUT, [descriptor]).wait(None)
            elif number != errno.EINTR:
                return False
    return True


def set_non_blocking(descriptor):
    import fcntl
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_NONBLOCK)


class Poll(object):
    """Waits for descriptors, in the worker's model."""

    def __init__(self, events, descriptors):
        self.poll = worker.select.poll()
        for descriptor in descriptors:
            self.poll.register(descriptor, events)

    def wait(self, timeout):
        try:
            return [descriptor for descriptor, _ in self.poll.poll(timeout)]
        except (EnvironmentError, worker.select.error):
            if sys.exc_info()[1].args[0] != errno.EINTR:
                raise
            return []


class Other(object):
    """The other side."""

    def __init__(self, channel):
        self.channel = channel
        self.lock = worker.allocate_lock()
        # Released when nothing more comes from it.
        self.done = worker.allocate_lock()
        self.done.acquire()

    def carry_output(self):
        try:
            self.carry()
        except BaseException:
            # Nobody is there any more to take it.
            self.kill()
        finally:
            self.finish()
            self.done.release()

    def finish(self):
        pass


class Process(Other):
    """The other interpreter, or a program that leads to it."""

    def __init__(self, channel, command, asker=None):
        Other.__init__(self, channel)
        self.asker = asker
        self.reaped = False
        # Its end, when the process has ended.
        self.wake_reading, self.wake_writing = self.make_pipe(False)
        child_in, self.input = self.make_pipe(True)
        self.stdout, child_out = self.make_pipe(True)
        self.stderr, child_err = self.make_pipe(False)
        try:
            self.start(command, child_in, child_out, child_err)
        except BaseException:
            self.close_input()
            self.close()
            os.close(self.wake_writing)
            if asker:
                asker.close()
            raise
        finally:
            for descriptor in (child_in, child_out, child_err):
                os.close(descriptor)
        set_non_blocking(self.input)
        # A thread of the system in every model: it waits where green ones can't.
        worker._native.get('start_new_thread', worker.start_new_thread)(self.await_exit, ())

    def make_pipe(self, is_large):
        reading, writing = os.pipe()
        worker.keep_from_children(reading, writing)
        if is_large:
            try:
                import fcntl
                fcntl.fcntl(writing, F_SETPIPE_SZ, PIPE_SIZE)
            except EnvironmentError:
                # It is only slower.
                pass
        return reading, writing

    def start(self, command, stdin, stdout, stderr):
        import subprocess
        if sys.version_info >= (3, 2):
            session = {'start_new_session': True}
        else:
            session = {'preexec_fn': os.setsid}
        self.process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr,
                                        close_fds=True, env=self.asker and self.asker.environ,
                                        **session)

    def close_input(self):
        os.close(self.input)

    def close(self):
        for descriptor in (self.stdout, self.stderr, self.wake_reading):
            os.close(descriptor)

    def kill(self):
        import signal
        with self.lock:
            if not self.reaped:
                try:
                    os.killpg(self.process.pid, signal.SIGKILL)
                except EnvironmentError:
                    pass

    def await_exit(self):
        try:
            if hasattr(os, 'waitid'):
                # Its number stays its own until it is reaped, with the lock.
                os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
            else:
                self.process.wait()
        except EnvironmentError:
            # Other code here has reaped it.
            pass
        os.close(self.wake_writing)

    def finish(self):
        with self.lock:
            self.process.wait()
            self.reaped = True
        if self.asker:
            # Before the other side knows: then this worker may be told to go.
            self.asker.close()

    def carry(self):
        pipes = [self.stdout, self.stderr]
        poll = Poll(worker.select.POLLIN, pipes + [self.wake_reading])
        deadline = None
        while deadline is None or pipes and worker.monotonic() < deadline:
            ready = poll.wait(deadline and 0)
            if deadline and not ready:
                break
            for descriptor in ready:
                if descriptor == self.wake_reading:
                    deadline = worker.monotonic() + REST
                elif self.carry_piece(descriptor):
                    continue
                else:
                    pipes.remove(descriptor)
                poll = Poll(worker.select.POLLIN, pipes + [self.wake_reading] * (not deadline))
        self.finish()
        if self.stdout in pipes:
            self.channel.send(None)
        status = self.process.returncode
        self.channel.send((u'end', max(status, -1), max(-status, 0)))

    def carry_piece(self, descriptor):
        """Gives False at the pipe's end."""
        data = os.read(descriptor, READ_SIZE)
        if not data:
            if descriptor == self.stdout:
                self.channel.send(None)
            return False
        if descriptor == self.stdout:
            send_bytes(self.channel, data)
        else:
            self.channel.send((u'stderr', data))
        return True


#: What an ssh client runs to ask, with its question as an argument.
ASKING = """import os, socket, sys
talk = socket.socket(socket.AF_UNIX)
talk.connect(os.environ["EXECNET_ASKPASS"])
talk.sendall(sys.argv[1].encode("utf-8", "replace") if str is not bytes else sys.argv[1])
talk.shutdown(socket.SHUT_WR)
answer = talk.makefile("rb").read()
if answer[:1] != b"+": sys.exit(1)
os.write(1, answer[1:])
"""


class Asker(object):
    """Hands over what an ssh client asks: it runs a program, which talks to a socket. Both are in a
    folder that only this user can enter."""

    def __init__(self, channel):
        import socket
        import tempfile
        self.channel = channel
        self.talks = {}
        self.folder = tempfile.mkdtemp(prefix='execnet-')
        self.path = os.path.join(self.folder, 'socket')
        self.program = os.path.join(self.folder, 'ask')
        with open(self.program, 'w') as file:
            file.write("#!/bin/sh\nexec '%s' -c '%s' \"$1\"\n"
                       % (sys.executable.replace("'", "'\\''"), ASKING))
        os.chmod(self.program, 0o700)
        self.shut_down = socket.SHUT_RDWR
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(8)
        self.environ = dict(os.environ, EXECNET_ASKPASS=self.path, SSH_ASKPASS=self.program,
                            SSH_ASKPASS_REQUIRE='force')
        self.environ.setdefault('DISPLAY', 'none')
        worker.start_new_thread(self.serve, ())

    def serve(self):
        poll = Poll(worker.select.POLLIN, [self.listener.fileno()])
        number = 0
        try:
            while True:
                poll.wait(None)
                talk, _ = self.listener.accept()
                number += 1
                self.talks[number] = talk
                talk.settimeout(10)
                self.channel.send((u'ask', number, worker.text_of(self.read(talk))))
        except EnvironmentError:
            # It was closed, or the channel.
            pass

    def read(self, talk):
        question = b''
        while len(question) < READ_SIZE:
            data = talk.recv(READ_SIZE)
            if not data:
                break
            question += data
        return question

    def answer(self, number, text):
        talk = self.talks.pop(number, None)
        if talk is None:
            return
        try:
            if text is not None:
                talk.sendall(b'+' + text.encode('utf-8'))
        except EnvironmentError:
            pass
        talk.close()

    def close(self):
        try:
            self.listener.shutdown(self.shut_down)
        except EnvironmentError:
            pass
        self.listener.close()
        for talk in list(self.talks.values()):
            talk.close()
        for path in (self.path, self.program):
            try:
                os.unlink(path)
            except EnvironmentError:
                pass
        try:
            os.rmdir(self.folder)
        except EnvironmentError:
            pass


class Connection(Other):
    """A connection made from here."""

    def __init__(self, channel, address, timeout):
        Other.__init__(self, channel)
        import socket
        self.module = socket
        if len(address) == 1:
            path = worker.native(worker.text_of(address[0]))
            self.connect(((socket.AF_UNIX, socket.SOCK_STREAM, 0, '', path),), timeout)
        else:
            host = worker.native(worker.text_of(address[0]))
            self.connect(socket.getaddrinfo(host, address[1], 0, socket.SOCK_STREAM), timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.input = self.socket.fileno()

    def connect(self, places, timeout):
        """To the first that accepts. A green thread lets others run while it waits."""
        deadline = worker.monotonic() + timeout
        for family, kind, protocol, _, address in places:
            try:
                self.socket = self.module.socket(family, kind, protocol)
                self.socket.setblocking(False)
                problem = self.socket.connect_ex(address)
                poll = Poll(worker.select.POLLOUT, [self.socket.fileno()])
                while problem == errno.EINPROGRESS and worker.monotonic() < deadline:
                    if poll.wait((deadline - worker.monotonic()) * 1000):
                        problem = self.socket.getsockopt(self.module.SOL_SOCKET,
                                                         self.module.SO_ERROR)
            except EnvironmentError:
                # No such family here, or no descriptor.
                problem = sys.exc_info()[1].errno
                continue
            if not problem:
                worker.keep_from_children(self.socket.fileno())
                return
            self.socket.close()
        problem = errno.ETIMEDOUT if problem == errno.EINPROGRESS else problem
        raise self.module.error(problem, os.strerror(problem))

    def shut_down(self, direction):
        try:
            self.socket.shutdown(direction)
        except EnvironmentError:
            pass

    def close_input(self):
        self.shut_down(self.module.SHUT_WR)

    def kill(self):
        self.shut_down(self.module.SHUT_RDWR)

    def close(self):
        self.socket.close()

    def carry(self):
        poll = Poll(worker.select.POLLIN, [self.input])
        while True:
            poll.wait(None)
            try:
                data = os.read(self.input, READ_SIZE)
            except EnvironmentError:
                if sys.exc_info()[1].errno in (errno.EAGAIN, errno.EINTR):
                    continue
                data = b''
            if not data:
                break
            send_bytes(self.channel, data)
        self.channel.send(None)
