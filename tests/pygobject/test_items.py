# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""dumps, loads, dump, load: the same bytes and values as a stock execnet's."""

import collections
import io
import math
import random
import struct
import unittest

import execnet as stock

from gi.repository import Execnet as execnet

VALUES = [
    None, True, False, 0, -1, 2 ** 31 - 1, -2 ** 31, 2 ** 31, 2 ** 63, 10 ** 400, 0.0, -0.0, 1.5,
    math.inf, -math.inf, 1e300, 1 + 2j, '', 'text', 'a\0b', 'ä€😀', b'', b'\0\xff', [], (), {},
    set(), frozenset(), [1, 'a', None, [2.5]], (1, (2, (3,))), {'a': 1, 2: [3], (4,): {}},
    {1, 2, 3}, frozenset(['x']), [[[[[]]]]], {'k': {'k': {'k': b'v'}}},
]


def value_from(source, depth=0):
    """Return a value made at random from `source`."""
    kind = source.randrange(13 if depth < 4 else 8)
    if kind < 8:
        return [None, source.random() < 0.5, source.randrange(-2 ** 31, 2 ** 31),
                source.randrange(2 ** source.randrange(1, 200)), source.gauss(0, 1e9),
                complex(source.random(), -source.random()),
                ''.join(chr(source.choice([0, 65, 0xe4, 0x20ac, 0x1f600]))
                        for _ in range(source.randrange(6))),
                source.randbytes(source.randrange(6))][kind]
    size = source.randrange(4)
    if kind < 10:
        members = [value_from(source, depth + 1) for _ in range(size)]
        return members if kind == 8 else tuple(members)
    scalars = [value_from(source, 4) for _ in range(size)]
    if kind == 10:
        return {key: value_from(source, depth + 1) for key in scalars}
    return set(scalars) if kind == 11 else frozenset(scalars)


class ItemsTest(unittest.TestCase):
    def check(self, value):
        dump = execnet.dumps(value)
        their_dump = stock.dumps(value)
        # The format is the same; only its version is execnet 2's here, and 1's there.
        self.assertEqual(dump[:1], b'\2')
        self.assertEqual(their_dump[:1], b'\1')
        self.assertEqual(dump[1:], their_dump[1:])
        for ours in (execnet.loads(dump), execnet.loads(their_dump),
                     stock.loads(b'\1' + dump[1:])):
            self.assertEqual(ours, value)
            self.assertEqual(repr(ours), repr(value)) if not isinstance(value, (set, frozenset)) \
                else self.assertIs(type(ours), type(value))

    def test_chosen_values(self):
        for value in VALUES:
            with self.subTest(value=repr(value)[:60]):
                self.check(value)

    def test_random_values(self):
        seed = random.randrange(2 ** 32)
        source = random.Random(seed)
        for n in range(500):
            value = value_from(source)
            with self.subTest(seed=seed, n=n):
                dump = execnet.dumps(value)
                self.assertEqual(dump[1:], stock.dumps(value)[1:])
                self.assertEqual(execnet.loads(dump), value)

    def test_small_int(self):
        # A stock execnet can't write these.
        with self.assertRaises(struct.error):
            stock.dumps(-2 ** 31 - 1)
        dump = execnet.dumps(-2 ** 31 - 1)
        self.assertEqual(stock.loads(b'\1' + dump[1:]), -2 ** 31 - 1)

    def test_nan(self):
        self.assertTrue(math.isnan(execnet.loads(execnet.dumps(math.nan))))

    def test_refused_values(self):
        class MyList(list):
            pass

        Point = collections.namedtuple('Point', 'x y')
        loop = []
        loop.append(loop)
        for value, part in ((object(), 'object'), ([1, {'k': object()}], 'object'),
                            (MyList(), 'MyList'), (Point(1, 2), 'Point'),
                            (collections.OrderedDict(), 'OrderedDict'), (bytearray(), 'bytearray'),
                            (loop, 'itself'), ('\ud800', 'surrogate'), (len, 'builtin')):
            with self.subTest(value=part):
                with self.assertRaisesRegex(execnet.DumpError, part):
                    execnet.dumps(value)
        with self.assertRaisesRegex(execnet.DumpError, r"item\[1\]\['k'\]"):
            execnet.dumps([1, {'k': object()}])

    def test_malformed_dumps(self):
        good = execnet.dumps([1, 'a', {'k': (1.5,)}])
        for end in range(len(good)):
            with self.assertRaises(execnet.LoadError):
                execnet.loads(good[:end])
            with self.assertRaises(execnet.DataFormatError):
                execnet.load(io.BytesIO(good[:end]))
        for dump in (b'\3LQ', b'\2\xffQ', b'\2LLQ', b'\2Q', b'\2N\xff\xff\xff\xffQ',
                     b'\2N\x7f\xff\xff\xffabc', b'\2N\0\0\0\1\xffQ', b'\2B\0\0\0\1Q', b'\2LLLPQ'):
            with self.subTest(dump=dump):
                with self.assertRaises(execnet.LoadError):
                    execnet.loads(dump)
                with self.assertRaises(execnet.LoadError):
                    execnet.load(io.BytesIO(dump))
        with self.assertRaises(TypeError):
            execnet.loads('text')

    def test_files(self):
        stream = io.BytesIO()
        for value in VALUES:
            execnet.dump(stream, value)
        stream.write(b'behind')
        stream.seek(0)
        for value in VALUES:
            self.assertEqual(execnet.load(stream), value)
        self.assertEqual(stream.read(), b'behind')
        stream = io.BytesIO()
        stock.dump(stream, VALUES)
        stream.seek(0)
        self.assertEqual(execnet.load(stream), VALUES)

    def test_strings_of_two_pythons(self):
        old = b'\2M\0\0\0\1\xe4Q'
        self.assertEqual(execnet.loads(old), b'\xe4')
        self.assertEqual(execnet.loads(old, py2str_as_py3str=True), 'ä')
        new = execnet.dumps('ä')
        self.assertEqual(execnet.loads(new), 'ä')
        self.assertEqual(execnet.loads(new, py3str_as_py2str=True), b'\xc3\xa4')
        self.assertEqual(execnet.load(io.BytesIO(new), py3str_as_py2str=True), b'\xc3\xa4')

    def test_bytes_like(self):
        dump = execnet.dumps([1])
        self.assertEqual(execnet.loads(bytearray(dump)), [1])
        self.assertEqual(execnet.loads(memoryview(dump)), [1])


if __name__ == '__main__':
    unittest.main()
