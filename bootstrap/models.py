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
        self.modules = {
            'thread': ('queue', 'socket', 'subprocess', 'threading', 'threading', 'threading'),
            'gevent': ('gevent.queue', 'gevent.socket', 'gevent.subprocess', 'gevent.event',
                       'gevent.lock', 'gevent.lock'),
            'eventlet': ('eventlet.queue', 'eventlet.green.socket', 'eventlet.green.subprocess',
                         'eventlet.green.threading', 'eventlet.green.threading',
                         'eventlet.semaphore'),
        }[name if name in GREEN_MODELS else 'thread']

    def get_module(self, number):
        name = self.modules[number]
        if PYTHON_2 and name == 'queue':
            name = 'Queue'
        __import__(name)
        return sys.modules[name]

    def __repr__(self):
        return '<ExecModel %r>' % self.backend

    @property
    def queue(self):
        return self.get_module(0)

    @property
    def socket(self):
        return self.get_module(1)

    @property
    def subprocess(self):
        return self.get_module(2)

    def Event(self):
        return self.get_module(3).Event()

    def Lock(self):
        return allocate_lock()

    def RLock(self):
        return self.get_module(4).RLock()

    def Semaphore(self, size=None):
        return self.get_module(5).Semaphore(size or 1)

    def start(self, function, arguments=()):
        start_new_thread(function, arguments)

    def get_ident(self):
        return get_ident()

    def sleep(self, seconds):
        time.sleep(seconds)
