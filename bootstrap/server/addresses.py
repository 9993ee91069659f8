# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the server listens."""


def parse_address(text):
    """Gives ('unix', path) or (host, port); the host is empty for all interfaces."""
    if text.startswith('unix:'):
        if not text[5:]:
            raise Refusal("'%s' names no file: write unix:PATH." % text)
        return 'unix', text[5:]
    host, colon, port = text.rpartition(':')
    if host.startswith('[') and host.endswith(']'):
        host = host[1:-1]
    elif ':' in host:
        raise Refusal("'%s' is ambiguous: write an IPv6 address in brackets, as [::1]:8888." % text)
    if not colon or not port.isdigit() or int(port) > 65535:
        raise Refusal("'%s' has no port: write HOST:PORT, :PORT for all interfaces, or unix:PATH."
                      % text)
    return host, int(port)


def show_address(address):
    if isinstance(address, tuple):
        return ('[%s]:%d' if ':' in address[0] else '%s:%d') % address[:2]
    return 'unix:' + (address if isinstance(address, str) else '')


def is_loopback(address):
    host = address[0]
    if host.startswith('::ffff:'):
        host = host[7:]
    return host == '::1' or host.startswith('127.')


def resolve(host, port):
    """Gives (family, address) of all that the name stands for."""
    if not host:
        return [(socket.AF_INET6, ('::', port)), (socket.AF_INET, ('0.0.0.0', port))]
    try:
        found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    except (EnvironmentError, UnicodeError):
        raise Refusal("'%s' can't be listened on: no address is known for it (%s). Name an address "
                      'of this machine.' % (host, sys.exc_info()[1]))
    return [(family, address) for family, _, _, _, address in found
            if family in (socket.AF_INET, socket.AF_INET6)]


def listen_at(family, address):
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # With the empty host one socket serves both kinds, else each address has its own.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != '::')
        listener.bind(address)
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


def listen_on_host(host, port):
    """Gives the listeners. They share the port, also one that the system chooses."""
    listeners = []
    problem = None
    for family, address in resolve(host, port):
        if listeners:
            if not host:
                break
            address = (address[0], listeners[0].getsockname()[1]) + address[2:]
        try:
            listeners.append(listen_at(family, address))
        except EnvironmentError:
            problem = sys.exc_info()[1]
    if not listeners:
        raise Refusal("'%s' can't be listened on: %s. Choose another port, or an address of this "
                      'machine.' % (show_address((host, port)), problem))
    return listeners


def listen_on_file(path):
    """For this user alone. What a server that was killed has left there is removed."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode) and not answers(path):
            os.unlink(path)
        listener.bind(path)
        listener.listen(128)
    except EnvironmentError:
        raise Refusal("'unix:%s' can't be listened on: %s. Choose another path." % (
            path, sys.exc_info()[1]))
    finally:
        os.umask(before)
    return listener


def answers(path):
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.connect(path)
        return True
    except EnvironmentError:
        return sys.exc_info()[1].errno != errno.ECONNREFUSED
    finally:
        probe.close()
