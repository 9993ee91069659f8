# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS, which a process of its own speaks for each client that wants it."""


def pass_through_tls(tls):
    """Forks: in one process it gives a plain socket to the client, the other carries what is said
    between that and the connection until both have ended."""
    ours, plain = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        tls.close()
        return plain
    plain.close()
    status = 1
    try:
        carry(tls, ours)
        ours.close()
        tls.close()
        status = os.waitpid(pid, 0)[1]
    finally:
        os._exit(1 if status else 0)


def attempt(function, *arguments):
    """Gives what the call gives and no event; None and what it waits for; or False at its end."""
    try:
        return function(*arguments) or False, 0
    except (EnvironmentError, ValueError):
        error = sys.exc_info()[1]
        kind = type(error).__name__
        if kind == 'SSLWantWriteError' or function.__name__ == 'send' and is_early(error):
            return None, select.POLLOUT
        if kind == 'SSLWantReadError' or is_early(error):
            return None, select.POLLIN
        return False, 0


def is_early(error):
    return getattr(error, 'errno', None) in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR)


def carry(tls, plain):
    """Returns when the plain side has ended, and all that it said was carried. TLS may have to write
    in order to read, and the other way round."""
    tls.setblocking(False)
    plain.setblocking(False)
    inward = outward = b''
    tls_open = plain_open = plain_takes = True
    while plain_open or outward:
        moved = False
        tls_wants = plain_wants = 0
        if tls_open and len(inward) < CARRIED:
            chunk, tls_wants = attempt(tls.recv, 0x10000)
            tls_open = chunk is not False
            inward += chunk or b''
            moved = chunk is not None
        if plain_takes and inward:
            count, plain_wants = attempt(plain.send, inward)
            plain_takes = count is not False
            inward = inward[count or 0:]
            moved = moved or count is not None
        if plain_takes and not inward and not tls_open:
            plain_takes = False
            plain.shutdown(socket.SHUT_WR)
        if plain_open and len(outward) < CARRIED:
            chunk, wants = attempt(plain.recv, 0x10000)
            plain_open = chunk is not False
            outward += chunk or b''
            plain_wants |= wants
            moved = moved or chunk is not None
        if outward:
            count, wants = attempt(tls.send, outward)
            # Where nobody takes it any more, there is nobody to read from.
            tls_open = tls_open and count is not False
            outward = b'' if count is False else outward[count or 0:]
            tls_wants |= wants
            moved = moved or count is not None
        if not plain_takes:
            inward = b''
        if not moved:
            await_either(((tls, tls_wants), (plain, plain_wants)))
    attempt(tls.unwrap)


def await_either(wanted):
    poll = select.poll()
    for connection, events in wanted:
        if events:
            poll.register(connection.fileno(), events)
    try:
        poll.poll()
    except (EnvironmentError, select.error):
        pass
