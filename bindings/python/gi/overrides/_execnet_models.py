# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Execution models, as groups name them: the threads, locks and queues that belong to each."""

import importlib

_THREADS = {'queue': 'queue', 'socket': 'socket', 'subprocess': 'subprocess', 'Event': 'threading',
            'Lock': 'threading', 'RLock': 'threading', 'Semaphore': 'threading',
            'start_new_thread': '_thread', 'get_ident': '_thread', 'sleep': 'time'}

# By model: the modules of what it has.
_MODELS = {
    'thread': _THREADS,
    'main_thread_only': _THREADS,
    'gevent': {'queue': 'gevent.queue', 'socket': 'gevent.socket',
               'subprocess': 'gevent.subprocess', 'Event': 'gevent.event',
               'RLock': 'gevent.lock', 'Semaphore': 'gevent.lock',
               'allocate_lock': 'gevent.thread', 'start_new_thread': 'gevent.thread',
               'get_ident': 'gevent.thread', 'sleep': 'gevent'},
    'eventlet': {'queue': 'eventlet.queue', 'socket': 'eventlet.green.socket',
                 'subprocess': 'eventlet.green.subprocess', 'Event': 'eventlet.green.threading',
                 'RLock': 'eventlet.green.threading', 'Semaphore': 'eventlet.semaphore',
                 'allocate_lock': 'eventlet.green.thread',
                 'start_new_thread': 'eventlet.green.thread',
                 'get_ident': 'eventlet.green.thread', 'sleep': 'eventlet'},
}


class ExecModel:
    """An execution model; `backend` is its name.

    What it has is imported when it is used: ImportError says that its library is not there.
    """

    def __init__(self, backend):
        self.backend = backend

    def __repr__(self):
        return '<ExecModel %r>' % self.backend

    def __eq__(self, other):
        return isinstance(other, ExecModel) and other.backend == self.backend

    def __hash__(self):
        return hash(self.backend)

    def _get_module(self, name):
        return importlib.import_module(_MODELS[self.backend][name])

    @property
    def queue(self):
        """The module with the model's class Queue."""
        return self._get_module('queue')

    @property
    def socket(self):
        """The module for sockets that belongs to the model."""
        return self._get_module('socket')

    @property
    def subprocess(self):
        """The module for processes that belongs to the model."""
        return self._get_module('subprocess')

    def Event(self):
        """Make an event that the model's threads can wait for."""
        return self._get_module('Event').Event()

    def Lock(self):
        """Make a lock for the model's threads."""
        name = 'Lock' if 'Lock' in _MODELS[self.backend] else 'allocate_lock'
        return getattr(self._get_module(name), name)()

    def RLock(self):
        """Make a lock that its holder can take again."""
        return self._get_module('RLock').RLock()

    def Semaphore(self, size=None):
        """Make a semaphore; without a `size` it is of 1."""
        return self._get_module('Semaphore').Semaphore(size or 1)

    def start(self, function, arguments=()):
        """Start a thread of the model that calls `function (*arguments)`."""
        self._get_module('start_new_thread').start_new_thread(function, tuple(arguments))

    def get_ident(self):
        """Return the number of the model's thread that runs."""
        return self._get_module('get_ident').get_ident()

    def sleep(self, seconds):
        """Sleep, while other threads of the model run."""
        self._get_module('sleep').sleep(seconds)


def get_execmodel(backend):
    """Return the ExecModel of that name; one is returned as it is. Raises ValueError for others."""
    if isinstance(backend, ExecModel):
        return backend
    if backend not in _MODELS:
        raise ValueError('unknown execmodel %r: it is %s' % (backend, ', '.join(_MODELS)))
    return ExecModel(backend)
