# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The process that serves one client."""


def run_source(line, connection, address):
    import ast
    try:
        source = ast.literal_eval(line if sys.version_info < (3,) else line.decode('utf-8'))
        if isinstance(source, bytes) and str is not bytes:
            source = source.decode('utf-8')
        code = compile(source, '<%s>' % show_address(address), 'exec', 0, True)
    except Exception:
        say('%s sent no source: %s' % (show_address(address), sys.exc_info()[1]))
        return 1
    try:
        # The last tells our worker that it need not make a process of its own.
        exec(code, {'__name__': '__execnet_client__', 'clientsock': connection, 'address': address,
                    'execmodel': ExecutionModel(), 'own_process': True})
    except SystemExit:
        pass
    except BaseException:
        import traceback
        traceback.print_exc()
        return 1
    return 0


def forget_the_server():
    """After a fork: nothing of the server's reaches the client's code."""
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    exits = sys.modules.get('atexit')
    if hasattr(exits, '_clear'):
        exits._clear()
    elif exits:
        del exits._exithandlers[:]
