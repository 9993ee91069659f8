# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The execution models gevent and eventlet here: green threads go on while one of them waits."""

import importlib.util
import queue
import textwrap
import threading
import unittest

from support import LONG, run

PROLOGUE = '''
model = sys.argv[1]
if model == 'gevent':
    import gevent
    from gevent import sleep, spawn
    wait, kill = (lambda thread: thread.get()), (lambda thread: thread.kill())
else:
    import eventlet
    from eventlet import sleep, spawn
    wait, kill = (lambda thread: thread.wait()), (lambda thread: thread.kill())
execnet.set_execmodel(model, 'thread')

ticks = []
def tick():
    while True:
        ticks.append(None)
        sleep(0.001)
spawn(tick)

def ticked(function, *arguments):
    """Call it, and print whether other green threads ran meanwhile."""
    before = len(ticks)
    result = function(*arguments)
    print(len(ticks) > before)
    return result
'''


class Green:
    def program(self, text, expected):
        if importlib.util.find_spec(self.model) is None:
            self.skipTest('there is no ' + self.model)
        status, output = run(textwrap.dedent(PROLOGUE) + textwrap.dedent(text), self.model)
        self.assertEqual((status, output.splitlines()), (0, expected))

    def test_waiting(self):
        self.program('''
            gateway = ticked(execnet.makegateway)
            slow = 'import time; time.sleep(0.1); channel.send(1); time.sleep(0.1)'
            channel = gateway.remote_exec(slow)
            print(ticked(channel.receive))
            ticked(channel.waitclose)
            channel = gateway.remote_exec('channel.receive()')
            try:
                ticked(channel.receive, 0.1)
            except channel.TimeoutError:
                print('timed out')
            print(ticked(gateway.call, 'def f(): import time; time.sleep(0.1); return 2'))
            channel = gateway.remote_exec('channel.receive(); import time; time.sleep(1000)')
            channel.send(1)
            ticked(execnet.default_group.terminate, 0.1)
            ''', ['True', 'True', '1', 'True', 'timed out', 'True', '2', 'True'])

    def test_many_wait_at_once(self):
        self.program('''
            gateway = execnet.makegateway()
            channels = [gateway.remote_exec('channel.send(channel.receive() + 1)')
                        for i in range(40)]
            threads = [spawn(channel.receive) for channel in channels]
            sleep(0.01)
            for i, channel in reversed(list(enumerate(channels))):
                channel.send(i)
                print(wait(threads[i]))
            ''', [str(i) for i in range(40, 0, -1)])

    def test_nothing_is_lost_with_a_killed_thread(self):
        self.program('''
            gateway = execnet.makegateway()
            channel = gateway.remote_exec('for item in channel: channel.send(item)')
            for i in range(5):
                thread = spawn(channel.receive)
                sleep(0.01)
                kill(thread)
            for i in range(5):
                channel.send(i)
            print([channel.receive(60) for i in range(5)])
            queue = execnet.MultiChannel([channel]).make_receive_queue()
            thread = spawn(queue.get)
            sleep(0.01)
            kill(thread)
            channel.send(5)
            print(queue.get(timeout=60)[1])
            ''', ['[0, 1, 2, 3, 4]', '5'])

    def test_queue(self):
        self.program('''
            import queue
            gateway = execnet.makegateway()
            slow = 'import time; time.sleep(0.1); channel.send(1)'
            multi = execnet.MultiChannel([gateway.remote_exec(slow)])
            items = multi.make_receive_queue(endmarker=None)
            print(ticked(items.get)[1], items.get()[1])
            try:
                ticked(items.get, True, 0.1)
            except queue.Empty:
                print('empty')
            ''', ['True', '1 None', 'empty'])

    def test_model(self):
        self.program("""
            model = execnet.default_group.execmodel
            print(model.backend, execnet.default_group.remote_execmodel.backend)
            print(all(model.backend in module.__name__
                      for module in (model.queue, model.socket, model.subprocess)))
            results = model.queue.Queue()
            event = model.Event()
            def other():
                with model.Lock(), model.RLock(), model.Semaphore():
                    model.sleep(0.01)
                results.put(model.get_ident())
                event.set()
            model.start(other)
            ticked(event.wait)
            print(results.get() != model.get_ident())
            """, [self.model + ' thread', 'True', 'True', 'True'])

    def test_both_sides(self):
        self.program("""
            gateway = execnet.Group(execmodel=model).makegateway()
            channel = gateway.remote_exec(
                'channel.send(channel.gateway.execmodel.backend)\\n'
                'channel.gateway.execmodel.sleep(0.1)\\n'
                'channel.send(channel.receive() + 1)')
            print(channel.receive() == model)
            channel.send(1)
            print(ticked(channel.receive))
            """, ['True', 'True', '2'])

    def test_other_threads_just_wait(self):
        self.program('''
            gateway = execnet.makegateway()
            channel = gateway.remote_exec('channel.send(channel.receive() + 1)')
            got = []
            other = threading.Thread(target=lambda: got.append(channel.receive()))
            other.start()
            channel.send(1)
            while other.is_alive():
                sleep(0.001)
            print(got)
            ''', ['[2]'])


class ModelTest(unittest.TestCase):
    def test_threads(self):
        from gi.repository import Execnet as execnet

        model = execnet.Group(execmodel='main_thread_only').execmodel
        self.assertEqual(model.backend, 'main_thread_only')
        self.assertIs(model.queue.Queue, queue.Queue)
        done = model.Event()
        model.start(done.set)
        self.assertTrue(done.wait(LONG))
        with model.Lock(), model.RLock(), model.Semaphore(2):
            self.assertEqual(model.get_ident(), threading.get_ident())


class Gevent(Green, unittest.TestCase):
    model = 'gevent'


class Eventlet(Green, unittest.TestCase):
    model = 'eventlet'


if __name__ == '__main__':
    unittest.main()
