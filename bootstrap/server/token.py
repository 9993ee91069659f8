# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The secret that clients have to know."""


def read_token_file(path):
    try:
        with open(path, 'rb') as file:
            mode = os.fstat(file.fileno()).st_mode
            token = file.read(65536)
    except EnvironmentError:
        raise Refusal("The token file '%s' can't be read: %s." % (path, sys.exc_info()[1]))
    if stat.S_ISREG(mode) and mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
        raise Refusal("The token file '%s' is open to other users; take that away: chmod 600 %s"
                      % (path, path))
    return check_token(token, "The token file '%s'" % path)


def read_token_variable(name):
    token = os.environ.get(name)
    if token is None:
        raise Refusal("The environment variable %s, which should have the token, is not set."
                      % name)
    # The clients' code need not have it.
    del os.environ[name]
    if hasattr(os, 'fsencode'):
        token = os.fsencode(token)
    return check_token(token, 'The environment variable %s' % name)


def check_token(token, where):
    token = token.strip()
    if len(token) < SHORTEST_TOKEN:
        raise Refusal('%s has a token of %d characters, and %d at least are needed; make one with: '
                      'openssl rand -hex 32' % (where, len(token), SHORTEST_TOKEN))
    return token


def prove(token, role, client_nonce, server_nonce):
    """What only somebody in that role (client or server) who knows the token can say in this talk:
    the numbers are new each time, so that nothing that was overheard is of use."""
    message = b'execnet-token 1 ' + role + b' ' + client_nonce + b' ' + server_nonce
    return binascii.hexlify(hmac.new(token, message, hashlib.sha256).digest())
