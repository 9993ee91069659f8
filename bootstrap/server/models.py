# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the sources of execnet's own gateways use of the server."""


class ExecutionModel(object):
    """Threads, as execnet calls them."""

    backend = 'thread'

    def __repr__(self):
        return '<ExecModel %r>' % self.backend

    def __getattr__(self, name):
        """Imports what is wanted first then: our own worker wants nothing of it."""
        if name in ('queue', 'socket', 'subprocess'):
            return __import__('Queue' if name == 'queue' and sys.version_info < (3,) else name)
        import threading
        if name == 'get_ident' and sys.version_info < (3,):
            import thread as threading
        if name in ('Event', 'Lock', 'RLock', 'get_ident'):
            return getattr(threading, name)
        raise AttributeError(name)

    def Semaphore(self, size=None):
        import threading
        return threading.Semaphore(size or 1)

    def sleep(self, seconds):
        time.sleep(seconds)

    def start(self, function, arguments=()):
        import threading
        thread = threading.Thread(target=function, args=arguments)
        thread.daemon = True
        thread.start()

    def fdopen(self, descriptor, mode, buffering=1):
        return os.fdopen(descriptor, mode, buffering)

    def WorkerPool(self, size=None, hasprimary=False):
        return WorkerPool(self, size, hasprimary)


class WorkerPool(object):
    """Runs functions: the first one in the thread that gives itself to it, where there is to be
    one, and those that come while it is busy in threads of their own, `size` at most at once."""

    def __init__(self, model, size, hasprimary):
        import threading
        self.start = model.start
        self.size = size
        self.changed = threading.Condition()
        self.primary_is_free = bool(hasprimary)
        self.primary_task = None
        self.running = 0
        self.ending = False

    def wait(self, is_ready, timeout=None):
        """With the lock: waits, and tells whether it came to that. In turns, so that Python 2 notices
        Ctrl-C."""
        deadline = None if timeout is None else monotonic() + timeout
        while not is_ready():
            left = 1000 if deadline is None else deadline - monotonic()
            if left <= 0:
                return False
            self.changed.wait(left)
        return True

    def spawn(self, function, *arguments, **named):
        task = PoolTask(self, function, arguments, named)
        with self.changed:
            self.wait(lambda: self.ending or not self.size or self.running < self.size)
            if self.ending:
                raise ValueError('the pool is shut down')
            self.running += 1
            if self.primary_is_free:
                self.primary_is_free = False
                self.primary_task = task
                self.changed.notify_all()
                return task
        self.start(task.run)
        return task

    def integrate_as_primary_thread(self):
        """Returns after the shutdown."""
        while True:
            with self.changed:
                self.wait(lambda: self.primary_task or self.ending)
                task = self.primary_task
            if task is None:
                return
            try:
                task.run()
            finally:
                with self.changed:
                    self.primary_task = None
                    self.primary_is_free = True

    def active_count(self):
        return self.running

    def trigger_shutdown(self):
        with self.changed:
            self.ending = True
            self.changed.notify_all()

    def waitall(self, timeout=None):
        with self.changed:
            return self.wait(lambda: not self.running, timeout)

    def terminate(self, timeout=None):
        self.trigger_shutdown()
        return self.waitall(timeout)


class PoolTask(object):
    """One call, and what became of it."""

    is_done = False
    result = error = None

    def __init__(self, pool, function, arguments, named):
        self.pool = pool
        self.call = function, arguments, named

    def run(self):
        function, arguments, named = self.call
        try:
            self.result = function(*arguments, **named)
        except Exception:
            self.error = sys.exc_info()[1]
        finally:
            with self.pool.changed:
                self.is_done = True
                self.pool.running -= 1
                self.pool.changed.notify_all()

    def waitfinish(self, timeout=None):
        with self.pool.changed:
            if not self.pool.wait(lambda: self.is_done, timeout):
                raise IOError('not finished after %r seconds' % timeout)

    def get(self, timeout=None):
        self.waitfinish(timeout)
        if self.error is not None:
            raise self.error
        return self.result
