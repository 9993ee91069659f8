# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""From the one line that was sent to a worker that serves."""


class SetupError(Exception):
    """The kind of the failure as one word, and what to say about it."""


def main():
    options = load_item(binascii.a2b_base64(OPTIONS), True, False, None, 1)
    output = options.get('output')
    problem = None
    if JYTHON:
        connection = make_jython_connection(output)
    else:
        descriptors = (take_client(CLIENT, output) if CLIENT
                       else take_standard_descriptors(output))
        if options['execmodel'] in GREEN_MODELS:
            problem = adopt_green_threads(options['execmodel'])
        connection = Connection(*descriptors)
    try:
        if problem:
            raise problem
        apply_options(options)
        start_tracing()
        gateway = Gateway(connection, native(options['id']) + '-worker',
                          native(options['execmodel']))
        if _native:
            watch_green_connection(gateway)
    except BaseException:
        refuse_start(connection)
    if output in ('stdout', 'both'):
        send_output(connection, output)
    hello = dump_item(get_information())
    connection.write([b'1' + message_header.pack(HELLO, 0, len(hello)) + hello])
    # While the answer travels: the first call of compile() costs as much as half of the above.
    compile('', CODE_FILE, 'exec')
    gateway.execution.serve()
    leave(gateway)


def apply_options(options):
    """Everything here comes before any other thread is started: niceness is a thread's own."""
    models = MODELS if JYTHON else MODELS + GREEN_MODELS
    if options['execmodel'] not in models:
        raise SetupError('failed', "The execution model '%s' is unknown to this worker, which "
                         "has: %s." % (options['execmodel'], ', '.join(models)))
    if options.get('env'):
        os.environ.update((native(key), native(options['env'][key])) for key in options['env'])
    if options.get('nice') is not None:
        set_niceness(options['nice'])
    if options.get('chdir'):
        change_folder(native(options['chdir']))


# later
def set_niceness(increment):
    try:
        os.nice(increment)
    except (EnvironmentError, AttributeError):
        raise SetupError('nice', "The niceness can't be changed by %d: %s"
                         % (increment, sys.exc_info()[1]))


# later
def change_folder(path):
    try:
        if not os.path.isdir(path):
            os.mkdir(path)
        os.chdir(path)
    except EnvironmentError:
        raise SetupError('chdir', "The folder '%s' can't be entered: %s"
                         % (path, sys.exc_info()[1]))


# later
def refuse_start(connection):
    """Answers that there will be no worker, and why."""
    error = sys.exc_info()[1]
    if isinstance(error, SetupError):
        kind, reason = error.args
    else:
        kind, reason = 'failed', '%s: %s' % (type(error).__name__, error)
    reason = text_of('%s\n%s' % (kind, reason)).encode('utf-8')
    connection.write([b'0' + _int.pack(len(reason)) + reason])
    os._exit(1)
