# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Execution models, as far as code sees them: `channel.gateway.execmodel`."""

MODELS = ('thread', 'main_thread_only')


# later
def get_execution_model(name):
    if not _models:
        _models.append(ExecutionModel(name))
    return _models[0]


_models = []


# later
class ExecutionModel(object):
    """The threads, locks and queues that belong to a model."""

    def __init__(self, name):
        self.backend = name

    def __repr__(self):
        return '<ExecModel %r>' % self.backend

    @property
    def queue(self):
        try:
            import queue
        except ImportError:
            import Queue as queue
        return queue

    @property
    def socket(self):
        import socket
        return socket

    @property
    def subprocess(self):
        import subprocess
        return subprocess

    def Event(self):
        import threading
        return threading.Event()

    def Lock(self):
        return allocate_lock()

    def RLock(self):
        import threading
        return threading.RLock()

    def Semaphore(self, size=None):
        import threading
        return threading.Semaphore(size or 1)

    def start(self, function, arguments=()):
        start_new_thread(function, arguments)

    def get_ident(self):
        return get_ident()

    def sleep(self, seconds):
        time.sleep(seconds)
