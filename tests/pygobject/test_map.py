# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Maps: a function that the gateways of a group apply to many items."""

import itertools
import os
import signal
import threading
import unittest

from support import Case


def square(x):
    return x * x


def invert(x):
    return 1 / x


def slow_first(x):
    import time
    if x == 0:
        time.sleep(0.3)
    return x


def die_of_three(x):
    import os
    if x == 3:
        os.kill(os.getpid(), 9)
    return x


class MapTest(Case):
    def setUp(self):
        super().setUp()
        self.gateways = [self.makegateway() for _ in range(2)]

    def test_in_order(self):
        results = self.group.map(square, range(500))
        self.assertIsInstance(results, self.execnet.Map)
        self.assertEqual(list(results), [x * x for x in range(500)])
        self.assertEqual(list(results), [])
        self.assertEqual((results.get_n_items(), results.props.n_done, results.props.n_failed),
                         (500, 500, 0))

    def test_items_of_all_kinds(self):
        items = [None, 1.5, 2 ** 100, 'text', b'bytes', [1, {'a': (2,)}], {1, 2}, 'x' * 200000]
        self.assertEqual(list(self.group.map('def f(x): return [x]', items)),
                         [[item] for item in items])

    def test_as_they_come(self):
        results = list(self.group.map(slow_first, range(50), ordered=False))
        self.assertEqual(sorted(results), list(range(50)))
        self.assertNotEqual(results[0], 0)

    def test_items_without_end(self):
        asked = itertools.count()
        results = self.group.map(square, (next(asked) for _ in itertools.repeat(None)))
        self.assertEqual(list(itertools.islice(results, 1000)), [x * x for x in range(1000)])
        # No more than is needed to be busy.
        self.assertLess(next(asked), 1200)
        results.cancel()

    def test_errors(self):
        results = self.group.map(invert, [1, 0, 2])
        self.assertEqual(next(results), 1)
        with self.assertRaises(self.execnet.RemoteError) as caught:
            next(results)
        self.assertEqual(caught.exception.type_name, 'ZeroDivisionError')
        self.assertIn('return 1 / x', caught.exception.formatted)
        self.assertEqual(list(results), [0.5])
        results = list(self.group.map(invert, [1, 0, 2], return_errors=True))
        self.assertEqual(results[::2], [1, 0.5])
        self.assertIsInstance(results[1], self.execnet.RemoteError)

    def test_bad_items(self):
        results = self.group.map(square, [1, object(), 3])
        self.assertEqual(next(results), 1)
        with self.assertRaises(self.execnet.DumpError):
            next(results)
        self.assertEqual(list(results), [9])
        results = list(self.group.map(square, [1, object(), 3], return_errors=True))
        self.assertEqual(results[::2], [1, 9])
        self.assertIsInstance(results[1], self.execnet.DumpError)

        def failing():
            yield 1
            raise KeyError('mine')

        with self.assertRaises(KeyError):
            list(self.group.map(square, failing()))
        with self.assertRaises(TypeError):
            self.group.map(square, 5)
        with self.assertRaises(TypeError):
            self.group.map(len, [])

    def test_worker_dies(self):
        for _ in range(2):
            self.makegateway()
        results = self.group.map(die_of_three, range(10), return_errors=True)
        results = list(results)
        self.assertIsInstance(results[3], OSError)
        self.assertIn('signal 9', str(results[3]))
        del results[3]
        self.assertEqual(results, [0, 1, 2, 4, 5, 6, 7, 8, 9])

    def test_killed_from_outside(self):
        for _ in range(2):
            self.makegateway()
        victims = iter([gateway._rinfo().pid for gateway in self.group][:3])
        results = []
        for result in self.group.map(square, range(600)):
            results.append(result)
            if len(results) % 100 == 0:
                pid = next(victims, None)
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)
        self.assertEqual(results, [x * x for x in range(600)])

    def test_without_gateways(self):
        with self.assertRaisesRegex(OSError, 'no gateway'):
            list(self.execnet.Group().map(square, [1]))
        self.assertEqual(list(self.execnet.Group().map(square, [])), [])

    def test_interrupted(self):
        results = self.group.map('def f(x):\n import time\n time.sleep(600)', [1])
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            next(results)
        timer.join()
        for gateway in self.gateways:
            gateway.kill()


if __name__ == '__main__':
    unittest.main()
