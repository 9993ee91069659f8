# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Running the code that the other side sends."""

CODE_FILE = '<remote exec>'


class Task(object):
    """One piece of code, and the channel that was opened for it."""

    # Whether it counts as running, and has ended; and whether the other side must be told so.
    counted = False
    done = False
    must_close = None

    def __init__(self, channel, source, file_name=None, function=None, arguments=None,
                 first_line=1, call=False, in_main_thread=False, apart=False):
        self.channel = channel
        self.source = text_of(source)
        self.file_name = text_of(file_name or CODE_FILE)
        self.function = function and text_of(function)
        self.arguments = dict((text_of(key), arguments[key]) for key in arguments or ())
        self.first_line = int(first_line or 1)
        self.call = call
        self.in_main_thread = in_main_thread
        # Code of the library itself: in a thread of its own whatever the model, and not counted.
        self.apart = apart

    def run(self):
        """Gives None, or what to send about the error that ended the code."""
        try:
            self.execute()
        except EOFError:
            return describe_error(self) if self.call else None
        except BaseException:
            return describe_error(self)

    def execute(self):
        channel = self.channel
        source = self.source
        if PYTHON_2:
            source = hide_encoding(source)
        if 1 < self.first_line < 10000000:
            source = '\n' * (self.first_line - 1) + source
        namespace = {'channel': channel, '__name__': '__channelexec__'}
        exec(compile(source, native(self.file_name), 'exec', 0, True), namespace)
        if self.function:
            function = namespace.get(self.function)
            if function is None:
                raise NameError('the source has no function %s()' % self.function)
            if self.call:
                channel.send(function(**self.arguments))
            else:
                function(channel, **self.arguments)


class Execution(object):
    """Which thread runs what: the first code the main thread, what comes while that is busy
    threads of its own, unless it asks for the main thread."""

    def __init__(self, gateway, model):
        self.gateway = gateway
        self.model = model
        self.running = 0
        self.main_is_free = True
        #: What the main thread will do.
        self.tasks = Box()

    def on_exec(self, number, payload):
        gateway = self.gateway
        if gateway.find_channel(number) is not None or not number & 1:
            return gateway.connection.try_send(
                CLOSE_ERROR, number, u'there is a channel %d already' % number)
        channel = gateway.make_channel(number)
        to_text, to_bytes = channel._coercion
        try:
            task = Task(channel, *load_item(payload, to_text, to_bytes, gateway.load_channel))
        except (LoadError, TypeError, ValueError, AttributeError):
            return gateway.refuse(number, channel, sys.exc_info()[1])
        channel._executing = True
        self.schedule(task)

    def schedule(self, task):
        if task.apart:
            return self.start_thread(task)
        with self.gateway.reader.lock:
            to_main = self.main_is_free
            self.main_is_free = False
            if to_main or not task.in_main_thread and self.model != 'main_thread_only':
                self.count(task)
        if to_main or task.in_main_thread:
            # It waits there for its turn.
            self.gateway.reader.put(self.tasks, task)
        elif self.model != 'main_thread_only':
            self.start_thread(task)
        else:
            wait_for_main_thread(self, task)

    def count(self, task):
        if not task.counted:
            task.counted = True
            self.running += 1

    # later
    def start_thread(self, task):
        try:
            prepare_threading(self.gateway.main_thread)
            if not self.gateway.reader.background:
                self.gateway.reader.start_background()
            start_new_thread(self.run, (task, False))
        except Exception:
            self.finish(task, describe_error(), False)

    def run(self, task, is_main):
        if tracing:
            trace('runs code for channel', task.channel.id)
        self.finish(task, task.run(), is_main)

    def finish(self, task, error, is_main):
        """Every step can be done again, should a signal handler raise in between."""
        gateway = self.gateway
        channel = task.channel
        if os.getpid() != gateway.pid:
            # A fork of the code came here: the connection isn't its own.
            os._exit(1 if error else 0)
        # The thread is free before the other side can know that the code has ended.
        with gateway.reader.lock:
            if not task.done:
                task.done = True
                self.running -= task.counted
                if is_main:
                    self.main_is_free = not self.tasks._items
        channel._executing = False
        if task.must_close is None:
            task.must_close = not channel._closed
        gateway.forget(channel)
        if tracing:
            trace('code for channel', channel.id, 'ended')
        if task.must_close:
            if error is None:
                gateway.connection.try_send(CLOSE, channel.id)
            else:
                gateway.connection.try_send(CLOSE_ERROR, channel.id, error)

    def serve(self):
        """The main thread's life."""
        if not self.gateway.connection.takes_turns:
            self.gateway.reader.start_background()
        task = None
        while True:
            try:
                if task is not None:
                    self.finish(task, INTERRUPTED, True)
                    task = None
                self.gateway.reader.wait(self.tasks, serving=True)
                if not self.tasks._items:
                    return
                if not self.gateway.reader.background:
                    self.gateway.reader.start_background()
                with self.gateway.reader.lock:
                    task = self.tasks._items.popleft()
                    self.main_is_free = False
                    self.count(task)
                self.run(task, True)
                task = None
            except KeyboardInterrupt:
                # When it came between the code's end and the message about that, say it now.
                pass
            except BaseException:
                # From a signal handler that the code has left.
                sys.stderr.write(describe_error()[0])

    # later
    def get_status(self):
        return {u'numchannels': self.gateway.count_channels(), u'numexecuting': self.running,
                u'numqueued': len([task for task in list(self.tasks._items) if not task.counted]),
                u'execmodel': text_of(self.model)}


# later
def wait_for_main_thread(execution, task):
    """In the model main_thread_only code waits for the main thread, but not for long."""
    lock = execution.gateway.reader.lock
    tasks = execution.tasks

    def expire():
        time.sleep(1)
        with lock:
            if task not in tasks._items:
                return
            tasks._items.remove(task)
            execution.count(task)
        execution.finish(task, u'concurrent remote_exec would cause deadlock for '
                         u'main_thread_only execmodel', False)

    execution.gateway.reader.put(tasks, task)
    start_new_thread(expire, ())


# later
def hide_encoding(source):
    """Python 2 refuses an encoding declaration in text that is decoded already."""
    lines = source.split('\n', 2)
    for i, line in enumerate(lines[:2]):
        if line.lstrip().startswith('#') and 'coding' in line:
            lines[i] = '#'
    return '\n'.join(lines)
