# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program: its arguments, and how they go together."""


def parse_arguments(arguments):
    import argparse
    parser = argparse.ArgumentParser(
        prog='socketserver', description='Lets gateways of execnet-glib and of execnet in over a '
        'socket. Whoever gets in can do all that your user can.')
    parser.add_argument('address', nargs='?', default=DEFAULT_ADDRESS, metavar='ADDRESS',
                        help='HOST:PORT, [IPv6]:PORT, :PORT for all interfaces, or unix:PATH; '
                        'without it %(default)s')
    secrets = parser.add_mutually_exclusive_group()
    secrets.add_argument('--token-file', metavar='FILE',
                         help='let only those in who know the secret in this file')
    secrets.add_argument('--token-env', metavar='NAME',
                         help='the same, with the secret in this environment variable')
    parser.add_argument('--cert', metavar='FILE', help='speak TLS, with this certificate (PEM)')
    parser.add_argument('--key', metavar='FILE',
                        help="the certificate's key, where it isn't in the same file")
    parser.add_argument('--insecure', action='store_true',
                        help='let anybody in who can reach the address')
    parser.add_argument('--timeout', type=float, default=30, metavar='SECONDS',
                        help='for a client to say what it wants (%(default)s)')
    parser.add_argument('--clients', type=int, default=100, metavar='NUMBER',
                        help='at once (%(default)s)')
    parser.add_argument('--keepalive', type=int, default=15, metavar='SECONDS',
                        help='ask a silent client after so long whether it is still there, 0 for '
                        'never (%(default)s)')
    parser.add_argument('--once', action='store_true', help='end after one client')
    options = parser.parse_args(arguments)
    if options.key and not options.cert:
        parser.error('--key belongs to --cert; give both')
    return options


def check_exposure(listeners, options):
    if options.token_file or options.token_env or options.insecure:
        return
    for listener in listeners:
        address = listener.getsockname()
        if isinstance(address, tuple) and not is_loopback(address):
            raise Refusal('At %s others than this machine could run anything here as your user. '
                          'Give a token (--token-file FILE or --token-env NAME), so that only who '
                          'knows it gets in; or say that this is what you want with --insecure. '
                          'Gateways from this machine alone can use 127.0.0.1:%d.' % (
                              show_address(address), address[1]))


def make_tls(options):
    if not options.cert:
        return None
    import ssl

    def ask():
        raise Refusal("The key for '%s' is encrypted; a server needs one that is not."
                      % options.cert)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    if hasattr(context, 'minimum_version'):
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    else:
        context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    try:
        context.load_cert_chain(options.cert, options.key, ask)
    except (EnvironmentError, ValueError):
        raise Refusal("The certificate '%s' can't be used: %s. It and its key must be files in the "
                      'form PEM.' % (options.cert, sys.exc_info()[1]))
    return context


def main(arguments=None):
    options = parse_arguments(arguments)
    listeners = []
    try:
        if not hasattr(os, 'fork'):
            raise Refusal("This system's Python can't fork, which the server needs; use CPython or "
                          'PyPy on a Unix.')
        token = None
        if options.token_file:
            token = read_token_file(options.token_file)
        elif options.token_env:
            token = read_token_variable(options.token_env)
        tls = make_tls(options)
        host, port = parse_address(options.address)
        listeners = [listen_on_file(port)] if host == 'unix' else listen_on_host(host, port)
        check_exposure(listeners, options)
        server = Server(listeners, options, token, tls)
        server.prepare()
    except Refusal:
        for listener in listeners:
            listener.close()
        say(sys.exc_info()[1])
        return 2
    print('Listening on ' + ', '.join(
        show_address(listener.getsockname()) for listener in listeners))
    sys.stdout.flush()
    server.serve()
    return 0


if __name__ == '__main__':
    sys.exit(main())
