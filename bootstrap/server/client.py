# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The server's side of a connection, until that has sent its line of source."""


class Client(object):
    """A connection whose line of source is awaited."""

    def __init__(self, server, connection, address):
        self.server = server
        self.socket = connection
        self.address = address
        self.name = show_address(address)
        self.descriptor = connection.fileno()
        self.deadline = monotonic() + server.options.timeout
        self.data = b''
        self.events = select.POLLIN
        self.step = self.begin
        self.nonces = None
        self.line = None

    def advance(self):
        """Does what can be done now. Gives False when there is nothing more to wait for."""
        try:
            while self.step():
                pass
            return self.line is None
        except socket.error:
            error = sys.exc_info()[1]
        kind = type(error).__name__
        self.events = select.POLLOUT if kind == 'SSLWantWriteError' else select.POLLIN
        if kind not in ('SSLWantReadError', 'SSLWantWriteError') and not is_early(error):
            raise Dropped('The connection ended: %s.' % error)
        return True

    # Steps: each gives whether to go on at once.

    def begin(self):
        first = self.socket.recv(1, socket.MSG_PEEK)
        tls = self.server.tls
        if not first:
            raise Dropped('It said nothing.')
        if tls and first == TLS_HANDSHAKE:
            self.socket = tls.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)
            self.step = self.shake_hands
        elif tls:
            return self.refuse('tls', 'The server wants TLS; add tls or tls_ca=FILE to the '
                               'specification')
        elif first == TLS_HANDSHAKE:
            raise Dropped('It wants TLS, for which this server needs --cert.')
        else:
            self.step = self.read
        return True

    def shake_hands(self):
        self.socket.do_handshake()
        self.step = self.read
        return True

    def read(self):
        chunk = self.socket.recv(0x10000)
        if not chunk:
            raise Dropped('It ended before the end of its line.' if self.data
                          else 'It said nothing.')
        self.data += chunk
        line, end, rest = self.data.partition(b'\n')
        is_source = self.begins_source()
        if is_source and not self.may_send_source():
            # Now, not at its end: nothing is kept for those who have no token.
            return self.refuse('token', 'The server wants a token; add token_file=FILE or '
                               'token_env=NAME to the specification')
        if len(line) > (LONGEST_LINE if is_source else LONGEST_TALK):
            raise Dropped('Its line is too long.')
        if end:
            if rest:
                raise Dropped('Something follows its line.')
            self.data = b''
            return (self.take_source if is_source else self.take_talk)(line)
        return True

    def begins_source(self):
        """Whether it looks like a literal of Python."""
        return self.data.lstrip(b'uUbB')[:1] in (b'"', b"'")

    def may_send_source(self):
        return not self.server.token or self.nonces == 'proved'

    def take_talk(self, line):
        if self.nonces:
            return self.take_proof(line)
        nonce = line[len(TOKEN_HELLO):].strip()
        if not line.startswith(TOKEN_HELLO) or len(nonce) != 2 * NONCE_SIZE:
            raise Dropped('It is no gateway: it sent %r.' % line[:60])
        if not self.server.token:
            return self.refuse('no-token', 'The server has no token, so it can\'t prove that it is '
                               'the right one; start it with --token-file, or leave the token out '
                               'of the specification')
        self.nonces = nonce, binascii.hexlify(os.urandom(NONCE_SIZE))
        return self.say(self.nonces[1] + b'\n')

    def take_proof(self, line):
        token = self.server.token
        if self.nonces == 'proved' or not hmac.compare_digest(
                line.strip(), prove(token, b'client', *self.nonces)):
            return self.refuse('token', 'The token is not the one of the server; use the same on '
                               'both sides')
        self.say(prove(token, b'server', *self.nonces) + b'\n')
        self.nonces = 'proved'
        return True

    def take_source(self, line):
        server = self.server
        if len(server.children) >= server.options.clients:
            return self.refuse('failed', 'The server has %d clients already; try again later, or '
                               'start it with a larger --clients' % len(server.children))
        self.line = line
        return False

    def say(self, data):
        # So little fits in any buffer.
        if self.socket.send(data) != len(data):
            raise Dropped('It takes nothing.')
        return True

    def refuse(self, kind, reason):
        """Says so in the words of a worker that can't run. What the client sends meanwhile must be
        read: else the system throws the answer away."""
        say('%s was refused: %s.' % (self.name, reason))
        text = (kind + '\n' + reason + '.').encode('ascii')
        self.say(b'0' + struct.pack('>i', len(text)) + text)
        self.deadline = monotonic() + LEAVING_TIME
        self.data = b''
        self.step = self.leave
        if hasattr(self.socket, 'unwrap'):
            attempt(self.socket.unwrap)
        attempt(socket.socket.shutdown, self.socket, socket.SHUT_WR)
        return True

    def leave(self):
        if not self.socket.recv(0x10000):
            raise Dropped(None)
        # Others have their turn: it may send faster than this reads.
        return False
